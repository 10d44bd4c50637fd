"""Derivatives by a kernel whose eigendecomposition is differentiated: those of the values, or nan."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.kernels import flow_influence, flow_leave_one_out, gradient_flow

DRAW = np.random.default_rng(0)
X, Y, SEEN, STRANGE = (DRAW.normal(size=shape) for shape in ((8, 5), 8, (2, 5), (2, 8)))


VERBS = {
    "on the samples": lambda k, cross: gradient_flow(k, Y, cross, [1.5])[0][0, :3].sum(),
    "on the test inputs": lambda k, cross: gradient_flow(k, Y, cross, [1.5])[1].sum(),
    "influence": lambda k, cross: flow_influence(k, Y, cross, [1.5])[0, :, :3].sum(),
    "left out": lambda k, cross: flow_leave_one_out(k, Y, [1.5])[0, :3].sum(),
}


def slopes(verb, gram, cross):
    def value(a):
        return VERBS[verb](gram + a * jnp.ones((8, 8)), cross)

    inside = np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) @ [float(value(k * 1e-4)) for k in range(5)] / 12e-4
    return float(jax.grad(value)(0.0)), inside


@pytest.mark.parametrize("verb", VERBS)
def test_of_full_rank_they_are_those_of_the_values(verb):
    slope, inside = slopes(verb, X @ X.T + np.diag(np.arange(1.0, 9.0)), STRANGE)
    assert slope == pytest.approx(inside, rel=1e-7, abs=0)


@pytest.mark.parametrize(
    ("verb", "cross"), [("on the samples", SEEN @ X.T), ("on the test inputs", STRANGE), ("influence", STRANGE)]
)
def test_of_a_singular_kernel_they_are_nan_where_the_null_space_is_seen(verb, cross):
    assert np.isnan(slopes(verb, X @ X.T, cross)[0])


@pytest.mark.parametrize("verb", ["on the test inputs", "left out"])
def test_of_a_singular_kernel_they_are_right_where_it_is_not(verb):
    def value(scale):
        features = X * jnp.where(np.arange(5) == 0, scale, 1.0)[None]
        return VERBS[verb](features @ features.T, SEEN @ features.T)

    values = [float(value(1 + k * 1e-3)) for k in (-2, -1, 1, 2)]
    inside = np.array([1.0, -8.0, 8.0, -1.0]) @ values / 12e-3
    assert float(jax.grad(value)(1.0)) == pytest.approx(inside, rel=1e-7, abs=0)


def test_equal_eigenvalues_are_nan():
    assert np.isnan(
        jax.grad(lambda a: gradient_flow(jnp.eye(3) * a, [1.0, 2.0, 3.0], jnp.ones((1, 3)), [1.5])[1].sum())(2.0)
    )
