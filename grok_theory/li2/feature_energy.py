"""The energy of a hidden node, whose gradient it follows while the read-out is lazy (stage II).

E(w) = (1/2) norm(Y~^T sigma(X w))^2 = (1/2) sum_h z~_h^2, where z_h sums sigma(u(g1) + v(g2)) over the training pairs
with label h, and z~_h = z_h - (n_h/n) sum z (centring by samples) or z_h - (1/M) sum z (by classes). On the full table
with sigma(x) = x^2 the terms u^2 + v^2 drop out: E = 2 norm(u0 * v0)^2 = (2/M) sum_k d_k norm(uhat(rho_k)
vhat(rho_k))_F^2 over the nontrivial irreps. Source: Tian, arXiv 2509.21519, Theorem 1; the Fourier form with the
Frobenius norm is ours (the paper prints abs(sum tr S)^2 / d, which is 4 times smaller at best and not proportional).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jax.typing import ArrayLike

from ..checks import check_kind, check_numbers, require_float64
from ..errors import BadValue
from ..fields import check_single
from ..numerics.programs import compiled
from .groups.fourier import Blocks, block_energies, fourier_blocks
from .problem import GroupTask


def energy(task: GroupTask, w: ArrayLike) -> jax.Array:
    """E(w) of each node, dimensionless.

    Parameters
    ----------
    task : GroupTask
        Any activation, subset of pairs, labels and centring.
    w : array_like
        (..., 2M) real nodes [u; v]; need not have unit norm.

    Returns
    -------
    Array
        (...,); relative error about 1e-15 times the condition of the sums. The square activation on the full table goes
        through the group's Fourier transform, O(M^2) a node in dense products; everything else gathers and sums over
        the pairs, O(n) a node.

    Raises
    ------
    BadValue
        For a wrong last axis, complex entries, or pairs that were not drawn.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> from grok_theory.li2.groups import cyclic
    >>> task = GroupTask(cyclic(2))
    >>> print(energy(task, jnp.array([0.5, -0.5, 0.5, -0.5])))
    1.0
    """
    w = checked_nodes(task, w, "energy")
    return _values(energy_function(task), w.reshape(-1, w.shape[-1])).reshape(w.shape[:-1])


def energy_gradient(task: GroupTask, w: ArrayLike) -> jax.Array:
    """Gradient of E(w): the velocity of stage II up to a factor.

    Parameters
    ----------
    task : GroupTask
        Any activation, subset of pairs, labels and centring.
    w : array_like
        (..., 2M) real nodes [u; v]; need not have unit norm.

    Returns
    -------
    Array
        (..., 2M), grad E of each node, its radial part included.

    Raises
    ------
    BadValue
        For a wrong last axis, complex entries, or pairs that were not drawn.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, groups
    >>> task = GroupTask(groups.cyclic(5))
    >>> print(energy_gradient(task, np.ones(10)).shape)
    (10,)
    """
    w = checked_nodes(task, w, "energy_gradient")
    return _gradients(energy_function(task), w.reshape(-1, w.shape[-1])).reshape(w.shape)


def energy_by_irrep(task: GroupTask, w: ArrayLike) -> jax.Array:
    """The part of E(w) that each real irrep carries.

    (2/M) d norm(uhat vhat)_F^2, summed over a conjugate pair where the irrep is one.

    Parameters
    ----------
    task : GroupTask
        Square activation on the full table only.
    w : array_like
        (..., 2M) real nodes [u; v]; need not have unit norm.

    Returns
    -------
    Array
        (..., rows), rows as in `local_maxima`; the sum over them is `energy`.

    Raises
    ------
    BadValue
        For another task, a wrong last axis or complex entries.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import GroupTask, feature, groups
    >>> task = GroupTask(groups.cyclic(5))
    >>> node = feature(task.group, 0, [1.0, 0.0], [1.0, 0.0], [1.0, 0.0])
    >>> print(energy_by_irrep(task, node).round(3) + 0.0)
    [1.25 0.  ]
    """
    task.require_full_square("energy_by_irrep")
    w = checked_nodes(task, w, "energy_by_irrep")
    rows = _block_energies(fourier_blocks(task.group), w.reshape(-1, w.shape[-1]))
    return rows.reshape(*w.shape[:-1], rows.shape[-1])


def checked_nodes(task: GroupTask, w: ArrayLike, caller: str) -> jax.Array:
    """`w` as a float64 array of nodes, or the sentence that says what is wrong with it."""
    require_float64(caller)
    check_kind("task", task, GroupTask, "Build one with GroupTask(cyclic(23), ...).")
    check_single(task)
    if not np.iscomplexobj(w):
        check_numbers("w", w, "Pass nodes [u; v], u acting on g1 and v on g2.")
    w = jnp.asarray(w)
    width = 2 * task.group.order
    if w.ndim == 0 or w.shape[-1] != width:
        raise BadValue(
            f"w has shape {w.shape}, but its last axis must have length 2M = {width}. "
            "Pass nodes [u; v], u acting on g1 and v on g2."
        )
    if jnp.iscomplexobj(w):
        raise BadValue("w is complex, but the energy is defined for real nodes. Pass w.real, or see reconstruction.")
    return w.astype(jnp.float64)


def energy_function(task: GroupTask) -> Partial:
    """E as a traceable function of (B, 2M) nodes that carries its arrays as leaves, so that jit compiles it once."""
    if task.activation == "square" and task.is_full_table:
        return Partial(_full_square_energy, fourier_blocks(task.group))
    pairs, labels = task.pairs_and_labels("energy")
    subset = _subset_energy(task.sigma, task.centering == "samples", task.group.order)
    return Partial(subset, pairs, labels)


def _full_square_energy(blocks: Blocks, nodes: jax.Array) -> jax.Array:
    return jnp.sum(block_energies(blocks, nodes), axis=-1)


@lru_cache(maxsize=64)  # one function for one structure: jit recognises it by identity
def _subset_energy(sigma: Callable, by_samples: bool, order: int) -> Callable:
    def subset_energy(pairs: jax.Array, labels: jax.Array, nodes: jax.Array) -> jax.Array:
        # Nodes run along the last axis, so that gathers and sums move whole rows.
        columns = nodes.T
        activity = sigma(columns[pairs[:, 0]] + columns[order + pairs[:, 1]])
        sums = jax.ops.segment_sum(activity, labels, order)
        counts = jax.ops.segment_sum(jnp.ones(labels.shape, sums.dtype), labels, order)
        share = counts / labels.shape[0] if by_samples else jnp.full(order, 1 / order, sums.dtype)
        centred = sums - share[:, None] * jnp.sum(sums, axis=0, keepdims=True)
        return 0.5 * jnp.sum(centred**2, axis=0)

    return subset_energy


@compiled
def _values(function: Partial, nodes: jax.Array) -> jax.Array:
    return function(nodes)


@compiled
def _gradients(function: Partial, nodes: jax.Array) -> jax.Array:
    return jax.grad(lambda w: jnp.sum(function(w)))(nodes)


_block_energies = compiled(block_energies)


def hessian_spectrum(task: GroupTask, w: ArrayLike) -> jax.Array:
    """Ascending eigenvalues of the Riemannian Hessian of the energy on the unit sphere at w / norm(w).

    P (H - (w . grad E) I) P on the tangent space, P = I - w w^T, H exact by automatic differentiation. At a critical
    point it decides whether it is a maximum. Costs 2M gradients and an eigenproblem of that size a node.

    Parameters
    ----------
    task : GroupTask
        Any activation, subset of pairs, labels and centring.
    w : array_like
        (..., 2M) real nodes [u; v], not zero; scaled to unit norm here.

    Returns
    -------
    Array
        (..., 2M - 1), the eigenvalues of each node.

    Raises
    ------
    BadValue
        For a wrong last axis, complex entries, or pairs that were not drawn.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, feature, groups
    >>> task = GroupTask(groups.cyclic(5))
    >>> node = feature(task.group, 0, [1.0, 0.0], [1.0, 0.0], [1.0, 0.0])
    >>> values, counts = np.unique(hessian_spectrum(task, node).round(6) + 0.0, return_counts=True)
    >>> print(values, counts)  # in the full table -8E*, -4E* and 0, with E* = 5/4
    [-10.  -5.   0.] [1 6 2]
    """
    w = checked_nodes(task, w, "hessian_spectrum")
    function = energy_function(task)
    return _spectra(function, w.reshape(-1, w.shape[-1])).reshape(*w.shape[:-1], -1)


@compiled
def _spectra(function: Partial, nodes: jax.Array) -> jax.Array:
    def one(w: jax.Array) -> jax.Array:
        w = w / jnp.linalg.norm(w)
        scalar = lambda x: function(x[None])[0]  # noqa: E731
        radial = jnp.dot(w, jax.grad(scalar)(w))
        tangent = jnp.linalg.qr(w[:, None], mode="complete")[0][:, 1:]
        return jnp.linalg.eigvalsh(tangent.T @ jax.hessian(scalar)(w) @ tangent) - radial

    return jax.lax.map(one, nodes)
