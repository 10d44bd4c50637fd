"""Output scale and start scale are one laziness: how far the weights move is a function of alpha sigma^2.

Caption: Committees with fixed readouts on y = (b . x)^2, starting weights times sigma, rate over alpha^2, as in the
authors' code. a: sweep of alpha at sigma = 1; b: of sigma at alpha = 1; c: of both at alpha sigma^2 = 1, all against
sigma^2 tau, which is the number of steps: test (solid) and train loss (dashed), by mean-field theory (lines) and of
drawn networks (points). d: relative change of the weights at the end against alpha sigma^2 for both sweeps; e: the same
in the joint sweep, against sigma; f: final test loss. Lines: theory, in d from its two-time correlations; points:
networks, one standard error.

Why this product: w = sigma u turns (alpha, eps) into (alpha sigma, eps sigma), exactly. The quadratic part of the
output, which alone can learn this target, is alpha eps sigma^2 u^2, and the least move that learns it is one over that:
|u - u_0|^2/|u_0|^2 is near 1/(alpha eps sigma^2). The linear part, alpha sigma u, is fitted and forgotten; its speed
against the other's, eps sigma, is all that breaks the collapse. With trained readouts, scaled too, the quadratic part
is alpha eps sigma^3 a u^2 (figure of both layers): there alpha sigma^2 holds for neurons without curvature only.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from paper_figures import committees, networks, verdicts
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("7a", "7b", "7c", "7d", "7e", "7f")
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 32  # D
    samples_per_dim: float = 4.5  # P / D
    width_per_dim: int = 5  # N / D
    curvature: float = 0.25  # eps
    output_scales: tuple[float, ...] = (1 / 4, 1.0, 4.0, 16.0)  # alpha at sigma = 1
    init_scales: tuple[float, ...] = (0.5, 1.0, 2.0)  # sigma at alpha = 1, and at alpha = 1 / sigma^2
    learning_rate: float = 0.02  # eta_hat sigma^2: tau of a step at sigma = 1
    last: float = 100.0  # last sigma^2 tau
    reads: int = 36
    runs: int = 8
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.2  # of the theory's movement of the weights at this D, relative
    key: int = 0


SIZES = {
    "full": {
        "dim": 100, "output_scales": (1 / 32, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
        "init_scales": (0.25, 0.5, 1.0, 2.0), "learning_rate": 0.005, "last": 250.0, "runs": 4, "paths": 672,
        "grid_points": 48, "scrambles": 9, "margin": 0.1,
    },
}  # fmt: skip


def _sweeps(parameters):
    """(alpha, sigma) of each sweep: of panel a, b, c."""
    return {
        "alpha": [(alpha, 1.0) for alpha in parameters.output_scales],
        "sigma": [(1.0, sigma) for sigma in parameters.init_scales],
        "both": [(1 / sigma**2, sigma) for sigma in parameters.init_scales],
    }


def _settings(parameters):
    return sorted({setting for sweep in _sweeps(parameters).values() for setting in sweep})


def _name(alpha, sigma):
    return f"alpha={alpha:g} sigma={sigma:g}"


def _reads(parameters):
    return networks.log_reads(round(parameters.last / parameters.learning_rate), parameters.reads)


def _times(parameters, sigma):
    """tau of the reads: a step is the longer, the smaller sigma."""
    return _reads(parameters) * parameters.learning_rate / sigma**2


def steps(parameters):
    made = {}
    for alpha, sigma in _settings(parameters):
        made[f"theory {_name(alpha, sigma)}"] = lambda a=alpha, s=sigma: _theory(parameters, a, s)
        made[f"runs {_name(alpha, sigma)}"] = lambda a=alpha, s=sigma: _train(parameters, a, s)
    return made


def _problem(parameters, alpha, sigma):
    """The target has no factor 1/2: in this package's units the output is half as large."""
    from grok_theory.lazy_rich import QuadraticCommittee, rescaled_start

    plain = QuadraticCommittee(alpha / 2, parameters.curvature, parameters.samples_per_dim)
    return rescaled_start(plain.dressed(parameters.dim), sigma)


def _theory(parameters, alpha, sigma):
    """Losses over their starts and |w - w(0)|/|w(0)| at the reads: the latter from correlations with the start."""
    from grok_theory.lazy_rich import DMFT, solve

    p, times = parameters, _times(parameters, sigma)
    problem = _problem(p, alpha, sigma)
    found = solve(problem, times, method=DMFT(paths=p.paths, grid_points=p.grid_points, scrambles=p.scrambles))
    common, odd, private = (found.fields[f"correlation_{mode}"] for mode in ("common", "odd", "private"))
    nodes = np.asarray(private.coordinates["tau"])
    start, correlation = float(problem.teacher_overlap), np.asarray(private.values)
    spread = np.diag(np.asarray(common.values)) + np.diag(np.asarray(odd.values))
    spread = spread + np.diag(correlation) + correlation[0, 0] - 2 * correlation[:, 0]
    overlap = np.interp(nodes, times, np.asarray(found["teacher_overlap"]))
    moved = np.sqrt(np.maximum(spread + (overlap - start) ** 2, 0))
    curves = {name: np.asarray(found[name]) for name in committees.LOSSES}
    return {name: c / c[0] for name, c in curves.items()} | {"moved": np.interp(times, nodes, moved)}


def _train(parameters, alpha, sigma):
    """The same of `runs` drawn networks, (run, read)."""
    p, dim, found = parameters, parameters.dim, []
    for number in range(p.runs):
        random = np.random.default_rng([p.key, number])
        samples = round(p.samples_per_dim * dim)
        (weights, ones), *parts = networks.drawn_task(
            random, lambda h: h**2, (samples, 2000), dim, p.width_per_dim * dim
        )
        rate = p.learning_rate / sigma**2 * len(weights) * dim / alpha**2
        numbers = np.float32(alpha), np.float32(rate), np.float32(p.curvature)
        found.append(_compiled()((np.float32(sigma) * weights, ones), *parts, _reads(p), *numbers))
    rows = {name: np.stack([np.asarray(each[name], float) for each in found]) for name in (*committees.LOSSES, "moved")}
    return {name: rows[name] / rows[name][:, :1] for name in committees.LOSSES} | {"moved": rows["moved"]}


@cache
def _compiled():
    import jax
    import optax

    def run(start, train, test, reads, scale, rate, curvature):
        how = {"scale": scale, "optimizer": optax.sgd(rate)}
        return networks.committee_curves(
            start, train, test, reads, activation=lambda h: h + curvature / 2 * h**2, **how
        )

    return jax.jit(run)


def _gathered(parameters, data, alpha, sigma):
    return data[f"theory {_name(alpha, sigma)}"], data[f"runs {_name(alpha, sigma)}"]


def _ends(parameters, data, sweep, name):
    """(product), (product) of the theory, (product, run): alpha sigma^2 and at what the sweep ends."""
    settings = _sweeps(parameters)[sweep]
    pairs = [_gathered(parameters, data, *setting) for setting in settings]
    products = np.array([alpha * sigma**2 for alpha, sigma in settings])
    return products, np.array([t[name][-1] for t, _ in pairs]), np.array([r[name][:, -1] for _, r in pairs])


def _means(parameters, data, sweep, name):
    """(theory or runs, product) the same, in the mean of the runs."""
    _, told, runs = _ends(parameters, data, sweep, name)
    return np.array([told, runs.mean(1)])


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7, 4.5))
    clock = _reads(parameters) * parameters.learning_rate
    for ax, letter, (sweep, settings) in zip(axes[0], "abc", _sweeps(parameters).items(), strict=True):
        colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(settings)))
        for (alpha, sigma), color in zip(settings, colors, strict=True):
            theory, runs = _gathered(parameters, data, alpha, sigma)
            words = {"alpha": rf"$\alpha$ = {alpha:g}", "sigma": rf"$\sigma$ = {sigma:g}"}
            label = words.get(sweep, rf"$\sigma$ = {sigma:g}, $\alpha$ = {alpha:g}")
            for name, style in (("test_loss", "-"), ("train_loss", "--")):
                solid = style == "-"
                lw = 1.3 if solid else 0.9
                ax.plot(clock, theory[name], style, color=color, lw=lw, label=label if solid else None)
                committees.mark(ax, clock, runs[name], color=color, full=solid)
        ax.set(xscale="log", xlim=(0.02, None), ylim=(0, 1.15), xlabel=r"$\sigma^2\tau$")
        ax.legend(fontsize=6, loc="lower left", framealpha=0.8, frameon=True, edgecolor="none")
        ax.set_title(
            f"{letter}  " + {"alpha": r"$\sigma$ = 1", "sigma": r"$\alpha$ = 1"}.get(sweep, r"$\alpha\sigma^2$ = 1")
        )
    axes[0, 0].set_ylabel("loss / its start")
    for ax, name in ((axes[1, 0], "moved"), (axes[1, 2], "test_loss")):
        for sweep, marker, color in (("alpha", "o", "C0"), ("sigma", "s", "C1")):
            products, told, runs = _ends(parameters, data, sweep, name)
            symbol = {"alpha": r"vary $\alpha$, $\sigma$ = 1", "sigma": r"vary $\sigma$, $\alpha$ = 1"}[sweep]
            ax.plot(products, told, color=color, ls="-" if sweep == "alpha" else "--", label=symbol)
            error = runs.std(1, ddof=1) / np.sqrt(parameters.runs)
            ax.errorbar(products, runs.mean(1), error, fmt=marker, color=color, ms=4, mfc="white")
        ax.set(xscale="log", yscale="log", xlabel=r"$\alpha\sigma^2$")
    _, told, runs = _ends(parameters, data, "both", "moved")
    axes[1, 1].plot(parameters.init_scales, told, color="C2", label=r"$\alpha\sigma^2$ = 1")
    error = runs.std(1, ddof=1) / np.sqrt(parameters.runs)
    axes[1, 1].errorbar(parameters.init_scales, runs.mean(1), error, fmt="D", color="C2", ms=4, mfc="white")
    axes[1, 1].set(xscale="log", yscale="log", xlabel=r"$\sigma$", ylim=axes[1, 0].get_ylim())
    axes[1, 1].set_xticks(parameters.init_scales, [f"{sigma:g}" for sigma in parameters.init_scales])
    axes[1, 1].xaxis.minorticks_off()
    for ax, letter, word in zip(
        axes[1], "def", (r"$|w - w_0|\ /\ |w_0|$", r"$|w - w_0|\ /\ |w_0|$", "final test loss / start"), strict=True
    ):
        ax.set_title(letter, loc="left")
        ax.set_ylabel(word)
        ax.legend(fontsize=6)
    return figure


def claims(parameters, data):
    shared = [
        (first, second)
        for first, (a, s) in enumerate(_sweeps(parameters)["alpha"])
        for second, (b, t) in enumerate(_sweeps(parameters)["sigma"])
        if np.isclose(a * s**2, b * t**2) and (a, s) != (b, t)
    ]
    apart, over = {}, {}
    for name in ("moved", "test_loss"):
        one, other = (_means(parameters, data, sweep, name) for sweep in ("alpha", "sigma"))
        apart[name] = np.exp([np.abs(np.log(one[:, i] / other[:, j])) for i, j in shared]).max(0)
        over[name] = one.max(1) / one.min(1)
    flat = _means(parameters, data, "both", "moved")
    ratios = [_delay(parameters, data, *setting) for setting in _sweeps(parameters)["alpha"]]
    return [
        *(_judged(parameters, data, sweep) for sweep in _sweeps(parameters)),
        Claim(
            "The relative change of the weights is a function of alpha sigma^2: equal to 5 % at equal products, by "
            "theory and in the runs, while it changes more than fivefold",
            bool(np.all(apart["moved"] < 1.05) and np.all(over["moved"] > 5)),
            "theory, runs: largest ratio at equal products {:.3f}, {:.3f}; over the sweep {:.1f}, {:.1f}".format(
                *apart["moved"], *over["moved"]
            ),
        ),
        Claim(
            "So is the final test loss, to 30 % by theory and 5 % in the runs, while it changes more than fivefold",
            bool(np.all(apart["test_loss"] < (1.3, 1.05)) and np.all(over["test_loss"] > 5)),
            "theory, runs: largest ratio at equal products {:.3f}, {:.3f}; over the sweep {:.1f}, {:.1f}".format(
                *apart["test_loss"], *over["test_loss"]
            ),
        ),
        Claim(
            "With alpha sigma^2 held the change of the weights is one number whatever sigma, to 5 %",
            bool(np.all(flat.max(1) < 1.05 * flat.min(1))),
            "theory: {}; runs: {}".format(*(", ".join(f"{each:.3g}" for each in row) for row in flat)),
        ),
        Claim(
            "The delay of the test loss over the time to fit grows with alpha at sigma = 1, by theory and in the runs",
            bool(np.all(np.diff(ratios, axis=0) > 0)),
            "; ".join(
                f"alpha = {a:g}: {t:.3g}, {r:.3g}" for a, (t, r) in zip(parameters.output_scales, ratios, strict=True)
            ),
        ),
    ]


def _judged(parameters, data, sweep):
    """The verdict of `compare` on the change of the weights over a sweep."""
    from grok_theory import Relative

    products, told, runs = _ends(parameters, data, sweep, "moved")
    at = np.array(parameters.init_scales) if sweep == "both" else products
    margin = {"moved": Relative(parameters.margin)}
    step = verdicts.judged_over("product", at, {"moved": told}, {"moved": runs.T}, margin=margin)
    words = {"alpha": "of alpha", "sigma": "of sigma", "both": "of both at one product"}
    text = f"Sweep {words[sweep]}: the change of the weights at D = {parameters.dim} is the theory's, to"
    return verdicts.verdict_claim(f"{text} {parameters.margin:.0%}", step, "moved")


def _delay(parameters, data, alpha, sigma):
    """[theory, runs] of the delay of the test loss over the time to fit, by the halves of both."""
    found = []
    for each in _gathered(parameters, data, alpha, sigma):
        train, test = (np.reshape(each[name], (-1, len(_reads(parameters)))).mean(0) for name in committees.LOSSES)
        fit, late = (networks.fall_time(_times(parameters, sigma), curve) for curve in (train, test))
        found.append(float((late - fit) / fit))
    return found
