"""The linear activation closes: every neuron is moved by one matrix, the same for all.

With phi(h) = h, u = (2/P) sum_mu x_mu Delta_mu^T / sqrt(D) (D by C), a neuron obeys w' = gamma0 u a, a' = gamma0 u^T w,
linear in itself, so (w, a) = R(tau) (w_0, a_0) with

    R' = gamma0 [[0, u], [u^T, 0]] R,   R(0) = 1,   f = v^T x / (gamma0 sqrt(D)),   v = R_w R_a^T.

Then W = E[w w^T] = R_w R_w^T, A = E[a a^T] = R_a R_a^T and v = E[w a^T] obey the closed equations
v' = gamma0 (W u + u A), A' = gamma0 (u^T v + v^T u), W' = gamma0 (v u^T + u v^T) from (0, 1, 1); R says besides how far
a neuron has moved, E norm(theta - theta_0)^2 = norm(R - 1)_F^2. No particles, no sampling: exact up to the tolerance of
the ODE.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array

from ...checks import check_memory
from ...errors import BadValue
from ...fields import check_single, in_range
from ...kernels.activations import Identity
from ...numerics.padding import bucket, cut, namespace, repeated
from ...numerics.programs import compiled
from ...observables import distance_from_init
from ...pytrees import as_arrays
from ...results import Solution
from ..clock import FLOW, checked_x
from ..verdict import Judged, judged, shortened, solution_of, status_of
from .accuracy import add_output_error, by_numpy, first_of, output_norms
from .data import Data, data_of, rotated
from .derivatives import differentiable
from .methods import LinearMoments
from .particles import fields_of
from .problem import MeanFieldNetwork
from .readings import Reading, curves_of, kernel_and_coherence, or_zero, share_of

MOST_STEPS = 100_000
LOOSER = 100.0  # the solution that measures the error has this times the tolerance
FLOOR = 3.0  # of the tolerance: what local errors may add up to where both tolerances take the same steps
_WHY_LOST = f"The march did not end within {MOST_STEPS} steps. Pass earlier times, or a larger tolerance."


def solve_linear_moments(
    problem: MeanFieldNetwork, times: ArrayLike | Sequence, method: LinearMoments, throw: bool
) -> Solution:
    """The curves at `times`; fields as in `solve_particles`."""
    check_single(problem)
    if not isinstance(problem.phi, Identity):
        raise BadValue(
            f"activation is {problem.activation!r}, but LinearMoments is the closed theory of 'linear' only. "
            "Pass method=Particles(), or activation='linear'."
        )
    times = checked_x(FLOW, times)
    samples, dim = np.shape(problem.inputs)
    size = dim + problem.outputs
    check_memory(
        f"The moments of {dim} inputs and {times.size} tangent kernels of {samples} samples",
        8.0 * (40 * size**2 + 4 * bucket(times.size) * (samples**2 + size**2)),
        "Ask for fewer times, or pass fewer inputs.",
    )
    told, steps = _solved(problem, repeated(times), as_arrays(method.tolerance))
    found = first_of(told[3])
    verdict, found = shortened(_verdict(*told), times.size), cut(found, times.size)
    status = status_of(verdict, failed=_WHY_LOST)
    return solution_of(
        problem, times, FLOW, method, verdict, status, fields=fields_of(found), stats={"steps": steps}
    ).checked(throw)


@compiled
def _solved(problem: MeanFieldNetwork, times: Array, tolerance: Array):
    data, richness = rotated(data_of(problem)), jnp.asarray(problem.richness, float)
    tolerances = tolerance * jnp.array([1.0, LOOSER])
    readings, start, work = differentiable(_marches)(richness, (data, tolerances, times))
    curves = jax.vmap(partial(curves_of, data))(readings, start)
    losses = jnp.stack([curves[name][0] for name in curves if name.endswith("loss")])
    good = jnp.all(jnp.isfinite(losses)) & jnp.all(work[:, 0] == 1) & in_range(problem)
    return (curves, good, data, readings, tolerance), work[0, 1]


@by_numpy
def _verdict(curves: dict[str, Any], good: Any, data: Data, readings: Reading, tolerance: Any) -> Judged:
    xp = namespace(curves)
    (tight, found), (loose, other) = (
        jax.tree_util.tree_map(lambda values, i=i: values[i], (curves, readings)) for i in range(2)
    )
    floor = FLOOR * tolerance
    errors = {
        name: 2 * xp.abs(tight[name] - loose[name]) + floor * xp.max(xp.abs(tight[name])) + 1e-14 for name in tight
    }
    moved, size = output_norms(data, found.output - other.output), output_norms(data, found.output)
    wanted = xp.sqrt(xp.sum(xp.square(data.targets)))
    errors = add_output_error(
        errors, data, found, *(2 * by + floor * (norm + wanted) for by, norm in zip(moved, size, strict=True))
    )
    return judged(tight, errors, good)


def _marches(richness: Array, rest: tuple[Data, Array, Array]):
    import diffrax  # takes as long to import as many a solve
    import optimistix

    data, tolerances, times = rest
    start = jnp.eye(data.inputs.shape[1] + data.targets.shape[1])
    times = jnp.concatenate([jnp.zeros(1), times])

    def one(tolerance):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _, moved, __: _rate(data, richness, moved)),
            diffrax.Dopri8(),
            t0=jnp.zeros(()),
            t1=jnp.where(times[-1] > 0, times[-1], 1.0),
            dt0=None,
            y0=start,
            saveat=diffrax.SaveAt(ts=times),
            # Steps end at the times: between its ends a step is known to fewer digits.
            stepsize_controller=diffrax.ClipStepSizeController(
                diffrax.PIDController(rtol=tolerance, atol=1e-3 * tolerance, norm=optimistix.max_norm), step_ts=times
            ),
            max_steps=MOST_STEPS,
            throw=False,
            adjoint=diffrax.ForwardMode(),
        )
        finished = solution.result == diffrax.RESULTS.successful
        work = jnp.stack([jnp.asarray(part).astype(float) for part in (finished, solution.stats["num_steps"])])
        readings = jax.vmap(partial(_read, data, richness))(solution.ys)
        after = jax.tree_util.tree_map(lambda values: values[1:], readings)
        return after, readings.kernel[0], lax.stop_gradient(work)

    return lax.map(one, tolerances)


def _moments(data: Data, moved: Array) -> tuple[Array, Array, Array]:
    """W, v, A."""
    dim = data.inputs.shape[1]
    weights, readouts = moved[:dim], moved[dim:]
    return weights @ weights.T, weights @ readouts.T, readouts @ readouts.T


def _rate(data: Data, richness: Array, moved: Array) -> Array:
    dim = data.inputs.shape[1]
    weights, readouts = moved[:dim], moved[dim:]
    residual = data.targets - data.training @ (weights @ readouts.T) / richness
    pull = 2 * richness / data.samples * data.training.T @ residual
    return jnp.concatenate([pull @ readouts, pull.T @ weights])


def _read(data: Data, richness: Array, moved: Array) -> Reading:
    second, mixed, readouts = _moments(data, moved)
    found = data.inputs @ mixed / richness
    residual = data.targets - found[: data.samples]
    largest = jnp.max(jnp.abs(residual))
    residual = residual / jnp.where(largest > 0, largest, 1.0)
    features = data.training @ second @ data.training.T
    strength = jnp.trace(readouts) / len(readouts) * jnp.ones_like(features)
    return Reading(
        found,
        *kernel_and_coherence(data, features, strength, residual @ readouts @ residual.T, residual),
        or_zero(distance_from_init, moved, jnp.eye(len(moved))),
        share_of(data, second),
    )
