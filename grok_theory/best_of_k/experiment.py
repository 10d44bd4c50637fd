"""The same problems run for real: answers drawn, judged, one kept; for a regression the training set is drawn too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..errors import (
    BadValue,
    check_integer,
    check_key,
    check_memory,
    check_runs,
    check_shape,
    check_size,
    require_float64,
)
from ..numerics.runs import run_batched
from ..results import Dynamics, Ensemble, Status
from .problem import LinearJudge, Posterior, Prompt
from .regression import draw_regression
from .solve import check_temperature

_BATCH = 8
_ANSWERS_AT_ONCE = 4096  # answers of one run in memory, as whole test points


def simulate(
    problem: Prompt | Posterior | LinearJudge,
    samples: ArrayLike | Sequence[float],
    *,
    temperature: ArrayLike,
    dim: int | None = None,
    runs: int,
    key: jax.Array,
    test_points: int = 1000,
) -> Ensemble:
    """Draw answers, score them, keep one with softmax probability; what `solve` predicts in the mean.

    One run is one training set with `test_points` fresh prompts (`LinearJudge`: weights and data of dimension `dim`,
    exact posterior), or one batch of `test_points` prompts. All k of a run share nested answers: their errors are
    correlated, and runs are the independent units.

    **Arguments:**
    - `samples`: (T,) integers >= 1, non-decreasing.
    - `temperature`: 0 to inf, in units of squared error.
    - `dim`: of the regression; `examples_per_dim * dim` must be a whole number. Only for a `LinearJudge`.

    **Returns:** `Ensemble` with curves `error` and `judged_error` (and `bias` for a `Prompt`), means over the test
    points of each run; `stats` keeps per run the realised `teacher_variance`, `reward_variance`, `covariance` and
    `spread` (for a regression those of its training set, exactly). Modes whose share of `dim` is not whole are
    apportioned by largest remainder, and the status says so.

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> drawn = simulate(Prompt(0.3, 1.0), [1, 2], temperature=1.0, runs=2, key=jax.random.key(0), test_points=100)
    >>> drawn["error"].shape
    (2, 2)
    """
    require_float64("best_of_k.simulate")
    if not isinstance(problem, (Prompt, Posterior, LinearJudge)):
        raise BadValue(
            f"problem is {type(problem).__name__}, but it must be a Prompt, Posterior or LinearJudge. "
            "Build one, for example best_of_k.Prompt(0.3, 0.3)."
        )
    problem.check()
    counts = _whole(samples)
    check_temperature(temperature)
    check_key(key)
    runs = check_runs(runs)
    test_points = check_integer("test_points", test_points, 1, "Pass test prompts a run, for example 1000.")
    warm = 0 < temperature < np.inf
    kind = "warm" if warm else ("best" if temperature == 0 else "uniform")
    heat = jnp.asarray(float(temperature) if warm else 1.0)
    check_memory(
        f"drawing {counts[-1]} answers",
        8 * _BATCH * 6 * max(counts[-1], _ANSWERS_AT_ONCE),
        "Lower the largest `samples`.",
    )
    status = Status()
    if isinstance(problem, LinearJudge):
        one_run, status = _regression_run(problem, dim, counts, kind, test_points)
    else:
        if dim is not None:
            raise BadValue(f"dim is {dim}, but a {type(problem).__name__} has no dimension. Leave dim out.")
        for name, value in vars(problem).items():
            check_shape(name, value, (), "Simulate one problem at a time.")
        one_run = _prompt_run(counts, kind, test_points)
    numbers = jax.tree_util.tree_map(lambda value: jnp.asarray(value, float), problem)
    curves, stats = run_batched(one_run, key, runs, batch=_BATCH, arguments=(numbers, heat))
    return Ensemble(
        problem=problem,
        x=np.asarray(counts, float),
        curves=curves,
        x_name="samples",
        dynamics=Dynamics("selection", {"temperature": temperature}),
        stats=stats,
        status=status,
    )


def _whole(samples: Any) -> tuple[int, ...]:
    if samples is None:
        raise BadValue("samples is None, but it must be a list of whole numbers. Pass, for example, [1, 4, 16].")
    check_shape("samples", samples, (None,), "Pass a list of whole numbers, for example [1, 4, 16].")
    remedy = "Pass whole numbers of answers in rising order, for example [1, 4, 16]; solve() takes real ones."
    counts = tuple(check_integer(f"samples[{i}]", k, 1, remedy) for i, k in enumerate(np.asarray(samples).tolist()))
    for i in range(1, len(counts)):
        if counts[i] < counts[i - 1]:
            raise BadValue(
                f"samples[{i}] is {counts[i]}, but it must not be below samples[{i - 1}] = {counts[i - 1]}. {remedy}"
            )
    return counts


# Cached, so that run_batched sees the same function again and compiles nothing for new numbers.
@lru_cache(maxsize=32)
def _prompt_run(counts: tuple[int, ...], kind: str, test_points: int) -> Any:
    def one_run(key, problem, temperature):
        gaps_key, answers_key = jax.random.split(key)
        if isinstance(problem, Prompt):
            teacher, reward = (jnp.full(test_points, gap) for gap in (problem.teacher_gap, problem.reward_gap))
        else:
            teacher, reward = _draw_gaps(gaps_key, problem, test_points)
        curves = _keep(answers_key, teacher, reward, jnp.full(test_points, problem.spread), temperature, counts, kind)
        if not isinstance(problem, Prompt):
            curves.pop("bias")
        return curves, {
            "teacher_variance": jnp.mean(teacher**2),
            "reward_variance": jnp.mean(reward**2),
            "covariance": jnp.mean(teacher * reward),
            "spread": problem.spread,
        }

    return one_run


def _draw_gaps(key, problem, test_points):
    normal = jax.random.normal(key, (2, test_points))
    q, v, c = problem.teacher_variance, problem.reward_variance, problem.covariance
    slope = jnp.where(v > 0, c / jnp.where(v > 0, v, 1.0), 0.0)
    reward = jnp.sqrt(v) * normal[0]
    return slope * reward + jnp.sqrt(jnp.maximum(q - slope * c, 0.0)) * normal[1], reward


def _regression_run(problem: LinearJudge, dim: Any, counts: tuple[int, ...], kind: str, test_points: int) -> Any:
    if dim is None:
        raise BadValue(
            "dim is left out, but a LinearJudge is simulated at a finite dimension. Pass dim, for example dim=100."
        )
    dim = check_integer("dim", dim, 2, "Pass the dimension of the inputs, for example 100.")
    ratio = float(problem.examples_per_dim)
    examples = check_size("examples_per_dim * dim", ratio * dim, knob="dim", per=ratio)
    weights = np.asarray(problem.modes()["mode_weights"])
    sizes = _apportion(weights, dim)
    if min(sizes) < 2:
        raise BadValue(f"dim is {dim}, but every mode needs at least 2 dimensions. Pass a larger dim.")
    numbers = examples * dim + min(examples, dim) ** 2 + test_points * (dim + min(examples, dim))
    check_memory(f"{_BATCH} regressions of dimension {dim}", 8.0 * _BATCH * 2 * numbers, "Lower dim or test_points.")
    exact = np.allclose(np.asarray(sizes), weights * dim, rtol=0, atol=1e-9 * dim)
    listed = ", ".join(map(str, sizes))
    note = f"the modes hold {listed} of {dim} dimensions, which are not exactly the stated shares. Pass another dim."
    status = Status() if exact else Status(1, noted=note)
    return _cached_regression(sizes, examples, counts, kind, test_points), status


@lru_cache(maxsize=32)
def _cached_regression(sizes, examples, counts, kind, test_points):
    def one_run(key, problem, temperature):
        data_key, answers_key = jax.random.split(key)
        teacher, reward, spread, stats = draw_regression(data_key, problem, sizes, examples, test_points)
        curves = _keep(answers_key, teacher, reward, spread, temperature, counts, kind)
        curves.pop("bias")
        return curves, stats

    return one_run


def _apportion(weights: np.ndarray, dim: int) -> tuple[int, ...]:
    """Whole numbers that sum to `dim`, by largest remainder."""
    sizes = np.floor(weights * dim + 1e-9).astype(int)
    order = np.argsort(sizes - weights * dim, kind="stable")
    sizes[order[: dim - sizes.sum()]] += 1
    return tuple(int(size) for size in sizes)


def _keep(key, teacher_gaps, reward_gaps, spreads, temperature, counts, kind):
    """Mean over prompts of what is kept among the first k answers, for every k."""
    most = max(counts)
    last = jnp.asarray(counts) - 1

    def one_prompt(inputs):
        key, teacher, reward, spread = inputs
        answer_key, gumbel_key = jax.random.split(key)
        answer = spread * jax.random.normal(answer_key, (most,))
        miss = answer + reward
        # The argmax of score/T + Gumbel noise is a softmax draw; the same noise serves every k.
        score = 0.0 if kind == "uniform" else -(miss**2) / temperature
        noise = 0.0 if kind == "best" else jax.random.gumbel(gumbel_key, (most,))
        perturbed = score + noise
        leads = perturbed >= jax.lax.cummax(perturbed)
        kept = jax.lax.cummax(jnp.where(leads, jnp.arange(most), 0))[last]
        true = answer[kept] + teacher
        return {"error": true**2, "judged_error": miss[kept] ** 2, "bias": true}

    keys = jax.random.split(key, teacher_gaps.shape[0])
    # A divisor: a remainder would be compiled a second time.
    count, limit = teacher_gaps.shape[0], max(1, _ANSWERS_AT_ONCE // most)
    at_once = max(n for n in range(1, min(count, limit) + 1) if count % n == 0)
    kept = jax.lax.map(one_prompt, (keys, teacher_gaps, reward_gaps, spreads), batch_size=at_once)
    return {name: values.mean(axis=0) for name, values in kept.items()}
