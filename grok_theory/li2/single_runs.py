"""The band of one training on a group's table, from draws of such trainings."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import Array

from ..checks import check_integer, check_key
from ..dynamics import Adam, check_x, whole_steps
from ..results import Forecast
from ..results.made_forecast import RUNS, check_level, forecast_of_runs
from ..results.runs_of_a_forecast import drawn_runs, with_start
from .methods import Trainings
from .problem import GroupTask
from .runs.trained import trained_ensemble
from .training.optimizers import as_optimizer

__all__ = ["forecast_training"]

TRAIN, TEST = ("train_loss", "train_accuracy"), ("test_loss", "test_accuracy")


def forecast_training(
    task: GroupTask,
    x: Any,
    dynamics: Any,
    *,
    width: int,
    level: float,
    draws: int | None,
    key: Array | None,
    **more: Any,
) -> Forecast:
    """See `grok_theory.li2.forecast`."""
    level = check_level(level)
    count = RUNS if draws is None else check_integer("draws", draws, 8, f"A scatter needs runs; {RUNS} is the default.")
    if key is not None:
        check_key(key)
    check_x(as_optimizer(Adam(0.005) if dynamics is None else dynamics, task.weight_decay), x)
    grid, keep = with_start(whole_steps(x))
    names = TRAIN if task.samples == task.group.order**2 else (*TRAIN, *TEST)
    runs = drawn_runs(
        lambda own: trained_ensemble(
            task, grid, dynamics=dynamics, width=width, runs=1, key=own, batch=None, workers=1, **more
        ),
        jax.random.key(0) if key is None else key,
        count,
        names,
    )
    return forecast_of_runs(runs, names, level, keep=keep, width=int(np.asarray(width)), method=Trainings())
