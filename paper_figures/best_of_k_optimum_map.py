# ruff: noqa: E501
"""The best number of answers and the best temperature, exact beside the printed high-temperature formulas.

Caption: Left: best k (colour, logarithmic) for a prompt whose mean answer misses the truth by 0.2 spreads, over
temperature t and the judge's misspecification DR; white: more answers never stop helping. The
line is where the coefficient of 1/k changes sign, which explains the boundary. Middle: exact best k against the printed
1/k* = (3 - t C1/C2)/4 at DR = 2. Right: exact best temperature against k for DT = 0.3, DR = 2 (points), its limit
2 C2/C1 - 3 (line) and the printed 2 (1 - 2/k) C2/C1 (dots), which overshoots by about two.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    teacher_gap: float = 0.2  # DT, spread 1
    heats: int = 21  # values of t
    gaps: int = 17  # values of DR
    samples: tuple[float, ...] = (3, 6, 12, 25, 60, 200, 1000)  # k of the right panel


SIZES = {"full": {"heats": 61, "gaps": 51}}


def steps(parameters):
    return {"map": lambda: _map(parameters), "temperature": lambda: _temperature(parameters)}


def _grid(parameters):
    return np.geomspace(0.3, 30, parameters.heats), np.linspace(0.0, 4.0, parameters.gaps)


def _line(parameters):
    return np.linspace(0.3, 5.3, parameters.heats)


def _map(parameters):
    from grok_theory import best_of_k as bk
    from grok_theory.best_of_k.closed_forms import many_samples_correction, second_moments

    heats, gaps = _grid(parameters)
    problems = [bk.Prompt(parameters.teacher_gap, float(g)) for g in gaps]
    best = [[bk.optimal_samples(p, temperature=2 * t).value for t in heats] for p in problems]
    a1 = [[many_samples_correction(second_moments(p), t) for t in heats] for p in problems]
    near = bk.Prompt(parameters.teacher_gap, 2.0)
    line = [bk.optimal_samples(near, temperature=2 * t).value for t in _line(parameters)]
    return {"best": np.array(best), "a1": np.array(a1, float), "line": np.array(line)}


def _temperature(parameters):
    from grok_theory import best_of_k as bk

    best = [bk.optimal_temperature(bk.Prompt(0.3, 2.0), samples=k).value / 2 for k in parameters.samples]
    return {"best": np.array(best)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    heats, gaps = _grid(parameters)
    best = data["map"]["best"]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.5), width_ratios=(1.25, 1, 1))
    shown = np.where(np.isfinite(best) & (best > 1), np.log10(np.maximum(best, 1)), np.nan)
    image = left.pcolormesh(heats, gaps, shown, cmap="cividis", vmin=0, vmax=3, shading="nearest")
    left.contour(heats, gaps, data["map"]["a1"], levels=[0], colors="C1", linewidths=1.2)
    left.set(xscale="log", xlabel=r"temperature $t = T/2s^2$", ylabel=r"misspecification $\Delta_R/s$")
    bar = figure.colorbar(image, ax=left, extend="max")
    bar.ax.set_title("best k", fontsize=7)
    bar.set_ticks([0, 1, 2, 3], labels=["1", "10", "100", "1000"])
    left.text(0.35, 0.25, "more is better", fontsize=6.5)
    signal = 2 * parameters.teacher_gap * 2.0 + 1
    at = _line(parameters)
    printed = (3 - at * signal / (signal + 4)) / 4
    line = data["map"]["line"]
    inside = np.isfinite(line)
    middle.plot(at[inside], line[inside], marker="o", label="exact")
    middle.plot(at[printed > 0], np.maximum(1 / printed[printed > 0], 1.0), ls=":", color="C1", label="printed series")
    middle.set(yscale="log", xlabel="t", ylabel="best k", ylim=(0.8, 500), title=r"$\Delta_R = 2s$")
    middle.legend()
    k = np.geomspace(3, 1000, 60)
    c1 = 2 * 0.3 * 2 + 1
    c2 = c1 + 4
    right.plot(parameters.samples, data["temperature"]["best"], "o", label="exact")
    right.axhline(2 * c2 / c1 - 3, color="C0", lw=1, label=r"limit $2C_2/C_1-3$")
    right.plot(k, 2 * (1 - 2 / k) * c2 / c1, ls=":", color="C1", label="printed series")
    right.set(xscale="log", xlabel="answers, k", ylabel="best t", ylim=(0, 6.5), title=r"$\Delta_T = 0.3s$")
    right.legend(loc="lower right")
    return figure


def claims(parameters, data):
    best, a1 = data["map"]["best"], data["map"]["a1"]
    finite = np.isfinite(best)
    agree = bool((finite[a1 < 0]).all())
    never = bool((~finite[a1 > 0]).all())
    limit = 2 * 6.2 / 2.2 - 3
    exact = data["temperature"]["best"]
    return [
        Claim("a negative 1/k coefficient means a finite best k", agree, f"{int((a1 < 0).sum())} settings"),
        Claim("a positive one means none (a conjecture)", never, f"{int((a1 > 0).sum())} settings"),
        Claim("the best temperature tends to 2 C2/C1 - 3", abs(exact[-1] / limit - 1) < 0.02, f"{exact[-1]:.4f} against {limit:.4f}"),
    ]  # fmt: skip
