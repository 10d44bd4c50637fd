"""The lazy end, richness -> 0: the tangent kernel stays as it started, and the output is a kernel flow.

T = E[phi phi] + K_x o E[phi' phi'] at h ~ N(0, K_x) (closed for linear, relu and erf, Gauss-Hermite otherwise: this is
`kernels.ntk`), Delta(tau) = exp(-(2/P) T tau) y. Corrections are of the order gamma0^2, but for `distance`, which is
gamma0 times the distance of the linearised network; that leading order is what is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ...checks import check_memory
from ...fields import check_single, in_range
from ...kernels import FullyConnected, gradient_flow, ntk
from ...kernels.activations import Activation, Neuron
from ...numerics.padding import bucket, cut, namespace, repeated
from ...numerics.programs import compiled_soonest
from ...observables import kernel_coherence, lazy_distance
from ...results import Solution
from ..clock import FLOW, checked_x
from ..verdict import Judged, judged, shortened, solution_of, status_of
from .accuracy import add_output_error, by_numpy, first_of, output_norms
from .data import Data, data_of
from .methods import TangentLimit
from .particles import fields_of
from .problem import MeanFieldNetwork
from .readings import Reading, curves_of, share_of

ROUNDING = 8 * float(np.finfo(float).eps)
_NOTE = "richness is taken to 0 (it scales `distance` only): corrections are of the order of its square."
_WHY_LOST = "The kernel of these inputs is not finite. Rescale the inputs."


def solve_tangent_limit(
    problem: MeanFieldNetwork, times: ArrayLike | Sequence, method: TangentLimit, throw: bool
) -> Solution:
    """The curves at `times`; fields as in `solve_particles`."""
    check_single(problem)
    times = checked_x(FLOW, times)
    samples = np.shape(problem.inputs)[0]
    every = samples + (0 if problem.test_inputs is None else np.shape(problem.test_inputs)[0])
    check_memory(
        f"The tangent kernel of {every} inputs",
        8.0 * (200 * samples * every + 2 * bucket(times.size) * (samples**2 + every * problem.outputs)),
        "Pass fewer inputs, or ask for fewer times.",
    )
    told = _solved(problem, repeated(times))
    found = first_of(told[1][1])
    verdict, found = shortened(_verdict(*told), times.size), cut(found, times.size)
    status = status_of(verdict, remarks=[_NOTE], failed=_WHY_LOST)
    return solution_of(problem, times, FLOW, method, verdict, status, fields=fields_of(found)).checked(throw)


@compiled_soonest
def _solved(problem: MeanFieldNetwork, times: Array):
    data = data_of(problem)
    phi = problem.phi
    fewer = [] if phi.exact else [Activation(phi.function, phi.derivative, max(2, phi.nodes // 2))]
    # One after the other through one compiled flow.
    kernels = [_kernels(problem, each) for each in (phi, *fewer)]
    stacked = jax.tree.map(lambda *each: jnp.stack(each), *kernels)
    flows = jax.lax.map(lambda pair: _flow(problem, data, times, *pair), stacked)
    losses = jnp.stack([curve[0] for name, curve in flows[0].items() if name.endswith("loss")])
    good = jnp.all(jnp.isfinite(losses)) & in_range(problem)
    return good, flows, data, times


@by_numpy
def _verdict(good: Any, flows: tuple[dict[str, Any], Reading, Any], data: Data, times: Any) -> Judged:
    xp = namespace(flows)
    curves, found, size = jax.tree.map(lambda values: values[0], flows)
    # Eigenvalues are known to rounding of the largest, and multiply the time.
    rounding = ROUNDING * data.samples * (1 + 2 * times / data.samples * size)
    errors = {name: rounding * xp.max(xp.abs(values)) for name, values in curves.items()}
    wanted = xp.sqrt(xp.sum(xp.square(data.targets)))
    off = [rounding * (norm + wanted) for norm in output_norms(data, found.output)]
    if len(flows[2]) == 2:  # with half the nodes
        coarse, other, _ = jax.tree.map(lambda values: values[1], flows)
        errors = {name: error + xp.abs(curves[name] - coarse[name]) for name, error in errors.items()}
        off = [a + b for a, b in zip(off, output_norms(data, found.output - other.output), strict=True)]
    return judged(curves, add_output_error(errors, data, found, *off), good, noted=True)


def _kernels(problem: MeanFieldNetwork, phi: Neuron) -> tuple[Array, Array]:
    """Tangent kernels of the training inputs, and of the test inputs with them (without any: the training inputs)."""
    inputs, dim = jnp.asarray(problem.inputs, float), np.shape(problem.inputs)[1]
    network = FullyConnected(phi, weight_variance=1.0 / dim)
    kernel = ntk(network, inputs)
    if problem.test_inputs is None:
        return kernel, kernel
    return kernel, ntk(network, jnp.asarray(problem.test_inputs, float), inputs)


def _flow(problem: MeanFieldNetwork, data: Data, times: Array, kernel: Array, others: Array):
    one = partial(gradient_flow, kernel, kernel_test=others, times=2 * times / data.samples)
    train, test = jax.vmap(lambda y: one(y), in_axes=1, out_axes=2)(data.targets)
    output = train if problem.test_inputs is None else jnp.concatenate([train, test], axis=1)
    # lazy_distance is a root without derivative at zero time, where nothing has moved.
    moving = times > 0
    elsewhere = 2 * jnp.where(moving, times, 1.0) / data.samples
    each = jax.vmap(lambda y: lazy_distance(kernel, y, elsewhere), in_axes=1)(data.targets)
    distance = jnp.asarray(problem.richness, float) * jnp.where(moving, jnp.linalg.norm(each, axis=0), 0.0)

    def coherence(residual):
        largest = jnp.max(jnp.abs(residual))
        residual = residual / jnp.where(largest > 0, largest, 1.0)
        return kernel_coherence(residual @ residual.T * kernel, jnp.ones(data.samples)).alpha

    readings = Reading(
        output,
        jnp.broadcast_to(kernel, (len(times), *kernel.shape)),
        jax.vmap(coherence)(data.targets[None] - train),
        distance,
        jnp.broadcast_to(share_of(data, jnp.eye(np.shape(problem.inputs)[1])), times.shape),
    )
    return curves_of(data, readings, kernel), readings, jnp.trace(kernel)
