"""The causal sweep: row after row of the two-time kernels, each from the rows before it.

No outer iteration: in descent a row follows directly, in flow it is the fixed point of a small map.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from .gaussian_rows import (
    Increments,
    NewIncrement,
    add_increments,
    draw_increments,
    no_increment,
    no_increments,
    shifted,
    whitening,
)
from .kernels import (
    COMMON,
    ODD,
    PRIVATE,
    Forces,
    KernelRow,
    Kernels,
    add_row,
    kernel_row,
    no_forces,
    no_kernel_row,
    no_kernels,
)
from .row_solve import iterate_row, solve_row
from .rows import put, taken
from .single_site import (
    Physics,
    SiteRow,
    Triangles,
    add_site,
    feedback,
    no_site_row,
    no_triangles,
    site_row,
    start_output,
)

FEEDBACK_FLOOR = 1e-3  # of the largest mode: below it rows of J are converged absolutely
TEACHER_FLOOR = 1e-9  # of the same for J_*, which is as small as the teacher's overlap
NOISE_FLOOR = 1e-3  # of the first noise: below it the rows of N are converged absolutely


class March(NamedTuple):
    """What a march returns, node by node (node,): losses' ingredients, and how each row went."""

    train_loss: Float[Array, " node"]
    overlap: Float[Array, " node"]
    common_power: Float[Array, " node"]  # V(t,t)
    odd_power: Float[Array, " node"]  # Ct(t,t)
    private_power: Float[Array, " node"]  # Q(t,t)
    row_residual: Float[Array, " node"]
    sweeps: Float[Array, " node"]
    frozen: Float[Array, " node"]  # 1.0 where held
    covariance: Float[Array, "3 node node"]
    response: Float[Array, "3 node node"]


class Before(NamedTuple):
    """The first `rows` rows of a march with other paths or another quadrature: rows are looked for near its own."""

    kernels: Kernels
    rows: Array

    @classmethod
    def nothing(cls, nodes: int) -> "Before":
        """No march yet."""
        return cls(no_kernels(nodes), jnp.array(0))


class _Carry(NamedTuple):
    kernels: Kernels
    increments: Increments  # of the common and of the odd field
    triangles: Triangles
    frozen: Array


def march(
    physics: Physics,
    quadrature,
    teacher_field,
    weight,
    innovations,
    count,
    before: Before,
    *,
    implicit: bool,
    row_tolerance: float,
    most_sweeps: int,
    freeze_below: float,
    differentiated: bool,
) -> tuple[March, Before]:
    """March over `count` nodes of `quadrature` (node, node, in tau) with the paths of `innovations` (node, 2, path).

    Nodes from `count` on are padding, and repeat the last. Only if `differentiated` do derivatives pass the rows. What
    comes back beside the March is what the next one may be given as `before`.

    `freeze_below` is a share of the train loss at the start: below it weights and responses are held, because the row
    equations of a fitted training set are lost to rounding.
    """
    nodes, paths = len(quadrature), len(weight)
    rate = 2.0 / (physics.alpha * physics.kappa)
    untrained = (1.0 - physics.centred) * start_output(physics, teacher_field)
    start_loss = weight @ (0.5 * teacher_field**2 - untrained) ** 2

    def one_row(carry: _Carry, n):
        kernels, triangles = carry.kernels, carry.triangles
        quadrature_row = rate * quadrature[n]
        whitened = whitening(carry.increments, n)
        earlier = jnp.where(n > 0, taken(kernels.covariance, jnp.maximum(n - 1, 0), 1)[:PRIVATE], 0.0)
        innovation = taken(innovations, n)

        def evaluate(forces: Forces):
            row = kernel_row(forces, kernels, quadrature_row, n, physics.kappa, physics.teacher_overlap)
            new = draw_increments(carry.increments, whitened, row.covariance[:PRIVATE], earlier, innovation, n)
            site = site_row(physics, row, new.level[COMMON], new.level[ODD], teacher_field, triangles, n)
            return row, new, site, feedback(physics, row, site, teacher_field, weight, triangles, n)

        if implicit:
            guess, scale = _guess(kernels, n)
            guess = _corrected(guess, before, n)

            def mapped(point):
                found = evaluate(_unpack(point * scale, nodes))
                return _pack(found[3]) / scale, found

            first = _pack(guess) / scale
            if differentiated:
                solved = solve_row(lambda point: mapped(point)[0], first, row_tolerance, most_sweeps)
                row, new, site, forces = evaluate(_unpack(solved.point * scale, nodes))
            else:
                solved, (row, new, site, forces) = iterate_row(
                    mapped, first, row_tolerance, most_sweeps, _nothing_found(nodes, paths)
                )
            residual, sweeps = solved.residual, solved.sweeps
        else:
            row, new, site, forces = evaluate(no_forces(nodes))
            residual, sweeps = jnp.array(0.0), jnp.array(1.0)
        train = weight @ site.residual**2
        values = jnp.stack([train, row.overlap, *taken(row.covariance, n, 1), residual, sweeps])
        following = _Carry(
            add_row(kernels, row, forces, n),
            add_increments(carry.increments, new, n),
            add_site(physics, site, teacher_field, triangles, n),
            train < freeze_below * start_loss,
        )
        return following, values

    def step(state):
        n, carry, history = state
        carry, row = one_row(carry, n)
        return n + 1, carry, put(history, row, n)

    start = _Carry(
        no_kernels(nodes),
        no_increments(2, nodes, paths),
        no_triangles(nodes, paths),
        jnp.array(False),
    )
    history = jnp.zeros((nodes, 7))
    # A loop with an end, not a scan with a condition inside: the condition would copy the triangles at every row.
    done, last, history = lax.while_loop(
        lambda state: (state[0] < count) & ~state[1].frozen, step, (jnp.array(0), start, history)
    )
    frozen = jnp.arange(nodes) >= done
    values = jnp.where(frozen[:, None], taken(history, jnp.maximum(done - 1, 0)), history)[:, :5]
    found = March(
        *values.T,
        *history[:, 5:].T,
        frozen.astype(float),
        covariance=last.kernels.covariance,
        response=last.kernels.response,
    )
    return found, Before(last.kernels, done)


def _nothing_found(nodes: int, paths: int) -> tuple[KernelRow, NewIncrement, SiteRow, Forces]:
    """What a row is before it is evaluated."""
    return no_kernel_row(nodes), no_increment(2, nodes, paths), no_site_row(nodes, paths), no_forces(nodes)


def _pack(forces: Forces):
    return jnp.concatenate([forces.feedback.ravel(), forces.noise.ravel(), forces.teacher[None]])


def _unpack(point, nodes: int) -> Forces:
    return Forces(
        point[: 3 * nodes].reshape(3, nodes), point[3 * nodes : 6 * nodes].reshape(3, nodes), point[6 * nodes]
    )


def _guess(kernels: Kernels, n):
    """Row n predicted from row n - 1, and the unit of each of its entries (both without derivatives)."""
    kernels = lax.stop_gradient(kernels)
    nodes = kernels.overlap.shape[0]
    columns = jnp.arange(nodes)
    before = jnp.maximum(n - 1, 0)
    feedback, noise, teacher = _row(kernels, before)
    moved = jnp.where((columns <= n)[None, :], jax.vmap(shifted)(feedback), 0.0)
    diagonal = taken(noise, before, 1)
    predicted = jnp.where((columns < n)[None, :], noise, jnp.where((columns == n)[None, :], diagonal[:, None], 0.0))
    guess = Forces(moved, predicted, teacher)

    # Where two parts of the feedback cancel (curvature = 2 output_scale at the start), its size is rounding, no unit.
    own = jnp.abs(taken(feedback, before, 1))
    own = jnp.maximum(own, FEEDBACK_FLOOR * jnp.max(own))
    first_noise = kernels.noise[:, 0, 0]
    powers = jnp.einsum("xkk->xk", kernels.noise)
    powers = jnp.where((columns < n)[None, :], powers, diagonal[:, None])
    units = jnp.maximum(jnp.sqrt(jnp.abs(diagonal[:, None] * powers)), NOISE_FLOOR * first_noise[:, None])
    scale = Forces(
        jnp.broadcast_to(own[:, None], (3, nodes)), units, jnp.maximum(jnp.abs(teacher), TEACHER_FLOOR * jnp.max(own))
    )
    # The first row has no predecessor: everything is of order one there.
    return guess, jnp.where((n > 0) & (_pack(scale) > 0), _pack(scale), 1.0)


def _corrected(guess: Forces, before: Before, n) -> Forces:
    """`guess` with what the same prediction missed in the march before: two marches miss nearly the same."""
    missed = _guess(before.kernels, n)[0]
    there = n < before.rows
    feedback, noise, teacher = _row(before.kernels, n)
    noise = jnp.where((jnp.arange(noise.shape[1]) <= n)[None, :], noise, 0.0)  # no columns that were still to come
    own = Forces(feedback, noise, teacher)
    return jax.tree.map(lambda here, row, wrong: here + jnp.where(there, row - wrong, 0.0), guess, own, missed)


def _row(kernels: Kernels, n) -> Forces:
    return Forces(taken(kernels.feedback, n, 1), taken(kernels.noise, n, 1), taken(kernels.teacher, n))
