"""Laziness and curvature set the delay: sweeps of the output scale and of the neurons' curvature.

Caption: Top left: train loss (dashed) and test loss (solid) for output scales alpha from 1/32 (rich: both fall
together) to 32 (lazy: the test loss follows late and ends higher). Top right: the same for the curvature eps; a small
eps means a longer delay and a lower final loss. Bottom left: the delay of the test loss after the train loss, each at
half of its starting value, as a multiple of the time to fit, with the range of the runs. Bottom right: the time at
which the test loss has halved over the plane of alpha and eps, in units of tau (white: not within the record); lines
follow equal alpha / eps, which sets the rate of escape in the theory of many samples. Exact dynamics of the infinitely
wide, centred committee under gradient flow; D, P and eps are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("3a", "3b")
STATES = {"3a": "P: runs only, no line of the theory", "3b": "P: runs only, no line of the theory"}
WING = "lazy_rich"
HALF = 0.375  # half of a centred committee's test loss at the start, 3/4


@dataclass(frozen=True)
class Parameters:
    dim: int = 50  # D (ours)
    samples_per_dim: float = 8.0  # P / D (ours)
    scales: tuple[float, ...] = (1 / 32, 1 / 8, 1 / 2, 1.0, 2.0, 8.0, 32.0)  # alpha
    curvature: float = 0.25  # eps of the sweep of alpha (ours)
    curvatures: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)  # eps
    output_scale: float = 4.0  # alpha of the sweep of eps (ours)
    map_points: int = 5  # values of alpha and of eps on the map
    last: float = 4e3  # last tau
    points: int = 70  # times read, evenly in the logarithm
    map_dim: int = 30  # D of the map
    runs: int = 3
    tolerance: float = 1e-4  # of the flow
    key: int = 0  # number of the random key


SIZES = {
    "quick": {
        "dim": 24,
        "scales": (1 / 32, 1.0, 32.0),
        "curvatures": (0.125, 0.5),
        "map_dim": 24,
        "last": 2e4,
        "runs": 2,
        "map_points": 3,
    },
    "full": {"dim": 100, "runs": 10, "map_points": 12},
}


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    size = (parameters.dim, parameters.runs)
    return {
        "alpha": lambda: _sweep(parameters, [(scale, parameters.curvature) for scale in parameters.scales], *size),
        "eps": lambda: _sweep(parameters, [(parameters.output_scale, eps) for eps in parameters.curvatures], *size),
        "map": lambda: _map(parameters),
    }


def _sweep(parameters, pairs, dim, runs):
    import jax

    from grok_theory.lazy_rich import ExactReduction, QuadraticCommittee, simulate

    curves = {"train_loss": [], "test_loss": []}
    for scale, eps in pairs:
        ensemble = simulate(
            QuadraticCommittee(scale, eps, parameters.samples_per_dim),
            _times(parameters),
            dim=dim,
            runs=runs,
            key=jax.random.key(parameters.key),
            method=ExactReduction(tolerance=parameters.tolerance),
        )
        for name, rows in curves.items():
            rows.append(ensemble[name])
    return {name: np.array(rows) for name, rows in curves.items()}


def _axes(parameters):
    return np.geomspace(1 / 8, 32, parameters.map_points), np.geomspace(0.1, 1.0, parameters.map_points)


def _map(parameters):
    scales, curvatures = _axes(parameters)
    curves = _sweep(parameters, [(scale, eps) for eps in curvatures for scale in scales], parameters.map_dim, 1)
    delays = [
        _delay(_times(parameters), tr, te) for tr, te in zip(curves["train_loss"], curves["test_loss"], strict=True)
    ]
    shape = (curvatures.size, scales.size)
    return {
        "train_time": np.array([d.train_time[0] for d in delays]).reshape(shape),
        "test_time": np.array([d.test_time[0] for d in delays]).reshape(shape),
    }


def _delay(times, train, test):
    """Between the two losses' crossings of half the starting test loss; runs are rows."""
    from grok_theory.observables import grokking_delay

    return grokking_delay(times, train, test, train_threshold=HALF, test_threshold=HALF)


def _delays(parameters, step):
    return [_delay(_times(parameters), tr, te) for tr, te in zip(step["train_loss"], step["test_loss"], strict=True)]


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, ((by_alpha, by_eps), (delays, plane)) = plt.subplots(2, 2, figsize=(7, 4.6))
    times = _times(parameters)[1:]
    for ax, step, values, word in (
        (by_alpha, data["alpha"], parameters.scales, r"$\alpha$"),
        (by_eps, data["eps"], parameters.curvatures, r"$\epsilon$"),
    ):
        colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(values)))
        for value, color, train, test in zip(values, colors, step["train_loss"], step["test_loss"], strict=True):
            ax.plot(times, test.mean(0)[1:], color=color, label=f"{word} = {_fraction(value)}")
            ax.plot(times, train.mean(0)[1:], color=color, ls="--", lw=0.8)
        ax.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylabel="mean squared error", ylim=(1e-4, 1.5))
        ax.legend(loc="lower left", ncols=1)
    by_alpha.set_title(
        f"D = {parameters.dim}, P/D = {parameters.samples_per_dim:g}, $\\epsilon$ = {parameters.curvature:g}"
    )
    by_eps.set_title(f"$\\alpha$ = {parameters.output_scale:g}; solid test, dashed train")
    measured = _delays(parameters, data["alpha"])
    ratio = np.array([d.delay / d.train_time for d in measured])
    middle = np.median(ratio, axis=1)
    delays.errorbar(
        parameters.scales, middle, [middle - ratio.min(1), ratio.max(1) - middle], fmt="o-", color="C0", lw=1
    )
    delays.axhline(0, color="0.6", lw=0.6)
    delays.set(xscale="log", xlabel=r"output scale $\alpha$", ylabel="delay / time to fit")
    delays.set_title("test loss halves after train loss")
    scales, curvatures = _axes(parameters)
    mesh = plane.pcolormesh(scales, curvatures, data["map"]["test_time"], norm=mpl.colors.LogNorm(), shading="nearest")
    for rate in 10.0 ** np.arange(-1, 4):
        plane.plot(scales, scales / rate, color="white", lw=0.7)
    edge = (curvatures[1] / curvatures[0]) ** 0.5
    plane.set(xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel=r"curvature $\epsilon$")
    plane.set_ylim(curvatures[0] / edge, curvatures[-1] * edge)
    figure.colorbar(mesh, ax=plane, label=r"test loss halves at $\tau$")
    return figure


def _fraction(value):
    return f"{value:g}" if value >= 1 or value not in (0.5, 0.125, 0.25, 1 / 32) else f"1/{round(1 / value)}"


def claims(parameters, data):
    alpha, eps = data["alpha"], data["eps"]
    delays = np.array([np.median(d.delay) for d in _delays(parameters, alpha)])
    times = np.array([np.median(d.train_time) for d in _delays(parameters, alpha)])
    final = alpha["test_loss"][:, :, -1].mean(1)
    still = np.abs(np.log(alpha["test_loss"][:, :, -1] / alpha["test_loss"][:, :, -4])).max()
    eps_delays = np.array([np.median(d.delay) for d in _delays(parameters, eps)])
    eps_final = eps["test_loss"][:, :, -1].mean(1)
    ratios = [np.median(delay) / time for delay, time in zip(delays, times, strict=True)]
    listed = ", ".join(f"{a:g}: {d:.3g} ({r:.2g})" for a, d, r in zip(parameters.scales, delays, ratios, strict=True))
    ends = f"{len(delays)} values from {min(parameters.scales):g} to {max(parameters.scales):g}"
    return [
        Claim(
            f"The delay grows with alpha over {ends}, in tau and as a multiple of the time to fit",
            np.all(np.diff(delays) > 0) and np.all(np.diff(ratios) > 0),
            f"alpha: delay in tau (over time to fit): {listed}",
        ),
        Claim(
            "A rich start has next to no delay: below half the time to fit; the lazy end has more than four times it",
            ratios[0] < 0.5 and ratios[-1] > 4,
            f"{ratios[0]:.2g} at the rich end, {ratios[-1]:.2g} at the lazy end",
        ),
        Claim(
            "The final test loss worsens with alpha",
            np.all(np.diff(final) > 0),
            ", ".join(f"{a:g}: {f:.3g}" for a, f in zip(parameters.scales, final, strict=True)),
        ),
        Claim(
            "Smaller eps: longer delay and lower final test loss",
            np.all(np.diff(eps_delays) < 0) and np.all(np.diff(eps_final) > 0),
            ", ".join(
                f"{e:g}: {d:.3g}, {f:.3g}" for e, d, f in zip(parameters.curvatures, eps_delays, eps_final, strict=True)
            ),
        ),
        Claim(
            "Every transition is followed to its end: the test loss rests (2 %) over the last four times read",
            still < 0.02,
            f"{still:.2g}",
        ),
    ]
