"""Finite-size shift and spread: formulas by other integrals, exact small cases, and the spec's large ensemble."""

import jax
import numpy as np
import pytest
from scipy import integrate

import grok_theory as gt
from grok_theory.linear import GradientDescent, TeacherStudent, fluctuations
from grok_theory.linear.closed_forms import one_step_test_loss


def direct_forms(alpha, snr, inr, g, t):
    """Mode functions of test and train loss as plain NumPy functions of l."""

    def e(l):
        return np.exp(-(l + g) * t)

    def error(l):
        return (g + l * e(l)) / (l + g)

    def test(l):
        return snr * error(l) ** 2 + inr * e(l) ** 2 + l * (1 - e(l)) ** 2 / (l + g) ** 2

    def train(l):
        return l * (snr * error(l) ** 2 + inr * e(l) ** 2) + error(l) ** 2

    return test, train


@pytest.mark.parametrize(("alpha", "inr", "g"), [(0.5, 0.0, 0.0), (2.0, 3.0, 0.1)])
def test_formulas_by_other_integrals(alpha, inr, g):
    snr, dim = 5.0, 50
    times = np.array([0.7, 3.0])
    found = fluctuations(TeacherStudent(alpha, snr, inr, weight_decay=g), times, dim)
    low, high = (1 - alpha**0.5) ** 2, (1 + alpha**0.5) ** 2

    def on_circle(h):
        return lambda theta: h(1 + alpha + 2 * alpha**0.5 * np.cos(theta))

    def shift(h):
        mean = integrate.quad(on_circle(h), 0, np.pi, epsabs=1e-13, epsrel=1e-13)[0] / (2 * np.pi)
        return (h(low) + h(high)) / 4 - mean

    def bulk(h):
        density = lambda l: np.sqrt(max((high - l) * (l - low), 0)) / (2 * np.pi * l) * h(l)  # noqa: E731
        return integrate.quad(density, low, high, epsabs=1e-13, epsrel=1e-13)[0]

    def harmonic_sum(h):
        # sum k c_k^2 = (1/pi^2) double integral of ((h(x)-h(y))/(x-y))^2 (1-xy) over the arcsine laws.
        n = 600
        x, y = np.cos((np.arange(n) + 0.25) * np.pi / n), np.cos((np.arange(n) + 0.75) * np.pi / n)
        h = np.vectorize(h)
        hx, hy = h(1 + alpha + 2 * alpha**0.5 * x), h(1 + alpha + 2 * alpha**0.5 * y)
        ratio = (hx[:, None] - hy[None, :]) / (x[:, None] - y[None, :])
        return np.mean(ratio**2 * (1 - x[:, None] * y[None, :]))

    for i, t in enumerate(times):
        test, train = direct_forms(alpha, snr, inr, g, t)
        samples = alpha * dim
        assert np.isclose(found.mean_shift["test_loss"][i], shift(test) / dim, rtol=1e-8)
        assert np.isclose(found.mean_shift["train_loss"][i], shift(train) / samples, rtol=1e-8)
        atom = max(0, 1 - alpha) * (snr + inr * np.exp(-2 * g * t)) ** 2
        spread = 2 / dim * (bulk(lambda l: test(l) ** 2) + atom)  # noqa: B023
        spread += (2 * shift(lambda l: test(l) ** 2) + harmonic_sum(test) / 2) / dim**2  # noqa: B023
        assert np.isclose(found.std["test_loss"][i] ** 2, spread, rtol=2e-6)
        spread = 2 / samples * (bulk(lambda l: train(l) ** 2) / alpha + max(0, 1 - 1 / alpha))  # noqa: B023
        spread += (2 * shift(lambda l: train(l) ** 2) + harmonic_sum(train) / 2) / samples**2  # noqa: B023
        assert np.isclose(found.std["train_loss"][i] ** 2, spread, rtol=2e-6)


def test_shift_of_one_step_is_exact():
    # One step of descent: the only 1/N term is S eta^2 alpha / N.
    problem = TeacherStudent(0.6, 5.0, 2.0, noise=3.0)
    found = fluctuations(problem, [1], 20, method=GradientDescent(0.2))
    exact = 9 * (one_step_test_loss(0.6, 7.0, 0.2, 20) - one_step_test_loss(0.6, 7.0, 0.2, np.inf))
    assert np.isclose(found.mean_shift["test_loss"][0], exact, rtol=1e-12)


def test_spread_at_the_start_is_that_of_the_teacher_alone():
    found = fluctuations(TeacherStudent(1.0, 5.0, 1.0), [0.0, 1.0], 40)
    assert np.isclose(found.std["test_loss"][0], 6 * np.sqrt(2 / 40), rtol=1e-13)
    covariance = np.asarray(found.covariance["test_loss"])
    assert np.allclose(covariance, covariance.T, rtol=1e-13)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)


def test_batches_and_refusals():
    problem = TeacherStudent(0.5, 5.0)
    batch = jax.vmap(lambda dim: fluctuations(problem, [1.0, 2.0], dim).std["test_loss"])(np.array([10.0, 40.0]))
    assert np.allclose(batch[1], fluctuations(problem, [1.0, 2.0], 40).std["test_loss"], rtol=1e-13)
    with pytest.raises(gt.BadValue, match=r"dim is 0.*number of weights"):
        fluctuations(problem, [1.0], 0)
    with pytest.raises(gt.BadValue, match=r"times\[0\] is 1e\+08.*Pass earlier times"):
        fluctuations(TeacherStudent(1.0, 5.0), [1e8], 10)
