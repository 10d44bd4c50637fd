"""Integrals in many digits that several oracles share: over the spectrum of random data, over a Gaussian variable.

They share nothing with `grok_theory.numerics`: other substitutions, other rules, other arithmetic. mpmath is imported
when one of them is called.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

DIGITS = 30


def over_spectrum(samples_per_dim: Any, functions: list[Callable[[Any], Any]], *, scale: Any = 1) -> list[Any]:
    """int rho f over the bulk of the Marchenko-Pastur law for several f at once; `scale` is the largest rate in f.

    Gauss-Legendre in the angle phi, l = l- + 4 sqrt(alpha) sin^2(phi / 2), on pieces that double in length from where
    l leaves the edge, or where f varies, up to pi.
    """
    import mpmath as mp

    with mp.workdps(DIGITS):
        alpha = mp.mpf(samples_per_dim)
        root = mp.sqrt(alpha)
        low = (1 - root) ** 2
        finest = 1 / mp.sqrt(1 + scale * root)
        finest = min(finest, abs(1 - root) / (2 * mp.sqrt(root))) if root != 1 else finest
        cuts = [mp.pi]
        while cuts[-1] > finest / 4:
            cuts.append(cuts[-1] / 2)
        cuts = [mp.mpf(0), *reversed(cuts)]

        def integrand(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def at(phi: Any) -> Any:
                l = low + 4 * root * mp.sin(phi / 2) ** 2
                return 2 * alpha * mp.sin(phi) ** 2 / (mp.pi * l) * function(l)

            return at

        return [integral(integrand(function), cuts) for function in functions]


_RULES: dict[int, list[tuple[Any, Any]]] = {}


def _legendre(order: int) -> list[tuple[Any, Any]]:
    """Nodes and weights on [-1, 1] to all digits: Newton from the double-precision ones."""
    import mpmath as mp
    import numpy as np

    if order not in _RULES:
        rule = []
        for start in np.polynomial.legendre.leggauss(order)[0]:
            node, slope = mp.mpf(float(start)), mp.mpf(1)
            for _ in range(4):
                before, now = mp.mpf(1), node
                for k in range(1, order):
                    before, now = now, ((2 * k + 1) * node * now - k * before) / (k + 1)
                slope = order * (node * now - before) / (node * node - 1)
                node -= now / slope
            rule.append((node, 2 / ((1 - node * node) * slope * slope)))
        _RULES[order] = rule
    return _RULES[order]


FINE_CUTS = (0, 0.05, 0.2, 0.5, 1, 2, 4, 8, 13)


def gaussian_mean(function: Callable[[Any], Any], *, cuts: tuple[float, ...] = FINE_CUTS) -> Any:
    """E f(z), z ~ N(0, 1): Gauss-Legendre between `cuts` and their mirror images; a kink at 0 does no harm."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        both = [-mp.mpf(cut) for cut in reversed(cuts[1:])] + [mp.mpf(cut) for cut in cuts]
        return integral(lambda z: mp.npdf(z) * function(z), both)


def integral(function: Callable[[Any], Any], cuts: list[Any]) -> Any:
    """int f between the first and the last of `cuts`, by 24 Gauss-Legendre nodes on every piece."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        rule, total = _legendre(24), mp.mpf(0)
        for left, right in itertools.pairwise(cuts):
            middle, half = (mp.mpf(left) + right) / 2, (mp.mpf(right) - left) / 2
            total += half * sum(weight * function(middle + half * node) for node, weight in rule)
        return total


def gaussian_grid(dim: int, nodes: int) -> tuple[Any, Any]:
    """Points (n, dim) and weights of a rule exact for polynomials of degree 2 nodes - 1 in each of z ~ N(0, I)."""
    import numpy as np

    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    grid = np.array(list(itertools.product(points, repeat=dim)))
    return grid, np.array([np.prod(part) for part in itertools.product(weights, repeat=dim)])
