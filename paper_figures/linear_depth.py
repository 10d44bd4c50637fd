"""Depth: plateaus from small starts, and learned layers that amplify what was never learned.

Caption: Deep linear networks (SNR = 5). Left: test error in time at alpha = 2 from a small balanced start; lines:
theory for depth 1 to 4, points: trained networks. A plateau appears whose length grows as start^-(D-2). Right: test
error after training for ever at alpha = 1/2 against the norm of the first layer's start. Weights that see no data
keep their initial value, and the learned upper layers multiply it: at small and moderate starts, the deeper, the
worse; a very large start shrinks the upper layers, and the order turns round. Stars: the march in time, run to its
end.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    depths: tuple[int, ...] = (1, 2, 3, 4)
    snr: float = 5.0
    start: float = 0.3  # norm of every layer at the start, left panel
    last: float = 40.0  # tau
    dim: int = 100  # inputs of the trained networks
    runs: int = 16
    upper: float = 0.5  # start of the upper layers, right panel
    firsts: int = 25  # points of the right panel
    key: int = 0


SIZES = {"quick": {"depths": (1, 3), "dim": 40, "runs": 8, "firsts": 9}, "full": {"dim": 300, "runs": 64, "firsts": 60}}


def steps(parameters):
    curves = {f"depth {depth}": lambda depth=depth: _curves(parameters, depth) for depth in parameters.depths}
    return {**curves, "ends": lambda: _ends(parameters)}


def _curves(parameters, depth):
    import jax

    from grok_theory import linear

    problem = linear.TeacherStudent(2.0, parameters.snr, parameters.start**2)
    if depth > 1:
        problem = linear.DeepLinear(2.0, parameters.snr, depth, parameters.start, parameters.start)
    fine, times = np.geomspace(0.02, parameters.last, 200), np.geomspace(0.02, parameters.last, 14)
    runs = linear.simulate(
        problem,
        times,
        runs=parameters.runs,
        dim=parameters.dim,
        key=jax.random.fold_in(jax.random.key(parameters.key), depth),
    )
    return {
        "fine": fine,
        "times": times,
        "line": linear.solve(problem, fine)["test_loss"],
        "runs": runs["test_loss"],
        "theory": linear.solve(problem, times)["test_loss"],
        "end": linear.limits(problem).test_loss,
    }


def _ends(parameters):
    import jax

    from grok_theory import linear

    firsts = np.linspace(0.0, 2.0, parameters.firsts)
    lines, marched, closed = [], [], []
    for depth in parameters.depths:
        build = lambda first, depth=depth: linear.DeepLinear(0.5, parameters.snr, depth, parameters.upper, first)  # noqa: E731
        lines.append(jax.vmap(lambda first, build=build: linear.limits(build(first)).test_loss)(firsts))
        march = linear.solve(build(1.0), [0.0, 400.0])
        marched.append(march["test_loss"][-1])
        closed.append(linear.limits(build(1.0)).test_loss)
    return {"firsts": firsts, "lines": np.array(lines), "marched": np.array(marched), "closed": np.array(closed)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6))
    for index, depth in enumerate(parameters.depths):
        step = data[f"depth {depth}"]
        left.plot(step["fine"], step["line"], color=f"C{index}", label=f"depth {depth}")
        error = step["runs"].std(0, ddof=1) / np.sqrt(parameters.runs)
        left.errorbar(step["times"], step["runs"].mean(0), error, fmt="o", color=f"C{index}", elinewidth=0.8)
        right.plot(data["ends"]["firsts"], data["ends"]["lines"][index], color=f"C{index}", label=f"depth {depth}")
    right.plot(np.ones(len(parameters.depths)), data["ends"]["marched"], "k*", ms=5)
    left.set(xscale="log", xlabel=r"time $t$ [$\tau$]", ylabel="test error [noise variance]")
    right.set(xlabel="norm of the first layer's start", ylabel=r"test error at $t=\infty$")
    left.legend()
    right.legend()
    return figure


def claims(parameters, data):
    ends, half = data["ends"], {}
    scores = []
    for depth in parameters.depths:
        step = data[f"depth {depth}"]
        middle = (step["line"][0] + step["line"].min()) / 2
        half[depth] = step["fine"][np.argmax(step["line"] < middle)]
        scores.append(np.abs(step["runs"].mean(0) / step["theory"] - 1).max())
    gap = np.abs(ends["marched"] / ends["closed"] - 1).max()
    return [
        Claim("The march in time ends at the closed form to 1e-9", gap < 1e-9, f"largest relative gap {gap:.1e}"),
        Claim(
            "Deeper networks wait longer before they learn",
            np.all(np.diff(list(half.values())) > 0),
            ", ".join(f"depth {depth}: half-way at {time:.2f}" for depth, time in half.items()),
        ),
        Claim(
            "The deeper, the more frozen noise is amplified (first layer's start 1)",
            np.all(np.diff(ends["closed"]) > 0),
            ", ".join(f"{value:.3f}" for value in ends["closed"]),
        ),
        Claim(
            "Trained networks follow the theory: mean test error within 15 %",
            max(scores) < 0.15,
            f"largest gap {max(scores):.1%} at N = {parameters.dim}, {parameters.runs} runs",
        ),
    ]
