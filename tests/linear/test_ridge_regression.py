"""Ridge, its best penalty and the ends of the flow: against closed forms of resolvents in 40 digits."""

import jax
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.linear import TeacherStudent, limits, optimal_ridge, ridge

ratios = st.floats(-2, 2).map(lambda x: 10.0**x) | st.floats(-10, -1).map(lambda x: 1 - 10.0**x) | st.just(1.0)
positive = st.floats(-4, 4).map(lambda x: 10.0**x)


def resolvent_form(alpha, snr, g):
    """E_g and E_t of ridge from m(g) and m'(g) alone, in 40 digits."""
    with mp.workdps(60):
        a, s, g = mp.mpf(alpha), mp.mpf(snr), mp.mpf(g)
        b, db = 1 - a - g, -1
        root = mp.sqrt(b * b + 4 * g)
        m = (b + root) / (2 * g)
        slope = (db + (2 * b * db + 4) / (2 * root)) / (2 * g) - m / g
        test = 1 + s * g * g * -slope + m + g * slope  # int l/(l+g)^2 = m - g int 1/(l+g)^2
        first = m + g * slope  # int l/(l+g)^2
        train = (g * g / a) * (s * first - slope) + 1 - 1 / a  # the atom's share of -slope is (1-a)/g^2
        return float(test), float(train)


@given(ratios, positive, positive)
def test_ridge_is_a_function_of_the_resolvent(alpha, snr, penalty):
    end = ridge(TeacherStudent(alpha, snr), penalty)
    test, train = resolvent_form(alpha, snr, penalty)
    assert np.isclose(end.test_loss, test, rtol=1e-12, atol=0)
    assert np.isclose(end.train_loss, train, rtol=1e-11, atol=1e-14 * (1 + snr))


@given(ratios, positive)
def test_no_penalty_beats_the_best(alpha, snr):
    problem = TeacherStudent(alpha, snr)
    best = optimal_ridge(problem)
    assert np.isclose(best.test_loss, ridge(problem, best.penalty).test_loss, rtol=1e-13, atol=0)
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert ridge(problem, best.penalty * factor).test_loss >= best.test_loss * (1 - 1e-14)


def test_exact_values():
    assert np.isclose(optimal_ridge(TeacherStudent(0.25, 5.0)).test_loss, 5, rtol=1e-15, atol=0)
    assert np.isclose(optimal_ridge(TeacherStudent(0.9, 5.0)).test_loss, 3, rtol=1e-15, atol=0)
    for alpha, loss in [(0.5, 4.108495283014150953), (1.0, 2.791287847477920003), (2.0, 1.741657386773941386)]:
        assert np.isclose(optimal_ridge(TeacherStudent(alpha, 5.0)).test_loss, loss, rtol=1e-15, atol=0)
    silent = optimal_ridge(TeacherStudent(0.5, 0.0))
    assert np.isinf(silent.penalty)
    assert silent.test_loss == 1


def test_limits_with_and_without_decay():
    above, below, at = (limits(TeacherStudent(a, 5.0, 2.0, noise=2.0)) for a in (2.0, 0.5, 1.0))
    assert [float(v) for v in (above.train_loss, above.test_loss, above.weight_norm)] == [2.0, 8.0, 24.0]
    assert [float(v) for v in (below.train_loss, below.test_loss, below.weight_norm)] == [0.0, 22.0, 18.0]
    assert [float(v) for v in (at.train_loss, at.test_loss, at.weight_norm)] == [0.0, np.inf, np.inf]
    decayed = limits(TeacherStudent(0.5, 5.0, 2.0, weight_decay=0.3))
    assert decayed.test_loss == ridge(TeacherStudent(0.5, 5.0), 0.3).test_loss


@pytest.mark.parametrize("penalty", [0.0, 1e-9])
def test_small_penalty_meets_the_limit(penalty):
    end = ridge(TeacherStudent(2.0, 5.0), penalty)
    assert np.isclose(end.test_loss, 2.0, rtol=1e-8, atol=0)


def test_batches_and_gradients():
    penalties = np.array([0.0, 0.1, 0.2])
    batch = jax.vmap(lambda g: ridge(TeacherStudent(0.9, 5.0), g))(penalties)
    assert np.allclose(
        batch.test_loss, [ridge(TeacherStudent(0.9, 5.0), g).test_loss for g in penalties], rtol=1e-14, atol=0
    )
    # At the best penalty the slope is zero.
    slope = jax.grad(lambda g: ridge(TeacherStudent(0.9, 5.0), g).test_loss)(0.2)
    assert abs(float(slope)) < 1e-13
    assert np.isnan(jax.jit(lambda g: ridge(TeacherStudent(0.9, 5.0), g).test_loss)(-1.0))
