"""The exact law at a fixed prompt against references, product rules and mpmath, none of which share its code."""

import itertools

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import best_of_k as bk
from grok_theory.best_of_k.quadrature import gumbel_rule, panel_rule, running_integral

# k, t, DT, DR, error; spread 1, temperature 2 t.
REFERENCE = [
    (2, 0.5, 0.3, 1.0, 6.03616413726513e-01),
    (7, 0.0, 0.3, 0.3, 5.09136301437559e-02),
    (100, 1e-4, 0.1, 0.1, 3.52891067514036e-04),
    (2.5, 1.0, 0.2, 0.2, 6.22530782860217e-01),
    (1e6, 0.3, 0.7, 2.5, 1.72667909798120e00),
    (1e9, 1e-6, 0.5, 0.5, 9.99999650629221e-07),
    (1e9, 0.0, 3.0, 3.0, 2.54565888619122e-14),
    (64, 300.0, 0.4, 5.0, 1.14390987641328e00),
]


@pytest.mark.parametrize(("k", "t", "teacher", "reward", "expected"), REFERENCE)
def test_reference_values(k, t, teacher, reward, expected):
    error = bk.solve(bk.Prompt(teacher, reward), [k], temperature=2 * t)["error"][0]
    assert abs(error / expected - 1) < 1e-11


def brute_force(teacher, reward, temperature, k):
    """E of the softmax-weighted squared error by a trapezoid rule in all k answers at once."""
    z = np.arange(-9.0, 9.01, 0.12)
    weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    axes = np.meshgrid(*[z] * k, indexing="ij")
    product = np.prod(np.meshgrid(*[weight] * k, indexing="ij"), axis=0)
    scores = np.stack([-((axis + reward) ** 2) / temperature for axis in axes])
    share = np.exp(scores - scores.max(axis=0))
    share /= share.sum(axis=0)
    true = np.stack([axis + teacher for axis in axes])
    return float((product * (share * true**2).sum(axis=0)).sum()), float((product * (share * true).sum(axis=0)).sum())


@pytest.mark.parametrize(
    ("k", "t", "teacher", "reward"), [(2, 1.0, 0.4, -1.3), (3, 0.8, -0.2, 0.9), (3, 20.0, 1.0, 1.0)]
)
def test_product_rules(k, t, teacher, reward):
    """Limited by the product rule (1e-12 at this step); bias and error."""
    kept = bk.solve(bk.Prompt(teacher, reward), [k], temperature=2 * t)
    error, bias = brute_force(teacher, reward, 2 * t, k)
    assert abs(kept["error"][0] / error - 1) < 1e-11
    assert abs(kept["bias"][0] - bias) < 1e-11


def test_best_of_k_against_mpmath():
    """30 digits; k real and up to 1e9."""
    worst = 0.0
    with mpmath.workdps(30):
        for k, gap in itertools.product((3, 17.5, 1e4, 1e9), (0.0, 0.7, 4.0)):

            def integrand(r, k=k, gap=gap):
                tail = 1 - mpmath.ncdf(r - gap) + mpmath.ncdf(-r - gap)
                return k * r**2 * (mpmath.npdf(r - gap) + mpmath.npdf(r + gap)) * tail ** (k - 1)

            scale = 1 / mpmath.mpf(k) / mpmath.npdf(gap)
            edges = [0, *[scale * 4.0**i for i in range(-4, 30) if scale * 4.0**i < gap + 9], gap + 12]
            expected = mpmath.quad(integrand, edges, maxdegree=6)
            value = float(bk.solve(bk.Prompt(gap, gap), [k], temperature=0.0)["error"][0])
            worst = max(worst, abs(float(value / expected - 1)))
    assert worst < 1e-12, worst


@given(
    t=st.floats(-12, 5).map(lambda x: 10.0**x),
    k=st.floats(0, 9).map(lambda x: 10.0**x),
    gap=st.floats(-9, 9),
)
def test_probabilities_sum_to_one(t, k, gap):
    """M_0 = 1 over the whole domain: what `numerical_error` reports, relative to the judged error."""
    for temperature in (2 * t, 0.0):
        kept = bk.solve(bk.Prompt(gap, gap), [k], temperature=temperature)
        assert kept.numerical_error["judged_error"][0] <= 1e-12 * kept["judged_error"][0]
        assert kept.status.name == "good"


def test_gumbel_rule_has_the_moments_of_the_gumbel_law():
    x, weights = gumbel_rule(20)
    euler, pi2 = 0.5772156649015329, np.pi**2 / 6
    assert abs(weights.sum() - 1) < 1e-14
    assert abs(weights @ x + euler) < 1e-13
    assert abs(weights @ x**2 - (pi2 + euler**2)) < 1e-12


@pytest.mark.parametrize("nodes", [14, 20, 30])
def test_the_running_integral_keeps_its_digits_where_it_is_small(nodes):
    """Of a density of N(gap, 1) from a radius of 1e-30 on: P(abs(u) < r) to full relative accuracy at every node."""
    grid = np.geomspace(1e-30, 14.0, 800)
    for gap in (0.0, 1.0, 5.0):
        measure = np.diff(np.log(grid)) + (gap + 1) * np.diff(grid)
        r, weights = panel_rule(jnp.asarray(grid), jnp.asarray(measure), panels=96, nodes=nodes)
        density = (np.exp(-((r - gap) ** 2) / 2) + np.exp(-((r + gap) ** 2) / 2)) / np.sqrt(2 * np.pi)
        inside = np.asarray(running_integral(density * weights, nodes))
        with mpmath.workdps(50):
            for i in range(4 * nodes, r.size, 97):  # the first panels lack what is below 1e-30
                radius = mpmath.mpf(float(r[i]))
                below = mpmath.ncdf(radius - gap) - mpmath.ncdf(-radius - gap)
                assert abs(float(inside[i]) / float(below) - 1) < 1e-12 + 1e-30 / float(radius)


def test_panels_that_are_not_used_are_empty():
    grid = np.linspace(0.0, 3.0, 50)
    points, weights = panel_rule(jnp.asarray(grid), jnp.asarray(np.diff(grid)), panels=12, nodes=6, used=5)
    few, their_weights = panel_rule(jnp.asarray(grid), jnp.asarray(np.diff(grid)), panels=5, nodes=6)
    np.testing.assert_allclose(points[:30], few, rtol=1e-14, atol=0)
    np.testing.assert_allclose(weights, np.pad(their_weights, (0, 42)), rtol=1e-12, atol=0)
    assert np.all(np.asarray(points[30:]) == 3.0)
