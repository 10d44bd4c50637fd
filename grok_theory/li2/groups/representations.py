"""Irreducible representations of a finite group from its multiplication table alone.

Conventions: fhat(rho) = sum_g f(g) rho(g);  f(g) = (1/M) sum_k d_k tr(rho_k(g)^dagger fhat(rho_k)); norm(f)^2 = (1/M)
sum_k d_k norm(fhat(rho_k))_F^2;  (f * g)(h) = sum_x f(x) g(x^-1 h) has the transform fhat ghat.

Method. Characters: the class sums act on the class functions by commuting normal matrices (Burnside); one random real
Hermitian combination of them, of size #classes, is diagonalised. Matrices: inside the isotypic component of a character
(dimension d^2) a random Hermitian element of the right-regular algebra commutes with the left translations and has d
eigenspaces of dimension d; each is one copy of the irrep. No matrix of size M x M is ever diagonalised unless the group
is Abelian. The draws have a fixed seed, so the same table gives the same matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ...checks import check_memory
from ...errors import BadValue, SolveFailed
from .group import Group

SEED = 20260917  # any number does; fixed so that results repeat
LARGEST_DEFECT = 1e-9
_BLOCK_ENTRIES = 2**21  # complex entries held at once, 32 MiB


@dataclass(frozen=True, eq=False)
class Irrep:
    """One complex irreducible representation rho of a group of M elements.

    Parameters
    ----------
    degree : int
        d, the dimension.
    frobenius_schur : int
        nu = mean_g chi(g^2): 1 real, 0 complex, -1 quaternionic type.
    real_degree : int
        D, dimension of the real irrep made from it: d if nu = 1, else 2 d.
    matrices : ndarray
        (M, d, d) complex, unitary.
    character : ndarray
        (M,) complex, chi(g) = tr rho(g).

    Examples
    --------
    >>> from grok_theory.li2.groups import irreps, symmetric
    >>> print([rho.degree for rho in irreps(symmetric(3))])
    [1, 1, 2]
    """

    degree: int
    frobenius_schur: int
    real_degree: int
    matrices: np.ndarray = field(repr=False)
    character: np.ndarray = field(repr=False)

    @property
    def algebra_dimension(self) -> int:
        """Real dimension beta of what commutes with the real irrep: 1 (R), 2 (C) or 4 (H)."""
        return {1: 1, 0: 2, -1: 4}[self.frobenius_schur]


@lru_cache(maxsize=64)
def irreps(group: Group) -> list[Irrep]:
    """All complex irreps of `group`, one from each equivalence class, the trivial one first.

    Order: by degree, then by the phases of the character over the elements, so that Z_n gives rho_k(a) = exp(2 pi i k a
    / n) in the order k = 0..n-1. Memory is O(M^2 d).

    Parameters
    ----------
    group : Group
        Any group.

    Returns
    -------
    list[Irrep]
        Accuracy: homomorphism, unitarity and orthogonality to about 1e-14 for the groups tried (M <= 200); above 1e-9
        the routine redraws. Results are cached: do not write into them.

    Raises
    ------
    BadValue
        For what is no Group.
    SolveFailed
        Where ten draws gave no irreps to 1e-9.
    TooLarge
        Where the matrices do not fit into memory.

    Examples
    --------
    >>> from grok_theory.li2.groups import quaternion
    >>> [(r.degree, r.frobenius_schur, r.real_degree) for r in irreps(quaternion())][-1]
    (2, -1, 4)
    """
    if not isinstance(group, Group):
        raise BadValue(
            f"group is {group!r}, but it must be a Group. Make one with cyclic(n) or from_cayley_table(table)."
        )
    check_memory(
        f"Finding the irreps of {group.order} elements",
        16.0 * group.order**2.5,
        "Work with a smaller group.",
    )
    draws = np.random.default_rng(SEED)
    characters = _characters(group, draws)
    found = [_irrep(group, character, draws) for character in characters]
    return sorted(found, key=_place)


def _place(irrep: Irrep) -> tuple:
    # Rounded, so that round-off does not decide the order; a phase just below 2 pi is a phase of zero.
    size = np.round(np.abs(irrep.character), 6)
    phase = np.where(size > 0, np.round(np.mod(np.angle(irrep.character) + 1e-7, 2 * np.pi), 6), 0.0)
    return irrep.degree, tuple(zip(phase, -size))


def _characters(group: Group, draws: np.random.Generator) -> np.ndarray:
    """(#classes, M) characters: common eigenvectors of the class sums."""
    classes = group.conjugacy_classes
    sizes = np.bincount(classes)
    first = np.unique(classes, return_index=True)[1]
    inverse_class = classes[group.inverse[first]]
    for _ in range(10):
        # A Hermitian central element z = sum_x c(x) x, c a class function with c(x^-1) = conj c(x).
        weights = draws.normal(size=len(sizes)) + 1j * draws.normal(size=len(sizes))
        weights = (weights + weights[inverse_class].conj()) / np.sqrt(sizes)
        # Convolution by it on class functions, in the basis of normalised class indicators:
        # (c * f)(h) = sum_y c(h y^-1) f(y).
        rows = weights[classes[group.table[first][:, group.inverse]]]
        acting = np.zeros((len(sizes), len(sizes)), complex)
        np.add.at(acting.T, classes, rows.T)
        acting *= np.sqrt(sizes)[:, None] / np.sqrt(sizes)[None, :]
        values, vectors = np.linalg.eigh((acting + acting.conj().T) / 2)
        gaps = np.diff(values)
        if len(gaps) == 0 or gaps.min() > 1e-5 * np.abs(values).max():
            break
    else:
        raise SolveFailed(
            "The eigenvalues of ten random central elements were all nearly degenerate. Report this group."
        )
    characters = (vectors / np.sqrt(sizes)[:, None]).T[:, classes]  # unit vectors over the group
    at_identity = characters[:, group.identity]
    return np.sqrt(group.order) * characters * (np.abs(at_identity) / at_identity)[:, None]


def _irrep(group: Group, character: np.ndarray, draws: np.random.Generator) -> Irrep:
    degree = round(float(character[group.identity].real))
    indicator = round(float(np.mean(character[np.diagonal(group.table)]).real))
    if degree == 1:
        # chi(g) is a root of unity of the order of g: snapping to it leaves no error at all.
        turns = np.round(np.angle(character) / (2 * np.pi) * group.element_orders) / group.element_orders
        character = np.cos(2 * np.pi * turns) + 1j * np.sin(2 * np.pi * turns)
        character = np.round(character.real) + 0j if indicator == 1 else character
        matrices = character[:, None, None]
        if homomorphism_defect(group, matrices) > LARGEST_DEFECT:
            raise SolveFailed("A character of degree 1 came out wrong. Report this group.")
    else:
        matrices = _matrices(group, character, degree, draws)
        character = np.trace(matrices, axis1=1, axis2=2)
    for array in (matrices, character):
        array.setflags(write=False)
    return Irrep(degree, indicator, degree if indicator == 1 else 2 * degree, matrices, character)


def _matrices(group: Group, character: np.ndarray, degree: int, draws: np.random.Generator) -> np.ndarray:
    """(M, d, d) unitary matrices with the given character."""
    order, divide = group.order, group.left_division
    for _ in range(10):
        # Orthonormal basis of the isotypic component: project random functions, f -> f * (d/M) conj(chi).
        functions = draws.normal(size=(order, degree**2)) + 1j * draws.normal(size=(order, degree**2))
        basis = np.linalg.qr((degree / order) * character.conj()[divide] @ functions)[0]
        # Convolution from the right by a Hermitian element c, (f * c)(h) = sum_x f(x) c(x^-1 h), within it.
        element = draws.normal(size=order) + 1j * draws.normal(size=order)
        element = element + element[group.inverse].conj()
        values, vectors = np.linalg.eigh(basis.conj().T @ (element[divide] @ basis))
        levels = values.reshape(degree, degree)
        inside = np.ptp(levels, axis=1).max()
        apart = np.diff(levels.mean(axis=1))
        if inside > 1e-9 * np.abs(values).max() or apart.min() < 1e-4 * np.abs(values).max():
            continue
        # The copy that is farthest from its neighbours is the most exact one.
        copy = int(np.argmax(np.minimum(np.append(apart, np.inf), np.insert(apart, 0, np.inf))))
        vectors = basis @ vectors[:, copy * degree : (copy + 1) * degree]
        moved = vectors[divide.T]  # [g, h] -> f(g^-1 h): left translation of the basis functions
        matrices = _polished(group, _unitary(np.einsum("hi,ghj->gij", vectors.conj(), moved, optimize=True)))
        if homomorphism_defect(group, matrices) < LARGEST_DEFECT:
            return matrices
    raise SolveFailed(f"No irrep of degree {degree} came out right in ten draws. Report this group.")


def _polished(group: Group, matrices: np.ndarray) -> np.ndarray:
    """One step of rho(b) <- mean_a rho(a)^dagger rho(a b), made unitary: squares the distance to a representation."""
    averaged = np.empty_like(matrices)
    block = max(1, _BLOCK_ENTRIES // matrices.size)
    for start in range(0, group.order, block):
        products = matrices[group.table[:, start : start + block]]
        averaged[start : start + block] = np.moveaxis(np.tensordot(matrices.conj(), products, ((0, 1), (0, 2))), 0, 1)
    return _unitary(averaged / group.order)


def _unitary(matrices: np.ndarray) -> np.ndarray:
    """The nearest unitary matrix to each."""
    left, _, right = np.linalg.svd(matrices)
    return left @ right


def homomorphism_defect(group: Group, matrices: np.ndarray) -> float:
    """Largest entry of abs(rho(a) rho(b) - rho(a b)) over generators a and all b, which is enough for all pairs."""
    defects = [np.abs(matrices[a] @ matrices - matrices[group.table[a]]).max() for a in group.generators]
    return float(max(defects))
