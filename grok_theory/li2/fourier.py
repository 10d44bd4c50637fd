"""Batched Fourier coefficients over the real irreps: what energies of the square activation are made of.

One dense product transforms a whole batch; irreps of one degree are stacked, so that compiled code has one block per
degree and not one per irrep. The arrays are handed to compiled functions as arguments: constants would be folded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .groups import Group
from .irreps import irreps
from .real_irreps import isotypic_basis, real_irreps


@lru_cache(maxsize=64)
def fourier_blocks(group: Group) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]:
    """For each degree d: real and imaginary parts (M, rows, d, d) of one complex irrep for each real irrep of that
    degree, and the weight (rows,) of ||uhat vhat||_F^2 in the energy, 2 d / M (twice that where a conjugate is implied).

    Read in order, the rows are those of `real_irreps`.
    """
    by_degree: dict[int, list] = {}
    for real in real_irreps(group):
        twice = 2.0 if real.frobenius_schur == 0 else 1.0
        entry = (irreps(group)[real.irreps[0]].matrices, twice * 2.0 * real.degree / group.order)
        by_degree.setdefault(real.degree, []).append(entry)
    blocks = []
    for entries in by_degree.values():
        matrices = np.stack([m for m, _ in entries], axis=1)
        weights = np.array([w for _, w in entries])
        blocks.append((np.ascontiguousarray(matrices.real), np.ascontiguousarray(matrices.imag), weights))
    return tuple(blocks)


def block_energies(blocks: Any, w: jax.Array) -> jax.Array:
    """(..., rows): (2/M) d ||uhat vhat||_F^2 of each real irrep, w = [u; v] of shape (..., 2M). Traceable."""
    batch, order = w.shape[:-1], w.shape[-1] // 2
    halves = w.reshape(-1, 2, order)
    rows = []
    for real, imag, weight in blocks:
        shape = (halves.shape[0], 2, *real.shape[1:])
        re = (halves @ real.reshape(order, -1)).reshape(shape)
        im = (halves @ imag.reshape(order, -1)).reshape(shape)
        # The product in real arithmetic: its gradient is right at zero, that of |complex| is not.
        product_re = re[:, 0] @ re[:, 1] - im[:, 0] @ im[:, 1]
        product_im = re[:, 0] @ im[:, 1] + im[:, 0] @ re[:, 1]
        rows.append(weight[None] * jnp.sum(product_re**2 + product_im**2, axis=(-2, -1)))
    return jnp.concatenate(rows, axis=-1).reshape(*batch, -1)


def irrep_share(group: Group, w: Any) -> jax.Array:
    """(..., rows): the share of ||w||^2 that lies in each isotypic component, rows as in `local_maxima`.

    The shares and that of the constant functions add to one. The largest is the purity of a node.
    """
    basis, row = isotypic_basis(group)
    w = jnp.asarray(w)
    return _share(jnp.asarray(basis, w.dtype), row, w, rows=len(real_irreps(group)))


def _share(basis: jax.Array, row: Any, w: jax.Array, *, rows: int) -> jax.Array:
    batch, order = w.shape[:-1], w.shape[-1] // 2
    coefficients = w.reshape(-1, 2, order) @ basis
    mass = jax.ops.segment_sum(jnp.sum(coefficients**2, axis=1).T, jnp.asarray(row), rows).T
    return (mass / jnp.sum(w.reshape(-1, 2 * order) ** 2, axis=-1, keepdims=True)).reshape(*batch, rows)
