"""Activations: duals by name, Hermite series, what the public door refuses."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.kernels import Activation, Erf, Identity, Quadratic, Relu, hermite_coefficients
from grok_theory.kernels.activations import as_activation

CLOSED = [Erf(0.7), Relu(), Identity(), Quadratic(0.4)]
SMOOTH = [Erf(0.7), Identity(), Quadratic(0.4)]


@pytest.mark.parametrize("activation", SMOOTH, ids=repr)
def test_closed_forms_equal_quadrature(activation):
    """Two roads that share nothing but the pair: formulas, and 128 x 128 Gauss-Hermite points."""
    by_points = Activation(activation, nodes=128)
    for pair in [(1.0, 0.3, 1.0), (0.5, -0.4, 0.7), (0.8, 0.8, 0.8)]:
        assert float(activation.dual(*pair)) == pytest.approx(float(by_points.dual(*pair)), rel=1e-12, abs=0)
        assert float(activation.dual_derivative(*pair)) == pytest.approx(
            float(by_points.dual_derivative(*pair)), rel=1e-12, abs=0
        )


def test_quadrature_says_how_wrong_it_is():
    """A kink is off by 4e-3 at 64 nodes, and `dual_error` says so to a factor of three; tanh is fine."""
    kink = Activation(Relu(), nodes=64)
    claimed = kink.dual_error(1.0, 0.5, 1.0)
    true = [
        abs(float(getattr(kink, n)(1.0, 0.5, 1.0) - getattr(Relu(), n)(1.0, 0.5, 1.0)))
        for n in ("dual", "dual_derivative")
    ]
    for ours, error in zip(claimed, true):
        assert error / 3 < float(ours) < 3 * error
    assert max(map(float, Activation(jnp.tanh).dual_error(1.0, 0.5, 1.0))) < 1e-8


@pytest.mark.parametrize("activation", [*CLOSED, Activation(jnp.tanh, nodes=200)], ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("variance", [0.3, 1.0])
def test_hermite_series_sums_to_the_dual(activation, variance):
    """dual(v, rho v, v) = sum a_k^2 rho^k at rho = 1/2: sixty terms leave 2^-61."""
    series = float(jnp.sum(hermite_coefficients(activation, 60, variance=variance) ** 2 * 0.5 ** jnp.arange(61.0)))
    dual = float(activation.dual(variance, variance / 2, variance))
    assert series == pytest.approx(dual, rel=1e-14 if activation.exact else 1e-10, abs=0)


def test_hermite_coefficients_of_relu():
    expected = [0.39894228, 0.5, 0.28209479, 0, -0.08143375]
    np.testing.assert_allclose(hermite_coefficients("relu", 4), expected, atol=5e-9)
    assert hermite_coefficients("relu", 300).shape == (301,)


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(-0.999, 0.999))
def test_derivative_in_q12_is_the_dual_derivative(q11, q22, correlation):
    q12 = correlation * np.sqrt(q11 * q22)
    for activation in CLOSED:
        slope = jax.grad(lambda q, a=activation: a._dual(q11, q, q22, None))(q12)
        assert float(slope) == pytest.approx(float(activation.dual_derivative(q11, q12, q22)), rel=1e-9, abs=0)


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(-1, 1))
def test_duals_obey_cauchy_schwarz(q11, q22, correlation):
    q12 = correlation * np.sqrt(q11 * q22)
    for activation in CLOSED:
        own, other = activation.dual(q11, q11, q11), activation.dual(q22, q22, q22)
        assert float(activation.dual(q11, q12, q22)) ** 2 <= float(own * other) * (1 + 1e-12)


def test_calling_is_the_function():
    h = jnp.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(Quadratic(0.5)(h), h + 0.25 * h**2)
    np.testing.assert_allclose(Relu()(h), [0, 0, 2])
    np.testing.assert_allclose(Erf(2.0)(h), jax.lax.erf(2 * h))
    np.testing.assert_array_equal(Identity()(h), h)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Erf(0.0), ["scale is 0.0", "positive", "Pass"]),
        (lambda: Quadratic(np.nan), ["epsilon is nan", "finite", "Pass"]),
        (lambda: Activation(jnp.tanh, nodes=1), ["nodes is 1", "from 2", "Pass"]),
        (lambda: as_activation("rleu"), ["activation is 'rleu'", "Did you mean 'relu'", "Activation(jnp.tanh)"]),
        (lambda: as_activation(3), ["activation is 3", "objects", "Wrap"]),
        (lambda: Relu().dual(1.0, 1.1, 1.0), ["q12 is 1.1", "must not exceed", "Pass"]),
        (lambda: Relu().dual(0.0, 0.0, 1.0), ["q11 is 0.0", "positive", "variance"]),
        (lambda: Relu().dual(1.0, np.nan, 1.0), ["q12 is nan", "finite", "Pass"]),
        (lambda: Erf().dual_derivative(1.0, 0.0, -1.0), ["q22 is -1.0", "positive", "variance"]),
        (lambda: hermite_coefficients("erf", -1), ["degree is -1", "from 0", "Pass"]),
        (lambda: hermite_coefficients("erf", 3, variance=0.0), ["variance is 0.0", "positive", "Pass"]),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def in_many_digits(activation, h):
    """phi(h) typed again."""
    match activation:
        case Erf():
            return mp.erf(activation.scale * h)
        case Relu():
            return max(h, mp.mpf(0))
        case Identity():
            return h
        case Quadratic():
            return h + activation.epsilon * h**2 / 2


@pytest.mark.parametrize("activation", CLOSED, ids=repr)
def test_every_hermite_coefficient_is_its_integral_with_its_sign(activation):
    """E phi(sqrt(v) z) He_k(z)/sqrt(k!), by the recurrence of He_k; asked for up to any degree, even or odd."""
    variance, most = 0.6, 7

    def polynomial(k, z):
        before, own = mp.mpf(0), mp.mpf(1)
        for j in range(k):
            before, own = own, z * own - j * before
        return own / mp.sqrt(mp.factorial(k))

    def integrand(k):
        return lambda z: in_many_digits(activation, mp.sqrt(variance) * z) * polynomial(k, z) * mp.npdf(z)

    exact = [float(mp.quad(integrand(k), [-14, -5, 0, 5, 14])) for k in range(most + 1)]
    for degree in (0, 1, 2, 3, most):
        found = hermite_coefficients(activation, degree, variance=variance)
        np.testing.assert_allclose(found, exact[: degree + 1], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("scale", "variance"), [(1e-100, 1e-300), (1e-8, 1.0), (0.9, 0.6), (1e100, 1e300)])
def test_the_slope_of_erf_is_known_wherever_its_argument_lies(scale, variance):
    """By Stein a_1 = (2/sqrt(pi)) r/sqrt(1 + 2 r^2), r = scale sqrt(v): linear far below one, sqrt(2/pi) far above."""
    with mp.workdps(40):
        r = mp.mpf(scale) * mp.sqrt(mp.mpf(variance))
        exact = float(2 / mp.sqrt(mp.pi) * r / mp.sqrt(1 + 2 * r**2))
    assert float(hermite_coefficients(Erf(scale), 1, variance=variance)[1]) == pytest.approx(exact, rel=1e-15, abs=0)


def test_high_coefficients_of_relu_keep_their_digits():
    """(-1)^(k/2 - 1) (k - 3)!!/sqrt(2 pi k!) beyond k = 170, where k! is no float, and before it."""
    found = hermite_coefficients("relu", 300)
    for k in (100, 170, 172, 298, 300):
        with mp.workdps(40):
            exact = float((-1) ** (k // 2 - 1) * mp.fac2(k - 3) / mp.sqrt(2 * mp.pi * mp.factorial(k)))
        assert float(found[k]) == pytest.approx(exact, rel=1e-14, abs=0)
    assert not found[3::2].any()
