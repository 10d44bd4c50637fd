"""Exact formulas and limiting laws of the linear wing that need no quadrature.

Arguments are arrays or numbers and broadcast; losses are in units of noise^2. `signal` is S = SNR + INR: without weight
decay teacher and initial weights enter only through their sum.
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from ..numerics.padding import namespace
from ..numerics.spectra import spectral_edges

__all__ = [
    "best_samples_per_dim",
    "finite_size_test_loss",
    "interpolation_threshold_test_loss",
    "interpolation_threshold_train_loss",
    "late_test_loss",
    "late_train_loss",
    "late_weight_norm",
    "log_stopping_time",
    "noiseless_ratio",
    "one_step_test_loss",
]


def late_test_loss(samples_per_dim: ArrayLike, signal: ArrayLike) -> Array:
    """Test error after training for ever without decay: alpha/(alpha-1), or (1-alpha) S + 1/(1-alpha) below alpha = 1.

    Infinite at alpha = 1: the double-descent peak.

    >>> print(late_test_loss(2.0, 5.0), late_test_loss(0.5, 5.0), late_test_loss(1.0, 5.0))
    2.0 4.5 inf
    """
    alpha = jnp.asarray(samples_per_dim, float)
    above, at = alpha > 1, alpha == 1
    over = alpha / jnp.where(above, alpha - 1, 1.0)
    gap = jnp.where(above | at, 1.0, 1 - alpha)
    return jnp.where(at, jnp.inf, jnp.where(above, over, gap * signal + 1 / gap))


def late_train_loss(samples_per_dim: ArrayLike) -> Array:
    """Train error after training for ever without decay: (1 - 1/alpha)_+, zero where the labels can be fitted."""
    xp = namespace(samples_per_dim)
    alpha = xp.asarray(samples_per_dim, float)
    return xp.maximum(alpha - 1, 0.0) / alpha


def late_weight_norm(samples_per_dim: ArrayLike, snr: ArrayLike, inr: ArrayLike = 0.0) -> Array:
    """Squared weight norm per weight after training for ever: min(1, alpha) SNR + V + (1 - alpha)_+ INR.

    V = int_bulk rho/l = 1/(alpha-1) above alpha = 1, alpha/(1-alpha) below, infinite at 1.
    """
    alpha = jnp.asarray(samples_per_dim, float)
    at = alpha == 1
    fitted_noise = jnp.minimum(1.0, alpha) / jnp.where(at, 1.0, jnp.abs(alpha - 1))
    return jnp.where(at, jnp.inf, jnp.minimum(1.0, alpha) * snr + fitted_noise + jnp.maximum(1 - alpha, 0.0) * inr)


def best_samples_per_dim(signal: ArrayLike) -> tuple[Array, Array]:
    """(alpha, test error) of the least late test error below alpha = 1: 1 - 1/sqrt(S) and 2 sqrt(S), for S > 1.

    For S <= 1 more data below alpha = 1 only hurts: alpha = 0 with test error 1 + S.

    >>> alpha, loss = best_samples_per_dim(4.0)
    >>> print(alpha, loss)
    0.5 4.0
    """
    signal = jnp.asarray(signal, float)
    above = jnp.maximum(signal, 1.0)
    root = jnp.sqrt(above)
    # (S - 1)/(S + sqrt S) is 1 - 1/sqrt(S) without the cancellation near S = 1.
    return (above - 1) / (above + root), jnp.where(signal > 1, 2 * root, 1 + signal)


def one_step_test_loss(
    samples_per_dim: ArrayLike, signal: ArrayLike, learning_rate: ArrayLike, dim: ArrayLike
) -> Array:
    """Mean test error after one step of descent (no decay), exact for `dim` = N weights and Gaussian data.

    1 + S (1 - 2 eta alpha + eta^2 alpha (1 + alpha + 1/N)) + eta^2 alpha; `dim=jnp.inf` is the theory's limit.
    """
    a, eta = samples_per_dim, learning_rate
    return 1 + signal * (1 - 2 * eta * a + eta**2 * a * (1 + a + 1 / jnp.asarray(dim, float))) + eta**2 * a


def finite_size_test_loss(dim: ArrayLike, samples: ArrayLike, signal: ArrayLike) -> Array:
    """Mean test error after training for ever without decay, exact for N = `dim` weights and P = `samples`.

    P > N+1: 1 + N/(P-N-1). N > P+1: (1 - P/N) S + 1 + P/(N-P-1). Infinite for abs(N - P) <= 1.

    >>> print(finite_size_test_loss(10, 21, 5.0))
    2.0
    """
    n, p = jnp.asarray(dim, float), jnp.asarray(samples, float)
    over, under = p > n + 1, n > p + 1
    above = 1 + n / jnp.where(over, p - n - 1, 1.0)
    below = (1 - p / n) * signal + 1 + p / jnp.where(under, n - p - 1, 1.0)
    return jnp.where(over, above, jnp.where(under, below, jnp.inf))


def interpolation_threshold_test_loss(times: ArrayLike, signal: ArrayLike) -> Array:
    """Late test error at alpha = 1, no decay: 1/2 + c sqrt(t) + S/sqrt(2 pi t).

    c = 2 (2 - sqrt 2)/sqrt(pi) = 0.6609892. Corrections vanish as t -> inf; the constant 1/2 was found numerically
    (to 1e-5), the rest is derived.
    """
    t = jnp.asarray(times, float)
    return 0.5 + 2 * (2 - jnp.sqrt(2.0)) / jnp.sqrt(jnp.pi) * jnp.sqrt(t) + signal / jnp.sqrt(2 * jnp.pi * t)


def interpolation_threshold_train_loss(times: ArrayLike) -> Array:
    """Late train error at alpha = 1, no decay: 1/sqrt(2 pi t), whatever the teacher (relative corrections vanish)."""
    return 1 / jnp.sqrt(2 * jnp.pi * jnp.asarray(times, float))


def log_stopping_time(samples_per_dim: ArrayLike, signal: ArrayLike) -> Array:
    """Best stopping time at large S away from alpha = 1: ln(S l-/2^(3/2))/l-, up to O(ln ln S).

    The rate is the gap l- of the spectrum, not a typical eigenvalue; at alpha = 1 the time is linear in S instead.
    """
    gap = spectral_edges(jnp.asarray(samples_per_dim, float))[0]
    return jnp.log(signal * gap / 2**1.5) / gap


def noiseless_ratio(samples_per_dim: ArrayLike) -> Array:
    """Late ratio of test to train error without label noise, alpha > 1, no decay: alpha/l- = 1/(1 - 1/sqrt(alpha))^2.

    Both errors fall as exp(-2 l- t) t^(-3/2) (the regime of Levi, Beck & Bar-Sinai, arXiv:2310.16441).

    >>> print(noiseless_ratio(4.0))
    4.0
    """
    alpha = jnp.asarray(samples_per_dim, float)
    return alpha / spectral_edges(alpha)[0]
