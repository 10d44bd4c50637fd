"""When to stop: the best stopping time over aspect ratio and signal to noise.

Caption: Left: best stopping time of gradient flow (colour, units of tau) for samples per weight alpha and
signal-to-noise ratio. Right: cuts through the map. Away from alpha = 1 the time grows as the logarithm of the SNR at
the rate of the spectral gap (dashed); at alpha = 1 the gap is closed and it grows linearly, a factor .6036 of the
SNR.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("5",)
STATES = {}
WING = "linear"

AT_ONE = (1 + np.sqrt(2)) / 4  # best stopping time over SNR at alpha = 1


@dataclass(frozen=True)
class Parameters:
    least_ratio: float = 0.1
    most_ratio: float = 10.0
    least_snr: float = 0.1
    most_snr: float = 1e6
    ratios: int = 81  # odd, so that alpha = 1 is on the grid
    snrs: int = 57
    cuts: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)  # alphas of the right panel


SIZES = {"quick": {"ratios": 21, "snrs": 15}, "full": {"ratios": 241, "snrs": 141}}


def steps(parameters):
    return {"map": lambda: _map(parameters)}


def _map(parameters):
    import jax

    from grok_theory import linear
    from grok_theory.linear.closed_forms import log_stopping_time

    ratios = np.geomspace(parameters.least_ratio, parameters.most_ratio, parameters.ratios)
    ratios[parameters.ratios // 2] = 1.0
    snrs = np.geomspace(parameters.least_snr, parameters.most_snr, parameters.snrs)
    row = jax.jit(jax.vmap(lambda a, s: linear.optimal_stopping(linear.TeacherStudent(a, s)).time, in_axes=(None, 0)))
    cuts = np.array(parameters.cuts)
    with np.errstate(divide="ignore", invalid="ignore"):
        laws = np.array([np.asarray(log_stopping_time(a, snrs)) if a != 1 else AT_ONE * snrs for a in cuts])
    return {
        "ratios": ratios,
        "snrs": snrs,
        "times": np.array([row(a, snrs) for a in ratios]),
        "cut_times": np.array([row(a, snrs) for a in cuts]),
        "laws": laws,
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    step = data["map"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7))
    image = left.pcolormesh(step["ratios"], step["snrs"], np.log10(step["times"]).T, rasterized=True)
    lines = left.contour(
        step["ratios"], step["snrs"], np.log10(step["times"]).T, [0, 1, 2, 3], colors="w", linewidths=0.7
    )
    left.clabel(lines, fmt=lambda v: f"$10^{{{v:.0f}}}$", fontsize=6, inline_spacing=1)
    figure.colorbar(image, ax=left, label=r"$\log_{10}$ best stopping time [$\tau$]")
    left.set(xscale="log", yscale="log", xlabel=r"samples per weight $\alpha$", ylabel="SNR")
    for index, ratio in enumerate(parameters.cuts):
        right.plot(step["snrs"], step["cut_times"][index], color=f"C{index}", label=rf"$\alpha$ = {ratio:g}")
        late = step["snrs"] > 300
        right.plot(step["snrs"][late], step["laws"][index][late], color=f"C{index}", ls="--", lw=0.9)
    right.set(xscale="log", yscale="log", xlabel="SNR", ylabel=r"best stopping time [$\tau$]")
    right.legend()
    return figure


def claims(parameters, data):
    step = data["map"]
    at = list(parameters.cuts).index(1.0)
    slope = step["cut_times"][at][-1] / step["snrs"][-1]
    others = [i for i in range(len(parameters.cuts)) if i != at]
    gaps = [abs(step["laws"][i][-1] / step["cut_times"][i][-1] - 1) for i in others]
    growth = np.diff(step["times"], axis=1)
    return [
        Claim(
            "At every aspect ratio the best time grows with the SNR", np.all(growth > 0), f"{growth.size} neighbours"
        ),
        Claim(
            "At alpha = 1 it is linear in the SNR, with factor (1 + sqrt 2)/4",
            abs(slope - AT_ONE) < 1e-3,
            f"{slope:.6f} at SNR {step['snrs'][-1]:.0e}",
        ),
        Claim(
            "Away from alpha = 1 it is ln(SNR l-/2^1.5)/l- within 5 % at the largest SNR",
            max(gaps) < 0.05,
            ", ".join(f"alpha={parameters.cuts[i]:g}: {gap:.1%}" for i, gap in zip(others, gaps, strict=True)),
        ),
    ]
