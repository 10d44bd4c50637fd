"""The values of a field that a property test draws, as data; `verify.problems` makes hypothesis strategies of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`, with `special` values drawn often and counter-examples pulled to the first."""

    low: float
    high: float
    special: tuple[float, ...] = ()


@dataclass(frozen=True)
class WholeSpan:
    """Whole numbers from `low` to `high`."""

    low: int
    high: int


@dataclass(frozen=True)
class Entries:
    """An array (size,) whose entries are drawn from a `span` each."""

    span: Span
    size: int


@dataclass(frozen=True)
class GaussianEntries:
    """An array of this shape with standard normal entries, from a drawn seed."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Among:
    """One of the `values`; a function that returns them where they are costly to make."""

    values: Sequence[Any] | Callable[[], Sequence[Any]]


Drawn = Span | WholeSpan | Entries | GaussianEntries | Among
