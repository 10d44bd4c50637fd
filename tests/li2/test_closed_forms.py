"""The closed form of the maxima against ascent, explicit Hessians, and random members of each family; Muon's column
by its polar factor.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.li2 import (
    GroupTask,
    ascend,
    energy,
    energy_gradient,
    feature,
    hessian_spectrum,
    local_maxima,
    muon_column,
    random_features,
)
from grok_theory.li2.groups import cyclic, irrep_share, real_irreps

DEFAULT = ["Z_8", "S_3", "Q_8", "A_4"]
MORE = [
    "Z_2",
    "Z_7",
    "SL(2,3)",
    "F_21",
    "Z_12",
    "Z_13",
    "Z_97",
    "Z_2^3",
    "S_4",
    "S_5",
    "A_5",
    "D_4",
    "D_5",
    "Dic_3",
    "Q_16",
    "Q_8 x Z_3",
    "F_20",
]


def _multiplicities(spectrum, scale):
    """How often 0, -1, -2 times 4E* occur; the rest would be something the theory does not allow."""
    return [int(np.sum(np.abs(spectrum / scale + k) < 1e-6)) for k in (0, 1, 2)]


@pytest.mark.parametrize("name", DEFAULT + [pytest.param(n, marks=pytest.mark.slow) for n in MORE])
def test_ascent_finds_the_closed_form_and_nothing_else(groups, name):
    """400 starts: energies to 1e-10, purity 1 - 1e-8, every real irrep met, all three multiplicities."""
    task = GroupTask(groups[name])
    table, found = local_maxima(task), ascend(task, key=jax.random.key(1), starts=400)
    assert found.status.level == 0
    np.testing.assert_allclose(found.energy, table.energy[found.irrep], rtol=1e-12)
    assert found.purity.min() > 1 - 1e-12
    np.testing.assert_allclose(np.linalg.norm(found.weights, axis=1), 1.0, rtol=1e-14)
    half = np.sum(found.weights[:, : task.group.order] ** 2, axis=1)
    np.testing.assert_allclose(half, 0.5, atol=1e-10)
    met = np.unique(found.irrep)
    assert len(met) == len(table) or name == "Z_97"  # 48 equal basins and 400 starts may miss one
    first = np.array([np.flatnonzero(found.irrep == row)[0] for row in met[:8]])
    for row, spectrum in zip(met[:8], np.asarray(hessian_spectrum(task, found.weights[first]))):
        expected = [table.zero[row], table.minus_one[row], table.minus_two[row]]
        assert _multiplicities(spectrum, 4 * table.energy[row]) == expected
        assert sum(expected) == 2 * task.group.order - 1


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Z_7", [(1.75, 2, 10, 1)] * 3),
        ("S_3", [(3, 0, 10, 1), (1.5, 3, 6, 2)]),
        ("Q_8", [(4, 0, 14, 1)] * 3 + [(1, 6, 8, 1)]),
        ("A_4", [(3, 2, 20, 1), (2, 6, 14, 3)]),
    ],
)
def test_reference_values(groups, name, rows):
    table = local_maxima(GroupTask(groups[name]))
    found = list(zip(table.energy.tolist(), table.zero.tolist(), table.minus_one.tolist(), table.minus_two.tolist()))
    assert found == rows
    assert "printed" in str(table)
    assert len(str(table).splitlines()) == len(rows) + 2


def test_printed_energies_are_four_times_too_small_or_absent(groups):
    table = local_maxima(GroupTask(groups["SL(2,3)"]))
    quaternionic = table.frobenius_schur == -1
    assert np.isnan(table.printed_energy[quaternionic]).all()
    np.testing.assert_allclose(table.energy[~quaternionic] / table.printed_energy[~quaternionic], 4.0)


@given(st.sampled_from(["S_3", "Q_8"]), st.integers(0, 10**6))
def test_every_member_of_a_family_is_critical_and_pure(groups, name, seed):
    task, draws = GroupTask(groups[name]), np.random.default_rng(seed)
    table = local_maxima(task)
    row = draws.integers(len(table))
    w = feature(task.group, row, *draws.normal(size=(3, table.real_degree[row])))
    np.testing.assert_allclose(energy(task, w), table.energy[row], rtol=1e-12)
    slope = np.asarray(energy_gradient(task, w))
    assert np.linalg.norm(slope - (w @ slope) * w) < 1e-12 * table.energy[row] * 4
    np.testing.assert_allclose(irrep_share(task.group, w)[row], 1.0, rtol=1e-12)


def test_cosines_are_the_maxima_of_a_cyclic_group():
    """u = cos(2 pi k a / M + phi) / sqrt M, v the same with psi: E = M / 4 for k < M/2, M / 2 for k = M/2."""
    a = np.arange(8)
    task = GroupTask(cyclic(8))
    for k, expected in [(1, 2.0), (3, 2.0), (4, 4.0)]:
        u = np.cos(2 * np.pi * k * a / 8 + (0.3 if k < 4 else 0.0))
        v = np.cos(2 * np.pi * k * a / 8 + (1.1 if k < 4 else 0.0))
        w = np.concatenate([u / np.linalg.norm(u), v / np.linalg.norm(v)]) / np.sqrt(2)
        np.testing.assert_allclose(energy(task, w), expected, rtol=1e-14)


def test_an_outer_flip_of_the_inner_vector_is_no_maximum(groups):
    """v with another inner vector than u loses energy: the shared inner vector is what the paper leaves out."""
    task = GroupTask(groups["A_4"])
    x, y, z = np.eye(3)
    shared = feature(task.group, 1, x, y, z)
    other = np.concatenate([shared[:12], feature(task.group, 1, x, z, z)[12:]])
    assert float(energy(task, shared)) == pytest.approx(2.0)
    assert float(energy(task, other)) < 1e-20


def test_random_features_do_not_depend_on_their_number(key):
    few, many = (random_features(cyclic(7), 1, count=n, key=key) for n in (2, 5))
    np.testing.assert_array_equal(few, many[:2])


@given(st.integers(0, 10**6))
def test_muon_column(seed):
    """exact against scipy's polar factor; the first-order form is off by at most 0.5 ||v_par||^2."""
    draws = np.random.default_rng(seed)
    q = np.linalg.qr(draws.normal(size=(9, 4)))[0]
    v = draws.normal(size=9)
    found = muon_column(q, v)
    np.testing.assert_allclose(found.exact, scipy.linalg.polar(np.column_stack([q, v]))[0][:, -1], atol=1e-10)
    along, across = q @ (q.T @ v), v - q @ (q.T @ v)
    for size in (1e-2, 1e-3):
        small = muon_column(q, size * along / np.linalg.norm(along) + across)
        assert float(jnp.linalg.norm(small.exact - small.first_order)) < 0.51 * size**2


def test_bad_inputs():
    group = cyclic(7)
    with pytest.raises(BadValue, match=r"activation is 'relu', but local_maxima holds for 'square' only.*ascend"):
        local_maxima(GroupTask(group, "relu"))
    with pytest.raises(BadValue, match=r"train_fraction is 0\.5.*full table with true labels only.*ascend"):
        local_maxima(GroupTask(group, train_fraction=0.5))
    with pytest.raises(BadValue, match="row is 3, but it must be an integer from 0 to 2"):
        feature(group, 3, [1, 0], [1, 0], [1, 0])
    with pytest.raises(BadValue, match=r"inner has shape \(3,\), but its last axis must have the real degree 2"):
        feature(group, 0, [1, 0], [1, 0, 0], [1, 0])
    with pytest.raises(BadValue, match="right holds a zero vector"):
        feature(group, 0, [1, 0], [1, 0], [0, 0])
    assert len(real_irreps(group)) == 3
    with pytest.raises(BadValue, match=r"columns are orthonormal to .* only"):
        muon_column(np.ones((3, 2)), np.ones(3))
    with pytest.raises(BadValue, match=r"columns has shape \(2, 2\), but it must be \(n, m\) with m < n"):
        muon_column(np.eye(2), np.ones(2))
