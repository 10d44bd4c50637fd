"""The network with all its weights, trained by automatic differentiation: what the reduction is checked against.

It also goes where the reduction cannot: other activations, trained readouts, the linearised network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...numerics.training import trained
from ..closed_forms import population_alignment
from ..problem import QuadraticCommittee
from .draws import Data, Moments, moments_of, teacher
from .reduction import Run, loss_curves, weight_curves


class Parameters(NamedTuple):
    """Weights (width, dim) and readouts (width,), which start at 1."""

    weights: Float[Array, "width dim"]
    readouts: Float[Array, " width"]


class Network(NamedTuple):
    """What is trained, apart from the numbers: neuron, which parameters move, whether only to first order."""

    activation: Callable | None  # None: the quadratic neuron of the Problem
    train_readout: bool
    linearised: bool


def network_output(
    problem: QuadraticCommittee, network: Network, parameters: Parameters, start: Parameters, inputs: Array
) -> Array:
    """The trained function at `inputs`: linearised around `start` and centred as asked."""

    def output(p: Parameters) -> Array:
        fields = inputs @ p.weights.T
        if network.activation is None:
            neurons = fields + problem.curvature / 2 * jnp.square(fields)
        else:
            neurons = network.activation(fields)
        return problem.output_scale / p.weights.shape[0] * (neurons @ p.readouts)

    if network.linearised:
        moved = jax.tree_util.tree_map(jnp.subtract, parameters, start)
        at_start, change = jax.jvp(output, (start,), (moved,))
        return change if problem.centred else at_start + change
    return output(parameters) - output(start) if problem.centred else output(parameters)


def function_moments(network: Network, parameters: Parameters, start: Parameters) -> tuple[Array, Array]:
    """Readout-weighted wbar and M that the quadratic network's function depends on; first order if linearised."""
    w, v = parameters
    width = w.shape[0]
    if not network.linearised:
        return v @ w / width, w.T @ (w * v[:, None]) / width
    w0, v0 = start
    dw, dv = w - w0, v - v0
    cross = (w0 * v0[:, None]).T @ dw
    mean = (v0 @ w0 + dv @ w0 + v0 @ dw) / width
    return mean, (w0.T @ (w0 * (v0 + dv)[:, None]) + cross + cross.T) / width


def run_network(
    problem: QuadraticCommittee,
    network: Network,
    start: Parameters,
    data: Data,
    test: Data | None,
    steps: Array,
    learning_rate: ArrayLike,
) -> Run:
    """Full-batch descent with eta = eta_hat N D / alpha^2 on every trained parameter.

    Test loss by its exact formula where the neuron is quadratic and `test` is None, else the mean over `test`.
    """
    width, dim = start.weights.shape
    rate = learning_rate * width * dim / jnp.square(problem.output_scale)

    def loss(parameters: Parameters) -> Array:
        return jnp.mean(jnp.square(data.targets - network_output(problem, network, parameters, start, data.inputs)))

    def step(parameters: Parameters) -> Parameters:
        slope = jax.grad(loss)(parameters)
        readouts = parameters.readouts - rate * slope.readouts if network.train_readout else parameters.readouts
        return Parameters(parameters.weights - rate * slope.weights, readouts)

    def curves(parameters: Parameters) -> dict[str, Any]:
        read = {"train_loss": loss(parameters)}
        moments = moments_of(parameters.weights)
        if test is None:
            mean, second = function_moments(network, parameters, start)
            mean0, second0 = function_moments(network, start, start)
            now, then = Moments(mean, moments.odd, second), Moments(mean0, moments.odd, second0)
            read |= loss_curves(problem, now, then)
        else:
            output = network_output(problem, network, parameters, start, test.inputs)
            read["test_loss"] = jnp.mean(jnp.square(test.targets - output))
        read |= weight_curves(moments)
        if network == Network(None, False, False):
            read["alignment"] = population_alignment(
                moments.second, moments.mean, teacher(dim), curvature=jnp.asarray(problem.curvature)
            )
        return read

    last, read = trained(step, start, steps, curves)
    return Run(read, moments_of(last.weights), {"steps": steps[-1]})
