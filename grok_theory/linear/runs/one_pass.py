"""Real runs of one-pass descent: a fresh batch for every step; the test loss is that of the whole population."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ...checks import check_integer, check_key, check_memory, check_runs, require_float64
from ...errors import BadValue
from ...numerics.padding import as_numbers, bucket, cut, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...results import Ensemble
from ..checked import check_single
from ..curve_names import ONE_PASS_CURVES
from ..one_pass_dynamics import OnePass, check_one_pass
from ..regression_problem import CorrelatedInputs

__all__ = ["simulate_one_pass"]


class _Run:
    """One run; equal batches are equal functions, and compile once."""

    def __init__(self, batch: int):
        self.batch = batch

    def __call__(self, key: Array, problem: CorrelatedInputs, rate: Array, steps: Array, clock: Array):
        modes, scale = problem.spectrum.size, jnp.sqrt(problem.spectrum)

        def step(weights, now):
            inputs, noise = jax.random.split(jax.random.fold_in(key, now.astype(int)))
            x = jax.random.normal(inputs, (self.batch, modes)) * scale[None, :]
            missed = x @ (problem.target - weights) + problem.noise * jax.random.normal(noise, (self.batch,))
            losses = jnp.mean(missed**2), problem.noise**2 + jnp.sum(problem.spectrum * (weights - problem.target) ** 2)
            moved = weights + rate / self.batch * (missed @ x)
            return jnp.where(now < steps[-1], moved, weights), (*losses, jnp.sum(weights**2))

        _, (train, test, distance) = jax.lax.scan(step, jnp.zeros(modes), clock)
        at = steps.astype(int)
        return dict(zip(ONE_PASS_CURVES, (train[at], test[at], distance[at], distance[at] / modes), strict=True))

    def __eq__(self, other):
        return type(self) is type(other) and self.batch == other.batch

    def __hash__(self):
        return hash((type(self), self.batch))


def simulate_one_pass(
    problem: CorrelatedInputs, steps: ArrayLike, dynamics: OnePass, *, runs: int, key: Array, dim: int | None = None
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    require_float64("grok_theory.linear.simulate")
    check_single(problem, "simulate")
    check_one_pass(problem, dynamics, steps)
    check_key(key)
    runs = check_runs(runs)
    if dim is not None:
        raise BadValue(f"dim is {dim!r}, but the size of CorrelatedInputs is in its arrays. Leave dim out.")
    batch = check_integer("batch", dynamics.batch, 1, "A real run draws a whole number of samples a step.")
    at_once, walked, modes = runs_at_once(), repeated(steps), np.size(problem.spectrum)
    clock = np.arange(float(bucket(int(walked[-1]) + 1)))
    check_memory(
        f"{counted(at_once)} with batches of {batch} samples and {modes} modes",
        8.0 * at_once * (3 * batch * modes + 4 * modes + 4 * clock.size),
        "Pass a smaller batch.",
    )
    numbers = as_numbers(problem), np.asarray(dynamics.learning_rate, float), walked, clock
    curves, count = run_batched(_Run(batch), key, runs, arguments=numbers, program=compiled_soonest), np.size(steps)
    return Ensemble(
        problem,
        cut(walked, count),
        {name: curves[name][:, :count] for name in ONE_PASS_CURVES},
        dynamics.x_name,
        dynamics,
        x_unit=dynamics.x_unit,
        stats={"samples": np.inf, "modes": modes},
    )
