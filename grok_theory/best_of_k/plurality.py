"""Which answer is the most frequent of k: one sum over its count, for independent answers and for subsets alike.

With weights w_i(c) of answer i given c times (Poisson's for independent answers, binomial coefficients for subsets of
recorded ones), the mean of what the winner is worth, ties shared equally, is

    (1/f(k)) sum_n sum_t (1/t) [z^k u^t] sum_i v_i u w_i(n) z^n prod_(j != i) (sum_(c < n) w_j(c) z^c + u w_j(n) z^n),

f(k) = [z^k] prod_i sum_c w_i(c) z^c. All terms have one sign where the v_i do: nothing cancels, and every k comes from
one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import BadValue

_WORK = 2e10  # multiplications: some ten seconds


def votes_won(weights_for: Callable[[int], list[np.ndarray]], values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(T,) mean value of the most frequent answer at the whole numbers `counts` (T,) >= 1.

    Parameters
    ----------
    weights_for : callable
        Given a number of answers K, the weights of every answer, arrays (c_i + 1,), scaled so that totals from K/2 to
        K neither overflow nor vanish; a total is at most K.
    values : ndarray
        (answers,) what each answer is worth.
    counts : ndarray
        (T,) whole numbers of answers.

    Returns
    -------
    ndarray
        (T,) means, each within the range of `values`.

    Raises
    ------
    BadValue
        Where the sum would take minutes.
    """
    won = np.full(counts.size, np.nan)
    # A pass for every octave of k: weights that suit K lose digits far below it.
    while np.isnan(won).any():
        left = np.isnan(won)
        most = int(counts[left].max())
        here = left & (2 * counts >= most)
        won[here] = _one_pass(weights_for(most), values, most)[counts[here]]
    return np.clip(won, values.min(), values.max())


def _one_pass(weights: Sequence[np.ndarray], values: np.ndarray, most: int) -> np.ndarray:
    """(most + 1,) means at every total, of which [0] is nothing."""
    order = np.argsort([w.size for w in weights], kind="stable")
    ordered = [weights[i] for i in order]
    longest = np.array([w.size - 1 for w in ordered])
    _check_work(longest, most)
    origin = _origin(values)
    worth = (values - origin)[order]
    # Answers that cannot be given n times cannot win with n: their product does not depend on n.
    short = [np.concatenate([[1.0], np.zeros(most)])]
    for weight in ordered:
        short.append(_times(short[-1][None], weight)[0])
    total = np.zeros(most + 1)
    for n in range(1, min(most, int(longest[-1])) + 1):
        first = int(np.searchsorted(longest, n))
        ties = min(len(ordered) - first, most // n)
        # Row t: t answers have been given n times, the others less often; and the sum of what those t are worth.
        plain, valued = np.zeros((ties + 1, most + 1)), np.zeros((ties + 1, most + 1))
        plain[0] = short[first]
        for weight, value in zip(ordered[first:], worth[first:]):
            below, at = weight[:n], weight[n]
            new, new_valued = _times(plain, below), _times(valued, below)
            new[1:, n:] += at * plain[:-1, :-n]
            new_valued[1:, n:] += at * (valued[:-1, :-n] + value * plain[:-1, :-n])
            plain, valued = new, new_valued
        total += (valued[1:] / np.arange(1, ties + 1)[:, None]).sum(axis=0)
    return origin + np.divide(total, short[-1], out=np.zeros_like(total), where=short[-1] > 0)


def _origin(values: np.ndarray) -> float:
    """What values are counted from: their end next to zero, so that a rare win keeps its digits.

    Where they are of both signs their middle, for their difference may overflow.
    """
    low, high = float(values.min()), float(values.max())
    if low >= 0:
        return low
    return high if high <= 0 else high / 2 + low / 2


def _times(rows: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Every row of coefficients times a polynomial, cut at the length of a row."""
    length = rows.shape[1]
    if len(rows) < factor.size:
        return np.stack([np.convolve(row, factor)[:length] if row.any() else row for row in rows])
    out = factor[0] * rows
    for c in range(1, min(factor.size, length)):
        out[:, c:] += factor[c] * rows[:, :-c]
    return out


def _check_work(longest: np.ndarray, most: int) -> None:
    n = np.arange(1, min(most, int(longest.max())) + 1)
    able = longest.size - np.searchsorted(longest, n)
    work = float(np.sum(2.0 * able * np.minimum(able, most // n) * most * n))
    if work > _WORK:
        raise BadValue(
            f"samples reaches {most} with {longest.size} different answers, but the exact vote would take {work:.0e} "
            f"multiplications, more than {_WORK:.0e}. Pass fewer samples; majority_limit tells where the vote ends."
        )
