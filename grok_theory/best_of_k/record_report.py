"""All that recorded answers say of how many to draw: best of k, pass@k, the vote, and the best setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax.typing import ArrayLike

from ..errors import BadValue
from ..results import Ensemble
from .choice import Choice, best_setting
from .recorded_curves import from_records, whole_samples
from .recorded_votes import pass_curve, vote_curve
from .records import Records

_EVERY = 16  # up to so many answers, every k is shown


@dataclass(frozen=True)
class RecordReport:
    """What recorded answers say; each part is there where the records hold what it needs.

    Parameters
    ----------
    best_of_k : dict[float, Ensemble]
        Of every temperature what the judge keeps; empty without scores.
    pass_at_k : Ensemble or None
        What a judge who knows would keep; None where values are graded.
    majority_vote : Ensemble or None
        What the vote keeps; None where it was not recorded what each answer said.
    best : Choice or None
        The best setting; None where there are too few prompts to choose on one half and report on the other.
    missing : dict[str, str]
        Why a part is None or empty, by its name.
    """

    best_of_k: dict[float, Ensemble]
    pass_at_k: Ensemble | None
    majority_vote: Ensemble | None
    best: Choice | None
    missing: dict[str, str]

    @property
    def curves(self) -> dict[str, Ensemble]:
        """Every curve, by a name for people."""
        found = {f"best of k, T = {t:g}": curve for t, curve in self.best_of_k.items()}
        found |= {"pass@k": self.pass_at_k} if self.pass_at_k else {}
        return found | ({"majority vote": self.majority_vote} if self.majority_vote else {})


def report(
    records: Records,
    *,
    samples: ArrayLike | Sequence[float] | None = None,
    temperatures: Sequence[float] = (0.0,),
    failed: str = "drop",
    cost_per_answer: float = 0.0,
    confidence: float = 0.95,
    key: jax.Array,
) -> RecordReport:
    """Best of k at every temperature, pass@k, the majority vote and the best setting.

    Parameters
    ----------
    records : Records
        Recorded answers; scores may be nan where the judge failed.
    samples : array_like or Sequence[float], optional
        (T,) whole numbers k >= 1, non-decreasing, at most those of the longest prompt; if left out every k up to 16,
        beyond it powers of 2 and the most recorded.
    temperatures : Sequence[float], default (0.0,)
        Of the softmax over scores, in score points.
    failed : str, default 'drop'
        Of answers without a score, as in `Records.judged`. pass@k and the vote take them as they are.
    cost_per_answer : float, default 0.0
        What one answer costs, >= 0, in units of value.
    confidence : float, default 0.95
        Of the intervals, in (0, 1).
    key : Array
        A typed JAX key, for `best_setting`.

    Returns
    -------
    RecordReport
        With the reasons why parts are missing.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    """
    most = int(records.answers.max())
    counts = whole_samples(_usual(most) if samples is None else samples, records.answers, exact=False)
    missing: dict[str, str] = {}
    curves: dict[float, Ensemble] = {}
    best = passed = vote = None
    judged = None
    try:
        judged = records.judged(failed)
    except BadValue as error:
        if "scores has no number" not in str(error):
            raise
        missing["best_of_k"] = str(error)
    if judged is not None:
        # Of dropped answers the longest prompt may have lost some.
        within = counts[counts <= judged.answers.max()]
        if within.size == 0:
            missing["best_of_k"] = (
                f"samples begins with {counts[0]}, but no prompt has more than {judged.answers.max()} answers with a "
                "score. Pass fewer samples, or failed='lowest' (--failed lowest)."
            )
        else:
            curves = {
                t: from_records(judged, samples=within, temperature=t, confidence=confidence) for t in temperatures
            }
            try:
                best = best_setting(judged, within, temperatures, cost_per_answer=cost_per_answer, key=key)
            except BadValue as error:
                # Too few prompts to choose on one half and report on the other: the table still stands.
                if "at least 4 are needed" not in str(error):
                    raise
                missing["best"] = str(error)
    if any(not np.isin(row, (0.0, 1.0)).all() for row in records.values):
        missing["pass_at_k"] = "values are graded, but passing is 0 or 1. Name a column of passed or not (--value)."
    else:
        passed = pass_curve(records, counts, confidence=confidence)
    if records.choices is None:
        missing["majority_vote"] = (
            "no column says what each answer was, and right or wrong alone would lump all wrong answers into one. Name "
            "it (--answer)."
        )
    else:
        try:
            vote = vote_curve(records, samples=counts, confidence=confidence)
        except BadValue as error:
            if "exact vote would take" not in str(error):
                raise
            missing["majority_vote"] = str(error)
    return RecordReport(curves, passed, vote, best, missing)


def _usual(most: int) -> np.ndarray:
    powers = 2 ** np.arange(1 + int(np.log2(most)))
    return np.arange(1, most + 1) if most <= _EVERY else np.unique([*powers, most])
