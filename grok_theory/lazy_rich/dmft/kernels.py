"""Weight side of the theory: the order parameters of the three weight modes, one row of a two-time kernel at a time.

Modes are stacked in the order common (the mean weight), odd (the teacher's direction), private (everything else).
With F = xi + kappa J w the force on a mode and w = w(0) + A F (A the quadrature of the time stepping),

    response      G = (I - kappa A J)^{-1} A          start     r = (I - kappa A J)^{-1} 1
    covariance    C = C(0,0) r r^T + kappa G N G^T    overlap   m = m0 r_odd + kappa G_odd J_*

and row n of each needs earlier rows and row n of J, N and J_* only. Our derivation; see the docs page.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from .rows import put

COMMON, ODD, PRIVATE = 0, 1, 2


class Forces(NamedTuple):
    """Row n of what the samples feed back: `feedback` J and `noise` N (3, node), and `teacher` J_*."""

    feedback: Float[Array, "3 node"]
    noise: Float[Array, "3 node"]
    teacher: Float[Array, ""]


class KernelRow(NamedTuple):
    """Row n of what the weights do: response G, covariance C (3, node), start r (3,), overlap m."""

    response: Float[Array, "3 node"]
    covariance: Float[Array, "3 node"]
    start: Float[Array, "3"]
    overlap: Float[Array, ""]


class Kernels(NamedTuple):
    """All rows so far; rows and columns still to come are zero."""

    response: Float[Array, "3 node node"]
    fed_response: Float[Array, "3 node node"]  # J G
    fed_start: Float[Array, "3 node"]  # J r
    start: Float[Array, "3 node"]
    feedback: Float[Array, "3 node node"]
    noise: Float[Array, "3 node node"]
    covariance: Float[Array, "3 node node"]
    teacher: Float[Array, " node"]
    overlap: Float[Array, " node"]


def no_kernels(nodes: int) -> Kernels:
    """Nothing known yet."""
    square, line = jnp.zeros((3, nodes, nodes)), jnp.zeros((3, nodes))
    return Kernels(square, square, line, line, square, square, square, jnp.zeros(nodes), jnp.zeros(nodes))


def no_forces(nodes: int) -> Forces:
    """Of no samples."""
    return Forces(jnp.zeros((3, nodes)), jnp.zeros((3, nodes)), jnp.zeros(()))


def no_kernel_row(nodes: int) -> KernelRow:
    """Before there is one."""
    return KernelRow(jnp.zeros((3, nodes)), jnp.zeros((3, nodes)), jnp.zeros(3), jnp.zeros(()))


def kernel_row(forces: Forces, kernels: Kernels, quadrature_row, n, kappa, teacher_overlap) -> KernelRow:
    """Row n of the kernels, given row n of the forces. `quadrature_row` is row n of A (with its 2/(alpha kappa))."""
    earlier = jnp.arange(len(quadrature_row)) < n
    past_feedback = jnp.where(earlier[None, :], forces.feedback, 0.0)
    now = quadrature_row[n]
    past = jnp.where(earlier, quadrature_row, 0.0)
    implicit = 1.0 - kappa * now * forces.feedback[:, n]
    response = (
        quadrature_row[None, :]
        + kappa * jnp.einsum("j,xjk->xk", past, kernels.fed_response)
        + kappa * now * jnp.einsum("xj,xjk->xk", past_feedback, kernels.response)
    ) / implicit[:, None]
    start = (
        1.0
        + kappa * jnp.einsum("j,xj->x", past, kernels.fed_start)
        + kappa * now * jnp.einsum("xj,xj->x", past_feedback, kernels.start)
    ) / implicit

    # Row n of G N, where row and column n of the symmetric N are the given ones.
    felt_now = response[:, n, None]
    felt = jnp.einsum("xj,xjk->xk", response, kernels.noise) + felt_now * forces.noise
    here = jnp.arange(len(quadrature_row)) == n
    felt = jnp.where(here[None], jnp.einsum("xj,xj->x", response, forces.noise)[:, None], felt)
    private_start = jnp.array([0.0, 0.0, 1.0]) * (1.0 - teacher_overlap**2)
    covariance = private_start[:, None] * start[:, None] * kernels.start + kappa * jnp.einsum(
        "xl,xkl->xk", felt, kernels.response
    )
    own = private_start * start**2 + kappa * jnp.einsum("xl,xl->x", felt, response)
    covariance = jnp.where(here[None], own[:, None], covariance)
    overlap = teacher_overlap * start[ODD] + kappa * (
        response[ODD] @ kernels.teacher + response[ODD, n] * forces.teacher
    )
    return KernelRow(response, covariance, start, overlap)


def add_row(kernels: Kernels, row: KernelRow, forces: Forces, n) -> Kernels:
    """The kernels with row (and, where symmetric, column) n filled in."""
    response = put(kernels.response, row.response, n, 1)
    start = put(kernels.start, row.start, n, 1)
    return Kernels(
        response=response,
        fed_response=put(kernels.fed_response, jnp.einsum("xj,xjk->xk", forces.feedback, response), n, 1),
        fed_start=put(kernels.fed_start, jnp.einsum("xj,xj->x", forces.feedback, start), n, 1),
        start=start,
        feedback=put(kernels.feedback, forces.feedback, n, 1),
        noise=put(put(kernels.noise, forces.noise, n, 1), forces.noise, n, 2),
        covariance=put(put(kernels.covariance, row.covariance, n, 1), row.covariance, n, 2),
        teacher=put(kernels.teacher, forces.teacher, n),
        overlap=put(kernels.overlap, row.overlap, n),
    )
