"""Networks of finite width, trained: the loss written down, its gradient by JAX, the same readings as in theory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ...checks import check_integer, check_key, check_memory, check_positive, check_runs, require_float64
from ...dynamics import GradientFlow, check_dynamics
from ...fields import check_single
from ...kernels.activations import Neuron
from ...named_axes import Field
from ...numerics.padding import bucket, repeated
from ...numerics.runs import run_batched, runs_at_once
from ...numerics.stabilised_flow import chebyshev_flow
from ...numerics.threads import cores
from ...pytrees import as_arrays
from ...results import Ensemble
from ...status import Status
from ..clock import FLOW, checked_x
from .data import Data, data_of
from .methods import check_keep
from .problem import MeanFieldNetwork
from .readings import curves_of, read_neurons


def simulate_mean_field(
    problem: MeanFieldNetwork,
    times: ArrayLike | Sequence,
    dynamics: GradientFlow = FLOW,
    *,
    width: int,
    runs: int,
    key: Array,
    tolerance: ArrayLike = 1e-5,
    keep: str | None = None,
) -> Ensemble:
    """Train `runs` networks of `width` neurons on the problem's data by gradient flow; called by `simulate`.

    Parameters
    ----------
    problem : MeanFieldNetwork
        One Problem, no stack of them.
    times : array_like or Sequence
        (T,) in tau, >= 0, non-decreasing.
    dynamics : GradientFlow, default GradientFlow()
        Gradient flow, nothing else.
    width : int
        Number N of neurons.
    runs : int
        Number of runs; >= 1.
    key : Array
        Run i starts from fold_in(key, i); the data are the problem's, the same for all.
    tolerance : array_like, default 1e-05
        Local error of a step, in units of the output.
    keep : str, optional
        "neurons" keeps the fields `neurons` (run, time, neuron, dim) and `readouts` (run, time, neuron, output) too.

    Returns
    -------
    Ensemble
        With the curves of the theory and the field `output` (run, tau, sample, output), training inputs
        first. A run that diverged is nan from there on and `status` says so.

    Raises
    ------
    BadValue
        For an argument out of its range, naming field, value and remedy.
    TooLarge
        Before an allocation that would not fit.
    Float64Required
        Where JAX computes in float32.
    """
    require_float64("lazy_rich.simulate")
    check_single(problem)
    check_dynamics(dynamics, (GradientFlow,), "lazy_rich.simulate of a MeanFieldNetwork")
    times = checked_x(FLOW, times)
    width = check_integer("width", width, 1, "Pass the number of neurons, for example 1024.")
    runs, _ = check_runs(runs), check_key(key)
    check_positive("tolerance", tolerance, "Pass the local error allowed, for example 1e-5.")
    samples, dim = np.shape(problem.inputs)
    every = samples + (0 if problem.test_inputs is None else np.shape(problem.test_inputs)[0])
    batch = _batch(width, dim, every)
    workers = min(-(-runs // batch), cores())
    working = (
        8.0
        * batch
        * workers
        * (width * (8 * (dim + problem.outputs) + 8 * every) + (bucket(times.size) + 1) * samples**2)
    )
    kept = 8.0 * runs * times.size * (every * problem.outputs + 8)
    kept += 8.0 * runs * bucket(times.size) * width * (dim + problem.outputs) * check_keep(keep)
    check_memory(
        f"Training {runs} networks of width {width} on {every} inputs, read at {times.size} times",
        working + kept,
        "Lower width or runs, or ask for fewer times.",
    )
    # The data are made before: their directions need LAPACK, which threads must not call at once.
    arguments = (problem, _data(problem), repeated(times), as_arrays(tolerance))
    trained = _trained(width, check_keep(keep))
    curves, output, work, neurons = run_batched(trained, key, runs, batch=batch, arguments=arguments, workers=workers)
    curves, output = {name: values[:, : times.size] for name, values in curves.items()}, output[:, : times.size]
    finite = np.isfinite(curves["train_loss"]).all(axis=1)
    lost = np.flatnonzero(~finite)
    status = Status(0)
    if lost.size:
        status = Status(
            2,
            failed=f"{lost.size} of {runs} runs diverged (the first is run {lost[0]}) and are nan from there on. "
            "Use a smaller tolerance or earlier times.",
        )
    stats = {"width": width, "tolerance": tolerance, "steps": work[:, 0], "evaluations": work[:, 1]}
    fields = {"output": Field(output, ("run", "time", "sample", "output"))}
    for name, axis, values in zip(("neurons", "readouts"), ("dim", "output"), neurons, strict=False):
        fields[name] = Field(values[:, : times.size], ("run", "time", "neuron", axis))
    return Ensemble(problem, times, curves, FLOW.x_name, FLOW, FLOW.x_unit, fields=fields, stats=stats, status=status)


def _batch(width: int, dim: int, every: int) -> int:
    """Runs computed together; small networks on an accelerator are trained side by side, a large one fills it alone."""
    return runs_at_once() if width * (dim + every) <= 2**17 else 1


@lru_cache(maxsize=32)
def _trained(width: int, keep: bool):
    """One run as a function of its key; the same object for the same width, so that it is compiled once."""
    return partial(_train, width, keep)


_data = jax.jit(data_of)


def _train(width: int, keep: bool, key: Array, problem: MeanFieldNetwork, data: Data, times: Array, tolerance: Array):
    phi = problem.phi
    richness = jnp.asarray(problem.richness, float)
    weights_key, readouts_key = jax.random.split(key)
    start = (
        jax.random.normal(weights_key, (width, data.inputs.shape[1])),
        jax.random.normal(readouts_key, (width, data.targets.shape[1])),
    )
    offset = network_output(phi, richness, start, data.inputs)

    def loss(parameters):
        found = network_output(phi, richness, parameters, data.training) - offset[: data.samples]
        return jnp.mean(jnp.sum(jnp.square(data.targets - found), axis=1))

    def flow_rate(parameters):
        return jax.tree_util.tree_map(lambda slope: -jnp.square(richness) * width * slope, jax.grad(loss)(parameters))

    def size(state):
        square = sum(jnp.sum(jnp.square(part)) for part in state) / width
        return jnp.sqrt(square) / richness

    flow = chebyshev_flow(
        flow_rate,
        start,
        jnp.concatenate([jnp.zeros(1), times]),
        lambda parameters: (
            read_neurons(phi, data, richness, parameters, start, offset),
            parameters if keep else (),
        ),
        size=size,
        tolerance=tolerance,
    )
    readings, neurons = jax.tree_util.tree_map(lambda values: values[1:], flow.records)
    curves = curves_of(data, readings, flow.records[0].kernel[0])
    return curves, readings.output, jnp.stack([flow.steps, flow.evaluations]), neurons


def network_output(phi: Neuron, richness: Array, parameters: tuple[Array, Array], inputs: Array) -> Array:
    """f(x) = (1/(gamma0 N)) sum_i a_i phi(w_i . x / sqrt(D)) at inputs x / sqrt(D), (n, C)."""
    weights, readouts = parameters
    return phi(inputs @ weights.T) @ readouts / (richness * len(weights))
