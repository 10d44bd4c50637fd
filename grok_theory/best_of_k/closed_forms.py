"""Limits of the error: exact at k = inf, asymptotic at large k, high temperature and T = 0.

Every formula depends on the gaps through their second moments only, and so reads the same for one prompt and for a
population; what differs is a factor that is exponential in DR^2 (its Gaussian mean needs z > 0). Here t = T/(2 s^2),
m = t/(1+t), D = DT - DR, v_D = E D^2, c = E DT DR, v = E DR^2. Sections refer to the docs page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .problem import Posterior, Prompt


class Gaps(NamedTuple):
    """Second moments of the gaps in units of s^2."""

    judge: ArrayLike  # v_D
    product: ArrayLike  # c
    reward: ArrayLike  # v
    population: bool

    @property
    def signal(self) -> Array:
        """C1 = 2 c + 1: selection helps at high temperature if positive."""
        return 2 * self.product + 1


def second_moments(problem: Prompt | Posterior) -> Gaps:
    """E D^2, E DT DR and E DR^2 of a prompt or a population, in units of s^2."""
    s2 = problem.spread**2
    if isinstance(problem, Prompt):
        product = problem.teacher_gap * problem.reward_gap
        return Gaps(problem.judge_gap**2 / s2, product / s2, problem.reward_gap**2 / s2, False)
    return Gaps(problem.judge_variance / s2, problem.covariance / s2, problem.reward_variance / s2, True)


def judged(gaps: Gaps) -> Gaps:
    """The same problem seen by the judge, for whom the truth is its favourite."""
    return gaps._replace(judge=0.0 * gaps.judge, product=gaps.reward)


def many_samples_limit(gaps: Gaps, t: ArrayLike) -> Array:
    """Error/s^2 at k = inf:  E (DT - DR/(1+t))^2 + m,  formed as v_D + 2 m (c - v) + m^2 v + m.

    t = 0 gives v_D, t = inf E DT^2 + 1.

    >>> print(f"{many_samples_limit(Gaps(0.49, 0.3, 1.0, False), 0.5):.12f}")
    0.467777777778
    """
    m = _heat(t)
    return gaps.judge + 2 * m * (gaps.product - gaps.reward) + m**2 * gaps.reward + m


def _heat(t):
    return 1.0 if isinstance(t, float) and t == np.inf else t / (1 + t)


def many_samples_spread(gaps: Gaps, t: ArrayLike) -> Array:
    """rho = E w^2/(E w)^2 of the selection weights: the 1/k law needs k >> rho."""
    kappa = 1 / ((1 + t) * (2 + t))
    root = (1 + t) / jnp.sqrt(t * (t + 2))
    return root * (_gaussian_mean(gaps, 2 * kappa)[0] if gaps.population else jnp.exp(kappa * gaps.reward))


def many_samples_correction(gaps: Gaps, t: ArrayLike) -> Array:
    """a1/s^2 of error = limit + a1/k + O(k^-2) at fixed t > 0; nan where its mean diverges.

    a1 = rho [delta_inf(t) - delta_inf(t/2)]; over prompts rho is inside the mean, which needs
    v < (1+t)(2+t)/2 and makes c and v those of prompts weighted by rho.

    >>> print(f"{many_samples_correction(Gaps(0.49, 0.3, 1.0, False), 0.5):.8f}")
    0.03114050
    """
    w, w2, kappa = 1 / (1 + t), 2 / (2 + t), 1 / ((1 + t) * (2 + t))
    root = (1 + t) / jnp.sqrt(t * (t + 2))
    if gaps.population:
        factor, stretch = _gaussian_mean(gaps, 2 * kappa)
    else:
        factor, stretch = jnp.exp(kappa * gaps.reward), 1.0
    product, reward = gaps.product * stretch, gaps.reward * stretch
    # w2 - w = t/((1+t)(2+t)), without the difference.
    return root * factor * t * kappa * (1 + 2 * product - (w + w2) * reward)


def _gaussian_mean(gaps: Gaps, twice: Callable[[ArrayLike], Array]) -> tuple[Any, Any]:
    """E e^(twice DR^2/2) = z^(-1/2), z = 1 - twice v, and 1/z, the stretch of second moments under that weight."""
    z = 1 - twice * gaps.reward
    safe = jnp.where(z > 0, z, jnp.nan)
    return safe**-0.5, 1 / safe


def high_temperature_series(
    gaps: Gaps, samples: ArrayLike, t: ArrayLike, *, order: int, as_published: bool = False
) -> Array:
    """Error/s^2 to `order` in 1/t, remainder O(t^-(order+1)); exact at t = inf.

    E DT^2 + 1 - (1-1/k) C1/t + (1-1/k)(1-2/k) C2/t^2
      - (1-1/k) [(1 - 6/k + 6/k^2) C3 - E C1 (1 + 2 DR^2)/(2k)]/t^3,   C2 = C1 + v, C3 = C1 + 2 v.

    `as_published` replaces the bracket by (1-2/k)(1-3/k) C3, which agrees at k = inf only.
    """
    square = gaps.judge + 2 * gaps.product - gaps.reward
    return square + 1 + _series(gaps.signal, gaps, 1 / t, 1 / samples, order, as_published)


def high_temperature_bias(
    teacher_gap: ArrayLike, gaps: Gaps, reward_gap: ArrayLike, samples: ArrayLike, t: ArrayLike, order: int
) -> Array:
    """Mean of (kept answer - truth) to `order`: the part of the error linear in the teacher gap, halved."""
    return teacher_gap + reward_gap * _series(None, gaps, 1 / t, 1 / samples, order, False)


def _series(signal, gaps, heat, share, order, as_published):
    # The bias is the coefficient of 2 DT DR, where C1, C2, C3 each contribute 1 and v nothing.
    reward = 0.0 if signal is None else gaps.reward
    base = 1.0 if signal is None else signal
    first = -(1 - share) * base * heat
    second = (1 - share) * (1 - 2 * share) * (base + reward) * heat**2
    if as_published:
        bracket = (1 - 2 * share) * (1 - 3 * share) * (base + 2 * reward)
    else:
        mixed = base * (1 + 2 * gaps.reward)
        if gaps.population:
            # E DT DR^3 = 3 c v: prompts with a large gap correlate C1 with DR^2.
            mixed = mixed + 8 * gaps.product * gaps.reward
        bracket = (1 - 6 * share + 6 * share**2) * (base + 2 * reward) - mixed * share / 2
    third = -(1 - share) * bracket * heat**3
    return first + (second if order > 1 else 0.0) + (third if order > 2 else 0.0)


def best_of_k_law(gaps: Gaps, samples: ArrayLike) -> Array:
    """Error/s^2 at T = 0 and large k; over prompts only for v < 1/2, nan beyond.

    v_D + (1 + 2 (c - v)) pi e^v/((k+1)(k+2)); over prompts e^v -> z^(-1/2) and c - v -> (c - v)/z, z = 1 - 2 v.

    >>> print(f"{best_of_k_law(Gaps(0.0, 0.3, 0.3, True), 1e9):.6e}")
    4.967294e-18
    """
    factor, stretch = _gaussian_mean(gaps, 2.0) if gaps.population else (jnp.exp(gaps.reward), 1.0)
    decay = jnp.pi / ((samples + 1) * (samples + 2))
    return gaps.judge + (1 + 2 * (gaps.product - gaps.reward) * stretch) * factor * decay


def hard_prompt_law(difficulty: float, samples: float) -> float:
    """Error/s^2 at T = 0 and large k for judge = teacher and difficulty q/s^2 > 1/2: k^(-s^2/q).

    2 (2 pi q)^(-1/2) (sqrt(2 pi) x/k)^(1/q) x^-3 Gamma(1/q) int_0^inf 2 r (2 sinh r)^(-1/q) dr,  k phi(x) = x;
    Gamma times the integral is pi Gamma(1/2q)^2/(4 sin(pi/2q)). Approach is logarithmic: still 8 % off at k = 1e9 for
    q = 0.6 and 1.

    >>> print(f"{hard_prompt_law(1.0, 1e9):.3e}")
    1.370e-10
    """
    from scipy.special import gamma

    q, edge = float(difficulty), _edge(samples)
    scale = (np.sqrt(2 * np.pi) * edge / samples) ** (1 / q)
    near = np.pi * gamma(0.5 / q) ** 2 / (4 * np.sin(0.5 * np.pi / q))
    return float(2 / np.sqrt(2 * np.pi * q) * scale * edge**-3 * near)


def hard_prompt_exponent(difficulty: float, samples: float) -> tuple[float, float]:
    """-d ln error/d ln k of `hard_prompt_law`,  1/q - (1/q - 3)/(x^2 + 1),  and the edge x of k Gaussian answers.

    k phi(x) = x, so d ln x/d ln k = 1/(x^2 + 1). The exact exponent differs by less than 15 x^-4 for
    0.6 <= q <= 2, k from 1e4 to 1e9 (x = 6.0 there).

    >>> exponent, edge = hard_prompt_exponent(1.0, 1e9)
    >>> print(f"{exponent:.4f} {edge:.3f}")
    1.0540 6.002
    """
    edge = _edge(samples)
    rate = 1 / float(difficulty)
    return rate - (rate - 3) / (edge**2 + 1), edge


def _edge(samples: float) -> float:
    from scipy.special import wrightomega

    # k phi(x) = x says x^2 e^(x^2) = k^2/(2 pi): Lambert's function, here of a logarithm, which does not overflow.
    return float(np.sqrt(wrightomega(2 * np.log(samples) - np.log(2 * np.pi))))
