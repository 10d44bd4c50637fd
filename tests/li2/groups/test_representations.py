"""Irreps of all groups: defects, counting identities, characters against known tables."""

import numpy as np
import pytest

from grok_theory import BadValue
from grok_theory.li2 import groups as finite

ALL = [
    "Z_2",
    "Z_7",
    "Z_8",
    "Z_12",
    "Z_97",
    "Z_2^3",
    "S_3",
    "S_4",
    "S_5",
    "A_4",
    "A_5",
    "D_4",
    "D_5",
    "Q_8",
    "Dic_3",
    "Q_16",
    "Q_8 x Z_3",
    "SL(2,3)",
    "F_21",
    "F_20",
]


@pytest.mark.parametrize("shuffle", [False, True], ids=["", "shuffled"])
@pytest.mark.parametrize("name", ALL)
def test_defects_and_counts(groups, relabel, name, shuffle):
    group = relabel(groups[name]) if shuffle else groups[name]
    found, order = finite.irreps(group), group.order
    for irrep in found:
        rho = irrep.matrices
        if irrep.degree == 1:
            assert np.abs(np.multiply.outer(rho[:, 0, 0], rho[:, 0, 0]) - rho[group.table, 0, 0]).max() < 1e-13
        else:
            assert max(np.abs(rho[a] @ rho - rho[group.table[a]]).max() for a in range(order)) < 1e-13
        assert np.abs(rho @ np.swapaxes(rho, 1, 2).conj() - np.eye(irrep.degree)).max() < 1e-13
        np.testing.assert_allclose(np.trace(rho, axis1=1, axis2=2), irrep.character, atol=1e-13)
    characters = np.array([irrep.character for irrep in found])
    assert np.abs(characters @ characters.conj().T / order - np.eye(len(found))).max() < 1e-13
    entries = np.concatenate([np.sqrt(r.degree / order) * r.matrices.reshape(order, -1).T for r in found])
    assert np.abs(entries @ entries.conj().T - np.eye(order)).max() < 1e-13  # square, so also complete: sum d^2 = M
    assert sum(r.frobenius_schur * r.degree for r in found) == group.involutions
    assert len(found) == len(set(group.conjugacy_classes))
    assert (found[0].character == 1).all()


def test_cyclic_irreps_are_in_the_order_of_their_frequency():
    for k, irrep in enumerate(finite.irreps(finite.cyclic(12))):
        np.testing.assert_allclose(irrep.character, np.exp(2j * np.pi * k * np.arange(12) / 12), atol=1e-15)


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("S_3", [(1, 1), (1, 1), (2, 1)]),
        ("A_4", [(1, 1), (1, 0), (1, 0), (3, 1)]),
        ("A_5", [(1, 1), (3, 1), (3, 1), (4, 1), (5, 1)]),
        ("Q_8", [(1, 1), (1, 1), (1, 1), (1, 1), (2, -1)]),
        ("Dic_3", [(1, 1), (1, 1), (1, 0), (1, 0), (2, 1), (2, -1)]),
        ("SL(2,3)", [(1, 1), (1, 0), (1, 0), (2, -1), (2, 0), (2, 0), (3, 1)]),
        ("F_21", [(1, 1), (1, 0), (1, 0), (3, 0), (3, 0)]),
        ("S_5", [(1, 1), (1, 1), (4, 1), (4, 1), (5, 1), (5, 1), (6, 1)]),
    ],
)
def test_degrees_and_types_as_in_the_textbooks(groups, name, types):
    assert sorted((r.degree, r.frobenius_schur) for r in finite.irreps(groups[name])) == sorted(types)


def test_characters_of_a5_hold_the_golden_ratio(groups):
    golden = (1 + np.sqrt(5)) / 2
    group = groups["A_5"]
    three = [r for r in finite.irreps(group) if r.degree == 3]
    fives = group.element_orders == 5
    values = np.unique(np.round(np.concatenate([r.character[fives].real for r in three]), 12))
    np.testing.assert_allclose(values, [1 - golden, golden], atol=1e-12)


def test_permutation_character_of_s4_contains_what_it_should(groups):
    """sympy: fixed points of S_4 on four things are the trivial irrep plus one of degree 3."""
    from sympy.combinatorics.named_groups import SymmetricGroup

    elements = sorted(tuple(p.array_form) for p in SymmetricGroup(4).elements)
    fixed = np.array([sum(i == x for i, x in enumerate(e)) for e in elements])
    content = [np.vdot(r.character, fixed) / 24 for r in finite.irreps(groups["S_4"])]
    assert np.isclose(content[0], 1)
    assert sorted(
        (r.degree, int(np.round(c.real))) for r, c in zip(finite.irreps(groups["S_4"]), content) if abs(c) > 0.5
    ) == [
        (1, 1),
        (3, 1),
    ]


def test_cost_is_far_below_a_hundred_dense_eigenproblems(groups, monkeypatch):
    """M = 200: sizes of all Hermitian eigenproblems, in units of one of size M (cost goes as the cube)."""
    group = finite.direct_product(finite.dihedral(5), finite.cyclic(20))
    sizes = []
    original = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda a: sizes.append(len(a)) or original(a))
    finite.irreps(group)
    assert sum((n / group.order) ** 3 for n in sizes) < 1


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("Z_97", "Z_2")])
def test_real_irreps(groups, name):
    group = groups[name]
    basis, rows = finite.isotypic_basis(group)
    assert basis.shape == (group.order, group.order - 1)
    assert np.abs(basis.T @ basis - np.eye(group.order - 1)).max() < 1e-13
    assert np.abs(basis.sum(axis=0)).max() < 1e-12
    for row, real in enumerate(finite.real_irreps(group)):
        matrices = real.matrices
        assert np.abs(matrices @ np.swapaxes(matrices, 1, 2) - np.eye(real.real_degree)).max() < 1e-13
        for a in group.generators:
            assert np.abs(matrices[a] @ matrices - matrices[group.table[a]]).max() < 1e-13
        character = sum(finite.irreps(group)[k].character for k in real.irreps).real
        scale = 2 if real.frobenius_schur == -1 else 1
        np.testing.assert_allclose(np.trace(matrices, axis1=1, axis2=2), scale * character, atol=1e-12)
        # The commuting algebra has dimension beta = mean of the squared real character.
        assert round(np.mean(np.trace(matrices, axis1=1, axis2=2) ** 2)) == real.algebra_dimension
        assert real.component_dimension == np.sum(rows == row)


def test_bad_inputs():
    with pytest.raises(BadValue, match=r"group is 7, but it must be a Group"):
        finite.irreps(7)
