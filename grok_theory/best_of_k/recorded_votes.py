"""What a vote over recorded answers gives, and pass@k beside it: unbiased, with intervals over prompts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jax.typing import ArrayLike

from ..errors import BadValue
from ..results import Ensemble
from .recorded_curves import check_successes, curve_over_prompts, from_records, whole_samples
from .records import Records, choices_of, number_rows
from .votes import group_votes


def vote_curve(
    answers: Sequence | np.ndarray | Records,
    correct: Sequence | np.ndarray | None = None,
    samples: ArrayLike | Sequence[float] | None = None,
    *,
    confidence: float = 0.95,
) -> Ensemble:
    """Accuracy of the majority vote over k recorded answers: the mean over all k-subsets of each prompt.

    The most frequent answer wins, ties shared equally. With Records an answer is worth the mean of the values of its
    records, so that partial credit and a grader that is not sure have a meaning: 42, 42, 42 with values 1, 0, 1 are
    worth 2/3. A judge's scores play no role.

    Parameters
    ----------
    answers : Sequence, ndarray or Records
        (prompts, records) whole numbers or texts, or lists of unequal lengths, one a prompt: what each answer said; or
        `Records` with `choices`, in place of `answers` and `correct`.
    correct : Sequence or ndarray, optional
        (prompts,) the correct answer of each prompt, of the same kind; left out beside `Records`.
    samples : array_like or Sequence[float]
        (T,) whole numbers k >= 1, non-decreasing. A prompt with fewer than k answers is left out at that k, and
        counted.
    confidence : float, default 0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    Ensemble
        With the curve `accuracy`, one run a prompt (nan where left out), and `stats` as `from_records` has them:
        `mean`, `low`, `high`, `left_out` (T,). The intervals lie in [0, 1] where the values do.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for Records without `choices`.

    Examples
    --------
    >>> curve = vote_curve([["a", "a", "b", "c"]], ["a"], [1, 3, 4])
    >>> print(curve["accuracy"].round(4))
    [[0.5    0.6667 1.    ]]
    """
    if isinstance(answers, Records):
        if correct is not None:
            raise BadValue("correct is given beside Records, which hold their own values. Pass the Records alone.")
        records = answers
        if records.choices is None:
            raise BadValue(
                "answers is Records without choices, but a vote needs what each answer said: right or wrong alone "
                "lumps all wrong answers into one. Name the column with answer= (--answer)."
            )
    else:
        records = _graded(answers, correct)
    counts = whole_samples(samples, records.answers, exact=False)
    return curve_over_prompts(records, counts, _vote, confidence, name="accuracy")


def _vote(prompt: Records, counts: np.ndarray) -> np.ndarray:
    assert prompt.choices is not None  # refused at the door
    (choices,) = prompt.choices
    _, group, sizes = np.unique(choices, return_inverse=True, return_counts=True)
    return group_votes(sizes, np.bincount(group, weights=prompt.values[0]) / sizes, counts)


def _graded(answers: Sequence | np.ndarray, correct: Sequence | np.ndarray | None) -> Records:
    """Records whose values, and scores, are 1 where an answer is the correct one."""
    if correct is None:
        raise BadValue(
            "correct is left out, but a vote needs the correct answer of every prompt. Pass both, or Records."
        )
    if not isinstance(answers, (list, tuple, np.ndarray)) or not len(answers) or any(np.ndim(r) != 1 for r in answers):
        raise BadValue(
            f"answers is {str(answers)[:40]!r}, but it must be a table (prompts, records). Pass lists, one a prompt."
        )
    if np.shape(correct) != (len(answers),):
        raise BadValue(
            f"correct has shape {np.shape(correct)}, but it must have one answer for each of the {len(answers)} "
            "prompts. Pass a list."
        )
    empty = next((i for i, row in enumerate(answers) if not len(row)), None)
    if empty is not None:
        raise BadValue(f"answers[{empty}] is empty, but at least one answer is needed. Drop that prompt.")
    right = [each.item() if isinstance(each, np.generic) else each for each in correct]
    wrong = next((i for i, each in enumerate(right) if not isinstance(each, (int, str))), None)
    if wrong is not None:
        raise BadValue(
            f"correct[{wrong}] is {right[wrong]!r}, but it must be a whole number or a text. Write it as in answers."
        )
    # The correct answer rides along as the first of each prompt, so that it is checked and numbered with the others.
    whole = choices_of([[c, *row] for c, row in zip(right, answers)], [1 + len(row) for row in answers])
    values = tuple((row[1:] == row[0]).astype(float) for row in whole)
    return Records(tuple(str(i) for i in range(len(answers))), values, values, tuple(row[1:] for row in whole))


def pass_curve(
    values: ArrayLike | Sequence | Records, samples: ArrayLike | Sequence[float], *, confidence: float = 0.95
) -> Ensemble:
    """Chance that k of the recorded answers contain a success, pass@k, without bias and with intervals over prompts.

    Parameters
    ----------
    values : array_like, Sequence or Records
        (prompts, answers) of 0 and 1, lists of unequal lengths, one a prompt, or `Records`; scores play no role.
    samples : array_like or Sequence[float]
        (T,) whole numbers k >= 1, non-decreasing. A prompt with fewer than k answers is left out at that k, and
        counted.
    confidence : float, default 0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    Ensemble
        With the curve `value`, one run a prompt, and `stats` as `from_records` has them.

    Raises
    ------
    BadValue
        For values other than 0 and 1, and for an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(pass_curve([[1, 0, 0, 0], [1, 1]], [1, 2]).stats["mean"])
    [0.625 0.75 ]
    """
    rows = values.values if isinstance(values, Records) else tuple(number_rows("values", values))
    for row in rows:
        check_successes(row)
    names = values.prompts if isinstance(values, Records) else tuple(str(i) for i in range(len(rows)))
    # The best of k by a judge who knows.
    return from_records(Records(names, rows, rows), samples=samples, temperature=0.0, confidence=confidence)
