"""Marches that JAX may batch and differentiate.

A march depends on the four numbers of the problem only, so its derivative is a Jacobian with four columns, found
forwards beside the march (row fixed points by the implicit function theorem) and good for `grad` and `jvp` alike. A
batch of problems is marched one after the other inside one compiled call: the memory is that of one march.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ...checks import check_memory
from .marching import Before, March, march
from .single_site import LARGE_ARRAYS, Physics

COPIES = 3  # of large arrays, while a row is filled in
TOLERANCE_OF_DERIVATIVES = 1e-10
DIRECTIONS = 4  # alpha, curvature, kappa, teacher_overlap


class Settings(NamedTuple):
    """How rows are solved; hashable, a march is compiled once for each."""

    implicit: bool
    row_tolerance: float = 1e-6
    most_sweeps: int = 60
    freeze_below: float = 1e-8


def bytes_of_march(nodes: int, paths: int) -> float:
    """Peak memory of one march: the triangles, the copies XLA makes of some while it fills in a row, and rows of work.

    Copies and rows are as measured (benchmark `lazy_rich_dmft_error`): 2.6 to 3 triangles, 44 rows.
    """
    return 8.0 * ((LARGE_ARRAYS + COPIES) * paths * nodes**2 + 44 * paths * nodes + 30 * nodes**2)


@lru_cache(maxsize=32)
def marcher(settings: Settings):
    """A function from physics, quadratures (march, node, node), teacher_field, weight, innovations
    (march, node, 2, path) and the count of nodes that are no padding to a March with a leading axis of marches.

    It can be mapped, and differentiated by `physics`.
    """

    def one(physics, quadrature, *given, settings=settings, differentiated=False):
        return march(physics, quadrature, *given, **settings._asdict(), differentiated=differentiated)

    @jax.custom_batching.sequential_vmap
    def all_marches(physics, quadratures, teacher_field, weight, innovations, count) -> March:
        # All begin from the first: with other paths, or by another order, its rows are near.
        def following(first, each):
            found, after = one(physics, each[0], teacher_field, weight, each[1], count, first)
            return jax.tree.map(lambda old, new: jnp.where(first.rows > 0, old, new), first, after), found

        return lax.scan(following, Before.nothing(quadratures.shape[-1]), (quadratures, innovations))[1]

    # Rows solved more tightly: a derivative taken beside a root is off by the distance times a large second derivative.
    tight = settings._replace(row_tolerance=min(settings.row_tolerance, TOLERANCE_OF_DERIVATIVES))

    @jax.custom_batching.sequential_vmap
    def with_jacobian(physics, quadratures, teacher_field, weight, innovations, count):
        def one_with_jacobian(each):
            def by_four(numbers):
                moved = physics._replace(**_named(numbers))
                given = (each[0], teacher_field, weight, each[1], count, Before.nothing(quadratures.shape[-1]))
                return one(moved, *given, settings=tight, differentiated=True)[0]

            numbers = jnp.stack([physics.alpha, physics.curvature, physics.kappa, physics.teacher_overlap])
            push = partial(jax.jvp, by_four, (numbers,))
            return jax.vmap(lambda direction: push((direction,)), out_axes=(None, 0))(jnp.eye(DIRECTIONS))

        return lax.map(one_with_jacobian, (quadratures, innovations))

    @jax.custom_jvp
    def marches(physics, quadratures, teacher_field, weight, innovations, count):
        return all_marches(physics, quadratures, teacher_field, weight, innovations, count)

    @marches.defjvp
    def by_jacobian(primals, tangents):
        nodes, paths = primals[1].shape[-1], primals[2].shape[0]
        check_memory(
            "The derivative of the DMFT march",
            (1 + DIRECTIONS) * bytes_of_march(nodes, paths),
            "Lower paths or grid_points (or the number of steps).",
        )
        values, jacobian = with_jacobian(*primals)
        pushed: Physics = tangents[0]
        numbers = jnp.stack([pushed.alpha, pushed.curvature, pushed.kappa, pushed.teacher_overlap])
        # The jacobian has axes (march, direction, ...); grids and draws are not differentiated.
        return values, jax.tree.map(lambda columns: jnp.einsum("md...,d->m...", columns, numbers), jacobian)

    return marches


def _named(numbers):
    return dict(zip(("alpha", "curvature", "kappa", "teacher_overlap"), numbers, strict=True))
