"""What is asked of a run, checked: thresholds, directions, siblings, and the table a forecast is made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..checks import check_between, check_finite, check_kind, check_non_negative, check_positive
from ..errors import BadValue
from .decay_clock import Sibling
from .forecast_table import Quantiles, Table, default_table


@dataclass(frozen=True)
class Goal:
    """Thresholds and directions are (train, test); `chance` is the accuracy of guessing; `optimizer` "" if unknown."""

    thresholds: tuple[float, float]
    rising: tuple[bool, bool]
    chance: float
    confidence: float
    siblings: tuple[Sibling, ...]
    decay_rate: float | None
    optimizer: str
    table: Table

    @property
    def regression(self) -> bool:
        """Whether nothing says that this is a classifier: two losses and no chance level."""
        return not any(self.rising) and self.chance == 0

    @property
    def quantiles(self) -> Quantiles | None:
        """Of the test curve's kind."""
        return self.table.accuracy if self.rising[1] else self.table.loss


def checked_goal(
    thresholds: tuple[float, float],
    rising: tuple[bool, bool],
    chance: float,
    confidence: float = 0.8,
    siblings: Sequence[Sibling] = (),
    decay_rate: float | None = None,
    optimizer: str = "",
    table: Table | None = None,
) -> Goal:
    """A Goal, or one sentence on what is wrong."""
    for name, value in zip(("train_threshold", "test_threshold"), thresholds, strict=True):
        check_finite(name, value, "Pass a number in the unit of its curve.")
    check_between("chance", chance, 0, 1, "Pass 1/classes, for example 0.1 for ten.", include_high=False)
    if rising[1]:
        if not chance < thresholds[1] <= 1:
            raise BadValue(
                f"test_threshold is {thresholds[1]:g}, but that of a rising curve must be a share above chance "
                f"({chance:g}) and at most 1. Pass an accuracy as a fraction, for example 0.95."
            )
    else:
        check_positive("test_threshold", thresholds[1], "The way of a loss is measured in logs. Pass for example 0.1.")
    check_between("confidence", confidence, 0, 1, "Pass 0.8.", include_low=False, include_high=False)
    check_kind("table", table := default_table() if table is None else table, Table, "Pass observables.calibrate(...).")
    for i, sibling in enumerate(siblings := tuple(siblings)):
        check_kind(f"siblings[{i}]", sibling, Sibling, "Pass observables.Sibling(delay, train_time, decay_rate).")
    if decay_rate is not None:
        check_non_negative("decay_rate", decay_rate, "Pass observables.decay_rate(optimizer, learning_rate, decay).")
    elif siblings:
        raise BadValue(
            "decay_rate is left out, but siblings are read by it. Pass observables.decay_rate(optimizer, "
            "learning_rate, weight_decay) of this run."
        )
    _check_confidence(float(confidence), table, bool(siblings))
    return Goal(
        (float(thresholds[0]), float(thresholds[1])),
        (bool(rising[0]), bool(rising[1])),
        float(chance),
        float(confidence),
        siblings,
        None if decay_rate is None else float(decay_rate),
        str(optimizer or ""),
        table,
    )


def _check_confidence(confidence: float, table: Table, siblings: bool) -> None:
    """Refuse a confidence that nothing of the table knows; what a date is not measured at has none."""
    known = {row[0] for part in (table.accuracy, table.loss) if part is not None for row in part.stated}
    known |= {row[0] for row in table.clock.factors} if siblings and table.clock is not None else set()
    if not any(abs(confidence - each) <= 1e-9 for each in known):
        raise BadValue(
            f"confidence is {confidence:g}, but the table knows {', '.join(f'{c:g}' for c in sorted(known))}: how "
            "often other intervals hold was not measured. Pass one of these, or a table of your own by "
            "observables.calibrate(..., confidence=...)."
        )
