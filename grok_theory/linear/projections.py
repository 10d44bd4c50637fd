r"""The size of a model: regression through N linear features of the inputs, which is a CorrelatedInputs again.

With z = W^T x of Gaussian inputs x ~ N(0, Lambda), the residual of the best prediction from z is Gaussian and knows
nothing of z. So given W everything that is exact for `CorrelatedInputs` is exact here too, with the spectrum of
W^T Lambda W, the best weights in its basis, and a noise that holds the residual. For Gaussian W the residual's mean
over draws is, at large sizes,

    sum_j l_j w*_j^2 kappa/(l_j + kappa),     N = sum_j l_j/(l_j + kappa).
"""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_between, check_finite, check_non_negative, check_shape, is_traced, require_float64
from ..errors import BadValue
from ..numerics.ridge_equation import effective_ridge, learned
from .checked import check_single
from .regression_problem import CorrelatedInputs

__all__ = ["projection_residual", "through_projection"]


def through_projection(problem: CorrelatedInputs, projection: ArrayLike) -> CorrelatedInputs:
    """Make the regression of a student that sees W^T x in place of x; exact for Gaussian inputs.

    Parameters
    ----------
    problem : CorrelatedInputs
        Inputs x with their spectrum, teacher and label noise; samples stay as they are.
    projection : array_like
        W (modes, features); entries N(0, 1/features) leave the largest eigenvalues about where they are.

    Returns
    -------
    CorrelatedInputs
        Of min(modes, features) modes, largest first: its noise^2 is noise^2 plus what no combination of the features
        tells of the label.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> narrow = through_projection(CorrelatedInputs([1.0, 0.25], [1.0, 2.0], samples=5, noise=0.0), [[1.0], [0.0]])
    >>> print(narrow.spectrum, narrow.target, narrow.noise)  # the second mode, of power 0.25 * 2^2, is noise
    [1.] [1.] 1.0
    """
    check_single(problem, "through_projection", CorrelatedInputs)
    if is_traced(problem.spectrum) or is_traced(projection):
        raise BadValue("projection or problem is traced, but singular vectors are taken of numbers. Call it outside.")
    modes = np.size(problem.spectrum)
    check_shape("projection", projection, (modes, None), "Pass one row a mode of the Problem, one column a feature.")
    check_finite("projection", projection, "Draw it anew.")
    root = np.sqrt(np.asarray(problem.spectrum, float))
    wanted = root * np.asarray(problem.target, float)
    left, scale, right = np.linalg.svd(root[:, None] * np.asarray(projection, float), full_matrices=False)
    kept = scale > modes * np.finfo(float).eps * scale[0]
    heard = np.where(kept, left.T @ wanted, 0.0)
    missed = wanted - left @ heard
    # Signs of singular vectors are arbitrary: weights are told in those of the features.
    sign = np.where(np.sum(right, axis=1) < 0, -1.0, 1.0)
    return CorrelatedInputs(
        np.where(kept, scale, 0.0) ** 2,
        sign * heard / np.where(kept, scale, 1.0),
        problem.samples,
        float(np.sqrt(float(problem.noise) ** 2 + missed @ missed)),
    )


def projection_residual(spectrum: ArrayLike, target: ArrayLike, features: ArrayLike) -> Array:
    """Mean of what N random Gaussian features of the inputs cannot tell of the label, at large sizes.

    Parameters
    ----------
    spectrum : array_like
        (modes,) l_j > 0, variances of the inputs.
    target : array_like
        (modes,) w*, the teacher.
    features : array_like
        N, 0 < N < modes, of any shape.

    Returns
    -------
    Array
        Of the shape of `features`, label units squared; the late loss of a noiseless student of this size. For spectra
        j^-a and l_j w*_j^2 = j^-b it falls as N^-min(b - 1, a).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{projection_residual(np.ones(8), np.ones(8), 6):.6f}")  # of equal modes the share that is left
    2.000000
    """
    require_float64("grok_theory.linear.projection_residual")
    check_shape("spectrum", spectrum, (None,), "Pass the input variances.")
    check_shape("target", target, np.shape(spectrum), "Pass one teacher weight for every eigenvalue.")
    check_non_negative("spectrum", spectrum, "Pass the input variances.")
    check_finite("target", target, "Pass the teacher's weights.")
    check_between(
        "features",
        features,
        0,
        np.size(spectrum),
        "Pass how many features there are.",
        include_low=False,
        include_high=False,
    )
    l, power = jnp.asarray(spectrum, float), jnp.square(jnp.asarray(target, float))
    count = jnp.asarray(features, float)
    kappa = effective_ridge(l, count)
    _, left = learned(jnp.broadcast_to(l, (*count.shape, l.size)), kappa[..., None])
    return jnp.asarray(left @ (l * power))
