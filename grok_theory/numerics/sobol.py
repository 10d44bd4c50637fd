"""The first points of an unscrambled Sobol sequence, without `scipy.stats`, whose import costs more than many a solve.

The direction numbers are those of SciPy (Joe and Kuo, SIAM J. Sci. Comput. 30 (2008) 2635), read from its own table.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import scipy

TABLE = "stats/_sobol_direction_numbers.npz"  # of SciPy; where a version has it elsewhere, its sampler is asked


def sobol_integers(dim: int, count: int, bits: int) -> np.ndarray:
    """The first `count` points of `dim` coordinates times 2^bits, whole numbers (count, dim)."""
    table = _table()
    if table is None:
        points = scipy.stats.qmc.Sobol(dim, scramble=False, bits=bits).random(count)
        return np.round(points * 2.0**bits).astype(np.int64)
    with np.load(table) as numbers:
        return sobol_points(numbers["poly"][:dim], numbers["vinit"][:dim], count, bits)


def sobol_points(polynomials: np.ndarray, first: np.ndarray, count: int, bits: int) -> np.ndarray:
    """The same of these primitive polynomials modulo two (as numbers) and first direction numbers (dim, degree)."""
    needed = max(1, (count - 1).bit_length())
    columns = np.array([_directions(int(p), row, needed) for p, row in zip(polynomials, first, strict=True)])
    columns = columns << (bits - 1 - np.arange(needed))
    # Points in the order of the Gray code: one digit changes from each to the next.
    order = np.arange(count) ^ (np.arange(count) >> 1)
    points = np.zeros((count, len(columns)), np.int64)
    for digit in range(needed):
        points ^= ((order >> digit) & 1)[:, None] * columns[:, digit]
    return points


def _directions(polynomial: int, first: np.ndarray, needed: int) -> list[int]:
    """The odd numbers m_1, m_2, ... of one coordinate; all one for the first, whose polynomial is 1."""
    degree = polynomial.bit_length() - 1
    if degree < 1:
        return [1] * needed
    found = [int(number) for number in first[:degree]]
    taps = [k for k in range(1, degree + 1) if (polynomial >> (degree - k)) & 1]
    while len(found) < needed:
        new = found[-degree]
        for k in taps:
            new ^= found[-k] << k
        found.append(new)
    return found[:needed]


def _table() -> Path | None:
    spec = importlib.util.find_spec("scipy")
    folders = [] if spec is None else spec.submodule_search_locations or []
    return next((path for folder in folders if (path := Path(folder) / TABLE).is_file()), None)
