"""Sample side of the theory: one training sample's residual, its responses and its feedback on the weights.

Per path (an h*, a common field c, an odd field q; the private field is Gaussian given the residuals and integrated
exactly) the fields obey, with G_X the weight responses and Delta the residual,

    hbar(t) = c(t) + sum_s G_C(t,s) Delta(s) e(s),  e = 1 + eps hbar
    a(t) = q(t) + eps sum_s G_A(t,s) Delta(s) a(s)
    chi_P = (I - eps G_P diag Delta)^{-1},  S = chi_P Q chi_P^T
    F = alpha hbar + (ae/2)(hbar^2 + a^2 + S(t,t))

and responses follow from triangular systems, row n from earlier rows. The time integrals carry their weights in G.
Every sum over earlier rows is one matrix-vector product over a stored triangle: `Triangles` holds them in the layout
(earlier node, path, node), which is what makes a row cheap. Our derivation; see the docs page.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from .kernels import COMMON, ODD, PRIVATE, Forces, KernelRow


class Physics(NamedTuple):
    """The numbers of the problem: alpha, eps, kappa, m0; `centred` as 1.0 or 0.0."""

    alpha: Float[Array, ""]
    curvature: Float[Array, ""]
    kappa: Float[Array, ""]
    teacher_overlap: Float[Array, ""]
    centred: Float[Array, ""]


class Triangles(NamedTuple):
    """What earlier rows left behind, zero where there is no row yet; the large arrays take 7 paths nodes^2 doubles."""

    residual: Float[Array, "node path"]
    slope: Float[Array, "node path"]  # e = 1 + eps hbar
    odd_field: Float[Array, "node path"]  # a
    teacher_response: Float[Array, "node path"]  # E_*
    kicks_common: Float[Array, "node path node"]  # Delta(j) B_C(j,k)
    kicks_odd: Float[Array, "node path node"]
    kicks_private: Float[Array, "node path node"]
    private_echo: Float[Array, "node path node"]  # B_P(j,l) Delta(l), stored [l, :, j]
    private_spread: Float[Array, "node path node"]  # Delta(j) S(j,k)
    common_response: Float[Array, "node path node"]  # E_C
    odd_response: Float[Array, "node path node"]  # E_A


LARGE_ARRAYS = 7


class SiteRow(NamedTuple):
    """Row n of every path."""

    residual: Float[Array, " path"]
    slope: Float[Array, " path"]
    odd_field: Float[Array, " path"]
    responses: Float[Array, "3 path node"]  # B_X(n, :)
    kick_response: Float[Array, "path node"]  # K(n, :)
    own_response: Float[Array, " path"]  # 1 + alpha K(n, n)
    spread: Float[Array, "path node"]  # S(n, :)


def no_triangles(nodes: int, paths: int) -> Triangles:
    """No row yet."""
    line, cube = jnp.zeros((nodes, paths)), jnp.zeros((nodes, paths, nodes))
    return Triangles(line, line, line, line, cube, cube, cube, cube, cube, cube, cube)


def start_output(physics: Physics, teacher_field):
    """F(0), what the network says on each path before training; what is subtracted if centred."""
    ae = physics.alpha * physics.curvature
    m0 = physics.teacher_overlap
    return 0.5 * ae * ((m0 * teacher_field) ** 2 + 1.0 - m0**2)


def _past(weights, triangle, n):
    """sum_{j < n} weights(j) triangle(j, path, k), one pass over the rows that exist.

    Four rows a step, which XLA fuses into one loop without a copy: ten times faster than the one matrix-vector
    product over the whole array. Weights may differ from path to path, shape (node, path).
    """
    weights = weights[..., None] if weights.ndim == 2 else weights

    def four_rows(block, total):
        for row in (4 * block + offset for offset in range(4)):
            weight = jnp.where(row < n, lax.dynamic_index_in_dim(weights, row, keepdims=False), 0.0)
            total = total + weight * lax.dynamic_index_in_dim(triangle, row, keepdims=False)
        return total

    return lax.fori_loop(0, (n + 3) // 4, four_rows, jnp.zeros(triangle.shape[1:]))


def site_row(
    physics: Physics, kernels_row: KernelRow, common_field, odd_noise, teacher_field, triangles: Triangles, n
) -> SiteRow:
    """Row n on every path, given row n of the weight kernels and the levels of the two Gaussian fields at n."""
    alpha, eps = physics.alpha, physics.curvature
    response = kernels_row.response
    now = response[:, n]
    spread_target = kernels_row.covariance[PRIVATE]
    past_residual = triangles.residual
    earlier = jnp.arange(response.shape[1]) < n

    common_past = response[COMMON] @ (past_residual * triangles.slope)
    odd_past = eps * (response[ODD] @ (past_residual * triangles.odd_field))
    kicks = jnp.stack(
        [
            _past(response[COMMON], triangles.kicks_common, n),
            _past(response[ODD], triangles.kicks_odd, n),
            _past(response[PRIVATE], triangles.kicks_private, n),
        ]
    )
    # Covariance of the bare private field at n with the dressed one at earlier nodes, and what kicks make of it.
    echo = _past(spread_target, triangles.private_echo, n)
    crossed = jnp.where(earlier[None, :], spread_target[None, :] + eps * echo, 0.0)
    echoed = jnp.where(earlier[None, :], _past(response[PRIVATE], triangles.private_spread, n), 0.0)
    weight = response[PRIVATE][None, :] * past_residual.T  # (path, node), zero from n on
    spread_bare = spread_target[n] + 2.0 * eps * jnp.sum(weight * crossed, 1) + eps**2 * jnp.sum(weight * echoed, 1)

    target = 0.5 * teacher_field**2 + physics.centred * start_output(physics, teacher_field)
    common_drive = common_field + common_past
    odd_drive = kernels_row.overlap * teacher_field + odd_noise + odd_past
    previous = jnp.where(n > 0, past_residual[n - 1], target)
    residual = _residual(alpha, eps, now, common_drive, odd_drive, spread_bare, target, previous)

    poles = 1.0 - eps * now[:, None] * residual[None, :]
    hbar = (common_drive + now[COMMON] * residual) / poles[COMMON]
    slope = 1.0 + eps * hbar
    odd_field = odd_drive / poles[ODD]
    responses = (response[:, None, :] + eps * kicks) / poles[:, :, None]
    spread = (crossed + eps * echoed) / poles[PRIVATE][:, None]
    spread = spread.at[:, n].set(spread_bare / poles[PRIVATE] ** 2)
    slopes, odd_fields = triangles.slope.at[n].set(slope).T, triangles.odd_field.at[n].set(odd_field).T
    kick_response = slope[:, None] * responses[COMMON] * slopes + eps**2 * (
        odd_field[:, None] * responses[ODD] * odd_fields + responses[PRIVATE] * spread
    )
    return SiteRow(residual, slope, odd_field, responses, kick_response, 1.0 + alpha * kick_response[:, n], spread)


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
        # Without a bracket on one side, Newton is trusted; the left side is increasing, so it comes back.
        middle = 0.5 * (low + high)
        new = jnp.where(((newton > low) & (newton < high)) | ~jnp.isfinite(middle), newton, middle)
        moved = jnp.max(jnp.abs(new - delta) / (1.0 + jnp.abs(new)))
        return new, low, high, moved, count + 1

    first = jnp.minimum(lax.stop_gradient(previous), 0.5 * pole)
    start = (first, jnp.full_like(first, -jnp.inf), jnp.full_like(first, pole), jnp.array(jnp.inf), jnp.array(0))
    root = lax.while_loop(lambda s: (s[3] > 1e-12) & (s[4] < 60), step, start)[0]
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
    now = kernels_row.response[:, n]
    poles = 1.0 - eps * now[:, None] * site.residual[None, :]
    own = site.own_response
    residuals = triangles.residual.at[n].set(site.residual).T
    slopes, odd_fields = triangles.slope.T, triangles.odd_field.T

    # Everything that meets a stored row of E_C or E_A does so with one weight a path.
    by_common = site.slope / (poles[COMMON] * own)
    by_odd = eps * site.odd_field / (poles[ODD] * own)
    common_weights = (eps * site.residual)[:, None] * site.responses[COMMON] * slopes - alpha * by_common[
        :, None
    ] * site.kick_response
    odd_weights = (eps**2 * site.residual)[:, None] * site.responses[ODD] * odd_fields - alpha * by_odd[
        :, None
    ] * site.kick_response
    shares = jnp.stack(
        [
            weight * (eps * site.residual - alpha * by_common * site.slope),
            weight * (eps * site.residual - ae * by_odd * site.odd_field),
            weight * eps * site.residual,
        ]
    )
    # E[share chi(n, k)], chi = 1 + eps B diag(Delta)
    jumps = eps * jnp.einsum("xp,xpk,pk->xk", shares, site.responses, residuals)
    jumps = jumps.at[:, n].add(jnp.sum(shares, axis=1))
    memory = jnp.stack(
        [
            _averaged(weight[:, None] * common_weights, triangles.common_response, n),
            _averaged(weight[:, None] * odd_weights, triangles.odd_response, n),
            jnp.zeros_like(jumps[PRIVATE]),
        ]
    )

    teacher_now = teacher_row(physics, site, teacher_field, triangles)
    teacher_past = (eps**2 * site.residual)[:, None] * site.responses[ODD] * odd_fields * triangles.teacher_response.T
    teacher = weight @ (eps * site.odd_field / poles[ODD] * teacher_now + jnp.sum(teacher_past, axis=1))

    weighted = (weight * site.residual)[:, None] * residuals
    noise = jnp.stack(
        [
            jnp.sum(weighted * site.slope[:, None] * triangles.slope.at[n].set(site.slope).T, axis=0),
            eps**2 * jnp.sum(weighted * site.odd_field[:, None] * triangles.odd_field.at[n].set(site.odd_field).T, 0),
            eps**2 * jnp.sum(weighted * site.spread, axis=0),
        ]
    )
    return Forces(jumps + memory, noise, teacher)


def teacher_row(physics: Physics, site: SiteRow, teacher_field, triangles: Triangles):
    """E_*(n): the residual's response to the teacher's field; a centred start felt it too: factor 1 + ae m0^2."""
    pull = 1.0 + physics.centred * physics.alpha * physics.curvature * physics.teacher_overlap**2
    echoed = jnp.sum(site.kick_response * triangles.teacher_response.T, axis=1)
    return (teacher_field * pull - physics.alpha * echoed) / site.own_response


def _averaged(weights, triangle, n):
    """sum_{j < n, path} weights(path, j) triangle(j, path, k)."""

    def one_row(row, total):
        return total + weights[:, row] @ lax.dynamic_index_in_dim(triangle, row, keepdims=False)

    return lax.fori_loop(0, n, one_row, jnp.zeros(triangle.shape[2]))


def add_site(physics: Physics, site: SiteRow, teacher_field, triangles: Triangles, n) -> Triangles:
    """The stored triangles with row n (and, for the symmetric spread, column n) filled in."""
    alpha, eps = physics.alpha, physics.curvature
    nodes = triangles.residual.shape[0]
    residual = triangles.residual.at[n].set(site.residual)
    identity = jnp.where(jnp.arange(nodes) == n, 1.0, 0.0)
    jumps = identity[None, None, :] + eps * site.responses * residual.T[None]
    # sum_j K(n,j) E(j,:), path by path: the one product that is needed once a row only
    weights = site.kick_response.T
    common = (-alpha * site.slope[:, None] * jumps[COMMON] - alpha * _past(weights, triangles.common_response, n)) / (
        site.own_response[:, None]
    )
    odd = (
        -alpha * eps * site.odd_field[:, None] * jumps[ODD] - alpha * _past(weights, triangles.odd_response, n)
    ) / site.own_response[:, None]
    spread_column = residual[:, :] * site.spread.T
    kicks = site.residual[None, :, None] * site.responses
    return Triangles(
        residual=residual,
        slope=triangles.slope.at[n].set(site.slope),
        odd_field=triangles.odd_field.at[n].set(site.odd_field),
        teacher_response=triangles.teacher_response.at[n].set(teacher_row(physics, site, teacher_field, triangles)),
        kicks_common=triangles.kicks_common.at[n].set(kicks[COMMON]),
        kicks_odd=triangles.kicks_odd.at[n].set(kicks[ODD]),
        kicks_private=triangles.kicks_private.at[n].set(kicks[PRIVATE]),
        private_echo=triangles.private_echo.at[:, :, n].set(site.responses[PRIVATE].T * residual),
        private_spread=triangles.private_spread.at[n]
        .set(site.residual[:, None] * site.spread)
        .at[:, :, n]
        .set(spread_column),
        common_response=triangles.common_response.at[n].set(common),
        odd_response=triangles.odd_response.at[n].set(odd),
    )
