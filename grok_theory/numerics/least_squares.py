"""Least squares from the features themselves: their Gram matrix knows only the squares of their singular values."""

from typing import NamedTuple

import numpy as np


class Smoother(NamedTuple):
    """`operator` (dim, samples): weights = operator @ labels. `rank`: how many directions of the features it knows."""

    operator: np.ndarray
    rank: int


def smoother(features: np.ndarray, ridge: float) -> Smoother:
    """(H^T H + ridge)^{-1} H^T, and the pseudo-inverse of H at ridge = 0.

    A tall H, or one with a ridge, is decomposed with every column in its own unit (a power of two), together with the
    ridge's rows: which unit a feature is measured in then changes nothing. Directions below eps max(shape) of the
    largest singular value count as zero. A wide H without a ridge, or one without full rank, has many solutions, and
    the one of least norm depends on the units: it is decomposed as it is, unless a direction would be lost that way.
    """
    samples, dim = features.shape
    if ridge > 0 or samples >= dim:
        rows = np.concatenate([features, np.sqrt(ridge) * np.eye(dim)]) if ridge > 0 else features
        sizes = np.abs(rows).max(axis=0)
        exponents = np.frexp(np.where(sizes > 0, sizes, 1.0))[1]
        left, scale, right = np.linalg.svd(np.ldexp(rows, -exponents), full_matrices=False)
        rank = int(np.sum(scale > _cut(rows, scale)))
        seen_as_it_is = np.linalg.svd(features, compute_uv=False)
        lost = rank > np.sum(seen_as_it_is > _cut(features, seen_as_it_is)) if ridge == 0 else True
        if rank and (rank == dim or lost):
            inverse = (right[:rank].T / scale[:rank]) @ left[:samples, :rank].T
            return Smoother(np.ldexp(inverse, -exponents[:, None]), rank_of(features))
    left, scale, right = np.linalg.svd(features, full_matrices=False)
    kept = scale > _cut(features, scale)
    if not kept.any():
        return Smoother(np.zeros((dim, samples)), 0)
    left, scale, right = left[:, kept], scale[kept], right[kept]
    # s/(s^2 + ridge) without the squares.
    return Smoother(right.T @ (left / (scale + ridge / scale)).T, int(kept.sum()))


def rank_of(features: np.ndarray) -> int:
    """How many singular values stand out of rounding, of a matrix whose columns may each have their own unit."""
    sizes = np.abs(features).max(axis=0)
    scale = np.linalg.svd(np.ldexp(features, -np.frexp(np.where(sizes > 0, sizes, 1.0))[1]), compute_uv=False)
    return int(np.sum(scale > _cut(features, scale)))


def _cut(matrix, scale):
    return max(matrix.shape) * np.finfo(float).eps * scale[0]
