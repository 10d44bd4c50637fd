"""The sample paths of the single-site average: nodes in the teacher's field, scrambled Sobol innovations elsewhere.

The average of the theory runs over the teacher's field h* (a standard normal; only h*^2 matters, so the positive
half of a Gauss-Hermite rule does) and over two Gaussian processes, each driven by one innovation a grid step.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

SOBOL_BITS = 30
SMALLEST_NODE = 8


@dataclass(frozen=True)
class Paths:
    """What the averages are taken over: `teacher_field` h* and `weight` have shape (path,), weights sum to one."""

    teacher_field: np.ndarray
    weight: np.ndarray


def teacher_nodes(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Half-line Gauss-Hermite rule for even functions of a standard normal: increasing nodes, weights (sum one)."""
    points, weights = np.polynomial.hermite_e.hermegauss(2 * nodes)
    return points[nodes:], 2 * weights[nodes:] / weights.sum()


def paths_per_node(paths: int, nodes: int) -> np.ndarray:
    """How many paths each h* node gets: in proportion to weight * (1 + h*^2 / 2), a power of two, at least 8.

    The outer nodes weigh little but carry the large targets, so neither equal shares nor shares by weight do. Among
    all factors of proportionality the one is taken whose total comes closest to `paths`.

    >>> paths_per_node(672, 6)
    array([256, 256, 128,  16,   8,   8])
    """
    field, weight = teacher_nodes(nodes)
    share = weight * (1 + field**2 / 2)
    share /= share.sum()
    factors = paths * np.geomspace(0.25, 4.0, 257)
    counts = np.maximum(SMALLEST_NODE, 2.0 ** np.round(np.log2(np.outer(factors, share)))).astype(int)
    totals = counts.sum(axis=1)
    best = np.flatnonzero(np.abs(totals - paths) == np.abs(totals - paths).min())
    return counts[best[np.argmin(np.abs(np.log(factors[best] / paths)))]]


def draw_paths(paths: int, nodes: int) -> Paths:
    """The h* and the weight of every path, node after node."""
    field, weight = teacher_nodes(nodes)
    counts = paths_per_node(paths, nodes)
    return Paths(np.repeat(field, counts), np.repeat(weight / counts, counts))


@lru_cache(maxsize=16)
def innovations(paths: int, nodes: int, steps: int, seed: int, scramble: int) -> np.ndarray:
    """Standard normal innovations, shape (step, mode, path), modes: common and odd field.

    Every h* node has its own scramble (slicing one sequence among the nodes is biased), and every (seed, scramble,
    node, step, mode) its own stream, so that a longer march repeats the innovations of a shorter one to the last bit.
    """
    counts = paths_per_node(paths, nodes)
    points = scipy.stats.qmc.Sobol(2 * steps, scramble=False, bits=SOBOL_BITS).random(int(counts.max()))
    integers = np.round(points * 2.0**SOBOL_BITS).astype(np.int64)
    drawn = np.empty((steps, 2, counts.sum()))
    first = 0
    for node, count in enumerate(counts):
        for step in range(steps):
            for mode in range(2):
                stream = np.random.default_rng([seed, scramble, node, step, mode])
                drawn[step, mode, first : first + count] = _scrambled_normals(integers[:count, 2 * step + mode], stream)
        first += count
    drawn.setflags(write=False)
    return drawn


def _scrambled_normals(integers: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """Matousek's linear matrix scramble and a digital shift of one Sobol column, then the normal quantile."""
    shifts = np.arange(SOBOL_BITS - 1, -1, -1)
    places = 1 << shifts
    digits = (integers[:, None] >> shifts) & 1
    matrix = np.tril(stream.integers(0, 2, (SOBOL_BITS, SOBOL_BITS)), -1) + np.eye(SOBOL_BITS, dtype=np.int64)
    # Sums modulo two, all digits of a column at once: its number is the exclusive or of those of the matrix's columns.
    scrambled = np.bitwise_xor.reduce(digits * (places @ matrix), axis=1)
    scrambled ^= places @ stream.integers(0, 2, SOBOL_BITS)
    # A uniform offset below the last digit keeps zero, whose quantile is infinite, out of reach.
    return scipy.special.ndtri((scrambled + stream.random(len(integers))) / 2.0**SOBOL_BITS)
