"""The majority vote among k answers (self-consistency): the most frequent answer wins, ties are shared equally."""

from __future__ import annotations

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ..checks import check_integer, check_non_negative, check_positive, check_shape, check_shown
from ..errors import BadValue
from .plurality import votes_won

_MANY = 10**7  # terms of a sum over all counts
_SAMPLES = "Pass a whole number of answers, for example 16, or a list of them."
_CORRECT_FIRST = "the correct answer first, for example [0.4, 0.3, 0.2, 0.1]"


def majority(probabilities: ArrayLike, samples: ArrayLike) -> float | np.ndarray:
    """Probability that the correct answer wins the vote among k independent ones.

    P = (1/f(k)) sum_n f_0(n) sum_t 1/(t+1) [z^(k-n) u^t] prod_(i>0) (sum_(c<n) f_i(c) z^c + u f_i(n) z^n) with
    Poisson weights f_i(c) of mean k p_i, f(k) that of mean k. Exact; of two answers a binomial sum, at any k.

    Parameters
    ----------
    probabilities : array_like
        (answers,) of each answer, the correct one first; >= 0, summing to 1 within 1e-9.
    samples : array_like
        A whole number k >= 1 of answers, or (samples,) of them.

    Returns
    -------
    float or ndarray
        The accuracy, in [0, 1]: a float for a number, (samples,) for a list.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where the exact sum would take minutes: above
        some thousand answers drawn, with more than two different ones.

    References
    ----------
    The rule: Wang et al., self-consistency, arXiv 2203.11171. The formula is derived here (docs/best_of_k_evidence.md).

    Examples
    --------
    >>> print(majority([0.4, 0.3, 0.2, 0.1], [1, 3, 6]).round(4))
    [0.4   0.44  0.508]
    """
    shares = _check_probabilities(probabilities)
    counts = _check_samples(samples)
    there = np.flatnonzero(shares > 0)
    if shares[0] == 0 or there.size == 1:
        return _shaped(np.full(counts.size, float(shares[0] > 0)), samples)
    if there.size == 2:
        k = counts - (counts % 2 == 0)  # an even number of votes: ties give half, as many as one vote less
        return _shaped(scipy.stats.binom.sf(k // 2, k, shares[0]), samples)

    def weights(most: int) -> list[np.ndarray]:
        mean = most * shares[there]
        # Beyond these counts lies less than 1e-30 of a Poisson law (Bernstein's inequality).
        reach = np.minimum(most, np.ceil(mean + 23 + np.sqrt(529 + 138 * mean))).astype(int)
        return [scipy.stats.poisson.pmf(np.arange(r + 1), m) for r, m in zip(reach, mean)]

    return _shaped(votes_won(weights, np.eye(1, there.size)[0], counts), samples)


def majority_of_counts(counts: ArrayLike, samples: ArrayLike) -> float | np.ndarray:
    """Share of the vote that the correct answer wins, averaged over all subsets of k recorded answers: unbiased.

    `majority` with binomial coefficients C(N_i, c) in place of Poisson weights and C(N, k) in place of f(k). Draws with
    replacement follow another law, and are biased for k near N.

    Parameters
    ----------
    counts : array_like
        (answers,) how often each answer was recorded for one prompt, the correct one first; whole, >= 0, not all 0.
    samples : array_like
        A whole number k of answers from 1 to N = sum(counts), or (samples,) of them.

    Returns
    -------
    float or ndarray
        In [0, 1]: a float for a number, (samples,) for a list. At k = 1 the share of correct answers, at k = N 1 where
        the correct one is the most frequent.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where the exact sum would take minutes.

    Examples
    --------
    >>> print(f"{majority_of_counts([4, 3, 2, 1], 4):.6f}")
    0.519048
    """
    check_shape("counts", counts, (None,), "Pass how often each answer came, the correct one first.")
    check_shown("counts", counts, "Pass how often each answer came, the correct one first.")
    found = np.array([check_integer(f"counts[{i}]", c, 0, "Pass a count.") for i, c in enumerate(np.ravel(counts))])
    if not found.sum():
        raise BadValue(f"counts is {found.tolist()}, but at least one answer is needed. Record some.")
    drawn = _check_samples(samples)
    if drawn.max() > found.sum():
        raise BadValue(
            f"samples reaches {drawn.max()}, but it must be at most the {found.sum()} answers recorded. Record more "
            "answers, or pass fewer samples."
        )
    worth = np.zeros(found.size)
    worth[0] = 1.0
    return _shaped(group_votes(found, worth, drawn), samples)


def group_votes(sizes: np.ndarray, worth: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(T,) mean over all k-subsets of what the winning group is worth (ties: the mean of theirs).

    Parameters
    ----------
    sizes : ndarray
        (groups,) whole numbers of answers.
    worth : ndarray
        (groups,) what each group is worth.
    counts : ndarray
        (T,) whole numbers k from 1 to the sum of `sizes`.

    Returns
    -------
    ndarray
        (T,) means.
    """
    there = sizes > 0
    sizes, worth, whole = sizes[there], worth[there], int(sizes.sum())

    def weights(most: int) -> list[np.ndarray]:
        # C(N_i, c) times a geometric factor, which cancels: that of a draw with the mean `most`.
        share = most / (whole + 1)
        return [scipy.stats.binom.pmf(np.arange(min(size, most) + 1), size, share) for size in sizes]

    return votes_won(weights, worth, counts)


def beta_majority_at_k(alpha: ArrayLike, beta: ArrayLike, samples: ArrayLike) -> float | np.ndarray:
    """Accuracy of the vote between two answers over prompts whose pass rates follow a Beta law.

    P(X > k/2) + P(X = k/2)/2 for X beta-binomial. It approaches P(p > 1/2) as P - f'(1/2)/(8k), f the Beta density:
    where `beta_pass_at_k` goes on, the vote saturates.

    Parameters
    ----------
    alpha, beta : array_like
        Shape of the Beta law, single numbers > 0.
    samples : array_like
        A whole number k of answers, from 1 to 1e7, or (samples,) of them.

    Returns
    -------
    float or ndarray
        In [0, 1]: a float for a number, (samples,) for a list.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(f"{beta_majority_at_k(2.0, 3.0, 10001):.7f}")
    0.3125375
    """
    for name, shape in (("alpha", alpha), ("beta", beta)):
        check_shape(name, shape, (), "Pass one number; call once for each law.")
        check_positive(name, shape, "Pass the shape of the law of pass rates, for example 0.5.")
    counts = _check_samples(samples)
    if counts.max() > _MANY:
        raise BadValue(
            f"samples reaches {counts.max()}, but it must be at most {_MANY}. There the vote is at its limit, the "
            "share of prompts with a pass rate above 1/2, within f'(1/2)/(8k)."
        )
    return _shaped(np.array([_above_half(float(alpha), float(beta), int(k)) for k in counts]), samples)


def _above_half(alpha: float, beta: float, k: int) -> float:
    k -= k % 2 == 0  # ties give half: an even number of votes is as good as one vote less
    right = np.arange(k + 1.0)
    logs = scipy.special.betaln(alpha + right, beta + k - right) - scipy.special.betaln(right + 1, k - right + 1)
    terms = np.exp(logs - logs.max())
    below, above = terms[: (k + 1) // 2].sum(), terms[(k + 1) // 2 :].sum()
    return float(above / (below + above))


def majority_limit(probabilities: ArrayLike) -> float:
    """Where the vote ends as k grows: the share of the correct answer among the modes, 1, 1/2, ... or 0.

    Parameters
    ----------
    probabilities : array_like
        (answers,) of each answer, the correct one first; >= 0, summing to 1 within 1e-9.

    Returns
    -------
    float
        1 where the correct answer alone is the most frequent, 1/m where it is one of m (equal within 1e-12), else 0.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> majority_limit([0.4, 0.4, 0.2])
    0.5
    """
    shares = _check_probabilities(probabilities)
    modes = shares >= shares.max() * (1 - 1e-12)
    return float(modes[0] / modes.sum())


def majority_rate(probabilities: ArrayLike) -> float:
    """How fast the vote reaches its limit: 1 - P, or P, falls as k^(-1/2) e^(-k I), I = -ln(1 - (sqrt p - sqrt q)^2).

    p is the probability of the correct answer and q that of the best wrong one: the vote goes wrong, or right, by the
    cheapest change that makes them equal.

    Parameters
    ----------
    probabilities : array_like
        (answers,) of each answer, the correct one first; at least two, >= 0, summing to 1 within 1e-9.

    Returns
    -------
    float
        I >= 0, in nats an answer; 0 for a tie, inf where every answer is the same.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(f"{majority_rate([0.4, 0.3, 0.2, 0.1]):.6f}")
    0.007206
    """
    shares = _check_probabilities(probabilities)
    if shares.size < 2:
        raise BadValue(f"probabilities has one answer, but a rate needs a wrong one beside it. Pass {_CORRECT_FIRST}.")
    apart = (np.sqrt(shares[0]) - np.sqrt(shares[1:].max())) ** 2
    return float(-np.log1p(-apart)) if apart < 1 else np.inf


def _check_probabilities(probabilities: ArrayLike) -> np.ndarray:
    remedy = f"Pass the probability of every answer, {_CORRECT_FIRST}."
    check_shape("probabilities", probabilities, (None,), remedy)
    check_non_negative("probabilities", probabilities, remedy)
    shares = np.asarray(probabilities, float)
    if not abs(shares.sum() - 1) <= 1e-9:
        raise BadValue(f"probabilities sums to {shares.sum():.10g}, but it must sum to 1. {remedy}")
    return shares / shares.sum()


def _check_samples(samples: ArrayLike) -> np.ndarray:
    check_shape("samples", samples, (None,) if np.ndim(samples) else (), _SAMPLES)
    given = np.atleast_1d(np.asarray(samples)).tolist()
    if not given:
        raise BadValue(f"samples is empty, but at least one number of answers is needed. {_SAMPLES}")
    names = [f"samples[{i}]" for i in range(len(given))] if np.ndim(samples) else ["samples"]
    return np.array([check_integer(name, k, 1, _SAMPLES) for name, k in zip(names, given)])


def _shaped(found: np.ndarray, samples: ArrayLike) -> float | np.ndarray:
    return found if np.ndim(samples) else float(found[0])
