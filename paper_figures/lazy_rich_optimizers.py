"""Other optimizers: the delay stays.

Caption: The committee by plain descent, by momentum .95 and by AdamW, centred, for a rich and a lazy output scale;
train loss (dashed) and test loss (solid) against steps. Momentum, with steps a twentieth of those of plain descent,
goes at its pace but for the first few dozens; AdamW goes by another clock. With each, the lazy network fits first and
generalizes later, with AdamW not to half of its loss within the record. AdamW has learning rate .01 over sqrt(alpha)
and decay .01. No theory here is of momentum or AdamW; plain descent has it in the figure of sweeps. Reduced against
the paper: D, P and N, which the full size has.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("13",)
STATES = {}
WING = "lazy_rich"
NAMES = ("descent", "momentum", "AdamW")


@dataclass(frozen=True)
class Parameters:
    dim: int = 24  # D
    samples: int = 132  # P
    width: int = 100  # N
    curvature: float = 0.25  # eps
    scales: tuple[float, ...] = (0.5, 8.0)  # alpha
    learning_rate: float = 0.05  # eta_hat of plain descent
    momentum: float = 0.95
    adam_rate: float = 0.01
    decay: float = 0.01
    steps: int = 4000
    reads: int = 40
    runs: int = 2
    key: int = 0


SIZES = {"full": {"dim": 100, "samples": 550, "width": 500, "steps": 10_000, "runs": 1}}


def steps(parameters):
    return {name: lambda name=name: _train(parameters, name) for name in NAMES}


def _optimizer(parameters, name, scale):
    import optax

    rate = parameters.learning_rate * parameters.width * parameters.dim / scale**2
    if name == "descent":
        return optax.sgd(rate)
    if name == "momentum":
        return optax.sgd(rate * (1 - parameters.momentum), momentum=parameters.momentum)
    return optax.adamw(parameters.adam_rate / np.sqrt(scale), weight_decay=parameters.decay)


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def _train(parameters, name):
    """Losses (alpha, run, read) with one optimizer."""
    import jax

    p = parameters

    def phi(h):
        return h + p.curvature / 2 * h**2

    found = []
    for scale in p.scales:

        @jax.jit
        def run(start, train, test, reads, scale=scale):
            return networks.committee_curves(
                start, train, test, reads, activation=phi, scale=scale, optimizer=_optimizer(p, name, scale)
            )

        runs = []
        for number in range(p.runs):
            random = np.random.default_rng([p.key, number])
            sizes = ((p.samples, 4 * p.samples), p.dim, p.width)
            runs.append(run(*networks.drawn_task(random, lambda h: h**2 / 2, *sizes), _reads(p)))
        found.append(jax.tree.map(lambda *rows: np.stack(rows), *runs))
    return {word: np.stack([each[word] for each in found]) for word in ("train_loss", "test_loss")}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4), sharey=True)
    reads = _reads(parameters)
    for ax, name in zip(axes, NAMES, strict=True):
        for number, (scale, color) in enumerate(zip(parameters.scales, ("C0", "C1", "C2"), strict=False)):
            ax.plot(reads, data[name]["test_loss"][number].mean(0), color=color, label=rf"$\alpha$ = {scale:g}")
            ax.plot(reads, data[name]["train_loss"][number].mean(0), color=color, ls="--", lw=0.8)
        ax.set(xscale="log", xlabel="step", xlim=(1, None), ylim=(0, 0.95), title=name)
    axes[0].set_ylabel("mean squared error")
    axes[0].legend(loc="lower left")
    return figure


def claims(parameters, data):
    reads = _reads(parameters).astype(float)
    made = []
    for name in NAMES:
        rows = [
            [networks.fall_time(reads, data[name][word][number].mean(0)) for word in ("train_loss", "test_loss")]
            for number in range(len(parameters.scales))
        ]
        ratios = [(test - train) / train for train, test in rows]
        made.append(
            Claim(
                f"{name}: the lazy network's delay is more than twice its time to fit, and more times it than the rich "
                "one's",
                rows[-1][1] > 3 * rows[-1][0] and ratios[-1] > 2 * ratios[0],
                "steps to half of train and test loss: "
                + "; ".join(
                    f"alpha = {a:g}: {t:.0f}, {s:.0f}" for a, (t, s) in zip(parameters.scales, rows, strict=True)
                ),
            )
        )
    return made
