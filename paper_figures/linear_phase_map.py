"""Test loss over samples and time: the ridge of over-training, and the law along it.

Caption: Left: test loss (colour; SNR = 5, in noise variances) over samples per weight and training time. The tongue at
alpha = 1 is over-training: it opens after the best stopping time (white line) and deepens for ever; on either side it
ends at the relaxation time 1/l- of the slowest direction (dashed). Right: the cut at alpha = 1, with its law
1/2 + c sqrt(t) + S/sqrt(2 pi t), c = 2(2 - sqrt 2)/sqrt(pi) (dashed).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "linear"
RATE = 2 * (2 - np.sqrt(2)) / np.sqrt(np.pi)  # c


@dataclass(frozen=True)
class Parameters:
    snr: float = 5.0
    least_ratio: float = 0.1
    most_ratio: float = 10.0
    ratios: int = 121  # odd, so that alpha = 1 is on the grid
    first: float = 0.03  # tau
    last: float = 1e5  # tau
    times: int = 120


SIZES = {"quick": {"ratios": 41, "times": 40}, "full": {"ratios": 501, "times": 200}}


def steps(parameters):
    return {"map": lambda: _map(parameters)}


def _map(parameters):
    import jax

    from grok_theory import linear

    ratios = np.geomspace(parameters.least_ratio, parameters.most_ratio, parameters.ratios)
    ratios[parameters.ratios // 2] = 1.0
    times = np.geomspace(parameters.first, parameters.last, parameters.times)
    # One ratio at a time through one compiled function: a map over all of them at once would need memory for nothing.
    one = jax.jit(lambda a: linear.solve(linear.TeacherStudent(a, parameters.snr), times, throw=False)["test_loss"])
    best = jax.jit(lambda a: linear.optimal_stopping(linear.TeacherStudent(a, parameters.snr)).time)
    return {
        "ratios": ratios,
        "times": times,
        "errors": np.array([one(ratio) for ratio in ratios]),
        "best": np.array([best(ratio) for ratio in ratios]),
    }


def _law(parameters, times):
    return 0.5 + RATE * np.sqrt(times) + parameters.snr / np.sqrt(2 * np.pi * times)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    step = data["map"]
    ratios, times = step["ratios"], step["times"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(1.35, 1))
    image = left.pcolormesh(ratios, times, np.log10(step["errors"]).T, vmax=2, rasterized=True)
    left.plot(ratios, step["best"], color="w", lw=1.3)
    with np.errstate(divide="ignore"):
        relaxation = 1 / (1 - np.sqrt(ratios)) ** 2
    left.plot(ratios, np.where(relaxation < 2 * times[-1], relaxation, np.nan), color="w", ls="--", lw=0.8)
    bar = figure.colorbar(image, ax=left, extend="max")
    bar.set_ticks(np.log10([1, 2, 5, 10, 20, 50, 100]), labels=["1", "2", "5", "10", "20", "50", "100"])
    left.set(xscale="log", yscale="log", ylim=(times[0], times[-1]), title="test loss [noise variance]")
    left.set(xlabel=r"samples per weight $\alpha$", ylabel=r"time $t$ [$\tau$]")
    cut = step["errors"][parameters.ratios // 2]
    right.plot(times, cut, color="C0", label=r"$\alpha$ = 1")
    late = times > 1
    right.plot(times[late], _law(parameters, times[late]), color="k", ls="--", lw=0.9, label="law")
    for color, ratio in (("C1", 0.5), ("C2", 2.0)):
        at = int(np.argmin(np.abs(np.log(ratios / ratio))))
        right.plot(times, step["errors"][at], color=color, label=rf"$\alpha$ = {ratios[at]:.2g}")
    right.set(xscale="log", yscale="log", xlabel=r"time $t$ [$\tau$]", ylabel="test loss [noise variance]")
    right.legend()
    return figure


def claims(parameters, data):
    step = data["map"]
    times, middle = step["times"], parameters.ratios // 2
    cut, law = step["errors"][middle], _law(parameters, times)
    late = times > 100
    offset = cut[-1] - RATE * np.sqrt(times[-1])
    lowest = times[np.argmin(step["errors"], axis=1)]
    spacing = np.log(times[1] / times[0])
    return [
        Claim(
            "At alpha = 1 the test loss grows as 1/2 + c sqrt(t) + S/sqrt(2 pi t), within 1 % beyond t = 100",
            np.abs(law / cut - 1)[late].max() < 0.01,
            f"largest gap {np.abs(law / cut - 1)[late].max():.2e}, offset at the end {offset:.3f}",
        ),
        Claim(
            "The best stopping time is where the map has its minimum in time, within one step of the grid",
            np.abs(np.log(lowest / step["best"])).max() < 1.01 * spacing,
            f"largest distance {np.abs(np.log(lowest / step['best'])).max() / spacing:.2f} steps",
        ),
        Claim(
            "At the latest time the worst of all ratios is alpha = 1",
            np.argmax(step["errors"][:, -1]) == middle,
            f"{step['errors'][middle, -1]:.0f} there",
        ),
    ]
