"""Sample side of the theory: one training sample's residual, its responses and its feedback on the weights.

Per path (an h*, a common field c, an odd field q; the private field is Gaussian given the residuals and integrated
exactly) the fields obey, with G_X the weight responses and Delta the residual,

    hbar(t) = c(t) + sum_s G_C(t,s) Delta(s) e(s),  e = 1 + eps hbar
    a(t) = q(t) + eps sum_s G_A(t,s) Delta(s) a(s)
    chi_P = (I - eps G_P diag Delta)^{-1},  S = chi_P Q chi_P^T
    F = alpha hbar + (ae/2)(hbar^2 + a^2 + S(t,t))

and responses follow from triangular systems, row n from earlier rows. The time integrals carry their weights in G.
Every sum over earlier rows is one matrix-vector product over a stored triangle: `Triangles` holds them in the layout
(earlier node, node, path), and a row reads the blocks of columns that are not zero. Our derivation; see the docs page.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from .kernels import COMMON, ODD, PRIVATE, Forces, KernelRow
from .rows import put, taken


class Physics(NamedTuple):
    """The numbers of the problem: alpha, eps, kappa, m0; `centred` as 1.0 or 0.0."""

    alpha: Float[Array, ""]
    curvature: Float[Array, ""]
    kappa: Float[Array, ""]
    teacher_overlap: Float[Array, ""]
    centred: Float[Array, ""]


class Triangles(NamedTuple):
    """What earlier rows left behind, zero where there is no row yet; the large arrays take 7 paths nodes^2 doubles."""

    lines: Float[Array, "4 node path"]  # residual, slope e = 1 + eps hbar, odd field a, teacher's response E_*
    # Delta(j) B_X(j,k) of the three modes; B_P(k,j) Delta(j), an upper triangle; Delta(j) S(j,k), a full square
    histories: Float[Array, "5 node node path"]
    dressed: Float[Array, "2 node node path"]  # E_C, E_A


ROOT_TOLERANCE = 1e-12  # of a residual; the step that carries the derivatives squares it
LARGE_ARRAYS = 7
TEACHER = 3  # of `lines`
ECHO, SPREAD = 3, 4  # of `histories`, after the kicks of the modes
# Which rows of a block of columns are not all zero: from the first column on, and to the last.
FROM_FIRST_COLUMN = np.array([True, True, True, False, False])
TO_LAST_COLUMN = np.array([False, False, False, True, False])
COLUMNS_AT_ONCE = 8  # sums of a block of columns stay in the nearest cache
ROWS_AT_ONCE = 4  # of a block, added in one loop of XLA without a copy


class SiteRow(NamedTuple):
    """Row n of every path."""

    residual: Float[Array, " path"]
    slope: Float[Array, " path"]
    odd_field: Float[Array, " path"]
    responses: Float[Array, "3 node path"]  # B_X(n, :)
    kick_response: Float[Array, "node path"]  # K(n, :)
    own_response: Float[Array, " path"]  # 1 + alpha K(n, n)
    spread: Float[Array, "node path"]  # S(n, :)


def no_triangles(nodes: int, paths: int) -> Triangles:
    """No row yet."""
    cube = nodes, nodes, paths
    return Triangles(*(jnp.zeros(shape) for shape in ((4, nodes, paths), (5, *cube), (2, *cube))))


def no_site_row(nodes: int, paths: int) -> SiteRow:
    """Before there is one."""
    line, square = (paths,), (nodes, paths)
    return SiteRow(*(jnp.zeros(shape) for shape in (line, line, line, (3, *square), square, line, square)))


def start_output(physics: Physics, teacher_field):
    """F(0), what the network says on each path before training; what is subtracted if centred."""
    ae = physics.alpha * physics.curvature
    m0 = physics.teacher_overlap
    return 0.5 * ae * ((m0 * teacher_field) ** 2 + 1.0 - m0**2)


def _past(weights, cubes, n):
    """sum_{j < n} weights(x, j) cubes(x, j, k, path) for k < n, zero beyond: (cube, node, path).

    Weights may differ from path to path, shape (cube, node, path). One loop over the cubes and their blocks of columns,
    in each one over the rows that are not zero there: nothing is read that need not be, and one program serves all.
    """
    weights = weights[..., None] if weights.ndim == 2 else weights
    count, nodes, _, paths = cubes.shape
    width = min(COLUMNS_AT_ONCE, nodes)
    blocks = (n + width - 1) // width
    from_first, to_last = jnp.asarray(FROM_FIRST_COLUMN[:count]), jnp.asarray(TO_LAST_COLUMN[:count])

    def one_block(index, total):
        cube, block = index // blocks, index % blocks
        column = jnp.minimum(block * width, nodes - width)
        first = jnp.where(from_first[cube], column, 0)
        last = jnp.where(to_last[cube], jnp.minimum(column + width, n), n)

        # A pair of the same sums: XLA reads the one and writes the other. In one place for both its loop, which must be
        # right also where places overlap, would take one number at a time.
        def some_rows(step, both):
            summed = both[1]
            for row in (first + ROWS_AT_ONCE * step + offset for offset in range(ROWS_AT_ONCE)):
                weight = lax.dynamic_slice(weights, (cube, row, 0), (1, 1, weights.shape[2]))[0]
                entries = lax.dynamic_slice(cubes, (cube, row, column, 0), (1, 1, width, paths))[0, 0]
                summed = summed + jnp.where(row < last, weight, 0.0) * entries
            return summed, summed

        steps = (last - first + ROWS_AT_ONCE - 1) // ROWS_AT_ONCE
        unread, nothing = jnp.ones((width, paths)), jnp.zeros((width, paths))  # unlike, or XLA would keep but one
        summed = lax.fori_loop(0, steps, some_rows, (unread, nothing))[0]  # there is a step in every block
        return lax.dynamic_update_slice(total, summed[None], (cube, column, 0))

    return lax.fori_loop(0, count * blocks, one_block, jnp.zeros((count, nodes, paths)))


def site_row(
    physics: Physics, kernels_row: KernelRow, common_field, odd_noise, teacher_field, triangles: Triangles, n
) -> SiteRow:
    """Row n on every path, given row n of the weight kernels and the levels of the two Gaussian fields at n."""
    alpha, eps = physics.alpha, physics.curvature
    response = kernels_row.response
    now = taken(response, n, 1)
    spread_target = kernels_row.covariance[PRIVATE]
    past_residual, past_slope, past_odd_field, _ = triangles.lines
    columns = jnp.arange(response.shape[1])
    earlier, here = columns < n, (columns == n)[:, None]

    common_past = response[COMMON] @ (past_residual * past_slope)
    odd_past = eps * (response[ODD] @ (past_residual * past_odd_field))
    met = jnp.concatenate([response, spread_target[None], response[PRIVATE][None]])
    past = _past(met, triangles.histories, n)
    # Covariance of the bare private field at n with the dressed one at earlier nodes, and what kicks make of it.
    crossed = jnp.where(earlier[:, None], spread_target[:, None] + eps * past[ECHO], 0.0)
    echoed = jnp.where(earlier[:, None], past[SPREAD], 0.0)
    weight = response[PRIVATE][:, None] * past_residual  # zero from n on
    own = taken(spread_target, n)
    spread_bare = own + 2.0 * eps * jnp.sum(weight * crossed, 0) + eps**2 * jnp.sum(weight * echoed, 0)

    target = 0.5 * teacher_field**2 + physics.centred * start_output(physics, teacher_field)
    common_drive = common_field + common_past
    odd_drive = kernels_row.overlap * teacher_field + odd_noise + odd_past
    previous = jnp.where(n > 0, taken(past_residual, jnp.maximum(n - 1, 0)), target)
    residual = _residual(alpha, eps, now, common_drive, odd_drive, spread_bare, target, previous)

    poles = 1.0 - eps * now[:, None] * residual[None, :]
    hbar = (common_drive + now[COMMON] * residual) / poles[COMMON]
    slope = 1.0 + eps * hbar
    odd_field = odd_drive / poles[ODD]
    responses = (response[:, :, None] + eps * past[:ECHO]) / poles[:, None, :]
    spread = jnp.where(here, (spread_bare / poles[PRIVATE])[None], crossed + eps * echoed) / poles[PRIVATE][None]
    slopes, odd_fields = jnp.where(here, slope[None], past_slope), jnp.where(here, odd_field[None], past_odd_field)
    kick_response = slope[None] * responses[COMMON] * slopes + eps**2 * (
        odd_field[None] * responses[ODD] * odd_fields + responses[PRIVATE] * spread
    )
    return SiteRow(residual, slope, odd_field, responses, kick_response, 1.0 + alpha * taken(kick_response, n), spread)


def _residual(alpha, eps, now, common_drive, odd_drive, spread_bare, target, previous):
    """The root Delta of Delta + F(Delta) = target, below the pole 1/(eps max G(n,n)) where the left side increases.

    Newton inside a bracket; the last step is taken with the root held fixed, which carries the derivatives by every
    argument (implicit function theorem) and costs nothing.
    """
    arguments = (alpha, eps, now, common_drive, odd_drive, spread_bare, target)
    fixed = lax.stop_gradient(arguments)
    steepest = fixed[1] * jnp.max(fixed[2])
    pole = jnp.where(steepest > 0, 1.0 / jnp.where(steepest > 0, steepest, 1.0), jnp.inf)

    def step(state):
        delta, low, high, _, count = state
        value, slope = _equation(delta, *fixed)
        low, high = jnp.where(value < 0, delta, low), jnp.where(value < 0, high, delta)
        newton = delta - value / slope
        # Without a bracket on one side, Newton is trusted; the left side is increasing, so it comes back. Also at the
        # root, which by rounding may lie on an end of its bracket or beyond: from the middle it would be sought again.
        middle = 0.5 * (low + high)
        settled = jnp.abs(newton - delta) <= ROOT_TOLERANCE * (1.0 + jnp.abs(newton))
        new = jnp.where(((newton > low) & (newton < high)) | settled | ~jnp.isfinite(middle), newton, middle)
        moved = jnp.max(jnp.abs(new - delta) / (1.0 + jnp.abs(new)))
        return new, low, high, moved, count + 1

    first = jnp.minimum(lax.stop_gradient(previous), 0.5 * pole)
    start = (first, jnp.full_like(first, -jnp.inf), jnp.full_like(first, pole), jnp.array(jnp.inf), jnp.array(0))
    root = lax.while_loop(lambda s: (s[3] > ROOT_TOLERANCE) & (s[4] < 60), step, start)[0]
    root = lax.stop_gradient(root)
    value, slope = _equation(root, *arguments)
    return root - value / lax.stop_gradient(slope)


def _equation(delta, alpha, eps, now, common_drive, odd_drive, spread_bare, target):
    """Delta + F(Delta) - target and its derivative 1 + alpha K(n,n), path by path."""
    poles = 1.0 - eps * now[:, None] * delta[None, :]
    hbar = (common_drive + now[COMMON] * delta) / poles[COMMON]
    odd_square = (odd_drive / poles[ODD]) ** 2
    spread = spread_bare / poles[PRIVATE] ** 2
    value = delta + alpha * hbar + 0.5 * alpha * eps * (hbar**2 + odd_square + spread) - target
    slope = 1.0 + alpha * (
        now[COMMON] * (1.0 + eps * hbar) ** 2 / poles[COMMON]
        + eps**2 * (now[ODD] * odd_square / poles[ODD] + now[PRIVATE] * spread / poles[PRIVATE])
    )
    return value, slope


def feedback(
    physics: Physics, kernels_row: KernelRow, site: SiteRow, teacher_field, weight, triangles: Triangles, n
) -> Forces:
    """Row n of J, N and J_*, averaged over the paths (`weight` (path,), sum one)."""
    alpha, eps = physics.alpha, physics.curvature
    ae = alpha * eps
    now = taken(kernels_row.response, n, 1)
    poles = 1.0 - eps * now[:, None] * site.residual[None, :]
    own = site.own_response
    here = jnp.arange(kernels_row.response.shape[1]) == n
    residuals, slopes, odd_fields = (
        jnp.where(here[:, None], new[None], past)
        for new, past in zip((site.residual, site.slope, site.odd_field), triangles.lines, strict=False)
    )

    # Everything that meets a stored row of E_C or E_A does so with one weight a path.
    by_common = site.slope / (poles[COMMON] * own)
    by_odd = eps * site.odd_field / (poles[ODD] * own)
    pushed = eps * site.residual[None]
    common_weights = pushed * site.responses[COMMON] * slopes - alpha * by_common[None] * site.kick_response
    odd_weights = eps * pushed * site.responses[ODD] * odd_fields - alpha * by_odd[None] * site.kick_response
    shares = jnp.stack(
        [
            weight * (eps * site.residual - alpha * by_common * site.slope),
            weight * (eps * site.residual - ae * by_odd * site.odd_field),
            weight * eps * site.residual,
        ]
    )
    # E[share chi(n, k)], chi = 1 + eps B diag(Delta)
    jumps = eps * jnp.einsum("xkp,xp->xk", site.responses * residuals[None], shares)
    jumps = jumps + jnp.where(here[None], jnp.sum(shares, axis=1)[:, None], 0.0)
    memory = _past(jnp.stack([common_weights, odd_weights]), triangles.dressed, n) @ weight

    teacher_now = teacher_row(physics, site, teacher_field, triangles)
    teacher_past = eps * pushed * site.responses[ODD] * odd_fields * triangles.lines[TEACHER]
    teacher = weight @ (eps * site.odd_field / poles[ODD] * teacher_now + jnp.sum(teacher_past, axis=0))

    weighted = weight * site.residual
    noise = jnp.stack(
        [
            (residuals * slopes) @ (weighted * site.slope),
            eps**2 * ((residuals * odd_fields) @ (weighted * site.odd_field)),
            eps**2 * ((residuals * site.spread) @ weighted),
        ]
    )
    return Forces(jumps + jnp.pad(memory, ((0, 1), (0, 0))), noise, teacher)


def teacher_row(physics: Physics, site: SiteRow, teacher_field, triangles: Triangles):
    """E_*(n): the residual's response to the teacher's field; a centred start felt it too: factor 1 + ae m0^2."""
    pull = 1.0 + physics.centred * physics.alpha * physics.curvature * physics.teacher_overlap**2
    echoed = jnp.sum(site.kick_response * triangles.lines[TEACHER], axis=0)
    return (teacher_field * pull - physics.alpha * echoed) / site.own_response


def add_site(physics: Physics, site: SiteRow, teacher_field, triangles: Triangles, n) -> Triangles:
    """The stored triangles with row n (and, for the symmetric spread, column n) filled in."""
    alpha, eps = physics.alpha, physics.curvature
    teacher = teacher_row(physics, site, teacher_field, triangles)
    lines = put(triangles.lines, jnp.stack([site.residual, site.slope, site.odd_field, teacher]), n, 1)
    residual = lines[0]
    identity = jnp.where(jnp.arange(len(residual)) == n, 1.0, 0.0)
    jumps = identity[None, :, None] + eps * site.responses[:PRIVATE] * residual[None]
    # sum_j K(n,j) E(j,:), path by path: the one product that is needed once a row only
    pulled = _past(jnp.stack([site.kick_response, site.kick_response]), triangles.dressed, n)
    pull = jnp.stack([site.slope, eps * site.odd_field])[:, None]
    # Rows of kicks and spread, nothing of the echo, then the columns of echo and spread.
    rows = site.residual[None, None] * jnp.concatenate(
        [site.responses, jnp.zeros((1, *residual.shape)), site.spread[None]]
    )
    columns = residual[None] * jnp.stack([site.responses[PRIVATE], site.spread])
    histories = put(triangles.histories, rows, n, 1)
    histories = lax.dynamic_update_slice(histories, columns[:, :, None], (ECHO, 0, n, 0))
    dressed = -alpha * (pull * jumps + pulled) / site.own_response[None, None]
    return Triangles(lines, histories, put(triangles.dressed, dressed, n, 1))
