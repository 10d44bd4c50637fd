"""Numbers and arrays of numbers: which are one, and how they are written so that not a bit is lost."""

from __future__ import annotations

import hashlib
import numbers
from fractions import Fraction

import jax
import numpy as np

_WIDE = (np.float64, np.int64, np.longlong)


def is_key(value: object) -> bool:
    """Whether `value` holds typed JAX keys."""
    return isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)


def is_array(value: object) -> bool:
    """Whether `value` is an array or a NumPy scalar; one with a mask is more than its numbers."""
    kinds = (np.ndarray, np.generic, jax.Array)
    return isinstance(value, kinds) and not isinstance(value, np.ma.MaskedArray) and not is_key(value)


def is_scalar(value: object) -> bool:
    """Whether `value` is one real number."""
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, numbers.Real) or (is_array(value) and np.ndim(value) == 0 and value.dtype.kind in "iuf")


def is_list_of_numbers(value: object) -> bool:
    """Whether `value` may as well be written as an array."""
    return type(value) in (list, tuple) and len(value) > 0 and all(map(is_scalar, value))


def is_plain(value: object) -> bool:
    """Whether `value` is what Python or NumPy counts and computes in: 1, 1.0, np.int64(1) and np.float64(1) are one.

    Narrower ones overflow and round elsewhere, a Fraction never.
    """
    return type(value) in (int, float) or (type(value) in _WIDE and value.dtype in (np.int64, np.float64))


def number(value: object) -> str:
    """Exactly: what no float64 holds keeps all its digits."""
    as_float = float(value)
    if as_float == value or value != value:
        return as_float.hex()
    return str(int(value)) if isinstance(value, (numbers.Integral, np.integer)) else str(_fraction(value))


def _fraction(value: object) -> Fraction:
    return Fraction(*value.as_integer_ratio()) if hasattr(value, "as_integer_ratio") else Fraction(value)


def array(values: np.ndarray) -> list:
    """What it counts in, shape, and bytes; longer numbers have bytes without meaning between them."""
    told = ["array", str(values.dtype), list(values.shape)]
    if values.dtype.type in (np.longdouble, np.clongdouble):
        return [*told, [[number(part.real), number(part.imag)] for part in values.ravel()]]
    return [*told, hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()]
