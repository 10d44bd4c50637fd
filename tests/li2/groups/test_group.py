"""Groups against sympy's permutation groups and brute force; every bad table by its sentence."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, TooLarge
from grok_theory.li2 import groups as finite

ALL = [
    "Z_7",
    "Z_12",
    "Z_2^3",
    "S_3",
    "S_4",
    "A_4",
    "A_5",
    "D_4",
    "D_5",
    "Q_8",
    "Dic_3",
    "Q_16",
    "SL(2,3)",
    "F_21",
    "F_20",
]


@pytest.mark.parametrize("name", ALL)
def test_group_axioms_by_brute_force(groups, name):
    group = groups[name]
    table, everyone = group.table, np.arange(group.order)
    assert (table[group.identity] == everyone).all()
    assert (table[everyone, group.inverse] == group.identity).all()
    for x in everyone:
        np.testing.assert_array_equal(table[table[x]], table[x][table])  # (x a) b = x (a b)
    np.testing.assert_array_equal(table[everyone[None], group.left_division], np.tile(everyone[:, None], group.order))


@pytest.mark.parametrize(("ours", "theirs"), [("symmetric", "SymmetricGroup"), ("alternating", "AlternatingGroup")])
def test_permutation_groups_against_sympy(ours, theirs):
    from sympy import combinatorics
    from sympy.combinatorics import named_groups

    group, oracle = getattr(finite, ours)(4), getattr(named_groups, theirs)(4)
    elements = sorted(tuple(p.array_form) for p in oracle.elements)
    assert group.order == oracle.order()
    for a, b in itertools.product(range(group.order), repeat=2):
        # sympy composes from left to right: (p * q)(i) = q(p(i)).
        product = combinatorics.Permutation(list(elements[b])) * combinatorics.Permutation(list(elements[a]))
        assert tuple(product.array_form) == elements[group.table[a, b]]
    assert len(set(group.conjugacy_classes)) == len(oracle.conjugacy_classes())
    orders = [combinatorics.Permutation(list(e)).order() for e in elements]
    np.testing.assert_array_equal(group.element_orders, orders)
    assert group.is_abelian == oracle.is_abelian


def test_dihedral_against_sympy():
    from sympy.combinatorics.named_groups import DihedralGroup

    for n in (3, 4, 5):
        oracle = DihedralGroup(n)
        assert finite.dihedral(n).order == oracle.order()
        assert len(set(finite.dihedral(n).conjugacy_classes)) == len(oracle.conjugacy_classes())


def test_quaternion_relations():
    _, minus, i, _, j, _, k, _ = range(8)
    table = finite.quaternion().table
    assert [table[i, i], table[j, j], table[k, k], table[i, j], table[j, k], table[k, i]] == [minus] * 3 + [k, i, j]
    assert table[j, i] == k + 1


def test_from_generators_finds_the_special_linear_group(groups):
    from sympy.combinatorics import Permutation, PermutationGroup

    group = groups["SL(2,3)"]
    assert group.order == 24
    # Its left translations as sympy permutations generate a group of the same order with the same classes.
    oracle = PermutationGroup([Permutation(list(map(int, group.table[g]))) for g in group.generators])
    assert oracle.order() == 24
    assert len(oracle.conjugacy_classes()) == len(set(group.conjugacy_classes)) == 7


def test_equal_groups_hash_alike(groups, relabel):
    assert finite.cyclic(6) == finite.from_cayley_table(np.add.outer(np.arange(6), np.arange(6)) % 6)
    assert hash(finite.cyclic(6)) == hash(finite.cyclic(6))
    assert finite.cyclic(6) != finite.symmetric(3)
    assert relabel(groups["S_3"]).order == 6
    assert finite.cyclic(6) != "Z_6"


FIVE = [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]  # a loop that is no group


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([[0, 1], [1, 1]], r"table is no Latin square: row 1 holds 1 twice, at 0 and 1.*Pass an M x M table"),
        ([[0, 1], [0, 1]], r"no Latin square: column 0 holds 0 twice, at 0 and 1"),
        (FIVE, r"table is not associative: \(\d \d\) \d = \d, but \d \(\d \d\) = \d"),
        ([[1, 0, 2], [0, 2, 1], [2, 1, 0]], r"table has no identity: no row lists"),
        (
            [[0, 1, 2], [2, 0, 1], [1, 2, 0]],
            r"table has no identity: 0 is neutral from the left only \(table\[1, 0\] = 2",
        ),
        ([[0.0, 1.0], [1.0, 0.0]], r"table holds 0.0 of type float64, but entries must be integers"),
        ([[0.0, float("nan")], [1.0, 0.0]], r"table holds nan of type float64"),
        ([[True, False], [False, True]], r"type bool, but entries must be integers"),
        ([], r"table has shape \(0,\), but it must be square and not empty"),
        ([[0, 1, 2], [1, 2, 0]], r"table has shape \(2, 3\)"),
        ([[0, 1], [1]], r"rows of different lengths"),
        ([[0, 2], [1, 0]], r"table\[0, 1\] is 2, but entries must be 0\.\.1"),
        ([[0, -1], [1, 0]], r"table\[0, 1\] is -1"),
    ],
)
def test_tables_that_are_no_groups(table, said):
    with pytest.raises(BadValue, match=said):
        finite.from_cayley_table(table)
    with pytest.raises(ValueError, match="table"):
        finite.from_cayley_table(table)


@pytest.mark.parametrize("make", [finite.cyclic, finite.dihedral, finite.symmetric, finite.alternating])
@pytest.mark.parametrize("n", [0, -1, 2.5, True, float("nan")])
def test_family_sizes(make, n):
    with pytest.raises(BadValue, match=r"n is .*but it must be an integer.*Pass"):
        make(n)


def test_too_large_a_table_is_refused_by_size():
    with pytest.raises(TooLarge, match=r"The multiplication table of 479001600 elements needs .* GiB"):
        finite.symmetric(12)


def test_generators_that_give_no_group():
    with pytest.raises(BadValue, match="more than 50 elements"):
        finite.from_generators([1], lambda a, b: a + b, largest=50)
    with pytest.raises(BadValue, match="generators is empty"):
        finite.from_generators([], lambda a, b: a)
    with pytest.raises(BadValue, match="a is 3, but it must be a Group"):
        finite.direct_product(3, finite.cyclic(2))


@given(st.integers(2, 12), st.integers(0, 1000))
def test_one_planted_error_in_a_table_is_always_noticed(order, seed):
    """Changing a single entry of a Latin square breaks it; swapping two rows of a group's table leaves a Latin
    square.
    """
    draws = np.random.default_rng(seed)
    table = finite.cyclic(order).table.copy()
    a, b = draws.integers(order, size=2)
    table[a, b] = (table[a, b] + draws.integers(1, order)) % order
    with pytest.raises(BadValue, match="Latin"):
        finite.from_cayley_table(table)


@given(st.sampled_from(["S_3", "Z_8", "Q_8", "D_4", "A_4"]), st.integers(0, 10**6))
def test_an_intercalate_swap_is_never_accepted(groups, name, seed):
    """Switching a 2 x 2 Latin subsquare keeps the square Latin but never a group: the failing triple is named."""
    table, draws = groups[name].table.copy(), np.random.default_rng(seed)
    order = len(table)
    found = [
        (a, b, c, d)
        for a, b in itertools.combinations(range(order), 2)
        for c, d in itertools.combinations(range(order), 2)
        if table[a, c] == table[b, d] and table[a, d] == table[b, c]
    ]
    if not found:
        return
    a, b, c, d = found[draws.integers(len(found))]
    table[[a, b], c], table[[a, b], d] = table[[a, b], d].copy(), table[[a, b], c].copy()
    with pytest.raises(BadValue, match=r"not associative|no identity"):
        finite.from_cayley_table(table)
