"""Closed forms of the linear wing against exact values and the solver; their oracles stand in the register."""

import itertools
from fractions import Fraction

import mpmath as mp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.dynamics import GradientDescent
from grok_theory.linear import TeacherStudent, limits, optimal_ridge, optimal_stopping, solve
from grok_theory.linear import closed_forms as forms

ratios = st.floats(-2, -0.02).map(lambda x: 10.0**x) | st.floats(0.02, 2).map(lambda x: 10.0**x)


@given(ratios, st.floats(0, 100), st.floats(0, 100))
def test_ends_agree_with_late_times(alpha, snr, inr):
    late = solve(TeacherStudent(alpha, snr, inr), [1e9])
    assert np.isclose(forms.late_test_loss(alpha, snr + inr), late["test_loss"][0], rtol=1e-12, atol=0)
    assert np.isclose(forms.late_weight_norm(alpha, snr, inr), late["weight_norm"][0], rtol=1e-12, atol=0)
    assert np.isclose(forms.late_train_loss(alpha), late["train_loss"][0], rtol=1e-12, atol=1e-300)


def test_the_peak_itself_and_exact_values_beside_it():
    assert np.isinf(forms.late_test_loss(1.0, 5.0))
    assert np.isinf(forms.late_weight_norm(1.0, 5.0, 2.0))
    assert float(forms.late_train_loss(1.0)) == 0.0
    # alpha/(alpha - 1) and (1 - alpha) S + 1/(1 - alpha); min(1, alpha) SNR + V + (1 - alpha) INR.
    both = np.array([0.5, 1.0, 2.0])
    np.testing.assert_array_equal(forms.late_test_loss(both, 5.0), [4.5, np.inf, 2.0])
    np.testing.assert_array_equal(forms.late_weight_norm(both, 8.0, 4.0), [7.0, np.inf, 9.0])
    np.testing.assert_array_equal(forms.late_train_loss(both), [0.0, 0.0, 0.5])


def test_one_step_at_infinite_size_is_that_of_the_solver():
    one = solve(TeacherStudent(0.7, 5.0, 2.0), [1], dynamics=GradientDescent(0.3))["test_loss"][0]
    assert np.isclose(forms.one_step_test_loss(0.7, 7.0, 0.3, np.inf), one, rtol=1e-15, atol=0)


def one_step_by_pairings(dim, samples, signal, rate):
    """1 + (S/N) E tr (1 - eta Q)^2 + (eta^2/N) E tr Q, Q = X X^T, entry by entry: the error of the student becomes
    (1 - eta Q) of itself minus eta X noise. Four entries of X, of variance 1/N, have the mean of their three pairings.
    """
    equal, once = (lambda a, b: Fraction(int(a == b), dim)), range(dim)
    square = Fraction(0)
    for i, j, m, n in itertools.product(once, once, range(samples), range(samples)):
        a, b, c, d = (i, m), (j, m), (j, n), (i, n)
        square += equal(a, b) * equal(c, d) + equal(a, c) * equal(b, d) + equal(a, d) * equal(b, c)
    trace = sum(equal((i, m), (i, m)) for i in once for m in range(samples))
    return 1 + signal * (dim - 2 * rate * trace + rate**2 * square) / dim + rate**2 * trace / dim


def test_one_step_at_any_size_is_the_mean_over_gaussian_data():
    for dim, samples in ((1, 1), (1, 3), (2, 1), (3, 2), (2, 5)):
        exact = one_step_by_pairings(dim, samples, Fraction(7), Fraction(3, 8))
        found = forms.one_step_test_loss(samples / dim, 7.0, 0.375, dim)
        assert np.isclose(found, float(exact), rtol=1e-15, atol=0)


def test_best_ratio_of_any_signal_keeps_its_digits():
    signal = np.array([0.0, 0.25, 1 - 2.0**-50, 1.0, 1 + 2.0**-50, 1.01, 1.5625, 1.999, 2.0, 3.0, 1e6, 1e300])
    with mp.workdps(40):
        exact = [(1 - 1 / mp.sqrt(s), 2 * mp.sqrt(s)) if s > 1 else (0, 1 + mp.mpf(s)) for s in signal]
    for found, right in zip(forms.best_samples_per_dim(signal), zip(*exact), strict=True):
        np.testing.assert_allclose(found, np.array(right, float), rtol=1e-15, atol=0)


def test_best_ratio_is_the_minimum():
    alpha, loss = forms.best_samples_per_dim(5.0)
    near = np.linspace(0.01, 0.99, 197)
    assert np.all(np.asarray(forms.late_test_loss(near, 5.0)) >= loss - 1e-12)
    assert np.isclose(limits(TeacherStudent(alpha, 5.0)).test_loss, loss, rtol=1e-14, atol=0)
    assert [float(v) for v in forms.best_samples_per_dim(0.5)] == [0.0, 1.5]


def test_finite_size_mean_against_inverse_wishart():
    # E tr W^-1 = N/(P - N - 1): sympy's chi-square for N = 1 gives 1/(P - 2).
    assert float(forms.finite_size_test_loss(1, 5, 3.0)) == 1 + 1 / 3
    assert np.isinf(forms.finite_size_test_loss(10, 11, 1.0))
    # Infinite for |N - P| <= 1, finite from 2 on: 1 + N/1.
    assert np.isinf([float(forms.finite_size_test_loss(n, 10, 1.0)) for n in (9, 10, 11)]).all()
    assert float(forms.finite_size_test_loss(10, 12, 5.0)) == 11.0
    assert np.isclose(forms.finite_size_test_loss(12, 10, 5.0), 5 / 6 + 1 + 10, rtol=1e-15, atol=0)
    # N = 12, P = 4, S = 3: (1 - 1/3) 3 + 1 + 4/7.
    assert np.isclose(forms.finite_size_test_loss(12, 4, 3.0), 3 + 4 / 7, rtol=1e-15, atol=0)
    large = forms.finite_size_test_loss(1e7, 5e6, 5.0)
    assert np.isclose(large, forms.late_test_loss(0.5, 5.0), rtol=1e-6, atol=0)


def test_laws_at_the_interpolation_threshold():
    times = np.array([1e6, 1e8])
    theory = solve(TeacherStudent(1.0, 5.0), times)
    gap = np.asarray(forms.interpolation_threshold_test_loss(times, 5.0)) - np.asarray(theory["test_loss"])
    assert np.all(np.abs(gap) < [1e-3, 1e-4])
    assert np.allclose(forms.interpolation_threshold_train_loss(times), theory["train_loss"], rtol=5e-6, atol=0)
    # What a teacher adds, apart from what noise does: it is small beside sqrt(t) unless asked for alone.
    taught = np.asarray(solve(TeacherStudent(1.0, 1e4), times)["test_loss"]) - np.asarray(
        solve(TeacherStudent(1.0, 0.0), times)["test_loss"]
    )
    law = forms.interpolation_threshold_test_loss(times, 1e4) - forms.interpolation_threshold_test_loss(times, 0.0)
    assert np.allclose(law, taught, rtol=1e-5, atol=0)


def test_best_stopping_time_of_a_strong_teacher():
    # l- = (1 - sqrt(alpha))^2: 1/4 at alpha = 1/4 and 1 at alpha = 4.
    assert np.isclose(forms.log_stopping_time(0.25, 2**5.5), np.log(4.0) / 0.25, rtol=1e-14, atol=0)
    assert np.isclose(forms.log_stopping_time(4.0, 2**3.5), np.log(4.0), rtol=1e-14, atol=0)
    for alpha in (0.25, 4.0):
        ratio = [
            optimal_stopping(TeacherStudent(alpha, s)).time / forms.log_stopping_time(alpha, s) for s in (1e6, 1e12)
        ]
        # Off by O(ln ln S / ln S), so nearer for a stronger teacher.
        assert abs(ratio[1] - 1) < abs(ratio[0] - 1) < 0.35


def test_noiseless_ratio_is_reached():
    theory = solve(TeacherStudent(2.0, 5.0), [2000.0])
    ratio = theory["test_bias"][0] / theory["train_bias"][0]
    assert np.isclose(ratio, forms.noiseless_ratio(2.0), rtol=5e-3, atol=0)


def test_early_stopping_bound_of_the_spec():
    problem = TeacherStudent(1.499, 9.51)
    excess = (optimal_stopping(problem).test_loss - 1) / (optimal_ridge(problem).test_loss - 1)
    assert np.isclose(excess, 1.04014, atol=5e-6)
