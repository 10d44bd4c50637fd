"""How far one run strays: finite-size bands of the learning curves over single drawn regressions.

Caption: Train and test loss of single drawn regressions (thin lines; SNR = 5, alpha = 2) at two sizes, the shifted
theory with a band of two standard deviations from the first terms in 1/N (shaded), and the N -> infinity curve
(dashed). One run is predicted to within the band before it is made; the band narrows as one over the root of N, the
shift as one over N. Right: the spread of the runs over the predicted one, at all times.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_apart, shifted, verdict_claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "linear"
CURVES = ("train_loss", "test_loss")


@dataclass(frozen=True)
class Parameters:
    ratio: float = 2.0  # alpha
    snr: float = 5.0
    dims: tuple[int, ...] = (40, 320)  # N
    runs: int = 200
    shown: int = 10  # runs that are drawn
    margin: float = 0.1  # relative difference of means that would matter
    times: int = 40
    first: float = 0.02  # tau
    last: float = 100.0  # tau
    key: int = 0


SIZES = {
    "quick": {"dims": (20, 60), "runs": 100, "shown": 6, "times": 20, "margin": 0.3},
    "full": {"dims": (100, 800), "runs": 400, "margin": 0.05},
}


def steps(parameters):
    return {f"N={dim}": lambda dim=dim: _runs(parameters, dim) for dim in parameters.dims}


def _runs(parameters, dim):
    import jax

    from grok_theory import linear

    problem = linear.TeacherStudent(parameters.ratio, parameters.snr)
    times = np.geomspace(parameters.first, parameters.last, parameters.times)
    key = jax.random.fold_in(jax.random.key(parameters.key), dim)
    runs = linear.simulate(problem, times, runs=parameters.runs, dim=dim, key=key)
    theory, band = linear.solve(problem, times), linear.fluctuations(problem, times, dim)
    finite = shifted(theory, band.mean_shift)
    result = {"times": times, **judged_apart(finite, runs, margin=dict.fromkeys(CURVES, parameters.margin))}
    for name in CURVES:
        result |= {name: theory[name], f"{name} shift": band.mean_shift[name], f"{name} std": band.std[name]}
        result[f"{name} runs"] = runs[name]
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.dims) + 1, figsize=(7, 2.5))
    for index, (ax, dim) in enumerate(zip(axes, parameters.dims, strict=False)):
        step = data[f"N={dim}"]
        times = step["times"]
        for color, name, word in (("C0", "train_loss", "train"), ("C1", "test_loss", "test")):
            middle, std = step[name] + step[f"{name} shift"], step[f"{name} std"]
            ax.fill_between(times, middle - 2 * std, middle + 2 * std, color=color, alpha=0.25, lw=0, label=word)
            ax.plot(times, step[f"{name} runs"][: parameters.shown].T, color=color, lw=0.5, alpha=0.8)
            ax.plot(times, step[name], color="k", ls="--", lw=0.9)
            ratio = step[f"{name} runs"].std(0, ddof=1) / std
            axes[-1].plot(times, ratio, color=color, ls=("-", ":")[index % 2], label=f"{word}, N = {dim}")
        ax.set(yscale="log", ylim=(0.15, 15), title=f"N = {dim}")
        ax.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
        ax.minorticks_off()
    axes[0].set(ylabel="error [noise variance]")
    axes[0].legend()
    axes[-1].axhline(1.0, color="0.5", lw=0.8)
    axes[-1].set(ylim=(0.5, 1.7), ylabel="spread, runs / predicted")
    axes[-1].legend(ncols=1)
    for ax in axes:
        ax.set(xscale="log", xlabel=r"time $t$ [$\tau$]")
    return figure


def claims(parameters, data):
    inside, ratios, scores = [], [], []
    for dim in parameters.dims:
        step = data[f"N={dim}"]
        for name in CURVES:
            middle, std, runs = step[name] + step[f"{name} shift"], step[f"{name} std"], step[f"{name} runs"]
            inside.append(np.mean(np.abs(runs - middle) <= 2 * std, axis=0))
            ratios.append(runs.std(0, ddof=1) / std)
            scores.append(np.abs(runs.mean(0) - middle) / (std / np.sqrt(parameters.runs)))
    inside, ratios, worst = np.array(inside), np.array(ratios), np.max(scores)
    first, last = (data[f"N={dim}"]["test_loss std"] for dim in (parameters.dims[0], parameters.dims[-1]))
    narrowing = np.mean(first / last) / np.sqrt(parameters.dims[-1] / parameters.dims[0])
    return [
        Claim(
            "A single run lies within the band of two standard deviations in 88 % of cases or more, at every time",
            inside.min() > 0.88,
            f"share {inside.mean():.3f} on average, least {inside.min():.3f}",
        ),
        Claim(
            "The spread of the runs is the predicted one within the range .6 to 1.5",
            ratios.min() > 0.6 and ratios.max() < 1.5,
            f"from {ratios.min():.2f} to {ratios.max():.2f}",
        ),
        *(
            verdict_claim(f"N = {dim}: the mean {name.replace('_', ' ')} is the shifted theory", data[f"N={dim}"], name)
            for dim in parameters.dims
            for name in CURVES
        ),
        Claim(
            "Their mean is the shifted theory: all |z| < 5",
            worst < 5,
            f"largest |z| = {worst:.2f}, {parameters.runs} runs",
        ),
        Claim(
            "The band narrows as one over the root of N",
            abs(narrowing - 1) < 0.15,
            f"ratio of the bands over the root of the ratio of sizes {narrowing:.3f}",
        ),
    ]
