"""Whether a curve moves the way it is said to: refusals that stand between a wrong flag and a wrong delay."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import BadValue

# A way of so many median steps from row to row is no noise: from the middle of Gaussian noise its first row lies as far
# once in half a million, of uniform noise never (it spans 3.4).
NOISE = 5.0
FEW = 9  # of so few rows the noise is not known


def check_direction(name: str, curves: Sequence[np.ndarray], threshold: float, rising: bool) -> None:
    """Refuse a curve that starts past its threshold and moves back towards it, in every run.

    "Back" is half the way from its first value to the threshold, and more than its noise, so that a curve that did
    cross early passes.

    Parameters
    ----------
    name : str
        Of the curve, for the message.
    curves : Sequence[ndarray]
        Values of every run, any lengths; nan are passed over.
    threshold : float
        As in `crossing_time`.
    rising : bool
        As in `crossing_time`.
    """
    ends = []
    for values in curves:
        seen = values[np.isfinite(values)]
        if seen.size:
            noise = np.median(np.abs(np.diff(seen))) if seen.size > FEW else 0.0
            ends.append((seen[0], _last_level(seen), NOISE * noise))
    if ends and all(_moves_back(*end, threshold, rising) for end in ends):
        first, last, _ = ends[0]
        said, other = ("rise", "fall") if rising else ("fall", "rise")
        raise BadValue(
            f"{name} is said to {said} past {threshold:g}, but it starts past that, at {first:g}, and ends at "
            f"{last:g}: it seems to {other}. Say rising for curves that rise (accuracies) and no "
            "others, or choose another threshold."
        )


def check_approach(name: str, curves: Sequence[np.ndarray], threshold: float) -> None:
    """Refuse a curve that is said to rise and, in every run, falls away from its threshold without ever reaching it.

    "Away" is by half of what it had to rise. For train curves: a test accuracy may well fall. The arguments are those
    of `check_direction`.
    """
    seen = [values[np.isfinite(values)] for values in curves]
    seen = [values for values in seen if values.size]
    if seen and all(v.max() < threshold and v[0] - v[-1] >= (threshold - v[0]) / 2 for v in seen):
        raise BadValue(
            f"{name} is said to rise past {threshold:g}, but it begins at {seen[0][0]:g} and ends at {seen[0][-1]:g}: "
            "it seems to fall. Say rising for curves that rise (accuracies) and no others, or choose another threshold."
        )


@dataclass(frozen=True)
class Scale:
    """A curve and its threshold, which may be fractions or per cent.

    `kind`: "share" for accuracies and error rates; "error", which may be a mean square; "rising" for any curve that is
    said to rise, which may be an accuracy.
    """

    name: str
    highest: float
    threshold: float
    kind: str
    rising: bool

    @property
    def in_percent(self) -> bool:
        """Whether the highest value says per cent: above 1.5, up to 100."""
        return 1.5 < self.highest <= _HUNDRED


_HUNDRED = 100.5  # 100 times a fraction may be 100.00000000000001


def scale(name: str, curves: Sequence[np.ndarray], threshold: float, kind: str, rising: bool) -> Scale:
    """The `Scale` of a curve from its values in every run."""
    highest = max((float(np.max(seen)) for v in curves if (seen := v[np.isfinite(v)]).size), default=np.nan)
    return Scale(name, highest, float(threshold), kind, rising)


def check_percent(scales: Sequence[Scale]) -> None:
    """Refuse a threshold in fractions of values in per cent, the other way round, and curves of which one is each."""
    for each in scales:
        other = next((s for s in scales if s is not each and s.in_percent and s.kind == each.kind == "share"), None)
        # One per cent of errors is asked for; that all are wrong, a fraction of 1, is not.
        fraction = 0 < each.threshold < 1 or (each.threshold == 1 and each.rising)
        if fraction and _is_percent(each, other):
            perhaps = ", or call the column mse or loss if it is none" if each.kind == "error" else ""
            raise BadValue(
                f"the threshold {each.threshold:g} of {each.name} is a fraction, but the values go up to "
                f"{each.highest:g}: per cent. Write {100 * each.threshold:g}{perhaps}."
            )
        # At chance, an accuracy in per cent stays below 1 too: then it is past neither 0.95 nor 95.
        if other is not None and each.threshold > 1 and each.threshold / 100 <= each.highest <= 1:
            raise BadValue(
                f"{each.name} goes up to {each.highest:g} and {other.name} to {other.highest:g}: one seems to be a "
                f"fraction and the other per cent. Write {each.threshold / 100:g} if {each.name} is the fraction."
            )
        least = {"share": 1, "rising": 50}.get(each.kind, np.inf)
        if other is None and each.highest <= 1 and least < each.threshold <= 100:
            raise BadValue(
                f"the threshold {each.threshold:g} of {each.name} is in per cent, but the values go up to "
                f"{each.highest:g}: fractions. Write {each.threshold / 100:g}."
            )


def _is_percent(each: Scale, other: Scale | None) -> bool:
    if each.kind == "share":
        return each.in_percent or (other is not None and 1 < each.highest <= 1.5)
    if each.kind == "error":
        return 50 <= each.highest <= _HUNDRED
    return 0.9 <= each.threshold < 1 and 90 <= each.highest <= _HUNDRED


def _last_level(seen: np.ndarray) -> float:
    """The median of the last tenth: where a curve went, were its last value a slip."""
    return float(np.median(seen[-max(1, seen.size // 10) :]))


def _moves_back(first: float, last: float, noise: float, threshold: float, rising: bool) -> bool:
    sign = 1 if rising else -1
    start, way = sign * (first - threshold), sign * (last - first)  # start >= 0: past the threshold
    return bool(start >= 0 and way < 0 and -way >= max(start / 2, noise))
