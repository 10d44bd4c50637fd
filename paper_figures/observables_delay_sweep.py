"""The delay between fitting and generalizing against the load, with runs that never generalize in the record.

Caption: Linear regression by gradient flow, noise-free, with samples / dim above one; train and test loss must fall
to a tenth of their start. Near one sample a dimension the slowest directions of the data take time 1/(1 -
1/sqrt(load))^2 to be learned: the train loss hardly feels them, the test loss does. Line: theory (Marchenko-Pastur).
Points: median over runs with its distribution-free 95 % interval. Triangles: the record ended before the median run, or
before the upper end of its interval; the delay is at least that. Below: share of censored runs.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "observables"


@dataclass(frozen=True)
class Parameters:
    dim: int = 200  # of the inputs
    loads: int = 14  # values of samples / dim
    lowest: float = 1.02  # samples / dim
    highest: float = 4.0  # samples / dim
    runs: int = 15  # at each load
    record: float = 6.0  # end of the record, in units of 1 / (variance of the inputs)
    points: int = 1200  # times recorded
    threshold: float = 0.1  # of the losses at the start
    seed: int = 0  # of the draws


SIZES = {"quick": {"dim": 100, "loads": 8, "points": 400}, "full": {"dim": 800, "loads": 30, "runs": 31}}


def _loads(parameters):
    loads = 1 + np.geomspace(parameters.lowest - 1, parameters.highest - 1, parameters.loads)
    samples = np.round(loads * parameters.dim)
    return samples / parameters.dim


def _times(parameters):
    return np.concatenate([[0], np.geomspace(1e-2, parameters.record, parameters.points)])


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "runs": lambda: _runs(parameters)}


def _theory(parameters):
    """Train = int rho mu e^{-2 mu t}, test = int rho e^{-2 mu t}; on a record long enough for every load."""
    from grok_theory.observables import grokking_delay

    grid = 1 + np.geomspace(parameters.lowest - 1, parameters.highest - 1, 60)
    points, weights = np.polynomial.legendre.leggauss(400)
    angle = np.pi / 2 * (points + 1)
    times = np.concatenate([[0], np.geomspace(1e-2, 1e5, 4000)])
    delays = []
    for load in grid:
        low, high = (1 - load**-0.5) ** 2, (1 + load**-0.5) ** 2
        mu = (low + high) / 2 + (high - low) / 2 * np.cos(angle)
        density = load * (high - low) ** 2 / 4 * np.sin(angle) ** 2 / (2 * np.pi * mu) * weights * np.pi / 2
        decay = np.exp(-2 * np.outer(times, mu))
        delay = grokking_delay(
            times,
            decay @ (density * mu),
            decay @ density,
            train_threshold=parameters.threshold,
            test_threshold=parameters.threshold,
        )
        delays.append(delay.delay)
    return {"load": grid, "delay": np.array(delays)}


def _runs(parameters):
    from grok_theory.observables import grokking_delay

    generator, times = np.random.default_rng(parameters.seed), _times(parameters)
    rows = {"median": [], "interval": [], "censored": []}
    for load in _loads(parameters):
        train, test = [], []
        for _ in range(parameters.runs):
            inputs = generator.standard_normal((round(load * parameters.dim), parameters.dim))
            mu = np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))
            target = generator.standard_normal(parameters.dim) ** 2
            decay = target / target.sum() * np.exp(-2 * np.outer(times, mu))
            train.append(decay @ mu / (target / target.sum() @ mu))
            test.append(decay.sum(1))
        delay = grokking_delay(
            times,
            np.array(train),
            np.array(test),
            train_threshold=parameters.threshold,
            test_threshold=parameters.threshold,
        )
        for name, value in (
            ("median", delay.median),
            ("interval", delay.interval),
            ("censored", delay.censored.mean()),
        ):
            rows[name].append(value)
    return {"load": _loads(parameters), **{name: np.array(values) for name, values in rows.items()}}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (axes, below) = plt.subplots(
        2, 1, figsize=(3.4, 3.4), sharex=True, layout="constrained", height_ratios=(3, 1)
    )
    theory, runs = data["theory"], data["runs"]
    axes.plot(theory["load"] - 1, theory["delay"], color="C0", label="theory")
    low, high = runs["interval"].T
    reached = np.isfinite(runs["median"][:, 1])
    top = np.where(np.isfinite(high), high, runs["median"][:, 0])
    x = runs["load"] - 1
    axes.errorbar(
        x[reached],
        runs["median"][reached, 0],
        [(runs["median"][:, 0] - low)[reached], (top - runs["median"][:, 0])[reached]],
        fmt="o",
        color="C1",
        markersize=4,
        label=f"median of {parameters.runs} runs",
    )
    open_ends = np.isinf(high) & reached
    axes.plot(x[open_ends], top[open_ends], marker="^", color="C1", linestyle="none", markersize=5)
    axes.plot(
        x[~reached],
        runs["median"][~reached, 0],
        marker="^",
        color="k",
        linestyle="none",
        markersize=5,
        label="at least",
    )
    axes.axhline(parameters.record, color="0.5", linestyle=":", linewidth=0.8, zorder=0)
    axes.text(x[-1], parameters.record * 1.1, "end of the record", ha="right", fontsize=6, color="0.4")
    axes.set(xscale="log", yscale="log", ylabel="delay (1 / input variance)")
    axes.legend(loc="lower left")
    below.plot(x, 100 * runs["censored"], "o-", color="C1", markersize=3)
    below.set(xlabel="samples / dim, less one", ylabel="censored (%)", ylim=(-5, 105))
    return figure


def claims(parameters, data):
    theory, runs = data["theory"], data["runs"]
    expected = np.interp(runs["load"], theory["load"], theory["delay"])
    low, high = runs["interval"].T
    # The theory is that of infinite dim; a tenth allows for what is finite.
    inside = (low < 1.1 * expected) & (high > 0.9 * expected)
    share = runs["censored"]
    return [
        Claim(
            "The interval of the median holds the theory's delay within 10 % at every load.",
            inside.all(),
            f"{inside.sum()} of {inside.size}",
        ),
        Claim(
            "Some loads are fully censored and some not at all.",
            share.max() == 1 and share.min() == 0,
            f"{share.min():.2f} to {share.max():.2f}",
        ),
    ]
