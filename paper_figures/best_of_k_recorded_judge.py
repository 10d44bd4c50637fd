# ruff: noqa: E501
"""A recorded judge: accuracy against the number of answers, and against temperature.

Caption: Synthetic tables in the shape of the paper's arithmetic experiment (answers right or wrong, a judge that scores
0 to 10): 150 prompts, 64 answers each; the judge is noisy, and likes one worthless answer in twenty-five best of all.
Left: accuracy of the kept answer against k at three temperatures, unbiased over all k-subsets, with 95 % bands over prompts;
too many answers at a low temperature reward what pleases the judge. Right: accuracy at k = 64 against temperature.
No numbers are published with the authors' scripts; this reproduces the shape only.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Halder & Pehlevan 2025"
FIGURES = ("3", "4")
STATES = {
    "3": "S: no recorded data are public; synthetic records of the same form",
    "4": "S: no recorded data are public; synthetic records of the same form",
}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    prompts: int = 150
    answers: int = 64
    hacked: float = 0.04  # share of answers that please the judge and are wrong
    noise: float = 1.5  # of the judge, in score points
    temperatures: tuple[float, ...] = (0.0, 1.0, 3.0)  # score points
    heats: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0)  # of the right panel
    seed: int = 3


SIZES = {"quick": {"prompts": 30, "heats": (0.2, 0.7, 1.4, 3.0, 10.0)}, "full": {"prompts": 2000}}
K = np.array([1, 2, 4, 8, 16, 32, 64])


def steps(parameters):
    return {"curves": lambda: _curves(parameters)}


def _table(parameters):
    rng = np.random.default_rng(parameters.seed)
    shape = (parameters.prompts, parameters.answers)
    right = rng.random(shape) < rng.beta(1.2, 1.8, (parameters.prompts, 1))
    hacked = rng.random(shape) < parameters.hacked
    right &= ~hacked
    scores = 4 + 3 * right + 5 * hacked + parameters.noise * rng.normal(size=shape)
    return np.clip(np.round(scores), 0, 10), right.astype(float)


def _curves(parameters):
    from grok_theory import best_of_k as bk

    scores, values = _table(parameters)
    by_k = [bk.from_records(scores, values, K, temperature=t).stats for t in parameters.temperatures]
    by_heat = [bk.from_records(scores, values, [parameters.answers], temperature=t).stats for t in parameters.heats]
    names = ("mean", "low", "high")
    return {f"k_{n}": np.array([s[n] for s in by_k]) for n in names} | {
        f"heat_{n}": np.array([s[n][0] for s in by_heat]) for n in names
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    curves = data["curves"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.5), sharey=True)
    for i, t in enumerate(parameters.temperatures):
        left.plot(K, curves["k_mean"][i], marker="osD"[i], color=f"C{i}", label=f"T = {t:g}")
        left.fill_between(K, curves["k_low"][i], curves["k_high"][i], color=f"C{i}", alpha=0.18, lw=0)
    left.set(xscale="log", xlabel="answers, k", ylabel="accuracy of the kept answer")
    left.set_xticks(K, [str(k) for k in K])
    left.minorticks_off()
    left.legend()
    right.plot(parameters.heats, curves["heat_mean"], marker="o", color="C4")
    right.fill_between(parameters.heats, curves["heat_low"], curves["heat_high"], color="C4", alpha=0.25, lw=0)
    right.set(xscale="log", xlabel="temperature [score points]", title=f"k = {parameters.answers}")
    return figure


def claims(parameters, data):
    curves = data["curves"]
    cold, best = curves["k_mean"][0], int(np.argmax(curves["k_mean"][0]))
    heat = int(np.argmax(curves["heat_mean"]))
    return [
        Claim("at T = 0 accuracy has a maximum inside", 0 < best < K.size - 1, f"at k = {K[best]}: {cold[best]:.3f}; at 64: {cold[-1]:.3f}"),
        Claim("at k = 64 the best temperature is inside", 0 < heat < len(parameters.heats) - 1, f"T = {parameters.heats[heat]:g}: {curves['heat_mean'][heat]:.3f}"),
    ]  # fmt: skip
