"""Starting near the solution removes the hump.

Caption: Left: test loss for growing overlap m0 of the starting weights with the teacher. Right: its linear power, and
the height of the hump over the start. A network that knows the feature from the start need not fit with the linear
function first. Centred committee of infinite width, gradient flow; D, P, alpha, eps are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 40  # D (ours)
    samples_per_dim: float = 5.0  # P / D (ours)
    output_scale: float = 1.0  # alpha (ours)
    curvature: float = 0.1  # eps (ours)
    overlaps: tuple[float, ...] = (0.0, 0.3, 0.6, 0.9, 0.97)  # m0
    last: float = 1e3  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 4
    key: int = 0  # number of the random key


SIZES = {"quick": {"dim": 20, "runs": 2, "points": 40}, "full": {"dim": 100, "runs": 10}}


def _times(parameters):
    return np.append(0, np.geomspace(1e-1, parameters.last, parameters.points))


def steps(parameters):
    return {f"m0={overlap:g}": lambda overlap=overlap: _train(parameters, overlap) for overlap in parameters.overlaps}


def _train(parameters, overlap):
    import jax

    from grok_theory.lazy_rich import QuadraticCommittee, simulate

    runs = simulate(
        QuadraticCommittee(parameters.output_scale, parameters.curvature, parameters.samples_per_dim, overlap),
        _times(parameters),
        dim=parameters.dim,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
    )
    return {name: runs[name].mean(0) for name in ("test_loss", "linear_power")}


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (losses, powers) = plt.subplots(1, 2, figsize=(7, 2.5))
    times = _times(parameters)[1:]
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.overlaps)))
    for overlap, color in zip(parameters.overlaps, colors, strict=True):
        step = data[f"m0={overlap:g}"]
        losses.plot(times, step["test_loss"][1:], color=color, label=f"$m_0$ = {overlap:g}")
        powers.plot(times, step["linear_power"][1:], color=color)
    losses.set(xscale="log", xlabel=r"time $\tau$", ylabel="test loss", ylim=(0, None))
    losses.legend(loc="lower left")
    losses.set_title(
        f"D = {parameters.dim}, P/D = {parameters.samples_per_dim:g}, $\\epsilon$ = {parameters.curvature:g}"
    )
    powers.set(xscale="log", xlabel=r"time $\tau$", ylabel="linear power", ylim=(0, None))
    return figure


def claims(parameters, data):
    curves = [data[f"m0={overlap:g}"]["test_loss"] for overlap in parameters.overlaps]
    humps = np.array([curve.max() - curve[0] for curve in curves])
    times = [_times(parameters)[np.argmax(curve < 0.375)] for curve in curves]
    return [
        Claim(
            "The hump shrinks with the overlap, to less than a third of the cold start's",
            np.all(np.diff(humps) <= 0) and humps[-1] < humps[0] / 3,
            ", ".join(f"m0 = {m:g}: {h:.3f}" for m, h in zip(parameters.overlaps, humps, strict=True)),
        ),
        Claim(
            "The nearer the start, the earlier the test loss has halved",
            np.all(np.diff(times) <= 0) and times[-1] < times[0],
            ", ".join(f"m0 = {m:g}: tau = {t:.3g}" for m, t in zip(parameters.overlaps, times, strict=True)),
        ),
    ]
