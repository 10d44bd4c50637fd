"""What the start decides: its overlap with the teacher removes the hump, and its scale is a laziness.

Caption: Committees of infinite width, centred, gradient flow. Left: test loss (solid) and linear power (dashed) for
growing overlap m0 of the start with the teacher, by mean-field theory (lines) and of drawn networks (points, one
standard error): a network that starts near the solution need not fit with the linear function first, and its hump
goes away. Right: starting weights multiplied by sigma, which is exactly the Problem with alpha sigma and eps sigma at
the same tau: final test loss (top) and time at which the test loss has halved, times sigma^2 (bottom), against alpha
sigma^2, by theory (lines) and of networks (points). The final loss collapses; the time does up to the linear part of
the network, which sigma slows against the quadratic one. D, P, alpha, eps are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("7c", "7f", "10")
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dims: tuple[int, int] = (16, 32)  # D (ours)
    samples_per_dim: float = 6.0  # P / D (ours)
    curvature: float = 0.25  # eps at sigma = 1 (ours)
    products: tuple[float, ...] = (1.0, 4.0, 16.0)  # alpha sigma^2
    init_scales: tuple[float, ...] = (0.5, 1.0, 2.0)  # sigma
    warm_curvature: float = 0.1  # eps of the sweep of the overlap (ours), where alpha = 1
    overlaps: tuple[float, ...] = (0.0, 0.6, 0.97)  # m0
    last: float = 500.0  # last tau
    points: int = 40  # times read, evenly in the logarithm
    runs: int = 100  # of the sweep of the overlap
    scaled_runs: int = 6  # of the sweep of sigma
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.12  # of the theory against the extrapolated runs; losses start at .75
    key: int = 0  # number of the random key


SIZES = {
    "full": {
        "dims": (50, 100), "products": (0.8, 2.5, 8.0), "overlaps": (0.0, 0.3, 0.6, 0.9, 0.97), "runs": 200,
        "scaled_runs": 10, "paths": 672, "grid_points": 48, "scrambles": 9, "margin": 0.06,
    },
}  # fmt: skip


def _times(parameters):
    return np.append(0, np.geomspace(3e-2, parameters.last, parameters.points))


def _warm(parameters, overlap):
    from grok_theory.lazy_rich import QuadraticCommittee

    dim = parameters.dims[-1]
    return QuadraticCommittee(1.0, parameters.warm_curvature, parameters.samples_per_dim, overlap).dressed(dim)


def _scaled(parameters, product, sigma):
    from grok_theory.lazy_rich import QuadraticCommittee, rescaled_start

    plain = QuadraticCommittee(product / sigma**2, parameters.curvature, parameters.samples_per_dim)
    return rescaled_start(plain.dressed(parameters.dims[-1]), sigma)


def steps(parameters):
    made = {}
    for overlap in parameters.overlaps:
        problem = _warm(parameters, overlap)
        made |= committees.theory_and_runs(f"m0={overlap:g}", problem, _times(parameters), parameters)
    for sigma in parameters.init_scales:
        made[f"sigma={sigma:g}"] = lambda sigma=sigma: _sweep(parameters, sigma)
    return made


def _sweep(parameters, sigma):
    """Of every product: final test loss and time to half of the first one, by theory and in the mean of the runs."""
    import jax

    found = []
    for product in parameters.products:
        problem, times = _scaled(parameters, product, sigma), _times(parameters)
        theory = committees.predicted(problem, times, committees.method_of(parameters))["test_loss"]
        key = jax.random.fold_in(jax.random.key(parameters.key), parameters.dims[-1])
        sizes = {"dim": parameters.dims[-1], "runs": parameters.scaled_runs, "key": key}
        runs = committees.drawn(problem, times, **sizes, curves=("test_loss",))["test_loss"]
        found.append([theory[-1], runs.mean(0)[-1], _halved(times, theory), _halved(times, runs.mean(0))])
    return dict(zip(("final theory", "final runs", "time theory", "time runs"), np.array(found).T, strict=True))


def _halved(times, curve):
    from grok_theory.observables import crossing_time

    return float(crossing_time(times, curve, curve[0] / 2).time)


def _gathered(parameters, data, overlap):
    name = f"m0={overlap:g}"
    return committees.gathered(name, _warm(parameters, overlap), _times(parameters), parameters, data)


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter

    figure = plt.figure(figsize=(7, 3.2), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(1.5, 1))
    curves, losses, times = (figure.add_subplot(part) for part in (grid[:, 0], grid[0, 1], grid[1, 1]))
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.overlaps)))
    for overlap, color in zip(parameters.overlaps, colors, strict=True):
        theory, runs, ideal = _gathered(parameters, data, overlap)
        for name, full in (("test_loss", True), ("linear_power", False)):
            label = f"$m_0$ = {overlap:g}" if full else None
            committees.sketch(curves, theory, name, color=color, label=label, style="-" if full else "--")
            committees.mark(curves, theory.x, runs[name], color=color, full=full)
        committees.mark(curves, theory.x, ideal["test_loss"], color=color, shape="D", full=False, every=6)
    curves.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="mean squared error", ylim=(0, None), xlim=(0.03, None))
    curves.legend(loc="lower left")
    curves.set_title(
        f"$\\alpha$ = 1, $\\epsilon$ = {parameters.warm_curvature:g}; solid test loss, dashed linear power"
    )
    for sigma, marker, color in zip(parameters.init_scales, "osD", ("C0", "C1", "C2"), strict=False):
        step = data[f"sigma={sigma:g}"]
        for ax, name, unit in ((losses, "final", 1.0), (times, "time", sigma**2)):
            ax.plot(parameters.products, step[f"{name} theory"] * unit, color=color, label=rf"$\sigma$ = {sigma:g}")
            ax.plot(parameters.products, step[f"{name} runs"] * unit, marker, color=color, ms=3.5, mfc="white")
    losses.set(xscale="log", yscale="log", ylabel="final test loss")
    times.set(xscale="log", yscale="log", xlabel=r"$\alpha\sigma^2$", ylabel=r"$\sigma^2\tau$ at half loss")
    for ax in (losses, times):
        ax.set_xticks(parameters.products, [f"{product:g}" for product in parameters.products])
        ax.xaxis.minorticks_off()
        ax.yaxis.set_minor_formatter(NullFormatter())
    losses.legend(loc="lower right")
    losses.set_title(f"D = {parameters.dims[-1]}, P/D = {parameters.samples_per_dim:g}")
    return figure


def claims(parameters, data):
    made, humps, halved = [], [], []
    for overlap in parameters.overlaps:
        theory, runs, ideal = _gathered(parameters, data, overlap)
        margin = committees.margins(theory, train=parameters.margin, test=parameters.margin)
        made.append(
            committees.agreement_claim(f"m0 = {overlap:g}: {committees.named(parameters)}", theory, ideal, margin)
        )
        curves = np.asarray(theory["test_loss"]), runs["test_loss"].mean(0)
        humps.append([curve.max() - curve[0] for curve in curves])
        halved.append([_halved(theory.x, curve) for curve in curves])
    humps, halved = np.array(humps), np.array(halved)
    sweeps = [data[f"sigma={sigma:g}"] for sigma in parameters.init_scales]
    final = np.array([[step["final theory"], step["final runs"]] for step in sweeps])
    spread = (final.max(0) / final.min(0)).max(1)
    rise = final.mean(0).max(1) / final.mean(0).min(1)
    time = np.array([step["time theory"] * s**2 for step, s in zip(sweeps, parameters.init_scales, strict=True)])
    later = time.mean(0).max() / time.mean(0).min()
    apart = np.abs(np.log([step["time theory"] / step["time runs"] for step in sweeps]))
    return [
        *made,
        Claim(
            "The hump shrinks with the overlap, to less than a third of the cold start's, by theory and in the runs",
            bool(np.all(np.diff(humps, axis=0) <= 0) and np.all(humps[-1] < humps[0] / 3) and np.all(humps[0] > 0.02)),
            "; ".join(f"m0 = {m:g}: {t:.3f}, {r:.3f}" for m, (t, r) in zip(parameters.overlaps, humps, strict=True)),
        ),
        Claim(
            "The nearer the start, the earlier the test loss has halved",
            bool(np.all(np.diff(halved, axis=0) < 0)),
            "; ".join(f"m0 = {m:g}: tau = {t:.3g}, {r:.3g}" for m, (t, r) in zip(parameters.overlaps, halved)),
        ),
        Claim(
            "The final test loss depends on alpha sigma^2 alone, to 15 % by theory, while it changes more than "
            "fivefold",
            bool(spread[0] < 1.15 and rise.min() > 5),
            f"largest ratio at equal alpha sigma^2: theory {spread[0]:.3f}, runs {spread[1]:.3f}; over it "
            f"{rise[0]:.0f}",
        ),
        Claim(
            "The time to half the test loss, times sigma^2, collapses to 20 % by theory, while it changes more than "
            "fivefold, and the runs' is the theory's to 35 %",
            (time.max(0) / time.min(0)).max() < 1.2 and later > 5 and np.exp(apart.max()) < 1.35,
            f"largest ratio at equal alpha sigma^2 {(time.max(0) / time.min(0)).max():.2f}, over it {later:.1f}; runs "
            f"against theory {np.exp(apart.max()):.2f}",
        ),
    ]
