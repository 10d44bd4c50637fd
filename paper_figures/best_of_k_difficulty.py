"""Task difficulty, and more data against more answers.

Caption: (a) What best-of-k gains at T = 0 with the right judge, as the error of a single answer over that of k, against
difficulty q/s^2: lines exact, points drawn prompts and answers with 99 % bands. Harder tasks gain less, and beyond
q = s^2/2 (grey) less than any inverse square; there a few rare prompts carry the error of many answers, and runs of
this size say nothing of them. (b) The answers needed per prompt to reach a given error, against examples per dimension
(noise 1, prior 3, unit teacher): curves of equal error. (c) Error against the divergence KL(kept || base) =
ln k - (k-1)/k of the kept answer from the model, at DT = 0.3 and three favourites DR. A judge far off is
over-optimised: the error has a minimum. The exact curves level off; a parabola a sqrt(KL) - b KL fitted to their start
(dots) does not.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, verdict_claim

PAPER = "Halder & Pehlevan 2025"
FIGURES = ("5",)
STATES = {}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    difficulties: int = 24
    ratios: int = 24  # n/d of the middle panel
    targets: tuple[float, ...] = (0.3, 0.1, 0.03, 0.01)  # errors to reach
    gaps: tuple[float, ...] = (0.3, 0.8, 1.2)  # DR of the right panel at DT = 0.3
    points: int = 60
    drawn: tuple[float, ...] = (0.05, 0.2, 0.4, 0.7, 1.0, 1.4)  # difficulties of the runs
    answers: int = 1_000_000  # of a run, over all prompts
    runs: int = 24
    margin: float = 0.1  # relative difference that would matter
    key: int = 0


SIZES = {"full": {"difficulties": 80, "ratios": 80, "answers": 4_000_000, "runs": 48, "margin": 0.05}}
K = np.array([4, 32, 256, 4096])


def steps(parameters):
    return {
        "gain": lambda: _gain(parameters),
        **{f"runs q={q:g}": (lambda q=q: _runs(parameters, q)) for q in parameters.drawn},
        "needed": lambda: _needed(parameters),
        "divergence": lambda: _divergence(parameters),
    }


def _gain(parameters):
    from grok_theory import best_of_k as bk

    q = np.linspace(0.02, 1.5, parameters.difficulties)
    error = [bk.solve(bk.Posterior(a, a, a), K, temperature=0.0)["error"] for a in q]
    return {"q": q, "error": np.array(error) / (1 + q)[:, None]}


def _drawn(q):
    """Numbers of answers at which the mean of runs is a number: from 256 on rare prompts rule at harder tasks."""
    return K[:3] if q < 0.3 else K[:2]


def _runs(parameters, q):
    import jax

    from grok_theory import best_of_k as bk

    problem = bk.Posterior(q, q, q)
    key = jax.random.fold_in(jax.random.key(parameters.key), round(1000 * q))
    drawn = _drawn(q)
    sizes = {"runs": parameters.runs, "test_points": parameters.answers // int(drawn[-1])}
    runs = bk.simulate(problem, drawn, temperature=0.0, key=key, **sizes)
    theory = bk.solve(problem, drawn, temperature=0.0)
    return {"error": runs["error"], **judged(theory, runs, margin=parameters.margin, curves=["error"])}


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
    from scipy import stats

    figure, (left, centre, right) = plt.subplots(1, 3, figsize=(7, 2.7))
    for i, k in enumerate(K):
        left.plot(data["gain"]["q"], 1 / data["gain"]["error"][:, i], color=f"C{i}", label=f"k = {k:g}")
    level = stats.t.ppf(0.995, parameters.runs - 1) / np.sqrt(parameters.runs)
    for q in parameters.drawn:
        error = data[f"runs q={q:g}"]["error"] / (1 + q)
        ends = 1 / (error.mean(0) + np.outer((1, 0, -1), level * error.std(0, ddof=1)))
        for i in range(error.shape[1]):
            low, middle, high = ends[:, i]
            left.errorbar(
                q, middle, [[middle - low], [high - middle]], fmt="o", color=f"C{i}", mfc="white", ms=3, lw=0.8
            )
    left.axvline(0.5, color="0.6", lw=0.8)
    left.set(yscale="log", xlabel=r"difficulty $q/s^2$", ylabel="error at k = 1 / error at k")
    left.legend(fontsize=6)
    for i, target in enumerate(parameters.targets):
        centre.plot(data["needed"]["ratios"], data["needed"]["needed"][:, i], color=f"C{i}", label=f"{target:g}")
    centre.set(xscale="log", yscale="log", xlabel="examples per dimension, n/d", ylabel="answers needed", ylim=(1, 300))
    centre.legend(title="error", fontsize=6)
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
    for ax, letter in zip((left, centre, right), "abc"):
        ax.set_title(f"({letter})", loc="left", fontsize=8)
    return figure


def claims(parameters, data):
    from grok_theory import best_of_k as bk

    gain, q = 1 / data["gain"]["error"], data["gain"]["q"]
    needed = data["needed"]["needed"]
    turned = data["divergence"]["error"][-1]
    falls = np.diff(needed, axis=0)
    drop = float(np.diff(gain, axis=0).max())
    # Between k = 256 and 4096 the slope is near its limit where the limit is -2, and still above it at harder tasks.
    slope = -np.log(gain[:, 3] / gain[:, 2]) / np.log(K[3] / K[2])
    limit = np.array([-bk.decay_exponent(bk.Posterior(a, a, a)) for a in q])
    easy = q <= 0.35
    return [
        *(
            verdict_claim(f"q/s^2 = {a:g}: runs agree within {parameters.margin:.0%}", data[f"runs q={a:g}"], "error")
            for a in parameters.drawn
        ),
        Claim(
            "Harder tasks gain less at every k",
            drop < 0,
            f"at k = {K[-1]}: {gain[0, -1]:.3g} to {gain[-1, -1]:.3g}",
        ),
        Claim(
            "From k = 256 on the error falls as the inverse square for q <= 0.35 s^2 (to 3 %), and slower than k^-1.5 "
            "for q >= s^2",
            np.abs(slope[easy] / limit[easy] - 1).max() < 0.03 and slope[q >= 1].min() > -1.5,
            f"{slope[easy].min():.3f} to {slope[easy].max():.3f}; {slope[q >= 1].min():.3f} to {slope[-1]:.3f}",
        ),
        Claim(
            "More data need fewer answers at equal error",
            falls[np.isfinite(falls)].max() <= 1e-9,
            f"to an error of {parameters.targets[0]:g}: {np.nanmax(needed[:, 0]):.1f} to {np.nanmin(needed[:, 0]):.1f}",
        ),
        Claim(
            "A judge far off is over-optimised: its error has a minimum inside",
            0 < int(np.argmin(turned)) < turned.size - 1,
            f"{turned.min():.3f} at KL = {data['divergence']['kl'][np.argmin(turned)]:.2f}, end {turned[-1]:.3f}",
        ),
    ]
