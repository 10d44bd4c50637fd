"""The fixed point of one row, by Anderson acceleration, with its derivative by the implicit function theorem."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PyTree

from .rows import put

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
    previous: Array  # (2, unknown): a point and its change, as in all that follows
    steps: Array  # (2, step, unknown)
    filled: Array
    best: Array  # (2, unknown)
    best_residual: Array
    found: PyTree
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
        found, _ = iterate_row(lambda point: (row_map(point), ()), guess, tolerance, most_sweeps, ())
        return found.point, (found.residual, found.sweeps)

    def tangent_solve(linear, target):
        return _gmres(linear, target)

    point, (residual, sweeps) = lax.custom_root(equation, guess, solve, tangent_solve, has_aux=True)
    return RowFixedPoint(point, residual, sweeps)


def iterate_row(
    evaluate: Callable, guess, tolerance: float, most_sweeps: int, nothing: PyTree
) -> tuple[RowFixedPoint, PyTree]:
    """`solve_row` without derivatives, for an `evaluate` from the point to (its image, what else it found there).

    What was found at the best point comes back beside it: a row is evaluated once more only if it stops short.
    `nothing`: of the same kind, before anything is found (asking `evaluate` for its shapes would trace it twice).
    """
    size = len(guess)
    pair = jnp.stack([guess, jnp.zeros(size)])
    first = _State(
        guess,
        pair,
        jnp.zeros((2, DEPTH, size)),
        jnp.array(0),
        pair,
        jnp.array(jnp.inf),
        nothing,
        jnp.array(0),
    )

    def going_on(state):
        # What stops short ends at the best point it met, where it is evaluated again.
        return (state.best_residual > tolerance) & (state.sweeps <= most_sweeps)

    def sweep(state):
        image, found = evaluate(state.point)
        change = image - state.point
        residual = jnp.max(jnp.abs(change))
        finite = jnp.isfinite(residual)
        better = finite & (residual < state.best_residual)
        now = jnp.stack([state.point, change])
        best = jnp.where(better, now, state.best)
        best_residual = jnp.where(better, residual, state.best_residual)
        lost = ~finite | (residual > GIVE_UP_FACTOR * best_residual)

        slot = (state.filled + DEPTH - 1) % DEPTH
        steps = put(state.steps, jnp.where(state.filled > 0, now - state.previous, 0.0), slot, 1)
        mixed = state.point + change - _mix(steps[1], change) @ (steps[0] + steps[1])
        restarted = best[0] + RESTART_DAMPING * best[1]
        return _State(
            point=jnp.where(state.sweeps + 1 >= most_sweeps, best[0], jnp.where(lost, restarted, mixed)),
            previous=now,
            steps=jnp.where(lost, 0.0, steps),
            filled=jnp.where(lost, 0, state.filled + 1),
            best=best,
            best_residual=best_residual,
            found=found,
            sweeps=state.sweeps + 1,
        )

    last = lax.while_loop(going_on, sweep, first)
    return RowFixedPoint(last.best[0], last.best_residual, last.sweeps.astype(float)), last.found


def _mix(change_steps, change):
    """Least squares of `change` on its past steps, columns scaled to one, with a ridge at rounding."""
    norms = jnp.sqrt(jnp.sum(change_steps**2, axis=1))
    scaled = change_steps / jnp.where(norms > 0, norms, 1.0)[:, None]
    gram = scaled @ scaled.T + jnp.diag(jnp.where(norms > 0, 1e-12, 1.0))
    # By Cholesky, whose nan where rounding wins is a lost point to the iteration.
    factor = lax.linalg.cholesky(gram, symmetrize_input=False)
    solve = partial(lax.linalg.triangular_solve, factor, left_side=True, lower=True)
    found = solve(solve((scaled @ change)[:, None]), transpose_a=True)[:, 0]
    return found / jnp.where(norms > 0, norms, 1.0)


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
