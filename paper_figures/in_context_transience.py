"""Learning from a prompt goes away again: the flow of linear attention and networks trained by one pass.

Caption: Left: mean square error on prompts of fresh tasks in time (rate x steps / d) for several numbers of training
tasks a dimension; up to a quarter of a task a dimension the loss rises at the end: the general solution is transient.
Right: one-pass descent on fresh sequences (points: mean of runs with one standard error) on the flow, at the smallest
number: fresh tasks (blue) fall and come back while the training tasks (orange) only fall.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "in_context"
LOSSES = ("icl_loss", "idg_loss")


@dataclass(frozen=True)
class Parameters:
    context_per_dim: float = 1.0  # pairs of a prompt over d
    noise: float = 0.3162  # standard deviation of the label noise
    numbers: tuple[float, ...] = (0.2, 0.25, 0.4, 1.0)  # training tasks over d
    points: int = 200  # of every line
    dim: int = 20  # d, of the runs
    drawn: tuple[float, ...] = (0.03, 0.14, 0.3, 1.2, 3.0)  # times of the runs
    runs: int = 12
    key: int = 0


SIZES = {
    "quick": {"dim": 10, "drawn": (0.14, 1.2), "points": 100},
    "full": {"dim": 40, "runs": 24, "points": 400},
}


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "runs": lambda: _runs(parameters)}


def _solve(parameters, kappa, times):
    from grok_theory import in_context

    problem = in_context.LinearAttention(parameters.context_per_dim, kappa, parameters.noise)
    return in_context.solve(problem, times, dynamics=in_context.GradientFlow())


def _theory(parameters):
    times = np.geomspace(1e-2, 100.0, parameters.points)
    solved = [_solve(parameters, kappa, times) for kappa in parameters.numbers]
    return {"times": times, **{name: np.stack([each[name] for each in solved]) for name in LOSSES}}


def _runs(parameters):
    import jax

    import grok_theory as gt

    theory = _solve(parameters, parameters.numbers[0], parameters.drawn)
    key = jax.random.key(parameters.key)
    more = {"dim": parameters.dim, "runs": parameters.runs, "dynamics": theory.dynamics}
    runs = gt.in_context.simulate(theory.problem, parameters.drawn, key=key, **more)
    verdict = gt.compare(theory, runs, margin=0.05, curves=["icl_loss"]).verdict
    curves = {name: runs[name] for name in LOSSES} | {f"theory {name}": theory[name] for name in LOSSES}
    return curves | {"agrees": np.asarray(verdict == "agrees")}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(6.8, 2.8))
    theory, runs = data["theory"], data["runs"]
    for index, kappa in enumerate(parameters.numbers):
        left.plot(theory["times"], theory["icl_loss"][index], color=f"C{index}", label=rf"$k/d$ = {kappa:g}")
    left.set(xscale="log", xlabel="time [rate x steps / d]", ylabel="mean square error, fresh tasks")
    left.legend()
    for color, name, label in (("C0", "icl_loss", "fresh tasks"), ("C1", "idg_loss", "training tasks")):
        right.plot(theory["times"], theory[name][0], color=color, label=label)
        error = runs[name].std(0, ddof=1) / np.sqrt(parameters.runs)
        right.errorbar(parameters.drawn, runs[name].mean(0), error, fmt="o", color=color, ms=3.5, elinewidth=0.8)
    right.set(xscale="log", xlabel="time [rate x steps / d]", ylabel="mean square error")
    right.legend(title=rf"$k/d$ = {parameters.numbers[0]:g}, $d$ = {parameters.dim}")
    return figure


def claims(parameters, data):
    theory, runs = data["theory"], data["runs"]
    # Rises at the end: the least loss lies below the last by more than rounding.
    back = theory["icl_loss"][:, -1] - theory["icl_loss"].min(axis=1)
    rises = [_rises_last(curve) for curve in theory["icl_loss"]]
    dip = int(np.argmin(np.abs(np.asarray(parameters.drawn) - 0.14)))
    returned = runs["icl_loss"][:, -1] - runs["icl_loss"][:, dip]
    z = returned.mean() / (returned.std(ddof=1) / np.sqrt(parameters.runs))
    # From time to time of the same runs: once it has fallen it rests, and single runs go either way.
    fallen = runs["idg_loss"]
    steps = np.diff(fallen, axis=1)
    up = steps.mean(0) / (steps.std(0, ddof=1) / np.sqrt(parameters.runs))
    return [
        Claim(
            "The loss on fresh tasks rises at the end exactly up to a quarter of a task a dimension",
            rises == [kappa <= 0.25 for kappa in parameters.numbers],
            ", ".join(
                f"{gap:.4f} above its least at {kappa:g}" for gap, kappa in zip(back, parameters.numbers, strict=True)
            ),
        ),
        Claim(
            "The loss on training tasks never rises",
            np.all(np.diff(theory["idg_loss"], axis=1) <= 1e-12),
            f"from {theory['idg_loss'][0, 0]:.3f} to {theory['idg_loss'][0, -1]:.3f} at {parameters.numbers[0]:g}",
        ),
        Claim(
            "Trained networks are on the flow to 5 % of the loss on fresh tasks",
            runs["agrees"],
            f"ratios {', '.join(f'{r:.3f}' for r in runs['icl_loss'].mean(0) / runs['theory icl_loss'])}",
        ),
        Claim(
            "They too come back: the last loss on fresh tasks is above that of the dip by more than 3 standard errors",
            z > 3,
            f"by {returned.mean():.4f}, z = {z:.1f}",
        ),
        Claim(
            "And their loss on training tasks falls at first, and never rises by more than 3 standard errors",
            up[0] < -3 and up.max() < 3,
            f"{', '.join(f'{value:.3f}' for value in fallen.mean(0))}; at most {up.max():+.1f} standard errors",
        ),
    ]


def _rises_last(curve):
    """Whether the last step that is larger than rounding is upwards."""
    moves = np.diff(curve)
    return bool(moves[np.abs(moves) > 1e-13][-1] > 0)
