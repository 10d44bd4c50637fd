"""What a theory assumes of a training, held against what a log and its config tell: one check an assumption.

A check knows three answers: the assumption `holds`, `fails`, or `cannot be told`, and then says what would tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from types import ModuleType
from typing import Any, TypeGuard

import numpy as np

from .dynamics import Stepped
from .errors import BadValue
from .results import Forecast, Log, Solution
from .results.log_config import contradicted

HOLDS, FAILS, UNTOLD = "holds", "fails", "cannot be told"
# A rate of descent may differ from the flow's by so much, for its fastest mode, and still be called the flow.
FLOW_SHARE = 0.1
# float32 rounds a loss of order one to steps of 6e-8; below, descent may stand still where theory goes on.
FLOOR = {"float16": 1e-3, "bfloat16": 1e-2, "float32": 1e-7}
_PLAIN = ("sgd", "gd", "gradient descent", "gradientdescent", "gradient_descent", "full batch", "none")


@dataclass(frozen=True)
class Assumption:
    """One assumption of a theory, held against a log.

    Parameters
    ----------
    name : str
        What is assumed: "step size", "batch", "flow or descent", "size", "decay", "precision".
    verdict : {'holds', 'fails', 'cannot be told'}
        Whether it does.
    found : str
        What was found, with numbers, or what would tell it.
    """

    name: str
    verdict: str
    found: str

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}: {self.found}"


def check_assumptions(
    log: Log, theory: Solution, curves: Collection[str], wing: ModuleType | None, forecast: Forecast | None = None
) -> tuple[Assumption, ...]:
    """Every check, in one order.

    Parameters
    ----------
    log : Log
        In the units of the theory.
    theory : Solution
        At the log's x.
    curves : Collection[str]
        Curves of the theory that are laid over the log.
    wing : module, optional
        That of the Problem. Where it has them, its verbs are asked: `stable_below(problem)`, the largest stable
        learning rate (with `samples=` if it takes that), and `valid_at(problem, x, dim=, dynamics=)`.
    forecast : Forecast, optional
        Whose medians the theory is: its size is held against that of the log.

    Returns
    -------
    tuple[Assumption, ...]
        One an assumption.
    """
    # A size that only the forecast says counts the samples as one of the log does.
    said = {} if forecast is None or forecast.dim is None else {"dim": forecast.dim}
    sized = replace(log, config={**said, **(log.config or {})})
    limit, why = _largest_rate(sized, theory, getattr(wing, "stable_below", None))
    return (
        _step_size(log, theory, limit, why),
        _batch(sized, theory),
        _flow_or_descent(log, theory, limit),
        _size(log, theory, curves, getattr(wing, "valid_at", None), forecast),
        _decay(log, theory),
        _precision(log, theory),
    )


def _step_size(log: Log, theory: Solution, limit: float | None, why: str) -> Assumption:
    name = "step size"
    blown = _blown_up(log)
    if blown:
        return Assumption(name, FAILS, blown)
    rate = _rate(log, theory)
    if limit is None:
        return Assumption(name, UNTOLD, f"no loss blows up, but {why}")
    if rate is None:
        return Assumption(name, UNTOLD, f"the learning rate is not known (stable below {limit:.4g}); {_SAY_RATE}")
    found = f"learning rate {rate:.4g}, stable below {limit:.4g}"
    return Assumption(name, HOLDS if rate < limit else FAILS, found)


def _batch(log: Log, theory: Solution) -> Assumption:
    name, batch, samples = "batch", log.config.get("batch_size"), _samples(log, theory)  # type: ignore[union-attr]
    own = getattr(theory.dynamics, "batch_size", None)
    if own is not None:
        if not _is_number(batch):
            return Assumption(name, UNTOLD, f'the theory has batches of {own}; say config={{"batch_size": ...}}')
        found = f"batches of {batch:g}, the theory's are of {own}"
        if batch == own and samples is not None and getattr(theory.dynamics, "one_pass", False):
            seen = batch * max(float(part.x[-1]) for run in log.runs.values() for part in run.values())
            if seen > samples:
                return Assumption(name, FAILS, f"{found}, but {seen:g} are drawn of {samples:g}: some come back")
        return Assumption(name, HOLDS if batch == own else FAILS, found)
    if isinstance(batch, str) and batch.lower() in ("full", "all"):
        return Assumption(name, HOLDS, "every step sees all samples")
    if not _is_number(batch):
        return Assumption(name, UNTOLD, 'the batch size is not known; say config={"batch_size": ..., "samples": ...}')
    if samples is None:
        return Assumption(name, UNTOLD, f'batches of {batch:g} of unknown many; say config={{"samples": ...}}')
    found = f"batches of {batch:g} of {samples:g} samples"
    if batch >= samples:
        return Assumption(name, HOLDS, found)
    return Assumption(name, FAILS, f"{found}, but the theory's steps see all: noise of the batches is not in it")


def _flow_or_descent(log: Log, theory: Solution, limit: float | None) -> Assumption:
    name, config = "flow or descent", log.config or {}
    kind = type(theory.dynamics).__name__
    optimizer, momentum = config.get("optimizer"), config.get("momentum", 0)
    said = str(optimizer).lower() if optimizer is not None else None
    plain = getattr(theory.dynamics, "plain", False)
    if theory.dynamics is None:
        return Assumption(name, HOLDS, "nothing is trained in this theory")
    if not plain:
        if said is None:
            return Assumption(name, UNTOLD, f'the theory is of {kind}; say config={{"optimizer": ...}}')
        same = said.rpartition(".")[2] == kind.lower()
        return Assumption(name, HOLDS if same else FAILS, f"the log is of {optimizer}, the theory of {kind}")
    if said is not None and said.rpartition(".")[2] not in _PLAIN:
        return Assumption(name, FAILS, f"the log is of {optimizer}, the theory of {kind}")
    if _is_number(momentum) and momentum != 0:
        return Assumption(name, FAILS, f"the log has momentum {momentum:g}, the theory of {kind} has none")
    rate = _rate(log, theory)
    if isinstance(theory.dynamics, Stepped):
        return _same_rate(config, theory)
    if rate is None:
        return Assumption(name, UNTOLD, f"the learning rate is not known; {_SAY_RATE}")
    if limit is None:
        return Assumption(
            name, UNTOLD, f"learning rate {rate:.4g}, of which {type(theory.problem).__name__} says no more"
        )
    # A mode that decays at rate l under the flow keeps 1 - eta l a step; the fastest has l = 2 / limit.
    share = 2 * rate / limit
    off = -np.log1p(-share) / share - 1 if share < 1 else np.inf
    found = f"learning rate {rate:.4g}: the fastest mode of descent is {off:.2g} of its rate off the flow's"
    if off >= FLOW_SHARE:
        return Assumption(name, FAILS, f"{found}; solve with dynamics=gt.GradientDescent({rate:.4g})")
    return Assumption(name, HOLDS, found)


def _same_rate(config: Mapping[str, Any], theory: Solution) -> Assumption:
    name, own = "flow or descent", float(np.asarray(theory.dynamics.learning_rate))  # type: ignore[union-attr]
    rate = config.get("learning_rate")
    if not _is_number(rate):
        return Assumption(name, UNTOLD, f'the theory descends at {own:.4g}; say config={{"learning_rate": ...}}')
    if np.isclose(float(rate), own, rtol=1e-6, atol=0):
        return Assumption(name, HOLDS, f"both descend at {own:.4g}")
    found = f"the log descends at {float(rate):.4g}, the theory at {own:.4g} in the units of the Problem"
    return Assumption(name, UNTOLD, f"{found}: the same only if the loss of the log explains the factor")


def _size(
    log: Log,
    theory: Solution,
    curves: Collection[str],
    valid_at: Callable[..., Any] | None,
    forecast: Forecast | None,
) -> Assumption:
    name, config, problem = "size", log.config or {}, theory.problem
    dim, samples = config.get("dim"), config.get("samples")
    if forecast is not None:
        other = contradicted(config, dim=forecast.dim, width=forecast.width)
        if other is not None:
            of, said, known = other
            return Assumption(name, FAILS, f"the log has {of} {known:g}, the forecast is the band of {of} {said:g}")
    whose = ""
    if not _is_number(dim) and forecast is not None and forecast.dim is not None:
        dim, whose = forecast.dim, " (that of the forecast; the log says none)"
    own = getattr(problem, "samples", None)
    if _is_number(samples) and np.ndim(own) == 0 and own is not None and float(np.asarray(own)) != samples:
        found = f"the log has {samples:g} samples, the Problem {float(np.asarray(own)):g}"
        return Assumption(name, FAILS, found)
    share = getattr(problem, "samples_per_dim", None)
    if _is_number(dim) and dim > 0 and _is_number(samples) and share is not None:
        wanted, given = float(np.asarray(share)), float(samples) / float(dim)
        if not np.isclose(given, wanted, rtol=0.01, atol=0):
            found = f"{samples:g} samples of dim {dim:g} are {given:.4g} a dim, the Problem has {wanted:.4g}"
            return Assumption(name, FAILS, found)
    if valid_at is None:
        kind = type(problem).__name__
        return Assumption(name, UNTOLD, f"the wing of {kind} states no range of sizes; its page tells the limits")
    if not _is_number(dim):
        return Assumption(name, UNTOLD, 'the size is not known; say config={"dim": ...}')
    try:
        valid = valid_at(problem, theory.x, dim=dim, dynamics=theory.dynamics)
    except BadValue as refused:
        return Assumption(name, UNTOLD, str(refused).rstrip("."))
    x = np.asarray(theory.x, float)
    beyond = {curve: x[~np.asarray(mask)] for curve, mask in valid.items() if curve in curves}
    beyond = {curve: points for curve, points in beyond.items() if points.size}
    if not beyond:
        return Assumption(name, HOLDS, f"at dim {dim:g}{whose} the theory speaks at every logged {theory.x_name}")
    told = "; ".join(f"{curve} at {p.size} of {x.size} logged x, from {p[0]:.4g} on" for curve, p in beyond.items())
    return Assumption(name, FAILS, f"at dim {dim:g}{whose} the theory does not speak about {told}")


def _decay(log: Log, theory: Solution) -> Assumption:
    name, decay = "decay", (log.config or {}).get("weight_decay")
    own = getattr(theory.problem, "weight_decay", None)
    theirs = 0.0 if own is None else float(np.max(np.asarray(own)))
    if not _is_number(decay):
        return Assumption(name, UNTOLD, f'the theory has {theirs:.4g}; say config={{"weight_decay": ...}}')
    found = f"the log has weight decay {decay:.4g}, the theory {theirs:.4g}"
    if (decay == 0) != (theirs == 0):
        return Assumption(name, FAILS, found)
    if decay == theirs or np.isclose(float(decay), theirs, rtol=1e-6, atol=0):
        return Assumption(name, HOLDS, found)
    return Assumption(name, UNTOLD, f"{found} in the units of the Problem: the same only after a conversion")


def _precision(log: Log, theory: Solution) -> Assumption:
    name, dtype = "precision", str((log.config or {}).get("dtype", "float32"))
    if dtype == "float64":
        return Assumption(name, HOLDS, "trained in float64")
    said = dtype if "dtype" in (log.config or {}) else "float32 unless said otherwise"
    lowest = np.inf
    for label, part in log.runs.items():
        if "train" not in part or not log.is_loss("train"):
            continue
        record = part["train"]
        finite = np.isfinite(record.values)
        values, x = record.values[finite], record.x[finite]
        if not values.size:
            continue
        still = _stands_still(values)
        if still is not None:
            of_run = f" of run {label}" if label else ""
            found = f"the train loss{of_run} is {values[-1]:.4g} to the last digit from {log.x_name} {x[still]:.4g} on"
            return Assumption(name, FAILS, f"{found}: its gradient has rounded to nothing ({said})")
        lowest = min(lowest, float(np.min(values) / max(values[0], np.finfo(float).tiny)))
    if lowest == np.inf:
        return Assumption(name, UNTOLD, "no train loss is in the log")
    floor = FLOOR.get(dtype, FLOOR["float32"])
    found = f"the train loss falls to {lowest:.2g} of its start ({said})"
    if lowest > floor:
        return Assumption(name, HOLDS, found)
    return Assumption(name, UNTOLD, f"{found}, where rounding may rule; train in float64, or say what it was")


def _stands_still(values: np.ndarray, least: int = 5) -> int | None:
    """Where a loss that has fallen begins to repeat its last value exactly, at least `least` times; or reaches 0."""
    if values[-1] == 0 and values[0] > 0:
        return int(np.flatnonzero(values != 0)[-1]) + 1
    other = np.flatnonzero(values != values[-1])
    if not other.size or values.size - other[-1] - 1 < least or not values[-1] < values[0]:
        return None
    # A log of few digits repeats values without standing still: then values repeat along its whole way.
    before = values[: other[-1] + 1]
    return int(other[-1]) + 1 if np.mean(np.diff(before) == 0) < 0.1 else None


def _blown_up(log: Log) -> str:
    """What shows that a run diverged: a loss that is no number after it was one, or ends ten times above its start."""
    for label, part in log.runs.items():
        for name, record in part.items():
            finite = np.flatnonzero(np.isfinite(record.values))
            if name != "train" or not log.is_loss(name) or not finite.size:
                continue
            of_run = f" of run {label}" if label else ""
            first, last = record.values[finite[0]], record.values[finite[-1]]
            if finite[-1] + 1 < record.values.size:
                at = record.x[finite[-1] + 1]
                return f"the train loss{of_run} is {record.values[finite[-1] + 1]} from {log.x_name} {at:.4g} on"
            if first > 0 and last > 10 * first:
                return f"the train loss{of_run} grows from {first:.4g} to {last:.4g}"
    return ""


_SAY_RATE = "convert by log.in_units_of(problem, gt.GradientDescent(learning_rate))"


def _rate(log: Log, theory: Solution) -> float | None:
    """The learning rate of the log in the units of the Problem; that of a config is in those of the trainer."""
    for dynamics in (log.dynamics, theory.dynamics):
        if isinstance(dynamics, Stepped) and dynamics.plain:
            return float(np.asarray(dynamics.learning_rate))  # type: ignore[attr-defined]
    return None


def _largest_rate(log: Log, theory: Solution, stable_below: Callable[..., Any] | None) -> tuple[float | None, str]:
    """The largest stable learning rate of the Problem, or None and why there is none."""
    kind = type(theory.problem).__name__
    if "largest_learning_rate" in theory.stats:
        return float(np.asarray(theory.stats["largest_learning_rate"])), ""
    if stable_below is None:
        return None, f"the wing of {kind} states no largest stable learning rate"
    samples = _samples(log, theory)
    takes = samples is not None and "samples" in signature(stable_below).parameters
    try:
        limit = stable_below(theory.problem, **({"samples": round(samples)} if takes and samples else {}))
    except BadValue as refused:
        return None, str(refused).rstrip(".")
    return float(np.asarray(limit)), ""


def _samples(log: Log, theory: Solution) -> float | None:
    """How many samples there are: said, or counted by the Problem."""
    config, problem = log.config or {}, theory.problem
    if _is_number(config.get("samples")):
        return float(config["samples"])
    if getattr(problem, "samples", None) is not None and np.ndim(problem.samples) == 0:
        return float(np.asarray(problem.samples))
    if getattr(problem, "inputs", None) is not None:
        return float(np.shape(problem.inputs)[0])
    if _is_number(config.get("dim")) and getattr(problem, "samples_per_dim", None) is not None:
        return float(np.round(np.asarray(problem.samples_per_dim) * config["dim"]))
    return None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
