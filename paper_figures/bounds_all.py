"""Every bound beside the gap it bounds, over samples per weight; vacuous ones hollow.

Caption: Ridge regression of a noisy linear teacher, loss min(r^2, cap^2). Each mark is the mean over training sets of a
bound on test loss minus train loss; hollow: it says no more than that the loss lies below cap^2 (or below its own
range). Black: the true gap of the ridge machine. Circles promise to hold in a stated share of training sets, squares in
expectation (but their constants were read off Gaussian data, so the promise is not kept here), triangles promise
nothing. PAC-Bayes bounds the Gibbs machine, whose own gap is dashed. Descent bounds are about their own early-stopped
machine. Ridge stability needs bounded data and lies above the picture where its value is written at the top.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "bounds"


@dataclass(frozen=True)
class Parameters:
    dim: int = 10  # N
    ratios: tuple[float, ...] = (0.5, 2.0, 10.0, 50.0)  # P/N
    snr: float = 0.5
    weight_decay: float = 2.0  # g of |y - wX|^2 + g |w|^2
    cap: float = 4.0  # of the loss, in standard deviations of the noise
    confidence: float = 0.95
    steps: int = 50  # of descent
    runs: int = 16  # training sets a ratio
    key: int = 0


SIZES = {"quick": {"ratios": (20.0,), "runs": 8, "steps": 10}, "full": {"runs": 100}}


def steps(parameters):
    return {f"ratio_{i}": lambda i=i: _ratio(parameters, i) for i in range(len(parameters.ratios))}


def _ratio(parameters, i):
    import jax

    from grok_theory import bounds, linear

    problem = linear.TeacherStudent(parameters.ratios[i], parameters.snr, weight_decay=parameters.weight_decay)
    found = bounds.regression_bounds(
        problem,
        dim=parameters.dim,
        runs=parameters.runs,
        cap=parameters.cap,
        confidence=parameters.confidence,
        steps=parameters.steps,
        posterior_draws=100,
        key=jax.random.key(parameters.key),
    )
    return {
        "names": np.array([b.name for b in found]),
        "kinds": np.array([b.kind for b in found]),
        **{n: np.array([getattr(b, n) for b in found]) for n in ("value", "gap", "vacuous", "violated")},
        "holds": np.array([b.assumptions_hold for b in found]),
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 3.2))
    ratios = np.array(parameters.ratios)
    rows = [data[f"ratio_{i}"] for i in range(ratios.size)]
    names, marks = rows[0]["names"], {"high probability": "o", "in expectation": "s", "estimate": "^"}
    value, gap = (np.array([row[n].mean(1) for row in rows]) for n in ("value", "gap"))
    hollow = np.array([row["vacuous"].mean(1) > 0.5 for row in rows])
    top, color = 300.0, 0
    for j, name in enumerate(names):
        if name.startswith("norm |w - w(0)|"):
            continue  # the start is zero: the same as |w|
        mark = marks[str(rows[0]["kinds"][j])]
        shown = np.minimum(value[:, j], top)
        ax.plot(ratios, shown, "-", lw=0.7, color=f"C{color}", alpha=0.6)
        ax.plot([], [], mark, color=f"C{color}", label=str(name))
        for x, y, empty, true in zip(ratios, shown, hollow[:, j], value[:, j]):
            ax.plot(x, y, mark, ms=5, color=f"C{color}", fillstyle="none" if empty else "full", clip_on=False)
            if true > top:
                power = int(np.floor(np.log10(true)))
                ax.annotate(f"$10^{{{power}}}$", (x, top), (0, 4), textcoords="offset points", ha="center", fontsize=6)
        color += 1
    ax.plot(ratios, gap[:, 0], "k", lw=1.6, label="true gap")
    ax.plot(ratios, gap[:, list(names).index("PAC-Bayes (Gibbs)")], "k--", lw=1, label="true gap, Gibbs")
    ax.axhline(parameters.cap**2, color="0.5", ls=":", lw=0.8)
    ax.text(ratios[-1] * 1.25, parameters.cap**2, "cap$^2$", va="center", fontsize=6.5)
    ax.set(xscale="log", yscale="log", ylim=(5e-3, top), xlabel="samples per weight P/N")
    ax.set_ylabel("bound on the gap [noise variance]")
    ax.legend(loc="center left", bbox_to_anchor=(1.06, 0.5), title="hollow: vacuous")
    return figure


def claims(parameters, data):
    rows = [data[f"ratio_{i}"] for i in range(len(parameters.ratios))]
    names = list(rows[0]["names"])
    promised = [
        j for j, kind in enumerate(rows[0]["kinds"]) if kind == "high probability" and rows[0]["holds"][j].all()
    ]
    broken = sum(int(row["violated"][promised].sum()) for row in rows)
    vacuous = np.array([row["vacuous"].mean(1) for row in rows])
    pac, norm, left_out = (names.index(n) for n in ("PAC-Bayes (Gibbs)", "norm |w|", "leave one out"))
    off = [row["value"][left_out] - row["gap"][left_out] for row in rows]
    error = [abs(d.mean()) / (d.std() / np.sqrt(d.size)) for d in off]
    return [
        Claim("No bound whose assumptions hold lies below its gap.", broken == 0, f"{broken} violations"),
        Claim(
            "PAC-Bayes says something from the fewest samples on; the norm bound only with many.",
            vacuous[:, pac].max() == 0 and vacuous[-1, norm] == 0 and (len(rows) == 1 or vacuous[0, norm] == 1),
            f"share vacuous at the ends: PAC-Bayes {vacuous[0, pac]:.0%} and {vacuous[-1, pac]:.0%}, "
            f"norm {vacuous[0, norm]:.0%} and {vacuous[-1, norm]:.0%}",
        ),
        Claim(
            "Leave-one-out promises nothing; its mean is within four standard errors of the mean gap.",
            max(error) < 4,
            ", ".join(f"{d.mean():+.3f} ({e:.1f})" for d, e in zip(off, error)),
        ),
    ]
