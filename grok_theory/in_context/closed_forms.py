"""Exact formulas of the wing, small pure functions."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import check_non_negative, check_positive
from .task_law import task_moments

__all__ = [
    "infinite_sequences_loss",
    "long_context_loss",
    "second_transience_threshold",
    "task_resolvent",
    "transience_threshold",
]

_TASKS = "Pass tasks / dim, for example 1.0."
_NOISE = "Pass the standard deviation of the label noise, for example 0.5."
_RATIO = "Pass c/c', the blur of a training prompt over that of a test prompt, for example 1.0."


def task_resolvent(penalty: ArrayLike, tasks_per_dim: ArrayLike) -> Array:
    """M(q) = (1/d) tr (R + q)^-1 of the covariance R = (1/k) sum w w^T of k = kappa d tasks w ~ N(0, I), d -> inf.

    M(q) = 2/(q + 1 - g + sqrt((q + 1 - g)^2 + 4 g q)), g = 1/kappa: `numerics.spectra.stieltjes` in units of R.

    Parameters
    ----------
    penalty : array_like
        q > 0.
    tasks_per_dim : array_like
        kappa > 0.

    Returns
    -------
    Array
        The mean of 1/(r + q) over the eigenvalues r of R, of the broadcast shape.

    Examples
    --------
    >>> print(f"{task_resolvent(1.0, 1.0):.12f}")
    0.618033988750
    """
    check_positive("penalty", penalty, "Pass the penalty q, for example 1.0.")
    check_positive("tasks_per_dim", tasks_per_dim, _TASKS)
    return task_moments(jnp.asarray(penalty, float), jnp.asarray(tasks_per_dim, float)).resolvent


def infinite_sequences_loss(context_per_dim: ArrayLike, tasks_per_dim: ArrayLike, noise: ArrayLike) -> Array:
    """The loss on fresh tasks of linear attention that has seen all sequences of its tasks, without a ridge.

    rho + E (c^2 + c r^2)/(r + c)^2 over the law of the tasks' covariance, c = (1 + rho)/alpha; it is also where the
    population flow ends.

    Parameters
    ----------
    context_per_dim : array_like
        alpha > 0, pairs of a prompt per dimension, in training and at test.
    tasks_per_dim : array_like
        kappa > 0, training tasks per dimension.
    noise : array_like
        sqrt(rho) >= 0, standard deviation of the label noise.

    Returns
    -------
    Array
        The limit n/d^2 -> inf of `icl_loss`, of the broadcast shape.

    Examples
    --------
    >>> print(f"{infinite_sequences_loss(1.0, 0.2, 0.1 ** 0.5):.12f}")
    1.049440250667
    """
    check_positive("context_per_dim", context_per_dim, "Pass pairs of a prompt / dim, for example 2.0.")
    check_positive("tasks_per_dim", tasks_per_dim, _TASKS)
    check_non_negative("noise", noise, _NOISE)
    rho = jnp.square(jnp.asarray(noise, float))
    c = (1 + rho) / jnp.asarray(context_per_dim, float)
    moments = task_moments(c, jnp.asarray(tasks_per_dim, float))
    return rho + c**2 * moments.squared + c * moments.learned_squared


def long_context_loss(tasks_per_dim: ArrayLike, noise: ArrayLike) -> Array:
    """The limit of that loss for long prompts, rho + (1 - kappa)_+: what has no task is not learned.

    Parameters
    ----------
    tasks_per_dim : array_like
        kappa > 0, training tasks per dimension; 1 is the threshold of diversity.
    noise : array_like
        sqrt(rho) >= 0, standard deviation of the label noise.

    Returns
    -------
    Array
        Loss on fresh tasks for n/d^2 -> inf, then l/d -> inf, of the broadcast shape.

    Examples
    --------
    >>> print(long_context_loss(0.25, 0.0))
    0.75
    """
    check_positive("tasks_per_dim", tasks_per_dim, _TASKS)
    check_non_negative("noise", noise, _NOISE)
    return jnp.square(jnp.asarray(noise, float)) + jnp.maximum(1 - jnp.asarray(tasks_per_dim, float), 0.0)


def transience_threshold(prompt_noise_ratio: ArrayLike = 1.0) -> Array:
    """The number of tasks per dimension up to which in-context learning is transient: 1/(1 + sqrt(c/c'))^2.

    Along the population flow the slope of `icl_loss` has at late times, mode by mode, the sign of r - c/c'; the
    smallest nonzero r is (kappa^-1/2 - 1)^2. Tested as trained the threshold is a quarter task a dimension.

    Parameters
    ----------
    prompt_noise_ratio : array_like, default 1.0
        c/c' > 0, c = (1 + rho)/alpha in training and c' = (1 + rho')/alpha' at test.

    Returns
    -------
    Array
        kappa up to which the loss on fresh tasks rises at the end of training. Shorter test prompts (c/c' < 1) make it
        rise from `second_transience_threshold` on too.

    Examples
    --------
    >>> print(transience_threshold())
    0.25
    """
    check_positive("prompt_noise_ratio", prompt_noise_ratio, _RATIO)
    return 1 / (1 + jnp.sqrt(jnp.asarray(prompt_noise_ratio, float))) ** 2


def second_transience_threshold(prompt_noise_ratio: ArrayLike = 1.0) -> Array:
    """The number of tasks per dimension from which on in-context learning is transient again: 1/(1 - sqrt(c/c'))^2.

    With more tasks than dimensions the smallest r is (1 - kappa^-1/2)^2, below 1: tested on prompts that are shorter or
    noisier than those of training, the network has learned to trust its prompt too much.

    Parameters
    ----------
    prompt_noise_ratio : array_like, default 1.0
        c/c' > 0, as in `transience_threshold`.

    Returns
    -------
    Array
        kappa > 1 from which the loss on fresh tasks rises at the end of training; inf where c' <= c.

    Examples
    --------
    >>> print(second_transience_threshold(0.25))
    4.0
    """
    check_positive("prompt_noise_ratio", prompt_noise_ratio, _RATIO)
    root = jnp.sqrt(jnp.asarray(prompt_noise_ratio, float))
    shorter = root < 1
    return jnp.where(shorter, 1 / (1 - jnp.where(shorter, root, 0.0)) ** 2, jnp.inf)
