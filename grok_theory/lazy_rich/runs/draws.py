"""One run's data and starting weights, drawn alike for every method of simulation."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from ..problem import QuadraticCommittee


class Data(NamedTuple):
    """A training set: inputs (samples, dim), targets (samples,)."""

    inputs: Float[Array, "samples dim"]
    targets: Float[Array, " samples"]


class Moments(NamedTuple):
    """All that the function of a committee depends on, and the mode that points along +-beta."""

    mean: Float[Array, " dim"]  # wbar = (1/N) sum w_i
    odd: Float[Array, " dim"]  # w_a = (1/N) sum s_i w_i
    second: Float[Array, "dim dim"]  # M = (1/N) sum w_i w_i^T


def teacher(dim: int) -> Float[Array, " dim"]:
    """beta = sqrt(D) e_1: inputs and weights are isotropic, so the direction is free and this one is cheap."""
    return jnp.zeros(dim).at[0].set(jnp.sqrt(1.0 * dim))


def data_key(key: jax.Array) -> jax.Array:
    # Distinct keys for data, weights and test inputs: under one key their numbers would be shared.
    return jax.random.fold_in(key, 0)


def weights_key(key: jax.Array) -> jax.Array:
    return jax.random.fold_in(key, 1)


def test_key(key: jax.Array) -> jax.Array:
    return jax.random.fold_in(key, 2)


test_key.__test__ = False  # type: ignore[attr-defined]


def draw_inputs(key: jax.Array, samples: int, dim: int, *, stratified: bool) -> Float[Array, "samples dim"]:
    """Inputs x ~ N(0, I_D / D); `stratified`: one beta . x in each of `samples` equally likely strata.

    Stratifying leaves the limit as it is and takes out the run-to-run noise of how many large targets were drawn.
    """
    inputs = jax.random.normal(jax.random.fold_in(key, 0), (samples, dim)) / jnp.sqrt(1.0 * dim)
    if not stratified:
        return inputs
    strata = jax.random.permutation(jax.random.fold_in(key, 1), samples)
    within = jax.random.uniform(jax.random.fold_in(key, 2), (samples,), minval=1e-12)
    along = ndtri((strata.astype(float) + within) / samples)
    return inputs.at[:, 0].set(along / jnp.sqrt(1.0 * dim))


def quadratic_targets(inputs: Float[Array, "samples dim"]) -> Float[Array, " samples"]:
    """y = (1/2) (beta . x)^2."""
    return jnp.square(inputs @ teacher(inputs.shape[1])) / 2


def signs(width: int) -> Float[Array, " width"]:
    """s_i = +1, -1, +1 ...; balanced. The last of an odd width is 0 (allowed at m0 = 0 only)."""
    alternating = jnp.where(jnp.arange(width) % 2 == 0, 1.0, -1.0)
    return alternating if width % 2 == 0 else alternating.at[-1].set(0.0)


def draw_weights(
    key: jax.Array, problem: QuadraticCommittee, dim: int, width: int, *, orthogonal_start: bool
) -> Float[Array, "width dim"]:
    """w_i = s_i m0 beta + sqrt(1 - m0^2) g_i; `orthogonal_start` projects beta out of g_i."""
    bulk = jax.random.normal(key, (width, dim))
    if orthogonal_start:
        bulk = bulk.at[:, 0].set(0.0)
    overlap = problem.teacher_overlap
    return overlap * jnp.outer(signs(width), teacher(dim)) + jnp.sqrt(1 - jnp.square(overlap)) * bulk


def moments_of(weights: Float[Array, "width dim"]) -> Moments:
    """The moments of given weights."""
    width = weights.shape[0]
    return Moments(weights.mean(0), signs(width) @ weights / width, weights.T @ weights / width)


def start_moments(
    key: jax.Array, problem: QuadraticCommittee, dim: int, width: int | None, *, orthogonal_start: bool
) -> Moments:
    """The moments at the start; `width` None: infinitely many neurons, whose moments are their expectations."""
    if width is not None:
        return moments_of(draw_weights(key, problem, dim, width, orthogonal_start=orthogonal_start))
    overlap, beta = problem.teacher_overlap, teacher(dim)
    bulk = jnp.eye(dim)
    if orthogonal_start:
        bulk = bulk.at[0, 0].set(0.0)
    second = (1 - jnp.square(overlap)) * bulk + jnp.square(overlap) * jnp.outer(beta, beta)
    return Moments(jnp.zeros(dim), overlap * beta, second)
