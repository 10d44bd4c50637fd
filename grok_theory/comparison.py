"""Hold runs against theory: a gap with its confidence band on every curve, and one of three verdicts.

Theory is the infinite limit, and enough runs always find a difference, so a margin is stated: how large a difference
would matter. Then, with S runs and T judged values of x (all curves together),

* `disagrees`: some simultaneous interval (Bonferroni over all T) lies beyond the margin;
* `agrees`: every pointwise interval lies inside it (an intersection of one-sided tests needs no correction);
* `underpowered`: neither; the number of runs that would tell is stated.

Intervals are Student's t with S - 1 degrees of freedom. Positive curves are compared in logs, like with like: the log
of the mean over runs with the log of the theory of the mean. (The mean of the log lies lower by half the log's
variance: comparing that with a theory of the mean is a trap.) Their intervals also cover a log-normal law of any
spread, so that heavy tails raise no false alarms (`numerics.mean_intervals`; measured in docs/compare.md). The theory's
own `numerical_error` widens every interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from .errors import BadValue, check_between, check_choice, check_positive
from .numerics.mean_intervals import half_width_of_log_mean, log_of_mean, student
from .pytrees import record, same
from .results import Agreement, CurveAgreement, Ensemble, Solution


@record()
class Relative:
    """A margin relative to the theory: 0.05 lets the mean of the runs differ by a factor of up to 1.05 either way."""

    size: float

    def __post_init__(self):
        check_positive("margin", self.size, "Pass the relative difference that would matter, for example 0.05.")


@record()
class Absolute:
    """A margin in the unit of the curve, for curves that may be zero or negative."""

    size: float

    def __post_init__(self):
        check_positive("margin", self.size, "Pass the difference that would matter, in the unit of the curve.")


def compare(
    solution: Solution,
    ensemble: Ensemble,
    *,
    margin: float | Mapping[str, Any],
    curves: Sequence[str] | None = None,
    where: tuple[float, float] | None = None,
    confidence: float = 0.99,
) -> Agreement:
    """Judge whether the runs of `ensemble` agree with `solution` to within `margin`.

    **Arguments:**
    - `margin`: a relative margin for every curve, or a dict curve -> `Relative(size)` / `Absolute(size)`.
    - `curves`: names to judge; default: those both have (with a dict: its names).
    - `where`: (low, high) in x, both included; default: all x. What an Ensemble marks as not `valid` is never judged.
    - `confidence`: of the intervals.

    **Returns:** an `Agreement`; print it, or read `.verdict`.

    Raises `BadValue` when the two belong to different problems, dynamics or x (beyond 1e-9), when a judged value is not
    finite, or when a curve that is not positive is given a relative margin.
    """
    check_between("confidence", confidence, 0, 1, "Pass 0.99.", include_low=False, include_high=False)
    check_comparable(solution, ensemble)
    margins = _margins(margin, solution, ensemble, curves)
    if solution.run is not None and not 0 <= solution.run < ensemble.runs:
        raise BadValue(
            f"solution is conditional on run {solution.run}, but the ensemble has runs 0 to {ensemble.runs - 1}. "
            "Simulate that run too."
        )
    judged = {name: _judged(ensemble, name, where) for name in margins}
    looks = sum(int(mask.sum()) for mask in judged.values())
    return Agreement(
        solution.problem,
        {
            name: _judge(solution, ensemble, name, limit, judged[name], looks, confidence)
            for name, limit in margins.items()
        },
        solution.x_name,
        solution.x_unit,
        ensemble.runs if solution.run is None else 1,
        float(confidence),
    )


def check_comparable(solution: Solution, ensemble: Ensemble) -> None:
    for kind, theory, runs in (
        ("problem", solution.problem, ensemble.problem),
        ("dynamics", solution.dynamics, ensemble.dynamics),
    ):
        if not same(theory, runs, tolerance=1e-12):
            raise BadValue(
                f"ensemble has {kind} {runs}, but the solution has {theory}, and only the same can be compared. "
                f"Solve and simulate with one {kind}."
            )
    if np.ndim(solution.x) != 1:
        raise BadValue(
            f"solution is a batch of shape {np.shape(solution.x)[:-1]}, but one solution is compared at a time. "
            "Pick a member with jax.tree_util.tree_map(lambda leaf: leaf[i], solution)."
        )
    theory, runs = np.asarray(solution.x, float), np.asarray(ensemble.x, float)
    if theory.shape != runs.shape or not np.allclose(theory, runs, rtol=1e-9, atol=0.0):
        raise BadValue(
            f"ensemble has other {ensemble.x_name} than the solution ({runs.size} and {theory.size} values), but they "
            "must be equal to 1e-9. Solve and simulate at one array."
        )


def _margins(
    margin: Any, solution: Solution, ensemble: Ensemble, curves: Sequence[str] | None
) -> dict[str, Relative | Absolute]:
    both = [name for name in solution.curves if name in ensemble.curves]
    if isinstance(margin, Mapping):
        wanted = list(margin) if curves is None else list(curves)
    else:
        wanted = both if curves is None else list(curves)
        margin = dict.fromkeys(wanted, Relative(margin))
    if not wanted:
        raise BadValue("curves is empty, but at least one curve must be judged. Name one that both have.")
    for name in wanted:
        check_choice("curves", name, both, "Name curves that both the solution and the ensemble have.")
        if not isinstance(margin.get(name), (Relative, Absolute)):
            raise BadValue(
                f"margin[{name!r}] is {margin.get(name)!r}, but it must be Relative(size) or Absolute(size). "
                "Add one for every judged curve."
            )
    return {name: margin[name] for name in wanted}


def _judged(ensemble: Ensemble, name: str, where: tuple[float, float] | None) -> np.ndarray:
    x = np.asarray(ensemble.x, float)
    low, high = (x[0], x[-1]) if where is None else where
    if not low <= high:
        raise BadValue(f"where is {where}, but it must be (low, high) with low <= high. Pass the range of x to judge.")
    mask = ensemble.is_valid(name) & (x >= low) & (x <= high)
    if not mask.any():
        raise BadValue(
            f"where is {where}, but no {ensemble.x_name} in it is valid for {name!r}, so there is nothing to judge. "
            f"Widen it, leave {name!r} out, or simulate at a larger size."
        )
    return mask


def _judge(
    solution: Solution,
    ensemble: Ensemble,
    name: str,
    margin: Relative | Absolute,
    mask: np.ndarray,
    looks: int,
    confidence: float,
) -> CurveAgreement:
    x = np.asarray(solution.x, float)[mask]
    theory = np.asarray(solution[name], float)[mask]
    runs = np.asarray(ensemble[name], float)[:, mask]
    error = np.abs(np.broadcast_to(np.asarray(solution.numerical_error.get(name, 0.0), float), mask.shape)[mask])
    if solution.run is not None:
        runs = runs[[solution.run]]
    _check_judgeable(name, x, ensemble.x_name, theory, runs, margin)

    if isinstance(margin, Relative):
        centre, interval, limit = np.log(runs.mean(0) / theory), log_of_mean, float(np.log1p(margin.size))
        offset, numerical = np.log(theory), error / theory
    else:
        centre, interval, limit = runs.mean(0) - theory, student, float(margin.size)
        offset, numerical = theory, error
    if solution.run is not None:  # one run against the theory of that very run: nothing is random any more
        (low, high), (lowest, highest) = (centre, centre), (centre, centre)
    else:
        tail = (1 - confidence) / 2
        low, high = (bound - offset for bound in interval(runs, tail))
        lowest, highest = (bound - offset for bound in interval(runs, tail / looks))

    if np.any((lowest - numerical > limit) | (highest + numerical < -limit)):
        verdict = "disagrees"
    elif np.all((low - numerical > -limit) & (high + numerical < limit)):
        verdict = "agrees"
    else:
        verdict = "underpowered"
    needed = np.nan
    if verdict == "underpowered":
        needed = _runs_needed(runs, isinstance(margin, Relative), limit, (1 - confidence) / (2 * looks))
    return CurveAgreement(
        name, verdict, limit, isinstance(margin, Relative), x, centre, low, high, lowest, highest, numerical, needed
    )


def _check_judgeable(
    name: str, x: np.ndarray, x_name: str, theory: np.ndarray, runs: np.ndarray, margin: Relative | Absolute
) -> None:
    for what, values in (("solution", theory[None]), ("ensemble", runs)):
        wrong = np.argwhere(~np.isfinite(values))
        if wrong.size:
            row, at = wrong[0]
            member = "" if what == "solution" else f" in run {row}"
            raise BadValue(
                f"{what}[{name!r}]{member} is {values[row, at]} at {x_name} = {x[at]:g}, but a judged value must be "
                "finite. Leave that range out with where=(low, high), or repair it."
            )
    lowest = np.minimum(theory, runs.mean(0))
    if isinstance(margin, Relative) and not np.all(lowest > 0):
        at = int(np.argmin(lowest))
        raise BadValue(
            f"curve {name!r} is {lowest[at]:g} at {x_name} = {x[at]:g}, but a relative margin needs positive curves. "
            f"Pass margin={{{name!r}: Absolute(size)}}."
        )


def _runs_needed(runs: np.ndarray, in_logs: bool, margin: float, tail: float) -> float:
    """Least number of runs of this spread whose simultaneous half-width is at most half the margin, at the worst x."""
    if len(runs) < 2:
        return np.inf
    spread = runs.std(0, ddof=1) / (runs.mean(0) if in_logs else 1.0)
    worst = int(np.argmax(spread))
    if in_logs and np.all(runs[:, worst] > 0):
        log_spread = float(np.log(runs[:, worst]).std(ddof=1))

        def half_width(count: int) -> float:
            return half_width_of_log_mean(float(spread[worst]), log_spread, count, tail)
    else:

        def half_width(count: int) -> float:
            return float(stats.t.isf(tail, count - 1) * spread[worst] / np.sqrt(count))

    low, high = 1, 2
    while half_width(high) > margin / 2:
        low, high = high, 2 * high
        if high > 2**40:
            return np.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if half_width(middle) <= margin / 2 else (middle, high)
    return float(high)
