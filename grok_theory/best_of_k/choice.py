"""The best number of answers and temperature for a recorded judge, chosen and reported on different prompts."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_finite, check_key, check_non_negative, check_shape
from ..errors import BadValue
from ..numerics.bounded_means import bounded_mean
from ..numerics.mean_intervals import student
from ..pytrees import record
from .recorded_curves import intervals, kept_values, value_range, whole_samples
from .records import Records, as_records
from .temperatures import check_temperature

_CONFIDENCE = 0.95


@record(static=("rivals", "text"))
class Choice:
    """The chosen setting and what it is worth on prompts that had no part in choosing it.

    `rivals` are compared by a paired 95 % interval of their net value minus that of the chosen setting.

    Parameters
    ----------
    samples : int
        Answers k to draw a prompt.
    temperature : float
        Of the softmax over scores, in score points; 0 keeps the best score.
    value : float
        Mean value kept with the setting, over the prompts of the reporting half.
    low : float
        Lower end of the 95 % interval of `value`.
    high : float
        Its upper end.
    net : float
        `value` minus cost_per_answer times `samples`.
    rivals : tuple[tuple[int, float], ...]
        The other settings (samples, temperature) whose net value on the reporting half differs from that of the chosen
        one by less than a paired 95 % interval.
    chosen_on : int
        Number of prompts that chose the setting.
    reported_on : int
        Number of prompts that `value` is measured on.
    left_out : int
        Number of prompts with fewer answers than the largest k, which took no part.
    text : str
        The result in a sentence, which `print` shows.
    """

    samples: int
    temperature: float
    value: float
    low: float
    high: float
    net: float
    rivals: tuple[tuple[int, float], ...]
    chosen_on: int
    reported_on: int
    left_out: int
    text: str

    def __str__(self) -> str:
        return self.text


def best_setting(
    records: Records,
    samples: ArrayLike | Sequence[float],
    temperatures: ArrayLike | Sequence[float],
    *,
    cost_per_answer: float = 0.0,
    key: jax.Array,
) -> Choice:
    """Which k and temperature to use: the best mean value minus cost on a random half of the prompts.

    Its value is reported on the other half, where it is unbiased: the best of many settings looks better than it is on
    the prompts that chose it. Only prompts with enough answers for the largest k take part.

    Parameters
    ----------
    records : Records
        Recorded answers with their scores and values.
    samples, temperatures : array_like or Sequence[float]
        The settings to try, all pairs: whole numbers k >= 1, non-decreasing, and temperatures >= 0 in score points, inf
        allowed.
    cost_per_answer : float, default 0.0
        What one answer costs, >= 0, in units of value.
    key : Array
        A typed JAX key; it decides which prompts go to which half.

    Returns
    -------
    Choice
        The best setting, its value on the reporting half, and its rivals. Of equal settings it is the one of fewer
        answers, then the one whose temperature is named first.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where fewer than four prompts have as many
        answers as the largest k.
    """
    records = as_records(records)
    counts = whole_samples(samples, records.answers, exact=False)
    check_shape("temperatures", temperatures, (None,), "Pass a list, for example [0.0, 0.5, 1.0].")
    for temperature in np.asarray(temperatures).tolist():
        check_temperature(temperature)
    check_finite("cost_per_answer", cost_per_answer, "Pass the cost in units of value, for example 0.01.")
    check_non_negative("cost_per_answer", cost_per_answer, "Pass the cost in units of value, for example 0.01.")
    check_key(key)
    enough = np.flatnonzero(records.answers >= counts.max())
    if enough.size < 4:
        raise BadValue(
            f"records has {enough.size} prompts with {counts.max()} answers, the largest k, but at least 4 are needed: "
            "two to choose on, two to report on. Lower the largest `samples`, or record more."
        )
    part = records.part(enough.tolist())
    tables = np.stack([kept_values(part, counts, float(t)) for t in np.asarray(temperatures).tolist()], axis=-1)
    order = np.asarray(jax.random.permutation(key, enough.size))
    chosen, reported = order[: enough.size // 2], order[enough.size // 2 :]
    net = tables - cost_per_answer * counts[None, :, None]
    # The first of equal settings: fewer answers, then the temperature named first.
    i, j = np.unravel_index(np.argmax(net[chosen].mean(axis=0)), net.shape[1:])
    value = tables[reported, i, j]
    within = value_range(records)
    _, (low,), (high,), _ = intervals(value[:, None], _CONFIDENCE, within)
    settings = [(int(k), float(t)) for k in counts for t in np.asarray(temperatures).tolist()]
    # A setting that is the same on every prompt has no spread: its interval contains 0.
    behind = (value[:, None, None] - tables[reported]).reshape(reported.size, -1)
    tail = (1 - _CONFIDENCE) / 2
    if within:
        least, most = bounded_mean(behind, tail, (within[0] - within[1], within[1] - within[0]))
    else:
        least, most = student(behind, tail)
    cost = np.ravel(cost_per_answer * (counts[i] - counts)[:, None] * np.ones(np.shape(temperatures)))
    least, most = least - cost, most - cost
    best = (int(counts[i]), float(np.asarray(temperatures, float)[j]))
    rivals = tuple(s for s, a, b in zip(settings, least, most) if a <= 0 <= b and s != best)
    worth = float(value.mean() - cost_per_answer * counts[i])
    text = (
        f"Best setting: k = {best[0]}, temperature {best[1]:g}, chosen on {chosen.size} prompts; on the other "
        f"{reported.size} it keeps {value.mean():.4g} (95 % interval {low:.4g} to {high:.4g})"
        + (f", {worth:.4g} after the cost of its answers" if cost_per_answer else "")
        + f". {len(rivals)} of the {len(settings) - 1} other settings cannot be told from it there."
    )
    return Choice(
        *best, float(value.mean()), float(low), float(high), worth, rivals, chosen.size, reported.size,
        int(len(records.prompts) - enough.size), text,
    )  # fmt: skip
