# ruff: noqa: E501
"""Task difficulty, and more data against more answers.

Caption: Left: what best-of-k leaves at T = 0 with the right judge, as the factor 1/error over a single answer, against
difficulty q/s^2, at k = 4, 32, 256 and 4096: harder tasks gain less, and beyond q = s^2/2 (line) less than any inverse
square. Middle: the answers needed per prompt to reach a given error, against examples per dimension (noise 1, prior 3,
unit teacher): curves of equal error. Right: error against the divergence KL(kept || base) = ln k - (k-1)/k of the kept
answer from the model, at DT = 0.3 and three favourites DR. A
judge far off is over-optimised: the error has a minimum. The exact curves level off; a parabola a sqrt(KL) - b KL
fitted to their start (dots) does not.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Halder & Pehlevan 2025"
FIGURES = ("5",)
STATES = {"5": "P: theory only, no runs"}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    difficulties: int = 24
    ratios: int = 24  # n/d of the middle panel
    targets: tuple[float, ...] = (0.3, 0.1, 0.03, 0.01)  # errors to reach
    gaps: tuple[float, ...] = (0.3, 0.8, 1.2)  # DR of the right panel at DT = 0.3
    points: int = 60


SIZES = {"quick": {"difficulties": 5, "ratios": 3, "points": 40}, "full": {"difficulties": 80, "ratios": 80}}
# 33 values of k: with the 64 of `samples_needed` they share one compilation.
GRID = np.geomspace(1.0, 4096.0, 37)
SHOWN = (6, 15, 24, 36)
K = GRID[list(SHOWN)]


def steps(parameters):
    return {
        "gain": lambda: _gain(parameters),
        "needed": lambda: _needed(parameters),
        "divergence": lambda: _divergence(parameters),
    }


def _gain(parameters):
    from grok_theory import best_of_k as bk

    q = np.linspace(0.02, 1.5, parameters.difficulties)
    error = [np.asarray(bk.solve(bk.Posterior(a, a, a), GRID, temperature=0.0)["error"])[list(SHOWN)] for a in q]
    return {"q": q, "error": np.array(error) / (1 + q)[:, None]}


def _needed(parameters):
    from grok_theory import best_of_k as bk

    ratios = np.geomspace(0.3, 100, parameters.ratios)
    judges = [bk.LinearJudge(float(ratio), 1.0, 3.0) for ratio in ratios]
    needed = [bk.samples_needed(judge, parameters.targets, temperature=0.0, max_samples=1e5) for judge in judges]
    return {"ratios": ratios, "needed": np.where(np.isinf(needed), np.nan, needed)}


def _divergence(parameters):
    from grok_theory import best_of_k as bk

    k = np.geomspace(1, 1e4, parameters.points)
    error = [bk.solve(bk.Prompt(0.3, g), k, temperature=0.0)["error"] for g in parameters.gaps]
    return {"k": k, "kl": np.log(k) - (k - 1) / k, "error": np.array(error)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.5))
    for i, k in enumerate(K):
        left.plot(data["gain"]["q"], 1 / data["gain"]["error"][:, i], color=f"C{i}", label=f"k = {k:g}")
    left.axvline(0.5, color="0.6", lw=0.8)
    left.set(yscale="log", xlabel=r"difficulty $q/s^2$", ylabel="error at k = 1 / error at k")
    left.legend(fontsize=6)
    for i, target in enumerate(parameters.targets):
        middle.plot(data["needed"]["ratios"], data["needed"]["needed"][:, i], color=f"C{i}", label=f"{target:g}")
    middle.set(xscale="log", yscale="log", xlabel="examples per dimension, n/d", ylabel="answers needed", ylim=(1, 300))
    middle.legend(title="error", fontsize=6)
    kl = data["divergence"]["kl"]
    root = np.sqrt(kl)
    for i, gap in enumerate(parameters.gaps):
        error = data["divergence"]["error"][i]
        right.plot(kl, error, color=f"C{i}", label=rf"$\Delta_R = {gap:g}$")
        early = kl < 1
        fit = np.linalg.lstsq(np.stack([root, kl], 1)[early], (error - error[0])[early], rcond=None)[0]
        parabola = error[0] + fit[0] * root + fit[1] * kl
        shown = (parabola < 1.05) | (kl < 0.5)  # the rest would only cross the legend
        right.plot(kl[shown], parabola[shown], color=f"C{i}", ls=":", lw=0.9)
    right.plot([], [], color="0.4", ls=":", lw=0.9, label="parabola, fitted below 1")
    right.set(xlabel="KL(kept || base) [nats]", ylabel="error", ylim=(0, 1.7))
    right.legend(fontsize=6, loc="upper right")
    return figure


def claims(parameters, data):
    gain = 1 / data["gain"]["error"]
    needed = data["needed"]["needed"]
    turned = data["divergence"]["error"][-1]
    falls = np.diff(needed, axis=0)
    return [
        Claim("harder tasks gain less at every k", bool((np.diff(gain, axis=0) < 0).all()), f"at k = 4096: {gain[0, -1]:.3g} to {gain[-1, -1]:.3g}"),
        Claim("more data need fewer answers at equal error", bool((falls[np.isfinite(falls)] <= 1e-9).all()), ""),
        Claim("a judge far off is over-optimised: its error has a minimum inside", 0 < int(np.argmin(turned)) < turned.size - 1, f"{turned.min():.3f} at KL = {data['divergence']['kl'][np.argmin(turned)]:.2f}, end {turned[-1]:.3f}"),
    ]  # fmt: skip
