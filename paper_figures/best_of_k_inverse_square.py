"""Best of k with the right judge: the inverse-square law, and where it ends.

Caption: (a) Error at temperature 0 with the teacher as judge against the number of answers, for several numbers n of
examples, with the other settings of the paper's first figure (d = 10, noise 1e-4, prior 1e-3, teacher power 4; those of
the second are not known). Lines: theory; points: means of drawn regressions with 99 % bands; dashes: the printed law
pi s^2/(k^2 sqrt(1 - 2q/s^2)), too high by about 3/k; with (k+1)(k+2) for k^2 the line covers it. (b) The same at
n/d = 2, 5 and 50 with noise, prior and teacher of size 1, from k = 10 on. (c) The exact local slope d ln error/d ln k
for difficulties q/s^2 from 0.1 to 2; it tends to -min(2, s^2/q) (short bars). Beyond q = s^2/2 rare prompts, where the
mean answer is many spreads away, carry the error, and the inverse square is gone.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, verdict_claim

PAPER = "Halder & Pehlevan 2025"
FIGURES = ("2",)
STATES = {}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    examples: tuple[int, ...] = (10_000, 20_000, 30_000)  # n of panel a
    dim: int = 10  # d of panel a
    noise: float = 1e-4  # sigma of panel a
    prior_scale: float = 1e-3  # gamma of panel a
    teacher_power: float = 4.0  # |w_T|^2/d of panel a
    first: int = 50  # least k of panel a
    last: int = 199  # greatest
    counts: int = 12  # values of k that are drawn
    runs: int = 100  # regressions drawn, a point
    test_points: int = 1000  # prompts of each
    ratios: tuple[float, ...] = (2.0, 5.0, 50.0)  # n/d of panel b
    ratio_dim: int = 100  # d of panel b
    ratio_runs: int = 24
    difficulties: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 1.0, 2.0)
    points: int = 48  # values of k in panel c
    margin: float = 0.05  # relative difference that would matter in panel a
    ratio_margin: float = 0.2  # in panel b, where q of one regression strays by 15 %
    key: int = 0


SIZES = {
    "full": {
        "examples": (10_000, 15_000, 20_000, 25_000, 30_000), "test_points": 4000, "points": 120, "ratio_runs": 64,
    }
}  # fmt: skip
K = np.geomspace(10, 1000, 40)
DRAWN = np.array([10, 25, 60])
UNIT = 1.0  # noise, prior and teacher of panel b


def _counts(parameters):
    return np.unique(np.round(np.geomspace(parameters.first, parameters.last, parameters.counts)))


def steps(parameters):
    made = {f"n={n}": (lambda n=n: _paper(parameters, n)) for n in parameters.examples}
    made |= {f"n/d={ratio:g}": (lambda ratio=ratio: _ratio(parameters, ratio)) for ratio in parameters.ratios}
    return made | {"slopes": lambda: _slopes(parameters)}


def _paper(parameters, examples):
    from grok_theory import best_of_k as bk

    problem = bk.LinearJudge(
        examples / parameters.dim, parameters.noise, parameters.prior_scale, teacher_power=parameters.teacher_power
    )
    sizes = {"dim": parameters.dim, "runs": parameters.runs, "test_points": parameters.test_points}
    return _both(problem, _counts(parameters), parameters.key + examples, parameters.margin, sizes)


def _ratio(parameters, ratio):
    from grok_theory import best_of_k as bk

    problem = bk.LinearJudge(ratio, UNIT, UNIT)
    sizes = {"dim": parameters.ratio_dim, "runs": parameters.ratio_runs, "test_points": parameters.test_points}
    made = _both(problem, DRAWN, parameters.key + round(ratio), parameters.ratio_margin, sizes)
    exact, law = (bk.solve(problem, K, temperature=0.0, method=method)["error"] for method in (None, bk.BestOfK()))
    return made | {"line": np.asarray(exact), "line law": np.asarray(law)}


def _both(problem, counts, key, margin, sizes):
    """Theory and runs at the same numbers of answers, what `compare` says, and the law with (k+1)(k+2)."""
    import jax

    from grok_theory import best_of_k as bk

    theory = bk.solve(problem, counts, temperature=0.0)
    runs = bk.simulate(problem, counts, temperature=0.0, key=jax.random.key(key), **sizes)
    law = bk.solve(problem, counts, temperature=0.0, method=bk.BestOfK())["error"]
    verdict = judged(theory, runs, margin=margin, curves=["error"])
    return {"theory": np.asarray(theory["error"]), "runs": np.asarray(runs["error"]), "law": np.asarray(law), **verdict}


def _slopes(parameters):
    from grok_theory import best_of_k as bk

    wide = np.geomspace(2, 1e9, parameters.points)
    slopes = []
    for q in parameters.difficulties:
        error = bk.solve(bk.Posterior(q, q, q), wide, temperature=0.0)["error"]
        slopes.append(np.gradient(np.log(np.asarray(error)), np.log(wide)))
    limits = [-bk.decay_exponent(bk.Posterior(q, q, q)) for q in parameters.difficulties]
    return {"wide": wide, "slopes": np.array(slopes), "limits": np.array(limits)}


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from scipy import stats

    figure, axes = plt.subplots(1, 3, figsize=(7, 2.7))
    counts, unit = _counts(parameters), parameters.noise**2
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(parameters.examples)))
    for i, (color, n) in enumerate(zip(colors, parameters.examples, strict=True)):
        step = data[f"n={n}"]
        axes[0].plot(counts, step["theory"] / unit, color=color, label=f"n = {n}")
        axes[0].plot(counts, _printed(step["law"], counts) / unit, color=color, ls="--", lw=0.9)
        _points(axes[0], counts * 1.012 ** (i - 1), step["runs"] / unit, stats, fmt="o", color=color)
    ends = [parameters.first, 100, parameters.last]
    axes[0].set_xticks(ends, [str(k) for k in ends])
    axes[0].set_xticks([], minor=True)
    for i, ratio in enumerate(parameters.ratios):
        step = data[f"n/d={ratio:g}"]
        axes[1].plot(K, step["line"], color=f"C{i}", label=f"n/d = {ratio:g}")
        axes[1].plot(K, _printed(step["line law"], K), color=f"C{i}", ls="--", lw=0.9)
        axes[1].plot(K, step["line law"], color="k", ls=":", lw=0.9)
        _points(axes[1], DRAWN, step["runs"], stats, fmt="osD"[i], color=f"C{i}")
    axes[1].plot([], [], color="0.4", ls="--", lw=0.9, label=r"printed, $1/k^2$")
    axes[1].plot([], [], color="k", ls=":", lw=0.9, label="$(k+1)(k+2)$")
    for ax, word in zip(axes, (r"error / $\sigma^2$", "error")):
        ax.set(xscale="log", yscale="log", xlabel="answers, k", ylabel=word)
        ax.legend(fontsize=6)
    axes[0].set_xticks(ends, [str(k) for k in ends])
    axes[0].set_xticks([], minor=True)
    found = data["slopes"]
    colors = plt.get_cmap("cividis")(np.linspace(0, 0.9, len(parameters.difficulties)))
    for color, q, slope, limit in zip(colors, parameters.difficulties, found["slopes"], found["limits"]):
        axes[2].plot(found["wide"], slope, color=color, label=f"{q:g}")
        axes[2].plot([1.3e9, 6e9], [limit, limit], color=color, lw=2.5, solid_capstyle="butt")
    axes[2].set(xscale="log", xlabel="answers, k", ylabel="slope  d ln error / d ln k", ylim=(-2.1, 0.5))
    axes[2].legend(title=r"$q/s^2$", ncol=3, loc="upper right", fontsize=6)
    for ax, letter in zip(axes, "abc"):
        ax.set_title(f"({letter})", loc="left", fontsize=8)
    return figure


def _points(ax, x, runs, stats, **look):
    half = stats.t.ppf(0.995, len(runs) - 1) * runs.std(0, ddof=1) / np.sqrt(len(runs))
    ax.errorbar(x, runs.mean(0), half, mfc="white", lw=0.8, ms=3, **look)


def _printed(law, counts):
    return law * (counts + 1) * (counts + 2) / counts**2


def _slope(counts, error):
    return np.polyfit(np.log(counts), np.log(error), 1)[0]


def claims(parameters, data):
    counts = _counts(parameters)
    made = [
        verdict_claim(f"n = {n}: runs agree with the theory within {parameters.margin:.0%}", data[f"n={n}"], "error")
        for n in parameters.examples
    ]
    made += [
        verdict_claim(f"n/d = {r:g}: runs agree within {parameters.ratio_margin:.0%}", data[f"n/d={r:g}"], "error")
        for r in parameters.ratios
    ]
    return [*made, *_slope_claims(parameters, data, counts), *_law_claims(parameters, data)]


def _slope_claims(parameters, data, counts):
    slopes, drawn, printed = [], [], []
    for n in parameters.examples:
        step = data[f"n={n}"]
        runs = step["runs"]
        slopes.append(_slope(counts, step["theory"]))
        # Leaving one run out each time: the k of a run share their answers.
        left_out = np.array([_slope(counts, np.delete(runs, i, 0).mean(0)) for i in range(len(runs))])
        drawn.append((_slope(counts, runs.mean(0)), (len(runs) - 1) * left_out.var()))
        ratio = runs[:, 0] / _printed(step["law"], counts)[0] - 1
        printed.append((ratio.mean(), ratio.var(ddof=1) / len(runs)))
    slope, error = np.mean([d[0] for d in drawn]), np.sqrt(np.sum([d[1] for d in drawn])) / len(drawn)
    below, spread = np.mean([p[0] for p in printed]), np.sqrt(np.sum([p[1] for p in printed])) / len(printed)
    low, high = slope - 2.58 * error, slope + 2.58 * error
    k = parameters.first
    return [
        Claim(
            f"From k = {k} to {parameters.last} the theory falls with a slope of about -1.96 (to 0.015) at every n",
            max(abs(s + 1.96) for s in slopes) < 0.015,
            ", ".join(f"{s:.4f}" for s in slopes),
        ),
        Claim(
            "The runs fall with that slope, not with -2 (99 % interval, all n together)",
            low < np.mean(slopes) < high and low > -2,
            f"{slope:.4f} +- {2.58 * error:.4f}",
        ),
        Claim(
            f"At k = {k} the runs lie below the printed law by (k + 1)(k + 2)/k^2 (99 % interval)",
            below + 2.58 * spread < 0 and abs(below + 1 - k**2 / (k + 1) / (k + 2)) < 2.58 * spread,
            f"{below:.2%} +- {2.58 * spread:.2%}; predicted {k**2 / (k + 1) / (k + 2) - 1:.2%}",
        ),
    ]


def _law_claims(parameters, data):
    from grok_theory.best_of_k.closed_forms import hard_prompt_exponent

    step, found = data[f"n/d={parameters.ratios[-1]:g}"], data["slopes"]
    off = float(np.abs(step["line law"] / step["line"] - 1)[K > 50].max())
    # The slope at k = 1e9 differs from its limit by 1/x^2, x the edge of k Gaussian answers: logarithmically slow.
    hard = [i for i, q in enumerate(parameters.difficulties) if q >= 0.6]
    edge = hard_prompt_exponent(1.0, found["wide"][-2])[1]
    gap = np.abs(found["slopes"][:, -2] / found["limits"] - 1)
    ahead = [-hard_prompt_exponent(parameters.difficulties[i], found["wide"][-2])[0] for i in hard]
    left = np.abs(found["slopes"][hard, -2] - ahead) * edge**4
    return [
        Claim(
            f"With (k+1)(k+2) the law is within 1 % of the exact curve for k > 50 at n/d = {parameters.ratios[-1]:g}",
            off < 0.01,
            f"{off:.1e}",
        ),
        Claim(
            "The exact slope at k = 1e9 is within 12 % of -min(2, s^2/q) (the approach is logarithmic)",
            bool((gap < 0.12).all()),
            f"{gap.round(3)}",
        ),
        Claim(
            "For q >= 0.6 s^2 it is s^2/q with its 1/x^2 correction to 16/x^4",
            bool((left < 16).all()),
            f"{left.round(1)} / x^4",
        ),
    ]
