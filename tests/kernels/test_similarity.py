"""Alignment, centred alignment, effective dimensions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.kernels import alignment, cka, effective_dimension, participation_ratio

seeds = st.integers(0, 2**31)


def gram(seed, n=8):
    features = np.random.default_rng(seed).standard_normal((n, 5))
    return features @ features.T


def test_alignment_is_one_for_the_target_itself():
    y = np.arange(1.0, 5)
    assert float(alignment(np.outer(y, y), y)) == pytest.approx(1, rel=1e-15, abs=0)


@given(seeds, st.floats(0.01, 100), st.floats(0, 100))
def test_cka_ignores_scale_and_constant(seed, scale, shift):
    kernel = gram(seed)
    assert float(cka(kernel, scale * kernel + shift)) == pytest.approx(1, abs=1e-12)
    other = gram(seed + 1)
    assert 0 <= float(cka(kernel, other)) <= 1 + 1e-15
    centre = np.eye(8) - 1 / 8
    a, b = centre @ kernel @ centre, centre @ other @ centre
    assert float(cka(kernel, other)) == pytest.approx(
        np.trace(a @ b) / np.sqrt(np.trace(a @ a) * np.trace(b @ b)), rel=1e-12, abs=0
    )


@given(seeds, st.floats(-6, 4))
def test_effective_dimension_is_the_smoother_s_trace(seed, power):
    kernel, ridge = gram(seed), 10.0**power
    values = np.clip(np.linalg.eigvalsh(kernel), 0, None)
    smoother = kernel @ np.linalg.inv(kernel + ridge * np.eye(8))
    first, second = (float(effective_dimension(values, ridge, order=order)) for order in (1, 2))
    assert first == pytest.approx(np.trace(smoother), rel=1e-8, abs=1e-9)
    assert second == pytest.approx(np.trace(smoother @ smoother), rel=1e-8, abs=1e-9)
    assert second <= first <= 5 + 1e-6  # the rank


def test_effective_dimension_without_a_ridge_is_the_rank():
    values = np.array([[3.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(effective_dimension(values, 0.0), [2, 1])
    np.testing.assert_allclose(effective_dimension(values[0], np.array([0.0, 1.0])), [2, 0.75 + 0.5])


def test_participation_ratio():
    assert float(participation_ratio(np.array([2.0, 2.0, 2.0, 0.0]))) == 3
    assert float(participation_ratio(np.array([5.0, 0.0]))) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: alignment(np.eye(3), np.ones(2)), ["y has shape (2,)", "(3,)", "one target"]),
        (lambda: alignment(np.ones((2, 3)), np.ones(2)), ["kernel has shape (2, 3)", "square", "Pass"]),
        (lambda: cka(np.eye(3), np.eye(2)), ["other has shape (2, 2)", "(3, 3)", "same inputs"]),
        (lambda: effective_dimension(np.array([-1.0]), 0.1), ["eigenvalues[0] is -1.0", "zero or positive", "Pass"]),
        (lambda: effective_dimension(np.array([1.0]), np.nan), ["ridge is nan", "zero or positive", "rank"]),
        (lambda: effective_dimension(np.array([1.0]), 0.1, order=3), ["order is 3", "1 or 2", "Pass"]),
        (lambda: participation_ratio(np.array([np.inf])), ["eigenvalues[0] is inf", "finite", "Pass"]),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
