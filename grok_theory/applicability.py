"""Whether a user's runs can be runs of a Problem: frozen, printable, saved without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import html_reports, reports
from .errors import BadValue
from .pytrees import record
from .results.named_parts import as_dicts, curve_of
from .saved_results import save

VERDICTS = ("applies", "does not apply", "cannot tell")


@record(static=("name", "runs", "outside", "band", "first_run"))
class CurveApplicability:
    """One curve of an Applicability.

    Parameters
    ----------
    name : str
        The curve.
    runs : int
        How many runs were looked at.
    outside : int
        How many of them leave the band.
    band : float
        Level of that band: the confidence for one run, 0.9 for several.
    first : float
        The first x at which a run leaves it; inf where none does.
    first_run : str
        Which run that is.
    z : float
        The largest deviation of a run from the middle, in scatters of one run.
    p_value : float
        Of the runs outside, if the Problem is the runs' own.
    """

    name: str
    runs: int
    outside: int
    band: float
    first: float
    first_run: str
    z: float
    p_value: float


@record(static=("verdict", "reason", "runs", "x_name", "x_unit"))
class Applicability:
    """Whether runs can be of a Problem: `applicability["train_loss"]` is a `CurveApplicability`.

    Parameters
    ----------
    problem
        The Problem asked about.
    verdict : {'applies', 'does not apply', 'cannot tell'}
        `applies`: nothing was found against it.
    reason : str
        Why.
    curves : Mapping[str, CurveApplicability]
        The judged curves by name.
    runs : int
        How many runs were judged.
    confidence : float
        Of a curve's verdict: 1 - confidence of right theories are found not to apply by it.
    p_value : float
        Over all curves (Bonferroni).
    x_name : str
        What x is, as in the Forecast.
    x_unit : str, default ''
        The unit of x.
    """

    problem: Any  # of any wing: Problems share no class
    verdict: str
    reason: str
    curves: Mapping[str, CurveApplicability]
    runs: int
    confidence: float
    p_value: float
    x_name: str
    x_unit: str = ""

    def __post_init__(self):
        as_dicts(self, "curves")

    def __getitem__(self, name: str) -> CurveApplicability:
        return curve_of(self, name)

    save = save

    def check_read(self) -> None:
        """Refuse what `applies` never gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        if self.verdict not in VERDICTS or not isinstance(self.reason, str):
            raise BadValue(f"verdict is {self.verdict!r}, but it must be one of {', '.join(VERDICTS)}. Judge again.")
        if not self.curves:
            raise BadValue("curves is empty, but an Applicability judges at least one. Judge again.")
        for name, value in (("confidence", self.confidence), ("p_value", self.p_value)):
            _check_share(name, value)
        for name, curve in self.curves.items():
            if not isinstance(curve, CurveApplicability) or curve.name != name:
                raise BadValue(f"curves[{name!r}] is {curve!r}, but it must be its CurveApplicability. Judge again.")
            _check_share(f"p_value of {name}", curve.p_value)
            if not 0 <= curve.outside <= curve.runs or (curve.outside == 0) != np.isinf(curve.first):
                raise BadValue(
                    f"{name} has {curve.outside} of {curve.runs} runs outside, which cannot be. Judge again."
                )

    def __str__(self) -> str:
        return reports.applicability(self)

    def _repr_html_(self) -> str:
        return html_reports.applicability(self)


def _check_share(name: str, value: Any) -> None:
    if not isinstance(value, (float, np.floating)) or not 0 <= value <= 1:
        raise BadValue(f"{name} is {value!r}, but it must be in [0, 1]. Judge again.")
