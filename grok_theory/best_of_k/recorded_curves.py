"""Curves from recorded answers: unbiased at every k up to the number recorded, with intervals over prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_between, check_integer, check_shape, check_shown
from ..conditions import Conditions
from ..errors import BadValue
from ..numerics.bounded_means import bounded_mean
from ..numerics.level_shares import unseen_share
from ..numerics.mean_intervals import interval_of_mean
from ..numerics.two_levels import find_levels
from ..progress import counted
from ..results import Ensemble
from ..status import Status
from .records import Records, as_records
from .subsets import subset_means, subset_shares
from .temperatures import check_temperature

# What is kept of k answers to one prompt, unbiased: given its Records and whole numbers k.
Estimate = Callable[[Records, np.ndarray], np.ndarray]
NO_CONDITIONS = Conditions()


def from_records(
    scores: ArrayLike | Records,
    values: ArrayLike | None = None,
    samples: ArrayLike | Sequence[float] | None = None,
    *,
    temperature: ArrayLike,
    confidence: float = 0.95,
) -> Ensemble:
    """The value best-of-k keeps, from recorded answers: the mean over all k-subsets of each prompt.

    Unbiased for every k up to the number of answers, at every temperature, ties shared equally.

    Parameters
    ----------
    scores : array_like or Records
        (prompts, answers), (answers,) or lists of arrays, one a prompt: what the judge gave each answer; or `Records`
        in place of both.
    values : array_like, optional
        Of the same shapes: what each answer was worth; left out beside `Records`.
    samples : array_like or Sequence[float]
        (T,) whole numbers k >= 1, non-decreasing. With `Records`, a prompt with fewer than k answers is left out at
        that k, and counted.
    temperature : array_like
        Of the softmax, in *score points* (not squared error); 0 is best-of-k.
    confidence : float, default 0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    Ensemble
        With the curve `value`, one run a prompt (nan where left out), and `stats`: `mean`, `low`, `high` (T,), an
        interval over prompts, which are the independent units; `left_out` (T,), prompts without k answers. Where all
        values lie in [0, 1] the interval does too, and holds for prompts of which none was drawn. Otherwise it is
        Student's, widened where prompts jump between two levels as k grows (`numerics.unseen_runs`). For a single
        prompt it is a jackknife over its answers, and the status says so.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for tables that do not fit, and for more samples
        than the shortest prompt has answers (with `Records`: the longest).

    Examples
    --------
    >>> kept = from_records([[0.0, 1.0, 2.0]], [[0.0, 0.0, 1.0]], [1, 2, 3], temperature=0.0)
    >>> print(kept["value"].round(4))
    [[0.3333 0.6667 1.    ]]
    """
    records = as_records(scores, values)
    counts = whole_samples(samples, records.answers, exact=not isinstance(scores, Records))
    check_temperature(temperature)
    return curve_over_prompts(
        records, counts, _best_of(temperature), confidence, name="value", conditions=Conditions(temperature=temperature)
    )


def curve_over_prompts(
    records: Records,
    counts: np.ndarray,
    estimate: Estimate,
    confidence: float,
    *,
    name: str,
    conditions: Conditions = NO_CONDITIONS,
) -> Ensemble:
    """A run a prompt of what is kept of k answers, with the mean and its interval over prompts.

    Parameters
    ----------
    records : Records
        The recorded answers.
    counts : ndarray
        (T,) whole numbers k of answers, at most those of the longest prompt.
    estimate : callable
        Given the `Records` of one prompt and whole numbers k up to its answers, what is kept at each of them.
    confidence : float
        Of the intervals, in (0, 1).
    name : str
        Of the curve.
    conditions : Conditions
        What else is known of the rule.

    Returns
    -------
    Ensemble
        As `from_records` describes it.
    """
    confidence = check_confidence(confidence)
    curves = estimates(records, counts, estimate)
    within = value_range(records)
    mean, low, high, left_out = intervals(curves, confidence, within)
    status = Status()
    if np.any(left_out):
        note = "a prompt with fewer than k answers is nan there and left out of the mean: see stats['left_out']."
        status = Status(1, noted=note)
    if len(records.prompts) == 1:
        low, high = _jackknife(records, counts, estimate, mean, confidence, within)
        note = (
            "there is one prompt, so the interval is a jackknife over its answers: it says nothing about other "
            "prompts, and where k takes all of them it is the whole range of the values (nan where they have none). "
            "Record more prompts."
        )
        status = Status(1, noted=note)
    return Ensemble(
        problem=records,
        x=counts.astype(float),
        curves={name: curves},
        x_name="samples",
        dynamics=None,
        conditions=conditions,
        stats={"mean": mean, "low": low, "high": high, "left_out": left_out, "confidence": confidence},
        status=status,
    )


def kept_values(records: Records, counts: np.ndarray, temperature: float) -> np.ndarray:
    """(prompts, T) unbiased estimates of best of k; nan where a prompt has fewer than k answers."""
    return estimates(records, counts, _best_of(temperature))


def estimates(records: Records, counts: np.ndarray, estimate: Estimate) -> np.ndarray:
    """(prompts, T) what `estimate` gives of every prompt; nan where it has fewer than k answers."""
    curves = np.full((len(records.prompts), counts.size), np.nan)
    for i in counted(range(len(records.prompts)), "prompts"):
        inside = counts <= records.answers[i]
        if inside.any():
            curves[i, inside] = estimate(records.part([i]), counts[inside])
    return curves


def _best_of(temperature: float) -> Estimate:
    def estimate(prompt: Records, counts: np.ndarray) -> np.ndarray:
        return subset_means(prompt.scores[0], prompt.values[0], int(counts.max()), temperature)[counts - 1]

    return estimate


def value_range(records: Records) -> tuple[float, float] | None:
    """(0, 1) where all recorded values lie in it, as right and wrong do; None: they may be anything."""
    values = np.concatenate(records.values)
    return (0.0, 1.0) if np.all((values >= 0) & (values <= 1)) else None


def intervals(
    curves: np.ndarray, confidence: float, within: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low, high and number left out at every k, over the prompts that are there; `within`: range of values."""
    mean, low, high = (np.full(curves.shape[1], np.nan) for _ in range(3))
    tail, whole = (1 - confidence) / 2, curves[~np.isnan(curves).any(axis=1)]
    levels = find_levels(whole, apart=0.0, in_logs=False, tail=tail) if len(whole) and not within else None
    for j in range(curves.shape[1]):
        there = curves[~np.isnan(curves[:, j]), j]
        mean[j] = there.mean()
        if there.size > 1 or within:
            pair = (
                bounded_mean(np.clip(there, *within)[:, None], tail, within)
                if within
                else interval_of_mean(there[:, None], tail, in_logs=False, levels=levels)
            )
            low[j], high[j] = (float(bound[0]) for bound in pair)
    return mean, low, high, np.isnan(curves).sum(axis=0)


def _jackknife(records, counts, estimate, mean, confidence, within):
    from scipy import stats

    n = int(records.answers[0])
    # Where nothing is left out nothing is known but the range.
    low, high = (np.full(counts.size, end) for end in (within or (np.nan, np.nan)))
    inside = counts < n
    if n < 3 or not inside.any():
        return low, high
    # Leaving out one of two answers that are alike is leaving out the other.
    fields = [field[0] for field in (records.scores, records.values, records.choices) if field is not None]
    _, first, alike = np.unique(np.stack(fields), axis=1, return_index=True, return_inverse=True)
    left = [estimate(records.without(int(i)), counts[inside]) for i in counted(first, "answers left out in turn")]
    left = np.stack(left)[alike.ravel()]
    error = np.sqrt((n - 1) / n * np.sum((left - left.mean(axis=0)) ** 2, axis=0))
    half = stats.t.isf((1 - confidence) / 2, n - 1) * error
    low[inside], high[inside] = mean[inside] - half, mean[inside] + half
    if within:
        # A kind of answer of which none was recorded may be kept whenever one of the k is of it.
        least, greatest = within
        unseen = 1 - (1 - unseen_share(n, (1 - confidence) / 2)) ** counts[inside]
        low[inside] = np.clip(np.minimum(low[inside], mean[inside] - unseen * (mean[inside] - least)), least, greatest)
        high[inside] = np.clip(
            np.maximum(high[inside], mean[inside] + unseen * (greatest - mean[inside])), least, greatest
        )
    return low, high


def pass_at_k(values: ArrayLike, samples: ArrayLike | Sequence[float]) -> np.ndarray:
    """Probability that k of the recorded answers contain a success: 1 - C(N - c, k)/C(N, k), without bias.

    Parameters
    ----------
    values : array_like
        (..., answers) of 0 and 1, or a list with an array for each prompt where their numbers differ.
    samples : array_like or Sequence[float]
        Whole numbers from 1 to the number of answers, of the prompt that has fewest.

    Returns
    -------
    ndarray
        (..., len(samples)); every prompt by its own number of answers. `from_records` with the values as scores goes
        beyond the shortest prompt: it leaves out the prompts with fewer than k answers, and counts them.

    Raises
    ------
    BadValue
        For values other than 0 and 1, and for samples that are no whole numbers from 1 to the number of answers.

    Examples
    --------
    >>> print(pass_at_k([1, 0, 0, 0], [1, 2, 4]))
    [0.25 0.5  1.  ]
    """
    check_shown("values", values, "Pass a list of arrays, one a prompt, of the answers there are.")
    if isinstance(values, (list, tuple)) and len({np.shape(row) for row in values}) > 1:
        rows = Records.from_arrays(values, values).values
        whole_samples(samples, np.array([row.size for row in rows]), exact=True, rising=False)
        return np.stack([pass_at_k(row, samples) for row in rows])
    try:
        table = np.asarray(values, float)
    except (TypeError, ValueError):
        raise BadValue(f"values is {values!r:.80}, but it must hold numbers. Pass one 0 or 1 an answer.") from None
    if table.ndim == 0 or table.shape[-1] == 0:
        raise BadValue(f"values has shape {table.shape}, but it must be (..., answers). Pass one 0 or 1 an answer.")
    check_successes(table)
    answers = table.shape[-1]
    counts = whole_samples(samples, np.array([answers]), exact=True, rising=False)
    shares = subset_shares(np.arange(answers + 1.0), answers, int(counts.max()))[counts - 1]
    return np.moveaxis(1 - shares[:, answers - table.sum(axis=-1).astype(int)], 0, -1)


def check_successes(table: np.ndarray) -> None:
    """Refuse values other than 0 and 1."""
    wrong = np.argwhere(~((table == 0) | (table == 1)))
    if wrong.size:
        index = tuple(int(i) for i in wrong[0])
        raise BadValue(
            f"values[{', '.join(map(str, index))}] is {table[index]}, but it must be 0 or 1. "
            "Say which answers pass, for example values > 0.5; use from_records or GaussianJudge for graded values."
        )


def whole_samples(samples: ArrayLike, answers: np.ndarray, *, exact: bool, rising: bool = True) -> np.ndarray:
    """`samples` as integers from 1 to the number of answers (of the longest prompt, if not `exact`)."""
    remedy = "Pass whole numbers of answers in rising order, for example [1, 4, 16]."
    if samples is None:
        raise BadValue(f"samples is left out, but the numbers of answers to keep one of are needed. {remedy}")
    check_shape("samples", samples, (None,), remedy)
    check_shown("samples", samples, remedy)
    counts = np.array(
        [check_integer(f"samples[{i}]", k, 1, remedy) for i, k in enumerate(np.asarray(samples).tolist())]
    )
    recorded = int(answers.min() if exact else answers.max())
    beyond = np.flatnonzero(counts > recorded)
    if beyond.size:
        raise BadValue(
            f"samples[{beyond[0]}] is {counts[beyond[0]]}, but it must be at most the {recorded} answers recorded. "
            "Record more answers, or extrapolate with best_of_k.fit."
        )
    falls = np.flatnonzero(np.diff(counts) < 0)
    if rising and falls.size:
        i = int(falls[0]) + 1
        raise BadValue(
            f"samples[{i}] is {counts[i]}, but it must not be below samples[{i - 1}] = {counts[i - 1]}. {remedy}"
        )
    return counts


def check_confidence(confidence: float) -> float:
    """Refuse what is no probability strictly between 0 and 1."""
    check_shape("confidence", confidence, (), "Pass one number, for example confidence=0.95.")
    check_between(
        "confidence", confidence, 0.0, 1.0, "Pass for example confidence=0.95.", include_low=False, include_high=False
    )
    return float(confidence)
