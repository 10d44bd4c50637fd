"""The infinitely wide network, by particles: neurons drawn as evenly as their law allows, and one adaptive flow.

For N -> infinity neurons move independently of one another, each in the field of the residuals Delta = y - f:

    d h_nu / d tau = (2 gamma0 / P) sum_mu (a . Delta_mu) phi'(h_mu) K_x(nu, mu)
    d a / d tau = (2 gamma0 / P) sum_mu Delta_mu phi(h_mu),    f_nu = E[a phi(h_nu)] / gamma0
    start: h ~ N(0, K_x) jointly on training and test inputs, a ~ N(0, 1), independent

h = w . x / sqrt(D) with w normal is carried as w, in the principal coordinates of the inputs. Every particle has a
partner of opposite readout, so that f = 0 at the start to rounding, which keeps gamma0 -> 0 well conditioned.
(Derivation: this package; Mei, Montanari, Nguyen 2018 for the limit itself.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array

from ...checks import check_memory, is_traced
from ...errors import BadValue
from ...fields import check_single, in_range
from ...kernels.activations import Neuron
from ...named_axes import Field
from ...numerics.padding import AnyArray, bucket, cut, namespace, repeated
from ...numerics.stabilised_flow import chebyshev_flow
from ...pytrees import as_arrays
from ...results import Solution
from ..clock import FLOW, checked_x
from ..verdict import Judged, judged, shortened, solution_of, status_of
from .accuracy import add_output_error, by_numpy, output_norms
from .data import Data, data_of, rotated
from .derivatives import differentiable
from .kept_neurons import checked_start, fields_of_neurons, refuse_kept, unrotated
from .methods import Particles
from .problem import MeanFieldNetwork
from .readings import Reading, curves_of, forward, output, read_neurons

ROUNDING = 8 * float(np.finfo(float).eps)  # of what is read off the neurons, where nothing else is lost (tau = 0)
TRIES = 3  # of flows that end early: at the given tolerance, then at others
OTHER = 10.0  # times the tolerance where steps ran out, a tenth where numbers became non-finite
MANY_STEPS = 50_000  # of one flow: it ran out of them
_WHY_LOST = (
    "The flow became non-finite (lower tolerance) or ran out of steps (raise it, ask for earlier times, or take a "
    "smooth activation)."
)
_GIVEN = "A given start is one flow: the error of the particles is unknown, so there is no numerical_error."
_ONE_SCRAMBLE = "One scramble: the error of the particles is unknown, so there is no numerical_error; use 9."
LOOKS = 10  # as many independent values as seven curves at ten times are worth: the bound is for the worst of them
SHARED = 0.1  # of the tolerance: local error where both tolerances take the same steps, as they do at first
LOOSER = 10.0  # the flow that measures the integration error has this times the tolerance


@lru_cache(maxsize=32)
def drawn_particles(count: int, dim: int, seed: int, scramble: int) -> np.ndarray:
    """Standard normals (count / 2, dim): a Sobol sequence with a scramble of its own for every (seed, scramble)."""
    stream = np.random.default_rng([seed, scramble])
    points = scipy.stats.qmc.Sobol(dim, scramble=True, bits=30, rng=stream).random(count // 2)
    # A uniform offset below the last digit keeps zero, whose quantile is infinite, out of reach.
    normals = scipy.special.ndtri(points + stream.random(points.shape) * 2.0**-30)
    normals.setflags(write=False)
    return normals


def solve_particles(problem: MeanFieldNetwork, times: ArrayLike | Sequence, method: Particles, throw: bool) -> Solution:
    """The curves at `times`, with fields `output` (tau, sample, output) and `tangent_kernel` (tau, sample, sample).

    With `keep` also `neurons` and `readouts`.

    Flows that end early are tried again, outside traces, at another tolerance, and `status` says so.
    """
    check_single(problem)
    times = checked_x(FLOW, times)
    samples, dim = np.shape(problem.inputs)
    every = samples + (0 if problem.test_inputs is None else np.shape(problem.test_inputs)[0])
    given = None if method.start is None else checked_start(problem, method.start)
    # A law of one's own need not look the same from all coordinates.
    coordinates = min(dim, every) if given is None else dim
    flows, count = (method.scrambles, method.count) if given is None else (1, given.shape[1])
    if is_traced(problem.inputs) and method.keep is not None:
        raise BadValue("inputs is traced, but neurons are handed out of numbers only. Leave keep out.")
    _refuse_what_does_not_fit(count, flows, samples, every, coordinates, problem.outputs, bucket(times.size))
    refuse_kept(method.keep, flows + 1, count, dim + problem.outputs, bucket(times.size) + 1)
    normals = given
    if normals is None:
        normals = np.stack(
            [
                drawn_particles(method.count, coordinates + problem.outputs, method.seed, scramble)
                for scramble in range(method.scrambles)
            ]
        )
    found, longest = _attempt(problem, times, method, normals)
    lost: list[Any] = []
    while not is_traced(found.status.level) and found.status.name == "failed" and len(lost) < TRIES - 1:
        lost.append(found.method.tolerance)
        tolerance = lost[-1] * OTHER if longest > MANY_STEPS else lost[-1] / OTHER
        found, longest = _attempt(problem, times, replace(method, tolerance=tolerance), normals, lost)
    return found.checked(throw)


def _attempt(
    problem: MeanFieldNetwork, times: np.ndarray, method: Particles, normals: np.ndarray, lost: Sequence[Any] = ()
) -> tuple[Solution, Any]:
    """One solve with these settings, and the steps of its longest flow; `lost`: tolerances where flows ended early."""
    own, keep = method.start is not None, method.keep is not None
    curves, good, each, mean, work, longest, neurons = _solved(
        problem, repeated(times), normals, as_arrays(method.tolerance), own=own, keep=keep
    )
    verdict, mean = shortened(_verdict(curves, good, each), times.size), cut(mean, times.size)
    remarks, failed = [], _WHY_LOST
    if lost:
        tried = ", then ".join(f"{tolerance:g}" for tolerance in lost)
        failed = f"Tried with tolerance {tried}, then {method.tolerance:g}. {failed}"
        remarks.append(f"A flow ended early at tolerance {tried}; this is at {method.tolerance:g}.")
        verdict = verdict._replace(level=jnp.maximum(verdict.level, jnp.int8(1)))
    if own or method.scrambles == 1:
        remarks.append(_GIVEN if own else _ONE_SCRAMBLE)
    status = status_of(verdict, remarks=remarks, failed=failed)
    steps, evaluations = work if is_traced(work) else np.asarray(work)
    particles = normals.shape[1] if own else method.count * method.scrambles
    stats = {"particles": particles, "steps": steps, "evaluations": evaluations}
    fields = fields_of(mean)
    if keep:
        seen = tuple(np.asarray(part)[:, : times.size] for part in neurons)
        fields |= fields_of_neurons(seen if own else unrotated(problem, *seen, method.seed))
    more = {"fields": fields, "stats": stats}
    return solution_of(problem, times, FLOW, method, verdict, status, **more), longest


def fields_of(mean: Reading) -> dict[str, Field]:
    """The outputs (training inputs first) and the tangent kernel on the training inputs, at every time."""
    return {
        "output": Field(mean.output, ("time", "sample", "output")),
        "tangent_kernel": Field(mean.kernel, ("time", "sample", "other")),
    }


@partial(jax.jit, static_argnames=("own", "keep"))  # it computes longer than it compiles
def _solved(problem: MeanFieldNetwork, times: Array, normals: Array, tolerance: Array, *, own: bool, keep: bool):
    data, richness = data_of(problem), jnp.asarray(problem.richness, float)
    data = data if own else rotated(data)
    # The last flow repeats the first at a looser tolerance.
    normals = jnp.concatenate([normals, normals[:1]])
    tolerances = jnp.full(len(normals), tolerance).at[-1].multiply(LOOSER)
    flow = differentiable(partial(_flows, problem.phi, own, keep))
    readings, start, work, neurons = flow(richness, (data, normals, tolerances, times))
    curves = jax.vmap(partial(curves_of, data))(readings, start)
    several = _tree(lambda values: values[:-1], curves)
    found = {name: jnp.mean(values, axis=0) for name, values in several.items()}
    mean, origin = _tree(lambda values: jnp.mean(values[:-1], axis=0), (readings, start))
    # The norm of a mean, not the mean of norms: where a kernel hardly moves, the latter is the norm of its noise.
    found["kernel_movement"] = curves_of(data, mean, origin)["kernel_movement"]
    losses = jnp.stack([found[name] for name in found if name.endswith("loss")])
    good = jnp.all(jnp.isfinite(losses)) & jnp.all(work[:, 0] == 1) & in_range(problem)
    each = (data, readings, start, curves, tolerance, richness)
    took = jnp.sum(work[:, 1:], axis=0), jnp.max(work[:, 1])
    return found, good, each, mean, *took, _tree(lambda values: values[:-1], neurons)


@by_numpy
def _verdict(found: dict[str, Any], good: Any, each: tuple) -> Judged:
    one = len(each[2]) == 2  # kernels at the start
    verdict = judged(found, _errors(*each), good, noted=one)
    if one:
        verdict = verdict._replace(
            errors={}, inaccurate=namespace(good).asarray(False)
        )  # the error of the particles, the greater part, is not known
    return verdict


_tree = jax.tree_util.tree_map


def _flows(phi: Neuron, own: bool, keep: bool, richness: Array, rest: tuple[Data, Array, Array, Array]):
    """One flow a scramble, one after the other: readings (scramble, time, ...), kernels at the start, what it took.

    Last the neurons (scramble, time, ...) where they are kept. `own`: the rows are the particles, without partners.
    """
    data, normals, tolerances, times = rest
    outputs = data.targets.shape[1]
    times = jnp.concatenate([jnp.zeros(1), times])

    def one(each):
        drawn, tolerance = each
        weights, readouts = drawn[:, :-outputs], drawn[:, -outputs:]
        start = (weights, readouts)
        if not own:
            start = (jnp.concatenate([weights, weights]), jnp.concatenate([readouts, -readouts]))

        def read(neurons):
            return read_neurons(phi, data, richness, neurons, start, 0.0), neurons if keep else ()

        flow = chebyshev_flow(
            partial(rate, phi, data, richness), start, times, read, size=partial(_size, richness), tolerance=tolerance
        )
        after, neurons = _tree(lambda values: values[1:], flow.records)
        # Counters as floats: whole numbers have no tangents.
        work = jnp.stack([part.astype(float) for part in (flow.finished, flow.steps, flow.evaluations)])
        return after, flow.records[0].kernel[0], lax.stop_gradient(work), neurons

    return lax.map(one, (normals, tolerances))


def rate(phi: Neuron, data: Data, richness: Array, neurons: tuple[Array, Array]) -> tuple[Array, Array]:
    """The right-hand sides above."""
    weights, readouts = neurons
    values, slopes = forward(phi, data.training, weights)
    residual = data.targets - output(values, readouts, richness)
    scale = 2 * richness / data.samples
    return scale * ((readouts @ residual.T) * slopes) @ data.training, scale * values @ residual


def _size(richness: Array, state: tuple[Array, Array]) -> Array:
    """Root mean square over particles in units of the output: moving by delta moves the output by delta / gamma0."""
    square = sum(jnp.sum(jnp.square(part)) for part in state) / len(state[0])
    return jnp.sqrt(square + 1e-300) / richness  # a root that has a derivative at zero


def _errors(
    data: Data, readings: Reading, start: AnyArray, curves: dict[str, AnyArray], tolerance: AnyArray, richness: AnyArray
) -> dict[str, AnyArray]:
    """Integration (the change at ten times the tolerance) plus Student's 99 % band of the scrambles' mean, all curves.

    The bias of finitely many particles is of the order of their variance, far below their scatter; but a norm feels the
    scatter of all entries, also where it is itself near zero.
    """
    xp = namespace(curves)
    count = len(next(iter(curves.values()))) - 1
    quantile = scipy.special.stdtrit(count - 1, 1 - 0.005 / LOOKS) / np.sqrt(count) if count > 1 else 0.0

    def error(values):
        scatter = xp.std(values[:-1], axis=0, ddof=1) if count > 1 else xp.zeros_like(values[0])
        return quantile * scatter + xp.abs(values[0] - values[-1]) + shared * richness

    first, loose = (_tree(lambda values, i=i: values[i], readings) for i in (0, -1))
    shared = xp.where(first.distance > 0, SHARED * tolerance, 0.0)  # nothing is lost at tau = 0
    errors = {name: error(values) for name, values in curves.items()}
    moved = readings.kernel - start[:, None]
    if count > 1:
        spread = xp.sqrt(xp.sum(xp.var(moved[:-1], axis=0, ddof=1), axis=(1, 2)))
        errors["kernel_movement"] += quantile * spread / xp.linalg.norm(start[0])
    errors["kernel_movement"] += xp.sqrt(xp.sum(xp.square(moved[0] - moved[-1]), axis=(1, 2))) / xp.linalg.norm(
        start[0]
    )
    errors = {name: error + ROUNDING * xp.abs(curves[name][0]) for name, error in errors.items()}
    return add_output_error(
        errors, data, first, *(shared + norm for norm in output_norms(data, first.output - loose.output))
    )


def _refuse_what_does_not_fit(count, scrambles, samples, every, coordinates, outputs, times) -> None:
    flow = 8.0 * count * (8 * (coordinates + outputs) + 6 * every)
    kept = 8.0 * (scrambles + 2) * (times + 1) * (samples**2 + every * outputs)
    check_memory(
        f"A flow of {count} particles on {every} inputs, with {times} tangent kernels of {samples} samples",
        flow + kept,
        "Lower count, ask for fewer times, or pass fewer inputs.",
    )
