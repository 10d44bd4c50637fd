"""Scaling the start and scaling the output: what remains is alpha times sigma squared.

Caption: Final test loss (left) and time at which the test loss has halved (right) of committees whose starting weights
are multiplied by sigma, against the output scale alpha (hollow) and against alpha sigma^2 (filled). The multiplied
start is exactly the Problem with alpha sigma and eps sigma at the same tau, so nothing new is simulated. The final
loss collapses on alpha sigma^2; the time does after multiplication by sigma^2, up to the linear part of the network,
which sigma slows against the quadratic one. Centred, infinite width, gradient flow; D, P, eps are this package's
choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 40  # D (ours)
    samples_per_dim: float = 6.0  # P / D (ours)
    curvature: float = 0.25  # eps at sigma = 1 (ours)
    products: tuple[float, ...] = (0.25, 1.0, 4.0, 16.0)  # alpha sigma^2
    init_scales: tuple[float, ...] = (0.5, 1.0, 2.0)  # sigma
    last: float = 3e3  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 3
    tolerance: float = 1e-4  # of the flow
    key: int = 0  # number of the random key


SIZES = {"quick": {"dim": 20, "runs": 2, "points": 40}, "full": {"dim": 100, "runs": 10}}


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    return {f"sigma={sigma:g}": lambda sigma=sigma: _train(parameters, sigma) for sigma in parameters.init_scales}


def _train(parameters, sigma):
    import jax

    from grok_theory.lazy_rich import ExactReduction, QuadraticCommittee, rescaled_start, simulate
    from grok_theory.observables import crossing_time

    final, time = [], []
    for product in parameters.products:
        problem = QuadraticCommittee(product / sigma**2, parameters.curvature, parameters.samples_per_dim)
        runs = simulate(
            rescaled_start(problem, sigma),
            _times(parameters),
            dim=parameters.dim,
            runs=parameters.runs,
            key=jax.random.key(parameters.key),
            method=ExactReduction(tolerance=parameters.tolerance),
        )
        final.append(runs["test_loss"].mean(0)[-1])
        time.append(float(crossing_time(_times(parameters), runs["test_loss"].mean(0), 0.375).time))
    return {"final": np.array(final), "time": np.array(time)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (losses, times) = plt.subplots(1, 2, figsize=(7, 2.6))
    products = np.array(parameters.products)
    for sigma, marker, color in zip(parameters.init_scales, "osD^v", ("C0", "C1", "C2", "C3", "C4")):
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
    return figure


def claims(parameters, data):
    final = np.array([data[f"sigma={sigma:g}"]["final"] for sigma in parameters.init_scales])
    time = np.array([data[f"sigma={sigma:g}"]["time"] * sigma**2 for sigma in parameters.init_scales])
    spread, scaled = ((v.max(0) / v.min(0)).max() for v in (final, time))
    rise = final.mean(0).max() / final.mean(0).min()
    return [
        Claim(
            "The final test loss depends on alpha sigma^2 alone, to 10 %, while it changes more than tenfold",
            spread < 1.10 and rise > 10,
            f"largest ratio at equal alpha sigma^2: {spread:.3f}; over alpha sigma^2: {rise:.0f}",
        ),
        Claim(
            "The time to half the test loss, times sigma^2, collapses to 40 %",
            scaled < 1.40,
            f"largest ratio {scaled:.2f}",
        ),
    ]
