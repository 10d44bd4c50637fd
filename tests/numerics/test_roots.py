"""Halving: whole arrays of brackets, the derivative of a root, neighbours of float64."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from grok_theory.numerics.roots import as_root, halve, halve_to_neighbours, rising_root


def test_an_array_of_brackets_is_halved_at_once():
    wanted = np.array([[2.0, 3.0], [5.0, 7.0]])
    low, high = jax.jit(lambda s: halve(lambda x: x**2 < s, jnp.zeros_like(s), s, 60))(wanted)
    np.testing.assert_array_less(np.asarray(high - low), 1e-15 * 8 + 0 * wanted)
    np.testing.assert_allclose((low + high) / 2, np.sqrt(wanted), rtol=3e-16, atol=0)


def test_each_halving_halves():
    low, high = halve(lambda x: x < 0.3, jnp.asarray(0.0), jnp.asarray(1.0), 3)
    assert (float(low), float(high)) == (0.25, 0.375)


def test_a_root_and_its_derivative_against_many_digits():
    """x + e^x = a: x = a - W(e^a), dx/da = 1/(1 + e^x)."""

    def root(a):
        return rising_root(lambda x, a: x + jnp.exp(x) - a, jnp.asarray(-10.0), jnp.asarray(10.0), a)[0]

    for a in (-3.0, 0.5, 4.0):
        with mpmath.workdps(40):
            x = mpmath.mpf(a) - mpmath.lambertw(mpmath.exp(a)).real
            slope = 1 / (1 + mpmath.exp(x))
        assert float(root(a)) == pytest.approx(float(x), rel=1e-14, abs=0)
        assert float(jax.grad(root)(a)) == pytest.approx(float(slope), rel=1e-13, abs=0)


def test_a_bracket_without_a_change_of_sign_is_told():
    crosses = [rising_root(lambda x, a: x - a, jnp.asarray(0.0), jnp.asarray(1.0), a)[1] for a in (-0.5, 0.5, 1.5)]
    assert [bool(each) for each in crosses] == [False, True, False]


def test_halved_until_the_ends_are_neighbours():
    wanted = np.array([2.0, 1e-300, 1e300])
    found = halve_to_neighbours(lambda x: x < wanted, np.zeros(3), np.full(3, 1.7e308 / 2))
    assert np.all(np.abs(found - wanted) <= np.spacing(wanted))


def test_nan_ends_the_halving():
    found = halve_to_neighbours(lambda x: x < 1, np.array([0.0, np.nan]), np.array([2.0, 2.0]))
    assert abs(found[0] - 1) <= np.spacing(1.0)
    assert np.isnan(found[1])


def test_derivatives_of_any_order_are_those_of_the_root_and_no_bit_of_it_moves():
    """x^3 + x = a: x' = 1/(3 x^2 + 1), x'' = -6 x x'^3; each of an array by its own a."""
    a = jnp.asarray([2.0, 10.0, 0.1])

    def root(a):
        low, high = halve(lambda x: x**3 + x < a, jnp.zeros_like(a), a, 60)
        return as_root(lambda x: x**3 + x - a, (low + high) / 2)

    low, high = halve(lambda x: x**3 + x < a, jnp.zeros_like(a), a, 60)
    x = np.asarray((low + high) / 2)
    np.testing.assert_array_equal(jax.jit(root)(a), x)
    slope = 1 / (3 * x**2 + 1)
    np.testing.assert_allclose(jax.jacrev(root)(a), np.diag(slope), rtol=1e-14, atol=0)
    np.testing.assert_allclose(jax.vmap(jax.jacfwd(jax.grad(root)))(a), -6 * x * slope**3, rtol=1e-13, atol=0)

    def found(a):
        return rising_root(lambda x, a: x**3 + x - a, jnp.asarray(0.0), jnp.asarray(10.0), a)[0]

    np.testing.assert_allclose(jax.grad(jax.grad(found))(2.0), -6 / 4.0**3, rtol=1e-13, atol=0)
