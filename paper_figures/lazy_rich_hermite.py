"""Targets and neurons of Hermite order 2, 3 and 4: laziness delays each.

Caption: Explicit committees with neurons phi(z) = z + (eps/2) He_k(z), centred, trained by full-batch descent on y =
He_k(b . x) / (2 sqrt(k!)) (b . x of unit variance), for k = 2, 3, 4, rich and lazy: train (dashed) and test loss
(solid), mean of the runs, shaded their range. He_k are the probabilists' polynomials. In all orders the test loss of
the lazy network falls later after its train loss, over the time to fit, than the rich one's; with k = 4 the rich one's
comes late too, and the lazy one's does not halve within the record. The theory here is of k = 2. D, P, N, eps, alpha
and learning rate are ours. Float32.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("15",)
STATES = {"15": "P: the paper's sizes, curvature and learning rate are not known"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (2, 3, 4)  # k
    scales: tuple[float, ...] = (1.0, 8.0)  # alpha
    dim: int = 16  # D
    samples: tuple[int, ...] = (160, 500, 800)  # P of each order
    width: int = 120  # N
    curvatures: tuple[float, ...] = (1.0, 0.25, 0.25)  # eps of each order
    learning_rates: tuple[float, ...] = (0.02, 0.01, 0.003)  # eta_hat of each order
    steps: int = 6000
    reads: int = 40
    runs: int = 1
    key: int = 0


SIZES = {"full": {"width": 500, "steps": 10_000, "runs": 5}}


def _hermite(order, z):
    """He_k of the probabilists."""
    return {2: z**2 - 1, 3: z**3 - 3 * z, 4: z**4 - 6 * z**2 + 3}[order]


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def steps(parameters):
    return {f"k={order}": lambda order=order: _train(parameters, order) for order in parameters.orders}


def _train(parameters, order):
    """Losses (alpha, run, read)."""
    import jax
    import optax

    p = parameters
    at = p.orders.index(order)
    samples, curvature = p.samples[at], p.curvatures[at]

    def phi(z):
        return z + curvature / 2 * _hermite(order, z)

    def target(h):
        return _hermite(order, h) / (2 * np.sqrt(factorial(order)))

    @jax.jit
    def run(start, train, test, scale, reads):
        rate = p.learning_rates[at] * p.width * p.dim / scale**2
        return networks.committee_curves(
            start, train, test, reads, activation=phi, scale=scale, optimizer=optax.sgd(rate)
        )

    found = []
    for scale in p.scales:
        runs = []
        for number in range(p.runs):
            random = np.random.default_rng([p.key, order, number])
            task = networks.drawn_task(random, target, (samples, 1000), p.dim, p.width)
            runs.append(run(*task, np.float32(scale), _reads(p)))
        found.append(
            {name: np.stack([np.asarray(each[name]) for each in runs]) for name in ("train_loss", "test_loss")}
        )
    return {name: np.stack([each[name] for each in found]) for name in found[0]}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.orders), figsize=(7, 2.4), sharey=True)
    reads = _reads(parameters)
    for ax, order, samples in zip(axes, parameters.orders, parameters.samples, strict=True):
        step = data[f"k={order}"]
        for number, (scale, color) in enumerate(zip(parameters.scales, ("C0", "C1", "C2"), strict=False)):
            for name, style in (("test_loss", "-"), ("train_loss", "--")):
                rows = step[name][number] / step[name][number][:, :1]
                label = rf"$\alpha$ = {scale:g}" if style == "-" else None
                ax.plot(reads, rows.mean(0), style, color=color, lw=1.2 if style == "-" else 0.8, label=label)
                ax.fill_between(reads, rows.min(0), rows.max(0), color=color, alpha=0.15, lw=0)
        ax.set(xscale="log", xlabel="step", xlim=(1, None), ylim=(0, 1.2), title=f"k = {order}, P = {samples}")
    axes[0].set_ylabel("loss / its start")
    axes[0].legend(loc="lower left")
    return figure


def claims(parameters, data):
    reads = _reads(parameters).astype(float)
    made = []
    for order in parameters.orders:
        step = data[f"k={order}"]
        rows = [
            [networks.fall_time(reads, step[name][n].mean(0)) for name in ("train_loss", "test_loss")]
            for n in range(len(parameters.scales))
        ]
        ratios = [(test - train) / train for train, test in rows]
        made.append(
            Claim(
                f"k = {order}: all fit, and the delay over the time to fit is more than twice as long at the larger "
                "alpha",
                np.isfinite([row[0] for row in rows]).all() and ratios[-1] > 2 * max(ratios[0], 0),
                "steps to half of train and test loss: "
                + "; ".join(
                    f"alpha = {a:g}: {t:.0f}, {s:.0f}" for a, (t, s) in zip(parameters.scales, rows, strict=True)
                ),
            )
        )
    return made
