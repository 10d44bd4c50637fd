"""Random ReLU features: exact population moments, and the linear problem they are equivalent to.

With h = relu(features x), f = readout . relu(teacher x) and x ~ N(0, I),

    E relu(u.x) relu(v.x) = norm(u) norm(v) (sin th + (pi - th) cos th)/(2 pi)

gives S = E h h^T, b = E h f and E f^2 exactly. Eigenpairs of S with coefficients (U^T b)/l are a CorrelatedInputs whose
noise holds what no output weights can represent: noise^2 + E f^2 - b^T S^+ b. That the fluctuations of h are Gaussian
is an approximation; the moments are exact, and so is the test loss noise^2 + E f^2 - 2 w.b + w S w of any weights w.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..checks import require_float64
from ..numerics.programs import compiled_soonest
from ..numerics.relu_moments import relu_pairs
from ..pytrees import as_arrays
from .checked import check_single
from .regression_problem import CorrelatedInputs, RandomFeatures, teacher_power
from .units import graded_svd

__all__ = ["Moments", "approximation_error", "equivalent_problem", "moments"]

KEPT_ULPS = 4  # times the width: eigenvalues below this many ulps of the largest are rounding


class Moments(NamedTuple):
    """S = E h h^T (width, width), b = E h f (width,), power = E f^2."""

    covariance: Float[Array, "width width"]
    overlap: Float[Array, " width"]
    power: Float[Array, ""]


@compiled_soonest
def moments(problem: RandomFeatures) -> Moments:
    """The exact second moments of features and label."""
    covariance = relu_pairs(problem.features, problem.features)
    overlap = relu_pairs(problem.features, problem.teacher) @ problem.readout
    return Moments((covariance + covariance.T) / 2, overlap, teacher_power(problem.teacher, problem.readout))


class Equivalent(NamedTuple):
    """The CorrelatedInputs with the same second moments, and what rounding makes of it.

    `blur`: absolute error of its noise^2, a difference of powers; `condition`: of the features of one unit, by which
    spectrum and target lose relative digits.
    """

    problem: CorrelatedInputs
    blur: Float[Array, ""]
    condition: Float[Array, ""]


def equivalent_problem(problem: RandomFeatures) -> CorrelatedInputs:
    """The CorrelatedInputs with the same second moments; traceable."""
    return equivalent(problem).problem


@compiled_soonest
def equivalent(problem: RandomFeatures) -> Equivalent:
    """See `Equivalent`; traceable."""
    covariance, overlap, power = moments(problem)
    # Ranks are decided between features of one unit, S = D C D: the scale of a feature changes no least-squares fit.
    size = jnp.diagonal(covariance)
    alive = size > 0
    unit = jnp.sqrt(jnp.where(alive, size, 1.0))
    correlations = covariance / unit[:, None] / unit[None, :]
    shares, vectors = (part[..., ::-1] for part in jnp.linalg.eigh(correlations))  # falling
    kept = shares > KEPT_ULPS * size.size * jnp.finfo(float).eps * shares[0]
    root = jnp.sqrt(jnp.where(kept, shares, 1.0))
    # S = B^T B, b = B^T heard.
    heard = jnp.where(kept, (vectors.T @ (overlap / unit)) / root, 0.0)
    missed = jnp.maximum(power - jnp.sum(heard**2), 0.0)
    noise = jnp.sqrt(problem.noise**2 + missed)
    left, scale = graded_svd(jnp.where(kept, root, 0.0)[:, None] * vectors.T * unit[None, :], jnp)
    # As many directions as were kept, the largest: what is left of the others is rounding.
    some = (jnp.arange(scale.size) < jnp.sum(kept)) & (scale > 0)
    safe = jnp.where(some, scale, 1.0)
    target = jnp.where(some, (left.T @ heard) / safe, 0.0)
    same = CorrelatedInputs(jnp.where(some, safe**2, 0.0), target, problem.samples, noise)
    eps = jnp.finfo(float).eps
    blur = eps * (power + jnp.linalg.norm(overlap / unit) * jnp.sum(jnp.abs(heard) / root))
    return Equivalent(same, blur, shares[0] / jnp.min(jnp.where(kept, shares, jnp.inf)))


@compiled_soonest
def _approximation_error(problem: RandomFeatures) -> Array:
    return equivalent_problem(problem).noise ** 2 - problem.noise**2


def approximation_error(problem: RandomFeatures) -> Array:
    """What the best output weights still miss of the teacher, E f^2 - b^T S^+ b; label units squared.

    Parameters
    ----------
    problem : RandomFeatures
        Its features and teacher; samples and noise play no part.

    Returns
    -------
    Array
        () zero where every teacher unit is among the features; falls with their number. Accurate to 1e-12 E f^2.

    Raises
    ------
    BadValue
        For another problem, values out of range and a stack of problems.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> one = jnp.eye(2)[:1]
    >>> print(f"{approximation_error(RandomFeatures(one, one, jnp.ones(1), samples=5)):.3f}")
    0.000
    """
    require_float64("grok_theory.linear.approximation_error")
    check_single(problem, "approximation_error", RandomFeatures)
    return _approximation_error(as_arrays(problem))
