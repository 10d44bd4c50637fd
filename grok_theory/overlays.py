"""Lay a theory over a user's log: on the log's own axis, with the ratio of every curve and what the theory assumes.

A Solution is a theory of the mean over runs. It has no band for one run, so what is found here is no verdict on one:
that is `cannot tell`. A Forecast has the band of one run at its size, and with it the verdict is that of `gt.applies`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from . import reports
from .applicability import VERDICTS, Applicability
from .assumptions import FAILS, HOLDS, UNTOLD, Assumption, check_assumptions
from .checks import check_choice
from .dynamics import GradientFlow
from .errors import BadValue
from .judged_runs import applies
from .ranking import Ranking, rank
from .results import Forecast, Log, Solution
from .results.log_config import known_config
from .results.log_measures import check_measures
from .results.log_units import check_axis
from .saved_results import check, save

# A theory is solved at no more x than this; between them it is read by `Solution.at`.
MOST_X = 500


@dataclasses.dataclass(frozen=True, eq=False)
class CurveOverlay:
    """One curve of one run with the theory beside it, at the logged x inside the solved range.

    Parameters
    ----------
    x : ndarray
        (T,) the log's own x.
    recorded : ndarray
        (T,) what was logged.
    theory : ndarray
        (T,) what the theory says there.
    outside : int
        How many records are not among them, since the theory was not solved there.
    low, high : ndarray, optional
        (T,) the band of one run, where the theory is a Forecast.
    """

    x: np.ndarray
    recorded: np.ndarray
    theory: np.ndarray
    outside: int = 0
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    @property
    def ratio(self) -> np.ndarray:
        """(T,) recorded / theory; nan where the theory is not positive."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(self.theory > 0, self.recorded / self.theory, np.nan)


@dataclasses.dataclass(frozen=True, eq=False)
class Overlay:
    """A theory laid over a log: `overlay["test"]` is run -> `CurveOverlay`.

    Parameters
    ----------
    log : Log
        The runs.
    theory : Solution
        The theory, at x of the log or as it was given; the medians of a Forecast.
    curves : dict[str, dict[str, CurveOverlay]]
        Curve of the log ("train", "test") -> run -> what is laid over it.
    names : dict[str, str]
        Curve of the log -> curve of the theory.
    checks : tuple[Assumption, ...]
        What the theory assumes, and whether it holds here.
    verdict : {'applies', 'does not apply', 'cannot tell'}
        Whether the log can be runs of the theory's Problem.
    reason : str
        Why.
    forecast : Forecast, optional
        The Forecast that was laid over the log; of several the one that ranks first.
    applicability : Applicability, optional
        Its verdict, curve by curve.
    ranking : Ranking, optional
        Of several Forecasts.
    """

    log: Log
    theory: Solution
    curves: dict[str, dict[str, CurveOverlay]]
    names: dict[str, str]
    checks: tuple[Assumption, ...]
    verdict: str
    reason: str
    forecast: Forecast | None = None
    applicability: Applicability | None = None
    ranking: Ranking | None = None

    def __getitem__(self, curve: str) -> dict[str, CurveOverlay]:
        return self.curves[check_choice("curve", curve, list(self.curves), "Name a curve of the log.")]

    save = save

    def check_read(self) -> None:
        """Refuse what `overlay` never gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        for name, part, kind in (("log", self.log, Log), ("theory", self.theory, Solution)):
            if not isinstance(part, kind):
                raise BadValue(f"{name} is a {type(part).__name__}, but it must be a {kind.__name__}. Pass one.")
            check(part)
        check_choice("verdict", self.verdict, VERDICTS)
        if not isinstance(self.reason, str) or not all(isinstance(each, Assumption) for each in self.checks):
            raise BadValue("reason or checks of this Overlay are no text and no Assumptions. Make them by overlay.")
        for name, part, kind in (
            ("forecast", self.forecast, Forecast),
            ("applicability", self.applicability, Applicability),
            ("ranking", self.ranking, Ranking),
        ):
            if part is not None and not isinstance(part, kind):
                raise BadValue(
                    f"{name} is a {type(part).__name__}, but it must be a {kind.__name__}. Pass one or none."
                )
        for part in (self.forecast, self.applicability):
            if part is not None:
                check(part)
        for each in self.checks:
            check_choice(f"the verdict of {each.name}", each.verdict, (HOLDS, FAILS, UNTOLD))
        if not self.curves or set(self.curves) != set(self.names):
            raise BadValue(f"curves are {list(self.curves)}, but names are of {list(self.names)}. Name every curve.")
        for name, runs in self.curves.items():
            check_choice(f"names[{name!r}]", self.names[name], list(self.theory.curves))
            for label, part in runs.items():
                if label not in self.log.runs or name not in self.log.runs[label]:
                    raise BadValue(f"curves[{name!r}] has run {label!r}, but the log has none. Lay over its own runs.")
                parts = (part.x, part.recorded, part.theory, *(b for b in (part.low, part.high) if b is not None))
                if any(np.ndim(values) != 1 or np.shape(values) != np.shape(part.x) for values in parts):
                    raise BadValue(f"curves[{name!r}][{label!r}] has parts of different lengths. Give one value an x.")

    @property
    def failed(self) -> tuple[Assumption, ...]:
        """The assumptions that do not hold."""
        return tuple(check for check in self.checks if check.verdict == "fails")

    def __str__(self) -> str:
        return reports.overlay(self)


def overlay(
    log: Log,
    theory: Any,
    *,
    curves: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | str | os.PathLike | None = None,
    dynamics: Any = None,
    **of_solve: Any,
) -> Overlay:
    """Lay a theory over a log: on the log's own axis, the ratio of every curve, and what the theory assumes.

    Parameters
    ----------
    log : Log
        The runs, in the units of the theory (`log.in_units_of`, `log.scaled`).
    theory : Solution or Problem or Forecast or sequence of Forecast
        One Solution, no batch; a Problem, which is solved at the log's x; a Forecast, whose band tells whether the
        Problem applies (`gt.applies`); or several Forecasts, which are ranked (`gt.rank`), the best laid over the log.
    curves : Mapping[str, str], optional
        Curve of the log -> curve of the theory, for example {"test": "test_loss"}; by default "train" and "test" are
        `train_loss` and `test_loss`, or `train_accuracy` and `test_accuracy` where the columns are called so.
    config : Mapping[str, Any] or str or os.PathLike, optional
        What is known of the training, over what the log knows, as `read_log` takes it.
    dynamics : Dynamics, optional
        With a Problem, as in its `solve`; default its own.
    **of_solve
        With a Problem, what its `solve` takes besides (`method=`, `width=`, `key=`).

    Returns
    -------
    Overlay
        Print it, or draw it with `gt.plot.recorded`.

    Raises
    ------
    BadValue
        Where log and theory have another x (with the line that converts it), no curve or no x in common, for a column
        that by its name measures something else (`test_rmse` beside a mean of squares), for a failed
        Solution or a batch, and for what only a Problem takes beside a Solution.
    """
    if not isinstance(log, Log):
        raise BadValue(f"log is a {type(log).__name__}, but it must be a Log. Read one with gt.read_log(path).")
    log = dataclasses.replace(log, config={**(log.config or {}), **known_config(config)})
    ranking = None
    if isinstance(theory, Sequence) and theory and all(isinstance(each, Forecast) for each in theory):
        ranking = rank(theory, log) if len(theory) > 1 else None
        theory = theory[0] if ranking is None else ranking.forecasts[0]
    if isinstance(theory, (Solution, Forecast)):
        if dynamics is not None or of_solve:
            named = ", ".join([*(["dynamics"] if dynamics is not None else []), *of_solve])
            kind = type(theory).__name__
            raise BadValue(f"{named} is given beside a {kind}, which is solved already. Pass the Problem instead.")
        solution = theory.solution if isinstance(theory, Forecast) else theory
    else:
        solution = _solved(log, theory, dynamics, of_solve)
    _check_one(solution)
    check_axis(log, solution.x_name, solution.x_unit)
    names = _names(log, solution, curves)
    check_measures(log, names, solution.conditions)
    laid = {name: _laid(log, name, solution, of) for name, of in names.items()}
    at_log = solution.at(np.unique(np.concatenate([part.x for runs in laid.values() for part in runs.values()])))
    of_run = theory if isinstance(theory, Forecast) else None
    checks = check_assumptions(log, at_log, names.values(), wing_of(solution.problem), of_run)
    if not isinstance(theory, Forecast):
        return Overlay(log, solution, laid, names, checks, "cannot tell", _reason(log, solution))
    laid = {name: _with_band(parts, theory, names[name]) for name, parts in laid.items()}
    found = applies(theory, log, curves=list(names.values()))
    return Overlay(log, solution, laid, names, checks, found.verdict, found.reason, theory, found, ranking)


def x_of(log: Log) -> np.ndarray:
    """The x at which a theory is solved for a log: all that were logged, or `MOST_X` spread over them, both ends too.

    Parameters
    ----------
    log : Log
        The runs.

    Returns
    -------
    ndarray
        (T,) increasing.

    Raises
    ------
    BadValue
        For an x below 0.
    """
    x = np.unique(np.concatenate([record.x for part in log.runs.values() for record in part.values()]))
    if x[0] < 0:
        raise BadValue(
            f"log has {log.x_name} {x[0]:g}, but theories begin at 0. Shift it, or drop what is before the start."
        )
    if x.size <= MOST_X:
        return x
    # Evenly in number and in logs: the start matters as the end does.
    even = np.linspace(0, x.size - 1, MOST_X // 2)
    in_logs = np.geomspace(1, x.size, MOST_X // 2) - 1
    return x[np.unique(np.rint(np.concatenate([even, in_logs])).astype(int))]


def wing_of(problem: Any) -> ModuleType | None:
    """The module that solves a Problem: the nearest package around its class with a `solve`."""
    name = type(problem).__module__
    while name:
        module = import_module(name)
        if callable(getattr(module, "solve", None)):
            return module
        name = name.rpartition(".")[0]
    return None


def call_of_forecast(problem: Any, x_name: str) -> str:
    """What judges one run of a Problem, as one types it; empty where its wing has no forecast."""
    wing = wing_of(problem)
    if wing is None or not hasattr(wing, "forecast"):
        return ""
    name = wing.__name__.removeprefix(f"{__package__}.")
    return f"gt.applies(gt.{name}.forecast(problem, {x_name}, dim=...), log)"


def _solved(log: Log, problem: Any, dynamics: Any, of_solve: dict[str, Any]) -> Solution:
    wing = wing_of(problem) if dataclasses.is_dataclass(problem) and not isinstance(problem, type) else None
    if wing is None:
        raise BadValue(
            f"theory is {problem!r}, but it must be a Solution, a Forecast or a Problem. Pass what solve returns."
        )
    trained = dynamics if dynamics is not None else GradientFlow()
    if hasattr(problem, "tau_per_step"):
        check_axis(log, trained.x_name, trained.x_unit)  # before what may take long
    return wing.solve(problem, x_of(log), **({} if dynamics is None else {"dynamics": dynamics}), **of_solve)


def _check_one(solution: Solution) -> None:
    if np.ndim(solution.x) != 1:
        raise BadValue(
            f"theory is a batch of shape {np.shape(solution.x)[:-1]}, but one Solution is laid over a log. Pick a "
            "member with jax.tree_util.tree_map(lambda leaf: leaf[i], theory)."
        )
    if solution.status.name == "failed":
        raise BadValue(f"theory has failed, and only what is trusted is laid over a log: {solution.status.text}")


def _names(log: Log, solution: Solution, curves: Mapping[str, str] | None) -> dict[str, str]:
    """Curve of the log -> curve of the theory."""
    here = list(next(iter(log.runs.values())))
    if curves is not None:
        if not isinstance(curves, Mapping) or not curves:
            said = "empty" if isinstance(curves, Mapping) else repr(curves)
            raise BadValue(
                f"curves is {said}, but it must map at least one curve of the log to one of the theory. Pass for "
                'example {"test": "test_loss"}.'
            )
        for name, of in curves.items():
            check_choice("curves", name, here, "Name curves of the log.")
            check_choice(f"curves[{name!r}]", of, list(solution.curves), "Name a curve of the theory.")
        return dict(curves)
    names = {name: log.named(name) for name in here}
    found = {name: of for name, of in names.items() if of in solution.curves}
    if not found:
        raise BadValue(
            f"log has {', '.join(names.values())}, but the theory has {', '.join(solution.curves)}: no curve is in "
            'both. Name other columns in gt.read_log, or pass curves={"test": "test_loss"}.'
        )
    return found


def _laid(log: Log, name: str, solution: Solution, of: str) -> dict[str, CurveOverlay]:
    low, high = float(np.min(np.asarray(solution.x))), float(np.max(np.asarray(solution.x)))
    inside = {label: (p[name].x >= low) & (p[name].x <= high) for label, p in log.runs.items()}
    x = [log.runs[label][name].x[mask] for label, mask in inside.items()]
    wanted = np.unique(np.concatenate(x))
    if not wanted.size:
        raise BadValue(
            f"log has no {log.x_name} of {name} between {low:g} and {high:g}, where the theory was solved. Solve at "
            "the log's own x: pass the Problem."
        )
    values = np.asarray(solution.at(wanted)[of], float)
    return {
        label: CurveOverlay(
            at := log.runs[label][name].x[mask],
            log.runs[label][name].values[mask],
            values[np.searchsorted(wanted, at)],
            int(np.sum(~mask)),
        )
        for label, mask in inside.items()
    }


def _with_band(laid: dict[str, CurveOverlay], forecast: Forecast, name: str) -> dict[str, CurveOverlay]:
    band, x = forecast[name], np.asarray(forecast.x, float)
    ends = {part: np.asarray(getattr(band, part), float) for part in ("low", "high")}
    return {
        label: dataclasses.replace(part, **{end: np.interp(part.x, x, values) for end, values in ends.items()})
        for label, part in laid.items()
    }


def _reason(log: Log, solution: Solution) -> str:
    if solution.run is not None:
        whose = f"the Solution is of run {solution.run} of a simulation, and of no other"
    else:
        whose = "a Solution is of the mean over runs, and has no band for one run"
    several = ""
    if len(log.runs) > 1:
        several = f" The mean of these {len(log.runs)} runs is judged by gt.compare, with them as an Ensemble."
    call = call_of_forecast(solution.problem, log.x_name)
    told = f"{whose}: whether one run can be of this Problem is told by its forecast, the band of ONE run"
    return f"{told}: {call}.{several}" if call else f"{told}.{several}"
