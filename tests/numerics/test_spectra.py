"""The Marchenko-Pastur rule against moments and integrals in 40 digits, and against its own defining equation."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.numerics.spectra import (
    marchenko_pastur_density,
    marchenko_pastur_rule,
    spectral_edges,
    stieltjes,
)

RATIOS = [0.01, 0.5, 1 - 1e-3, 1 - 1e-12, 1.0, 1 + 1e-12, 1.5, 100.0]
ratios = st.floats(-2, 2).map(lambda x: 10.0**x) | st.floats(-12, -1).map(lambda x: 1 - 10.0**x) | st.just(1.0)


@pytest.mark.parametrize("alpha", RATIOS)
def test_moments_of_the_law(alpha):
    rule = marchenko_pastur_rule(alpha)
    l, w = np.asarray(rule.eigenvalues), np.asarray(rule.weights)
    assert np.isclose(w.sum() + float(rule.atom), 1.0, rtol=4e-16, atol=0)
    assert np.isclose((w * l).sum(), alpha, rtol=2e-15, atol=0)
    assert np.isclose((w * l**2).sum(), alpha * (1 + alpha), rtol=2e-15, atol=0)
    assert np.isclose((w * l**3).sum(), alpha * (1 + 3 * alpha + alpha**2), rtol=4e-15, atol=0)


@pytest.mark.parametrize("alpha", [0.01, 0.5, 2.0, 100.0])
def test_inverse_moment(alpha):
    rule = marchenko_pastur_rule(alpha)
    value = float(jnp.sum(rule.weights / rule.eigenvalues))
    assert np.isclose(value, min(1, alpha) / abs(alpha - 1), rtol=2e-15, atol=0)


@pytest.mark.parametrize("alpha", RATIOS)
@pytest.mark.parametrize("time", [0.1, 30.0, 1e8])
def test_exponentials_against_bessel_functions(alpha, time):
    # int rho l e^{-st} = sqrt(alpha) e^{-(1+alpha) s} I_1(2 sqrt(alpha) s)/s.
    with mp.workdps(60):
        a, s = mp.mpf(alpha), mp.mpf(time)
        exact = mp.sqrt(a) * mp.exp(-(1 + a) * s) * mp.besseli(1, 2 * mp.sqrt(a) * s) / s
    rule = marchenko_pastur_rule(alpha)
    value = float(jnp.sum(rule.weights * rule.eigenvalues * jnp.exp(-rule.eigenvalues * time)))
    if exact < 1e-290:
        assert value < 1e-280
    else:
        # exp(-l- t) alone loses l- t ulps.
        assert abs(value / float(exact) - 1) < 1e-15 * (4 + abs(float(mp.log(exact))))


def test_error_of_the_rule_falls_geometrically_with_the_step():
    with mp.workdps(40):
        exact = float(mp.exp(-20) * mp.besseli(1, 20) / 10)
    errors = []
    for step in (1.0, 0.75, 0.5):
        rule = marchenko_pastur_rule(1.0, step=step)
        errors.append(
            abs(float(jnp.sum(rule.weights * rule.eigenvalues * jnp.exp(-10 * rule.eigenvalues))) / exact - 1)
        )
    # At least like exp(-pi^2/step), as the docstring says: a factor 27 and then 720.
    assert errors[0] > 20 * errors[1] > 20 * 300 * errors[2]


@given(ratios, st.floats(-8, 4).map(lambda x: 10.0**x))
def test_resolvent_satisfies_its_quadratic_equation(alpha, penalty):
    m = mp.mpf(float(stieltjes(penalty, alpha)))
    with mp.workdps(40):
        a, g = mp.mpf(alpha), mp.mpf(penalty)
        # g m^2 - (1 - alpha - g) m - 1 = 0, solved in 40 digits.
        b = 1 - a - g
        exact = (b + mp.sqrt(b * b + 4 * g)) / (2 * g)
        assert abs(m / exact - 1) < 1e-14


@given(ratios, st.floats(-6, 3).map(lambda x: 10.0**x))
def test_rule_integrates_the_resolvent(alpha, penalty):
    rule = marchenko_pastur_rule(alpha)
    value = float(jnp.sum(rule.weights / (rule.eigenvalues + penalty)) + rule.atom / penalty)
    assert np.isclose(value, float(stieltjes(penalty, alpha)), rtol=1e-13, atol=0)


def test_density_is_zero_outside_and_integrates_to_the_bulk_mass():
    for alpha in (0.25, 1.0, 4.0):
        low, high = (float(edge) for edge in spectral_edges(alpha))
        # The substitution l = low + (high - low) sin^2 removes both square roots.
        angle = (np.arange(4000) + 0.5) * (np.pi / 2 / 4000)
        l = low + (high - low) * np.sin(angle) ** 2
        jacobian = (high - low) * np.sin(2 * angle)
        mass = float(np.sum(np.asarray(marchenko_pastur_density(l, alpha)) * jacobian) * np.pi / 2 / 4000)
        assert np.isclose(mass, min(1, alpha), rtol=1e-6, atol=0)
        outside = marchenko_pastur_density(np.array([low - 0.1, high + 0.1]), alpha)
        assert not np.any(np.asarray(outside))


def test_edges_keep_their_digits_near_one():
    alpha = 1 - 1e-12
    with mp.workdps(40):
        exact = float((1 - mp.sqrt(mp.mpf(alpha))) ** 2)
    assert np.isclose(float(spectral_edges(alpha)[0]), exact, rtol=1e-15, atol=0)


def test_derivative_of_a_whole_integral_at_one():
    # int rho (atom included) of 1/(l + g): d/dalpha at 1 from the closed form in 40 digits.
    def whole(alpha):
        rule = marchenko_pastur_rule(alpha)
        return jnp.sum(rule.weights / (rule.eigenvalues + 0.3)) + rule.atom / 0.3

    with mp.workdps(40):
        exact = mp.diff(
            lambda a: ((1 - a - mp.mpf("0.3")) + mp.sqrt((1 - a - mp.mpf("0.3")) ** 2 + mp.mpf("1.2"))) / mp.mpf("0.6"),
            1,
        )
    assert np.isclose(float(jax.grad(whole)(1.0)), float(exact), rtol=1e-12, atol=0)
