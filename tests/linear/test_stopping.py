"""The best stopping time: a minimum in 40 digits, reference values, the law at alpha = 1, and several minima."""

import jax
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory.linear import TeacherStudent, limits, optimal_ridge, optimal_stopping, solve
from grok_theory.linear.closed_forms import log_stopping_time
from grok_theory.linear.stopping import signal_stopped_at

ratios = st.floats(-2, 2).map(lambda x: 10.0**x) | st.just(1.0)


@pytest.mark.parametrize(
    ("alpha", "time", "loss"),
    [
        (0.5, 2.707154915889064796, 4.130329078157385851),
        (1.0, 3.067066130779104773, 2.837580150138521632),
        (2.0, 2.393522535357821493, 1.770356582982704991),
    ],
)
def test_reference_values_of_the_spec(alpha, time, loss):
    best = optimal_stopping(TeacherStudent(alpha, 5.0))
    assert np.isclose(best.time, time, rtol=1e-14, atol=0)
    assert np.isclose(best.test_loss, loss, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("alpha", "snr", "inr", "decay"),
    [
        (0.01, 3.0, 0.0, 0.0),
        (1 - 1e-6, 1e3, 0.0, 0.0),
        (30.0, 1e-3, 0.0, 0.0),
        (0.8, 2.0, 3.0, 0.005),
        (1.0, 2.0, 0.5, 0.1),
    ],
)
def test_it_is_the_minimum_in_forty_digits(oracle, alpha, snr, inr, decay):
    best = optimal_stopping(TeacherStudent(alpha, snr, inr, weight_decay=decay))
    before, at, after = (
        oracle.curves(alpha, snr, inr, decay, mp.mpf(float(best.time)) * (1 + side * mp.mpf("1e-9")))[0]
        for side in (-1, 0, 1)
    )
    # Lower than one part in 1e9 earlier and later: the time is right to that.
    assert at < before
    assert at < after
    assert abs(float(best.test_loss) / float(at) - 1) < 1e-14


def test_signal_at_both_ends():
    assert optimal_stopping(TeacherStudent(0.5, 0.0)).time == 0
    assert optimal_stopping(TeacherStudent(0.5, 0.0)).test_loss == 1
    assert np.isclose(optimal_stopping(TeacherStudent(0.5, 1e-18)).time, 1e-18, rtol=1e-12, atol=0)
    # alpha = 1/2, S = 1e16: 389.21; the law of the gap says 388.71, a typical eigenvalue would say 72.3.
    assert np.isclose(optimal_stopping(TeacherStudent(0.5, 1e16)).time, 389.21, atol=5e-3)
    assert np.isclose(log_stopping_time(0.5, 1e16), 388.71, atol=5e-3)
    # At alpha = 1 the time is linear in the signal.
    best = optimal_stopping(TeacherStudent(1.0, 1e10))
    assert np.isclose(best.time / 1e10, (1 + np.sqrt(2)) / 4, rtol=1e-5, atol=0)
    assert np.isclose((best.test_loss - 1) / 1e5, 2 * np.sqrt((2 * np.sqrt(2) - 2) / np.pi), rtol=1e-5, atol=0)


@given(ratios, st.floats(-6, 6).map(lambda x: 10.0**x))
def test_the_time_returns_its_signal_and_beats_every_other(alpha, snr):
    best = optimal_stopping(TeacherStudent(alpha, snr))
    assert np.isclose(signal_stopped_at(best.time, alpha), snr, rtol=1e-10, atol=0)
    others = solve(TeacherStudent(alpha, snr), np.geomspace(1e-6, 1e8, 40))["test_loss"]
    assert np.all(np.asarray(others) >= best.test_loss * (1 - 1e-14))
    assert optimal_ridge(TeacherStudent(alpha, snr)).test_loss <= best.test_loss * (1 + 1e-14)
    assert best.test_loss <= limits(TeacherStudent(alpha, snr)).test_loss * (1 + 1e-14)


def test_several_minima_and_training_for_ever():
    down_for_ever = TeacherStudent(0.6, 2.0, 3.0, weight_decay=0.005)
    best = optimal_stopping(down_for_ever)
    assert np.isinf(best.time)
    assert np.isclose(best.test_loss, 3.2132, atol=5e-5)
    curve = solve(down_for_ever, [3.15, 23.3])["test_loss"]
    assert np.allclose(curve, [3.7753, 4.0515], atol=5e-5)
    best = optimal_stopping(TeacherStudent(0.8, 2.0, 3.0, weight_decay=0.005))
    assert np.isclose(best.test_loss, 3.2412, atol=5e-5)
    assert 3.15 < best.time < 3.25
    # Penalty at or above 1/SNR: the error falls for ever.
    assert np.isinf(optimal_stopping(TeacherStudent(0.8, 2.0, weight_decay=0.5)).time)
    assert np.isfinite(optimal_stopping(TeacherStudent(0.8, 2.0, weight_decay=0.49)).time)


@pytest.mark.parametrize("missing", [1e-3, 1e-9, 1e-12])
def test_just_below_the_best_penalty_the_minimum_is_that_of_forty_digits(oracle, missing):
    """There minimum and end differ by missing^2 or so, which no two losses in float64 show."""
    snr, decay = 3.0, (1 - missing) / 3
    best = optimal_stopping(TeacherStudent(0.5, snr, weight_decay=decay))

    def slope(time):
        g = mp.mpf(decay)

        def of_a_mode(l):
            e = mp.exp(-(l + g) * time)
            return l * e * ((1 - e) * (1 - snr * g) / (l + g) - snr * e)

        return oracle.bulk(0.5, 2 * time, [of_a_mode])[0]

    assert slope(mp.mpf(float(best.time)) * (1 - mp.mpf("2e-12"))) < 0
    assert slope(mp.mpf(float(best.time)) * (1 + mp.mpf("2e-12"))) > 0
    assert np.isclose(
        best.test_loss, optimal_ridge(TeacherStudent(0.5, snr)).test_loss, rtol=2 * missing + 1e-14, atol=0
    )


@pytest.mark.parametrize("snr", [3.0, 5.0, 7.0, 49.0, 1e3 / 3])
def test_at_the_best_penalty_the_error_falls_for_ever(snr):
    """The slope is -2 SNR int rho l e^2 where weight_decay = 1/SNR: whichever way that is rounded."""
    assert np.isinf(optimal_stopping(TeacherStudent(0.5, snr, weight_decay=1 / snr)).time)
    assert np.isinf(optimal_stopping(TeacherStudent(0.5, snr, 2.0, weight_decay=1 / snr)).time)


def test_what_falls_from_the_start_does_not_start_best():
    snr = 1e-16  # so little that psi = t and e = 1: the slope psi - SNR e is zero at t = SNR
    best = optimal_stopping(TeacherStudent(0.5, snr, weight_decay=1e-3))
    assert np.isclose(best.time, snr, rtol=1e-12, atol=0)
    assert optimal_stopping(TeacherStudent(0.5, 0.0, weight_decay=1e-3)).time == 0


@pytest.mark.slow
def test_gradients_and_batches():
    def time(snr, decay):
        return optimal_stopping(TeacherStudent(0.8, snr, 3.0, weight_decay=decay)).time

    for decay in (0.0, 0.005):
        slope = float(jax.grad(time)(2.0, decay))
        values = [float(time(2.0 + k * 1e-3, decay)) for k in (-2, -1, 1, 2)]
        assert np.isclose(slope, (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-3, rtol=1e-7, atol=0)
    decays = np.array([0.0, 0.005])
    batch = jax.vmap(lambda decay: time(2.0, decay))(decays)
    assert np.allclose(batch, [float(time(2.0, decay)) for decay in decays], rtol=1e-12, atol=0)


def test_out_of_range():
    assert np.isnan(jax.jit(lambda snr: optimal_stopping(TeacherStudent(0.5, snr)).time)(-1.0))
    with pytest.raises(gt.BadValue, match="snr has shape"):
        optimal_stopping(TeacherStudent(0.5, np.ones(2)))
