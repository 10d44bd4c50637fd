"""Batched Fourier coefficients over the real irreps: what energies of the square activation are made of.

One dense product transforms a whole batch; irreps of one degree are stacked, so that compiled code has one block per
degree and not one per irrep. The arrays are handed to compiled functions as arguments: constants would be folded.
"""

from __future__ import annotations

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ...checks import check_numbers, check_shape
from .group import Group
from .real_representations import isotypic_basis, real_irreps

# For each real degree the matrices of its irreps, and their weights.
Blocks = tuple[tuple[np.ndarray | jax.Array, np.ndarray | jax.Array], ...]


@lru_cache(maxsize=64)
def fourier_blocks(group: Group) -> Blocks:
    """For each real degree D: matrices R (M, rows, D, D) and the weight (rows,) of norm(U V)_F^2 in the energy.

    U = sum_g u(g) R(g). Where R is the realification of rho, norm(U V)_F^2 = 2 norm(uhat vhat)_F^2, which for a
    conjugate pair is the sum over the pair and for a quaternionic rho twice its share: the weight is 2 d / M, or d / M
    for nu = -1. Read in order, the rows are those of `real_irreps`.
    """
    by_degree: dict[int, list] = {}
    for real in real_irreps(group):
        weight = (0.5 if real.frobenius_schur == -1 else 1.0) * 2.0 * real.degree / group.order
        by_degree.setdefault(real.real_degree, []).append((real.matrices, weight))
    blocks = []
    for entries in by_degree.values():
        blocks.append((np.stack([m for m, _ in entries], axis=1), np.array([w for _, w in entries])))
    return tuple(blocks)


def block_energies(blocks: Blocks, w: jax.Array) -> jax.Array:
    """(B, rows): the energy carried by each real irrep, w = [u; v] of shape (B, 2M). Traceable."""
    order = w.shape[1] // 2
    halves = w.reshape(-1, order)
    rows = []
    for matrices, weight in blocks:
        transform = (halves @ matrices.reshape(order, -1)).reshape(-1, 2, *matrices.shape[1:])
        # Written as a sum: XLA makes one fused loop of it, twice as fast as its batched product of tiny matrices.
        product = jnp.sum(transform[:, 0, :, :, :, None] * transform[:, 1, :, None, :, :], axis=3)
        rows.append(weight[None] * jnp.sum(product**2, axis=(2, 3)))
    return jnp.concatenate(rows, axis=1)


def irrep_share(group: Group, w: ArrayLike) -> np.ndarray:
    """Share of norm(w)^2 that lies in each isotypic component.

    The shares and that of the constant functions add to one. The largest is the purity of a node.

    Parameters
    ----------
    group : Group
        Of at least 2 elements.
    w : array_like
        (..., 2M) nodes [u; v], not zero.

    Returns
    -------
    ndarray
        (..., rows), rows as in `local_maxima`; NumPy, float64.

    Raises
    ------
    BadValue
        Where the last axis is not 2M.
    SolveFailed, TooLarge
        As `irreps`.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.li2.groups import cyclic
    >>> wave = np.cos(2 * np.pi * np.arange(5) / 5)
    >>> print(np.sort(irrep_share(cyclic(5), np.append(wave, wave))).round(6) + 0.0)
    [0. 1.]
    """
    basis, row = isotypic_basis(group)
    check_numbers("w", w, "Pass nodes [u; v] with a last axis of length 2M.")
    w = np.asarray(w, float)
    check_shape("w", w, (*w.shape[:-1], 2 * group.order), "Pass nodes [u; v] with a last axis of length 2M.")
    mass = np.sum((w.reshape(*w.shape[:-1], 2, group.order) @ basis) ** 2, axis=-2)
    starts = np.searchsorted(row, np.arange(len(real_irreps(group))))
    return np.add.reduceat(mass, starts, axis=-1) / np.sum(w**2, axis=-1, keepdims=True)


@lru_cache(maxsize=32)
def component_basis(group: Group) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal functions (M, M - 1) of the nontrivial real irreps, and zeros and ones (M - 1, irreps): whose."""
    functions, row = isotypic_basis(group)
    return functions, np.eye(int(row.max()) + 1)[row]
