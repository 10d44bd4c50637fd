"""The loss between two networks: a quadratic has no barrier, a double well has its height."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.observables import path_barrier, path_losses


@given(st.integers(0, 2**31), st.integers(3, 40))
def test_a_quadratic_has_no_barrier(seed, points):
    draws = np.random.default_rng(seed)
    root, centre, a, b = draws.normal(size=(5, 5)), *draws.normal(size=(3, 5))
    hessian = root @ root.T

    def loss(w):
        return (w - centre) @ hessian @ (w - centre) / 2

    s, losses = path_losses(loss, a, b, points)
    below = -s * (1 - s) / 2 * ((a - b) @ hessian @ (a - b))
    np.testing.assert_allclose(losses - (1 - s) * loss(a) - s * loss(b), below, rtol=1e-9, atol=1e-9)
    assert path_barrier(loss, a, b, points) == 0


def test_a_double_well_in_a_tree():
    def loss(tree):
        return (tree["w"][0] ** 2 - 1) ** 2 + tree["b"]

    a, b = {"w": np.array([-1.0]), "b": 0.0}, {"w": np.array([1.0]), "b": 0.5}
    assert path_barrier(loss, a, b) == pytest.approx(
        max((x**2 - 1) ** 2 + (x + 1) / 4 for x in np.linspace(-1, 1, 21)) - 0.5
    )


@pytest.mark.parametrize(
    ("loss", "b", "points", "message"),
    [
        (lambda w: w[0], np.ones(3), 21, r"shape \(3,\).*\(2,\)"),
        (lambda w: w[0], [1.0, 2.0], 21, "structure"),
        (lambda w: w[0], np.ones(2), 2, "points is 2"),
        (lambda w: w, np.ones(2), 21, "one number"),
        (lambda w: np.nan, np.ones(2), 21, "nan at s = 0"),
    ],
)
def test_bad_values(loss, b, points, message):
    with pytest.raises(BadValue, match=message):
        path_barrier(loss, np.zeros(2), b, points)
