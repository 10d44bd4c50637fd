"""What the start decides: its scale is a laziness, its overlap with the teacher removes the hump.

Caption: Committees of infinite width, centred, gradient flow (exact reduction). Top: starting weights multiplied by
sigma, against the output scale alpha (hollow) and against alpha sigma^2 (filled): final test loss (left) and time at
which the test loss has halved (right). The multiplied start is exactly the Problem with alpha sigma and eps sigma at
the same tau. The final loss collapses on alpha sigma^2; the time does after multiplication by sigma^2, up to the linear
part of the network, which sigma slows against the quadratic one. Bottom: test loss and its linear power for growing
overlap m0 of the start with the teacher: a network that knows the feature need not fit with the linear function first.
D, P, alpha, eps are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("7a", "7b", "7c", "10")
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 40  # D (ours)
    samples_per_dim: float = 6.0  # P / D (ours)
    curvature: float = 0.25  # eps at sigma = 1 (ours)
    products: tuple[float, ...] = (0.25, 1.0, 4.0, 16.0)  # alpha sigma^2
    init_scales: tuple[float, ...] = (0.5, 1.0, 2.0)  # sigma
    warm_curvature: float = 0.1  # eps of the sweep of the overlap (ours), where alpha = 1
    overlaps: tuple[float, ...] = (0.0, 0.3, 0.6, 0.9, 0.97)  # m0
    last: float = 3e3  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 3
    tolerance: float = 1e-4  # of the flow
    key: int = 0  # number of the random key


SIZES = {
    "quick": {
        "dim": 16, "runs": 2, "points": 40, "products": (0.25, 1.0, 16.0), "init_scales": (0.5, 2.0),
        "overlaps": (0.0, 0.6, 0.97),
    },
    "full": {"dim": 100, "runs": 10},
}  # fmt: skip


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    return {
        **{f"sigma={sigma:g}": lambda sigma=sigma: _scaled(parameters, sigma) for sigma in parameters.init_scales},
        **{f"m0={overlap:g}": lambda overlap=overlap: _warm(parameters, overlap) for overlap in parameters.overlaps},
    }


def _mean_curves(parameters, problem):
    """Test loss and linear power, averaged over the runs."""
    import jax

    from grok_theory.lazy_rich import ExactReduction, simulate

    runs = simulate(
        problem,
        _times(parameters),
        dim=parameters.dim,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        method=ExactReduction(tolerance=parameters.tolerance),
    )
    return {name: runs[name].mean(0) for name in ("test_loss", "linear_power")}


def _scaled(parameters, sigma):
    from grok_theory.lazy_rich import QuadraticCommittee, rescaled_start
    from grok_theory.observables import crossing_time

    curves = []
    for product in parameters.products:
        problem = QuadraticCommittee(product / sigma**2, parameters.curvature, parameters.samples_per_dim)
        curves.append(_mean_curves(parameters, rescaled_start(problem, sigma))["test_loss"])
    halved = [float(crossing_time(_times(parameters), curve, 0.375).time) for curve in curves]
    return {"final": np.array([curve[-1] for curve in curves]), "time": np.array(halved)}


def _warm(parameters, overlap):
    from grok_theory.lazy_rich import QuadraticCommittee

    problem = QuadraticCommittee(1.0, parameters.warm_curvature, parameters.samples_per_dim, overlap)
    return _mean_curves(parameters, problem)


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, ((losses, times), (tests, powers)) = plt.subplots(2, 2, figsize=(7, 4.8))
    products = np.array(parameters.products)
    for sigma, marker, color in zip(parameters.init_scales, "osD", ("C0", "C1", "C2"), strict=False):
        step = data[f"sigma={sigma:g}"]
        for ax, values in ((losses, step["final"]), (times, step["time"])):
            ax.plot(products / sigma**2, values, marker, mfc="none", color=color, alpha=0.55)
        losses.plot(products, step["final"], marker, color=color, label=f"$\\sigma$ = {sigma:g}")
        times.plot(products, step["time"] * sigma**2, marker, color=color)
    label = r"filled: $\alpha\sigma^2$; hollow: $\alpha$"
    losses.set(xscale="log", yscale="log", xlabel=label, ylabel="final test loss")
    times.set(xscale="log", yscale="log", xlabel=label, ylabel=r"filled: $\sigma^2\tau$; hollow: $\tau$ at half loss")
    losses.legend(loc="lower right")
    losses.set_title(
        f"D = {parameters.dim}, P/D = {parameters.samples_per_dim:g}, $\\epsilon$ = {parameters.curvature:g}"
    )

    axis = _times(parameters)
    late = axis >= 0.1
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.overlaps)))
    for overlap, color in zip(parameters.overlaps, colors, strict=True):
        step = data[f"m0={overlap:g}"]
        tests.plot(axis[late], step["test_loss"][late], color=color, label=f"$m_0$ = {overlap:g}")
        powers.plot(axis[late], step["linear_power"][late], color=color)
    tests.set(xscale="log", xlabel=r"time $\tau$", ylabel="test loss", ylim=(0, None))
    tests.legend(loc="lower left")
    tests.set_title(f"$\\alpha$ = 1, $\\epsilon$ = {parameters.warm_curvature:g}")
    powers.set(xscale="log", xlabel=r"time $\tau$", ylabel="linear power", ylim=(0, None))
    return figure


def claims(parameters, data):
    scaled = [data[f"sigma={sigma:g}"] for sigma in parameters.init_scales]
    final = np.array([step["final"] for step in scaled])
    time = np.array([step["time"] * sigma**2 for step, sigma in zip(scaled, parameters.init_scales, strict=True)])
    spread, stretch = ((values.max(0) / values.min(0)).max() for values in (final, time))
    rise = final.mean(0).max() / final.mean(0).min()
    curves = [data[f"m0={overlap:g}"]["test_loss"] for overlap in parameters.overlaps]
    humps = np.array([curve.max() - curve[0] for curve in curves])
    halved = [_times(parameters)[np.argmax(curve < 0.375)] for curve in curves]
    return [
        Claim(
            "The final test loss depends on alpha sigma^2 alone, to 10 %, while it changes more than tenfold",
            spread < 1.10 and rise > 10,
            f"largest ratio at equal alpha sigma^2: {spread:.3f}; over alpha sigma^2: {rise:.0f}",
        ),
        Claim(
            "The time to half the test loss, times sigma^2, collapses to 40 %",
            stretch < 1.40,
            f"largest ratio {stretch:.2f}",
        ),
        Claim(
            "The hump shrinks with the overlap, to less than a third of the cold start's",
            np.all(np.diff(humps) <= 0) and humps[-1] < humps[0] / 3,
            ", ".join(f"m0 = {m:g}: {h:.3f}" for m, h in zip(parameters.overlaps, humps, strict=True)),
        ),
        Claim(
            "The nearer the start, the earlier the test loss has halved",
            np.all(np.diff(halved) <= 0) and halved[-1] < halved[0],
            ", ".join(f"m0 = {m:g}: tau = {t:.3g}" for m, t in zip(parameters.overlaps, halved, strict=True)),
        ),
    ]
