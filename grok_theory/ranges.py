"""What values a field may have: each range says itself in words, refuses, masks, and knows values just outside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .checks import (
    check_at_least,
    check_between,
    check_choice,
    check_finite,
    check_integer,
    check_non_negative,
    check_numbers,
    check_positive,
)
from .errors import BadValue

NAN, INF = float("nan"), float("inf")


class Range:
    """What a field may hold.

    `words` say it to a reader. A range of numbers is written so that NaN lies outside.
    """

    words: str

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        """Raise `BadValue` for the first element outside; traced values pass."""
        raise NotImplementedError

    def holds(self, values: Any) -> jax.Array:
        """True where a number lies inside, element by element; for traced values too."""
        raise NotImplementedError

    def beyond(self) -> list[Any]:
        """Values that `refuse` must refuse: at the open ends, outside the closed ones, and what is no number."""
        raise NotImplementedError


class Positive(Range):
    """Above zero and finite."""

    words = "> 0"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_positive(name, value, remedy)

    def holds(self, values: Any) -> jax.Array:
        return (_reals(values) > 0) & (_reals(values) < INF)

    def beyond(self) -> list[Any]:
        return [0.0, -1.0, NAN, INF, -INF]


class NonNegative(Range):
    """Zero or above, and finite."""

    words = ">= 0"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_non_negative(name, value, remedy)

    def holds(self, values: Any) -> jax.Array:
        return (_reals(values) >= 0) & (_reals(values) < INF)

    def beyond(self) -> list[Any]:
        return [-1.0, NAN, INF]


class Finite(Range):
    """Any real number."""

    words = "any finite number"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_finite(name, value, remedy)

    def holds(self, values: Any) -> jax.Array:
        return jnp.isfinite(_reals(values))

    def beyond(self) -> list[Any]:
        return [NAN, INF, -INF]


class AnyNumber(Range):
    """Any number; nan where it is not known."""

    words = "any number, nan where it is not known"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_numbers(name, value, remedy)

    def holds(self, values: Any) -> jax.Array:
        return jnp.ones(jnp.shape(values), bool)

    def beyond(self) -> list[Any]:
        return []


@dataclass(frozen=True)
class Interval(Range):
    """From `low` to `high`, each end inside or not."""

    low: float
    high: float
    include_low: bool = True
    include_high: bool = True

    @property
    def words(self) -> str:  # type: ignore[override]
        return f"{'[' if self.include_low else '('}{self.low:g}, {self.high:g}{']' if self.include_high else ')'}"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        ends = {"include_low": self.include_low, "include_high": self.include_high}
        check_between(name, value, self.low, self.high, remedy, **ends)

    def holds(self, values: Any) -> jax.Array:
        values = _reals(values)
        above = values >= self.low if self.include_low else values > self.low
        return above & (values <= self.high if self.include_high else values < self.high)

    def beyond(self) -> list[Any]:
        width = self.high - self.low
        ends = [end for end, inside in ((self.low, self.include_low), (self.high, self.include_high)) if not inside]
        outside = [self.low - 0.1 * width, self.low - 0.5 * width, self.high + 0.1 * width, self.high + 0.5 * width]
        return [*ends, *outside, NAN, INF]


class AtLeastOne(Range):
    """A count that need not be whole."""

    words = ">= 1, not necessarily whole"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_positive(name, value, remedy)
        check_at_least(name, value, 1, remedy)

    def holds(self, values: Any) -> jax.Array:
        return (_reals(values) >= 1) & (_reals(values) < INF)

    def beyond(self) -> list[Any]:
        return [0.0, 0.5, -1.0, NAN, INF, -INF]


class AtLeastOneOrInfinite(AtLeastOne):
    """A count that need not be whole, or no end of them."""

    words = ">= 1, not necessarily whole; inf allowed"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_at_least(name, value, 1, remedy)

    def holds(self, values: Any) -> jax.Array:
        return _reals(values) >= 1

    def beyond(self) -> list[Any]:
        return [0.0, 0.5, -1.0, NAN, -INF]


@dataclass(frozen=True)
class Whole(Range):
    """A whole number of at least `low`; structure, nothing to differentiate."""

    low: int

    @property
    def words(self) -> str:  # type: ignore[override]
        return f">= {self.low}, whole"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_integer(name, value, self.low, remedy)

    def holds(self, values: Any) -> jax.Array:
        return (_reals(values) >= self.low) & (_reals(values) < INF)

    def beyond(self) -> list[Any]:
        return [self.low - 1, self.low - 2, self.low + 1.5, NAN, "3", None]


@dataclass(frozen=True)
class OneOf(Range):
    """One of the names in `choices`."""

    choices: tuple[str, ...]

    @property
    def words(self) -> str:  # type: ignore[override]
        return " or ".join(f'"{choice}"' for choice in self.choices)

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        check_choice(name, value, self.choices, remedy)

    def beyond(self) -> list[Any]:
        return [self.choices[0] + "?", 3]


class Switch(Range):
    """True or False."""

    words = "True or False"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise BadValue(f"{name} is {value!r}, but it must be True or False. {remedy}")

    def beyond(self) -> list[Any]:
        return [0, "yes", None]


@dataclass(frozen=True)
class Told(Range):
    """A range that a function knows: `by(name, value, remedy)` refuses what is outside.

    Where other fields have a say too, `by` lets everything pass, and the class says the rest in its `check`.
    """

    words: str
    by: Callable[[str, Any, str], Any] = lambda name, value, remedy: None
    outside: Sequence[Any] = ()

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        self.by(name, value, remedy)

    def holds(self, values: Any) -> jax.Array:
        return jnp.isfinite(_reals(values))

    def beyond(self) -> list[Any]:
        return list(self.outside)


def _reals(values: Any) -> jax.Array:
    return jnp.asarray(values, float)
