"""Truths for diagonal networks: both layers, in logarithms, by a collocation method of order 13 in 80 bits.

Radau IIA with seven stages on steps that grow with time; each step's stages are solved for with a Jacobian in 64 bits
and a residual in 80, so that what is left is rounding of 80 bits. None of it is the dual flow of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import mpmath as mp
import numpy as np
from scipy.linalg import lu_factor, lu_solve

from benchmarks.truths_linear import Case, Wide
from grok_theory import linear

STAGES, PER_DECADE, SEED = 7, 24, 7
SHAPES = ((4, 10), (5, 12), (3, 6), (6, 4))  # samples, weights


@lru_cache(maxsize=1)
def radau() -> np.ndarray:
    """The matrix of the stages, in 80 bits: integrals of polynomials through the zeros of P_s - P_{s-1} on [0, 1]."""
    with mp.workdps(40):

        def f(x):
            return mp.legendre(STAGES, 2 * x - 1) - mp.legendre(STAGES - 1, 2 * x - 1)

        grid = [mp.mpf(i) / 2000 for i in range(1, 2000)]
        signs = [f(x) for x in grid]
        ends = [(grid[i], grid[i + 1]) for i in range(len(grid) - 1) if signs[i] * signs[i + 1] < 0]
        nodes = [*[mp.findroot(f, pair, solver="anderson") for pair in ends][: STAGES - 1], mp.mpf(1)]
        powers, integrals = mp.matrix(STAGES), mp.matrix(STAGES)
        for i, node in enumerate(nodes):
            for k in range(STAGES):
                powers[i, k], integrals[i, k] = node**k, node ** (k + 1) / (k + 1)
        found = integrals * powers**-1
        return np.array([[Wide(mp.nstr(found[i, j], 25)) for j in range(STAGES)] for i in range(STAGES)])


def weights_of_flow(
    inputs: np.ndarray, targets: np.ndarray, start: float, decay: float, times: np.ndarray, per_decade: int = PER_DECADE
) -> np.ndarray:
    """w = u^2 - v^2 at the times, (times, dim) in 80 bits."""
    x, y, stages = Wide(1) * inputs, Wide(1) * targets, radau()
    dim = x.shape[1]
    gram, seen = x.T @ x, x.T @ y
    gram64, size = gram.astype(float), STAGES * 2 * dim

    def slope(logs):
        g = (np.exp(2 * logs[:, :dim]) - np.exp(2 * logs[:, dim:])) @ gram - seen[None]
        return np.concatenate([-2 * g, 2 * g], axis=1) - Wide(decay)

    def jacobian(logs):
        u, v = np.exp(2 * logs[:dim]).astype(float), np.exp(2 * logs[dim:]).astype(float)
        top = np.concatenate([-4 * gram64 * u, 4 * gram64 * v], axis=1)
        return np.concatenate([top, -top])

    logs, now, found = np.full(2 * dim, np.log(Wide(start))), Wide(0), []
    for time in times.astype(Wide):
        while now < time:
            step = Wide(1e-7) if now == 0 else now * Wide(10 ** (1 / per_decade) - 1)
            step = min(step, Wide(2.5 / per_decade / decay)) if decay else step
            step = time - now if time - now < Wide(1.001) * step else step
            at = np.repeat(logs[None], STAGES, axis=0)
            for _ in range(60):
                left = at - logs[None] - step * (stages @ slope(at))
                blocks = -float(step) * np.einsum("ij,jab->iajb", stages.astype(float), np.stack([*map(jacobian, at)]))
                factor = lu_factor(np.eye(size) + blocks.reshape(size, size))
                change = lu_solve(factor, left.ravel().astype(float)).reshape(at.shape)
                largest = np.abs(change).max()
                at = at - change / max(1.0, largest)
                if largest < 1e-17:
                    break
            logs, now = at[-1], now + step
        found.append(np.exp(2 * logs[:dim]) - np.exp(2 * logs[dim:]))
    return np.array(found)


def networks(count: int) -> Iterator[Case]:
    """Random DiagonalNetworks at eight times each: starts from 0.1 to 30, decays from 0 to 0.1."""
    rng = np.random.default_rng(SEED)
    for which in range(count):
        samples, dim = SHAPES[which % len(SHAPES)]
        start, decay = 10 ** rng.uniform(-1, 1.5), 0.0 if which % 9 == 0 else 10 ** rng.uniform(-3, -1)
        teacher = np.zeros(dim)
        teacher[:2] = rng.choice([-1, 1], 2)
        inputs = rng.standard_normal((samples, dim)) / np.sqrt(samples)
        targets = inputs @ teacher + (0.1 * rng.standard_normal(samples) if which % 3 == 0 else 0.0)
        times = np.concatenate([[0.0], np.geomspace(1e-3, 10 ** rng.uniform(1, 2.7), 7)])
        found = linear.solve(linear.DiagonalNetwork(inputs, targets, start, decay, teacher), times)
        weights = weights_of_flow(inputs, targets, start, decay, times)
        missed = np.sum((weights - teacher) ** 2, axis=1)
        truth = {
            "train_loss": np.mean((weights @ inputs.T - targets) ** 2, axis=1),
            "l1_norm": np.mean(np.abs(weights), axis=1),
            "weight_error": missed / dim,
            "test_loss": missed / samples,
            "scale": Wide(start) ** 2 * np.exp(-2 * Wide(decay) * times.astype(Wide)),
        }
        yield found.curves, found.numerical_error, truth
