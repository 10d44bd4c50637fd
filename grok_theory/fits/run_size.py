"""Fitted numbers that a run of a given size can have: its samples are counted in whole numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


def usable(problem: Any, dim: int | None) -> Any:
    """The Problem with the nearest `samples_per_dim` of which `dim` gives a whole number of samples, or `samples`.

    Samples that never end (one-pass descent) stay so.
    """
    if hasattr(problem, "samples_per_dim") and dim is not None:
        count = max(round(float(np.asarray(problem.samples_per_dim)) * dim), 1)
        return dataclasses.replace(problem, samples_per_dim=count / dim)
    if hasattr(problem, "samples") and np.isfinite(np.asarray(problem.samples)):
        return dataclasses.replace(problem, samples=float(max(round(float(np.asarray(problem.samples))), 1)))
    return problem
