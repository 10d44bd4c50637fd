"""How many nodes it takes to see every feature: gradient descent against Muon, exactly.

Caption: Expected number of hidden nodes until each of L = 20 modes (strengths from 0.3 to 1) was won once, against the
tail index of the initial sizes. Under gradient descent (T_0) the weak modes become hopeless as the tail gets thin; with
learned modes suppressed by half (Muon, T_a) three to seven times as many nodes as modes are enough. Lines: exact sums;
points: simulated collections with standard errors (smaller than the points); thin: the lower bound max(1 / min p, L
H_L), and the weaker one that the main text of the paper prints.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    modes: int = 20
    weakest: float = 0.3  # strength of the weakest mode; the strongest has 1
    tails: int = 40  # of the lines, from 0.5 to 6
    runs: int = 1000  # simulated collections at each drawn tail
    drawn: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0)
    key: int = 0


SIZES = {
    "quick": {"runs": 400, "tails": 12, "drawn": (1.0, 2.0, 3.0)},
    "full": {"runs": 10000, "tails": 80, "drawn": (1.0, 2.0, 3.0, 4.0, 5.0)},
}


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "runs": lambda: _runs(parameters)}


def _strengths(parameters):
    return np.linspace(parameters.weakest, 1.0, parameters.modes)


def _theory(parameters):
    from grok_theory import li2

    tails = np.union1d(np.linspace(0.5, 6.0, parameters.tails), parameters.drawn)
    found = [li2.feature_discovery_times(_strengths(parameters), float(a)) for a in tails]
    harmonic = np.sum(1 / np.arange(1, parameters.modes + 1))
    return {
        "tail": tails,
        "sgd": np.array([float(f.sgd) for f in found]),
        "muon": np.array([float(f.muon) for f in found]),
        "bound": np.array([float(f.lower_bound) for f in found]),
        "printed": np.array([max(1 / float(f.probabilities.min()), harmonic) for f in found]),
    }


def _runs(parameters):
    draws = np.random.default_rng(parameters.key)
    means, errors = [], []
    for tail in parameters.drawn:
        weights = _strengths(parameters) ** tail
        for kept in (1.0, 0.5**tail):
            learned = np.zeros((parameters.runs, parameters.modes), bool)
            counts = np.zeros(parameters.runs)
            running = np.arange(parameters.runs)
            while running.size:
                rates = np.where(learned[running], kept * weights, weights)
                edges = np.cumsum(rates, axis=1)
                won = np.sum(draws.uniform(size=(running.size, 1)) * edges[:, -1:] > edges, axis=1)
                learned[running, won] = True
                counts[running] += 1
                running = running[~learned[running].all(axis=1)]
            means.append(counts.mean())
            errors.append(counts.std() / np.sqrt(parameters.runs))
    shape = (len(parameters.drawn), 2)
    return {"mean": np.reshape(means, shape), "error": np.reshape(errors, shape)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    theory, runs = data["theory"], data["runs"]
    figure, axes = plt.subplots(figsize=(3.6, 2.7))
    axes.plot(theory["tail"], theory["sgd"], color="C0", label="gradient descent, $T_0$")
    axes.plot(theory["tail"], theory["muon"], "--", color="C1", label="Muon, $T_a$")
    axes.plot(theory["tail"], theory["bound"], color="0.4", linewidth=0.7, label="bound with $L\\,H_L$")
    axes.plot(theory["tail"], theory["printed"], ":", color="0.4", linewidth=0.9, label="bound as printed")
    for column, marker in enumerate("os"):
        axes.errorbar(
            parameters.drawn, runs["mean"][:, column], runs["error"][:, column], fmt=marker, color=f"C{column}"
        )
    axes.axhline(parameters.modes, color="0.8", linewidth=0.8, zorder=0)
    axes.text(6.0, parameters.modes * 0.93, "L modes", ha="right", va="top", color="0.4", fontsize=7)
    axes.set(yscale="log", xlabel="tail index a", ylabel="nodes until all are seen", xlim=(0.5, 6.05), ylim=(8, None))
    axes.legend(loc="upper left")
    return figure


def claims(parameters, data):
    theory, runs = data["theory"], data["runs"]
    at = np.searchsorted(theory["tail"], parameters.drawn)
    exact = np.stack([theory["sgd"][at], theory["muon"][at]], axis=1)
    worst = float(np.abs((runs["mean"] - exact) / runs["error"]).max())
    tight, modes = theory["sgd"][at] / theory["bound"][at], parameters.modes
    # Ten comparisons or fewer: 4 standard errors are a false alarm of 6e-4 in all.
    return [
        Claim(
            "Simulated collections agree with the exact sums within 4 standard errors.",
            worst < 4,
            f"largest {worst:.2f}",
        ),
        Claim(
            "The bound with L H_L is within a factor 2 of T_0 at every drawn tail, and never above it.",
            bool(np.all((tight >= 1) & (tight < 2))),
            f"T_0 over bound {tight.min():.2f} to {tight.max():.2f}",
        ),
        Claim(
            "Muon needs less than seven times as many nodes as modes at every drawn tail, and at the largest less than "
            "a third of what gradient descent needs.",
            bool(np.all(runs["mean"][:, 1] < 7 * modes)) and runs["mean"][-1, 0] > 3 * runs["mean"][-1, 1],
            f"nodes over modes {', '.join(f'{m / modes:.2f}' for m in runs['mean'][:, 1])}; "
            f"ratio at the end {runs['mean'][-1, 0] / runs['mean'][-1, 1]:.1f}",
        ),
    ]
