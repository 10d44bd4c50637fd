"""The sample paths of the single-site average: nodes in the teacher's field, scrambled Sobol innovations elsewhere.

The average of the theory runs over the teacher's field h* (a standard normal; only h*^2 matters, so the positive
half of a Gauss-Hermite rule does) and over two Gaussian processes, each driven by one innovation a grid step.
"""

from collections.abc import Sequence
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
    integers = np.round(points.T * 2.0**SOBOL_BITS).astype(np.int64)
    drawn = np.empty((steps, 2, counts.sum()))
    first = 0
    for node, count in enumerate(counts):
        streams = [
            np.random.default_rng([seed, scramble, node, step, mode]) for step in range(steps) for mode in range(2)
        ]
        drawn[..., first : first + count] = _scrambled_normals(integers[:, :count], streams).reshape(steps, 2, count)
        first += count
    drawn.setflags(write=False)
    return drawn


def _scrambled_normals(integers: np.ndarray, streams: Sequence[np.random.Generator]) -> np.ndarray:
    """Matousek's linear matrix scramble and a digital shift of Sobol columns (stream, point), then normal quantiles."""
    shifts = np.arange(SOBOL_BITS - 1, -1, -1)
    places = 1 << shifts
    # Of each stream: its matrix, its shift, and offsets below the last digit, which keep zero out of reach, whose
    # quantile is infinite.
    size = integers.shape[1]
    matrices, moved, offsets = zip(*(_drawn(stream, size) for stream in streams), strict=True)
    # What a digit turns into: itself, and those below it that its column of the matrix names.
    turned = places @ np.tril(matrices, -1) + places
    scrambled = np.zeros_like(integers)
    # The first 2^m points have no digits after the first m. Sums modulo two are the exclusive or.
    for digit in range(max(1, (size - 1).bit_length())):
        scrambled ^= ((integers >> shifts[digit]) & 1) * turned[:, digit, None]
    scrambled ^= (moved @ places)[:, None]
    return scipy.special.ndtri((scrambled + offsets) / 2.0**SOBOL_BITS)


def _drawn(stream: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return stream.integers(0, 2, (SOBOL_BITS, SOBOL_BITS)), stream.integers(0, 2, SOBOL_BITS), stream.random(size)
