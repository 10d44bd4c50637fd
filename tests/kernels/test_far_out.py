"""Variances, scales and spectra from 1e-300 to 1e300, against sixty digits."""

from functools import partial

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from grok_theory import BadValue, kernels

FAR = [1e-300, 1e-160, 1.0, 1e160, 1e300]
CORRELATIONS = [-0.9, 0.0, 0.3, 0.9999]


def pairs():
    return [(a, float(np.sqrt(a) * np.sqrt(b) * rho), b) for a in FAR for b in FAR for rho in CORRELATIONS]


def in_digits(function, *numbers):
    with mp.workdps(60):
        return float(function(*(mp.mpf(float(number)) for number in numbers)))


def of_erf(a, c, b, s=1.0):
    return 2 / mp.pi * mp.asin(2 * s**2 * c / mp.sqrt((1 + 2 * s**2 * a) * (1 + 2 * s**2 * b)))


def slope_of_erf(a, c, b, s=1.0):
    return 4 * s**2 / mp.pi / mp.sqrt((1 + 2 * s**2 * a) * (1 + 2 * s**2 * b) - 4 * s**4 * c**2)


def of_relu(a, c, b):
    angle = mp.acos(c / mp.sqrt(a * b))
    return mp.sqrt(a * b) * (mp.sin(angle) + (mp.pi - angle) * mp.cos(angle)) / (2 * mp.pi)


def slope_of_relu(a, c, b):
    return (mp.pi - mp.acos(c / mp.sqrt(a * b))) / (2 * mp.pi)


@pytest.mark.parametrize(
    ("activation", "value", "slope"), [("erf", of_erf, slope_of_erf), ("relu", of_relu, slope_of_relu)]
)
def test_duals_at_any_variance(activation, value, slope):
    """At variances 1e-300 ReLU's dual was 0 and the chance that both units are on .25; erf's was nan at 1e160."""
    phi = {"erf": kernels.Erf(), "relu": kernels.Relu()}[activation]
    covariances = pairs()
    columns = np.array(covariances).T
    duals, slopes = phi.dual(*columns), phi.dual_derivative(*columns)
    for covariance, dual, dual_derivative in zip(covariances, duals, slopes):
        assert np.isclose(dual, in_digits(value, *covariance), rtol=1e-11, atol=1e-300), covariance
        assert np.isclose(dual_derivative, in_digits(slope, *covariance), rtol=1e-11, atol=0), covariance
    # Coincident variables, whatever rounding makes of their determinant.
    same = np.asarray(phi.dual(*[np.array(FAR)] * 3))
    expected = [in_digits(of_erf, q, q, q) if activation == "erf" else q / 2 for q in FAR]
    np.testing.assert_allclose(same, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("scale", [1e-200, 1e-100, 1e100, 1e200])
def test_any_scale_of_erf(scale):
    """At scale 1e100 the dual was 0, at 1e200 one half, and the Hermite coefficients nan."""
    phi = kernels.Erf(scale)
    for covariance in [(2.0, 1.0, 3.0), (1e-100, -4e-101, 1e-100)]:
        assert np.isclose(phi.dual(*covariance), in_digits(of_erf, *covariance, scale), rtol=1e-12, atol=0)
        slope = in_digits(slope_of_erf, *covariance, scale)
        assert np.isclose(phi.dual_derivative(*covariance), slope, rtol=1e-12, atol=0)
    first = in_digits(lambda s: mp.sqrt(2 / mp.pi * 2 * s**2 / (1 + 2 * s**2)), scale)
    assert np.isclose(kernels.hermite_coefficients(phi, 1)[1], first, rtol=1e-13, atol=0)


@pytest.mark.parametrize("epsilon", [1e-200, 0.5, 1e150])
def test_quadratic_units_at_any_variance(epsilon):
    for a, c, b in pairs():
        exact = in_digits(lambda a, c, b, e: c + e**2 / 4 * (a * b + 2 * c**2), a, c, b, epsilon)
        if abs(exact) < 1e300:
            assert np.isclose(kernels.Quadratic(epsilon).dual(a, c, b), exact, rtol=1e-13, atol=1e-307)


def test_quadrature_at_any_variance():
    """The covariance of what is linear there: the determinant of two variances of 1e-200 vanished."""
    tanh = kernels.Activation(jnp.tanh)
    for variance in (1e-280, 1e-200, 1e-100):
        dual, slope = tanh.dual(variance, 0.3 * variance, variance), tanh.dual_derivative(variance, 0.0, variance)
        assert np.isclose(dual, 0.3 * variance, rtol=1e-10, atol=0)
        assert np.isclose(slope, 1, rtol=1e-12, atol=0)
    with pytest.warns(UserWarning, match=r"64 nodes is off by about .*Raise Activation\(nodes"):
        kernels.hermite_coefficients(tanh, 2, variance=1e4)


@pytest.mark.parametrize("power", [-430, -300, 300])
@pytest.mark.parametrize("kind", ["nngp", "ntk"])
def test_relu_kernels_scale_with_their_inputs(kind, power):
    """Without biases both kernels are of degree two: inputs of 1e-100 had the prior covariance 0."""
    X = np.random.default_rng(3).standard_normal((4, 3))
    near = getattr(kernels, kind)(kernels.FullyConnected("relu", 2), X)
    far = getattr(kernels, kind)(kernels.FullyConnected("relu", 2), np.ldexp(X, power))
    np.testing.assert_allclose(far, np.ldexp(np.asarray(near), 2 * power), rtol=1e-12, atol=0)


def test_a_variance_that_vanishes_on_the_way_is_refused():
    network = kernels.FullyConnected("relu", 4, weight_variance=1e-150, readout_variance=1e300)
    with pytest.raises(BadValue, match=r"variance of 0 in a layer, but it must be at least 1e-300.*larger"):
        kernels.nngp(network, np.ones((2, 2)))
    # An input of zeros has none, and may.
    assert float(kernels.nngp(kernels.FullyConnected("relu"), np.zeros((1, 2)))[0, 0]) == 0


SPECTRA = [
    ([1e300, 1.0, 1e-300], 2, 0.0),
    ([1e300, 1e160, 1.0, 1e-160, 1e-300], 3, 1e-200),
    ([1.7e308] * 4, 2, 0.0),
    ([1e-300] * 4, 2, 1e-300),
    ([1.0, 2.0], 1, 1e300),
    ([1.0, 0.5, 0.2], 2 + 1e-12, 0.0),
]


@pytest.mark.parametrize(("eigenvalues", "samples", "ridge"), SPECTRA)
def test_effective_ridges_of_spectra_over_hundreds_of_decades(eigenvalues, samples, ridge):
    """[1e300, 1, 1e-300] with 2 samples gave 0 for 1e-150."""
    with mp.workdps(700):
        l, n, r = [mp.mpf(e) for e in eigenvalues], mp.mpf(samples), mp.mpf(ridge)
        low, high = mp.mpf(-800), mp.mpf(800)
        for _ in range(80):
            middle = (low + high) / 2
            kappa = mp.exp(middle)
            low, high = (middle, high) if sum(e / (e + kappa) for e in l) + r / kappa > n else (low, middle)
        exact = float(mp.exp(low))
    found = kernels.effective_regularization(np.array(eigenvalues), samples, ridge=ridge)
    assert np.isclose(found, exact, rtol=1e-12, atol=0)


def test_what_jax_takes_for_zero_is_refused():
    with pytest.raises(BadValue, match=r"eigenvalues\[1\] is 1e-310, but it must be at least 2.23e-308"):
        kernels.effective_regularization(np.array([1.0, 1e-310]), 1)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_derivatives_of_shares_far_out(size):
    """d/dl sum l/(l + r) = r/(l + r)^2, also at l = 0; it was nan at l = 1e-300 and r = 1."""
    slopes = jax.grad(lambda l: kernels.effective_dimension(l, size))(jnp.array([size, 3 * size, 0.0, size * 1e-7]))
    np.testing.assert_allclose(slopes * size, [1 / 4, 1 / 16, 1, 1 / (1 + 1e-7) ** 2], rtol=1e-12, atol=0)
    kernel = np.array([[0.9, 0.3], [0.3, 0.5]]) * size
    target = np.array([1.0, -1.0])
    near = kernels.alignment(kernel / size, target)
    assert np.isclose(kernels.alignment(kernel, target), near, rtol=1e-12, atol=0)


def test_entries_next_to_the_end_of_floats():
    """Above 2^1023 alignment was nan and equal eigenvalues were refused."""
    kernel, target = np.array([[0.9, 0.3], [0.3, 0.5]]), np.array([1.0, -1.0])
    near = kernels.alignment(kernel, target)
    assert np.isclose(kernels.alignment(kernel * 1.7e308, target), near, rtol=1e-12, atol=0)
    assert np.isclose(kernels.participation_ratio(np.full(3, 1.7e308)), 3, rtol=1e-15, atol=0)
    assert np.isclose(kernels.cka(kernel * 1.7e308, kernel), 1, rtol=1e-12, atol=0)


DRAWN = np.random.default_rng(7)
FEATURES, FRESH, TARGETS = DRAWN.standard_normal((9, 3)), DRAWN.standard_normal((2, 3)), DRAWN.standard_normal(9)


@jax.jit
def predicted(inputs, targets, ridge):
    return kernels.kernel_ridge(inputs @ inputs.T, targets, FRESH @ inputs.T, ridge=ridge)


@jax.jit
def left_out(inputs, targets, ridge):
    told = kernels.leave_one_out(inputs @ inputs.T, targets, ridge=ridge)
    return jnp.append(told.residuals, told.leverage[0])


@pytest.mark.parametrize("ridge", [1.0, 1e-4, 1e-10, 1e-16, 1e-300, 0.0])
@pytest.mark.parametrize("function", [predicted, left_out])
def test_derivatives_of_kernels_of_low_rank(function, ridge):
    """The slope of kernel_ridge in the targets was 100 times too large at 1e-16, that of leave_one_out in the features
    a quarter of what it is at any ridge."""
    direction = np.random.default_rng(8).standard_normal(FEATURES.shape)
    found = sloped(function, jnp.asarray(FEATURES), jnp.asarray(direction), TARGETS, ridge)
    step = 1e-6
    ends = [function(FEATURES + sign * step * direction, TARGETS, ridge) for sign in (1, -1)]
    np.testing.assert_allclose(found[0], (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-8)
    # Backwards the same.
    assert np.isclose(found[1], jnp.sum(found[0]), rtol=1e-7, atol=1e-9)
    # Both are linear in the targets (the leverage does not know them).
    values, leverage = function(FEATURES, TARGETS, ridge), 1 if function is left_out else 0
    expected = np.append(values[: values.size - leverage], np.zeros(leverage))
    np.testing.assert_allclose(found[2], expected, rtol=1e-9, atol=0)
    if ridge > 1e-5:
        ends = [function(FEATURES, TARGETS, ridge * (1 + sign * 1e-4)) for sign in (1, -1)]
        np.testing.assert_allclose(found[3], (ends[0] - ends[1]) / (2e-4 * ridge), rtol=1e-5, atol=1e-9)


@partial(jax.jit, static_argnums=0)
def sloped(function, inputs, direction, targets, ridge):
    """Slopes along a direction of the inputs, forwards, and of the sum, backwards; along the targets; in the ridge."""
    ridge, targets = jnp.asarray(ridge, float), jnp.asarray(targets)
    zero = jnp.zeros_like
    forwards = jax.jvp(function, (inputs, targets, ridge), (direction, zero(targets), zero(ridge)))[1]
    backwards = jnp.sum(jax.grad(lambda x: jnp.sum(function(x, targets, ridge)))(inputs) * direction)
    by_targets = jax.jvp(function, (inputs, targets, ridge), (zero(inputs), targets, zero(ridge)))[1]
    by_ridge = jax.jvp(function, (inputs, targets, ridge), (zero(inputs), zero(targets), jnp.ones_like(ridge)))[1]
    return forwards, backwards, by_targets, by_ridge


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("row", [1e-300, 1.0, 1e200])
def test_predictions_in_any_units(unit, row):
    """K of 1e300 with K_test of 1e-300 predicted 0, K_test of 1e200 nan; flow of t = 1e-300 gave 0 everywhere."""
    generator = np.random.default_rng(9)
    vectors = np.linalg.qr(generator.standard_normal((4, 4)))[0]
    values, y, cross = np.array([3.0, 1.0, 0.5, 0.2]), generator.standard_normal(4), generator.standard_normal((1, 4))
    kernel = (vectors * values) @ vectors.T
    shown, ours = cross @ vectors, vectors.T @ y
    for ridge in (0.0, 0.3 * unit, 1e300):
        with mp.workdps(50):
            terms = [
                mp.mpf(s) * mp.mpf(o) * mp.mpf(row) / (mp.mpf(l) * mp.mpf(unit) + mp.mpf(ridge))
                for s, o, l in zip(shown[0], ours, values)
            ]
            exact = sum(terms) * mp.mpf(10) ** -10
        if 1e-290 < abs(exact) < 1e300:
            found = kernels.kernel_ridge(kernel * unit, y * 1e-10, cross * row, ridge=ridge)
            assert np.isclose(found[0], float(exact), rtol=1e-10, atol=0)
    for clock in (1e-300, 1e-10, 1.0, 1e300):
        with mp.workdps(50):
            terms = [
                mp.mpf(s)
                * mp.mpf(o)
                * mp.mpf(row)
                * -mp.expm1(-mp.mpf(l) * mp.mpf(unit) * mp.mpf(clock))
                / (mp.mpf(l) * mp.mpf(unit))
                for s, o, l in zip(shown[0], ours, values)
            ]
            exact = sum(terms)
        if 1e-290 < abs(exact) < 1e300:
            found = kernels.gradient_flow(kernel * unit, y, cross * row, np.array([clock]))[1]
            assert np.isclose(found[0, 0], float(exact), rtol=1e-10, atol=0)


def test_flow_starts_at_its_start():
    """To the bit, and at t = 1e-12 to all digits: y - e^(-Kt) y left 1e-16 of y at t = 0."""
    kernel, y = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -0.3])
    outputs, _ = kernels.gradient_flow(kernel, y, kernel, np.array([0.0, 1e-12]))
    np.testing.assert_array_equal(outputs[0], 0)
    np.testing.assert_allclose(outputs[1], 1e-12 * kernel @ y, rtol=1e-11, atol=0)


@pytest.mark.parametrize("ridge", [1e300, 1.7e308])
def test_influence_under_a_large_ridge(ridge):
    """K_test y/ridge: 1e-308 is no normal number, its product with 1e300 is one."""
    kernel, y = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1e300, -3e299])
    found = kernels.leave_one_out_influence(kernel, y, np.eye(2), ridge=ridge)
    np.testing.assert_allclose(found, np.diag(-y / ridge), rtol=1e-12, atol=1e-15 * 1e300 / ridge)
