"""Linear attention of a real size: fitted to drawn sequences, or trained on fresh ones."""

from __future__ import annotations

import jax
import numpy as np
from jax.typing import ArrayLike

from ...checks import check_integer, check_key, check_memory, check_runs, check_size, require_float64
from ...dynamics import Dynamics
from ...fields import check_single
from ...numerics.padding import as_numbers, cut, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...results import Ensemble
from ..attention_x import check_attention_x
from ..curve_names import LOSSES, SEQUENCES
from ..problem import LinearAttention
from .one_pass import OnePass, batch_size, longest_step
from .ridge_fit import RidgeFit, bytes_of

__all__ = ["simulate_linear_attention"]


def simulate_linear_attention(
    problem: LinearAttention,
    x: ArrayLike,
    *,
    dynamics: Dynamics | None,
    runs: int,
    key: jax.Array,
    dim: int | None,
) -> Ensemble:
    """See `grok_theory.in_context.simulate`."""
    require_float64("grok_theory.in_context.simulate")
    check_single(problem)
    check_attention_x(problem, x, dynamics, "grok_theory.in_context.simulate")
    check_key(key)
    runs = check_runs(runs)
    dim = check_integer("dim", dim, 1, "Pass the dimension of a token, for example dim=20.")
    sizes = {"dim": dim} | {
        name: check_size(f"{field} * dim", float(value) * dim, knob="dim", per=float(value))
        for name, field, value in _lengths(problem)
    }
    make = _fitted if dynamics is None else _trained
    curves, grid, stats = make(problem, x, runs, key, sizes)
    count = np.size(x)
    return Ensemble(
        problem,
        cut(grid, count),
        {name: curves[name][:, :count] for name in LOSSES},
        SEQUENCES if dynamics is None else dynamics.x_name,
        dynamics,
        x_unit="" if dynamics is None else dynamics.x_unit,
        stats=sizes | stats,
    )


def _lengths(problem: LinearAttention):
    """What must be whole, with its field and its size per dimension."""
    yield "context", "context_per_dim", problem.context_per_dim
    yield "tasks", "tasks_per_dim", problem.tasks_per_dim
    if problem.test_context_per_dim is not None:
        yield "test_context", "test_context_per_dim", problem.test_context_per_dim


def _fitted(problem: LinearAttention, x: ArrayLike, runs: int, key: jax.Array, sizes: dict[str, int]):
    dim = sizes["dim"]
    sequences = [
        check_size("sequences_per_dim2 * dim^2", each * dim**2, knob="dim", per=each * dim)
        for each in np.asarray(x, float)
    ]
    _check_room(f"dim={dim}, {dim**2} weights", bytes_of(dim))
    few, many = min(sequences) < dim**2, max(sequences) >= dim**2
    grid, counts = repeated(x), repeated(sequences).astype(int)
    run = RidgeFit(dim, sizes["tasks"], sizes["context"], few, many)
    arguments = (as_numbers(problem), counts, _test_context(sizes))
    return (
        run_batched(run, key, runs, arguments=arguments, program=compiled_soonest),
        grid,
        {"sequences": np.asarray(sequences)},
    )


def _trained(problem: LinearAttention, x: ArrayLike, runs: int, key: jax.Array, sizes: dict[str, int]):
    dim, batch, longest = sizes["dim"], batch_size(problem, sizes["dim"]), longest_step(problem)
    _check_room(f"dim={dim} and batches of {batch} sequences", 8.0 * batch * (2 * sizes["context"] + 6 * dim))
    grid = repeated(x)
    run = OnePass(dim, sizes["tasks"], sizes["context"], batch)
    arguments = (as_numbers(problem), grid, np.asarray(longest), _test_context(sizes))
    stats = {"batch_size": batch, "learning_rate": longest * dim}
    return run_batched(run, key, runs, arguments=arguments, program=compiled_soonest), grid, stats


def _test_context(sizes: dict[str, int]) -> np.ndarray:
    return np.asarray(sizes.get("test_context", sizes["context"]), float)


def _check_room(what: str, bytes_of_one: float) -> None:
    at_once = runs_at_once()
    check_memory(f"{counted(at_once)} with {what}", at_once * bytes_of_one, "Pass a smaller dim.")
