"""Too few samples: never; many: late; more: at once.

Caption: Train (dashed) and test loss (solid) for growing numbers of training samples per dimension. With few samples
the network fits and never generalizes; in a middle range it generalizes long after it has fitted; with many samples
test and train loss fall together. Centred committee of infinite width, gradient flow. D, alpha and eps are this
package's choices: at the paper's stated sizes and our D the transition lies elsewhere, so its D or eps must differ
from ours.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("9",)
STATES = {"9": "P: no decompositions; dimension and curvature of the paper are not known"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 40  # D (ours)
    samples_per_dim: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0, 10.0, 40.0)  # P / D
    output_scale: float = 1.0  # alpha (ours)
    curvature: float = 0.25  # eps (ours)
    last: float = 1e3  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 3
    key: int = 0  # number of the random key


SIZES = {"quick": {"dim": 20, "samples_per_dim": (1.0, 5.0, 40.0), "points": 40}, "full": {"dim": 100, "runs": 8}}
HALF = 0.375  # half of a centred committee's test loss at the start, 3/4


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    return {f"kappa={kappa:g}": lambda kappa=kappa: _train(parameters, kappa) for kappa in parameters.samples_per_dim}


def _train(parameters, kappa):
    import jax

    from grok_theory.lazy_rich import QuadraticCommittee, simulate

    runs = simulate(
        QuadraticCommittee(parameters.output_scale, parameters.curvature, kappa),
        _times(parameters),
        dim=parameters.dim,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
    )
    return {name: runs[name] for name in ("train_loss", "test_loss")}


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 2.7))
    times = _times(parameters)[1:]
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.samples_per_dim)))
    for kappa, color in zip(parameters.samples_per_dim, colors, strict=True):
        step = data[f"kappa={kappa:g}"]
        ax.plot(times, step["test_loss"].mean(0)[1:], color=color, label=f"P = {round(kappa * parameters.dim)}")
        ax.plot(times, step["train_loss"].mean(0)[1:], color=color, ls="--", lw=0.8)
    ax.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylabel="mean squared error", ylim=(1e-4, 2))
    ax.legend(loc="lower left")
    ax.set_title(
        f"D = {parameters.dim}, $\\alpha$ = {parameters.output_scale:g}, $\\epsilon$ = {parameters.curvature:g}"
    )
    return figure


def claims(parameters, data):
    from grok_theory.observables import grokking_delay

    found = []
    for kappa in parameters.samples_per_dim:
        step = data[f"kappa={kappa:g}"]
        found.append(
            grokking_delay(
                _times(parameters), step["train_loss"], step["test_loss"], train_threshold=HALF, test_threshold=HALF
            )
        )
    late = found[list(parameters.samples_per_dim).index(5.0)]
    at_once = found[-1].delay / found[-1].train_time
    return [
        Claim(
            f"At P/D = {parameters.samples_per_dim[0]:g} every run fits and none generalizes",
            bool(np.all(found[0].fitted) and np.all(found[0].censored)),
            f"{int(np.sum(found[0].censored))} of {parameters.runs} runs above half the starting test loss at the end",
        ),
        Claim(
            "At P/D = 5 they generalize late: delay over time to fit is above 1, five times what many samples give",
            np.median(late.delay / late.train_time) > max(1, 5 * np.median(at_once)),
            f"delay over time to fit {np.round(late.delay / late.train_time, 2)}",
        ),
        Claim(
            f"At P/D = {parameters.samples_per_dim[-1]:g} they do so at once: delay below a third of the time to fit",
            np.max(at_once) < 1 / 3,
            f"delay over time to fit {np.round(at_once, 3)}",
        ),
    ]
