"""The data set as solvers use it: scaled inputs, targets with an output axis, and the directions that are followed."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ...numerics.magnitude import unit_of
from .problem import MeanFieldNetwork


class Data(NamedTuple):
    """Everything but richness and neurons; n = P training inputs followed by the test inputs, in r coordinates."""

    inputs: Float[Array, "n r"]  # x / sqrt(D), so that h = inputs @ w
    targets: Float[Array, "p c"]
    test_targets: Float[Array, "m c"] | None
    directions: Float[Array, "r k"]  # orthonormal columns, or zero ones
    outside: Array  # how much of the directions' projector lies outside the r coordinates
    idle: Array  # D - r: coordinates of the weights that no input sees

    @property
    def samples(self) -> int:
        return self.targets.shape[0]

    @property
    def training(self) -> Float[Array, "p r"]:
        return self.inputs[: self.samples]


def data_of(problem: MeanFieldNetwork) -> Data:
    """The data in the problem's own coordinates (r = D)."""
    inputs, targets = jnp.asarray(problem.inputs, float), _columns(problem.targets)
    dim = inputs.shape[1]
    followed = inputs.T @ targets if problem.directions is None else _columns(problem.directions)
    every = (
        inputs if problem.test_inputs is None else jnp.concatenate([inputs, jnp.asarray(problem.test_inputs, float)])
    )
    return Data(
        every / jnp.sqrt(float(dim)),
        targets,
        None if problem.test_targets is None else _columns(problem.test_targets),
        lax.stop_gradient(_orthonormal(followed)),
        jnp.zeros(()),
        jnp.zeros(()),
    )


def rotated(data: Data) -> Data:
    """The same data in its principal coordinates, the strongest first, r = min(n, D) of them.

    Normal weights look the same from all coordinates, and the points of a Sobol sequence are best spread in the first
    ones: on digits the error of the particles is halved. The rotation itself is no part of a derivative.
    """
    right = jnp.linalg.svd(lax.stop_gradient(data.inputs), full_matrices=False)[2]
    directions = right @ data.directions
    return data._replace(
        inputs=data.inputs @ right.T,
        directions=directions,
        outside=jnp.sum(jnp.square(data.directions)) - jnp.sum(jnp.square(directions)),
        idle=jnp.asarray(float(data.inputs.shape[1] - right.shape[0])),
    )


def _columns(values) -> Array:
    values = jnp.asarray(values, float)
    return values[:, None] if values.ndim == 1 else values


def _orthonormal(columns: Array) -> Array:
    """An orthonormal basis of the columns' span; as many columns, zero where the span has fewer dimensions."""
    # Each column in its own unit: a direction is none the less there for being short.
    columns = lax.stop_gradient(columns)
    columns = columns / unit_of(columns, axis=0)
    left, size, _ = jnp.linalg.svd(columns, full_matrices=False)
    return left * (size > 1e-10 * size[0]).astype(left.dtype)[None]
