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

Where the curves show levels between which runs go at times of their own (grokking: some have arrived, some have not),
runs that were not drawn may lie on another level. There the intervals hold for every share of them that S runs do not
exclude (`numerics.two_levels`, `numerics.unseen_runs`), and a verdict that fails by that alone is `underpowered`, with
this as its reason.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from .agreement import Agreement, CurveAgreement
from .checks import check_between, check_choice, check_positive
from .comparable import check_comparable
from .errors import BadValue
from .numerics.mean_intervals import half_width_of_log_mean, interval_of_mean
from .numerics.single_run import band_of_one_run
from .numerics.two_levels import Levels, find_levels
from .numerics.unseen_runs import reach_of_the_mean, said
from .overlays import call_of_forecast
from .pytrees import record
from .results import Ensemble, Solution

# With no more runs an underpowered verdict says what they tell of one run.
FEW_RUNS = 8
# So many runs nobody makes: needing them is said to be needing infinitely many.
_MOST_RUNS = 2**40


@record()
class Relative:
    """A margin relative to the theory: 0.05 lets the mean of the runs differ by a factor of up to 1.05 either way.

    Parameters
    ----------
    size : float
        The relative difference that would matter, > 0; for curves that are positive.

    Raises
    ------
    BadValue
        For a size that is not positive and finite.

    Examples
    --------
    >>> margin = {"test_loss": Relative(0.05), "overlap": Absolute(0.01)}  # for `compare`
    """

    size: float

    def __post_init__(self):
        check_positive("margin", self.size, "Pass the relative difference that would matter, for example 0.05.")


@record()
class Absolute:
    """A margin in the unit of the curve, for curves that may be zero or negative.

    Parameters
    ----------
    size : float
        The difference that would matter, > 0, in the unit of the curve.

    Raises
    ------
    BadValue
        For a size that is not positive and finite.

    Examples
    --------
    >>> margin = {"test_loss": Absolute(0.05)}  # in the unit of the curve
    >>> print(margin["test_loss"].size)
    0.05
    """

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

    A run with a judged value that is not finite has failed: the others are judged, and the Agreement says so.

    Parameters
    ----------
    solution : Solution
        What theory predicts; one, no batch. If conditional on a run, only that run is judged.
    ensemble : Ensemble
        Runs of the same problem under the same dynamics and conditions, at the same x.
    margin : float or Mapping[str, Relative or Absolute]
        A relative margin for every curve, or a dict curve -> `Relative(size)` / `Absolute(size)`.
    curves : Sequence[str], optional
        Names to judge; default: those both have (with a dict: its names).
    where : tuple[float, float], optional
        (low, high) in x, both included; default: all x. What an Ensemble marks as not `valid` is never judged.
    confidence : float, default 0.99
        Of the intervals, in (0, 1).

    Returns
    -------
    Agreement
        Print it, or read `.verdict`.

    Raises
    ------
    BadValue
        When the two belong to different problems, dynamics or x (beyond 1e-9, or in another unit), when one of them
        failed, when a judged value of the theory or of all runs is not finite, or when a curve that is not positive is
        given a relative margin; for a margin, a curve or a range that judges nothing.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> problem = linear.TeacherStudent(0.5, 5.0)
    >>> theory = linear.solve(problem, [0.1, 1.0])
    >>> runs = linear.simulate(problem, [0.1, 1.0], dim=40, runs=8, key=jax.random.key(0))
    >>> print(compare(theory, runs, margin=0.5, curves=["test_loss"]).verdict)
    agrees
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
    failed = np.any([ensemble.failed_runs(name, mask) for name, mask in judged.items()], axis=0)
    looks = sum(int(mask.sum()) for mask in judged.values())
    curves_judged = {
        name: _judge(solution, ensemble, name, limit, judged[name], ~failed, looks, confidence)
        for name, limit in margins.items()
    }
    few = [] if solution.run is not None or np.sum(~failed) > FEW_RUNS else curves_judged.values()
    return Agreement(
        solution.problem,
        curves_judged,
        solution.x_name,
        solution.x_unit,
        int(np.sum(~failed)) if solution.run is None else 1,
        float(confidence),
        np.flatnonzero(failed) if solution.run is None else np.array([], int),
        tuple(
            f"{what}: {status}"
            for what, status in (("theory", solution.status), ("runs", ensemble.status))
            if status.name == "noted"
        )
        + tuple(
            _of_one_run(solution, np.asarray(ensemble[curve.name], float)[~failed], curve, confidence)
            for curve in few
            if curve.verdict == "underpowered"
        ),
    )


def _of_one_run(solution: Solution, runs: np.ndarray, curve: CurveAgreement, confidence: float) -> str:
    """What few runs say of ONE run, where they are too few for the mean: at the x of the greatest gap."""
    forecast = "whether ONE run can be of this Problem is told by its forecast, whose band is of one run"
    call = call_of_forecast(solution.problem, solution.x_name)
    forecast += f": {call}" if call else ""
    if len(runs) < 2:
        return f"{curve.name}: one run says nothing about the mean; {forecast}, and gt.overlay shows its ratio"
    at = np.argmin(np.abs(np.asarray(solution.x, float) - curve.x[curve.worst]))
    here, in_logs = runs[:, [at]], bool(np.all(runs[:, at] > 0))
    low, high = (float(end[0]) for end in band_of_one_run(here, (1 - confidence) / 2, in_logs=in_logs))
    theory = float(np.asarray(solution[curve.name])[at])
    where = f"{solution.x_name} {float(np.asarray(solution.x)[at]):.4g}"
    inside = "inside" if low <= theory <= high else "outside"
    return (
        f"{curve.name}: too few runs for the mean. One run more would lie in {low:.4g} to {high:.4g} at {where} "
        f"({confidence:.0%}, from the spread of these {len(runs)}); the theory, {theory:.4g}, is {inside}. "
        f"And {forecast}"
    )


def _margins(
    margin: float | Mapping[str, Relative | Absolute],
    solution: Solution,
    ensemble: Ensemble,
    curves: Sequence[str] | None,
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
    kept: np.ndarray,
    looks: int,
    confidence: float,
) -> CurveAgreement:
    x = np.asarray(solution.x, float)[mask]
    record = np.asarray(ensemble[name], float)
    theory = np.asarray(solution[name], float)
    # An error that is not stated is unknown, and said to be; the verdict can only take the solution as exact.
    stated = np.asarray(solution.numerical_error.get(name, np.nan), float)
    error = np.abs(np.broadcast_to(stated, mask.shape))[mask]
    record = record[[solution.run]] if solution.run is not None else record[kept] if kept.any() else record
    runs = record[:, mask]
    _check_judgeable(name, x, ensemble.x_name, theory[mask], runs, margin)

    in_logs = isinstance(margin, Relative)
    if in_logs:
        centre, limit = np.log(runs.mean(0) / theory[mask]), float(np.log1p(margin.size))
        # Of both sides of the logarithm the longer: ln(1 + e) to what lies above, but -ln(1 - e) to what lies below.
        with np.errstate(divide="ignore"):
            numerical = -np.log1p(-np.minimum(error / theory[mask], 1.0))  # inf where the truth may be zero
        offset = np.log(theory[mask])
    else:
        centre, limit = runs.mean(0) - theory[mask], float(margin.size)
        offset, numerical = theory[mask], error
    tail, levels = (1 - confidence) / 2, None
    if solution.run is None:
        known = np.isfinite(record).all(0) & np.isfinite(theory)
        levels = find_levels(record[:, known], apart=limit, in_logs=in_logs, tail=tail, theory=theory[known])
    (low, high), (lowest, highest) = (centre, centre), (centre, centre)
    if solution.run is None:  # one run against the theory of that very run: nothing is random any more
        ends = [interval_of_mean(runs, t, in_logs=in_logs, levels=levels) for t in (tail, tail / looks)]
        (low, high), (lowest, highest) = ((low - offset, high - offset) for low, high in ends)
    verdict = _verdict(low, high, lowest, highest, numerical, limit)
    needed, reason = np.nan, ""
    if verdict == "underpowered":
        needed = _runs_needed(runs, levels, in_logs, limit, tail / looks)
        if np.nanmax(np.r_[0.0, numerical]) >= limit:
            needed, reason = np.inf, "the theory's own error exceeds the margin, so no number of runs tells"
        elif levels is not None:
            ends = [interval_of_mean(runs, t, in_logs=in_logs) for t in (tail, tail / looks)]
            plain = _verdict(*(end - offset for pair in ends for end in pair), numerical, limit)
            if plain != "underpowered":
                reason = said(levels, runs, x, ensemble.x_name, tail, plain)
    return CurveAgreement(
        name=name,
        verdict=verdict,
        margin=limit,
        in_logs=in_logs,
        x=x,
        gap=centre,
        low=low,
        high=high,
        simultaneous_low=lowest,
        simultaneous_high=highest,
        numerical=numerical,
        runs_needed=needed,
        reason=reason,
    )


def _verdict(low, high, lowest, highest, numerical, limit: float) -> str:
    error = np.where(np.isnan(numerical), 0.0, numerical)
    if np.any((lowest - error > limit) | (highest + error < -limit)):
        return "disagrees"
    if np.all((low - error > -limit) & (high + error < limit)):
        return "agrees"
    return "underpowered"


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


def _runs_needed(runs: np.ndarray, levels: Levels | None, in_logs: bool, margin: float, tail: float) -> float:
    """Least number of runs of this spread whose simultaneous half-width is at most half the margin, at the worst x.

    With levels, the half-width holds the share on another level that so many runs do not exclude.
    """
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

    def enough(count: int) -> bool:
        return half_width(count) + reach_of_the_mean(levels, runs, count, in_logs, tail) <= margin / 2

    counts = range(2, _MOST_RUNS)
    at = bisect_left(counts, True, key=enough)
    return float(counts[at]) if at < len(counts) else np.inf
