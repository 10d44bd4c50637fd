"""Problems drawn by hypothesis: every field over the range where its theory is meant to hold.

Where a parameter is special (equal numbers of samples and weights, no noise, no decay) that very value is drawn often,
and counter-examples are pulled towards it and towards short decimals.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..drawn import Among, Drawn, Entries, GaussianEntries, Span, WholeSpan
from ..errors import BadValue
from ..fields import problems_of, quantities
from ..rooms import WINGS
from .counterexamples import hypothesis_or_sentence


def numbers(low: float, high: float, *, special: tuple[float, ...] = ()) -> Any:
    """Strategy of floats in [low, high]: `special` values, short decimals, and any float.

    They are spread evenly in the logarithm if low > 0. A counter-example is pulled towards the first special value.

    Parameters
    ----------
    low, high : float
        The ends, both included.
    special : tuple[float, ...], default ()
        Values drawn on purpose.

    Returns
    -------
    SearchStrategy
        A hypothesis strategy, for `problems` or a check.

    Raises
    ------
    BadValue
        Where hypothesis is not installed.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(numbers(0.1, 10.0, special=(1.0,)))
    ... def check(x):
    ...     assert 0.1 <= x <= 10.0
    >>> check()
    """
    strategies = hypothesis_or_sentence().strategies
    if low > 0:
        short = strategies.integers(0, 1000).map(
            lambda n: _within(float(f"{low * (high / low) ** (n / 1000):.3g}"), low, high)
        )
        anything = strategies.floats(low, high)
    else:
        # No float between 0 and a thousandth of the range: 1e-300 tests the floats, not the theory.
        short = strategies.integers(0, 1000).map(lambda n: float(f"{low + (high - low) * n / 1000:.6g}"))
        anything = strategies.floats(low, high).map(lambda x: x if abs(x) > 1e-3 * (high - low) else 0.0)
        anything = anything.map(lambda x: _within(x, low, high))
    return strategies.one_of(*([strategies.sampled_from(special)] if special else []), short, anything)


def problems(kind: Any, **fields: Any) -> Any:
    """A hypothesis strategy for Problems of one class.

    A field is drawn over what its declaration says (``grok_theory.fields``); optional fields that say nothing keep
    their default.

    Parameters
    ----------
    kind : type
        The Problem's class, for example `gt.linear.TeacherStudent`.
    **fields : SearchStrategy or object
        For single fields another strategy, or a fixed value.

    Returns
    -------
    SearchStrategy
        It draws Problems, made by their constructor.

    Raises
    ------
    BadValue
        For a field that is needed and says nothing, for one the class does not have, where `kind` is not the class of a
        Problem, and where hypothesis is not installed.
    """
    strategies = hypothesis_or_sentence().strategies
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise BadValue(
            f"kind is {kind!r}, but it must be the class of a Problem. Pass for example gt.linear.TeacherStudent."
        )
    names = [field.name for field in dataclasses.fields(kind)]
    odd = [name for name in fields if name not in names]
    if odd:
        raise BadValue(f"{kind.__name__} has no field {odd[0]!r}; its fields are {', '.join(names)}. Name one of them.")
    given = {name: part if _is_strategy(part) else strategies.just(part) for name, part in fields.items()}
    make = _BUILDERS.get(kind.__name__)
    if make is not None and kind.__module__.startswith("grok_theory."):
        return make(kind, given)
    return strategies.builds(_Maker(kind), **(_known(kind, set(given)) | given))


def public_problems() -> dict[str, type]:
    """Every Problem the wings export: "linear.TeacherStudent" -> its class.

    Returns
    -------
    dict[str, type]
        Wing and name -> class, in the order of the wings.

    Examples
    --------
    >>> print(public_problems()["linear.TeacherStudent"].__name__)
    TeacherStudent
    """
    found = {}
    for wing in WINGS:
        module = import_module(f"grok_theory.{wing}")
        found |= {f"{wing}.{name}": kind for name, kind in problems_of(module).items()}
    return found


def _known(kind: type, given: set[str]) -> dict[str, Any]:
    """Strategies for the fields that say what is drawn; `BadValue` where a needed one does not."""
    declared = quantities(kind)
    known = {}
    for field in dataclasses.fields(kind):
        if field.name in given:
            continue
        drawn = declared[field.name].drawn if field.name in declared else None
        if drawn is not None:
            known[field.name] = _strategy(drawn)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadValue(
                f"{kind.__name__}.{field.name} has no range here, but a value is needed. Pass one: "
                f"problems({kind.__name__}, {field.name}=verify.numbers(0.1, 10.0))."
            )
    return known


def _strategy(drawn: Drawn) -> Any:
    """The hypothesis strategy of what a field says is drawn."""
    strategies = hypothesis_or_sentence().strategies
    match drawn:
        case Span(low, high, special):
            return numbers(low, high, special=special)
        case WholeSpan(low, high):
            return strategies.integers(low, high)
        case Entries(span, size):
            return _vectors(_strategy(span), size)
        case GaussianEntries(shape):
            seeds = strategies.integers(0, 999)
            return seeds.map(lambda seed: np.random.default_rng(seed).normal(size=shape))
        case Among(values):
            return strategies.sampled_from(values() if callable(values) else values)


@dataclasses.dataclass(frozen=True)
class _Maker:
    """Calls the class and puts Python's random state back: type checkers draw from it, which hypothesis forbids."""

    kind: type

    def __call__(self, **fields: Any) -> Any:
        state = random.getstate()
        try:
            return self.kind(**fields)
        finally:
            random.setstate(state)


def _vectors(entries: Any, size: int) -> Any:
    return hypothesis_or_sentence().strategies.lists(entries, min_size=size, max_size=size).map(np.array)


def _posteriors(kind: type, given: dict[str, Any]) -> Any:
    """The two gaps of one prompt are as correlated as you like: c = rho sqrt(q v_R), rho in [-1, 1]."""
    return _correlated(kind, given, "covariance", "teacher_variance", "reward_variance")


def _judges(kind: type, given: dict[str, Any]) -> Any:
    """One mode or two; a judge that is the teacher, or one with weights of its own."""
    strategies = hypothesis_or_sentence().strategies
    spectrum = numbers(0.1, 10.0, special=(1.0,))
    power = numbers(0.01, 10.0, special=(1.0, 0.0))
    needed = _known(kind, set(given))
    plain = {"spectrum": spectrum | _vectors(spectrum, 2), "teacher_power": power}
    is_teacher = strategies.builds(_Maker(kind), **(needed | plain | given))
    if given.keys() & {"reward_power", "overlap"}:
        return is_teacher
    own = _correlated(
        kind, needed | plain | {"reward_power": power} | given, "overlap", "teacher_power", "reward_power"
    )
    return is_teacher | own


def _correlated(kind: type, given: dict[str, Any], product: str, left: str, right: str) -> Any:
    strategies = hypothesis_or_sentence().strategies
    parts = _known(kind, {*given, product}) | given

    def make(correlation: float, **fields: Any) -> Any:
        return _Maker(kind)(**{product: correlation * (fields[left] * fields[right]) ** 0.5}, **fields)

    if product in given:
        return strategies.builds(_Maker(kind), **parts)
    return strategies.builds(make, numbers(-1.0, 1.0, special=(1.0, 0.0)), **parts)


_BUILDERS: dict[str, Callable[[type, dict[str, Any]], Any]] = {
    "Posterior": _posteriors,
    "LinearJudge": _judges,
}


def _is_strategy(part: Any) -> bool:
    return isinstance(part, hypothesis_or_sentence().strategies.SearchStrategy)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
