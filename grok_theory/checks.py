"""The checks every public door uses.

A message has one form: field, value, what is allowed, remedy. Checks look at every element of an array and name the
index of the first wrong one. A traced value has no number yet, and a pytree under construction may hold anything in
its leaves; both pass here, and come back as nan with a failed status if they were out of range.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from .errors import BadValue, Float64Required, TooLarge
from .free_memory import free_for_arrays, free_on_host


def require_float64(caller: str) -> None:
    """Refuse to solve theory in float32: one sentence with the line to add."""
    if not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        raise Float64Required(
            f"{caller} needs float64, and JAX computes in float32: "
            'add `import jax; jax.config.update("jax_enable_x64", True)` before the first use of JAX.'
        )


def is_traced(value: Any) -> bool:
    """True where `value` has no number yet (inside jit, grad, vmap)."""
    return isinstance(value, Tracer)


def _numbers(name: str, value: Any, remedy: str) -> np.ndarray | None:
    """The float64 array in `value`; None where there is nothing to check yet."""
    if is_traced(value) or isinstance(value, jax.ShapeDtypeStruct) or type(value) is object:
        return None
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise BadValue(f"{name} is {value!r}, but it must be a real number or an array of them. {remedy}")
    check_shown(name, value, remedy)
    if isinstance(value, (list, tuple)) and any(map(is_traced, jax.tree_util.tree_leaves(value))):
        return None
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf" and not jax.numpy.issubdtype(array.dtype, jax.numpy.floating):
            raise TypeError
        return array.astype(float)
    except (TypeError, ValueError):
        raise BadValue(
            f"{name} is {_shown(value)}, but it must be a real number or an array of them. {remedy}"
        ) from None


def check_shown(name: str, value: Any, remedy: str) -> None:
    """Refuse an array, or a list of arrays, with values that a mask hides."""
    if np.ma.is_masked(value) or (isinstance(value, (list, tuple)) and any(map(np.ma.is_masked, value))):
        raise BadValue(f"{name} has values that a mask hides, and they would be taken for numbers. {remedy}")


def hidden_as_nan(value: Any) -> Any:
    """`value` with nan where a mask hides what it holds, as a plain array: what is hidden was not logged."""
    if isinstance(value, (list, tuple)) and any(map(np.ma.isMA, value)):
        value = np.ma.array(value)
    if not np.ma.isMA(value):
        return value
    if not np.ma.is_masked(value):
        return np.asarray(value)
    return np.ma.filled(value if value.dtype.kind in "fc" else value.astype(float), np.nan)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _check(name: str, value: Any, remedy: str, right: Callable[[Any], Any], allowed: str) -> None:
    values = _numbers(name, value, remedy)
    if values is None:
        return
    wrong = ~right(values)  # the conditions are written so that NaN is wrong
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = f"[{', '.join(map(str, index))}]" if values.ndim else ""
        raise BadValue(f"{name}{where} is {values[index]}, but it must be {allowed}. {remedy}")


def check_positive(name: str, value: Any, remedy: str) -> None:
    """Refuse what is not positive and finite, as a normal number of float64."""
    _check(name, value, remedy, lambda v: (v > 0) & (v < np.inf), "positive and finite")
    least = np.finfo(float).tiny
    _check(name, value, remedy, lambda v: v >= least, f"at least {least:.3g}, for JAX takes what is smaller for zero")


def check_non_negative(name: str, value: Any, remedy: str) -> None:
    """Refuse what is negative or not finite."""
    _check(name, value, remedy, lambda v: (v >= 0) & (v < np.inf), "zero or positive, and finite")


def check_finite(name: str, value: Any, remedy: str) -> None:
    """Refuse NaN and infinities."""
    _check(name, value, remedy, np.isfinite, "finite")


def check_at_least(name: str, value: Any, low: float, remedy: str) -> None:
    """Refuse what lies below `low`."""
    _check(name, value, remedy, lambda v: v >= low, f"at least {low:g}")


def check_between(
    name: str,
    value: Any,
    low: float,
    high: float,
    remedy: str,
    *,
    include_low: bool = True,
    include_high: bool = True,
) -> None:
    """Refuse what lies outside the interval from `low` to `high`."""

    def right(values: Any) -> Any:
        above = values >= low if include_low else values > low
        below = values <= high if include_high else values < high
        return above & below

    allowed = f"in {'[' if include_low else '('}{low:g}, {high:g}{']' if include_high else ')'}"
    _check(name, value, remedy, right, allowed)


def check_numbers(name: str, value: Any, remedy: str) -> None:
    """Refuse what is no array of real numbers; nan and infinities pass."""
    _numbers(name, value, remedy)


def as_array(name: str, value: Any, remedy: str) -> Any:
    """A list, tuple or table of numbers as an array, anything else as it is; refused where it holds no numbers.

    A leaf of a Problem is a number or an array: a list would be a subtree of numbers, which no solver can add.
    """
    if isinstance(value, (list, tuple)) or hasattr(value, "to_numpy"):
        array = _numbers(name, value, remedy)
        return jax.numpy.asarray(value) if array is None else array
    return value


def check_kind(name: str, value: Any, kind: type, remedy: str) -> None:
    """Refuse what is no `kind`."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise BadValue(f"{name} is {_shown(value)}, but it must be {article} {kind.__name__}. {remedy}")


def check_not_empty(name: str, value: Any, remedy: str) -> None:
    """Refuse an array without elements."""
    if np.size(value) == 0:
        raise BadValue(f"{name} is empty, but it must hold at least one number. {remedy}")


def check_integer(name: str, value: Any, low: int, remedy: str, *, high: int | None = None) -> int:
    """Return `value` as an int; refuse fractions, booleans and what lies outside [low, high]."""
    allowed = f"an integer of at least {low}" if high is None else f"an integer from {low} to {high}"
    number: Any = value
    if getattr(value, "ndim", None) == 0 and not is_traced(value):
        number = value.item()  # a NumPy or JAX scalar
    real = isinstance(number, numbers.Real) and not isinstance(number, bool)
    if not real or number != number or number in (np.inf, -np.inf) or int(number) != number:
        raise BadValue(f"{name} is {_shown(value)}, but it must be {allowed}. {remedy}")
    if number < low or (high is not None and number > high):
        raise BadValue(f"{name} is {int(number)}, but it must be {allowed}. {remedy}")
    return int(number)


def check_choice(name: str, value: Any, choices: Sequence[str], remedy: str = "") -> Any:
    """Return `value` if it is one of `choices`; otherwise name them, the nearest first."""
    if isinstance(value, str) and value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise BadValue(
        f"{name} is {_shown(value)}, but it must be one of {', '.join(map(repr, choices))}.{hint} {remedy}".rstrip()
    )


def check_shape(name: str, value: Any, shape: Sequence[int | None], remedy: str) -> None:
    """Refuse an array whose shape differs from `shape`; None stands for any length of at least one."""
    if value is None or type(value) is object:
        return
    try:
        have = tuple(np.shape(value))
    except ValueError:
        raise BadValue(f"{name} is {_shown(value)}, whose rows differ in length. {remedy}") from None
    fits = len(have) == len(shape) and all(
        (n >= 1 if want is None else n == want) for n, want in zip(have, shape, strict=True)
    )
    if not fits:
        want = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
        raise BadValue(f"{name} has shape {have}, but it must have shape {want}. {remedy}")


def check_times(
    times: Any,
    *,
    name: str = "times",
    remedy: str = "Pass a sorted one-dimensional array, for example jnp.geomspace(0.1, 10.0, 50).",
) -> None:
    """Refuse times that are not one-dimensional, finite, >= 0 and non-decreasing."""
    if len(np.shape(times)) != 1 or np.size(times) == 0:
        raise BadValue(
            f"{name} has shape {tuple(np.shape(times))}, but it must be a non-empty list of numbers. {remedy}"
        )
    values = _numbers(name, times, remedy)
    if values is None:
        return
    check_non_negative(name, values, remedy)
    falls = np.flatnonzero(np.diff(values) < 0)
    if falls.size:
        i = int(falls[0]) + 1
        raise BadValue(
            f"{name}[{i}] is {values[i]}, but it must not be below {name}[{i - 1}] = {values[i - 1]}. {remedy}"
        )


def check_key(key: Any) -> None:
    """Refuse what is no single typed JAX key."""
    is_key = hasattr(key, "dtype") and jax.numpy.issubdtype(key.dtype, jax.dtypes.prng_key)
    if not is_key or np.shape(key) != ():
        raise BadValue(f"key is {_shown(key)}, but it must be one typed JAX key. Pass key=jax.random.key(0).")


def check_runs(runs: Any) -> int:
    """Return the number of runs; at least 1."""
    return check_integer("runs", runs, 1, "Pass how many independent runs to make, for example runs=20.")


def check_size(name: str, value: float, *, knob: str, per: float) -> int:
    """Return `value` as an int if it is one to 1e-9; otherwise name the nearest usable `knob` (value = per * knob)."""
    nearest = round(value)
    if 1 <= nearest <= 2**53 and abs(value - nearest) <= 1e-9 * max(1.0, abs(value)):
        return nearest
    usable = _nearest_usable(round(value / per), per)
    remedy = f"The nearest usable {knob} is {usable}." if usable else f"Choose {knob} so that {name} is a whole number."
    raise BadValue(f"{name} is {value:g}, but it must be a whole number of at least 1. {remedy}")


def _nearest_usable(start: int, per: float) -> int | None:
    if start > 2**53:  # beyond it floats are all whole, and no machine holds the size
        return None
    for offset in range(10_001):
        for candidate in (start - offset, start + offset):
            size = per * candidate
            if candidate >= 1 and round(size) >= 1 and abs(size - round(size)) <= 1e-9 * max(1.0, size):
                return candidate
    return None


def check_memory(what: str, bytes_needed: float, knob: str) -> None:
    """Refuse arrays beyond four fifths of what is free where JAX computes, before they are made."""
    _refuse_beyond(free_for_arrays(), what, bytes_needed, knob)


def check_host_memory(what: str, bytes_needed: float, knob: str) -> None:
    """`check_memory` for what never reaches a device: files, tables and lists."""
    _refuse_beyond(free_on_host(), what, bytes_needed, knob)


def _refuse_beyond(free: float, what: str, bytes_needed: float, knob: str) -> None:
    if bytes_needed > 0.8 * free:
        raise TooLarge(f"{what} needs {bytes_needed / 2**30:.3g} GiB, but only {free / 2**30:.3g} GiB are free. {knob}")
