"""The law of one run as a function of a Problem: mean and covariance of the logarithms of its losses at given x.

Where a wing tells it from theory (`log_loss_law`), that is taken; else its forecast's, from draws with the same key at
every Problem: then the law moves smoothly with the Problem, though each draw scatters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import numpy as np

from ..results import Forecast
from ..results.made_forecast import LEAST_SCATTER, is_loss
from .run_size import usable


class Law(NamedTuple):
    """Of one run at T x: mean (curves, T), covariance (curves T, curves T), from `count` draws (None: from theory)."""

    names: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray
    count: int | None


Laws = Callable[[Any, Any, np.ndarray], Law]  # (problem, dynamics, x)


def told_by_theory(wing: Any, problem: Any) -> bool:
    """Whether the wing's `log_loss_law` takes this Problem."""
    verb = getattr(wing, "log_loss_law", None)
    if verb is None:
        return False
    kind = inspect.get_annotations(verb, eval_str=True)["problem"]
    return isinstance(problem, get_args(kind) or kind)


def laws_of_theory(wing: Any, names: Sequence[str], of_run: Mapping[str, Any]) -> Laws:
    """Of `wing.log_loss_law`; `of_run` are the size of the run and the like."""

    def law(problem: Any, dynamics: Any, x: np.ndarray) -> Law:
        told = wing.log_loss_law(problem, x, dynamics=dynamics, **of_run)
        size = len(x)
        rows = [told.names.index(name) for name in names]
        at = np.concatenate([row * size + np.arange(size) for row in rows])
        covariance = told.covariance[np.ix_(at, at)]
        return Law(tuple(names), told.mean[rows], covariance + LEAST_SCATTER**2 * np.eye(len(at)), None)

    return law


def laws_of_draws(forecast: Callable[..., Forecast], names: Sequence[str], dim: int | None) -> Laws:
    """Of the draws of `forecast(problem, x, dynamics=...)`, at whole numbers of samples."""

    def law(problem: Any, dynamics: Any, x: np.ndarray) -> Law:
        told = forecast(usable(problem, dim), x, dynamics=dynamics)
        draws = [np.asarray(told.draws[name]) for name in names]
        paths = np.concatenate([np.log(d) if is_loss(n) else d for n, d in zip(names, draws, strict=True)], axis=1)
        paths = paths - paths.mean(axis=0)
        size = np.sqrt(np.mean(paths**2, axis=0))
        paths = paths / np.where(size > 0, size, 1.0)
        scatter = np.concatenate([told.scatter[name] for name in names])
        covariance = paths.T @ paths / len(paths) * np.outer(scatter, scatter)
        mean = np.stack([told.middle[name] for name in names])
        return Law(tuple(names), mean, covariance + LEAST_SCATTER**2 * np.eye(len(scatter)), told.count)

    return law
