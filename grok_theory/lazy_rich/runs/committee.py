"""The Problem run for real: data drawn, network trained, curves read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ...checks import check_integer, check_key, check_memory, check_positive, check_runs, check_size, require_float64
from ...conditions import Conditions
from ...dynamics import whole_steps
from ...errors import BadValue
from ...fields import check_single
from ...numerics.padding import repeated
from ...numerics.programs import compiled
from ...numerics.threads import cores, over_cores
from ...pytrees import as_arrays
from ...results import Ensemble
from ...status import Status
from ..clock import FlowOrDescent, checked_x, rate_of
from ..closed_forms import largest_stable_learning_rate
from ..conditions import PLAIN
from ..methods import ExactReduction, Experiment, ExplicitNetwork, FrozenKernel
from ..problem import QuadraticCommittee
from .draws import Data, data_key, draw_inputs, draw_weights, quadratic_targets, start_moments, test_key, weights_key
from .explicit_network import Network, Parameters, run_network
from .frozen_kernel import run_frozen_kernel
from .reduction import Run, committee_output, observe, run_descent, run_flow


def simulate_committee(
    problem: QuadraticCommittee,
    x: ArrayLike,
    *,
    dynamics: FlowOrDescent,
    dim: int,
    width: int | None = None,
    runs: int,
    key: jax.Array,
    method: Experiment | None = None,
) -> Ensemble:
    """Train `runs` committees on `samples_per_dim * dim` samples of their own and read their curves.

    Parameters
    ----------
    problem : QuadraticCommittee
        One Problem, no stack of them.
    x : array_like
        (T,), >= 0, non-decreasing: times in tau under flow, whole steps under descent.
    dynamics : GradientFlow or GradientDescent
        Flow or descent; descent only for ExplicitNetwork.
    dim : int
        Number D of input dimensions; `samples_per_dim * dim` must be a whole number.
    width : int, optional
        Number N of neurons, even with a teacher overlap; None is infinite (not for ExplicitNetwork).
    runs : int
        Number of runs; >= 1.
    key : Array
        Run i draws from fold_in(key, i). The same key gives every method the same data and start.
    method : ExactReduction, ExplicitNetwork or FrozenKernel, optional
        `ExactReduction()` by default.

    Returns
    -------
    Ensemble
        With the curves train_loss, test_loss, variance, misalignment, linear_power, teacher_overlap,
        mean_power, bulk_power, weight_norm, alignment (docs/lazy_rich.md has their meanings and who lacks which), and
        stats["second_moment"], stats["mean_weight"] at the last time, (runs, D, D) and (runs, D). A run that diverged
        is nan from there on, and `status` says so.

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
    method = ExactReduction() if method is None else method
    if not isinstance(problem, QuadraticCommittee):
        raise BadValue(f"problem is {problem!r}, but it must be a QuadraticCommittee. Build one with its five fields.")
    check_single(problem)
    rate = rate_of(dynamics, f"lazy_rich.{type(method).__name__}")
    samples = _check(problem, rate, dim, width, method)
    x = checked_x(dynamics, x)
    runs, _ = check_runs(runs), check_key(key)
    # LAPACK of several threads at once may wait for ever on few cores.
    workers = 1 if isinstance(method, FrozenKernel) else min(runs, cores())
    _refuse_what_does_not_fit(samples, dim, width, (runs, workers), x.size)
    # One run a call: the batch of fixed size is one, so a run's digits cannot depend on the others.
    sizes = (dim, samples, width)
    results = over_cores(
        lambda i: _run(problem, x, rate, jax.random.fold_in(key, i), sizes, method), runs, workers=workers
    )
    stacked: Run = jax.tree_util.tree_map(lambda *leaves: np.stack(leaves), *results)
    stats = {
        "dim": dim,
        "samples": samples,
        "width": np.inf if width is None else width,
        "stratified": method.stratified,
        "orthogonal_start": method.orthogonal_start,
        "second_moment": stacked.last.second,
        "mean_weight": stacked.last.mean,
        **stacked.work,
    }
    if isinstance(method, ExactReduction) and rate is None:
        stats["tolerance"] = method.tolerance
    return Ensemble(
        problem,
        x,
        stacked.curves,
        dynamics.x_name,
        dynamics,
        dynamics.x_unit,
        stats=stats,
        status=_status(problem, stacked),
        conditions=_conditions(method),
    )


def _check(problem: QuadraticCommittee, rate: float | None, dim: int, width: int | None, method: object) -> int:
    """Refuse sizes and methods that do not fit; the number of samples."""
    if not isinstance(method, Experiment):
        raise BadValue(
            f"method is {method!r}, but it must be ExactReduction(...), FrozenKernel(...) or ExplicitNetwork(...). "
            "The methods of theory belong to solve."
        )
    check_integer("dim", dim, 2, "Pass the number of input dimensions, for example 100.")
    samples = check_size(
        "samples_per_dim * dim", float(problem.samples_per_dim) * dim, knob="dim", per=float(problem.samples_per_dim)
    )
    explicit = isinstance(method, ExplicitNetwork)
    if width is None and explicit:
        raise BadValue("width is None, but ExplicitNetwork needs one. Pass width=500, or use ExactReduction().")
    if width is not None:
        check_integer("width", width, 1, "Pass the number of neurons, or None for infinitely many.")
        if width % 2 and float(problem.teacher_overlap) > 0:
            raise BadValue(
                f"width is {width}, but with teacher_overlap > 0 it must be even, so that the signs balance. "
                f"Pass width={width + 1}."
            )
    check_integer("test_samples", method.test_samples, 1, "Pass how many fresh inputs measure the test loss.")
    for name in ("labels", "activation"):
        if getattr(method, name, None) is not None and not callable(getattr(method, name)):
            raise BadValue(f"{name} is {getattr(method, name)!r}, but it must be a function of arrays, or None.")
    if isinstance(method, ExactReduction):
        check_positive("tolerance", method.tolerance, "Pass the local error allowed, for example 1e-5.")
    if explicit:
        check_positive("init_scale", method.init_scale, "Pass the factor on the starting weights, for example 1.0.")
        if rate is None:
            raise BadValue(
                "dynamics is GradientFlow(), but ExplicitNetwork takes steps. Pass dynamics=GradientDescent(eta_hat), "
                "for example 0.05, or use ExactReduction() for gradient flow."
            )
    if rate is not None:
        _refuse_unstable_steps(problem, rate, samples, method)
    return samples


def _refuse_unstable_steps(problem: QuadraticCommittee, rate: float, samples: int, method: Experiment) -> None:
    other = getattr(method, "activation", None) or getattr(method, "train_readout", False) or method.labels
    if other:
        return  # the rule is the committee's; what diverges is reported by `status`
    scale = getattr(method, "init_scale", 1.0)
    scaled = QuadraticCommittee(
        float(problem.output_scale) * scale,
        float(problem.curvature) * scale,
        problem.samples_per_dim,
        problem.teacher_overlap,
        problem.centred,
    )
    frozen = isinstance(method, FrozenKernel) or getattr(method, "linearised", False)
    largest = 0.0 if frozen else float(scipy.special.ndtri(1 - 1 / (2 * samples))) ** 2 / 2
    limit = float(largest_stable_learning_rate(as_arrays(scaled), largest))
    if not rate < limit:
        raise BadValue(
            f"learning_rate is {rate}, but descent on {samples} samples is stable only below "
            f"{limit:.4g}. Pass a smaller one, or take GradientFlow()."
        )


def _refuse_what_does_not_fit(
    samples: int, dim: int, width: int | None, runs_and_workers: tuple[int, int], times: int
) -> None:
    neurons, (runs, workers) = width or 0, runs_and_workers
    working = 8.0 * (6 * samples * dim + 12 * dim**2 + 4 * neurons * (dim + samples))
    kept = 8.0 * runs * (dim**2 + dim + 10 * times)
    check_memory(
        f"Training with dim = {dim}, {samples} samples, width = {width} and keeping {runs} runs",
        workers * working + kept,
        "Lower dim, width or runs.",
    )


def _conditions(method: Experiment) -> Conditions:
    """What a variant of the Problem changes, so that no theory of the plain one is held against it."""
    if isinstance(method, ExplicitNetwork):
        made = replace(
            PLAIN,
            start=float(method.init_scale),
            trained=("hidden", "readout") if method.train_readout else PLAIN.trained,
            activation=PLAIN.activation if method.activation is None else _named(method.activation),
            linearised=method.linearised,
        )
    else:
        made = replace(PLAIN, linearised=isinstance(method, FrozenKernel))
    return made if method.labels is None else replace(made, labels=_named(method.labels))


def _named(function: Callable) -> str:
    return getattr(function, "__name__", None) or repr(function)


def _status(problem: QuadraticCommittee, stacked: Run) -> Status:
    finite = np.isfinite(np.stack([c.sum(axis=1) for c in stacked.curves.values()])).all(axis=0)
    if not finite.all():
        which = np.flatnonzero(~finite)
        return Status(
            2,
            failed=f"{which.size} of {finite.size} runs diverged (the first is run {which[0]}) and are nan from there "
            "on. Use a smaller learning_rate or tolerance, or gradient flow.",
        )
    if float(problem.samples_per_dim) < 1:
        return Status(1, noted="samples_per_dim is below 1, where this wing is not tested.")
    return Status(0)


def _run(
    problem: QuadraticCommittee, x: np.ndarray, rate: float | None, key: jax.Array, sizes: tuple, method: Experiment
) -> Run:
    dim, samples, width = sizes
    problem = as_arrays(problem)
    network = None
    if isinstance(method, ExplicitNetwork):
        network = Network(method.activation, method.train_readout, method.linearised)
    sampled_test = method.labels is not None or (network is not None and network.activation is not None)
    drawn = (samples, method.test_samples if sampled_test else 0, dim)
    data, test = _draw_data(key, drawn, method.stratified, method.labels)
    scale = None if network is None else as_arrays(method.init_scale)
    start = _draw_start(key, problem, dim, width, method.orthogonal_start, scale)
    steps_or_times = repeated(x) if rate is None else repeated(whole_steps(x)).astype(int)
    eta = None if rate is None else np.float64(rate)
    if network is not None:
        start = Parameters(start, np.ones(width))
        run = _train_network(problem, network, start, data, test, steps_or_times, eta)
    elif isinstance(method, FrozenKernel):
        run = _regress(problem, start, data, test, repeated(x), eta)
    else:
        run = _train_moments(problem, start, data, test, steps_or_times, eta, as_arrays(method.tolerance))
    run = jax.tree_util.tree_map(np.asarray, run)
    return run._replace(curves={name: values[: x.size] for name, values in run.curves.items()})


# Drawing and training are compiled apart: every method shares the compiled draws, and no number recompiles anything.
@partial(compiled, static_argnums=(1, 2, 3))
def _draw_data(key, sizes, stratified, labels) -> tuple[Data, Data | None]:
    samples, test_samples, dim = sizes
    inputs = draw_inputs(data_key(key), samples, dim, stratified=stratified)
    targets = quadratic_targets if labels is None else partial(labels, train_inputs=inputs)
    data = Data(inputs, targets(inputs))
    if not test_samples:
        return data, None
    fresh = draw_inputs(test_key(key), test_samples, dim, stratified=stratified)
    return data, Data(fresh, targets(fresh))


@partial(compiled, static_argnums=(2, 3, 4))
def _draw_start(key, problem, dim, width, orthogonal_start, scale):
    """Moments, or where a `scale` is given that times the weights themselves."""
    own = weights_key(key)
    if scale is None:
        return start_moments(own, problem, dim, width, orthogonal_start=orthogonal_start)
    return scale * draw_weights(own, problem, dim, width, orthogonal_start=orthogonal_start)


_train_network = jax.jit(run_network, static_argnums=(1,))


def _sampled_test_loss(problem, start, test: Data, moments) -> dict[str, Any]:
    output = committee_output(problem, moments, start, test.inputs)
    return {"test_loss": jnp.mean(jnp.square(test.targets - output))}


@compiled
def _regress(problem, start, data, test, times, rate) -> Run:
    read_test = None if test is None else partial(_sampled_test_loss, problem, start, test)
    return run_frozen_kernel(problem, start, data, times, rate, read_test)


@compiled
def _train_moments(problem, start, data, test, reads, rate, tolerance) -> Run:
    def curves(problem, moments, start, data):
        read = observe(problem, moments, start, data)
        if test is None:
            return read
        exact_for_the_teacher = {"variance", "misalignment", "linear_power", "alignment"}
        kept = {name: curve for name, curve in read.items() if name not in exact_for_the_teacher}
        return kept | _sampled_test_loss(problem, start, test, moments)

    if rate is None:
        return run_flow(problem, start, data, reads, tolerance, curves)
    return run_descent(problem, start, data, reads, rate, curves)
