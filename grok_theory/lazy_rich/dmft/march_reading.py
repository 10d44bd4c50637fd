"""What a march is read as at the times: mean over scrambles, its error, and the verdict on both."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jaxtyping import Array

from ...dynamics import whole_steps
from ...fields import in_range
from ...numerics.padding import any_traced
from ...numerics.programs import compiled
from ..problem import QuadraticCommittee
from ..verdict import Judged, judged
from .curves import curves_of
from .derivatives import Settings
from .interpolation import CHECK_POINTS, VALUE_POINTS, lagrange, positions
from .marching import March
from .single_site import Physics

LOST_ROW = 1e-2  # scaled residual of a row above which its answer is no answer
ORDERS = 1.5  # times |fourth - third order|: where a grid is coarse for a Problem the fourth is off too
RATES = 0.25  # times |second - first order of the learning rate|: 1/80 of it is left where a step damps by a half
NEIGHBOURS = 2  # the error at a node is the greatest among its neighbours: differences cross zero by chance
ROUNDING = 1e-13  # of a march, relative to the largest value of a curve


class Answer(NamedTuple):
    verdict: Judged
    frozen: Array
    unconverged: Array
    sweeps: Array
    covariance: Array
    response: Array


class Reading(NamedTuple):
    """How nodes are read at the times: stencils and weights."""

    stencil: Array
    weights: Array
    check_stencil: Array
    check_weights: Array

    @classmethod
    def of(cls, nodes: np.ndarray, x: np.ndarray, *, steps: int = 0) -> Reading:
        """`x` in tau; of the nodes the first `steps` are single steps of a descent, and times up to there are nodes."""
        later = nodes[steps:]
        position = positions(later - later[0], np.maximum(x - later[0], 0.0))
        single = np.rint(x / nodes[1]).astype(int) if steps else np.full(x.shape, -1)
        parts = []
        for points in (VALUE_POINTS, CHECK_POINTS):
            stencil, weights = lagrange(position, len(later), points)
            is_node = ((single >= 0) & (single <= steps))[:, None]
            exact = np.arange(stencil.shape[1]) == 0
            parts += [np.where(is_node, single[:, None], steps + stencil), np.where(is_node, exact, weights)]
        return cls(*parts)

    @classmethod
    def of_steps(cls, x: np.ndarray) -> Reading:
        """Where every step is a node."""
        stencil, one = whole_steps(x)[:, None], np.ones_like(x)[:, None]
        return cls(stencil, one, stencil, one)


def physics_of(problem: QuadraticCommittee, xp=jnp) -> Physics:
    numbers = (problem.output_scale, problem.curvature, problem.samples_per_dim, problem.teacher_overlap)
    return Physics(*(xp.asarray(number, float) for number in (*numbers, float(problem.centred))))


def answer_of(problem, marches: March, at: Reading, count: int, settings: Settings, scrambles: int) -> Answer:
    """Apart from the march, so that other times do not compile it again; in NumPy, so that nothing compiles at all."""
    if any_traced(problem, marches):
        return _traced_answer(problem, marches, at, count, settings, scrambles)
    with np.errstate(all="ignore"):  # a lost march is no news here: its curves are judged
        return _told(np, problem, jax.tree.map(np.asarray, marches), at, count, settings, scrambles)


def _told(xp, problem, marches: March, at: Reading, count, settings: Settings, scrambles: int) -> Answer:
    """`xp`: NumPy or jax.numpy."""
    physics = physics_of(problem, xp)
    parts = (
        marches.train_loss, marches.overlap, marches.common_power, marches.odd_power, marches.private_power
    )  # fmt: skip
    curves = curves_of(physics, *parts)
    in_logs = np.array([[name == "train_loss"] for name in curves])
    values, widths = _read(xp, xp.stack([*curves.values()]), at, scrambles, settings.implicit, in_logs)
    read, errors = (dict(zip(curves, found, strict=True)) for found in (values, widths))
    held = xp.max(marches.frozen[:scrambles], axis=0)
    # A held train loss, and the true one, are both below the level at which it is held.
    level = settings.freeze_below * xp.mean(curves["train_loss"][:scrambles, 0])
    errors["train_loss"] = errors["train_loss"] + level * xp.max(held[at.stencil], axis=1)
    finite = xp.stack([xp.isfinite(values).all() for values in curves.values()]).all()
    good = finite & (xp.max(marches.row_residual) < LOST_ROW)
    if xp is jnp:  # numbers have been looked at before
        good = good & in_range(problem)
    unconverged = xp.sum(marches.row_residual > settings.row_tolerance)
    working = 1.0 - marches.frozen
    # Whole numbers have no tangents: what is said of them can be said under a derivative too.
    frozen = xp.sum(working[:scrambles], axis=1).min().astype(int)
    noted = (frozen < count) | (physics.kappa < 1) | (unconverged > 0) | (scrambles == 1)
    verdict = judged(read, errors, good, noted=noted)
    if scrambles == 1:
        verdict = verdict._replace(
            errors={}, inaccurate=xp.asarray(False)
        )  # the scatter of the paths, the greater part, is not known
    return Answer(
        verdict,
        frozen,
        unconverged,
        xp.sum(marches.sweeps) / xp.sum(working),
        xp.mean(marches.covariance[:scrambles], axis=0),
        xp.mean(marches.response[:scrambles], axis=0),
    )


_traced_answer = compiled(partial(_told, jnp), static_argnames=("settings", "scrambles"))


def _read(xp, values, at: Reading, scrambles: int, implicit: bool, in_logs: np.ndarray):
    """Mean over scrambles at the times, and its error: order, scatter and interpolation. `values` (curve, march, node).

    `in_logs` (curve, 1): which curves are interpolated in their logs.
    """
    drawn = values[:, :scrambles]
    mean = xp.mean(drawn, axis=1)
    error = ROUNDING * xp.max(xp.abs(drawn), axis=(1, 2))[:, None] * xp.ones_like(mean)
    if scrambles > 1:
        error = error + _student(scrambles) * xp.std(drawn, axis=1, ddof=1)
    for check, share in zip(range(scrambles, values.shape[1]), (ORDERS, RATES), strict=False):
        error = error + share * xp.abs(values[:, 0] - values[:, check])
    error = _greatest_around(xp, error)  # `judged` takes no derivative of an error
    if not implicit:
        return mean[:, at.stencil[:, 0]], error[:, at.stencil[:, 0]]
    shown = xp.where(in_logs, xp.log(xp.where(in_logs, xp.maximum(mean, 1e-300), 1.0)), mean)

    def between(stencil, weights):
        found = xp.sum(shown[:, stencil] * weights[None], axis=2)
        return xp.where(in_logs, xp.exp(xp.where(in_logs, found, 0.0)), found)

    value, check = between(at.stencil, at.weights), between(at.check_stencil, at.check_weights)
    return value, xp.abs(value - check) + xp.max(error[:, at.check_stencil], axis=2)


def _student(scrambles: int) -> float:
    """From the spread of the scrambles to the 99 % half-width for their mean: 1.12 for nine, 2.06 for five.

    Nothing is won by pooling over neighbouring nodes: over nine of them the deviations have 1.02 times the degrees of
    freedom of one (median of 18 problems), so smooth are they. Nor by fewer paths a march: they leave a bias that no
    scatter shows. Fewer nodes pay for the marches: fourth order needs fewer, and the third sees their error.
    """
    return float(scipy.special.stdtrit(scrambles - 1, 0.995) / np.sqrt(scrambles))


def _greatest_around(xp, values):
    """At every node of (curve, node)."""
    nodes = values.shape[1]
    padded = xp.pad(values, ((0, 0), (NEIGHBOURS, NEIGHBOURS)), constant_values=-np.inf)
    return xp.max(xp.stack([padded[:, shift : shift + nodes] for shift in range(2 * NEIGHBOURS + 1)]), axis=0)
