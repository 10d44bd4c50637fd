"""Runs of one kind over all cores, as one Ensemble that begins at x = 0."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from jax import Array

from ..progress import bar
from .ensemble import Ensemble

__all__ = ["drawn_runs", "with_start"]

PAD = 64  # lengths of x that are compiled


def with_start(x: np.ndarray) -> tuple[np.ndarray, slice]:
    """The start, x, and the last x again and again, so that few lengths are compiled; and where x stands in it."""
    grid = np.concatenate([[0.0], np.asarray(x, float)])
    return np.pad(grid, (0, -grid.size % PAD), mode="edge"), slice(1, grid.size)


def drawn_runs(run: Callable[[Array], Ensemble], key: Array, draws: int, names: Sequence[str]) -> Ensemble:
    """The curves `names` of `draws` runs, run i from fold_in(key, i).

    The first compiles; the others share the cores as threads, since compiled code lets go of Python.
    """
    import joblib

    progress, task = bar("draws of the run", draws)
    with progress:
        every = [run(jax.random.fold_in(key, 0))]
        progress.advance(task)
        with ThreadPoolExecutor(max(1, joblib.cpu_count())) as pool:
            for one in pool.map(lambda i: run(jax.random.fold_in(key, i)), range(1, draws)):
                every.append(one)
                progress.advance(task)
    curves = {name: np.concatenate([np.asarray(one[name], float) for one in every]) for name in names}
    worst = max((one.status for one in every), key=lambda status: int(np.max(np.asarray(status.level))))
    return dataclasses.replace(every[0], curves=curves, valid={}, fields={}, stats={}, status=worst)
