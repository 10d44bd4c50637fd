"""What a fit found: parameters with intervals, what of them a log can tell, and whether the theory applies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..applicability import Applicability
from ..dynamics import Dynamics
from ..errors import BadValue
from ..pytrees import record
from ..reports import table
from ..results import Forecast
from ..results.named_parts import as_dicts
from ..saved_results import check, save


@record(static=("name", "identified", "reason"))
class FittedParameter:
    """One free parameter of a Fit.

    Parameters
    ----------
    name : str
        Field of the Problem, or learning_rate.
    value : float
        The most likely value, in the unit of the field.
    low, high : float
        Ends of its profile-likelihood interval; an end of its range where the log sets none.
    identified : bool
        Whether the log tells it.
    reason : str
        Why not; or which end of the interval is open; else empty.
    """

    name: str
    value: float
    low: float
    high: float
    identified: bool
    reason: str = ""

    def __str__(self) -> str:
        said = f"{self.name} = {self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"
        return f"{said}: {self.reason}" if self.reason else said


@record(static=("says", "of"))
class SeenTogether:
    """What a log tells of parameters that it cannot tell apart.

    Parameters
    ----------
    says : str
        The combination: "snr + inr".
    of : tuple of str
        The parameters in it.
    value, low, high : float
        As of a FittedParameter.
    """

    says: str
    of: tuple[str, ...]
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{' and '.join(self.of)} cannot be told apart by this log: only {self.says} = {self.value:.4g} "
            f"[{self.low:.4g}, {self.high:.4g}] can be seen"
        )


@record(static=("runs", "points", "apart"))
class Fit:
    """A Problem fitted to runs: `fit["snr"]` is a `FittedParameter`.

    Parameters
    ----------
    problem
        The template with the most likely values.
    dynamics : Dynamics
        How it is trained, with the most likely learning rate where that was free.
    parameters : Mapping[str, FittedParameter]
        By name.
    together : tuple of SeenTogether
        What is seen of parameters that cannot be told apart.
    forecast : Forecast
        The band of one run of `problem`.
    applicability : Applicability
        Whether the runs can be of it: the goodness of fit.
    log_likelihood : float
        The largest; comparable between fits of the same points only.
    runs, points : int
        How many runs were fitted, and how many of their points in all.
    confidence : float
        Of the intervals, in (0, 1).
    rivals : tuple of Fit
        Fits of the other templates, the likelier first.
    apart : tuple of bool
        For each rival, whether the log tells it from this fit.
    """

    problem: Any  # of any wing: Problems share no class
    dynamics: Dynamics
    parameters: Mapping[str, FittedParameter]
    together: tuple[SeenTogether, ...]
    forecast: Forecast
    applicability: Applicability
    log_likelihood: float
    runs: int
    points: int
    confidence: float
    rivals: tuple[Fit, ...] = ()
    apart: tuple[bool, ...] = ()

    def __post_init__(self):
        as_dicts(self, "parameters")

    def __getitem__(self, name: str) -> FittedParameter:
        if name not in self.parameters:
            raise BadValue(f"There is no parameter {name!r}; free were {', '.join(self.parameters)}.")
        return self.parameters[name]

    @property
    def identified(self) -> bool:
        """Whether the log tells every free parameter."""
        return all(each.identified for each in self.parameters.values())

    @property
    def verdict(self) -> str:
        """One sentence: whether the fitted theory applies, and, of several templates, whether it is told apart."""
        said = f"the fitted theory {'cannot be judged' if self._untold else self.applicability.verdict}"
        if not self.rivals:
            return said
        alike = self.apart.count(False)
        if not alike:
            return f"{said}, and is told apart from {_others(len(self.rivals))}"
        return f"{said}, and cannot be told apart from {_others(alike)} by this log"

    @property
    def _untold(self) -> bool:
        return self.applicability.verdict == "cannot tell"

    save = save

    def check_read(self) -> None:
        """Refuse what `fit` never gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        if not isinstance(self.forecast, Forecast) or not isinstance(self.applicability, Applicability):
            raise BadValue("forecast or applicability of this Fit is none. Fit again.")
        check(self.forecast)
        check(self.applicability)
        if not self.parameters:
            raise BadValue("parameters is empty, but a Fit has at least one. Fit again.")
        for name, each in self.parameters.items():
            if not isinstance(each, FittedParameter) or each.name != name or not each.low <= each.value <= each.high:
                raise BadValue(f"parameters[{name!r}] is {each!r}, which no fit gives. Fit again.")
        for each in self.together:
            if not isinstance(each, SeenTogether) or not set(each.of) <= set(self.parameters):
                raise BadValue(f"together holds {each!r}, which no fit gives. Fit again.")
        if not 0 < self.confidence < 1 or len(self.apart) != len(self.rivals) or np.isnan(self.log_likelihood):
            raise BadValue("confidence, apart or log_likelihood of this Fit is out of range. Fit again.")
        for rival in self.rivals:
            if not isinstance(rival, Fit):
                raise BadValue(f"rivals holds {rival!r}, which is no Fit. Fit again.")
            rival.check_read()

    def __str__(self) -> str:
        lines = [self.verdict, f"  {self.problem!r}"]
        rows = [("", "value", f"{self.confidence:.0%} low", "high", "")]
        rows += [
            (p.name, f"{p.value:.4g}", f"{p.low:.4g}", f"{p.high:.4g}", p.reason) for p in self.parameters.values()
        ]
        lines += table(rows, right=(1, 2, 3))
        lines += [f"  {each}" for each in self.together]
        several = "" if self.runs == 1 else "s"
        lines.append(f"  from {self.points} points of {self.runs} run{several}; {self.applicability.reason}")
        for rival, apart in zip(self.rivals, self.apart, strict=True):
            lines.append(f"  {'told apart from' if apart else 'cannot be told apart from'} {rival.problem!r}")
        return "\n".join(lines)


def _others(count: int) -> str:
    return f"{count} other{'' if count == 1 else 's'}"
