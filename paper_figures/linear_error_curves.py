"""Train and test loss in time at three aspect ratios, theory on runs.

Caption: A linear student learns a noisy linear teacher (SNR = 5) by gradient flow from zero. Lines: theory for N ->
inf; points: mean of drawn regressions trained exactly, with simultaneous bands; hollow points: times at which runs of
this size no longer follow the limit. The train loss falls for ever; the test loss has a minimum at the stopping
time (dotted) and then rises as the noise is fitted, most of all at alpha = 1, where the slowest directions are
learned last. The oracle's error (dashed) is the noise variance, the approximation error; what lies between it and the
test loss is the estimation error (arrows). Runs are judged against the theory with its first term in 1/N.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_apart, shifted, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("1", "3")
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0)  # alpha = samples / weights
    snr: float = 5.0  # teacher weight variance over noise variance
    dim: int = 200  # N, weights of the runs
    runs: int = 96
    times: int = 24  # points in time
    first: float = 0.05  # first time, tau
    last: float = 300.0  # last time, tau
    margin: float = 0.08  # relative difference of test losses that would matter; of train losses 2.5 times that
    key: int = 0


SIZES = {
    "quick": {"dim": 60, "runs": 64, "times": 12, "margin": 0.2},
    "full": {"dim": 400, "runs": 256, "times": 30, "margin": 0.05},
}


def steps(parameters):
    return {f"alpha={ratio:g}": lambda ratio=ratio: _curves(parameters, ratio) for ratio in parameters.ratios}


def _curves(parameters, ratio):
    import jax

    from grok_theory import linear

    problem = linear.TeacherStudent(ratio, parameters.snr)
    times = np.geomspace(parameters.first, parameters.last, parameters.times)
    fine = np.geomspace(parameters.first, parameters.last, 200)
    theory, line = linear.solve(problem, times), linear.solve(problem, fine)
    key = jax.random.fold_in(jax.random.key(parameters.key), round(1000 * ratio))
    runs = linear.simulate(problem, times, dim=parameters.dim, runs=parameters.runs, key=key)
    best = linear.optimal_stopping(problem)
    # The finite size itself shifts the mean by a known amount.
    finite = shifted(theory, linear.fluctuations(problem, times, parameters.dim).mean_shift)
    # Train losses of single runs scatter by more, and late ones hang on the smallest eigenvalue.
    margins = {"train_loss": 2.5 * parameters.margin, "test_loss": parameters.margin}
    result = {"times": times, "fine": fine, "stop": [best.time, best.test_loss]}
    result |= judged_apart(finite, runs, margin=margins, end=0.15 * parameters.dim ** (2 / 3))
    for name in ("train_loss", "test_loss"):
        result |= {f"line_{name}": line[name], f"runs_{name}": runs[name], f"valid_{name}": runs.is_valid(name)}
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from scipy import stats

    figure, axes = plt.subplots(1, len(parameters.ratios), figsize=(7, 2.5), sharey=True)
    level = stats.t.ppf(1 - 0.005 / parameters.times, parameters.runs - 1) / np.sqrt(parameters.runs)
    for ax, ratio in zip(axes, parameters.ratios, strict=True):
        step = data[f"alpha={ratio:g}"]
        for color, name, word in (("C0", "train_loss", "train"), ("C1", "test_loss", "test")):
            ax.plot(step["fine"], step[f"line_{name}"], color=color, label=f"{word}, theory")
            mean, spread = step[f"runs_{name}"].mean(0), step[f"runs_{name}"].std(0, ddof=1)
            valid = step[f"valid_{name}"]
            ax.errorbar(step["times"], mean, level * spread, fmt="none", ecolor=color, elinewidth=0.8, alpha=0.6)
            ax.plot(step["times"][valid], mean[valid], "o", color=color, label=f"{word}, runs")
            ax.plot(step["times"][~valid], mean[~valid], "o", color=color, mfc="white")
        ax.axhline(1.0, color="0.4", ls="--", lw=0.8)
        ax.axvline(step["stop"][0], color="0.4", ls=":", lw=1.0)
        ax.set(xscale="log", yscale="log", xlabel=r"time $t$ [$\tau$]", title=rf"$\alpha$ = {ratio:g}")
    axes[0].set(ylabel=r"error [noise variance]", ylim=(3e-3, 40))
    axes[0].text(parameters.first, 1.06, "oracle", color="0.35", fontsize=6.5, va="bottom")
    first, at = data[f"alpha={parameters.ratios[0]:g}"], 0.6 * parameters.last
    level = np.interp(at, first["fine"], first["line_test_loss"])
    for low, high, word in ((1.0, level, "estimation"), (3e-3, 1.0, "approximation")):
        axes[0].annotate("", (at, low), (at, high), arrowprops={"arrowstyle": "<->", "lw": 0.7, "color": "0.3"})
        axes[0].text(0.8 * at, np.sqrt(low * high), word, fontsize=6, ha="right", va="center", color="0.3")
    axes[-1].legend(loc="lower left", ncols=1)
    return figure


def claims(parameters, data):
    found = []
    for ratio in parameters.ratios:
        step = data[f"alpha={ratio:g}"]
        train, test = step["line_train_loss"], step["line_test_loss"]
        lowest = int(np.argmin(test))
        found += [
            *(
                verdict_claim(f"alpha={ratio:g}: runs have the {word} error of the theory", step, f"{word}_loss")
                for word in ("train", "test")
            ),
            Claim(
                f"alpha={ratio:g}: the train loss falls, the test loss has a minimum and then rises",
                bool(np.all(np.diff(train) <= 0)) and 0 < lowest < test.size - 1 and test[-1] > test[lowest],
                f"minimum {step['stop'][1]:.3f} at t = {step['stop'][0]:.2f}, then {test[-1]:.3f}",
            ),
        ]
    return found
