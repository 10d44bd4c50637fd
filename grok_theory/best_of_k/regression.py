"""One Bayesian linear regression, drawn and solved exactly at finite dimension."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from .problem import LinearJudge


def draw_regression(
    key: jax.Array, problem: LinearJudge, sizes: tuple[int, ...], examples: int, test_points: int
) -> tuple[jax.Array, jax.Array, jax.Array, dict[str, Any]]:
    """Teacher gaps, reward gaps and spreads of fresh prompts, and the exact second moments of this training set.

    Features phi = x/sqrt(d); posterior of the weights N(w, A) with A^-1 = Phi^T Phi/sigma^2 + 1/gamma^2, by Cholesky
    of the smaller of the two Gram matrices; answers scatter with s(x)^2 = sigma^2 + phi^T A phi.
    """
    dim = sum(sizes)
    modes = problem.modes()
    mode = np.repeat(np.arange(len(sizes)), sizes)
    scale = jnp.sqrt(modes["spectrum"][mode])
    weights_key, input_key, noise_key, test_key = jax.random.split(key, 4)
    teacher, judge = _draw_weights(weights_key, modes, mode, len(sizes))
    noise, prior = problem.noise, problem.prior_scale
    ratio = (noise / prior) ** 2

    phi = jax.random.normal(input_key, (examples, dim)) * scale[None, :] / np.sqrt(dim)
    labels = phi @ teacher + noise * jax.random.normal(noise_key, (examples,))
    tests = jax.random.normal(test_key, (test_points, dim)) * scale[None, :] / np.sqrt(dim)
    inputs = jnp.concatenate([tests, jnp.diag(scale) / np.sqrt(dim)])  # the second part traces Sigma A
    if examples < dim:
        factor = jnp.linalg.cholesky(phi @ phi.T + ratio * jnp.eye(examples))
        half, explained = _halves(factor, labels, phi @ inputs.T)
        mean = phi.T @ solve_triangular(factor.T, half, lower=False)
        variances = prior**2 * (jnp.sum(inputs**2, axis=1) - explained)
    else:
        factor = jnp.linalg.cholesky(phi.T @ phi + ratio * jnp.eye(dim))
        half, explained = _halves(factor, phi.T @ labels, inputs.T)
        mean = solve_triangular(factor.T, half, lower=False)
        variances = noise**2 * explained
    spreads = jnp.sqrt(noise**2 + jnp.maximum(variances[:test_points], 0.0))

    missed = mean - teacher
    favoured = (1 + problem.overshoot) * missed - (judge - teacher)  # m - y_R = m - (w_R - c (m - w_T))
    power = modes["spectrum"][mode] / dim
    stats = {
        "teacher_variance": jnp.sum(power * missed**2),
        "reward_variance": jnp.sum(power * favoured**2),
        "covariance": jnp.sum(power * missed * favoured),
        "spread": jnp.sqrt(noise**2 + jnp.sum(variances[test_points:])),
    }
    return tests @ missed, tests @ favoured, spreads, stats


def _halves(factor: jax.Array, target: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    """L^-1 target and the squared norms of L^-1 columns, by one solve.

    One, because XLA runs independent LAPACK calls of a batch on the threads that each of them then waits for: with two
    cores two of them can wait for ever (seen with jaxlib 0.10.1 at dimension 400).
    """
    solved = solve_triangular(factor, jnp.concatenate([target[:, None], columns], axis=1), lower=True)
    return solved[:, 0], jnp.sum(solved[:, 1:] ** 2, axis=0)


def _draw_weights(key, modes, mode, count):
    """Teacher and judge with the stated mean powers and overlap in every mode, exactly."""
    sign_key, other_key = jax.random.split(key)
    total = lambda values: jax.ops.segment_sum(values, mode, num_segments=count)  # noqa: E731
    sizes = jnp.asarray(np.bincount(mode, minlength=count), float)
    signs = jax.random.rademacher(sign_key, (mode.size,), dtype=float)
    other = jax.random.normal(other_key, (mode.size,))
    other = other - signs * (total(signs * other) / sizes)[mode]
    other = other / jnp.sqrt(total(other**2) / sizes)[mode]
    teacher_scale = jnp.sqrt(modes["teacher_power"])
    along = jnp.where(teacher_scale > 0, modes["overlap"] / jnp.where(teacher_scale > 0, teacher_scale, 1.0), 0.0)
    across = jnp.sqrt(jnp.maximum(modes["reward_power"] - along**2, 0.0))
    return teacher_scale[mode] * signs, along[mode] * signs + across[mode] * other
