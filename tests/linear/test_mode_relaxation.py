"""How a mode relaxes: the derivatives of the integrated force by rate and time, in many digits."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from grok_theory import GradientDescent
from grok_theory.linear.mode_relaxation import FLOW, relaxation


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-9, 3e-3, 0.02, 0.7, 50.0])
def test_derivatives_of_the_integrated_force(rate):
    """By the rate -int_0^t s exp(-r s) ds, by the time exp(-r t); also at the rate 0 and where its square is none."""

    def psi(rate, time):
        return relaxation(FLOW, rate[None], time[None])[1][0, 0]

    def moment(order):
        with mpmath.workdps(40):
            return float(mpmath.quad(lambda s: s**order * mpmath.exp(-mpmath.mpf(rate) * s), [0, 0.1, 0.5, 2]))

    for transform in (jax.grad, jax.jacfwd):
        by_rate, by_time = transform(psi, argnums=(0, 1))(jnp.asarray(rate), jnp.asarray(2.0))
        assert float(by_rate) == pytest.approx(-moment(1), rel=1e-13, abs=0)
        assert float(by_time) == pytest.approx(np.exp(-rate * 2), rel=1e-14, abs=0)
    second = jax.grad(jax.grad(psi))(jnp.asarray(rate), jnp.asarray(2.0))
    assert float(second) == pytest.approx(moment(2), rel=1e-9, abs=0)


def test_a_still_mode_of_descent_feels_its_rate():
    """sum_(j < k) eta (1 - eta r)^j falls by eta^2 k (k - 1)/2 with r at r = 0."""
    slope = jax.grad(lambda r: relaxation(GradientDescent(0.3), r[None], jnp.asarray([7.0]))[1][0, 0])(jnp.asarray(0.0))
    assert float(slope) == pytest.approx(-(0.3**2) * 7 * 6 / 2, rel=1e-14, abs=0)
