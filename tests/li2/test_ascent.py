"""Ascent: basins, independence of the number of starts, other activations and subsets, honest status."""

import chance
import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from grok_theory import BadValue
from grok_theory.li2 import GroupTask, ascend, energy, energy_gradient
from grok_theory.li2.ascent import _status
from grok_theory.li2.groups import cyclic


@pytest.mark.statistical
def test_basin_shares(groups, key, plausible):
    """S_3: sign .24; A_4: 1-dim .16 (spec, 400 starts); of 20 000 starts .236 and .176, 99 % intervals below.
    Planted: starts that are not Gaussian but in one quadrant."""
    for name, rate in [("S_3", (0.228, 0.244)), ("A_4", (0.169, 0.184))]:
        found = ascend(GroupTask(groups[name]), key=key, starts=400)
        share, interval = found.basin_shares(0.999)
        plausible(chance.binomial(int(np.sum(found.irrep == 0)), 400, rate), of=2)
        assert interval[0, 0] < share[0] < interval[0, 1]
        assert share.sum() == pytest.approx(1.0)
        assert "400 starts, status good" in str(found)


def test_a_start_does_not_depend_on_how_many_there_are(groups, key):
    few, many = (ascend(GroupTask(groups["S_3"]), key=key, starts=n) for n in (3, 150))
    np.testing.assert_array_equal(few.weights, many.weights[:3])


@pytest.mark.parametrize("activation", ["square", pytest.param("tanh", marks=pytest.mark.slow)])
def test_subsets_and_other_activations_against_scipy(activation, key):
    """From where ascent ended no optimizer of scipy climbs further, and the gradient on the sphere vanishes."""
    task = GroupTask(cyclic(5), activation, train_fraction=0.7).split(jax.random.key(2))
    found = ascend(task, key=key, starts=6, tolerance=1e-10)
    best = int(np.argmin(found.gradient_norm / found.energy))
    w = found.weights[best]
    slope = np.asarray(energy_gradient(task, w))
    assert np.linalg.norm(slope - (w @ slope) * w) < 1e-8 * abs(w @ slope)

    def negative(x):
        size = np.linalg.norm(x)
        value, grad = float(energy(task, x / size)), np.asarray(energy_gradient(task, x / size))
        return -value, -(grad - (grad @ x) * x / size**2) / size

    climbed = minimize(negative, w + 1e-4 * np.random.default_rng(0).normal(size=10), jac=True, method="L-BFGS-B")
    assert -climbed.fun <= found.energy[best] * (1 + 1e-9)


def test_status_tells_what_was_missed():
    assert _status(np.array([True, True]), 1e-12).level == 0
    assert "1 of 4 starts did not reach" in _status(np.array([True, True, False, True]), 1e-12).text
    assert _status(np.array([True, False, False]), 1e-12).level == 2


def test_bad_inputs(key):
    task = GroupTask(cyclic(5))
    with pytest.raises(BadValue, match=r"starts is 0, but it must be an integer of at least 1. Pass how many"):
        ascend(task, key=key, starts=0)
    with pytest.raises(BadValue, match=r"tolerance is -1\.0, but it must be positive"):
        ascend(task, key=key, starts=1, tolerance=-1.0)
    with pytest.raises(BadValue, match="key is 3, but it must be one typed JAX key"):
        ascend(task, key=3, starts=1)
    with pytest.raises(BadValue, match="energy needs the training pairs"):
        ascend(GroupTask(cyclic(5), train_fraction=0.5), key=key, starts=1)
