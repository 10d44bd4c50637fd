"""Targets other than the Problem's: for asking which targets a network learns late."""

from __future__ import annotations

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...checks import check_integer, check_non_negative, is_traced
from ...errors import BadValue
from ...pytrees import record
from ..closed_forms import tangent_kernel


@record(static=("index",))
class KernelEigenvector:
    """Targets along the `index`-th eigenvector (0 is the largest) of the tangent kernel of the wide start.

    On the training inputs the eigenvector itself, scaled to a mean square of 3/4 as the Problem's targets have; at
    other inputs its extension K(x, X) v / eigenvalue.

    Parameters
    ----------
    index : int
        From 0, the largest eigenvalue, downwards; below the number of samples.
    curvature : array_like
        The Problem's eps, >= 0.

    Raises
    ------
    BadValue
        For an index or a curvature out of its range; when called, for an index whose eigenvalue is rounding.
    """

    index: int
    curvature: ArrayLike

    def __post_init__(self):
        check_integer("index", self.index, 0, "Pass 0 for the largest eigenvalue.")
        check_non_negative("curvature", self.curvature, "Pass the Problem's curvature.")

    def __call__(
        self, inputs: Float[Array, "others dim"], train_inputs: Float[Array, "samples dim"]
    ) -> Float[Array, " others"]:
        samples, dim = train_inputs.shape
        check_integer("index", self.index, 0, "There are as many eigenvectors as samples.", high=samples - 1)
        start = {"second_moment": jnp.eye(dim), "mean_weight": jnp.zeros(dim), "curvature": self.curvature}
        values, vectors = jnp.linalg.eigh(tangent_kernel(train_inputs, train_inputs, **start))
        at = samples - 1 - self.index
        rounding = samples * jnp.finfo(float).eps * values[-1]
        if not is_traced(values) and not values[at] > rounding:
            raise BadValue(
                f"index is {self.index}, but the kernel of these inputs has only {int(jnp.sum(values > rounding))} "
                "eigenvalues above rounding. Pass the index of one of them."
            )
        scaled = jnp.sqrt(0.75 * samples) * vectors[:, at] / jnp.where(values[at] > rounding, values[at], jnp.nan)
        return tangent_kernel(inputs, train_inputs, **start) @ scaled
