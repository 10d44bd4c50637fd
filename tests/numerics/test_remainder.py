"""1 - a b near a b = 1, against fractions."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.numerics.remainder import left_of_one


@pytest.mark.parametrize("compiled", [left_of_one, jax.jit(left_of_one)])
def test_what_a_product_leaves_of_one(compiled):
    draw = np.random.default_rng(0)
    a = np.exp(draw.uniform(-300, 300, 2000))
    b = (1 + np.exp(draw.uniform(-36, 0, 2000)) * draw.choice([-1, 1], 2000)) / a
    exact = np.array([float(1 - Fraction(x) * Fraction(y)) for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(compiled(jnp.asarray(a), jnp.asarray(b)), exact, rtol=1e-15, atol=0)


def test_its_derivatives():
    by = jax.grad(left_of_one, argnums=(0, 1))(3.0, 1 / 3)
    assert (float(by[0]), float(by[1])) == (-1 / 3, -3.0)
    assert float(jax.grad(jax.grad(left_of_one), argnums=1)(3.0, 1 / 3)) == -1.0
    assert np.isneginf(left_of_one(jnp.asarray(1e300), jnp.asarray(1e300)))
