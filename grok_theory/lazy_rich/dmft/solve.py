"""A Problem and times in, a Solution out: grids, draws, marches, their spread, the error estimate and the verdict."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import stdtrit

from ...errors import BadValue, check_memory, is_traced, require_float64
from ...results import Field, Solution, Status
from ..closed_forms import largest_stable_learning_rate
from ..problem import QuadraticCommittee
from ..timing import X_NAME, check_tau, dynamics_of, steps_of
from .curves import curves_of
from .derivatives import Settings, bytes_of_march, marcher
from .grids import (
    START_SCALE,
    STEEPEST_RATIO_OF_CHECK,
    Grid,
    backward_difference_grid,
    descent_grid,
    flow_nodes,
    growth_ratio,
)
from .interpolation import CHECK_POINTS, VALUE_POINTS, lagrange, positions
from .kernels import COMMON, ODD, PRIVATE
from .method import DMFT
from .paths import draw_paths, innovations, teacher_nodes
from .single_site import Physics

SHORTEST_FLOW = 0.1  # of the start scale: a grid has to end somewhere
LOST_ROW = 1e-2  # scaled residual of a row above which its answer is no answer
NEIGHBOURS = 2  # the error at a node is the greatest among its neighbours: differences cross zero by chance
FIELDS = {"common": COMMON, "odd": ODD, "private": PRIVATE}

_FAILED = (
    "The march lost a row (a non-finite kernel or no fixed point), or the Problem is out of range. Use more "
    "grid_points (flow) or a smaller learning_rate (descent), or more paths."
)


class _Answer(NamedTuple):
    curves: dict[str, Any]
    errors: dict[str, Any]
    good: Any
    frozen: Any
    unconverged: Any
    sweeps: Any
    covariance: Any
    response: Any


def solve_dmft(problem: QuadraticCommittee, times: Any, method: DMFT, throw: bool = True) -> Solution:
    """The curves of the theory at `times` (tau); called by `solve`.

    **Returns:** a Solution with the curves of `curves.NAMES`; `fields` "covariance_..."-like two-time functions
    `correlation_common/odd/private` and `response_common/odd/private` on the nodes `stats["field_nodes"]`;
    `numerical_error` = |fourth - third order| (flow) + 68 % half-width from the scrambles + interpolation.
    Raises BadValue (out of range, times off the steps, unstable learning rate), TooLarge, SolveFailed.
    """
    require_float64("lazy_rich.solve")
    problem.check()
    if is_traced(times):
        raise BadValue("times is traced, but the grid of DMFT is built from its values. Pass times from outside jit.")
    times, dynamics = check_tau(times, method.learning_rate), dynamics_of(method.learning_rate)
    _refuse_unstable(problem, method)
    grids = _grids(times, method)
    nodes, implicit = grids[0].nodes, grids[0].implicit
    drawn = draw_paths(method.paths, method.teacher_nodes)
    check_memory(
        f"A DMFT march over {len(nodes)} nodes and {len(drawn.weight)} paths",
        bytes_of_march(len(nodes), len(drawn.weight)),
        "Lower paths, or grid_points (flow), or the number of steps (descent: learning_rate=None is gradient flow).",
    )
    scrambles = [*range(method.scrambles), *([0] if implicit else [])]
    noise = np.stack(
        [innovations(method.paths, method.teacher_nodes, len(nodes), method.seed, scramble) for scramble in scrambles]
    )
    at = _Reading.of(nodes, times, method)
    answer = _solved(
        _physics(problem),
        problem.in_range(),
        np.stack([grid.quadrature for grid in grids]),
        drawn.teacher_field,
        drawn.weight,
        noise,
        at,
        Settings(implicit, method.row_tolerance),
        method.scrambles,
    )
    kept = _thinned(len(nodes), method.field_points)
    fields = {
        f"{kind}_{mode}": Field(values[..., index, kept[:, None], kept[None, :]], axes=("tau", "tau"))
        for kind, values in (("correlation", answer.covariance), ("response", answer.response))
        for mode, index in FIELDS.items()
        if len(kept)
    }
    stats = {
        "learning_rate": "gradient flow" if implicit else method.learning_rate,
        "paths": len(drawn.weight),
        "nodes": nodes,
        "field_nodes": nodes[kept],
        "largest_target": 0.5 * float(drawn.teacher_field.max()) ** 2,
        "sweeps_per_row": answer.sweeps,
        "unconverged_rows": answer.unconverged,
        "frozen_from_node": answer.frozen,
    }
    return Solution(
        problem,
        times,
        answer.curves,
        X_NAME,
        dynamics,
        method,
        numerical_error=answer.errors,
        fields=fields,
        status=_status(problem, method, answer, nodes),
        stats=stats,
    ).checked(throw)


class _Reading(NamedTuple):
    """How nodes are read at the times: stencils and weights."""

    stencil: Any
    weights: Any
    check_stencil: Any
    check_weights: Any

    @classmethod
    def of(cls, nodes: np.ndarray, times: np.ndarray, method: DMFT) -> _Reading:
        if method.learning_rate is not None:
            stencil = steps_of(times, method.learning_rate)[:, None]
            return cls(stencil, np.ones_like(times)[:, None], stencil, np.ones_like(times)[:, None])
        position = positions(nodes, times)
        value, check = (lagrange(position, len(nodes), points) for points in (VALUE_POINTS, CHECK_POINTS))
        return cls(*value, *check)


def _thinned(count: int, wanted: int | None) -> np.ndarray:
    """Indices of the nodes at which two-time functions are kept, first and last among them."""
    if wanted is None or wanted >= count:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, wanted)).astype(int))


def _physics(problem: QuadraticCommittee) -> Physics:
    numbers = (problem.output_scale, problem.curvature, problem.samples_per_dim, problem.teacher_overlap)
    return Physics(*(jnp.asarray(number, float) for number in (*numbers, float(problem.centred))))


def _grids(times: np.ndarray, method: DMFT) -> list[Grid]:
    """One grid a march: descent, or third order for every scramble and another order once, to see its error."""
    if method.learning_rate is not None:
        grid = descent_grid(method.learning_rate, int(steps_of(times, method.learning_rate)[-1]))
        return [grid] * method.scrambles
    nodes = flow_nodes(max(float(times[-1]), SHORTEST_FLOW * START_SCALE), method.grid_points)
    # Fourth order sees the error of the third. Where nodes are too few for it to be stable, second order bounds it.
    check = 4 if growth_ratio(nodes) <= STEEPEST_RATIO_OF_CHECK else 2
    return [backward_difference_grid(nodes, 3)] * method.scrambles + [backward_difference_grid(nodes, check)]


def _refuse_unstable(problem: QuadraticCommittee, method: DMFT) -> None:
    if method.learning_rate is None:
        return
    largest_target = 0.5 * float(teacher_nodes(method.teacher_nodes)[0][-1]) ** 2
    limit = largest_stable_learning_rate(problem, largest_target)
    if not is_traced(limit) and bool(jnp.any(method.learning_rate >= limit)):
        raise BadValue(
            f"learning_rate is {method.learning_rate}, but descent is stable only below {float(jnp.min(limit)):.4g} "
            f"for targets up to {largest_target:.3g} (where {method.teacher_nodes} nodes cut h*). Pass a smaller one, "
            "or None for gradient flow."
        )


@partial(jax.jit, static_argnames=("settings", "scrambles"))
def _solved(
    physics, in_range, quadratures, teacher_field, weight, noise, at: _Reading, settings: Settings, scrambles: int
) -> _Answer:
    marches = marcher(settings)(physics, quadratures, teacher_field, weight, noise)
    parts = (
        marches.train_loss, marches.overlap, marches.common_power, marches.odd_power, marches.private_power
    )  # fmt: skip
    curves = curves_of(physics, *parts)
    read, errors = {}, {}
    for name, values in curves.items():
        read[name], errors[name] = _read(values, at, scrambles, settings.implicit, in_logs=name == "train_loss")
    held = jnp.max(marches.frozen[:scrambles], axis=0)
    # A held train loss only says "below this".
    errors["train_loss"] = errors["train_loss"] + read["train_loss"] * jnp.max(held[at.stencil], axis=1)
    finite = jnp.stack([jnp.isfinite(values).all() for values in curves.values()]).all()
    good = finite & (jnp.max(marches.row_residual) < LOST_ROW) & in_range
    working = 1.0 - marches.frozen
    return _Answer(
        # A node that lost its row is nan for all that comes after it; a Problem out of range is nan everywhere.
        {name: jnp.where(good, values, jnp.nan) for name, values in read.items()},
        errors,
        good,
        jnp.sum(working[:scrambles], axis=1).min(),
        jnp.sum(marches.row_residual > settings.row_tolerance),
        jnp.sum(marches.sweeps) / jnp.sum(working),
        jnp.mean(marches.covariance[:scrambles], axis=0),
        jnp.mean(marches.response[:scrambles], axis=0),
    )


def _read(values, at: _Reading, scrambles: int, implicit: bool, in_logs: bool):
    """Mean over scrambles at the times, and its error: order, scatter and interpolation."""
    mean = jnp.mean(values[:scrambles], axis=0)
    error = jnp.zeros_like(mean)
    if scrambles > 1:
        error = _student(scrambles) * jnp.std(values[:scrambles], axis=0, ddof=1)
    if implicit:
        error = error + jnp.abs(values[0] - values[scrambles])
    error = jax.lax.stop_gradient(_greatest_around(error))
    if not implicit:
        return mean[at.stencil[:, 0]], error[at.stencil[:, 0]]
    shown = jnp.log(jnp.maximum(mean, 1e-300)) if in_logs else mean
    back = jnp.exp if in_logs else (lambda x: x)
    value = back(jnp.sum(shown[at.stencil] * at.weights, axis=1))
    check = back(jnp.sum(shown[at.check_stencil] * at.check_weights, axis=1))
    return value, jax.lax.stop_gradient(jnp.abs(value - check)) + jnp.max(error[at.check_stencil], axis=1)


def _student(scrambles: int) -> float:
    """From the spread of the scrambles to the 68 % half-width for their mean: 1.30 for two, .60 for four."""
    return float(stdtrit(scrambles - 1, 0.8413) / np.sqrt(scrambles))


def _greatest_around(values):
    padded = jnp.pad(values, NEIGHBOURS, mode="edge")
    return jnp.max(jnp.stack([padded[i : i + len(values)] for i in range(2 * NEIGHBOURS + 1)]), axis=0)


def _status(problem: QuadraticCommittee, method: DMFT, answer: _Answer, nodes: np.ndarray) -> Status:
    """Failed, or noted with every remark that applies (in a trace: that may apply)."""
    kappa = problem.samples_per_dim
    traced = any(is_traced(part) for part in (answer.good, answer.frozen, answer.unconverged))
    remarks = []
    if is_traced(kappa) or bool(np.any(np.asarray(kappa) < 1)):
        remarks.append("samples_per_dim below 1 is untested against runs.")
    if method.scrambles == 1:
        remarks.append(
            "One scramble: the scatter of the paths is not part of numerical_error; use scrambles=2 or more."
        )
    if method.learning_rate is None and (traced or bool(np.any(np.asarray(answer.frozen) < len(nodes)))):
        since = "some time" if traced else f"tau = {nodes[int(np.min(answer.frozen)) - 1]:.4g}"
        remarks.append(f"The train loss fell below 1e-8 of its start: weights and responses are held from {since}.")
    if traced or bool(np.any(np.asarray(answer.unconverged) > 0)):
        count = "Some" if traced else f"{int(np.max(answer.unconverged))}"
        remarks.append(f"{count} rows stopped short of their tolerance (harmless while the train loss is tiny).")
    held = jnp.asarray(answer.frozen) < len(nodes)
    below = jnp.asarray(kappa, float) < 1
    level = jnp.where(held | below | (jnp.asarray(answer.unconverged) > 0) | (method.scrambles == 1), 1, 0)
    return Status(jnp.where(answer.good, level, 2).astype(jnp.int8), noted=" ".join(remarks), failed=_FAILED)
