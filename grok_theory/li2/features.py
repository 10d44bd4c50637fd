"""Features: the members of the families of maxima, `closed_forms.local_maxima`, as nodes [u; v]."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_integer, check_key, check_numbers
from ..errors import BadValue
from .groups.group import Group
from .groups.real_representations import real_irreps


def feature(group: Group, row: int, left: ArrayLike, inner: ArrayLike, right: ArrayLike) -> np.ndarray:
    """The maximum [u; v] of real irrep `row` with given vectors: u ~ left^T R(g) inner, v ~ inner^T R(g) right.

    Parameters
    ----------
    group : Group
        Of at least 2 elements.
    row : int
        Of `real_irreps(group)`, as in `local_maxima`.
    left, inner, right : array_like
        x, y, z of shape (..., D), D the real degree of the irrep; scaled to unit length here.

    Returns
    -------
    ndarray
        (..., 2M), unit norm, norm(u) = norm(v) = 1/sqrt 2.

    Raises
    ------
    BadValue
        For another row, another length or a zero vector.
    SolveFailed, TooLarge
        As `groups.irreps`.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import groups
    >>> node = feature(groups.cyclic(5), 0, [1.0, 0.0], [1.0, 0.0], [1.0, 0.0])
    >>> print(node[:5].round(3) + 0.0)  # a wave
    [ 0.447  0.138 -0.362 -0.362  0.138]
    """
    rows = real_irreps(group)
    row = check_integer("row", row, 0, "Pass a row of local_maxima.", high=len(rows) - 1)
    irrep = rows[row]
    unit = [_unit_vectors(*pair, irrep.real_degree) for pair in (("left", left), ("inner", inner), ("right", right))]
    x, y, z = np.broadcast_arrays(*unit)
    # R(g) y once; y^T R(g) = (R(g)^T y)^T = (R(g^-1) y)^T.
    moved = np.einsum("gij,...j->...gi", irrep.matrices, y)
    u = np.einsum("...gi,...i->...g", moved, x)
    v = np.einsum("...gi,...i->...g", moved[..., group.inverse, :], z)
    return np.sqrt(irrep.real_degree / (2 * group.order)) * np.concatenate([u, v], axis=-1)


def _unit_vectors(name: str, vector: ArrayLike, dimension: int) -> np.ndarray:
    check_numbers(name, vector, "Pass for example a unit vector.")
    vector = np.asarray(vector, float)
    if vector.ndim == 0 or vector.shape[-1] != dimension:
        raise BadValue(
            f"{name} has shape {vector.shape}, but its last axis must have the real degree {dimension} of the irrep."
        )
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    if not (length > 0).all():
        raise BadValue(
            f"{name} holds a zero vector or NaN, but it must have a direction. Pass for example a unit vector."
        )
    return vector / length


def random_features(group: Group, row: int, *, count: int, key: jax.Array) -> np.ndarray:
    """Random maxima of real irrep `row`, with independent uniform unit vectors.

    Parameters
    ----------
    group : Group
        Of at least 2 elements.
    row : int
        Of `real_irreps(group)`, as in `local_maxima`.
    count : int
        How many; feature i depends on (key, i) only.
    key : Array
        Typed JAX key.

    Returns
    -------
    ndarray
        (count, 2M), unit norm.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    SolveFailed, TooLarge
        As `groups.irreps`.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import groups
    >>> print(random_features(groups.cyclic(7), 0, count=3, key=jax.random.key(0)).shape)
    (3, 14)
    """
    check_key(key)
    rows = real_irreps(group)
    row = check_integer("row", row, 0, "Pass a row of local_maxima.", high=len(rows) - 1)
    count = check_integer("count", count, 1, "Pass how many features to draw.")
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(count))
    draws = jax.vmap(lambda k: jax.random.normal(k, (3, rows[row].real_degree)))(keys)
    return feature(group, row, *np.moveaxis(np.asarray(draws, float), 1, 0))
