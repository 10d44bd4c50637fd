"""Closed forms against exact quadrature, automatic differentiation, Monte Carlo and exact fractions."""

import itertools
from fractions import Fraction

import chance
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given

from grok_theory.errors import BadValue
from grok_theory.formulas import find
from grok_theory.lazy_rich import (
    QuadraticCommittee,
    escape_time,
    kernel_spectrum,
    largest_stable_learning_rate,
    population_alignment,
    tangent_kernel,
    test_loss_decomposition,
)

numbers = st.floats(0.05, 3.0)


def gaussian_grid(dim, nodes=5):
    """Points and weights of an exact rule for polynomials of degree 9 in x ~ N(0, I/D)."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    grid = np.array(list(itertools.product(points, repeat=dim))) / np.sqrt(dim)
    return grid, np.array([np.prod(w) for w in itertools.product(weights / weights.sum(), repeat=dim)])


def random_network(seed, dim=3, width=4):
    random = np.random.default_rng(seed)
    weights, start = random.standard_normal((2, width, dim))
    return weights, start, random.standard_normal(dim)


def output(weights, inputs, alpha, eps):
    fields = inputs @ weights.T
    return alpha * np.mean(fields + eps / 2 * fields**2, axis=1)


def moments(weights):
    return weights.T @ weights / len(weights), weights.mean(0)


@given(st.integers(0, 10**6), numbers, numbers, st.booleans())
def test_the_test_loss_is_the_expected_square_error_to_13_digits(seed, alpha, eps, centred):
    weights, start, teacher = random_network(seed)
    x, p = gaussian_grid(3)
    gap = output(weights, x, alpha, eps) - (x @ teacher) ** 2 / 2
    initial = {}
    if centred:
        gap -= output(start, x, alpha, eps)
        initial = dict(zip(("initial_second_moment", "initial_mean_weight"), map(jnp.asarray, moments(start))))
    m, wbar = map(jnp.asarray, moments(weights))
    parts = test_loss_decomposition(m, wbar, jnp.asarray(teacher), output_scale=alpha, curvature=eps, **initial)
    assert parts.total == pytest.approx(p @ gap**2, rel=1e-13, abs=0)
    assert parts.variance + parts.misalignment + parts.linear_power == pytest.approx(
        float(parts.total), rel=1e-13, abs=0
    )
    # Hermite chaos by chaos: mean, linear functions, the rest.
    linear = np.sum((p @ (gap[:, None] * x)) ** 2) * 3
    assert parts.variance == pytest.approx((p @ gap) ** 2, rel=1e-11, abs=1e-14)
    assert parts.linear_power == pytest.approx(linear, rel=1e-11, abs=1e-14)


@pytest.mark.statistical
def test_parts_agree_with_monte_carlo_on_50_random_problems(rng, plausible):
    """Four parts of 50 problems. Planted: a factor two in any part."""
    random, z, samples = rng, [], 8_000
    for _ in range(50):
        dim, width = random.choice([2, 5, 9]), random.integers(1, 9)
        alpha, eps = np.exp(random.uniform(-2, 1, 2))
        weights, teacher = random.standard_normal((width, dim)), random.standard_normal(dim)
        m, wbar = moments(weights)
        parts = test_loss_decomposition(
            jnp.asarray(m), jnp.asarray(wbar), jnp.asarray(teacher), output_scale=alpha, curvature=eps
        )
        x = random.standard_normal((samples, dim)) / np.sqrt(dim)
        gap = output(weights, x, alpha, eps) - (x @ teacher) ** 2 / 2
        form = alpha * eps * m - np.outer(teacher, teacher)
        quadratic = np.einsum("ki,ij,kj->k", x, form, x) - np.trace(form) / dim
        # Each part is a squared coefficient on a known function: compare the coefficients, which are unbiased.
        for seen, expected in (
            (gap**2, parts.total),
            (gap, np.trace(form) / dim / 2),
            (gap * (x @ wbar), alpha * wbar @ wbar / dim),
            (gap * quadratic, np.sum(form**2) / dim**2),
        ):
            z.append((seen.mean() - expected) / (seen.std() / np.sqrt(samples)))
        assert parts.variance == pytest.approx((np.trace(form) / dim / 2) ** 2, rel=1e-12, abs=0)
        assert parts.linear_power == pytest.approx(alpha**2 * wbar @ wbar / dim, rel=1e-12, abs=0)
        assert parts.misalignment == pytest.approx(np.sum(form**2) / dim**2 / 2, rel=1e-12, abs=0)
    plausible(chance.normal(z))


def test_the_kernel_is_the_inner_product_of_gradients():
    weights, _, _ = random_network(1, dim=5, width=6)
    x = jnp.asarray(np.random.default_rng(2).standard_normal((4, 5)))
    alpha, eps = 1.7, 0.6

    def network(w):
        fields = x @ w.T
        return alpha * jnp.mean(fields + eps / 2 * fields**2, axis=1)

    gradients = jax.jacobian(network)(jnp.asarray(weights)).reshape(4, -1)
    m, wbar = map(jnp.asarray, moments(weights))
    kernel = tangent_kernel(x, x, m, wbar, curvature=eps)
    np.testing.assert_allclose(kernel * alpha**2 / 6, gradients @ gradients.T, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(kernel, kernel.T, rtol=0, atol=1e-15 * np.abs(kernel).max())  # entries cancel


@given(st.integers(2, 400), st.fractions(0, 2, max_denominator=100))
def test_eigenvalues_sum_to_the_trace_exactly(dim, eps):
    trace = sum(mode.eigenvalue * mode.multiplicity for mode in kernel_spectrum(float(eps), dim))
    exact = 1 + eps**2 * (1 + Fraction(2, dim))
    assert trace == pytest.approx(float(exact), rel=1e-13, abs=0)
    modes = (
        (Fraction(1, dim), dim),
        (2 * eps**2 / dim**2, dim * (dim + 1) // 2 - 1),
        (eps**2 / dim * (1 + Fraction(2, dim)), 1),
    )
    assert sum(value * count for value, count in modes) == exact


def test_eigenfunctions_are_eigenfunctions_and_the_printed_eigenvalues_are_not():
    dim, eps = 3, 0.7
    x, p = gaussian_grid(dim)
    kernel = np.asarray(
        tangent_kernel(jnp.asarray(x), jnp.asarray(x), jnp.eye(dim), jnp.zeros(dim), curvature=jnp.asarray(eps))
    )
    functions = {"linear": x[:, 0], "traceless_quadratic": x[:, 0] * x[:, 1], "radial": np.sum(x**2, axis=1)}
    printed = {"traceless_quadratic": 2 * eps / dim**2, "radial": (1 / dim) * (1 + 2 / dim)}
    spectrum = kernel_spectrum(eps, dim)._asdict()
    for name, function in functions.items():
        image = kernel @ (p * function)
        np.testing.assert_allclose(image, spectrum[name].eigenvalue * function, rtol=1e-11, atol=1e-12)
        if name in printed:
            assert np.max(np.abs(image - printed[name] * function)) > 1e-2


def test_alignment_is_the_ratio_of_expectations():
    find("lazy_rich.population_alignment").verify(25)


def test_alignment_at_a_wide_start_has_the_short_form():
    dim, eps = 40, 0.3
    ours = population_alignment(
        jnp.eye(dim), jnp.zeros(dim), jnp.zeros(dim).at[2].set(dim**0.5), curvature=jnp.asarray(eps)
    )
    short = eps**2 * (1 + 8 / dim) / (3 * np.sqrt(dim) * np.sqrt(1 + eps**4 * (3 + 6 / dim) / dim))
    assert ours == pytest.approx(short, rel=1e-14, abs=0)


@given(numbers, numbers, st.floats(0.001, 0.99), st.sampled_from([None, 2, 50, 5000]))
def test_escape_time_against_mpmath(alpha, eps, overlap, dim):
    time = escape_time(QuadraticCommittee(alpha, eps, 2.0, overlap), dim=dim)
    with mpmath.workdps(40):
        a, e, m = map(mpmath.mpf, (alpha, eps, overlap))
        rho = m**2 + ((1 - m**2) / dim if dim else 0)
        exact = max(mpmath.mpf(0), a / (4 * e) * mpmath.log(1 / (a * e * rho)))
        assert float(time) == pytest.approx(float(exact), rel=1e-13, abs=1e-14)


def test_escape_time_at_the_ends():
    assert escape_time(QuadraticCommittee(1.0, 0.0, 2.0, 0.3)) == np.inf
    assert escape_time(QuadraticCommittee(1.0, 0.5, 2.0)) == np.inf
    assert escape_time(QuadraticCommittee(1.0, 0.5, 2.0), dim=100) == pytest.approx(0.5 * np.log(200))
    assert escape_time(QuadraticCommittee(100.0, 1.0, 2.0, 0.3)) == 0.0
    slope = jax.grad(lambda p: escape_time(p))(QuadraticCommittee(1.0, 0.5, 2.0, 0.3))
    assert slope.output_scale == pytest.approx((np.log(1 / 0.045) - 1) / 2, rel=1e-12, abs=0)


@pytest.mark.parametrize("eps", [0.5, 1.0, 1.2, 2.0])
@pytest.mark.parametrize("kappa", [0.5, 2.0, 8.0])
def test_the_stability_rule_is_the_largest_eigenvalue_of_the_kernel_matrix(kappa, eps):
    """Diagonal plus rank one on a quadrature of the law, diagonalised."""
    theta = (np.arange(600) + 0.5) * np.pi / 600
    l = 1 + kappa + 2 * np.sqrt(kappa) * np.cos(theta)
    weights = 2 / 600 * np.sin(theta) ** 2 / l
    l, weights = np.append(l, 0.0), np.append(weights, max(0.0, 1 - 1 / kappa))
    root = np.sqrt(weights / weights.sum())
    largest = np.linalg.eigvalsh(np.diag(l + eps**2) + eps**2 * kappa * np.outer(root, root))[-1]
    limit = largest_stable_learning_rate(QuadraticCommittee(1.0, eps, kappa), 0.0)
    assert limit == pytest.approx(kappa / largest, rel=2e-3, abs=0)


def test_a_large_target_limits_the_learning_rate():
    problem = QuadraticCommittee(1.0, 0.5, 2.0)
    assert largest_stable_learning_rate(problem, 15.0) == pytest.approx(2 / (1 + 0.25 + 15.0))
    # 2 eps y/alpha: a rich network (small alpha) is limited by its large targets, not centred without eps^2.
    rich = QuadraticCommittee(0.25, 0.5, 2.0, centred=False)
    assert largest_stable_learning_rate(rich, 15.0) == pytest.approx(2 / (1 + 60.0))


def test_refuses_what_is_no_dimension():
    with pytest.raises(BadValue, match=r"dim is 1, but .* at least 2.*for example 100"):
        kernel_spectrum(0.5, 1)
    with pytest.raises(BadValue, match=r"curvature is -0.5"):
        kernel_spectrum(-0.5, 10)
