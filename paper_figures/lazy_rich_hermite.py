"""Targets and neurons of Hermite order 2, 3 and 4: laziness delays each.

Caption: Explicit committees with neurons phi(z) = z + (eps/2) He_k(z), centred, trained by full-batch descent on y =
He_k(b . x) / (2 sqrt(k!)) (b . x of unit variance), for k = 2, 3, 4, from rich to lazy: train (dashed) and test loss
(solid) over their starts, mean of the runs, shaded their range. He_k are the probabilists' polynomials. Dotted:
descent with the kernel of the start, the limit of large alpha, train and test. There are too few samples for the
kernel, whose test loss stays high; every network learns the feature, the later after its fit the lazier it is. The
mean-field theory here is of y = (b . x)^2 / 2, whose mean is not zero, and of no higher order. D, P, N, eps, alpha and
learning rate are ours: the paper's are not known. Float32.
"""

from dataclasses import dataclass
from functools import cache
from math import factorial

import numpy as np

from paper_figures import networks, verdicts
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("15",)
STATES = {}
WING = "lazy_rich"
LOSSES = ("train_loss", "test_loss")


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (2, 3, 4)  # k
    scales: tuple[float, ...] = (1.0, 3.0, 8.0)  # alpha
    dims: tuple[int, ...] = (30, 16, 10)  # D of each order
    samples: tuple[int, ...] = (240, 400, 500)  # P of each order
    width: int = 100  # N
    curvatures: tuple[float, ...] = (0.5, 0.25, 0.25)  # eps of each order
    learning_rates: tuple[float, ...] = (0.02, 0.01, 0.003)  # eta_hat of each order
    steps: tuple[int, ...] = (8000, 8000, 12_000)
    reads: int = 40
    runs: tuple[int, ...] = (5, 4, 3)
    margin: float = 0.1  # of losses over their starts, network against kernel, while it fits the first quarter
    key: int = 0


SIZES = {"full": {"width": 500, "steps": (20_000, 20_000, 40_000), "runs": (5, 5, 5)}}


def _hermite(order, z):
    """He_k of the probabilists."""
    return {2: z**2 - 1, 3: z**3 - 3 * z, 4: z**4 - 6 * z**2 + 3}[order]


def _of(parameters, order, name):
    """A parameter that each order has its own of."""
    return getattr(parameters, name)[parameters.orders.index(order)]


def _reads(parameters, order):
    return networks.log_reads(_of(parameters, order, "steps"), parameters.reads)


def steps(parameters):
    made = {}
    for order in parameters.orders:
        made[f"k={order}"] = lambda order=order: _train(parameters, order)
        made[f"k={order} kernel"] = lambda order=order: _kernel(parameters, order)
    return made


def _tasks(parameters, order):
    def target(h):
        return _hermite(order, h) / (2 * np.sqrt(factorial(order)))

    sizes = ((_of(parameters, order, "samples"), 1000), _of(parameters, order, "dims"), parameters.width)
    draws = [np.random.default_rng([parameters.key, order, n]) for n in range(_of(parameters, order, "runs"))]
    return [networks.drawn_task(random, target, *sizes) for random in draws]


def _train(parameters, order):
    """Losses over their starts (alpha, run, read)."""
    p, found, reads = parameters, {name: [] for name in LOSSES}, _reads(parameters, order)
    rate = _of(p, order, "learning_rates") * p.width * _of(p, order, "dims")
    for scale in p.scales:
        numbers = np.float32(scale), np.float32(rate / scale**2), np.float32(_of(p, order, "curvatures"))
        runs = [_compiled(order)(*task, reads, *numbers) for task in _tasks(p, order)]
        for name in LOSSES:
            found[name].append([np.asarray(run[name], float) / float(run[name][0]) for run in runs])
    return {name: np.array(rows) for name, rows in found.items()}


@cache
def _compiled(order):
    import jax
    import optax

    def run(start, train, test, reads, scale, rate, curvature):
        def phi(z):
            return z + curvature / 2 * _hermite(order, z)

        how = {"scale": scale, "optimizer": optax.sgd(rate)}
        return networks.committee_curves(start, train, test, reads, activation=phi, **how)

    return jax.jit(run)


def _kernel(parameters, order):
    """The same (run, read) of descent with the kernel of the start, whatever alpha."""
    import jax

    from grok_theory.kernels import gradient_descent

    p, found, reads = parameters, {name: [] for name in LOSSES}, _reads(parameters, order)
    step = 2 * _of(p, order, "learning_rates") * _of(p, order, "dims") / _of(p, order, "samples")
    descent = jax.jit(lambda kernel, y, cross: gradient_descent(kernel, y, cross, reads, step_size=step))
    for (weights, _), (x, y), (x_test, y_test) in _tasks(p, order):
        inputs, count = np.concatenate([x, x_test]).astype(float), len(x)
        # He_k' = k He_{k-1}
        h = inputs @ weights.T
        below = {2: h, 3: _hermite(2, h), 4: h**3 - 3 * h}[order]
        slopes = 1 + _of(p, order, "curvatures") / 2 * order * below
        gram = (slopes @ slopes[:count].T) * (inputs @ inputs[:count].T) / p.width
        outputs = descent(gram[:count], y.astype(float), gram[count:])
        for name, told, truth in zip(LOSSES, outputs, (y, y_test), strict=True):
            curve = np.mean(np.square(np.asarray(told) - truth), axis=1)
            found[name].append(curve / curve[0])
    return {name: np.array(rows) for name, rows in found.items()}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.orders), figsize=(7, 2.5), sharey=True)
    for ax, order in zip(axes, parameters.orders, strict=True):
        reads, step, kernel = _reads(parameters, order), data[f"k={order}"], data[f"k={order} kernel"]
        for name, width in (("test_loss", 1.2), ("train_loss", 0.8)):
            label = "kernel" if name == "test_loss" else None
            ax.plot(reads, kernel[name].mean(0), ":", color="0.25", lw=width, label=label)
        for number, (scale, color) in enumerate(zip(parameters.scales, ("C0", "C2", "C1"), strict=False)):
            for name, style in (("test_loss", "-"), ("train_loss", "--")):
                rows = step[name][number]
                label = rf"$\alpha$ = {scale:g}" if style == "-" else None
                ax.plot(reads, rows.mean(0), style, color=color, lw=1.2 if style == "-" else 0.8, label=label)
                ax.fill_between(reads, rows.min(0), rows.max(0), color=color, alpha=0.15, lw=0)
        ax.set(xscale="log", xlabel="step", xlim=(1, None), ylim=(0, 1.2))
        ax.set_title(f"k = {order}, P = {_of(parameters, order, 'samples')}")
        ax.legend(loc="lower left", fontsize=6)
    axes[0].set_ylabel("loss / its start")
    return figure


def _times(parameters, data, order):
    """(alpha, 2) steps at which the mean train and test loss have halved for good."""
    reads, step = _reads(parameters, order).astype(float), data[f"k={order}"]
    return np.array([networks.fall_time(reads, step[name].mean(1)) for name in LOSSES]).T


def claims(parameters, data):
    made = []
    for order in parameters.orders:
        times = _times(parameters, data, order)
        ratios = (times[:, 1] - times[:, 0]) / times[:, 0]
        ends = data[f"k={order}"]["test_loss"][:, :, -1].mean(1)
        kernel = data[f"k={order} kernel"]["test_loss"]
        made += [
            Claim(
                f"k = {order}: the delay over the time to fit grows with alpha, more than fourfold over the sweep",
                bool(np.isfinite(times).all() and np.all(np.diff(ratios) > 0) and ratios[-1] > 4 * ratios[0]),
                "steps to half of train and test loss: "
                + "; ".join(
                    f"alpha = {a:g}: {t:.0f}, {s:.0f}" for a, (t, s) in zip(parameters.scales, times, strict=True)
                ),
            ),
            Claim(
                f"k = {order}: the kernel of the start does not learn it: its test loss stays above three fifths, and "
                "every network ends below it by a tenth of the start or more",
                bool(kernel.mean(0).min() > 0.6 and ends.max() < kernel[:, -1].mean() - 0.1),
                f"least test loss of the kernel {kernel.mean(0).min():.2f}; networks end at "
                + ", ".join(f"{end:.2f}" for end in ends),
            ),
            *_judged(parameters, data, order),
        ]
    return made


def _judged(parameters, data, order):
    """The laziest network against the kernel while it fits the first quarter, each run less its own kernel."""
    from grok_theory import Absolute

    reads, found, kernel = _reads(parameters, order), data[f"k={order}"], data[f"k={order} kernel"]
    early = found["train_loss"][-1].mean(0) > 0.75
    told, runs = (
        {name: each[name][:, early] for name in LOSSES} for each in (kernel, {n: found[n][-1] for n in LOSSES})
    )
    margin = dict.fromkeys(LOSSES, Absolute(parameters.margin))
    step = verdicts.judged_differences("step", reads[early], told, runs, margin=margin)
    for name in LOSSES:
        word = name.replace("_", " ")
        text = f"k = {order}: while it fits the first quarter the laziest network's {word} is its kernel's, to"
        yield verdicts.verdict_claim(f"{text} {parameters.margin:g} of the start", step, name)
