"""What is exact in this wing and needs no solver: maxima of the energy, the mirrored residual, Muon's new column.

The exact local maxima of the energy on the unit sphere, for the full table and the square activation: one connected
family for each nontrivial real irrep (dimension D, commuting algebra of dimension beta), four isolated points where
D = 1:

    u(g) = sqrt(D / 2M) x^T R(g) y,   v(g) = sqrt(D / 2M) y^T R(g) z,   x, y, z free unit vectors; ONE inner vector y
    E*   = M / (2 D)
    Riemannian Hessian = 4 E* times {0, -1, -2}, with multiplicities 3D - beta - 2, 2M - 4D + 2 beta, D - beta + 1

Theorem 2 of Tian, arXiv 2509.21519 (v5), corrected: the paper prints M/(8d), M/(16d) and leaves u and v = +-P u. That
there are no other local maxima is verified by ascent from many starts only; a proof is missing.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_kind, check_numbers, check_shape, require_float64
from ..errors import BadValue
from ..pytrees import record
from ..reports import table
from .groups.group import Group
from .groups.real_representations import real_irreps
from .problem import GroupTask


@record(static=("group", "irreps"))
class LocalMaxima:
    """The families of local maxima of `group`, one row a nontrivial real irrep.

    Parameters
    ----------
    group : Group
        The group of the task.
    irreps : tuple[tuple[int, ...], ...]
        For each row the indices into `irreps(group)`: one, or a conjugate pair.
    degree : ndarray
        (rows,) integers, d.
    frobenius_schur : ndarray
        (rows,) integers, nu: 1 real, 0 complex, -1 quaternionic type.
    real_degree : ndarray
        (rows,) integers, D.
    energy : ndarray
        (rows,), E* = M / (2D).
    zero, minus_one, minus_two : ndarray
        (rows,) integers: how often the Hessian on the sphere has the eigenvalue 0, -4E*, -8E*; `zero` is also the
        dimension of the family.
    printed_energy : ndarray
        (rows,), what the paper prints, nan where it gives none (quaternionic type).

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import GroupTask, groups, local_maxima
    >>> table = local_maxima(GroupTask(groups.cyclic(5)))
    >>> print(table.energy, table.real_degree)
    [1.25 1.25] [2 2]
    """

    group: Group
    irreps: tuple[tuple[int, ...], ...]
    degree: np.ndarray
    frobenius_schur: np.ndarray
    real_degree: np.ndarray
    energy: np.ndarray
    zero: np.ndarray
    minus_one: np.ndarray
    minus_two: np.ndarray
    printed_energy: np.ndarray

    def __len__(self) -> int:
        return len(self.irreps)

    def __str__(self) -> str:
        head = (
            f"Local maxima of {self.group.name} (order {self.group.order}): eigenvalues of the Hessian in units of 4E*"
        )
        columns = (self.degree, self.frobenius_schur, self.real_degree)
        counts = (self.zero, self.minus_one, self.minus_two)
        rows = [("row", "irreps", "d", "nu", "D", "E*", "x 0", "x -1", "x -2", "printed")]
        for row, which in enumerate(self.irreps):
            kind = (str(column[row]) for column in columns)
            multiplicities = (str(count[row]) for count in counts)
            energies = f"{self.energy[row]:.6g}", f"{self.printed_energy[row]:.6g}"
            rows.append((str(row), ",".join(map(str, which)), *kind, energies[0], *multiplicities, energies[1]))
        return "\n".join([head, *table(rows, right=range(10))])


def local_maxima(task: GroupTask) -> LocalMaxima:
    """The exact families of local maxima; one row a nontrivial real irrep, in the order of `real_irreps(group)`.

    Parameters
    ----------
    task : GroupTask
        With the square activation on the full table; either centring.

    Returns
    -------
    LocalMaxima
        Energies and Hessians in closed form; print it.

    Raises
    ------
    BadValue
        For a subset of pairs, noisy labels or another activation; points to `ascend`.

    Examples
    --------
    >>> from grok_theory.li2.groups import symmetric
    >>> found = local_maxima(GroupTask(symmetric(3)))
    >>> found.energy.tolist(), found.zero.tolist(), found.minus_one.tolist(), found.minus_two.tolist()
    ([3.0, 1.5], [0, 3], [10, 6], [1, 2])
    """
    check_kind("task", task, GroupTask, "Build one with GroupTask(cyclic(23), ...).")
    task.require_full_square("local_maxima")
    order, rows = task.group.order, real_irreps(task.group)
    degree = np.array([r.degree for r in rows])
    indicator = np.array([r.frobenius_schur for r in rows])
    dimension = np.array([r.real_degree for r in rows])
    algebra = np.array([r.algebra_dimension for r in rows])
    printed = np.select([indicator == 1, indicator == 0], [order / (8 * degree), order / (16 * degree)], np.nan)
    return LocalMaxima(
        group=task.group,
        irreps=tuple(r.irreps for r in rows),
        degree=degree,
        frobenius_schur=indicator,
        real_degree=dimension,
        energy=order / (2 * dimension),
        zero=3 * dimension - algebra - 2,
        minus_one=2 * order - 4 * dimension + 2 * algebra,
        minus_two=dimension - algebra + 1,
        printed_energy=printed,
    )


def mirrored_residual(group: Group) -> float:
    """Least residual of nodes [u; +-P u], (P u)(g) = u(g^-1), attained with enough of them.

    It is sqrt((M - I) / (2 (M - 1))), I = #{h : h^2 = e}. Features of such nodes do not change under (g1, g2) ->
    (g2^-1, g1^-1), so h and h^-1 look alike. The bound holds for any even activation, and for any activation if only
    the + sign is used.

    Parameters
    ----------
    group : Group
        Of at least 2 elements.

    Returns
    -------
    float
        In [0, 1/sqrt 2], as `Reconstruction.residual`. Odd M: 1/sqrt 2. Z_2^k: 0.

    Raises
    ------
    BadValue
        For what is no Group of at least 2 elements.

    Examples
    --------
    >>> from grok_theory.li2 import groups
    >>> print([round(float(mirrored_residual(group)), 3) for group in (groups.cyclic(5), groups.symmetric(3))])
    [0.707, 0.447]
    """
    if not isinstance(group, Group) or group.order < 2:
        raise BadValue(
            f"group is {group!r}, but it must be a Group of at least 2 elements. Pass for example cyclic(23)."
        )
    return float(np.sqrt((group.order - group.involutions) / (2 * (group.order - 1))))


@record()
class MuonColumn:
    """Where an orthogonalised update sends one new gradient column.

    Parameters
    ----------
    exact : Array
        (n,), the last column of the polar factor.
    first_order : Array
        (n,), its expansion for a small part along the known columns.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import muon_column
    >>> told = muon_column(np.eye(4)[:, :2], np.array([0.01, 0.0, 1.0, 0.0]))
    >>> print(bool(np.abs(told.exact - told.first_order).max() < 1e-4))
    True
    """

    exact: jax.Array
    first_order: jax.Array


def muon_column(columns: ArrayLike, new: ArrayLike) -> MuonColumn:
    """The last column of the polar factor of [Q, v], Q with orthonormal columns: what Muon makes of a new gradient v.

    With v = v_par + v_perp (along and across the span of Q) it is v_perp / norm(v_perp) + v_par / (1 + norm(v_perp)) up
    to O(norm(v_par)^2): the new direction comes out at full length however short, the known one is damped. (Lemma 9;
    the paper prints the error as O(norm(v_perp)^2).)

    Parameters
    ----------
    columns : array_like
        Q (n, m), orthonormal to 1e-8, m < n.
    new : array_like
        v (n,).

    Returns
    -------
    MuonColumn
        The exact column, and that expansion.

    Raises
    ------
    BadValue
        For another shape, or columns that are not orthonormal.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> told = muon_column(np.eye(4)[:, :2], np.array([1.0, 0.0, 1.0, 0.0]))
    >>> print(told.exact.round(3))
    [0.447 0.    0.894 0.   ]
    """
    require_float64("muon_column")
    check_numbers("columns", columns, "Pass the known directions.")
    check_numbers("new", new, "Pass one gradient column.")
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
