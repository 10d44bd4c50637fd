"""How much of the delay is the threshold: what remains of it whatever level is asked for.

Caption: Left: losses of a rich, a middle and a lazy committee by mean-field theory (lines; train dashed) and of drawn
networks (points, one standard error). Middle: the delay of the test loss after the train loss, over the time to fit,
when both are asked to fall below the same level, against that level: by theory (lines) and of the networks
extrapolated to infinite D (diamonds). Any network can be made to seem to grok by asking for the level at which the
test loss ends; the rich one's falls below half of its time to fit at others. Right: what remains at any level, the
least delay over the levels, against alpha. Centred, flow. What the paper measures of this is not known; the least
delay over all levels is this package's reading of it.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("18",)
STATES = {}
WING = "lazy_rich"
COLORS = ("C0", "C2", "C1", "C3", "C4")


@dataclass(frozen=True)
class Parameters:
    dims: tuple[int, int] = (16, 32)  # D
    samples_per_dim: float = 10.0  # P / D
    scales: tuple[float, ...] = (1 / 8, 1.0, 8.0)  # alpha
    curvature: float = 0.25  # eps
    last: float = 600.0  # last tau
    points: int = 40
    levels: int = 25  # over the loss at the start
    runs: int = 100
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.12  # of the theory against the extrapolated runs; losses start at .75
    key: int = 0


SIZES = {
    "full": {
        "dims": (50, 100), "scales": (1 / 32, 1 / 8, 1.0, 8.0, 32.0), "runs": 200, "paths": 672, "grid_points": 64,
        "scrambles": 9, "margin": 0.06,
    },
}  # fmt: skip


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def _levels(parameters):
    return np.linspace(0.05, 0.95, parameters.levels)


def _problem(parameters, scale):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(scale, parameters.curvature, parameters.samples_per_dim).dressed(parameters.dims[-1])


def steps(parameters):
    made = {}
    for scale in parameters.scales:
        problem = _problem(parameters, scale)
        made |= committees.theory_and_runs(
            f"alpha={scale:g}", problem, _times(parameters), parameters, curves=committees.LOSSES
        )
    return made


def _gathered(parameters, data, scale):
    problem = _problem(parameters, scale)
    return committees.gathered(f"alpha={scale:g}", problem, _times(parameters), parameters, data)


def _at_levels(parameters, times, train, test):
    """The delay over the time to fit at each level; inf where the test loss stays above it."""
    from grok_theory.observables import crossing_time

    found = []
    for level in _levels(parameters) * train[0]:
        fitted, reached = (float(crossing_time(times, curve, level).time) for curve in (train, test))
        found.append((reached - fitted) / fitted if np.isfinite(reached) else np.inf)
    return np.array(found)


def _measures(parameters, data):
    """(alpha, theory or runs, level) delays over times to fit."""
    found = []
    for scale in parameters.scales:
        theory, _, ideal = _gathered(parameters, data, scale)
        pairs = [tuple(np.asarray(theory[name]) for name in committees.LOSSES)]
        pairs.append(tuple(ideal[name].mean(0) for name in committees.LOSSES))
        found.append([_at_levels(parameters, theory.x, *pair) for pair in pairs])
    return np.array(found)


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator

    figure, (curves, by_level, left) = plt.subplots(1, 3, figsize=(7, 2.5), width_ratios=(1.3, 1.3, 0.8))
    levels = _measures(parameters, data)
    for number, (scale, color) in enumerate(zip(parameters.scales, COLORS, strict=False)):
        theory, runs, _ = _gathered(parameters, data, scale)
        committees.sketch(curves, theory, "test_loss", color=color, label=rf"$\alpha$ = {scale:g}")
        committees.sketch(curves, theory, "train_loss", color=color, style="--")
        committees.mark(curves, theory.x, runs["test_loss"], color=color)
        committees.mark(curves, theory.x, runs["train_loss"], color=color, full=False)
        told, ideal = (np.where(np.isfinite(each), each, np.nan) for each in levels[number])
        by_level.plot(_levels(parameters), told, color=color)
        by_level.plot(_levels(parameters)[::2], ideal[::2], "D", color=color, mfc="white", ms=3.5)
    least = levels.min(axis=2)
    left.plot(parameters.scales, least[:, 0], color="C0", label="theory")
    left.plot(parameters.scales, least[:, 1], "D", color="C0", mfc="white", ms=4, label="runs")
    curves.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="mean squared error", ylim=(0, 1))
    curves.legend(loc="upper right")
    by_level.set(yscale="symlog", xlabel="level / loss at the start", ylabel="delay / time to fit")
    left.set(xscale="log", yscale="log", xlabel=r"$\alpha$", ylabel="least delay / time to fit")
    left.set_xticks(
        parameters.scales, [f"{scale:g}" if scale >= 1 else f"1/{1 / scale:g}" for scale in parameters.scales]
    )
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    left.yaxis.set_minor_formatter("{x:g}")
    left.xaxis.minorticks_off()
    left.legend()
    return figure


def claims(parameters, data):
    made = []
    for scale in parameters.scales:
        theory, _, ideal = _gathered(parameters, data, scale)
        margin = dict.fromkeys(committees.LOSSES, parameters.margin)
        made.append(
            committees.agreement_claim(f"alpha = {scale:g}: {committees.named(parameters)}", theory, ideal, margin)
        )
    levels = _measures(parameters, data)
    least = levels.min(axis=2)
    most = np.where(np.isfinite(levels), levels, -np.inf).max(axis=2)
    listed = "least and greatest, theory (runs): " + "; ".join(
        f"alpha = {a:g}: {low[0]:.2f} to {high[0]:.2f} ({low[1]:.2f} to {high[1]:.2f})"
        for a, low, high in zip(parameters.scales, least, most, strict=True)
    )
    return [
        *made,
        Claim(
            "The delay of any network is its threshold's: over the levels it changes more than twofold, rich or lazy",
            bool(np.all(most > 2 * least)),
            listed,
        ),
        Claim(
            "What remains at whatever threshold, the least delay over the levels, grows with alpha: below half of the "
            "time to fit at the rich end, above all of it at the lazy end",
            bool(np.all(np.diff(least, axis=0) > 0) and np.all(least[0] < 0.5) and np.all(least[-1] > 1)),
            listed,
        ),
        Claim(
            "Of that the theory and the extrapolated runs say the same, to 25 %",
            bool(np.abs(np.log(least[:, 0] / least[:, 1])).max() < np.log(1.25)),
            f"largest factor {np.exp(np.abs(np.log(least[:, 0] / least[:, 1])).max()):.2f}",
        ),
    ]
