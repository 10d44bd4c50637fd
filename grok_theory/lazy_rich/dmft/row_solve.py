"""The fixed point of one row, by Anderson acceleration, with its derivative by the implicit function theorem."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PyTree

DEPTH = 12
GIVE_UP_FACTOR = 30.0  # a residual this much above the best one sends the iteration back to its best point
RESTART_DAMPING = 0.3
KRYLOV_DEPTH = 40
KRYLOV_TOLERANCE = 1e-9


class RowFixedPoint(NamedTuple):
    """`point` (unknown,), the greatest scaled residual there, and how many times the row map was evaluated."""

    point: Float[Array, " unknown"]
    residual: Float[Array, ""]
    sweeps: Float[Array, ""]


class _State(NamedTuple):
    point: Array
    previous_point: Array
    previous_change: Array
    point_steps: Array
    change_steps: Array
    filled: Array
    best_point: Array
    best_change: Array
    best_residual: Array
    best_found: PyTree
    sweeps: Array


def solve_row(row_map: Callable, guess, tolerance: float, most_sweeps: int) -> RowFixedPoint:
    """The point that `row_map` maps to itself, in units in which every entry is of order one.

    Anderson's method over the last 12 steps. Stops when the greatest change is below `tolerance`, or after
    `most_sweeps` with the best point met. Derivatives (forward mode) solve the linearised equation by GMRES; they
    never run through the iteration.
    """

    def equation(point):
        return row_map(point) - point

    def solve(_, guess):
        found, _ = iterate_row(lambda point: (row_map(point), ()), guess, tolerance, most_sweeps)
        return found.point, (found.residual, found.sweeps)

    def tangent_solve(linear, target):
        return _gmres(linear, target)

    point, (residual, sweeps) = lax.custom_root(equation, guess, solve, tangent_solve, has_aux=True)
    return RowFixedPoint(point, residual, sweeps)


def iterate_row(evaluate: Callable, guess, tolerance: float, most_sweeps: int) -> tuple[RowFixedPoint, PyTree]:
    """`solve_row` without derivatives, for an `evaluate` from the point to (its image, what else it found there).

    What was found at the best point comes back beside it, so that a row is not evaluated once more.
    """
    size = len(guess)
    nothing = jax.tree_util.tree_map(lambda part: jnp.zeros(part.shape, part.dtype), jax.eval_shape(evaluate, guess)[1])
    history = jnp.zeros((DEPTH, size))
    first = _State(
        guess,
        guess,
        jnp.zeros(size),
        history,
        history,
        jnp.array(0),
        guess,
        jnp.zeros(size),
        jnp.array(jnp.inf),
        nothing,
        jnp.array(0),
    )

    def going_on(state):
        return (state.best_residual > tolerance) & (state.sweeps < most_sweeps)

    def sweep(state):
        image, found = evaluate(state.point)
        change = image - state.point
        residual = jnp.max(jnp.abs(change))
        finite = jnp.isfinite(residual)
        better = finite & (residual < state.best_residual)
        best_point = jnp.where(better, state.point, state.best_point)
        best_change = jnp.where(better, change, state.best_change)
        best_residual = jnp.where(better, residual, state.best_residual)
        lost = ~finite | (residual > GIVE_UP_FACTOR * best_residual)

        slot = (state.filled - 1) % DEPTH
        usable = state.filled > 0
        point_steps = state.point_steps.at[slot].set(jnp.where(usable, state.point - state.previous_point, 0.0))
        change_steps = state.change_steps.at[slot].set(jnp.where(usable, change - state.previous_change, 0.0))
        mixed = state.point + change - _mix(change_steps, change) @ (point_steps + change_steps)
        restarted = best_point + RESTART_DAMPING * best_change
        return _State(
            point=jnp.where(lost, restarted, mixed),
            previous_point=state.point,
            previous_change=change,
            point_steps=jnp.where(lost, 0.0, point_steps),
            change_steps=jnp.where(lost, 0.0, change_steps),
            filled=jnp.where(lost, 0, state.filled + 1),
            best_point=best_point,
            best_change=best_change,
            best_residual=best_residual,
            best_found=jax.tree_util.tree_map(lambda a, b: jnp.where(better, a, b), found, state.best_found),
            sweeps=state.sweeps + 1,
        )

    last = lax.while_loop(going_on, sweep, first)
    return RowFixedPoint(last.best_point, last.best_residual, last.sweeps.astype(float)), last.best_found


def _mix(change_steps, change):
    """Least squares of `change` on its past steps, columns scaled to one, with a ridge at rounding."""
    norms = jnp.sqrt(jnp.sum(change_steps**2, axis=1))
    scaled = change_steps / jnp.where(norms > 0, norms, 1.0)[:, None]
    gram = scaled @ scaled.T + 1e-12 * jnp.eye(DEPTH)
    gram = gram + jnp.diag(jnp.where(norms > 0, 0.0, 1.0))
    return jnp.linalg.solve(gram, scaled @ change) / jnp.where(norms > 0, norms, 1.0)


def _gmres(linear, target):
    """Solution of linear(x) = target by one cycle of GMRES.

    The one in jax.scipy insists on a transpose, which a loop with a dynamic end has not; derivatives here are taken
    forwards only.
    """
    size = len(target)
    norm = jnp.sqrt(target @ target)
    basis = jnp.zeros((KRYLOV_DEPTH + 1, size)).at[0].set(target / jnp.where(norm > 0, norm, 1.0))
    hessenberg = jnp.zeros((KRYLOV_DEPTH + 1, KRYLOV_DEPTH))
    goal = jnp.zeros(KRYLOV_DEPTH + 1).at[0].set(norm)

    def coefficients(hessenberg, count):
        idle = jnp.diag(jnp.where(jnp.arange(KRYLOV_DEPTH) < count, 0.0, 1.0))
        gram = hessenberg.T @ hessenberg + idle
        weights = jnp.linalg.solve(gram, hessenberg.T @ goal)
        return weights, jnp.linalg.norm(hessenberg @ weights - goal)

    def going_on(state):
        count, _, _, residual = state
        return (count < KRYLOV_DEPTH) & (residual > KRYLOV_TOLERANCE * norm)

    def enlarge(state):
        count, basis, hessenberg, _ = state
        new = linear(basis[count])
        first = basis @ new
        new = new - first @ basis
        second = basis @ new  # orthogonalised twice: once loses digits
        new = new - second @ basis
        length = jnp.sqrt(new @ new)
        column = (first + second).at[count + 1].set(length)
        hessenberg = hessenberg.at[:, count].set(column)
        basis = basis.at[count + 1].set(new / jnp.where(length > 0, length, 1.0))
        return count + 1, basis, hessenberg, coefficients(hessenberg, count + 1)[1]

    count, basis, hessenberg, _ = lax.while_loop(going_on, enlarge, (jnp.array(0), basis, hessenberg, norm))
    return coefficients(hessenberg, count)[0] @ basis[:-1]
