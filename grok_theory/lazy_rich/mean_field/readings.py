"""What is read off neurons at one time, for particles and trained networks alike, and the curves made of it.

With E the mean over neurons (w, a), phi and phi' at h = w . x / sqrt(D), and Delta = y - f:

    features     Phi(mu, nu) = E[phi(h_mu) phi(h_nu)]
    tangent      T(mu, nu) = Phi + K_x o E[(norm(a)^2 / C) phi'(h_mu) phi'(h_nu)], the mean over the C outputs
    gram         G(mu, nu) = Delta_mu . Delta_nu Phi + K_x o E[(a . Delta_mu)(a . Delta_nu) phi' phi'],
                 the inner products of the samples' gradients, from which the coherence is read
    share        tr(B E[w w^T]) / tr(E[w w^T]), B the projector on the followed directions
    distance     sqrt(E[norm(w - w_0)^2 + norm(a - a_0)^2]), norm(theta - theta_0) / sqrt(N) of a network
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from ...kernels import alignment
from ...kernels.activations import Neuron
from ...observables import distance_from_init, kernel_coherence, kernel_movement
from .data import Data

NAMES = ("train_loss", "test_loss", "alignment", "kernel_movement", "coherence", "distance", "feature_overlap")


class Reading(NamedTuple):
    """One time, or with a leading axis of times."""

    output: Float[Array, "n c"]  # training inputs first
    kernel: Float[Array, "p p"]
    coherence: Array
    distance: Array
    share: Array


def forward(phi: Neuron, inputs: Array, weights: Array) -> tuple[Array, Array]:
    """phi(h) and phi'(h), (neurons, n)."""
    h = weights @ inputs.T
    return jax.jvp(phi, (h,), (jnp.ones_like(h),))


def output(values: Array, readouts: Array, richness: Array) -> Float[Array, "n c"]:
    """f = E[a phi] / gamma0."""
    return values.T @ readouts / (readouts.shape[0] * richness)


def read_neurons(
    phi: Neuron,
    data: Data,
    richness: Array,
    neurons: tuple[jax.Array, jax.Array],
    start: tuple[jax.Array, jax.Array],
    offset: Array | float,
) -> Reading:
    """Everything above for neurons (weights (N, r), readouts (N, C)); `offset` is the output at the start."""
    weights, readouts = neurons
    count = readouts.shape[0]
    values, slopes = forward(phi, data.inputs, weights)
    found = output(values, readouts, richness) - offset
    samples = data.samples
    residual = _scaled(data.targets - found[:samples])
    values, slopes = values[:, :samples], slopes[:, :samples]
    features = values.T @ values / count
    strength = jnp.sqrt(jnp.mean(jnp.square(readouts), axis=1, keepdims=True))
    pulled = slopes * (readouts @ residual.T)
    return Reading(
        found,
        *kernel_and_coherence(data, features, _square(slopes * strength) / count, _square(pulled) / count, residual),
        or_zero(distance_from_init, neurons, start) / jnp.sqrt(float(count)),
        share_of(data, weights.T @ weights / count),
    )


def kernel_and_coherence(data: Data, features: Array, slopes: Array, pulled: Array, residual: Array):
    """T from E[phi phi] and E[(norm(a)^2 / C) phi' phi'], and the coherence of the gradients for this residual."""
    inner = data.training @ data.training.T
    gram = residual @ residual.T * features + inner * pulled
    # Contracted with the residuals the kernel is the gradients' Gram matrix, and every residual is one.
    return features + inner * slopes, kernel_coherence(gram, jnp.ones(data.samples)).alpha


def share_of(data: Data, second_moment: Array) -> Array:
    """tr(B M) / tr M; coordinates that no input sees keep their start, where M is the identity."""
    along = jnp.sum(data.directions * (second_moment @ data.directions)) + data.outside
    return along / (jnp.trace(second_moment) + data.idle)


def curves_of(data: Data, readings: Reading, start: Array) -> dict[str, Array]:
    """The curves of NAMES (without test_loss where there is no test data) from readings with a leading time axis.

    `start` is the kernel at tau = 0.
    """
    samples = data.samples
    train, test = readings.output[:, :samples], readings.output[:, samples:]
    curves = {"train_loss": _mean_square(data.targets, train)}
    if data.test_targets is not None:
        curves["test_loss"] = _mean_square(data.test_targets, test)
    return curves | {
        "alignment": jax.vmap(lambda kernel: target_alignment(kernel, data.targets))(readings.kernel),
        "kernel_movement": jax.vmap(lambda kernel: or_zero(kernel_movement, kernel, start))(readings.kernel),
        "coherence": readings.coherence,
        "distance": readings.distance,
        "feature_overlap": readings.share,
    }


def target_alignment(kernel: Array, targets: Float[Array, "p c"]) -> Array:
    """<T, y y^T> / (norm(T) norm(y y^T)), for one output y.T y / (norm(T) norm(y)^2); not centred."""
    if targets.shape[1] == 1:
        return alignment((kernel + kernel.T) / 2, targets[:, 0])
    wanted = targets @ targets.T
    return jnp.sum(kernel * wanted) / (jnp.linalg.norm(kernel) * jnp.linalg.norm(wanted))


def or_zero(measure: Callable[[PyTree, PyTree], Array], value: PyTree, start: tuple[jax.Array, jax.Array]) -> Array:
    """`measure`, a norm of value - start; where nothing has moved the norm has no derivative, and zero is returned."""
    pairs = zip(jax.tree_util.tree_leaves(value), jax.tree_util.tree_leaves(start), strict=True)
    moved = jnp.any(jnp.stack([jnp.any(a != b) for a, b in pairs]))
    elsewhere = jax.tree_util.tree_map(lambda a, b: jnp.where(moved, a, b + 1.0), value, start)
    return jnp.where(moved, measure(elsewhere, start), 0.0)


def _square(rows: Array) -> Array:
    return rows.T @ rows


def _scaled(residual: Array) -> Array:
    # Only ratios are wanted, and squares of residuals below 1e-154 would vanish.
    largest = jnp.max(jnp.abs(residual))
    return residual / jnp.where(largest > 0, largest, 1.0)


def _mean_square(targets: Array, found: Array) -> Array:
    return jnp.mean(jnp.sum(jnp.square(targets[None] - found), axis=2), axis=1)
