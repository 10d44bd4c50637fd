"""Kernel regression with the tangent kernel of the start: the network linearised, at any width, at any time, at once.

With K the Gram matrix of the initial kernel the residuals obey Delta' = -(2 / kappa) K Delta, so in K's eigenvectors
everything is elementary. The function reached is alpha ((wbar + dw) . x + (eps/2) x^T (M + dM) x) with dw, dM linear in
the integral of Delta, hence its test loss is exact as well.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ..closed_forms import population_alignment, tangent_kernel
from ..problem import QuadraticCommittee
from .draws import Data, Moments, teacher
from .reduction import Run, committee_output, loss_curves


def run_frozen_kernel(
    problem: QuadraticCommittee, start: Moments, data: Data, x: Array, learning_rate: Any | None, read_test=None
) -> Run:
    """Flow (`learning_rate` None) or descent of the residuals under the kernel of `start`, read at `x`."""
    samples, dim = data.inputs.shape
    curvature = jnp.asarray(problem.curvature)
    kernel = tangent_kernel(data.inputs, data.inputs, start.second, start.mean, curvature=curvature)
    values, vectors = jnp.linalg.eigh(2 * dim / samples * kernel)
    # A kernel has no negative ones; rounding has, and as many positive ones that would be learned after 1e14 tau.
    values = jnp.where(values > samples * jnp.finfo(float).eps * jnp.max(values), values, 0.0)
    first = data.targets - committee_output(problem, start, start, data.inputs)
    amplitudes = vectors.T @ first

    def read(at):
        left, spent = decay(values, at, learning_rate)
        residuals = vectors @ (left * amplitudes)
        moments = _moved(problem, start, data.inputs, vectors @ (spent * amplitudes))
        curves = {"train_loss": jnp.mean(jnp.square(residuals))}
        curves |= loss_curves(problem, moments, start) if read_test is None else read_test(moments)
        curves["teacher_overlap"] = moments.odd @ teacher(dim) / dim
        curves["alignment"] = population_alignment(start.second, start.mean, teacher(dim), curvature=curvature)
        return moments, curves

    last, curves = jax.lax.scan(lambda _, at: read(at), start, x)
    return Run(curves, last, {})


def decay(rates: Array, x: ArrayLike, learning_rate: Any | None) -> tuple[Array, Array]:
    """(z, integral of z) at time x of z' = -rate z from 1, or after x steps z -> (1 - learning_rate rate) z."""
    if learning_rate is None:
        time, left = x, jnp.exp(-rates * x)
        lost = -jnp.expm1(-rates * x)
    else:
        time, left = learning_rate * x, jnp.power(1 - learning_rate * rates, x)
        # 1 - (1 - a)^t without cancellation for small a.
        small = learning_rate * rates < 0.5
        lost = jnp.where(small, -jnp.expm1(x * jnp.log1p(-jnp.where(small, learning_rate * rates, 0.0))), 1 - left)
    moving = rates > 0
    return left, jnp.where(moving, lost / jnp.where(moving, rates, 1.0), time)


def _moved(problem: QuadraticCommittee, start: Moments, inputs: Array, spent: Array) -> Moments:
    """The moments to first order in the weights' motion, given the integral of the residuals."""
    samples, dim = inputs.shape
    scale = 2 * dim / samples / problem.output_scale
    b = scale * (inputs.T @ spent)
    a = problem.curvature * scale * (inputs.T @ (inputs * spent[:, None]))
    half = a @ start.second + jnp.outer(b, start.mean)
    return Moments(start.mean + a @ start.mean + b, start.odd + a @ start.odd, start.second + half + half.T)
