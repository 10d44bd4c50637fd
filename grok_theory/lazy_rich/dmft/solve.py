"""A Problem and times in, a Solution out: grids, draws, marches, their spread, the error estimate and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ...checks import check_memory, is_traced, require_float64
from ...dynamics import whole_steps
from ...errors import BadValue, TooLarge
from ...fields import check_single
from ...named_axes import Field
from ...numerics.padding import bucket, repeated
from ...numerics.programs import ONE_THREAD, SOONEST, compiled
from ...pytrees import as_arrays
from ...results import Solution
from ...status import Status
from ..clock import FlowOrDescent, checked_x, rate_of
from ..closed_forms import largest_stable_learning_rate
from ..conditions import PLAIN
from ..methods import DMFT
from ..problem import QuadraticCommittee
from ..verdict import shortened, solution_of, status_of
from .derivatives import Settings, bytes_of_march, marcher
from .grids import (
    SHORTEST_FLOW,
    START_SCALE,
    STEEPEST_RATIO_OF_FOURTH,
    Grid,
    backward_difference_grid,
    descent_grid,
    flow_nodes,
    growth_ratio,
)
from .kernels import COMMON, ODD, PRIVATE
from .many_steps import grid_of_many, nodes_of_many, single_steps
from .march_reading import Answer, Reading, answer_of, physics_of
from .marching import March
from .paths import draw_paths, innovations, paths_per_node, teacher_nodes

NODES_AT_ONCE = 64  # descents of more steps are padded to multiples of it
FIELDS = {"common": COMMON, "odd": ODD, "private": PRIVATE}

TRIES = 3  # of a flow that loses a row: with the given nodes and paths, then with more of both
FREEZE_BELOW = 1e-8  # of the train loss at the start

_WHY_LOST = (
    "The march lost a row (a non-finite kernel or no fixed point). Use more grid_points (flow) or a smaller "
    "learning_rate (descent), or more paths."
)


def solve_dmft(
    problem: QuadraticCommittee, x: ArrayLike | Sequence, dynamics: FlowOrDescent, method: DMFT, throw: bool = True
) -> Solution:
    """The curves of the theory at `x`; called by `solve`.

    Returns
    -------
    Solution
        With the curves of `curves.NAMES`; `fields`: two-time functions `correlation_common/odd/private` and
        `response_common/odd/private` at tau and an `earlier` tau, on nodes that are their coordinates;
        `numerical_error` = 1.5 abs(fourth - third order) (flow; for a descent of more than `most_steps` also a quarter
        of what the second order of the learning rate changes) + 99 % half-width from the scrambles + interpolation,
        absent with one scramble. A march that loses a row is tried again, outside traces, with `method.finer()`:
        `status` says so, and `Solution.method` is the one that answered.

    Raises
    ------
    BadValue
        For an argument out of range, x off the steps, or an unstable learning rate.
    TooLarge
        Before a march that would not fit into memory.
    SolveFailed
        Where every try lost a row and `throw`.
    Float64Required
        Where JAX computes in float32.
    """
    require_float64("lazy_rich.solve")
    check_single(problem)
    rate, x = rate_of(dynamics, "lazy_rich.DMFT"), checked_x(dynamics, x)
    _refuse_unstable(problem, rate, method)
    _refuse_what_does_not_fit(x, rate, method)
    found = _attempt(problem, x, dynamics, method)
    lost: list[DMFT] = []
    while not is_traced(found.status.level) and found.status.name == "failed" and len(lost) < TRIES - 1:
        lost.append(found.method)
        try:
            _refuse_what_does_not_fit(x, rate, found.method.finer())
        except TooLarge:
            break
        found = _attempt(problem, x, dynamics, found.method.finer(), lost)
    return found.checked(throw)


def _refuse_what_does_not_fit(x: np.ndarray, rate: float | None, method: DMFT) -> None:
    nodes, paths = padded_nodes(x, rate, method), int(paths_per_node(method.paths, method.teacher_nodes).sum())
    check_memory(
        f"A DMFT march over {nodes} nodes and {paths} paths",
        bytes_of_march(nodes, paths),
        "Lower paths, or grid_points, or (descent) most_steps, beyond which few nodes stand for the steps.",
    )


def _attempt(
    problem: QuadraticCommittee, x: np.ndarray, dynamics: FlowOrDescent, method: DMFT, lost: Sequence[DMFT] = ()
) -> Solution:
    """One solve with these settings; `lost` are those with which rows were lost before."""
    rate = rate_of(dynamics, "lazy_rich.DMFT")
    grids = _grids(x, rate, method)
    nodes, implicit = grids[0].nodes, grids[0].implicit
    if not implicit:
        nodes = nodes[: int(whole_steps(x)[-1]) + 1]
    count, length = len(nodes), padded_nodes(x, rate, method)
    drawn = draw_paths(method.paths, method.teacher_nodes)
    scrambles = [*range(method.scrambles), *[0] * (len(grids) - method.scrambles)]
    noise = np.stack(
        [innovations(method.paths, method.teacher_nodes, len(nodes), method.seed, scramble) for scramble in scrambles]
    )
    noise = np.pad(noise, ((0, 0), (0, length - count), (0, 0), (0, 0)))
    plain, settings = as_arrays(problem), Settings(implicit, method.row_tolerance, freeze_below=FREEZE_BELOW)
    marches = _marched(
        plain,
        np.stack([grid.quadrature for grid in grids]),
        drawn.teacher_field,
        drawn.weight,
        noise,
        np.int64(count),
        settings,
    )
    at = (
        Reading.of(nodes, repeated(x if rate is None else rate * x), steps=0 if rate is None else single_steps(rate))
        if implicit
        else Reading.of_steps(repeated(x))
    )
    answer = answer_of(plain, marches, at, count, settings, method.scrambles)
    answer = answer._replace(verdict=shortened(answer.verdict, x.size))
    kept = _thinned(len(nodes), method.field_points)
    at = {"tau": nodes[kept], "earlier": nodes[kept]}
    fields = {
        f"{kind}_{mode}": Field(_taken(values, index, kept), ("tau", "earlier"), at)
        for kind, values in (("correlation", answer.covariance), ("response", answer.response))
        for mode, index in FIELDS.items()
        if len(kept)
    }
    stats = {
        "paths": len(drawn.weight),
        "nodes": nodes,
        "largest_target": 0.5 * float(drawn.teacher_field.max()) ** 2,
        "sweeps_per_row": answer.sweeps,
        "unconverged_rows": answer.unconverged,
        "frozen_from_node": answer.frozen,
        "attempts": 1 + len(lost),
    }
    status = _status(
        problem, method, answer, nodes if implicit else None, lost, corrected=implicit and rate is not None
    )
    more = {"fields": fields, "stats": stats, "conditions": PLAIN}
    return solution_of(problem, x, dynamics, method, answer.verdict, status, **more)


def _taken(values, mode: int, kept: np.ndarray):
    """Rows and columns `kept` of a two-time function; by NumPy where there are numbers, which compiles nothing."""
    if is_traced(values):
        return values[..., mode, kept[:, None], kept[None, :]]
    return jax.device_put(np.asarray(values)[..., mode, kept[:, None], kept[None, :]])


def _thinned(count: int, wanted: int | None) -> np.ndarray:
    """Indices of the nodes at which two-time functions are kept, first and last among them."""
    if wanted is None or wanted >= count:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, wanted)).astype(int))


def _is_direct(x: np.ndarray, rate: float | None, method: DMFT) -> bool:
    """Whether every step of a descent is a node."""
    return rate is not None and int(whole_steps(x)[-1]) <= method.most_steps


def padded_nodes(x: np.ndarray, rate: float | None, method: DMFT) -> int:
    """The nodes a march is compiled for: those of a flow; of descent, whose steps differ, the next of few lengths.

    Memory grows with their square, so above 64 it is the next multiple of 64, no power of two.
    """
    if not _is_direct(x, rate, method):
        return method.grid_points + 1 + (0 if rate is None else single_steps(rate))
    count = int(whole_steps(x)[-1]) + 1
    return bucket(count) if count <= NODES_AT_ONCE else -(-count // NODES_AT_ONCE) * NODES_AT_ONCE


def _grids(x: np.ndarray, rate: float | None, method: DMFT) -> list[Grid]:
    """One grid a march: descent, or fourth order for every scramble and third once, which bounds its error.

    Where nodes are too few for the fourth to be stable: third and second. A descent of more steps than the method
    marches is on the nodes of `many_steps`, and once without the second order of the learning rate.
    """
    if _is_direct(x, rate, method):
        grid = descent_grid(rate, padded_nodes(x, rate, method) - 1)
        return [grid] * method.scrambles
    if rate is None:
        nodes = flow_nodes(max(float(x[-1]), SHORTEST_FLOW * START_SCALE), method.grid_points)
        order = _order(nodes)
        made = partial(backward_difference_grid, nodes)
        return [made(order)] * method.scrambles + [made(order - 1)]
    nodes = nodes_of_many(rate, int(whole_steps(x)[-1]), method.grid_points)
    first = single_steps(rate)
    order = _order(nodes[first:])
    made = partial(grid_of_many, nodes, first, learning_rate=rate)
    return [made(order, terms=2)] * method.scrambles + [made(order - 1, terms=2), made(order, terms=1)]


def _order(nodes: np.ndarray) -> int:
    return 4 if growth_ratio(nodes) <= STEEPEST_RATIO_OF_FOURTH else 3


def _refuse_unstable(problem: QuadraticCommittee, rate: float | None, method: DMFT) -> None:
    if rate is None:
        return
    largest_target = 0.5 * float(teacher_nodes(method.teacher_nodes)[0][-1]) ** 2
    limit = largest_stable_learning_rate(as_arrays(problem), largest_target)
    if not is_traced(limit) and np.any(rate >= np.asarray(limit)):
        raise BadValue(
            f"learning_rate is {rate}, but descent is stable only below {np.min(limit):.4g} "
            f"for targets up to {largest_target:.3g} (where {method.teacher_nodes} nodes cut h*). Pass a smaller one, "
            "or take GradientFlow()."
        )


@partial(compiled, static_argnames=("settings",), options={**SOONEST, **ONE_THREAD})
def _marched(problem, quadratures, teacher_field, weight, noise, count, settings: Settings) -> March:
    return marcher(settings)(physics_of(problem), quadratures, teacher_field, weight, noise, count)


def _status(
    problem: QuadraticCommittee,
    method: DMFT,
    answer: Answer,
    nodes: np.ndarray | None,
    lost: Sequence[DMFT],
    *,
    corrected: bool = False,
) -> Status:
    """Failed, or noted with every remark that applies (in a trace: that may apply); `nodes`: of a flow.

    `corrected`: a descent on them.
    """
    kappa, verdict = problem.samples_per_dim, answer.verdict
    traced = is_traced(verdict.level)
    remarks, failed = [], _WHY_LOST
    if lost:
        tried = ", then ".join(_size(before, nodes) for before in lost)
        failed = f"Tried with {tried}, then {_size(method, nodes)}. {failed}"
        remarks.append(f"A march lost a row with {tried}; this is from {_size(method, nodes)}.")
        verdict = verdict._replace(level=jnp.maximum(verdict.level, jnp.int8(1)))
    if corrected:
        remarks.append(
            f"More than {method.most_steps} steps: marched on {len(nodes)} nodes, corrected for the learning rate to "
            "its second order; numerical_error holds a quarter of what that order changes."
        )
        verdict = verdict._replace(level=jnp.maximum(verdict.level, jnp.int8(1)))
    if is_traced(kappa) or bool(np.any(np.asarray(kappa) < 1)):
        remarks.append("samples_per_dim below 1 is untested against runs.")
    if method.scrambles == 1:
        remarks.append("One scramble: the scatter of the paths is unknown, so there is no numerical_error; use 9.")
    if nodes is not None and (traced or bool(np.any(np.asarray(answer.frozen) < len(nodes)))):
        since = "some time" if traced else f"tau = {nodes[int(np.min(answer.frozen)) - 1]:.4g}"
        remarks.append(f"The train loss fell below 1e-8 of its start: weights and responses are held from {since}.")
    if traced or bool(np.any(np.asarray(answer.unconverged) > 0)):
        count = "Some" if traced else f"{int(np.max(answer.unconverged))}"
        remarks.append(f"{count} rows stopped short of their tolerance (harmless while the train loss is tiny).")
    return status_of(verdict, remarks=remarks, failed=failed)


def _size(method: DMFT, nodes: np.ndarray | None) -> str:
    return f"paths={method.paths}" if nodes is None else f"grid_points={method.grid_points}, paths={method.paths}"
