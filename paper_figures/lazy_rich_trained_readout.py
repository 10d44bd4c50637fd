"""Training the readouts too: the same passage from lazy to rich.

Caption: Train (dashed) and test loss (solid) of the explicit network with fixed and with trained readouts, for a rich
and a lazy output scale, from the same data and start. Training the readouts adds their own kernel (it doubles the
linear part) and does not remove the delay. Gradient descent on all weights by automatic differentiation; exact test
loss. D, P, N, eps and the learning rate are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("11",)
STATES = {"11": "P: losses only, no decomposition"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20  # D (ours)
    samples_per_dim: float = 6.0  # P / D (ours)
    width: int = 60  # N (ours)
    scales: tuple[float, ...] = (1.0, 8.0)  # alpha
    curvature: float = 0.25  # eps (ours)
    learning_rate: float = 0.02  # eta_hat (ours)
    last: float = 100.0  # last tau
    points: int = 50  # times read
    runs: int = 2
    key: int = 0  # number of the random key


SIZES = {"quick": {"width": 30, "runs": 1, "last": 60.0, "points": 30}, "full": {"dim": 60, "width": 400, "runs": 8}}
HALF = 0.375  # half of a centred committee's test loss at the start, 3/4


def _steps(parameters):
    last = round(parameters.last / parameters.learning_rate)
    return np.unique(np.append(0, np.geomspace(1, last, parameters.points)).astype(int))


def _times(parameters):
    return _steps(parameters) * parameters.learning_rate


def steps(parameters):
    return {
        f"alpha={scale:g}, {'trained' if trained else 'fixed'}": lambda scale=scale, trained=trained: _train(
            parameters, scale, trained
        )
        for scale in parameters.scales
        for trained in (False, True)
    }


def _train(parameters, scale, trained):
    import jax

    from grok_theory import GradientDescent
    from grok_theory.lazy_rich import ExplicitNetwork, QuadraticCommittee, simulate

    runs = simulate(
        QuadraticCommittee(scale, parameters.curvature, parameters.samples_per_dim),
        _steps(parameters),
        dynamics=GradientDescent(parameters.learning_rate),
        dim=parameters.dim,
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        method=ExplicitNetwork(train_readout=trained),
    )
    return {name: runs[name].mean(0) for name in ("train_loss", "test_loss")}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.scales), figsize=(7, 2.4), sharey=True)
    times = _times(parameters)[1:]
    for ax, scale in zip(axes, parameters.scales, strict=True):
        for trained, color in (("fixed", "C0"), ("trained", "C1")):
            step = data[f"alpha={scale:g}, {trained}"]
            ax.plot(times, step["test_loss"][1:], color=color, label=f"{trained} readouts")
            ax.plot(times, step["train_loss"][1:], color=color, ls="--", lw=0.8)
        ax.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylim=(1e-4, 1.5))
        ax.set_title(f"$\\alpha$ = {scale:g}, N = {parameters.width}, D = {parameters.dim}")
    axes[0].set_ylabel("mean squared error")
    axes[0].legend(loc="lower left")
    return figure


def claims(parameters, data):
    from grok_theory.observables import grokking_delay

    def delay(scale, trained):
        step = data[f"alpha={scale:g}, {trained}"]
        return grokking_delay(
            _times(parameters), step["train_loss"], step["test_loss"], train_threshold=HALF, test_threshold=HALF
        )

    rich, lazy = ([delay(scale, trained) for trained in ("fixed", "trained")] for scale in parameters.scales)
    return [
        Claim(
            "With trained readouts too, the lazy network's delay is more than its time to fit",
            lazy[1].delay > lazy[1].train_time,
            f"trained: fits at {lazy[1].train_time:.3g}, delay {lazy[1].delay:.3g}; "
            f"fixed: fits at {lazy[0].train_time:.3g}, delay {lazy[0].delay:.3g}",
        ),
        Claim(
            "The lazy network's delay is more than five times the rich one's, with either kind of readout",
            all(late.delay > 5 * soon.delay for late, soon in zip(lazy, rich, strict=True)),
            f"fixed {rich[0].delay:.3g} and {lazy[0].delay:.3g}, trained {rich[1].delay:.3g} and {lazy[1].delay:.3g}",
        ),
    ]
