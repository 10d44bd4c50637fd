"""Finite-size shift and spread: formulas by other integrals, exact small cases, and a large ensemble."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.dynamics import GradientDescent
from grok_theory.linear import TeacherStudent, fluctuations
from grok_theory.linear.closed_forms import one_step_test_loss


def direct_forms(alpha, snr, inr, g, t):
    """Mode functions of test and train loss as plain NumPy functions of l."""
    return two_time_form(alpha, snr, inr, g, t, t)


def two_time_form(alpha, snr, inr, g, t, u):
    """The same with one amplitude at time t and one at time u."""

    def e(l, s):
        return np.exp(-(l + g) * s)

    def memory(l, s):
        r = l + g
        return np.where(r == 0, s, (1 - e(l, s)) / np.where(r == 0, 1, r))

    def error(l, s):
        return e(l, s) + g * memory(l, s)

    def test(l):
        return snr * error(l, t) * error(l, u) + inr * e(l, t) * e(l, u) + l * memory(l, t) * memory(l, u)

    def train(l):
        return l * (snr * error(l, t) * error(l, u) + inr * e(l, t) * e(l, u)) + error(l, t) * error(l, u)

    def both(l):  # train residual at t times test error at u: the noise enters them with opposite signs
        signal = snr * error(l, t) * error(l, u) + inr * e(l, t) * e(l, u)
        return np.sqrt(l) * (signal - error(l, t) * memory(l, u))

    return test, train, both


@pytest.mark.parametrize(("alpha", "inr", "g"), [(0.5, 0.0, 0.0), (1.0, 1.0, 0.02), (2.0, 3.0, 0.1)])
def test_formulas_by_other_integrals(alpha, inr, g):
    """Midpoints in the angle instead of the package's rule, and a double integral instead of its Fourier sums."""
    snr, dim, samples = 5.0, 50, alpha * 50
    times = np.array([0.7, 3.0, 20.0])  # the other tests have as many, and as late: compiled once
    found = fluctuations(TeacherStudent(alpha, snr, inr, weight_decay=g), times, dim)
    # An even and an odd number of midpoints never meet. Averages over them integrate polynomials exactly to degree 2n.
    x, y = ((np.arange(n) + 0.5) * np.pi / n for n in (900, 901))
    at = lambda theta: (1 - alpha**0.5) ** 2 + 4 * alpha**0.5 * np.cos(theta / 2) ** 2  # noqa: E731
    weights = 2 * alpha * np.sin(x) ** 2 / (at(x) * x.size)
    cosines = np.cos(x)[:, None], np.cos(y)[None, :]

    def shift(h):
        return (h(at(np.pi)) + h(at(0.0))) / 4 - np.mean(h(at(x))) / 2

    def harmonic_sum(h, k):
        # sum_k k c_k[h] c_k[k], from the double integral of the divided differences over two arcsine laws.
        gap = cosines[0] - cosines[1]
        divided = [(f(at(x))[:, None] - f(at(y))[None, :]) / gap for f in (h, k)]
        return np.mean(divided[0] * divided[1] * (1 - cosines[0] * cosines[1]))

    forms = [direct_forms(alpha, snr, inr, g, t) for t in times]
    for name, curve, size in (("test_loss", 0, dim), ("train_loss", 1, samples)):
        same = [form[curve] for form in forms]
        for i, f in enumerate(same):
            assert np.isclose(found.mean_shift[name][i], shift(f) / size, rtol=1e-11, atol=0), (name, i)
        for i, j in ((0, 0), (1, 1), (2, 2), (0, 2)):
            a, b = (two_time_form(alpha, snr, inr, g, times[i], times[j]))[curve], (same[i], same[j])
            amplitudes = np.sum(weights * a(at(x)) ** 2)
            if name == "test_loss":
                amplitudes += max(0, 1 - alpha) * (snr + inr * np.exp(-g * (times[i] + times[j]))) ** 2
            else:
                amplitudes = amplitudes / alpha + max(0, 1 - 1 / alpha)
            spread = 2 / size * amplitudes + (2 * shift(lambda l: a(l) ** 2) + harmonic_sum(*b) / 2) / size**2  # noqa: B023
            assert np.isclose(found.covariance[name][i, j], spread, rtol=1e-11, atol=0), (name, i, j)
        assert np.allclose(found.std[name] ** 2, np.diagonal(found.covariance[name]), rtol=1e-14, atol=0)

    for i, j in ((0, 0), (0, 2), (2, 1)):
        a = two_time_form(alpha, snr, inr, g, times[i], times[j])[2]
        eigenvalues = 2 * shift(lambda l: a(l) ** 2) + harmonic_sum(forms[i][1], forms[j][0]) / 2  # noqa: B023
        spread = 2 / samples * np.sum(weights * a(at(x)) ** 2) + eigenvalues / (dim * samples)
        assert np.isclose(found.train_test_covariance[i, j], spread, rtol=1e-11, atol=0), (i, j)


def test_both_losses_start_from_one_teacher():
    """With v teacher minus start the train loss is |v|^2/N + noise on average, the test loss exactly."""
    found = fluctuations(TeacherStudent(1.0, 5.0, 1.0, noise=2.0), [0.0, 1.0, 20.0], 40)
    assert np.isclose(found.train_test_covariance[0, 0], 2 * (4 * 6) ** 2 / 40, rtol=1e-12, atol=0)


def test_shift_of_one_step_is_exact():
    # One step of descent: the only 1/N term is S eta^2 alpha / N.
    problem = TeacherStudent(0.6, 5.0, 2.0, noise=3.0)
    found = fluctuations(problem, [1], 20, dynamics=GradientDescent(0.2))
    exact = 9 * (one_step_test_loss(0.6, 7.0, 0.2, 20) - one_step_test_loss(0.6, 7.0, 0.2, np.inf))
    assert np.isclose(found.mean_shift["test_loss"][0], exact, rtol=1e-12, atol=0)


def test_spread_at_the_start_is_that_of_the_teacher_alone():
    found = fluctuations(TeacherStudent(1.0, 5.0, 1.0), [0.0, 1.0, 20.0], 40)
    assert np.isclose(found.std["test_loss"][0], 6 * np.sqrt(2 / 40), rtol=1e-13, atol=0)
    covariance = np.asarray(found.covariance["test_loss"])
    assert np.allclose(covariance, covariance.T, rtol=1e-13, atol=0)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)


def test_batches_and_refusals():
    problem = TeacherStudent(0.5, 5.0)
    times = [1.0, 2.0, 20.0]
    batch = jax.vmap(lambda dim: fluctuations(problem, times, dim).std["test_loss"])(np.array([10.0, 40.0]))
    assert np.allclose(batch[1], fluctuations(problem, times, 40).std["test_loss"], rtol=1e-13, atol=0)
    with pytest.raises(gt.BadValue, match=r"dim is 0.*number of weights"):
        fluctuations(problem, [1.0], 0)
    with pytest.raises(gt.BadValue, match=r"times\[0\] is 1e\+08.*Pass earlier times"):
        fluctuations(TeacherStudent(1.0, 5.0), [1e8], 10)
