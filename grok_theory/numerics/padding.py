"""Lengths in buckets: arrays padded to the next power of two, so that another length compiles nothing again.

XLA compiles for shapes. What a user varies freely (how many times, samples, modes) is therefore padded where a solver
is entered, and what comes back is cut in NumPy, whose slices are not compiled either. Nothing that is traced is padded:
there the caller's own compilation knows the length.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import is_traced

__all__ = [
    "SHORTEST",
    "AnyArray",
    "any_traced",
    "as_numbers",
    "bucket",
    "cut",
    "lengthened",
    "namespace",
    "repeated",
    "solved_at",
    "with_zeros",
]

AnyArray = jax.Array | np.ndarray  # what functions take that ask for a `namespace`
SHORTEST = 16  # the first bucket: what is shorter costs no more than this

Tree = TypeVar("Tree")


def any_traced(*trees: object) -> bool:
    """Whether a leaf of the trees has no number yet."""
    return any(map(is_traced, jax.tree_util.tree_leaves(trees)))


def namespace(*trees: object) -> Any:
    """jax.numpy where a leaf of the trees is an array of JAX, traced or not; else NumPy, which compiles nothing."""
    return jnp if any(isinstance(leaf, jax.Array) for leaf in jax.tree_util.tree_leaves(trees)) else np


def as_numbers(tree: Tree) -> Tree:
    """The same tree with float64 NumPy arrays for numbers, which compiled functions take without a copy of their own.

    Traced leaves become float64 arrays of JAX.
    """
    return jax.tree_util.tree_map(lambda leaf: (jnp if is_traced(leaf) else np).asarray(leaf, float), tree)


def bucket(length: int, shortest: int = SHORTEST) -> int:
    """The length that is compiled in place of `length`: a power of two of at least both.

    Examples
    --------
    >>> [bucket(length) for length in (1, 16, 17, 33, 64)]
    [16, 16, 32, 64, 64]
    """
    return max(shortest, 1 << max(int(length) - 1, 0).bit_length())


def repeated(values: ArrayLike, shortest: int = SHORTEST) -> np.ndarray:
    """`values` (n, ...) as float64 with the last one repeated up to the bucket of n: sorted ones stay sorted.

    Examples
    --------
    >>> repeated([1.0, 2.0], shortest=4).tolist()
    [1.0, 2.0, 2.0, 2.0]
    """
    return _padded(values, shortest, 1, "edge")


def with_zeros(values: ArrayLike, shortest: int = SHORTEST, *, axes: int = 1) -> np.ndarray:
    """`values` as float64 with zeros up to the bucket of each of its first `axes` axes.

    Examples
    --------
    >>> with_zeros([1.0, 2.0], shortest=4).tolist()
    [1.0, 2.0, 0.0, 0.0]
    """
    return _padded(values, shortest, axes, "constant")


def _padded(values: ArrayLike, shortest: int, axes: int, mode) -> np.ndarray:
    values = np.asarray(values, float)
    extra = [(0, bucket(n, shortest) - n if axis < axes else 0) for axis, n in enumerate(values.shape)]
    return np.pad(values, extra, mode=mode)


def lengthened(x: ArrayLike, *beside: object) -> np.ndarray | jax.Array:
    """x (T,) of a solver, `repeated` up to its bucket; as it is where it, or what stands beside it, is traced."""
    return jnp.asarray(x, float) if any_traced(x, *beside) else repeated(x)


def cut(tree: Tree, length: int) -> Tree:
    """The first `length` entries of every array of a tree, as NumPy arrays that cannot be written to where not traced.

    JAX would compile a program for every length.
    """

    def part(leaf):
        if is_traced(leaf):
            return leaf[:length]
        kept = np.asarray(leaf)[:length]
        kept.flags.writeable = False
        return kept

    return jax.tree_util.tree_map(part, tree)


def solved_at(x: ArrayLike, solve: Callable[..., tuple[Any, Any, Any]], *numbers: object) -> tuple[Any, Any, Any, Any]:
    """(x, curves, errors, level) of a compiled `solve(*numbers, x) -> (curves, errors, level)`, asked in buckets."""
    padded = lengthened(x, *numbers)
    curves, errors, level = solve(*map(as_numbers, numbers), padded)
    return *cut((padded, curves, errors), np.size(x)), level
