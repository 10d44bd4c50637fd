"""What calls are made of: times, steps, a key, and the record of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Call(NamedTuple):
    """A call by what it does: `make(number, length, scale)` with other numbers, so many times, sizes by `scale`."""

    what: str
    make: Callable[[float, int, int], Any]


def times(length: int) -> np.ndarray:
    """So many of them, from .1 to 10."""
    return np.geomspace(0.1, 10.0, length)


def steps(length: int) -> np.ndarray:
    """The first ones."""
    return np.arange(length)


def key():
    """The one key of all calls."""
    import jax

    return jax.random.key(0)
