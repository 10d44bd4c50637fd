"""Frozen dataclasses that JAX can map, batch and differentiate.

`@record` freezes a class, and registers it as a pytree whose numbers are leaves and whose structure (the fields named
`static`) is not. Unflattening does not call the constructor: a gradient, a batch, a stack or an axis tree of a Problem
is legal, holds anything in its leaves, and is checked by the solver it meets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

Class = TypeVar("Class", bound=type)
Tree = TypeVar("Tree")


class Text(str):
    """A text that may stand among numbers: to JAX it is structure, not data."""


jax.tree_util.register_pytree_node(Text, lambda text: ((), str(text)), lambda text, _: Text(text))


@dataclass_transform(frozen_default=True)
def record(*, static: Sequence[str] = ()) -> Callable[[Class], Class]:
    """Class decorator: frozen dataclass and pytree; the fields named in `static` are structure, all others leaves."""

    def decorate(cls: Any) -> Any:
        cls = dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)
        names = [field.name for field in dataclasses.fields(cls)]
        unknown = set(static) - set(names)
        if unknown:
            raise TypeError(f"{cls.__name__} has no field {sorted(unknown)} to make static; its fields are {names}.")
        leaves = [name for name in names if name not in static]
        cls._static = tuple(static)

        def flatten(self):
            return [getattr(self, name) for name in leaves], tuple(getattr(self, name) for name in static)

        def flatten_with_keys(self):
            children, structure = flatten(self)
            return [(jax.tree_util.GetAttrKey(n), c) for n, c in zip(leaves, children, strict=True)], structure

        def unflatten(structure, children):
            self = object.__new__(cls)
            for name, value in zip([*leaves, *static], [*children, *structure], strict=True):
                object.__setattr__(self, name, value)
            return self

        jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
        if "__eq__" not in cls.__dict__:
            # Leaves may be arrays, whose == has no single truth value; equal means same class, structure and numbers.
            cls.__eq__ = lambda self, other: type(self) is type(other) and same(self, other)
            cls.__hash__ = lambda self: hash((cls, *_hashable(self)))
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = _repr
        return cls

    return decorate


def as_arrays(tree: Tree) -> Tree:
    """The same tree with float64 arrays for numbers, so that changing a number never compiles again.

    What JAX holds already stays with it; other numbers become NumPy arrays, which costs a door a hundredth of a copy to
    JAX.

    Parameters
    ----------
    tree
        Any pytree of numbers, for example a Problem.

    Returns
    -------
    Tree
        Of the same structure.
    """
    return jax.tree_util.tree_map(lambda leaf: (jnp if isinstance(leaf, jax.Array) else np).asarray(leaf, float), tree)


def same(left: Any, right: Any, *, tolerance: float = 0.0) -> bool:
    """True if two pytrees have the same structure and the same numbers (relative `tolerance`; NaN equals NaN)."""
    if jax.tree_util.tree_structure(left) != jax.tree_util.tree_structure(right):
        return False
    return all(
        _same_leaf(a, b, tolerance)
        for a, b in zip(jax.tree_util.tree_leaves(left), jax.tree_util.tree_leaves(right), strict=True)
    )


def _repr(self: Any) -> str:
    parts = ", ".join(f"{field.name}={_shown(getattr(self, field.name))}" for field in dataclasses.fields(self))
    return f"{type(self).__name__}({parts})"


def _shown(value: Any) -> str:
    """Numbers as numbers, whatever holds them; arrays of more than four entries by shape."""
    if isinstance(value, Tracer):
        return "traced"
    if type(value) is dict:
        return "{" + ", ".join(f"{name!r}: {_shown(part)}" for name, part in value.items()) + "}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = (f"{name}={_shown(part)}" for name, part in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({', '.join(parts)})"
    if not hasattr(value, "dtype"):
        return repr(value)
    if jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        return "key"
    if np.size(value) <= 4:
        return repr(np.asarray(value).tolist())
    return f"array{np.shape(value)}"


def _same_leaf(left: Any, right: Any, tolerance: float) -> bool:
    left, right = _plain(left), _plain(right)
    if np.shape(left) != np.shape(right):
        return False
    if np.asarray(left).dtype.kind not in "iufc" or np.asarray(right).dtype.kind not in "iufc":
        return bool(np.all(np.asarray(left) == np.asarray(right)))
    return bool(np.allclose(left, right, rtol=tolerance, atol=0.0, equal_nan=True))


def _plain(leaf: Any) -> Any:
    if hasattr(leaf, "dtype") and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return np.asarray(jax.random.key_data(leaf))
    return leaf


def _hashable(self: Any) -> tuple:
    """What equal records share: structure, and numbers as float64 bytes (0.5 and jnp.asarray(0.5) are one)."""
    leaves, structure = jax.tree_util.tree_flatten(self)
    plain = [np.asarray(_plain(leaf)) for leaf in leaves]
    return (structure, *(a.astype(float).tobytes() for a in plain if a.dtype.kind in "iuf"))
