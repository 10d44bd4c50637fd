"""A public callable, arguments that it takes, and values that it must refuse, by kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

import grok_theory as gt
from grok_theory.fields import Quantity, quantities
from grok_theory.ranges import INF, NAN, Finite, Interval, NonNegative, Positive, Whole

NOT_A_NUMBER = ["0.5", True, None, 1j]
BAD = {
    "positive": [*Positive().beyond(), *NOT_A_NUMBER],
    "non-negative": [*NonNegative().beyond(), *NOT_A_NUMBER],
    "finite": [*Finite().beyond(), *NOT_A_NUMBER],
    "share": [*Interval(0.0, 1.0, include_high=False).beyond(), *NOT_A_NUMBER],
    "times": [[], 3.0, [[1.0]], [1.0, 0.5], [-1.0, 1.0], [1.0, NAN], [1.0, INF], "abc", None],
    "samples": [0.5, [0.0], [-1], [NAN], ["3"], None],
    "key": [0, None, "key", jax.random.PRNGKey(0), jax.random.split(jax.random.key(0))],
    "runs": [0, -1, 2.5, NAN, INF, True, "3", None],
    "size": Whole(1).beyond(),
    "problem": [None, 3, "TeacherStudent", gt.GradientFlow()],
    "method": ["flow", 3, object()],
    "dynamics": ["flow", 3, None, gt.Muon(0.1)],
    "steps": [[], 3, [0, 1.5], [2, 1], [-1, 3], [0, NAN], [0, INF], "abc", None],
    "betas": [(0.9, 1.0), 0.9, (NAN, 0.9), "ab"],
    "confidence": [0.0, 1.0, -0.5, 1.5, NAN, "0.9"],
    "margin": [0.0, -0.1, NAN, INF, "0.05", True, None, {"test_loss": 0.05}, {}],
    "positive or none": [0.0, -1.0, NAN, INF, "0.5", True, 1j],
    "size or none": [value for value in Whole(1).beyond() if value is not None],
    "closed share": [*Interval(0.0, 1.0).beyond(), *NOT_A_NUMBER],
    "square": [np.ones((2, 3)), np.array([[1.0, NAN], [NAN, 1.0]]), np.ones(4), "abc"],
    "temperature": [-0.1, NAN, -INF, "0.5", None],
}


@dataclass(frozen=True)
class Door:
    """A public callable, arguments it accepts, and the kind of each that is to be spoiled."""

    name: str
    call: Callable
    good: dict[str, Any]
    kinds: dict[str, str]
    extra: dict[str, list] = field(default_factory=dict)
    # Arguments whose fault shows in another one's name: what is made of them is what is out of range.
    speaks_as: dict[str, str] = field(default_factory=dict)


def problem_door(
    name: str,
    kind: type,
    good: dict[str, Any],
    extra: dict[str, list] | None = None,
    speaks_as: dict[str, str] | None = None,
) -> Door:
    """The constructor of a Problem, every field tried with what lies beyond its range; `extra` values besides."""
    fields = dataclasses.fields(kind)
    tries = {field.name: _spoiled(quantities(kind)[field.name], field, good.get(field.name)) for field in fields}
    for argument, values in (extra or {}).items():
        tries[argument] = [*tries[argument], *values]
    return Door(name, kind, good, {}, tries, speaks_as or {})


def _spoiled(quantity: Quantity, field: dataclasses.Field, good: Any) -> list:
    """Values a field must refuse; of an array that is given, copies with one bad entry."""
    beyond = quantity.range.beyond()
    if quantity.kind == "array" and good is not None:
        entries = [value for value in beyond if np.ndim(value) == 0]
        bad = [np.array(good, float) for _ in entries]
        for array, value in zip(bad, entries, strict=True):
            array.flat[-1] = value
        return [*bad, *(value for value in beyond if np.ndim(value)), "abc"]
    if quantity.kind in ("number", "array"):
        beyond = [*beyond, *NOT_A_NUMBER]
    return [value for value in beyond if value is not None or field.default is not None]
