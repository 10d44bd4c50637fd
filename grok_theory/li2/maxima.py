"""The exact local maxima of the energy on the unit sphere: full table, square activation.

One connected family for each nontrivial real irrep (dimension D, commuting algebra of dimension beta), four isolated
points where D = 1:

    u(g) = sqrt(D / 2M) x^T R(g) y,   v(g) = sqrt(D / 2M) y^T R(g) z,   x, y, z free unit vectors; ONE inner vector y
    E*   = M / (2 D)
    Riemannian Hessian = 4 E* times {0, -1, -2}, with multiplicities 3D - beta - 2, 2M - 4D + 2 beta, D - beta + 1

Theorem 2 of Tian, arXiv 2509.21519 (v5), corrected: the paper prints M/(8d), M/(16d) and leaves u and v = +-P u. That
there are no other local maxima is verified by ascent from many starts only; a proof is missing.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..checks import check_integer, check_key, check_kind
from ..errors import BadValue
from ..pytrees import record
from ..reports import table
from .feature_energy import checked_nodes, energy_function
from .groups.group import Group
from .groups.real_representations import real_irreps
from .problem import GroupTask


@record(static=("group", "irreps"))
class LocalMaxima:
    """The families of local maxima of `group`, one row a nontrivial real irrep.

    - `irreps`: for each row the indices into `irreps(group)`: one, or a conjugate pair.
    - `degree` d, `frobenius_schur` nu, `real_degree` D: (rows,) integers.
    - `energy`: E* = M / (2D). `printed_energy`: what the paper prints, nan where it gives none (quaternionic type).
    - `zero`, `minus_one`, `minus_two`: how often the Hessian on the sphere has the eigenvalue 0, -4E*, -8E*; `zero` is
      also the dimension of the family.
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

    Raises `BadValue` for a subset of pairs, noisy labels or another activation, and points to `ascend`.

    >>> from grok_theory.li2.groups.group import symmetric
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


def feature(group: Group, row: Any, left: Any, inner: Any, right: Any) -> np.ndarray:
    """The maximum [u; v] of real irrep `row` with given vectors: u ~ left^T R(g) inner, v ~ inner^T R(g) right.

    **Arguments:**
    - `row`: of `real_irreps(group)`, as in `local_maxima`.
    - `left`, `inner`, `right`: x, y, z of shape (..., D); scaled to unit length here.

    **Returns:** (..., 2M), unit norm, ||u|| = ||v|| = 1/sqrt 2. Raises `BadValue` for another length or a zero vector.
    """
    rows = real_irreps(group)
    row = check_integer("row", row, 0, "Pass a row of local_maxima.", high=len(rows) - 1)
    irrep = rows[row]
    unit = [_unit_vectors(*pair, irrep.real_degree) for pair in (("left", left), ("inner", inner), ("right", right))]
    x, y, z = np.broadcast_arrays(*unit)
    # R(g) y once; y^T R(g) = (R(g)^T y)^T = (R(g^-1) y)^T.
    moved = np.einsum("gij,...j->...gi", irrep.matrices, y)
    u = np.einsum("...gi,...i->...g", moved, x)
    v = np.einsum("...gi,...i->...g", moved[..., group.inverse, :], z)
    return np.sqrt(irrep.real_degree / (2 * group.order)) * np.concatenate([u, v], axis=-1)


def _unit_vectors(name: str, vector: Any, dimension: int) -> np.ndarray:
    vector = np.asarray(vector, float)
    if vector.ndim == 0 or vector.shape[-1] != dimension:
        raise BadValue(
            f"{name} has shape {vector.shape}, but its last axis must have the real degree {dimension} of the irrep."
        )
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    if not (length > 0).all():
        raise BadValue(
            f"{name} holds a zero vector or NaN, but it must have a direction. Pass for example a unit vector."
        )
    return vector / length


def random_features(group: Group, row: Any, *, count: Any, key: jax.Array) -> np.ndarray:
    """(count, 2M): maxima of real irrep `row` with independent uniform unit vectors; feature i depends on (key, i)
    only.
    """
    check_key(key)
    rows = real_irreps(group)
    row = check_integer("row", row, 0, "Pass a row of local_maxima.", high=len(rows) - 1)
    count = check_integer("count", count, 1, "Pass how many features to draw.")
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(count))
    draws = jax.vmap(lambda k: jax.random.normal(k, (3, rows[row].real_degree)))(keys)
    return feature(group, row, *np.moveaxis(np.asarray(draws, float), 1, 0))


def hessian_spectrum(task: GroupTask, w: Any) -> jax.Array:
    """(..., 2M - 1): eigenvalues, ascending, of the Riemannian Hessian of the energy on the unit sphere at w / ||w||.

    P (H - (w . grad E) I) P on the tangent space, P = I - w w^T, H exact by automatic differentiation. For any task;
    at a critical point it decides whether it is a maximum. Costs 2M gradients and an eigenproblem of that size a node.
    """
    w = checked_nodes(task, w, "hessian_spectrum")
    function = energy_function(task)
    return _spectra(function, w.reshape(-1, w.shape[-1])).reshape(*w.shape[:-1], -1)


@jax.jit
def _spectra(function: Any, nodes: jax.Array) -> jax.Array:
    def one(w: jax.Array) -> jax.Array:
        w = w / jnp.linalg.norm(w)
        scalar = lambda x: function(x[None])[0]  # noqa: E731
        radial = jnp.dot(w, jax.grad(scalar)(w))
        tangent = jnp.linalg.qr(w[:, None], mode="complete")[0][:, 1:]
        return jnp.linalg.eigvalsh(tangent.T @ jax.hessian(scalar)(w) @ tangent) - radial

    return jax.lax.map(one, nodes)
