"""What a part of a saved result is: a number, an array of a dtype, a text that can be printed; and the refusal."""

from __future__ import annotations

import unicodedata
from typing import Any

import jax
import numpy as np

from .checks import is_traced
from .errors import BadValue

LONGEST = 100_000


def real(name: str, value: Any, kinds: str, sizes: tuple[int, ...]) -> np.ndarray:
    if any(map(is_traced, jax.tree_util.tree_leaves(value))):
        raise wrong(f"{name} is traced", "must have a number")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise wrong(f"{name} is {shown(value)}", "must be an array of numbers") from None
    listed = array.dtype.kind in "iu" and "f" in kinds and not hasattr(value, "dtype")  # [0, 1] is as good
    native = array.dtype.isnative and array.dtype.kind in kinds and array.dtype.itemsize in sizes
    if not listed and not native:
        wanted = {"f": f"float{8 * sizes[-1]}", "b": "booleans", "iu": "integers"}.get(kinds, "real numbers")
        raise wrong(f"{name} is {shown(value) if array.dtype.kind in 'OUSV' else array.dtype}", f"must be {wanted}")
    return array


def is_number(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) or is_whole(value)


def is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and abs(value) < 2**63


def check_text(name: str, value: Any, *, empty: bool = True) -> None:
    """Texts are printed: no control characters, which a terminal obeys, and nothing that no encoding knows."""
    if not isinstance(value, str) or not (value or empty):
        raise wrong(f"{name} is {shown(value)}", "must be a text")
    if len(value) > LONGEST or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        raise wrong(f"{name} is {shown(value)}", f"must be at most {LONGEST} letters that can be printed")


def shown(value: Any) -> str:
    text = f"{type(value).__name__}" if isinstance(value, (np.ndarray, jax.Array)) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def wrong(what: str, allowed: str) -> BadValue:
    return BadValue(f"{what}, but it {allowed}." if allowed.startswith("must") else f"{what}, but {allowed}.")
