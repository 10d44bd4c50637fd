"""Stage III: nodes interact. Similar nodes repel, learned irreps leave the energy, Muon orthogonalises what is new.

Theorems 6 and 7 and Lemma 9 of Tian, arXiv 2509.21519 (v5), with the kernel of Theorem 7 corrected.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..checks import check_positive, check_shape, require_float64
from ..errors import BadValue
from ..pytrees import record
from .feature_energy import checked_nodes, energy_by_irrep
from .groups.real_representations import real_irreps
from .lazy_stage import centred_features
from .problem import GroupTask


@record()
class Repulsion:
    """How K nodes act on each other through the read-out.

    - `coupling`: (K, K), B = (F~^T F~ + eta I)^-1. Entry (j, l) is the weight with which node l enters the equation of
      j.
    - `similarity`: (K, K), beta_jl = f_j^T Q f_l with Q = I - F_r (F_r^T F_r + eta I)^-1 F_r^T over the other columns:
      what j and l have in common that no other node explains. The diagonal is nan.

    b_jl = -beta / (alpha gamma - beta^2), so coupling and similarity always have opposite signs: similar nodes repel.
    """

    coupling: jax.Array
    similarity: jax.Array


def repulsion(task: GroupTask, hidden: Any) -> Repulsion:
    """The coupling of the hidden nodes and the similarity whose sign it opposes (Theorem 6).

    **Arguments:** `task` with ridge > 0 (any activation, subset, centring); `hidden`: (K, 2M), K >= 2.

    The 2 x 2 block of B for (j, l) is the inverse of [[alpha, beta], [beta, gamma]], which gives beta for all pairs
    from one inverse. Relative error about 1e-16 times the condition of F~^T F~ + eta I. Raises `BadValue`,
    `Float64Required`.
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


def missing_feature_energy(task: GroupTask, w: Any, learned: Any) -> jax.Array:
    """The energy a node still climbs when the real irreps `learned` are exactly represented by others (Theorem 7).

    E_S(w) = (2/M) sum over k not in S, k nontrivial, of d_k ||uhat vhat||_F^2: only missing features have maxima left.

    **Arguments:**
    - `task`: full table, square activation. `w`: (..., 2M).
    - `learned`: rows of `local_maxima`; each at most once. Empty gives `energy`, all rows give 0.

    Raises `BadValue` for a row that does not exist or repeats, and for other tasks.
    """
    rows = len(real_irreps(task.group))
    chosen = np.asarray(learned, dtype=object).reshape(-1)
    missing = np.ones(rows)
    for position, row in enumerate(chosen):
        if isinstance(row, (bool, np.bool_)) or not isinstance(row, (int, np.integer)) or not 0 <= row < rows:
            raise BadValue(
                f"learned[{position}] is {row!r}, but it must be a row 0..{rows - 1} of local_maxima(task). "
                "Pass the rows that are already represented, for example [0]."
            )
        if missing[row] == 0:
            raise BadValue(f"learned[{position}] is {row}, which is there already. Pass each row once.")
        missing[row] = 0
    return jnp.sum(energy_by_irrep(task, w) * missing.reshape([1] * (jnp.ndim(w) - 1) + [rows]), axis=-1)


@record()
class MuonColumn:
    """Where an orthogonalised update sends one new gradient column; `exact` and `first_order`, both (n,)."""

    exact: jax.Array
    first_order: jax.Array


def muon_column(columns: Any, new: Any) -> MuonColumn:
    """The last column of the polar factor of [Q, v], Q with orthonormal columns: what Muon makes of a new gradient v.

    With v = v_par + v_perp (along and across the span of Q) it is v_perp/||v_perp|| + v_par/(1 + ||v_perp||) up to
    O(||v_par||^2): the new direction comes out at full length however short, the known one is damped. (Lemma 9; the
    paper prints the error as O(||v_perp||^2).)

    **Arguments:** `columns`: (n, m), orthonormal to 1e-8, m < n; `new`: (n,). Raises `BadValue`, `Float64Required`.
    """
    require_float64("muon_column")
    columns, new = jnp.asarray(columns, jnp.float64), jnp.asarray(new, jnp.float64)
    if columns.ndim != 2 or columns.shape[1] >= columns.shape[0]:
        raise BadValue(
            f"columns has shape {columns.shape}, but it must be (n, m) with m < n. Pass the known directions."
        )
    check_shape("new", new, (columns.shape[0],), "Pass one gradient column.")
    defect = float(jnp.abs(columns.T @ columns - jnp.eye(columns.shape[1])).max())
    if not defect < 1e-8:
        raise BadValue(
            f"columns are orthonormal to {defect:.1e} only, but 1e-8 is needed. Pass jnp.linalg.qr(columns)[0]."
        )
    left, _, right = jnp.linalg.svd(jnp.concatenate([columns, new[:, None]], axis=1), full_matrices=False)
    along = columns @ (columns.T @ new)
    across = new - along
    length = jnp.linalg.norm(across)
    return MuonColumn((left @ right)[:, -1], across / length + along / (1 + length))
