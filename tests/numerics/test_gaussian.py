"""Gaussian pair expectations against many-digit integrals that use neither Hermite nodes nor closed forms."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.numerics import gaussian

PAIRS = [(1.0, 0.3, 1.0), (1.0, -0.7, 0.5), (2.0, 1.9, 2.0), (0.3, 0.0, 4.0), (1e-3, 2e-4, 1e-3), (9.0, -8.0, 9.0)]


def pair_integral(phi, q11, q12, q22):
    """E[phi(u) phi(v)] = int dv p(v) phi(v) E[phi(u) | v], both integrals by tanh-sinh, kinks at zero split out."""
    q11, q12, q22 = mp.mpf(q11), mp.mpf(q12), mp.mpf(q22)
    spread = mp.sqrt(q11 - q12**2 / q22)

    def inner(v):
        mean = q12 / q22 * v
        ends = sorted({-mp.inf, mp.mpf(0), mean, mp.inf})
        return mp.quad(lambda u: phi(u) * mp.npdf(u, mean, spread), ends)

    return mp.quad(lambda v: phi(v) * mp.npdf(v, 0, mp.sqrt(q22)) * inner(v), [-mp.inf, 0, mp.inf])


def one_dimensional(kind, q11, q12, q22):
    """The same by Price's theorem: the dual as an integral of E[phi' phi'] over q12; many digits in an instant."""
    q11, q12, q22 = (mp.mpf(q) for q in (q11, q12, q22))
    if kind == "erf":
        # E[phi' phi'] = (4/pi) E[exp(-u^2 - v^2)] = (4/pi) / sqrt(det(1 + 2Q)).
        def slope(c):
            return 4 / mp.pi / mp.sqrt(mp.det(mp.eye(2) + 2 * mp.matrix([[q11, c], [c, q22]])))

        return mp.quad(slope, [0, q12]), slope(q12)

    # E[relu' relu'] is the orthant probability, an integral of the bivariate density; the dual starts at q11 q22 / (2
    # pi).
    def orthant(c):
        return mp.mpf(1) / 4 + mp.quad(lambda q: 1 / (2 * mp.pi * mp.sqrt(q11 * q22 - q**2)), [0, c])

    return mp.sqrt(q11 * q22) / (2 * mp.pi) + mp.quad(orthant, [0, q12]), orthant(q12)


@pytest.mark.parametrize("kind", ["erf", "relu"])
def test_duals_against_many_digits(kind):
    worst = 0.0
    with mp.workdps(25):
        for pair in PAIRS:
            exact = one_dimensional(kind, *pair)
            ours = getattr(gaussian, f"{kind}_dual")(*pair), getattr(gaussian, f"{kind}_dual_derivative")(*pair)
            worst = max(worst, *(abs(float((a - b) / b)) if b else abs(a) for a, b in zip(map(float, ours), exact)))
    print(f"{kind}: worst relative error {worst:.1e} over {len(PAIRS)} pairs")
    assert worst < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["erf", "relu"])
def test_duals_against_plain_double_integrals(kind):
    """The definition itself, two nested integrals, without Price's theorem."""
    phi = {"erf": mp.erf, "relu": lambda h: max(h, mp.mpf(0))}[kind]
    with mp.workdps(18):
        for pair in PAIRS[:3]:
            assert float(getattr(gaussian, f"{kind}_dual")(*pair)) == pytest.approx(
                float(pair_integral(phi, *pair)), rel=1e-12, abs=0
            )


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(-1, 1), st.floats(-2, 2))
def test_the_quadratic_against_wick(q11, q22, correlation, epsilon):
    q12 = correlation * np.sqrt(q11 * q22)
    wick = q12 + epsilon**2 / 4 * (q11 * q22 + 2 * q12**2)
    np.testing.assert_allclose(gaussian.quadratic_dual(q11, q12, q22, epsilon=epsilon), wick, rtol=1e-13, atol=1e-13)


@given(st.floats(1e-3, 100), st.floats(1e-3, 100), st.floats(-1, 1))
def test_closed_forms_obey_their_symmetries(q11, q22, correlation):
    """Exchange of u and v; homogeneity of ReLU; oddness of erf; relu(u) relu(v) + ... signs add up to u v."""
    q12 = correlation * np.sqrt(q11 * q22) * (1 - 1e-12)
    for dual in (gaussian.relu_dual, gaussian.relu_dual_derivative, gaussian.erf_dual, gaussian.erf_dual_derivative):
        assert dual(q11, q12, q22) == pytest.approx(float(dual(q22, q12, q11)), rel=1e-13, abs=1e-300)
    size = np.sqrt(q11 * q22)

    def relu(sign):
        return float(gaussian.relu_dual(q11, sign * q12, q22))

    assert 2 * (relu(1) - relu(-1)) == pytest.approx(q12, abs=1e-13 * size)
    assert float(gaussian.relu_dual(4 * q11, 4 * q12, 4 * q22)) == pytest.approx(4 * relu(1), rel=1e-12, abs=0)
    assert float(gaussian.erf_dual(q11, -q12, q22)) == -float(gaussian.erf_dual(q11, q12, q22))


def test_angles_keep_their_digits_when_gaps_are_known():
    """Angles down to 1e-12 and up to pi - 1e-12: relative error 1e-15; without gaps, from q12, up to all of it."""
    angles = np.concatenate([10.0 ** np.arange(-12, 0), [0.5, 1.5, 3.0]])
    for angle in angles:
        gaps = 2 * np.sin(angle / 2) ** 2, 2 * np.cos(angle / 2) ** 2
        assert float(gaussian.relu_angle(1.0, np.cos(angle), 1.0, gaps)) == pytest.approx(angle, rel=4e-16, abs=0)
        opening = 2 * np.pi * float(gaussian.relu_dual_derivative(1.0, -np.cos(angle), 1.0, gaps[::-1]))
        assert opening == pytest.approx(angle, rel=1e-15, abs=0)


def test_gaps_of_the_next_layer_are_those_of_the_angle():
    with mp.workdps(60):
        for angle in [1e-9, 1e-3, 0.7, 2.0, 3.1]:
            t = mp.mpf(angle)
            rho = (mp.sin(t) + (mp.pi - t) * mp.cos(t)) / mp.pi
            gaps = float(1 - mp.cos(t)), float(1 + mp.cos(t))
            apart, opposed = gaussian.relu_dual_gaps(1.0, float(mp.cos(t)), 1.0, gaps)
            assert float(apart) == pytest.approx(float((1 - rho) / 2), rel=1e-14, abs=0)
            assert float(opposed) == pytest.approx(float((1 + rho) / 2), rel=1e-14, abs=0)


@pytest.mark.parametrize("pair", [(1.0, 0.3, 0.8), (1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (2.0, 2.0, 2.0)])
@pytest.mark.parametrize("dual", [gaussian.relu_dual, gaussian.erf_dual])
def test_gradients_are_those_of_the_expectation(dual, pair):
    """Price: d/dq12 = E[phi' phi'] and d/dq11 = E[phi'' phi]/2; finite also where u and v coincide."""
    gradient = jax.grad(dual, argnums=(0, 1, 2))(*pair)
    slope = {gaussian.relu_dual: gaussian.relu_dual_derivative, gaussian.erf_dual: gaussian.erf_dual_derivative}[dual]
    assert float(gradient[1]) == pytest.approx(float(slope(*pair)), rel=1e-12, abs=0)
    # Along (q11, q12, q22) -> scaled, where the difference quotient stays inside the domain.
    along = sum(float(g) * q for g, q in zip(gradient, pair))
    step = 1e-6
    quotient = (dual(*(q * (1 + step) for q in pair)) - dual(*(q * (1 - step) for q in pair))) / (2 * step)
    assert along == pytest.approx(float(quotient), rel=1e-8, abs=1e-15)  # 0 where u = -v


def test_quadrature_converges_and_differentiates():
    """tanh at 32, 64, 128 nodes as the specification found; gradients against erf's closed form."""
    exact = gaussian.pair_expectation(jnp.tanh, jnp.tanh, 1.0, 0.5, 1.0, nodes=256)
    errors = [
        abs(float(gaussian.pair_expectation(jnp.tanh, jnp.tanh, 1.0, 0.5, 1.0, nodes=n) / exact - 1))
        for n in (32, 64, 128)
    ]
    assert errors[0] < 2e-6
    assert errors[1] < 2e-9
    assert errors[2] < 1e-13
    erf = jax.lax.erf
    slope = jax.jit(jax.grad(lambda *q: gaussian.pair_expectation(erf, erf, *q, nodes=64), argnums=(0, 1, 2)))
    exact_slope = jax.jit(jax.grad(gaussian.erf_dual, argnums=(0, 1, 2)))
    for pair in [(0.5, 0.2, 0.4), (0.5, 0.5, 0.5), (0.4, -0.4, 0.4)]:
        np.testing.assert_allclose(slope(*pair), exact_slope(*pair), rtol=1e-10)
    second = jax.jit(jax.grad(jax.grad(lambda q: gaussian.pair_expectation(erf, erf, 0.5, q, 0.5))))(0.2)
    exact_second = jax.jit(jax.grad(jax.grad(lambda q: gaussian.erf_dual(0.5, q, 0.5))))(0.2)
    assert float(second) == pytest.approx(float(exact_second), rel=1e-10, abs=0)


def test_gauss_hermite_is_exact_for_polynomials():
    for nodes in (2, 7, 64, 200):
        points, weights = gaussian.gauss_hermite(nodes)
        assert weights.sum() == pytest.approx(1, rel=1e-15, abs=0)
        moment = 1.0
        for power in range(2, min(2 * nodes, 40), 2):
            moment *= power - 1
            assert weights @ points**power == pytest.approx(moment, rel=1e-12, abs=0)


def test_hermite_polynomials_are_orthonormal():
    points, weights = gaussian.gauss_hermite(64)
    rows = gaussian.normalized_hermite(20, points)
    np.testing.assert_allclose(rows * weights @ rows.T, np.eye(21), atol=1e-12)


def test_expectation_of_one_variable():
    np.testing.assert_allclose(gaussian.expectation(jnp.square, jnp.array([0.5, 2.0])), [0.5, 2.0], rtol=1e-14)


def test_broadcast_jit_and_vmap_agree():
    q = jnp.linspace(-0.9, 0.8, 7)
    for dual in (
        lambda c: gaussian.pair_expectation(jnp.tanh, jnp.tanh, 1.0, c, 1.0, nodes=32),
        lambda c: gaussian.relu_dual(1.0, c, 1.0),
        lambda c: gaussian.erf_dual(1.0, c, 1.0),
    ):
        eager = dual(q)
        np.testing.assert_allclose(jax.jit(dual)(q), eager, rtol=1e-14, atol=1e-16)
        np.testing.assert_allclose(jax.vmap(dual)(q), eager, rtol=1e-14, atol=1e-16)
