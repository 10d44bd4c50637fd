"""Whether a curve moves the way it is said to: refusals that stand between a wrong flag and a wrong delay."""

from collections.abc import Sequence

import numpy as np

from ..errors import BadValue


def check_direction(name: str, curves: Sequence[np.ndarray], threshold: float, rising: bool) -> None:
    """Refuse a curve that starts past its threshold and moves back towards it, in every run.

    "Back" is half the way from its first value to the threshold, so that noise of a curve that did cross early passes.

    **Arguments:**
    - `name`: of the curve, for the message. `curves`: values of every run, any lengths; nan are passed over.
    - `threshold`, `rising`: as in `crossing_time`.
    """
    ends = []
    for values in curves:
        seen = values[np.isfinite(values)]
        if seen.size:
            ends.append((seen[0], seen[-1]))
    if ends and all(_moves_back(first, last, threshold, rising) for first, last in ends):
        first, last = ends[0]
        said, other = ("rise", "fall") if rising else ("fall", "rise")
        raise BadValue(
            f"{name} is said to {said} past {threshold:g}, but it starts past that, at {first:g}, and ends at "
            f"{last:g}: it seems to {other}. Say rising for curves that rise (accuracies) and no "
            "others, or choose another threshold."
        )


def check_percent(names: Sequence[str], curves: Sequence[np.ndarray], thresholds: Sequence[float]) -> None:
    """Refuse a threshold in fractions of accuracies in per cent, and the other way round.

    **Arguments:**
    - `names`: of the columns, all of them accuracies or error rates. `curves`: their values over all runs.
    - `thresholds`: one a column.
    """
    highest = max((float(np.max(seen)) for v in curves if (seen := v[np.isfinite(v)]).size), default=np.nan)
    for name, threshold in zip(names, thresholds, strict=True):
        if 1.5 < highest <= 100 and 0 < threshold <= 1:
            raise BadValue(
                f"the threshold {threshold:g} of {name} is a fraction, but the values go up to {highest:g}: "
                f"per cent. Write {100 * threshold:g}."
            )
        if highest <= 1 < threshold <= 100:
            raise BadValue(
                f"the threshold {threshold:g} of {name} is in per cent, but the values go up to {highest:g}: "
                f"fractions. Write {threshold / 100:g}."
            )


def _moves_back(first: float, last: float, threshold: float, rising: bool) -> bool:
    sign = 1 if rising else -1
    start, way = sign * (first - threshold), sign * (last - first)  # start >= 0: past the threshold
    return bool(start >= 0 and way < 0 and -way >= start / 2)
