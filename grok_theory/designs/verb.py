"""`find`: the value of one number of a Problem, or of a run, at which a target is met."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ..checks import require_float64
from ..dynamics import Dynamics, GradientFlow, numbers_of
from ..errors import BadValue
from ..fields import quantities
from ..overlays import wing_of
from ..ranges import AtLeastOne
from .design import Design
from .exact import exact_answer
from .forward import Forward
from .search import Scale, front, least, smallest
from .targets import AtMost, FreeValue, Front, Target

MOVED = 1e-3  # relative, for the sensitivity
FINER = 4  # times as many x for the forward solve that verifies


def find(
    template: Any,
    *,
    free: Mapping[str, tuple[float, float]],
    target: Target,
    dynamics: Dynamics | None = None,
    **options: Any,
) -> Design:
    """The smallest (or best) value of one free number at which a target is met, verified by a forward solve.

    Parameters
    ----------
    template : Problem
        All that is given.
    free : Mapping[str, tuple[float, float]]
        What is free and where it is looked for: {"weight_decay": (1e-3, 10.0)}. A number of the Problem, "dim",
        "width", a number of the dynamics ("learning_rate", "batch" of one-pass descent), or what x is called ("time",
        "step", "samples" of a judge). Whole numbers where they are meant.
    target : AtMost or Least or Front
        What is asked of it. Where the wing answers it exactly (the least late test loss by weight decay, or by the time
        to stop; the fewest answers of a judge), its answer is taken without a search.
    dynamics : Dynamics, optional
        How it is trained; gradient flow if left out.
    **options
        Other keywords of the wing's `solve` and `forecast`: dim, width, method, temperature, draws, key.

    Returns
    -------
    Design
        The value, the Problem with it, what the target's quantity is there and how it moves; where the target cannot be
        met, `reached` is False and the value is the best there is.

    Raises
    ------
    BadValue
        For an argument out of its range, naming it.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import grok_theory as gt
    >>> template = gt.linear.TeacherStudent(samples_per_dim=1.0, snr=5.0, weight_decay=0.2)
    >>> goal = AtMost(gt.CurveAt("test_loss", 1e3), 1.5)
    >>> design = find(template, free={"samples_per_dim": (0.5, 20.0)}, target=goal)
    >>> bool(design.reached and abs(design.quantity - 1.5) < 1e-4)
    True
    """
    require_float64("grok_theory.find")
    if not isinstance(free, Mapping) or len(free) != 1:
        raise BadValue(f'free is {free!r}, but it must name one number and its range. Pass {{"snr": (1.0, 10.0)}}.')
    if not isinstance(target, Target):
        raise BadValue(f"target is {target!r}, but it must be AtMost(...), Least(...) or Front(...). Pass one.")
    if not quantities(type(template)):
        raise BadValue(f"template is {template!r}, but it must be a Problem. Build one with its fields.")
    wing = wing_of(template)
    trains = hasattr(template, "tau_per_step")
    if not trains and dynamics is not None:
        raise BadValue(f"dynamics is {dynamics!r}, but a {type(template).__name__} is not trained. Leave it out.")
    ((name, ends),) = free.items()
    forward = Forward(wing, template, (dynamics or GradientFlow()) if trains else None, name, options)
    scale = Scale(*_ends(name, ends), _unit(forward, options))
    exact = exact_answer(forward, target, scale)
    values = scale.scan if exact is None else np.array([exact.value])
    quantity = cache(lambda which, value: forward(which, value))

    if isinstance(target, Front):
        pairs = [(quantity(target.first, v), quantity(target.second, v)) for v in map(float, values)]
        table = np.array(pairs, float)
        kept = front(table)
        if not kept.size:
            return _made(forward, target, scale, float(values[0]), False, "no value has both", values, table, kept)
        said = f"{kept.size} of {values.size} values of {name} are not beaten in both"
        return _made(forward, target, scale, float(values[kept[0]]), True, said, values, table, kept)
    asked = target.quantity
    by = "" if exact is None else f", by {forward.wing.__name__.rpartition('.')[2]}.{exact.verb}"
    if isinstance(target, AtMost):
        value = smallest(scale, lambda v: quantity(asked, v) <= target.bound, values)
        table = np.array([[quantity(asked, float(v))] for v in values])
        if value is None:
            best = least(scale, lambda v: quantity(asked, v), values)
            got = quantity(asked, best)
            if got <= target.bound:  # a narrow stretch between values of the scan
                low = float(values[np.searchsorted(values, best) - 1])
                value = smallest(scale, lambda v: quantity(asked, v) <= target.bound, np.array([low, best]))
            else:
                said = f"{asked} comes down to {got:.6g} at {name} = {best:.6g} and no further in the range"
                return _made(forward, target, scale, best, False, said, values, table)
        got = forward(asked, value, finer=FINER)  # type: ignore[arg-type]
        said = f"{name} = {value:.6g} is the smallest with {asked} <= {target.bound:g} (it is {got:.6g}){by}"
        return _made(forward, target, scale, value, True, said, values, table)  # type: ignore[arg-type]
    condition = target.subject_to

    def cost(value: float) -> float:
        if condition is not None and not quantity(condition.quantity, value) <= condition.bound:
            return np.inf
        return quantity(asked, value)

    best = least(scale, cost, values)
    table = np.array([[quantity(asked, float(v))] for v in values])
    if not np.isfinite(cost(best)):
        said = f"no {name} in the range has a finite {asked}"
        if condition is not None:
            best = least(scale, lambda v: quantity(condition.quantity, v), values)
            said += f" with {condition}; the nearest is {quantity(condition.quantity, best):.6g} at {best:.6g}"
        return _made(forward, target, scale, best, False, said, values, table)
    at_end = exact is None and best in (float(values[0]), float(values[-1]))
    end = ", an end of the range" if at_end else by
    said = f"{asked} is least, {cost(best):.6g}, at {name} = {best:.6g}{end}"
    return _made(forward, target, scale, best, True, said, values, table)


def _ends(name: str, ends: Any) -> tuple[float, float]:
    good = isinstance(ends, (tuple, list)) and len(ends) == 2 and all(np.isfinite(float(e)) for e in ends)
    if not good or not 0 <= float(ends[0]) < float(ends[1]):
        raise BadValue(f"free[{name!r}] is {ends!r}, but it must be (low, high), 0 <= low < high. Pass (0.1, 10.0).")
    return float(ends[0]), float(ends[1])


def _unit(forward: Forward, options: Mapping[str, Any]) -> float | None:
    """The unit of which only whole multiples are meant; None where any number is."""
    name, known = forward.free, quantities(type(forward.problem))
    if name in known:
        if known[name].kind == "structure" or isinstance(known[name].range, AtLeastOne):
            return 1.0
        if known[name].kind != "number":
            raise BadValue(f"free names {name!r}, but it is no number. Name a number of the Problem.")
        return 1 / int(options["dim"]) if name == "samples_per_dim" and options.get("dim") else None
    if name in ("dim", "width"):
        if name == "dim" and hasattr(forward.problem, "samples_per_dim"):
            alpha = float(np.asarray(forward.problem.samples_per_dim))
            unit = next((n for n in range(1, 1000) if abs(n * alpha - round(n * alpha)) < 1e-9), 1)
            return float(unit)
        return 1.0
    of_dynamics = numbers_of(forward.dynamics)
    if name in of_dynamics:
        return 1.0 if name in getattr(forward.dynamics, "whole", ()) else None
    if name == forward.x_name:
        return None if name == "time" else 1.0
    numbers = [each for each, quantity in known.items() if quantity.kind == "number"]
    known_names = ", ".join([*numbers, "dim", "width", forward.x_name, *of_dynamics])
    raise BadValue(f"free names {name!r}, but it must be one of {known_names}. Name one of them.")


def _made(forward, target, scale: Scale, value: float, reached, said, values, table, kept=None) -> Design:
    asked = target.first if isinstance(target, Front) else target.quantity
    got = forward(asked, value, finer=FINER)
    if reached and isinstance(target, AtMost) and not got <= target.bound * (1 + 1e-3 * np.sign(target.bound)):
        reached, said = False, f"{said}, but a forward solve on finer x finds {got:.6g}: ask for a little less"
    problem, dynamics, _ = forward.made(value)
    return Design(
        problem,
        dynamics,
        forward.free,
        float(value),
        target,
        bool(reached),
        float(got),
        _sensitivity(forward, asked, scale, value),
        scale.unit is not None,
        said,
        np.asarray(values, float),
        np.asarray(table, float),
        np.zeros(0, int) if kept is None else kept,
    )


def _sensitivity(forward: Forward, asked: Any, scale: Scale, value: float) -> float:
    if isinstance(asked, FreeValue):
        return 1.0
    step = max(MOVED * value, scale.unit or 0.0)
    low, high = scale.rounded(value - step), scale.rounded(value + step)
    if not 0 < low < high:
        return float("nan")
    below, above = forward(asked, low), forward(asked, high)
    if not (0 < below < np.inf and 0 < above < np.inf):
        return float("nan")
    return float(np.log(above / below) / np.log(high / low))
