"""Singular values of columns in any units, each with its own digits.

A singular value decomposition has absolute errors of 1e-16 of the largest value: with columns in units 1e-8 and 1e8 it
knows nothing of the small ones. After two QR factorisations of the columns sorted by size the matrix is graded towards
one corner and nearly diagonal, and the same decomposition keeps every value to rounding (Higham, Accuracy and Stability
of Numerical Algorithms, chapter 19; Drmac & Veselic, SIAM J. Matrix Anal. Appl. 29, 2008, on the preconditioning).
"""

from types import ModuleType
from typing import Any

import numpy as np
from jax.typing import ArrayLike

__all__ = ["equilibrated", "graded_svd"]


def equilibrated(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of norm one and their norms; a column of zeros keeps the unit 1. No square overflows."""
    largest = np.max(np.abs(columns), axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    scaled = columns / largest
    norms = np.linalg.norm(scaled, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    return scaled / norms, largest * norms


def graded_svd(rows: ArrayLike, xp: ModuleType = np) -> tuple[Any, Any]:
    """(left vectors (r, r), singular values (r,) falling) of a matrix (r, columns) of rank r <= columns.

    Relative accuracy is that of the matrix with columns of norm one. `xp` is numpy, or jax.numpy inside traces.
    """
    order = xp.argsort(-xp.max(xp.abs(rows), axis=0))
    first, upper = xp.linalg.qr(rows[:, order])
    _, corner = xp.linalg.qr(upper.T)
    # rows = first corner^T (second)^T
    _, values, right = xp.linalg.svd(corner)
    return first @ right.T, values
