"""Depth: plateaus from small starts, and learned layers that amplify what was never learned.

Caption: Deep linear networks (SNR = 5). Left: test loss in time at alpha = 2 from a small balanced start; lines:
theory for depth 1 to 4, points: mean of trained networks with one standard error (neighbours go together: every
network has its own teacher). A plateau appears whose length grows as start^-(D-2). Right: test
error after training for ever at alpha = 1/2 against the norm of the first layer's start. Weights that see no data
keep their initial value, and the learned upper layers multiply it: at small and moderate starts, the deeper, the
worse; a very large start shrinks the upper layers, and the order turns round. Stars: the march in time, run to its
end.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_over, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("6",)
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    depths: tuple[int, ...] = (1, 2, 3, 4)
    snr: float = 5.0
    start: float = 0.3  # norm of every layer at the start, left panel
    last: float = 40.0  # tau
    times: int = 121  # points in time of theory and runs; every eighth one of the runs is drawn
    dim: int = 100  # inputs of the trained networks
    runs: int = 32
    upper: float = 0.5  # start of the upper layers, right panel
    firsts: int = 25  # points of the right panel; odd, so that 1 is one of them
    margin: float = 0.15  # relative difference of means that would matter
    key: int = 0


SIZES = {
    "quick": {"depths": (1, 3), "dim": 40, "runs": 24, "firsts": 9, "margin": 0.5},
    "full": {"dim": 300, "runs": 128, "firsts": 61, "margin": 0.08},
}


def steps(parameters):
    curves = {f"depth {depth}": lambda depth=depth: _curves(parameters, depth) for depth in parameters.depths}
    return {**curves, "ends": lambda: _ends(parameters)}


def _curves(parameters, depth):
    import jax

    from grok_theory import linear

    problem = linear.DeepLinear(2.0, parameters.snr, depth, parameters.start, parameters.start)
    times = np.geomspace(0.02, parameters.last, parameters.times)
    key = jax.random.fold_in(jax.random.key(parameters.key), depth)
    runs = linear.simulate(problem, times, runs=parameters.runs, dim=parameters.dim, key=key)
    theory = linear.solve(problem, times)
    line, drawn = np.asarray(theory["test_loss"]), np.asarray(runs["test_loss"])
    # Each network leaves its plateau at a time of its own, so that a mean over networks at one time is of two kinds:
    # what is judged is that time, and the error at the end.
    told = {"half_way": np.array([_half_way(times, line)]), "end": line[-1:]}
    read = {"half_way": np.array([[_half_way(times, run)] for run in drawn]), "end": drawn[:, -1:]}
    said = judged_over("depth", [depth], told, read, margin=parameters.margin)
    return {"times": times, "theory": line, "runs": drawn, **said}


def _ends(parameters):
    from grok_theory import linear

    firsts = np.linspace(0.0, 2.0, parameters.firsts)
    times = np.geomspace(0.02, 400, parameters.times)  # as many as in the other steps: nothing is compiled anew
    lines, marched = [], []
    for depth in parameters.depths:
        build = lambda first, depth=depth: linear.DeepLinear(0.5, parameters.snr, depth, parameters.upper, first)  # noqa: E731
        lines.append([linear.limits(build(first)).test_loss for first in firsts])
        marched.append(linear.solve(build(1.0), times)["test_loss"][-1])
    lines = np.array(lines)
    return {"firsts": firsts, "lines": lines, "marched": np.array(marched), "closed": lines[:, parameters.firsts // 2]}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6))
    for index, depth in enumerate(parameters.depths):
        step = data[f"depth {depth}"]
        left.plot(step["times"], step["theory"], color=f"C{index}", label=f"depth {depth}")
        mean, error = step["runs"].mean(0), step["runs"].std(0, ddof=1) / np.sqrt(parameters.runs)
        few = slice(None, None, 8)
        left.errorbar(step["times"][few], mean[few], error[few], fmt="o", color=f"C{index}", elinewidth=0.8)
        right.plot(data["ends"]["firsts"], data["ends"]["lines"][index], color=f"C{index}", label=f"depth {depth}")
    right.plot(np.ones(len(parameters.depths)), data["ends"]["marched"], "k*", ms=5)
    left.set(xscale="log", xlabel=r"time $t$ [$\tau$]", ylabel="test loss [noise variance]")
    right.set(xlabel="norm of the first layer's start", ylabel=r"test loss at $t=\infty$")
    left.legend()
    right.legend()
    return figure


def _half_way(times, curve):
    """When a curve has fallen half-way to its least value; times are spaced in logarithms."""
    middle = (curve[0] + curve.min()) / 2
    after = int(np.argmax(curve < middle))
    share = (curve[after - 1] - middle) / (curve[after - 1] - curve[after])
    return times[after - 1] * (times[after] / times[after - 1]) ** share


def claims(parameters, data):
    ends = data["ends"]
    curves = {depth: data[f"depth {depth}"] for depth in parameters.depths}
    half = [_half_way(step["times"], step["theory"]) for step in curves.values()]
    gap = np.abs(ends["marched"] / ends["closed"] - 1).max()
    return [
        Claim("The march in time ends at the closed form to 1e-9", gap < 1e-9, f"largest relative gap {gap:.1e}"),
        Claim(
            "Deeper networks wait longer before they learn",
            np.all(np.diff(half) > 0),
            ", ".join(f"depth {depth}: half-way at {time:.2f}" for depth, time in zip(curves, half, strict=True)),
        ),
        Claim(
            "The deeper, the more frozen noise is amplified (first layer's start 1)",
            np.all(np.diff(ends["closed"]) > 0),
            ", ".join(f"{value:.3f}" for value in ends["closed"]),
        ),
        *(
            verdict_claim(f"Depth {depth}: trained networks {words}", step, name)
            for depth, step in curves.items()
            for name, words in (("half_way", "are half-way when theory is"), ("end", "end where theory ends"))
        ),
    ]
