"""Complexity in the frozen subspace beside the true gap: it peaks with it, a plain norm bound does not.

Caption: Linear students of N weights trained for ever on P samples. Left: Rademacher complexity R = B sqrt(tr K)/P of
the ball a student lives in, with B = |w - w(0)|, its movement in the subspace that gradient descent does not freeze
(start at zero), and with B the teacher's norm, beside the true generalization gap. Lines: the limit of infinite size;
points: drawn data, mean over data sets. Only the first peaks at P = N with the gap, and stays finite for few samples.
Right: with a random start the ball about w(0) is smaller than the ball about zero only for P < N/2, whatever teacher,
start and noise: the squares differ by the start's variance times 2 rank - N.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("10",)
STATES = {"10": "S: drawn data stand for the digits, in the frozen subspace"}
WING = "bounds"


@dataclass(frozen=True)
class Parameters:
    dim: int = 200  # N
    ratios: tuple[float, ...] = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)  # P/N
    snr: float = 5.0  # teacher variance over noise variance
    starts: tuple[float, ...] = (1.0, 5.0)  # variance of the start over that of the noise, right
    runs: int = 20  # data sets a ratio
    key: int = 0


SIZES = {"quick": {"dim": 60, "ratios": (0.1, 0.35, 0.8, 1.25, 2.0, 5.0), "runs": 20}, "full": {"dim": 400, "runs": 50}}


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "runs": lambda: _runs(parameters)}


def _theory(parameters):
    from grok_theory.linear.closed_forms import late_test_loss, late_train_loss, late_weight_norm

    a = np.concatenate([np.geomspace(min(parameters.ratios) / 3, 0.985, 100), np.geomspace(1.015, 8, 60)])
    norms = [
        np.array([late_weight_norm(a, parameters.snr, inr), late_weight_norm(a, parameters.snr + inr)])
        for inr in parameters.starts
    ]
    return {
        "ratio": a,
        "frozen": np.sqrt(np.asarray(late_weight_norm(a, parameters.snr)) / a),
        "teacher": np.sqrt(parameters.snr / a),
        "gap": np.asarray(late_test_loss(a, parameters.snr) - late_train_loss(a)),
        "norms": np.array(norms),
    }


def _runs(parameters):
    from grok_theory.bounds import displacement_norm, rademacher_ball

    random = np.random.default_rng(parameters.key)
    dim, result = parameters.dim, {"frozen": [], "teacher": [], "gap": [], "norms": []}
    for ratio in parameters.ratios:
        samples, rows = round(ratio * dim), {name: [] for name in result}
        for _ in range(parameters.runs):
            x = random.standard_normal((samples, dim)) / np.sqrt(dim)
            teacher = np.sqrt(parameters.snr) * random.standard_normal(dim)
            y, kernel = x @ teacher + random.standard_normal(samples), x @ x.T
            inverse = np.linalg.pinv(x)
            w = inverse @ y
            rows["frozen"].append(float(rademacher_ball(kernel, float(displacement_norm(kernel, y)))))
            rows["teacher"].append(float(rademacher_ball(kernel, np.linalg.norm(teacher))))
            rows["gap"].append(1 + np.mean((w - teacher) ** 2) - np.mean((y - x @ w) ** 2))
            pairs = []
            for inr in parameters.starts:
                start = np.sqrt(inr) * random.standard_normal(dim)
                moved = inverse @ (y - x @ start)
                pairs.append([np.mean((start + moved) ** 2), np.mean(moved**2)])
            rows["norms"].append(pairs)
        for name in result:
            result[name].append(rows[name])
    return {name: np.array(values) for name, values in result.items()}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7))
    theory, runs, ratios = data["theory"], data["runs"], np.array(parameters.ratios)
    words = {"gap": "true gap", "frozen": "R, frozen subspace", "teacher": "R, teacher's norm"}
    for i, (name, word) in enumerate(words.items()):
        for side in (theory["ratio"] < 1, theory["ratio"] > 1):
            left.plot(theory["ratio"][side], theory[name][side], color=f"C{i}", label=word if side[0] else None)
        left.plot(ratios, runs[name].mean(1), "o", color=f"C{i}")
    left.axvline(1, color="0.6", lw=0.8, ls=":")
    left.set(xscale="log", yscale="log", xlabel="samples per weight P/N", ylim=(0.3, 40))
    left.set_ylabel("complexity R [noise]; gap [noise variance]")
    left.legend(loc="lower left")
    for i, inr in enumerate(parameters.starts):
        for j, word in enumerate(("$|w|^2/N$", "$|w - w(0)|^2/N$")):
            for side in (theory["ratio"] < 1, theory["ratio"] > 1):
                label = f"{word}, start {inr:g}" if side[0] else None
                right.plot(
                    theory["ratio"][side],
                    theory["norms"][i, j][side],
                    "--" if j == 0 else "-",
                    color=f"C{i}",
                    label=label,
                )
            right.plot(ratios, runs["norms"].mean(1)[:, i, j], "os"[j], color=f"C{i}", fillstyle=("none", "full")[j])
    right.axvline(0.5, color="0.4", lw=0.8, ls=":")
    right.text(0.49, 0.12, "P = N/2", ha="right", transform=right.get_xaxis_transform(), fontsize=6.5)
    right.set(xscale="log", yscale="log", xlabel="samples per weight P/N", ylim=(0.2, 80))
    right.set_ylabel("square of the ball's radius over N")
    right.legend(loc="upper left", fontsize=6)
    return figure


def claims(parameters, data):
    theory, runs, ratios = data["theory"], data["runs"], np.array(parameters.ratios)
    away = np.abs(np.log(ratios)) > 0.25
    at = {name: np.interp(ratios, theory["ratio"], theory[name]) for name in ("gap", "frozen", "teacher")}
    scores = {}
    for name, law in at.items():
        error = runs[name].std(1, ddof=1) / np.sqrt(parameters.runs)
        # Theory is the limit: corrections of order 1/N are allowed for, relative.
        scores[name] = float((np.abs(runs[name].mean(1) - law) / (error + law / parameters.dim))[away].max())
    inner = np.abs(ratios - 0.5) > 0.1
    norms = runs["norms"].mean(1)
    smaller = norms[:, :, 1] < norms[:, :, 0]
    peak = theory["ratio"][np.argmax(theory["frozen"] * (theory["ratio"] > 0.3))]
    return [
        Claim(
            "Away from P = N drawn complexities and gaps are theory's: 4 standard errors and 4/N.",
            max(scores.values()) < 4,
            "in units of standard error + 1/N: " + ", ".join(f"{name} {score:.1f}" for name, score in scores.items()),
        ),
        Claim(
            "The frozen-subspace complexity peaks where the gap does; the teacher's norm falls throughout.",
            abs(np.log(peak)) < 0.05 and bool(np.all(np.diff(theory["teacher"]) < 0)),
            f"peak at P/N = {peak:.3f}",
        ),
        Claim(
            "With a random start |w - w(0)| < |w| exactly for P < N/2.",
            bool(np.all(smaller[inner] == (ratios < 0.5)[inner, None])),
            f"{int(smaller.sum())} of {smaller.size} points below",
        ),
    ]
