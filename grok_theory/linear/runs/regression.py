"""Drawn regressions on any inputs: correlated Gaussian ones, or the features of a random ReLU layer.

One singular value decomposition a run; the flow of half the summed square error from zero is then exact at every time.
The test loss is that of the whole population, exactly: no test set.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...checks import check_integer, check_key, check_memory, check_runs, require_float64
from ...errors import BadValue
from ...numerics.flat_draws import flat
from ...numerics.padding import as_numbers, cut, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...results import Ensemble
from ..checked import check_single
from ..curve_names import CORRELATED_CURVES
from ..features import moments
from ..mode_relaxation import FLOW, ByModes, Times, check_flow
from ..one_pass_dynamics import OnePass
from ..regression_problem import CorrelatedInputs, RandomFeatures
from .one_pass import simulate_one_pass

__all__ = ["flow_weights", "simulate_correlated", "simulate_random_features"]


def flow_weights(
    inputs: Float[Array, "samples dim"], labels: Float[Array, " samples"], times: Float[Array, " times"]
) -> tuple[Float[Array, "times dim"], Float[Array, " times"]]:
    """(weights, mean square train error) of the flow dw/dt = X^T (y - X w) from w = 0, exactly."""
    left, scale, right = jnp.linalg.svd(inputs, full_matrices=False)
    seen = labels @ left
    # -expm1(-s^2 t)/s, finite where a direction has no data.
    some = scale > 1e-13 * scale[0]
    rate = jnp.where(some, scale, 1.0)
    learned = jnp.where(some[None, :], -jnp.expm1(-(rate**2)[None, :] * times[:, None]), 0.0)
    weights = (learned * (seen / rate)[None, :]) @ right
    left_over = jnp.maximum(labels @ labels - seen @ seen, 0.0) if inputs.shape[0] > inputs.shape[1] else jnp.zeros(())
    train = (jnp.sum(((1 - learned) * seen[None, :]) ** 2, axis=1) + left_over) / inputs.shape[0]
    return weights, train


class _CorrelatedRun:
    """One run of CorrelatedInputs; equal sizes are equal functions, and compile once."""

    def __init__(self, samples: int):
        self.samples = samples

    def __call__(self, key: Array, problem: CorrelatedInputs, times: Array) -> dict[str, Array]:
        data, noise = jax.random.split(key)
        modes = problem.spectrum.size
        inputs = flat(jax.random.normal, data, (self.samples, modes)) * jnp.sqrt(problem.spectrum)[None, :]
        labels = inputs @ problem.target + problem.noise * jax.random.normal(noise, (self.samples,))
        weights, train = flow_weights(inputs, labels, times)
        missed = (weights - problem.target[None, :]) ** 2 @ problem.spectrum
        return {
            "train_loss": train,
            "test_loss": problem.noise**2 + missed,
            "weight_norm": jnp.mean(weights**2, axis=1),
        }

    def __eq__(self, other):
        return type(self) is type(other) and self.samples == other.samples

    def __hash__(self):
        return hash((type(self), self.samples))


class _FeatureRun(_CorrelatedRun):
    """One run of RandomFeatures: inputs through the real ReLU layer, no Gaussian equivalence."""

    def __call__(self, key: Array, problem: RandomFeatures, times: Array) -> dict[str, Array]:
        data, noise = jax.random.split(key)
        points = flat(jax.random.normal, data, (self.samples, jnp.shape(problem.features)[1]))
        hidden = jax.nn.relu(points @ problem.features.T)
        labels = jax.nn.relu(points @ problem.teacher.T) @ problem.readout
        labels = labels + problem.noise * jax.random.normal(noise, (self.samples,))
        weights, train = flow_weights(hidden, labels, times)
        covariance, overlap, power = moments(problem)
        test = problem.noise**2 + power - 2 * weights @ overlap + jnp.sum((weights @ covariance) * weights, axis=1)
        return {"train_loss": train, "test_loss": test, "weight_norm": jnp.mean(weights**2, axis=1)}


def _simulate(
    problem, times: Times, dynamics: ByModes, runs: int, key: Array, dim: int | None, run: Callable, modes: int
):
    require_float64("grok_theory.linear.simulate")
    check_flow(problem, dynamics, times)
    check_key(key)
    runs = check_runs(runs)
    if dim is not None:
        raise BadValue(
            f"dim is {dim!r}, but the size of {type(problem).__name__} is in its arrays and in samples. Leave dim out."
        )
    samples = check_integer("samples", problem.samples, 1, "A real run needs a whole number of samples.")
    batch, x = runs_at_once(), repeated(times)
    check_memory(
        f"{counted(batch)} with {samples} samples and {modes} modes",
        8.0 * batch * (4 * samples * modes + 4 * min(samples, modes) ** 2 + x.size * (modes + min(samples, modes))),
        "Pass fewer samples or modes.",
    )
    curves, count = (
        run_batched(run(samples), key, runs, arguments=(as_numbers(problem), x), program=compiled_soonest),
        np.size(times),
    )
    return Ensemble(
        problem,
        cut(x, count),
        {name: curves[name][:, :count] for name in CORRELATED_CURVES},
        dynamics.x_name,
        dynamics,
        x_unit=dynamics.x_unit,
        stats={"samples": samples, "modes": modes},
    )


def simulate_correlated(
    problem: CorrelatedInputs,
    times: Times,
    dynamics: ByModes | OnePass = FLOW,
    *,
    runs: int,
    key: Array,
    dim: int | None = None,
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    if isinstance(dynamics, OnePass):
        return simulate_one_pass(problem, times, dynamics, runs=runs, key=key, dim=dim)
    check_single(problem, "simulate")
    modes = np.size(problem.spectrum)
    return _simulate(problem, times, dynamics, runs, key, dim, _CorrelatedRun, modes)


def simulate_random_features(
    problem: RandomFeatures, times: Times, dynamics: ByModes = FLOW, *, runs: int, key: Array, dim: int | None = None
):
    """See `grok_theory.linear.simulate`."""
    check_single(problem, "simulate")
    modes = np.shape(problem.features)[0]
    return _simulate(problem, times, dynamics, runs, key, dim, _FeatureRun, modes)
