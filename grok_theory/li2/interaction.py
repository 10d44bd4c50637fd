"""Stage III: nodes interact through the read-out, and similar nodes repel (Theorem 6 of Tian, arXiv 2509.21519 (v5)).

Muon, which orthogonalises what is new, is in `closed_forms`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ..checks import check_positive
from ..errors import BadValue
from ..pytrees import record
from .feature_energy import checked_nodes
from .network import centred_features
from .problem import GroupTask


@record()
class Repulsion:
    """How K nodes act on each other through the read-out.

    b_jl = -beta / (alpha gamma - beta^2), so coupling and similarity always have opposite signs: similar nodes repel.

    Parameters
    ----------
    coupling : Array
        (K, K), B = (F~^T F~ + eta I)^-1. Entry (j, l) is the weight with which node l enters the equation of j.
    similarity : Array
        (K, K), beta_jl = f_j^T Q f_l with Q = I - F_r (F_r^T F_r + eta I)^-1 F_r^T over the other columns: what j and l
        have in common that no other node explains. The diagonal is nan.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, groups, repulsion
    >>> task, nodes = GroupTask(groups.cyclic(5)), np.random.default_rng(0).normal(size=(3, 10))
    >>> print(repulsion(task, nodes).coupling.shape)
    (3, 3)
    """

    coupling: jax.Array
    similarity: jax.Array


def repulsion(task: GroupTask, hidden: ArrayLike) -> Repulsion:
    """The coupling of the hidden nodes and the similarity whose sign it opposes (Theorem 6).

    The 2 x 2 block of B for (j, l) is the inverse of [[alpha, beta], [beta, gamma]], which gives beta for all pairs
    from one inverse. Relative error about 1e-16 times the condition of F~^T F~ + eta I.

    Parameters
    ----------
    task : GroupTask
        With ridge > 0; any activation, subset, centring.
    hidden : array_like
        (K, 2M), K >= 2, one node [u; v] a row.

    Returns
    -------
    Repulsion
        Coupling and similarity, both (K, K).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for pairs that were not drawn.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, groups
    >>> task, nodes = GroupTask(groups.cyclic(5)), np.random.default_rng(0).normal(size=(3, 10))
    >>> told = repulsion(task, nodes)
    >>> print(bool(told.coupling[0, 1] * told.similarity[0, 1] < 0))
    True
    """
    hidden = checked_nodes(task, hidden, "repulsion")
    check_positive("task.ridge", task.ridge, "Give the task a weight_decay above zero; without it B may not exist.")
    if hidden.ndim != 2 or hidden.shape[0] < 2:
        raise BadValue(f"hidden has shape {hidden.shape}, but it must be (K, 2M) with K >= 2. Pass one node a row.")
    features, _ = centred_features(task, hidden, *task.pairs_and_labels("repulsion"))
    coupling = jnp.linalg.inv(features.T @ features + task.ridge * jnp.eye(hidden.shape[0]))
    diagonal = jnp.diagonal(coupling)
    similarity = -coupling / (diagonal[:, None] * diagonal[None, :] - coupling**2)
    return Repulsion(coupling, jnp.where(jnp.eye(hidden.shape[0], dtype=bool), jnp.nan, similarity))
