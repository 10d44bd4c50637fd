"""Where training starts: initial weights are forgotten, kept for ever, or decay slowly into a second descent.

Caption: Test error in time for several strengths of the initial weights (INR, in noise variances; SNR = 5). Lines:
theory; points: mean of drawn regressions. With more samples than weights (middle) the start is forgotten; with fewer
(left) the weights that no sample sees keep it for ever, and each unit of INR costs 1 - alpha at the end. Only SNR +
INR matters without decay (dotted on the left: no start, stronger teacher). Right: with a little weight decay the
kept weights vanish slowly, and the test error falls a second time (alpha = .6, SNR 2, INR 3, g = .005).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("3", "4")
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    ratios: tuple[float, ...] = (0.5, 2.0)  # alpha = samples / weights
    snr: float = 5.0
    strengths: tuple[float, ...] = (0.0, 5.0, 20.0)  # INR, initial weight variance over noise variance
    first: float = 0.02  # tau
    last: float = 3000.0  # tau
    times: int = 61  # points in time of theory and runs; every fourth one of the runs is drawn
    dim: int = 100  # N, weights of the runs
    runs: int = 48
    key: int = 0


SIZES = {"quick": {"dim": 40, "runs": 24}, "full": {"dim": 400, "runs": 128}}


def steps(parameters):
    curves = {f"alpha={ratio:g}": lambda ratio=ratio: _curves(parameters, ratio) for ratio in parameters.ratios}
    return {**curves, "decay": lambda: _decay(parameters)}


def _times(parameters):
    return np.geomspace(parameters.first, parameters.last, parameters.times)


def _compared(parameters, problem, number):
    import jax

    from grok_theory import linear

    times = _times(parameters)
    key = jax.random.fold_in(jax.random.key(parameters.key), number)
    runs = linear.simulate(problem, times, runs=parameters.runs, dim=parameters.dim, key=key)["test_loss"]
    return linear.solve(problem, times)["test_loss"], runs


def _curves(parameters, ratio):
    from grok_theory import linear

    lines, runs, ends = [], [], []
    for number, strength in enumerate(parameters.strengths):
        problem = linear.TeacherStudent(ratio, parameters.snr, strength)
        line, drawn = _compared(parameters, problem, round(100 * ratio) + number)
        lines.append(line)
        runs.append(drawn)
        ends.append(linear.limits(problem).test_loss)
    stronger = linear.TeacherStudent(ratio, parameters.snr + parameters.strengths[-1])
    same = linear.solve(stronger, _times(parameters))["test_loss"]
    return {"lines": np.array(lines), "runs": np.array(runs), "ends": np.array(ends), "stronger teacher": same}


def _decay(parameters):
    from grok_theory import linear

    problem = linear.TeacherStudent(0.6, 2.0, 3.0, weight_decay=0.005)
    line, runs = _compared(parameters, problem, 999)
    return {"line": line, "runs": runs, "end": linear.limits(problem).test_loss}


def _points(ax, times, runs, color):
    few = slice(None, None, 4)
    mean, error = runs.mean(0), runs.std(0, ddof=1) / np.sqrt(len(runs))
    ax.errorbar(times[few], mean[few], error[few], fmt="o", color=color, elinewidth=0.8)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    count, times = len(parameters.ratios), _times(parameters)
    figure, axes = plt.subplots(1, count + 1, figsize=(7, 2.5))
    for ax, ratio in zip(axes, parameters.ratios, strict=False):
        step = data[f"alpha={ratio:g}"]
        for index, strength in enumerate(parameters.strengths):
            ax.plot(times, step["lines"][index], color=f"C{index}", label=f"INR {strength:g}")
            _points(ax, times, step["runs"][index], f"C{index}")
        ax.set(yscale="log", ylim=(0.9, 60), title=rf"$\alpha$ = {ratio:g}")
        ax.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
        ax.minorticks_off()
    axes[0].plot(times, data[f"alpha={parameters.ratios[0]:g}"]["stronger teacher"], color="k", ls=":", lw=1.0)
    axes[0].set(ylabel="test error [noise variance]")
    axes[1].legend()
    axes[-1].plot(times, data["decay"]["line"], color="C4", label="theory")
    _points(axes[-1], times, data["decay"]["runs"], "C4")
    axes[-1].axhline(data["decay"]["end"], color="0.5", ls="--", lw=0.8, label="end")
    axes[-1].set(title="weight decay", ylim=(3, 6.2))
    axes[-1].legend()
    for ax in axes:
        ax.set(xscale="log", xlabel=r"time $t$ [$\tau$]")
        ax.set_xticks([0.1, 10, 1000])
    return figure


def claims(parameters, data):
    curves = {ratio: data[f"alpha={ratio:g}"] for ratio in parameters.ratios}
    strengths = np.array(parameters.strengths)
    kept = {ratio: step["ends"] - step["ends"][0] for ratio, step in curves.items()}
    defect = max(np.abs(kept[ratio] - max(0, 1 - ratio) * strengths).max() for ratio in parameters.ratios)
    same = max(np.abs(step["stronger teacher"] / step["lines"][-1] - 1).max() for step in curves.values())
    line, times = data["decay"]["line"], _times(parameters)
    low = int(np.argmax(np.diff(line) > 0))
    top = low + int(np.argmax(np.diff(line[low:]) < 0))
    gaps = [np.abs(step["runs"].mean(1) / step["lines"] - 1).max() for step in curves.values()]
    gaps.append(np.abs(data["decay"]["runs"].mean(0) / line - 1).max())
    return [
        Claim(
            "Each unit of INR costs max(0, 1 - alpha) at the end",
            defect < 1e-12 * strengths.max(),
            f"largest defect {defect:.1e}",
        ),
        Claim("Without decay only SNR + INR matters", same < 1e-13, f"largest relative gap {same:.1e}"),
        Claim(
            "A little decay makes the test error fall, rise, and fall again below its first minimum",
            0 < low < top and line[-1] < line[low] < line[top],
            f"{line[low]:.3f} at t = {times[low]:.2g}, {line[top]:.3f} at {times[top]:.2g}, then {line[-1]:.3f}",
        ),
        Claim(
            "Drawn regressions follow every curve within 25 %",
            max(gaps) < 0.25,
            f"largest gap of a mean {max(gaps):.1%}, {parameters.runs} runs at N = {parameters.dim}",
        ),
    ]
