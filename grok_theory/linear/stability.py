"""Below which learning rate descent is stable: 2 over the largest eigenvalue that the samples have."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .checked import check_finite_samples, check_single
from .features import equivalent_problem
from .problem import TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures

__all__ = ["largest_eigenvalue", "stable_correlated", "stable_features", "stable_teacher_student"]


def stable_teacher_student(problem: TeacherStudent) -> Array:
    """2/(l+ + g), l+ = (1 + sqrt(alpha))^2."""
    check_single(problem, "grok_theory.linear.stable_below")
    return jnp.asarray(problem.largest_stable_learning_rate())


def stable_correlated(problem: CorrelatedInputs) -> Array:
    """2 over the largest eigenvalue of the sum of x x^T over the samples."""
    check_single(problem, "grok_theory.linear.stable_below")
    check_finite_samples(problem, "stable_below")
    return jnp.asarray(2 / largest_eigenvalue(problem.spectrum, float(problem.samples)))


def stable_features(problem: RandomFeatures) -> Array:
    """That of the linear problem it is equivalent to."""
    check_single(problem, "grok_theory.linear.stable_below")
    return stable_correlated(equivalent_problem(problem))


def largest_eigenvalue(spectrum: ArrayLike, samples: float) -> float:
    """Where the largest eigenvalue of X X^T ends, X of `samples` columns N(0, diag(spectrum)).

    The spectral law of X X^T / n has the inverse z(v) = -1/v + sum_i l_i / (1 + l_i v) / n of its Stieltjes transform,
    and ends where z'(v) = 0 on (-1/max l, 0): 1 = sum_i (l_i v / (1 + l_i v))^2 / n. N equal l give
    (sqrt n + sqrt N)^2 l; one l that stands alone leaves the law of the others and is found at n z(-1/l), z without it.

    Parameters
    ----------
    spectrum : array_like
        (modes,) input variances l_i, not all 0.
    samples : float
        n, how many samples there are.

    Returns
    -------
    float
        For large sizes; one draw differs by about the power -2/3 of the smaller size (-1/2 of n for one alone).

    References
    ----------
    Silverstein, Choi (1995): the support of the limiting spectral law. Baik, Silverstein (2006): what leaves it.
    """
    variances = np.asarray(spectrum, float)
    top = float(np.max(variances))
    if not top > 0:
        return 0.0
    share = variances / top
    others = np.delete(share, np.argmax(share))
    gaps = 1 - others
    if (gaps > 0).all() and np.sum(np.square(others / gaps)) < samples:
        return float(top * (samples + np.sum(others / gaps)))
    # v = -(1 - gap)/top; the sum falls with the gap, from infinity at 0 to 0 at 1: bisected in logs.
    low, high = -80.0, 0.0
    for _ in range(200):
        middle = (low + high) / 2
        gap = np.exp(middle)
        total = np.sum(np.square(share * (1 - gap) / (1 - share + share * gap))) / samples
        low, high = (middle, high) if total > 1 else (low, middle)
    size = 1 - np.exp(high)
    return float(top * samples * (1 / size + np.sum(share / (1 - share * size)) / samples))
