"""How far runs and theory agree, curve by curve: frozen, printable, saved without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import html_reports, reports
from .numerics.level_shares import unseen_share
from .pytrees import record
from .results.named_parts import as_dicts, curve_of
from .saved_results import save


@record(static=("name", "verdict", "margin", "in_logs", "reason"))
class CurveAgreement:
    """One curve of an Agreement, at the judged `x` only.

    Everything about the gap is in the unit of `margin`: of the curve, or of its logarithm where `in_logs`.

    Parameters
    ----------
    name : str
        The curve.
    verdict : {'agrees', 'disagrees', 'underpowered'}
        What the intervals say.
    margin : float
        The greatest difference that does not matter; log(1 + size) for a relative margin.
    in_logs : bool
        Whether logarithms of the mean are compared.
    x : ndarray
        (T,) the judged x.
    gap : ndarray
        (T,) runs minus theory (of logs of the mean where `in_logs`).
    low, high : ndarray
        (T,) ends of the pointwise interval of the gap.
    simultaneous_low, simultaneous_high : ndarray
        (T,) ends of the Bonferroni-corrected one.
    numerical : ndarray
        (T,) the theory's own error, not in the intervals; nan where its solver states none.
    runs_needed : float
        For an underpowered curve, the number of runs that makes the simultaneous half-width half the margin; inf where
        no number does.
    reason : str, default ''
        Why it is underpowered where more than the spread of the runs leaves it open: runs that were not drawn, on
        another level, or the theory's own error.
    """

    name: str
    verdict: str
    margin: float
    in_logs: bool
    x: np.ndarray
    gap: np.ndarray
    low: np.ndarray
    high: np.ndarray
    simultaneous_low: np.ndarray
    simultaneous_high: np.ndarray
    numerical: np.ndarray
    runs_needed: float
    reason: str = ""

    @property
    def worst(self) -> int:
        """Index of the greatest abs(gap)."""
        return int(np.argmax(np.abs(np.asarray(self.gap))))


@record(static=("x_name", "x_unit", "runs", "confidence", "remarks"))
class Agreement:
    """How far runs and theory agree, curve by curve: `agreement["test_loss"]` is a `CurveAgreement`.

    Parameters
    ----------
    problem
        The Problem that both belong to.
    curves : Mapping[str, CurveAgreement]
        The judged curves by name.
    x_name : str
        What x is, as in the Solution.
    x_unit : str
        The unit of x; empty for a count.
    runs : int
        How many runs were judged.
    confidence : float
        Of the intervals, in (0, 1).
    failed_runs : tuple[int, ...], default ()
        Indices of the runs left out, since a judged value is not finite; kept as an array.
    remarks : tuple[str, ...], default ()
        What solver and runs say about themselves.
    """

    problem: Any  # of any wing: Problems share no class
    curves: Mapping[str, CurveAgreement]
    x_name: str
    x_unit: str
    runs: int
    confidence: float
    failed_runs: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self):
        as_dicts(self, "curves")
        object.__setattr__(self, "failed_runs", np.asarray(self.failed_runs, int))
        object.__setattr__(self, "remarks", tuple(str(remark) for remark in self.remarks))

    @property
    def unseen_share(self) -> float:
        """The greatest share of all runs that may behave in a way that none of the judged runs shows."""
        return unseen_share(self.runs, (1 - self.confidence) / 2)

    def __getitem__(self, name: str) -> CurveAgreement:
        return curve_of(self, name)

    @property
    def verdict(self) -> str:
        """The verdict on all: "disagrees" if one curve does, else "underpowered" if one is, else "agrees"."""
        verdicts = {curve.verdict for curve in self.curves.values()}
        return next((v for v in ("disagrees", "underpowered") if v in verdicts), "agrees")

    save = save

    def __str__(self) -> str:
        return reports.agreement(self)

    def _repr_html_(self) -> str:
        return html_reports.agreement(self)
