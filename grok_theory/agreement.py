"""How far runs and theory agree, curve by curve: frozen, printable, saved without pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import reports
from .numerics.level_shares import unseen_share
from .pytrees import record
from .results import as_dicts, curve_of
from .saved_results import save


@record(static=("name", "verdict", "margin", "in_logs", "reason"))
class CurveAgreement:
    """One curve of an Agreement, at the judged `x` only.

    `gap` (T,) is runs minus theory (of logs of the mean where `in_logs`). Its pointwise interval is `low` to `high`,
    the Bonferroni-corrected one `simultaneous_low` to `simultaneous_high`; `numerical` (T,) is the theory's own error,
    not in them, and nan where its solver states none. All are in the unit of `margin`. `runs_needed`, for an
    underpowered curve, is the number of runs that makes the simultaneous half-width half the margin; `reason` says why
    it is underpowered where only runs that were not drawn, on another level, leave it open.
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
        """Index of the greatest |gap|."""
        return int(np.argmax(np.abs(np.asarray(self.gap))))


@record(static=("x_name", "x_unit", "runs", "confidence", "remarks"))
class Agreement:
    """How far runs and theory agree, curve by curve: `agreement["test_loss"]` is a `CurveAgreement`.

    `verdict` is "disagrees" if one curve does, else "underpowered" if one is, else "agrees". `runs` were judged;
    `failed_runs` are the indices of those left out, since a judged value is not finite; `remarks` are what solver and
    runs say about themselves.

    Parameters
    ----------
    problem
        TODO.
    curves : Mapping[str, CurveAgreement]
        TODO.
    x_name : str
        TODO.
    x_unit : str
        TODO.
    runs : int
        TODO.
    confidence : float
        TODO.
    failed_runs : tuple[int, ...], default ()
        TODO.
    remarks : tuple[str, ...], default ()
        TODO.
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
        verdicts = {curve.verdict for curve in self.curves.values()}
        return next((v for v in ("disagrees", "underpowered") if v in verdicts), "agrees")

    def save(self, path: str | os.PathLike) -> Path:
        """Write all of it, its status too, to `path` (.npz), for `grok_theory.load`; see `saved_results.save`.

        Parameters
        ----------
        path : str or os.PathLike
            TODO.

        Returns
        -------
        Path
            TODO
        """
        return save(self, path)

    def __str__(self) -> str:
        return reports.agreement(self)
