"""Real irreducible representations, their orthogonal matrices, and the isotypic components of real functions.

A complex irrep rho of degree d gives one real irrep R of dimension D: itself in a real basis (nu = 1, D = d), or its
realification [[Re, -Im], [Im, Re]] (D = 2 d; for nu = 0 it stands for rho and its conjugate together). What commutes
with R is the real, complex or quaternion numbers, of dimension beta = 1, 2, 4. The functions x^T R(g) y of one R span
its isotypic component, of dimension D^2 / beta.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ...errors import SolveFailed
from .group import Group
from .representations import SEED, Irrep, irreps


@dataclass(frozen=True, eq=False)
class RealIrrep:
    """One nontrivial real irrep R of a group of M elements.

    Parameters
    ----------
    irreps : tuple[int, ...]
        Which of `irreps(group)` it is made of: one index, or a conjugate pair.
    degree : int
        d of the complex irrep.
    frobenius_schur : int
        nu: 1 real, 0 complex, -1 quaternionic type.
    real_degree : int
        D, the dimension of R.
    algebra_dimension : int
        beta: real dimension of what commutes with R, 1, 2 or 4.
    matrices : ndarray
        (M, D, D) real orthogonal, in a basis whose first D / beta vectors lie on different lines over the commuting
        algebra: the first D / beta rows of the matrices already span the isotypic component.

    Examples
    --------
    >>> from grok_theory.li2.groups import cyclic, real_irreps
    >>> print([R.real_degree for R in real_irreps(cyclic(5))])
    [2, 2]
    """

    irreps: tuple[int, ...]
    degree: int
    frobenius_schur: int
    real_degree: int
    algebra_dimension: int
    matrices: np.ndarray = field(repr=False)

    @property
    def component_dimension(self) -> int:
        """Dimension D^2 / beta of the isotypic component in the functions on the group."""
        return self.real_degree**2 // self.algebra_dimension


@lru_cache(maxsize=64)
def real_irreps(group: Group) -> list[RealIrrep]:
    """The nontrivial real irreps of `group`, the rows of `local_maxima`.

    Parameters
    ----------
    group : Group
        Any group.

    Returns
    -------
    list[RealIrrep]
        By real degree, then by their first complex irrep. Results are cached: do not write into them.

    Raises
    ------
    BadValue, SolveFailed, TooLarge
        As `irreps`.

    Examples
    --------
    >>> from grok_theory.li2.groups import cyclic
    >>> [r.irreps for r in real_irreps(cyclic(4))]
    [(2,), (1, 3)]
    """
    complex_ones = irreps(group)
    characters = np.array([irrep.character for irrep in complex_ones])
    conjugate = _conjugates(characters)
    found = []
    for k, irrep in enumerate(complex_ones[1:], start=1):
        if irrep.frobenius_schur == 0 and conjugate[k] < k:
            continue
        which = (k,) if irrep.frobenius_schur != 0 else (k, int(conjugate[k]))
        matrices = _real_matrices(irrep)
        matrices.setflags(write=False)
        found.append(
            RealIrrep(which, irrep.degree, irrep.frobenius_schur, irrep.real_degree, irrep.algebra_dimension, matrices)
        )
    return sorted(found, key=lambda real: (real.real_degree, real.irreps))


def _conjugates(characters: np.ndarray) -> np.ndarray:
    """For each irrep the index of its complex conjugate: (1/M) sum_g chi_k(g) chi_l(g) = 1 there."""
    return np.argmax((characters @ characters.T).real, axis=1)


def _real_matrices(irrep: Irrep) -> np.ndarray:
    if irrep.frobenius_schur == 1:
        return _in_real_basis(irrep)
    rho = irrep.matrices if irrep.frobenius_schur == 0 else _in_quaternion_basis(irrep)
    return np.block([[rho.real, -rho.imag], [rho.imag, rho.real]])


def _invariant_form(irrep: Irrep) -> np.ndarray:
    """Unitary J with rho(g) J = J conj(rho(g)); symmetric for nu = 1, antisymmetric for nu = -1."""
    draws = np.random.default_rng(SEED)
    shape = (irrep.degree, irrep.degree)
    seed = draws.normal(size=shape) + 1j * draws.normal(size=shape)
    form = np.mean(irrep.matrices @ seed @ np.swapaxes(irrep.matrices, 1, 2), axis=0)
    form = (form + irrep.frobenius_schur * form.T) / 2
    left, _, right = np.linalg.svd(form)
    return left @ right


def _in_real_basis(irrep: Irrep) -> np.ndarray:
    """S^dagger rho S with J = S S^T (Takagi): real, since S^dagger rho S = S^T conj(rho) conj(S)."""
    form = _invariant_form(irrep)
    # J symmetric and unitary: its real and imaginary parts commute and share real eigenvectors.
    _, vectors = np.linalg.eigh(form.real + 0.618033988749895 * form.imag)
    phases = np.angle(np.einsum("ij,ik,kj->j", vectors, form, vectors))
    basis = vectors * np.exp(0.5j * phases)
    matrices = basis.conj().T @ irrep.matrices @ basis
    if np.abs(matrices.imag).max() > 1e-9:
        raise SolveFailed(f"An irrep of real type (degree {irrep.degree}) did not become real. Report this group.")
    return matrices.real.copy()


def _in_quaternion_basis(irrep: Irrep) -> np.ndarray:
    """rho in a basis v_1..v_m, j v_1..j v_m, where j v = J conj(v) commutes with rho and j^2 = -1."""
    form, degree = _invariant_form(irrep), irrep.degree
    lines: list[np.ndarray] = []
    while 2 * len(lines) < degree:
        inside = np.array([w for v in lines for w in (v, form @ v.conj())]).reshape(-1, degree)
        outside = np.eye(degree) - inside.T @ inside.conj()  # column e is what is left of the unit vector e
        vector = outside[:, np.argmax(np.linalg.norm(outside, axis=0))]
        lines.append(vector / np.linalg.norm(vector))
    basis = np.array(lines + [form @ v.conj() for v in lines]).T
    return basis.conj().T @ irrep.matrices @ basis


@lru_cache(maxsize=64)
def isotypic_basis(group: Group) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal basis of the mean-free real functions, sorted by isotypic component.

    Parameters
    ----------
    group : Group
        Any group.

    Returns
    -------
    tuple[ndarray, ndarray]
        `(basis (M, M-1), row (M-1,))`: the columns of `basis` belong to the entries `row` of `real_irreps`. The share
        of a function f in component k is the sum of (f . column)^2 over its columns, over norm(f)^2.

    Raises
    ------
    BadValue, SolveFailed, TooLarge
        As `irreps`.

    Examples
    --------
    >>> from grok_theory.li2.groups import cyclic
    >>> basis, row = isotypic_basis(cyclic(5))
    >>> print(basis.shape, row)
    (5, 4) [0 0 1 1]
    """
    columns, rows = [], []
    for row, irrep in enumerate(real_irreps(group)):
        lines = irrep.real_degree // irrep.algebra_dimension
        scale = np.sqrt(irrep.real_degree / group.order)
        columns.append(scale * irrep.matrices[:, :lines].reshape(group.order, -1))
        rows += [row] * columns[-1].shape[1]
    basis = np.concatenate(columns, axis=1) if columns else np.zeros((group.order, 0))
    basis.setflags(write=False)
    return basis, np.array(rows, int)
