"""The truncated loss in closed form: against 40 digits, and its properties."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.bounds import truncated_squared_loss

loss = jax.jit(lambda r, cap, variance: truncated_squared_loss(r, cap, variance=variance))


def by_quadrature(r, cap, variance):
    """The definition, integrated in 40 digits between the kinks."""
    with mp.workdps(40):
        r, cap, s = mp.mpf(r), mp.mpf(cap), mp.sqrt(mp.mpf(variance))
        kinks = sorted([(-cap - r) / s, (cap - r) / s])
        density = lambda z: mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)  # noqa: E731
        inside = [max(-mp.mpf(20), min(mp.mpf(20), k)) for k in kinks]
        points = [inside[0], *(m for m in (-6, -2, 0, 2, 6) if inside[0] < m < inside[1]), inside[1]]
        middle = mp.quad(lambda z: (r + s * z) ** 2 * density(z), points) if inside[0] < inside[1] else 0
        return middle + cap**2 * (mp.ncdf(kinks[0]) + mp.ncdf(-kinks[1]))


def test_against_forty_digits():
    worst = 0.0
    for r in (0.0, 1e-3, 0.3, 1.0, 1.0001, 3.0, -2.0, 30.0):
        for variance in (1e-6, 0.01, 1.0, 25.0, 900.0):
            exact = by_quadrature(r, 1.0, variance)
            worst = max(worst, abs(float(mp.mpf(float(loss(r, 1.0, variance))) / exact - 1)))
    assert worst < 2e-13


@given(st.floats(-50, 50), st.floats(0.01, 20), st.floats(0, 400))
def test_range_symmetry_and_scale(r, cap, variance):
    value = float(loss(r, cap, variance))
    assert 0 <= value <= cap**2 * (1 + 1e-14)
    assert value == pytest.approx(float(loss(-r, cap, variance)), rel=1e-13, abs=0)
    assert value <= r**2 + variance + 1e-12 * max(1.0, value)
    assert float(loss(2 * r, 2 * cap, 4 * variance)) == pytest.approx(4 * value, rel=1e-12, abs=1e-300)


def test_without_variance_and_its_gradient():
    r = np.array([-3.0, 0.5, 2.0])
    np.testing.assert_array_equal(truncated_squared_loss(r, 2.0), [4.0, 0.25, 4.0])
    gradient = jax.jit(jax.grad(loss, argnums=(0, 2)))
    assert float(gradient(0.5, 2.0, 0.0)[0]) == 1.0
    slope = lambda v: gradient(0.5, 2.0, v)[1]  # noqa: E731
    assert float(slope(1e-3)) == pytest.approx(1.0, rel=1e-9, abs=0)
    h = 1e-5
    assert float(slope(1.0)) == pytest.approx(
        float(loss(0.5, 2.0, 1 + h) - loss(0.5, 2.0, 1 - h)) / (2 * h), rel=1e-7, abs=0
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 0.0, 1.0), "cap is 0.0, but it must be positive.*4.0"),
        ((np.nan, 1.0, 1.0), "residual is nan, but it must be finite.*mend"),
        ((1.0, 1.0, -1.0), "variance is -1.0, but it must be zero or positive.*Gaussian part"),
    ],
)
def test_bad_inputs_are_named(arguments, message):
    with pytest.raises(BadValue, match=message):
        truncated_squared_loss(*arguments[:2], variance=arguments[2])


def test_float32_is_refused():
    with jax.enable_x64(False), pytest.raises(Exception, match="needs float64"):
        truncated_squared_loss(jnp.ones(()), 1.0)
