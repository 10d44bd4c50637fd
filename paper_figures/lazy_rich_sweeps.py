"""Laziness and curvature set the delay: sweeps of the output scale and of the neurons' curvature.

Caption: Top: test loss (solid, filled) and train loss (dashed, hollow) for output scales alpha from 1/8 (rich; full:
1/32: both fall together) to 32 (lazy: the test loss follows late and ends higher), and for curvatures eps; a small
eps means a longer delay and a lower final loss. Lines: mean-field theory; points: drawn networks of infinite width,
one standard error. Bottom: the delay of the test loss after the train loss, each at half of its starting value:
theory (line), networks extrapolated to infinite D, of which the theory speaks (diamonds), and those of the greater
size (points, with the middle half of the runs); a loss that stays above its half has no delay, and one that ends near
it a hardly defined one. Dotted: when the test loss halves with unlimited data. That time grows as
(alpha/(4 eps)) ln(D/(alpha eps)). Centred, gradient flow; P/D is the paper's, D is smaller.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("3a", "3b")
STATES = {}
WING = "lazy_rich"
LARGE = (10**9, 10**12)  # D where the law of unlimited data is read: it sets in late where alpha eps is small
LEVEL = 0.02  # where the theory's test loss ends this close to the half, it crosses it nearly flat: no time is told


@dataclass(frozen=True)
class Parameters:
    dims: tuple[int, int] = (16, 32)  # D
    samples_per_dim: float = 5.5  # P / D
    scales: tuple[float, ...] = (1 / 8, 1.0, 4.0, 32.0)  # alpha
    curvature: float = 0.25  # eps of the sweep of alpha
    curvatures: tuple[float, ...] = (0.125, 0.25, 0.5)  # eps
    output_scale: float = 4.0  # alpha of the sweep of eps (ours); full: one at which all losses halve
    last: float = 600.0  # last tau
    points: int = 40  # times read, evenly in the logarithm
    runs: int = 88
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.12  # of the theory against the extrapolated runs; losses start at .75
    key: int = 0  # number of the random key


SIZES = {
    "full": {
        "dims": (50, 100), "scales": (1 / 32, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
        "curvatures": (0.125, 0.25, 0.5, 1.0, 2.0, 4.0), "runs": 200, "paths": 672, "grid_points": 64, "scrambles": 9,
        "margin": 0.06, "output_scale": 1.0,
    },
}  # fmt: skip


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def _by_alpha(parameters):
    return [(scale, parameters.curvature) for scale in parameters.scales]


def _by_eps(parameters):
    return [(parameters.output_scale, eps) for eps in parameters.curvatures]


def _problem(parameters, scale, eps):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(scale, eps, parameters.samples_per_dim).dressed(parameters.dims[-1])


def _name(scale, eps):
    return f"alpha={scale:g} eps={eps:g}"


def steps(parameters):
    made = {}
    for pair in dict.fromkeys(_by_alpha(parameters) + _by_eps(parameters)):
        problem = _problem(parameters, *pair)
        made |= committees.theory_and_runs(
            _name(*pair), problem, _times(parameters), parameters, curves=committees.LOSSES
        )
    return made | {"online": lambda: _online(parameters)}


def _online(parameters):
    """With unlimited data: when the test loss halves, at this D, and what an e-fold of a large D adds to that time."""
    from grok_theory.lazy_rich import Population, QuadraticCommittee, solve
    from grok_theory.observables import crossing_time

    found = {}
    times = np.append(0, np.geomspace(1e-2, 4 * parameters.last, 300))  # the largest D halves late
    for word, pairs in (("alpha", _by_alpha(parameters)), ("eps", _by_eps(parameters))):
        rows = []
        for scale, eps in pairs:
            crossed = []
            for dim in (parameters.dims[-1], *LARGE):
                problem = QuadraticCommittee(scale, eps, parameters.samples_per_dim).dressed(dim)
                curve = np.asarray(solve(problem, times, method=Population())["test_loss"])
                crossed.append(float(crossing_time(times, curve, committees.HALF).time))
            rows.append([crossed[0], (crossed[2] - crossed[1]) / np.log(LARGE[1] / LARGE[0])])
        found[word], found[f"{word} slope"] = np.array(rows).T
    return found


def _gathered(parameters, data, pair):
    return committees.gathered(_name(*pair), _problem(parameters, *pair), _times(parameters), parameters, data)


def _delay(times, train, test):
    """Between the two losses' crossings of half the starting test loss; inf where the test loss stays above it."""
    from grok_theory.observables import grokking_delay

    found = grokking_delay(times, train, test, train_threshold=committees.HALF, test_threshold=committees.HALF)
    return np.where(found.censored, np.inf, found.delay), np.asarray(found.train_time)


def _delays(parameters, data, pairs):
    """By theory, of the extrapolated mean, of every run; the times to fit and last test losses by theory."""
    told, ideal, runs, fitted, last = [], [], [], [], []
    for pair in pairs:
        theory, drawn, limit = _gathered(parameters, data, pair)
        delay, time = _delay(theory.x, theory["train_loss"], theory["test_loss"])
        told.append(float(delay))
        fitted.append(float(time))
        last.append(float(theory["test_loss"][-1]))
        ideal.append(float(_delay(limit.x, limit["train_loss"].mean(0), limit["test_loss"].mean(0))[0]))
        runs.append(_delay(drawn.x, drawn["train_loss"], drawn["test_loss"])[0])
    return np.array(told), np.array(ideal), np.array(runs), np.array(fitted), np.array(last)


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7, 4.8))
    times, dim = _times(parameters), parameters.dims[-1]
    for (curves, delays), pairs, values, word, name in (
        (axes[:, 0], _by_alpha(parameters), parameters.scales, r"\alpha", "alpha"),
        (axes[:, 1], _by_eps(parameters), parameters.curvatures, r"\epsilon", "eps"),
    ):
        colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(values)))
        for value, color, pair in zip(values, colors, pairs, strict=True):
            theory, runs, _ = _gathered(parameters, data, pair)
            label = f"${word}$ = {value:g}" if value >= 0.1 else f"${word}$ = 1/{1 / value:g}"
            committees.sketch(curves, theory, "test_loss", color=color, label=label)
            committees.sketch(curves, theory, "train_loss", color=color, style="--")
            committees.mark(curves, times, runs["test_loss"], color=color)
            committees.mark(curves, times, runs["train_loss"], color=color, full=False)
        curves.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="mean squared error", ylim=(0, 1))
        # The curve of the richest network passes behind the names of nine.
        frame = {"frameon": True, "framealpha": 0.85, "edgecolor": "none", "borderpad": 0}
        curves.legend(loc="lower left" if name == "alpha" else "upper right", **frame)
        told, ideal, runs, _, _ = _delays(parameters, data, pairs)
        delays.plot(values, np.where(np.isfinite(told), told, np.nan), color="C0", label="theory")
        delays.plot(values, np.where(np.isfinite(ideal), ideal, np.nan), "D", color="C0", mfc="white", ms=4.5)
        low, middle, high = (np.quantile(runs, q, axis=1) for q in (0.25, 0.5, 0.75))
        seen = np.isfinite(high)
        bars = np.array([middle - low, high - middle])[:, seen]
        delays.errorbar(np.array(values)[seen], middle[seen], bars, fmt="o", ms=3, color="C1", label=f"D = {dim}")
        delays.plot(values, data["online"][name], ":", color="0.4", label="unlimited data")
        delays.set(xscale="log", yscale="log", xlabel=f"${word}$", ylabel=r"delay [$\tau$]")
        delays.set_xticks(values, [f"{v:g}" if v >= 0.1 else f"1/{1 / v:g}" for v in values])
        delays.minorticks_off()
        delays.legend(loc="best")
    kappa = f"P/D = {parameters.samples_per_dim:g}"
    axes[0, 0].set_title(f"$\\epsilon$ = {parameters.curvature:g}, {kappa}, points: D = {dim}")
    axes[0, 1].set_title(f"$\\alpha$ = {parameters.output_scale:g}; solid test, dashed train")
    return figure


def claims(parameters, data):
    margin, made, ends = dict.fromkeys(committees.LOSSES, parameters.margin), [], {}
    for word, pairs in (("alpha", _by_alpha(parameters)), ("eps", _by_eps(parameters))):
        for pair in pairs:
            theory, runs, ideal = _gathered(parameters, data, pair)
            ends.setdefault(word, []).append((theory["test_loss"][-1], runs["test_loss"][:, -1].mean()))
            if word == "alpha" or pair not in _by_alpha(parameters):
                what = f"{_name(*pair).replace('=', ' = ')}: {committees.named(parameters)}"
                made.append(committees.agreement_claim(what, theory, ideal, margin))
    alpha, eps = (_delays(parameters, data, pairs) for pairs in (_by_alpha(parameters), _by_eps(parameters)))
    told, ideal, runs, fitted, last = (np.concatenate([a, e]) for a, e in zip(alpha, eps, strict=True))
    steep = np.abs(last - committees.HALF) > LEVEL
    both = np.isfinite(told) & np.isfinite(ideal) & (told > fitted) & steep
    apart = np.abs(np.log(told[both] / ideal[both]))
    listed = ", ".join(f"{t:.3g}/{i:.3g}/{np.median(r):.3g}" for t, i, r in zip(told, ideal, runs, strict=True))
    slopes = [data["online"][f"{word} slope"] for word in ("alpha", "eps")]
    laws = [np.array([scale / (4 * eps) for scale, eps in pairs(parameters)]) for pairs in (_by_alpha, _by_eps)]
    slope, law = np.concatenate(slopes), np.concatenate(laws)
    return [
        *made,
        Claim(
            "Where the delay exceeds the time to fit, theory and extrapolated runs have the same one to 35 %; where it "
            f"has no end, both say so (except where the test loss ends within {LEVEL:g} of the half)",
            both.any() and apart.max() < np.log(1.35) and np.array_equal(np.isinf(told[steep]), np.isinf(ideal[steep])),
            f"largest factor {np.exp(apart.max()):.2f}; theory/extrapolated/D = {parameters.dims[-1]}: {listed}",
        ),
        Claim(
            "The delay grows with alpha, by theory and in the runs, until it has no end: at most 1.2 times the time to "
            "fit at the rich end, more than five times it at the lazy one",
            all(np.all((d[1:] > d[:-1]) | np.isinf(d[1:])) for d in (alpha[0], np.median(alpha[2], axis=1)))
            and alpha[0][0] < 1.2 * alpha[3][0]
            and alpha[0][-1] > 5 * alpha[3][-1],
            f"over the time to fit, by theory: {', '.join(f'{d / f:.2g}' for d, f in zip(alpha[0], alpha[3]))}",
        ),
        Claim(
            "The final test loss worsens with alpha; a smaller eps means a longer delay and a lower final loss (theory "
            "and runs)",
            bool(np.all(np.diff(ends["alpha"], axis=0) > -0.01))
            and bool(np.all(np.diff(ends["eps"], axis=0) > -0.01))
            and bool(np.all(np.diff(eps[0]) < 0)),
            "; ".join(f"{word}: " + ", ".join(f"{t:.3g}/{r:.3g}" for t, r in rows) for word, rows in ends.items()),
        ),
        Claim(
            "With unlimited data every e-fold of D delays the halving by alpha/(4 eps), to 5 %, as in (alpha/(4 eps)) "
            f"ln(D/(alpha eps)) (D from {LARGE[0]:.0e} to {LARGE[1]:.0e})",
            bool(np.abs(slope / law - 1).max() < 0.05),
            "exact/law: " + ", ".join(f"{o:.3g}/{e:.3g}" for o, e in zip(slope, law, strict=True)),
        ),
    ]
