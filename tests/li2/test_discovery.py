"""Discovery times against inclusion-exclusion, an exact Markov chain, reference digits and Monte-Carlo."""

import itertools
from fractions import Fraction

import chance
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, TooLarge
from grok_theory.li2 import feature_discovery_times


def inclusion_exclusion(weights):
    """T_0 = sum over non-empty subsets of (-1)^(|S| + 1) / p(S), in exact fractions."""
    total = sum(weights)
    found = Fraction(0)
    for size in range(1, len(weights) + 1):
        for chosen in itertools.combinations(weights, size):
            found += Fraction((-1) ** (size + 1)) * total / sum(chosen)
    return found


def chain(weights, kept):
    """Expected draws until all modes are learned when a learned mode's weight is multiplied by `kept`; exact."""
    count = len(weights)
    expected = [Fraction(0)] * 2**count
    for learned in range(2**count - 2, -1, -1):
        new = [l for l in range(count) if not learned >> l & 1]
        total = sum(w if l in new else kept * w for l, w in enumerate(weights))
        miss = 1 - sum(weights[l] for l in new) / total
        ahead = sum(weights[l] / total * expected[learned | 1 << l] for l in new)
        expected[learned] = (1 + ahead) / (1 - miss)
    return expected[0]


@pytest.mark.parametrize("modes", [6, 9])
@pytest.mark.parametrize("tail", [1, 2, 4])
def test_exact_sums(modes, tail):
    strengths = [Fraction(3 + l, 10) for l in range(modes)]
    weights = [s**tail for s in strengths]
    found = feature_discovery_times([float(s) for s in strengths], float(tail))
    np.testing.assert_allclose(found.sgd, float(inclusion_exclusion(weights)), rtol=1e-12)
    np.testing.assert_allclose(found.sgd, float(chain(weights, Fraction(1))), rtol=1e-12)
    np.testing.assert_allclose(found.muon, float(chain(weights, Fraction(1, 2**tail))), rtol=1e-12)


@pytest.mark.parametrize(
    ("tail", "sgd", "muon"),
    [(1.5, 123.884426708, 56.7286912925), (2.0, 175.465456491, 58.8663641227), (4.0, 986.483317, 80.405207)],
)
def test_the_digits_of_the_spec(tail, sgd, muon):
    found = feature_discovery_times(np.linspace(0.3, 1, 20), tail)
    np.testing.assert_allclose([found.sgd, found.muon], [sgd, muon], rtol=1e-9 if tail < 4 else 1e-8)


def test_widely_spread_probabilities():
    """min p about 4e-6: 1e-8 is asked for."""
    weights = [Fraction(1), Fraction(1, 10), Fraction(1, 1000), Fraction(1, 250000), Fraction(3, 1000)]
    found = feature_discovery_times([float(w) for w in weights], 1.0)
    assert 3e-6 < float(found.probabilities.min()) < 4e-6
    np.testing.assert_allclose(found.sgd, float(inclusion_exclusion(weights)), rtol=1e-12)
    np.testing.assert_allclose(found.lower_bound, float(sum(weights) / min(weights)), rtol=1e-14)


@pytest.mark.parametrize("tail", [20.0, 200.0])
def test_extreme_tails_against_many_digits(tail):
    strengths = [0.2, 0.5, 1.0]
    with mpmath.workdps(60):
        p = [mpmath.mpf(s) ** tail for s in strengths]
        p = [x / sum(p) for x in p]
        exact = sum(1 / x for x in p) - 1 / (p[0] + p[1]) - 1 / (p[0] + p[2]) - 1 / (p[1] + p[2]) + 1
        np.testing.assert_allclose(feature_discovery_times(strengths, tail).sgd, float(exact), rtol=1e-12)


@pytest.mark.statistical
def test_monte_carlo(rng, plausible):
    """The mean of 4000 collections, with and without suppression. Planted: tail 1.3 for 1.5, suppression left out."""
    strengths, tail = np.linspace(0.4, 1, 6), 1.5
    weights = strengths**tail
    found = feature_discovery_times(strengths, tail)
    for kept, expected in [(1.0, found.sgd), (0.5**tail, found.muon)]:
        learned = np.zeros((4000, 6), bool)
        counts = np.zeros(4000)
        while not learned.all():
            open_runs = ~learned.all(axis=1)
            rates = np.where(learned, kept * weights, weights)
            won = (rng.uniform(size=(4000, 1)) > np.cumsum(rates / rates.sum(1, keepdims=True), axis=1)).sum(axis=1)
            learned[np.arange(4000)[open_runs], np.minimum(won, 5)[open_runs]] = True
            counts += open_runs
        plausible(chance.student((counts.mean() - float(expected)) / (counts.std(ddof=1) / np.sqrt(4000)), 4000), of=2)


@given(st.lists(st.floats(0.05, 20.0), min_size=2, max_size=6), st.floats(0.1, 6.0), st.floats(0.0, 1.0))
def test_properties(strengths, tail, suppression):
    found = feature_discovery_times(strengths, tail, suppression=suppression)
    modes = len(strengths)
    assert float(found.sgd) >= float(found.lower_bound) * (1 - 1e-12)
    assert modes * (1 - 1e-12) <= float(found.muon) <= float(found.sgd) * (1 + 1e-12)
    np.testing.assert_allclose(found.probabilities.sum(), 1.0, rtol=1e-14)
    scaled = feature_discovery_times(7.0 * np.array(strengths), tail)
    np.testing.assert_allclose(scaled.sgd, found.sgd, rtol=1e-11)


def test_one_mode_needs_one_node_and_equal_modes_meet_the_bound():
    np.testing.assert_allclose(feature_discovery_times([3.0], 2.0).sgd, 1.0, rtol=1e-13)
    equal = feature_discovery_times(np.ones(20), 2.0)
    np.testing.assert_allclose(equal.sgd, equal.lower_bound, rtol=1e-13)


def test_derivative():
    strengths, step = np.linspace(0.3, 1, 20), 1e-5
    slope = jax.grad(lambda a: feature_discovery_times(strengths, a).sgd)(2.0)
    ends = [feature_discovery_times(strengths, 2.0 + s).sgd for s in (step, -step)]
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-7)
    assert jnp.isfinite(slope)


@pytest.mark.parametrize(
    ("strengths", "tail", "said"),
    [
        ([1.0, 0.0], 2.0, r"strengths\[1\] is 0.0, but it must be positive and finite. Every mode"),
        ([1.0, -2.0], 2.0, r"strengths\[1\] is -2"),
        ([1.0, float("nan")], 2.0, r"strengths\[1\] is nan"),
        ([], 2.0, r"strengths has shape \(0,\)"),
        ([1.0], 0.0, "tail is 0.0, but it must be positive and finite. Pass the Frechet index"),
        ([1.0], float("inf"), "tail is inf"),
        ([1.0, 1e-300], 1.0, "tail is 1, but with these strengths the rarest mode would need more than 1e150 nodes"),
        ([1.0, 0.5], 1e6, "tail is 1e.06, but .* Pass a smaller tail, or strengths nearer to each other"),
        ([[1.0, 2.0]], 1.0, r"strengths has shape \(1, 2\)"),
    ],
)
def test_bad_inputs(strengths, tail, said):
    with pytest.raises(BadValue, match=said):
        feature_discovery_times(strengths, tail)
    with pytest.raises(BadValue, match=r"suppression is 1.5, but it must be in \[0, 1\]"):
        feature_discovery_times([1.0], 1.0, suppression=1.5)


def test_up_to_the_edge_and_nan_beyond_it_in_a_trace():
    """Two modes: T_0 = 1/p + 1/q - 1 by inclusion and exclusion."""
    found = feature_discovery_times([1.0, 1e-149], 1.0)
    np.testing.assert_allclose(found.sgd, 1e149, rtol=1e-12, atol=0)
    lost = jax.jit(feature_discovery_times)(np.array([1.0, 1e-300]), 1.0)
    assert np.isnan(lost.sgd)
    assert np.isnan(lost.muon)


def test_more_modes_than_memory_are_refused_with_the_memory_they_need(monkeypatch):
    # Six arrays of 10 000 modes by 2236 nodes, eight bytes each, are 0.9996 GiB.
    monkeypatch.setattr("grok_theory.checks.free_for_arrays", lambda: 2.0**30)
    with pytest.raises(TooLarge, match=r"integrand of 10000 modes needs 1 GiB, but only 1 GiB are free\. Pass fewer"):
        feature_discovery_times(np.ones(10_000), 2.0)
