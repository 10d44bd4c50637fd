"""What can be said of one run that is still going on: a date with its interval, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..checks import check_choice
from ..errors import BadValue
from ..saved_results import save

STATUSES = ("not fitted", "silent", "moving", "stalled", "reached")
# Beyond so many times the time gone by, an upper end says nothing.
OPEN = 30.0


@dataclass(frozen=True)
class DelayForecast:
    """When a run will get to its goal, as far as its record says; all times in the unit of `x`.

    Parameters
    ----------
    status : {'not fitted', 'silent', 'moving', 'stalled', 'reached'}
        The train curve is not past its threshold; the test curve has come less than a tenth of its way; it is moving;
        it does not rise, or fell back; it is past its threshold.
    now : float
        The last time of the record.
    train_time : float
        When the train curve crossed its threshold; nan if it did not.
    progress : float
        Of the test curve, in [0, 1]; nan where it cannot be read.
    time : float
        When the test curve will be past its threshold (or was, `reached`); nan where no date can be given.
    interval : tuple[float, float]
        (low, high) at `confidence`; high is inf where nothing bounds it. The high end counts the runs that never came
        there: it answers whether.
    if_it_arrives : float
        The high end among runs that came there: it answers when. nan without a date from the line.
    not_before : float
        The goal lies after this: 1.2 times the last row of the test curve while `silent`, else (and of a regression)
        that row; nan once `reached`.
    from_siblings : bool
        Whether `time` and `interval` come from sibling runs.
    rough : bool
        Whether the coverage of `interval` is not promised.
    confidence : float
        Of `interval`.
    reason : str
        Why there is no date, or what to know of this one; empty where there is nothing.
    x_name : str, default ''
        What x is.
    """

    status: str
    now: float
    train_time: float
    progress: float
    time: float
    interval: tuple[float, float]
    if_it_arrives: float
    not_before: float
    from_siblings: bool
    rough: bool
    confidence: float
    reason: str
    x_name: str = ""

    @property
    def dated(self) -> bool:
        """Whether a date is given."""
        return not math.isnan(self.time)

    @property
    def delay(self) -> float:
        """The date less `train_time`; nan where one of them is."""
        return self.time - self.train_time

    save = save

    def check_read(self) -> None:
        """Refuse what no forecast is.

        Raises
        ------
        BadValue
            Naming the part.
        """
        check_choice("status", self.status, STATUSES)
        for name in ("now", "train_time", "progress", "time", "if_it_arrives", "not_before", "confidence"):
            if not isinstance(getattr(self, name), float):
                raise BadValue(f"{name} is {getattr(self, name)!r}, but it must be a number. Pass a float.")
        for name in ("from_siblings", "rough"):
            if not isinstance(getattr(self, name), bool):
                raise BadValue(f"{name} is {getattr(self, name)!r}, but it must be True or False. Pass one of them.")
        if not math.isfinite(self.now) or self.progress < 0 or self.progress > 1:
            raise BadValue(
                f"now is {self.now} and progress {self.progress}, but the first must be finite and the second in "
                "[0, 1] or nan. Pass those of a record."
            )
        if not isinstance(self.interval, tuple) or len(self.interval) != 2 or not self.interval[0] <= self.interval[1]:
            raise BadValue(f"interval is {self.interval!r}, but it must be (low, high), low first. Pass two numbers.")
        if not isinstance(self.reason, str) or not isinstance(self.x_name, str):
            raise BadValue("reason or x_name of a DelayForecast is no text, but it must be. Write it as one.")

    def __post_init__(self):
        self.check_read()

    def __str__(self) -> str:
        return f"{self._head()}: {self._date()}" + (f" {_sentence(self.reason)}" if self.reason else "")

    def _head(self) -> str:
        head = f"now {self.now:g}"
        if self.status == "not fitted":
            return head
        memorized = "" if math.isnan(self.train_time) else f": memorized at {self.train_time:.4g}"
        if math.isnan(self.progress):
            return head + memorized
        return f"{head}{memorized}{',' if memorized else ':'} test {100 * self.progress:.0f} % of the way"

    def _date(self) -> str:
        if self.status == "reached":
            return f"the goal was reached at {self.time:.6g}." if self.dated else "the goal is reached."
        least = f"; not before {self.not_before:.4g}" if self.not_before > self.now else ""
        low, high = self.interval
        if not self.dated:
            return f"no date can be given{least}."
        how = f"{100 * self.confidence:g} %" if not self.rough else "rough, no coverage promised"
        siblings = "by its siblings " if self.from_siblings else ""
        date = f"{siblings}the goal is expected at {self.time:.4g} ({how}: {low:.4g} to {self._shown(high)}"
        if not math.isnan(self.if_it_arrives):
            date += f"; if it does not stall, by {self._shown(self.if_it_arrives)}"
        return f"{date}){least}."

    def _shown(self, high: float) -> str:
        return "open" if high > OPEN * self.now else f"{high:.4g}"


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
