"""What may be held against each other: one problem, one dynamics, one x in one unit, and nothing that has failed."""

from __future__ import annotations

from functools import partial

import numpy as np

from .dynamics import same_dynamics
from .errors import BadValue
from .pytrees import same
from .results import Ensemble, Solution


def check_comparable(solution: Solution, ensemble: Ensemble) -> None:
    """Refuse what cannot be held against each other: other physics, another x or unit, a batch, what has failed."""
    if np.ndim(solution.x) != 1:
        raise BadValue(
            f"solution is a batch of shape {np.shape(solution.x)[:-1]}, but one solution is compared at a time. "
            "Pick a member with jax.tree_util.tree_map(lambda leaf: leaf[i], solution)."
        )
    for kind, theory, runs, alike in (
        ("problem", solution.problem, ensemble.problem, partial(same, tolerance=1e-12)),
        ("dynamics", solution.dynamics, ensemble.dynamics, same_dynamics),
    ):
        if not alike(theory, runs):
            raise BadValue(
                f"ensemble has {kind} {runs}, but the solution has {theory}, and only the same can be compared. "
                f"Solve and simulate with one {kind}."
            )
    for name in solution.conditions.differences(ensemble.conditions):
        theory, runs = getattr(solution.conditions, name), getattr(ensemble.conditions, name)
        raise BadValue(
            f"ensemble was run with {name} {runs}, but the solution is for {name} {theory}, and only the same can be "
            f"compared. Solve and simulate with one {name}."
        )
    check_one_x(solution, ensemble)
    for what, result in (("solution", solution), ("ensemble", ensemble)):
        if result.status.name == "failed":
            raise BadValue(f"{what} has failed, and only what is trusted can be judged. It says: {result.status.text}")
    theory, runs = np.asarray(solution.x, float), np.asarray(ensemble.x, float)
    if theory.shape != runs.shape or not np.allclose(theory, runs, rtol=1e-9, atol=0.0):
        raise BadValue(
            f"ensemble has other {ensemble.x_name} than the solution ({runs.size} and {theory.size} values), but they "
            "must be equal to 1e-9. Solve and simulate at one array."
        )


def check_one_x(
    one: Solution | Ensemble, other: Solution | Ensemble, names: tuple[str, str] = ("solution", "ensemble")
) -> None:
    """Refuse two results, called `names`, whose x are different things: steps are no times, seconds are no tau."""
    theory, runs = ((r.x_name, r.x_unit) for r in (one, other))
    if theory != runs:
        here, there = (f"{name} [{unit}]" if unit else name for name, unit in (theory, runs))
        raise BadValue(
            f"{names[1]} has x in {there}, but the {names[0]} has {here}, and equal numbers of them are not the same. "
            f"Convert: dataclasses.replace({names[1]}, x={names[1]}.x * factor, x_name={theory[0]!r}, "
            f"x_unit={theory[1]!r}), with factor how much {here} one {there} is."
        )
