"""Where training starts: initial weights are forgotten, kept for ever, or decay slowly into a second descent.

Caption: Test loss in time for several strengths of the initial weights (INR, in noise variances; SNR = 5). Lines:
theory; points: mean of drawn regressions. With more samples than weights (middle) the start is forgotten; with fewer
(left) the weights that no sample sees keep it for ever, and each unit of INR costs 1 - alpha at the end. Only SNR +
INR matters without decay (dotted on the left: no start, stronger teacher). Right: with a little weight decay the
kept weights vanish slowly, and the test loss falls a second time (alpha = .6, SNR 2, INR 3, g = .005).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_apart, shifted, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("4",)
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
    runs: int = 128
    margin: float = 0.1  # relative difference of mean test losses that would matter
    key: int = 0


SIZES = {"quick": {"dim": 40, "runs": 64, "margin": 0.25}, "full": {"dim": 400, "runs": 256, "margin": 0.03}}


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
    runs = linear.simulate(problem, times, runs=parameters.runs, dim=parameters.dim, key=key)
    theory = linear.solve(problem, times)
    # The finite size itself shifts the mean by a known amount.
    finite = shifted(theory, linear.fluctuations(problem, times, parameters.dim).mean_shift)
    found = judged_apart(finite, runs, margin={"test_loss": parameters.margin})
    return theory["test_loss"], runs["test_loss"], found


def _curves(parameters, ratio):
    from grok_theory import linear

    lines, runs, ends, verdicts = [], [], [], {}
    for number, strength in enumerate(parameters.strengths):
        problem = linear.TeacherStudent(ratio, parameters.snr, strength)
        line, drawn, said = _compared(parameters, problem, round(100 * ratio) + number)
        verdicts |= {f"{strength:g} {name}": value for name, value in said.items()}
        lines.append(line)
        runs.append(drawn)
        ends.append(linear.limits(problem).test_loss)
    stronger = linear.TeacherStudent(ratio, parameters.snr + parameters.strengths[-1])
    same = linear.solve(stronger, _times(parameters))["test_loss"]
    curves = {"lines": np.array(lines), "runs": np.array(runs)}
    return {**curves, "ends": np.array(ends), "stronger teacher": same, **verdicts}


def _decay(parameters):
    from grok_theory import linear

    problem = linear.TeacherStudent(0.6, 2.0, 3.0, weight_decay=0.005)
    line, runs, said = _compared(parameters, problem, 999)
    return {"line": line, "runs": runs, "end": linear.limits(problem).test_loss, **said}


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
    axes[0].set(ylabel="test loss [noise variance]")
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
    # What the start costs real runs at the end, over what it costs in the limit: one teacher and one data set a run.
    few = curves[min(parameters.ratios)]
    cost = few["runs"][-1, :, -1].mean() - few["runs"][0, :, -1].mean()
    spread = np.hypot(*(few["runs"][i, :, -1].std(ddof=1) for i in (0, -1))) / np.sqrt(parameters.runs)
    told = max(0, 1 - min(parameters.ratios)) * (strengths[-1] - strengths[0])
    return [
        Claim(
            f"Each unit of INR costs real runs 1 - alpha at the end (alpha = {min(parameters.ratios):g}, 3 errors)",
            abs(cost - told) < 3 * spread and defect < 1e-12 * strengths.max(),
            f"{cost:.2f} +- {spread:.2f} against {told:.2f}",
        ),
        Claim("Without decay only SNR + INR matters", same < 1e-13, f"largest relative gap {same:.1e}"),
        Claim(
            "A little decay makes the test loss fall, rise, and fall again below its first minimum",
            0 < low < top and line[-1] < line[low] < line[top],
            f"{line[low]:.3f} at t = {times[low]:.2g}, {line[top]:.3f} at {times[top]:.2g}, then {line[-1]:.3f}",
        ),
        *(
            verdict_claim(
                f"alpha = {ratio:g}, INR {strength:g}: runs follow the theory", step, "test_loss", label=f"{strength:g}"
            )
            for ratio, step in curves.items()
            for strength in parameters.strengths
        ),
        verdict_claim("With weight decay runs follow the theory", data["decay"], "test_loss"),
    ]
