"""Units change nothing: every number without one is the same from 1e-300 to 1e300, in any type of number."""

from fractions import Fraction

import jax
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, bounds, kernels, observables
from grok_theory.numerics.least_squares import smoother

seeds, powers = st.integers(0, 2**31), st.sampled_from([-900, -500, -300, 300, 500, 900])


@given(seeds, powers, powers)
def test_shares_and_cosines_do_not_know_units(seed, one, two):
    generator = np.random.default_rng(seed)
    a, b, y = generator.standard_normal((6, 4)), generator.standard_normal((6, 4)), generator.standard_normal(6)
    first, second = a @ a.T, b @ b.T

    def told(p, q):
        far, other, target = np.ldexp(first, p), np.ldexp(second, q), np.ldexp(y, q)
        return [
            kernels.alignment(far, target),
            kernels.cka(far, other),
            kernels.participation_ratio(np.ldexp(y**2, p)),
            kernels.effective_dimension(np.ldexp(y**2, p), np.ldexp(0.3, p)),
            observables.kernel_movement(far, np.ldexp(second, p)),
            observables.gradient_coherence(np.ldexp(a, p)).alpha,
            observables.kernel_coherence(far, target).alpha,
            observables.inverse_participation_ratio(np.ldexp(y, p)),
            observables.fourier_participation(np.ldexp(y, p)),
            observables.local_complexity(np.ldexp(a, p), np.ldexp(y, p), b[0], np.eye(4)[:2], 0.3),
        ]

    np.testing.assert_array_equal(told(one, two), told(0, 0))


@given(seeds, powers, powers, st.sampled_from(["logarithm", "square root", "saturation"]))
def test_the_law_named_is_that_of_the_record(seed, of_time, of_distance, name):
    generator = np.random.default_rng(seed)
    times = np.sort(generator.uniform(1, 100, 12))
    shape = {"logarithm": np.log, "square root": np.sqrt, "saturation": lambda t: -np.expm1(-t / 7)}[name]
    best = observables.distance_laws(np.ldexp(times, of_time), np.ldexp(2 + 3 * shape(times), of_distance))[0]
    assert best.name == name
    assert best.relative_error < 1e-6
    near = observables.distance_laws(times, 2 + 3 * shape(times))[0]
    assert best.relative_error == pytest.approx(near.relative_error, rel=1e-6, abs=1e-9)


def test_types_of_numbers_agree():
    whole = np.array([3, -4, 12, 1])
    for kind in (np.int8, np.int64, np.float16, np.float32, np.float64):
        values = whole.astype(kind)
        assert float(observables.inverse_participation_ratio(values)) == pytest.approx(
            float(Fraction(3**4 + 4**4 + 12**4 + 1, (9 + 16 + 144 + 1) ** 2)), rel=1e-6, abs=0
        )
        assert float(kernels.participation_ratio(np.abs(values))) == pytest.approx(400 / 170, rel=1e-12, abs=0)
    assert float(observables.inverse_participation_ratio(np.full(70_000, 1, np.float16))) == pytest.approx(1 / 70_000)
    assert float(observables.inverse_participation_ratio(np.array([1e300 + 1e300j, 0]))) == 1


def test_ranges_are_kept_or_refused():
    y = np.full(7, 0.1)
    assert float(kernels.alignment(np.outer(y, y), y)) <= 1
    assert float(kernels.participation_ratio(np.full(49, 0.1))) <= 49
    assert np.all(observables.local_complexity_at_init([1e-3, 10.0, 1e5, 1e300], 20, 1.0) <= 1)
    assert np.isnan(jax.jit(kernels.participation_ratio)(np.zeros(3)))
    for bad in (np.zeros(3), np.array([1.0, -0.5]), np.array([1.0, np.nan])):
        with pytest.raises(BadValue):
            kernels.participation_ratio(bad)
    with pytest.raises(BadValue, match="no direction"):
        kernels.alignment(np.eye(2), np.zeros(2))
    with pytest.raises(BadValue, match=r"coherence of .* must lie in \[0, 1\]"):
        observables.kernel_coherence(np.array([[1.0, -3.0], [-3.0, 1.0]]), np.ones(2))


@pytest.mark.parametrize("residual", [0.0, 0.5, 30.0, 1e8])
@pytest.mark.parametrize("deviation", [1e-8, 1e-2, 1.9, 2.1, 1e4, 1e8])
@pytest.mark.parametrize("cap", [1e-100, 1.0, 1e100])
def test_the_truncated_loss_far_out(residual, deviation, cap):
    """cap^2 minus a quadrature of what is kept; the parts of the old formula cancelled at wide deviations."""
    with mp.workdps(40):
        r, s = mp.mpf(residual), mp.mpf(deviation)
        cuts = sorted({mp.mpf(-1), mp.mpf(1), *(min(max(r + k * s, -1), 1) for k in (-12, -6, -2, 0, 2, 6, 12))})
        kept = mp.quad(lambda u: (1 - u * u) * mp.npdf(u, r, s), cuts)
        exact = float((1 - kept) * mp.mpf(cap) ** 2)
        if deviation < 0.1 and residual < 1:
            exact = float((r * r + s * s) * mp.mpf(cap) ** 2)  # what is cut lies fifty deviations away
    ours = bounds.truncated_squared_loss(residual * cap, cap, variance=(deviation * cap) ** 2)
    assert float(ours) == pytest.approx(exact, rel=3e-13, abs=0)


def test_divergences_of_coordinates_in_different_units():
    generator = np.random.default_rng(1)
    a, b, m = generator.standard_normal((4, 9)), generator.standard_normal((4, 9)), generator.standard_normal(4)
    units = np.ldexp(1.0, np.array([-400, -30, 30, 400]))
    near = bounds.gaussian_kl(m, a @ a.T, 0 * m, b @ b.T)
    far = bounds.gaussian_kl(
        m * units, (a * units[:, None]) @ (a * units[:, None]).T, 0 * m, (b * units[:, None]) @ (b * units[:, None]).T
    )
    assert float(far) == pytest.approx(float(near), rel=1e-12, abs=0)
    # Nearly equal covariances: half of a squared relative change.
    assert float(bounds.gaussian_kl(m, np.eye(4) * (1 + 1e-9), m, np.eye(4))) == pytest.approx(
        4 * 2.5e-19, rel=1e-6, abs=0
    )
    skew = np.eye(4)
    skew[0, 1] = 0.5
    with pytest.raises(BadValue, match="covariance differs from its transpose"):
        bounds.gaussian_kl(m, skew, m, np.eye(4))


@pytest.mark.parametrize("samples", [9, 4])
@pytest.mark.parametrize("ridge", [0.0, 2.0**-20])
def test_least_squares_in_any_units(samples, ridge):
    """Columns in units 1e-8 to 1e8 against exact fractions; the Gram matrix sees a span of 1e32."""
    if samples == 4 and ridge == 0:
        pytest.skip("many solutions: the one of least norm does depend on units")
    generator = np.random.default_rng(3)
    whole = generator.integers(-9, 10, (samples, 5)).astype(float)
    y = generator.integers(-9, 10, samples).astype(float)
    powers = np.array([-26, -13, 0, 13, 26])
    features = np.ldexp(whole, powers)
    exact = [[Fraction(v) for v in row] for row in features]
    matrix = [[sum(r[i] * r[j] for r in exact) + Fraction(ridge) * (i == j) for j in range(5)] for i in range(5)]
    right = [sum(r[i] * Fraction(t) for r, t in zip(exact, y)) for i in range(5)]
    for i in range(5):  # Gauss-Jordan
        pivot = matrix[i][i]
        matrix[i], right[i] = [v / pivot for v in matrix[i]], right[i] / pivot
        for k in range(5):
            if k != i:
                factor = matrix[k][i]
                matrix[k] = [u - factor * v for u, v in zip(matrix[k], matrix[i])]
                right[k] -= factor * right[i]
    weights = smoother(features, ridge).operator @ y
    np.testing.assert_allclose(weights, [float(v) for v in right], rtol=1e-10, atol=0)
    assert smoother(features, ridge).rank == min(samples, 5)
    assert smoother(np.concatenate([features, features[:, :1]], axis=1), ridge).rank == min(samples, 5)


@pytest.mark.parametrize("clock", [1e-300, 1e-10, 1.0, 1e10, 1e300])
@pytest.mark.parametrize(("unit", "size"), [(1e-300, 1.0), (1e-160, 1e300), (1e160, 1e-100), (1e300, 1e160)])
def test_lazy_distances_in_any_units(unit, size, clock):
    """K of 1e-300 at t = 1e-10 gave 0 for 1e-160: the product of time and eigenvalue is no number."""
    values, residual = np.array([2.0, 0.7, 0.01]) * unit, np.array([0.3, -1.0, 0.5]) * size
    with mp.workdps(40):
        squares = [
            mp.mpf(r) ** 2 / mp.mpf(l) * mp.expm1(-mp.mpf(l) * mp.mpf(clock)) ** 2 for l, r in zip(values, residual)
        ]
        exact = float(mp.sqrt(sum(squares)))
    found = observables.lazy_distance(np.diag(values), residual, np.array([clock]))[0]
    assert np.isclose(found, exact, rtol=1e-12, atol=1e-300)


def test_coherence_of_examples_in_different_units():
    """Gradients of 1e-140 to 1e140 gave nan, and "all gradients are zero"."""
    gradients = np.random.default_rng(0).standard_normal((4, 6))
    unit = np.array([1e-140, 1.0, 1e140, 1e-30])
    kernel = gradients @ gradients.T
    near = observables.kernel_coherence(kernel, np.ones(4)).alpha
    far = observables.kernel_coherence(unit[:, None] * kernel * unit[None], 1 / unit).alpha
    assert np.isclose(far, near, rtol=1e-13, atol=0)
    blocks = np.einsum("ij,cd->ijcd", kernel, np.eye(2)) * (unit[:, None] * unit[None])[:, :, None, None]
    far = observables.kernel_coherence(blocks, np.stack([1 / unit, np.zeros(4)], 1)).alpha
    assert np.isclose(far, near, rtol=1e-13, atol=0)
    with pytest.raises(BadValue, match=r"kernel differs from its transpose by 0.4 .*must be symmetric"):
        observables.kernel_coherence(np.array([[1.0, 0.9], [0.1, 1.0]]), np.ones(2))


def test_movement_where_distances_are_no_numbers():
    """Kernels of 1e308 had moved by inf."""
    start, kernel = np.full((3, 3), 1.0), np.full((3, 3), -0.5)
    assert np.isclose(observables.kernel_movement(kernel * 1.7e308, start * 1.7e308), 1.5, rtol=1e-14, atol=0)
    assert observables.distance_from_init(np.full(2, -1e308), np.full(2, 1e308), relative=True) == 2
    with pytest.raises(BadValue, match=r"no float64 number. Pass relative=True"):
        observables.distance_from_init(np.full(2, -1e308), np.full(2, 1e308))


@pytest.mark.parametrize("directions", [1, 2, 3, 10])
@pytest.mark.parametrize("reach", [0.1, 2.9, 3.1, 1e2, 1e4, 1e6])
def test_wide_neighbourhoods_are_cut_by_all_but_a_few(reach, directions):
    """One direction at 1e4: 6e-5 off, for the largest |z| is then below every node."""
    with mp.workdps(30):
        ends = [0, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 20]
        exact = 1 - mp.quad(lambda g: 2 * mp.npdf(g) * mp.erf(g / (reach * mp.sqrt(2))) ** directions, ends)
    found = observables.local_complexity_at_init(reach, directions, 1.0)
    assert np.isclose(found, float(exact), rtol=1e-12, atol=0)


def test_margins_of_logits_near_the_end_of_floats():
    """[1.7e308, 1.6e308] had no margin at all."""
    logits = np.array([[1.7e308, 1.6e308], [1.6e308, 1.7e308], [-1.7e308, -1.7e308], [1.7e308, -1.7e308]])
    labels = np.zeros(4, int)
    assert observables.softmax_collapse_fraction(logits, labels, dtype="float32") == 0.5


@given(seeds, st.sampled_from([-1000, -500, 500, 900]))
def test_deep_counts_do_not_know_the_units_of_layers(seed, power):
    """Two layers of weights 1e-200 were cut by nothing."""
    generator = np.random.default_rng(seed)
    layers = [(generator.standard_normal(shape), np.zeros(shape[0])) for shape in ((8, 4), (6, 8), (5, 6))]
    center, frame = generator.standard_normal((3, 4)), np.linalg.qr(generator.standard_normal((4, 4)))[0]
    far = [(np.ldexp(weights, power), biases) for weights, biases in layers]
    counts = observables.deep_local_complexity(layers, center, frame, 0.8)
    np.testing.assert_array_equal(observables.deep_local_complexity(far, center, frame, 0.8), counts)


def test_a_slope_that_is_no_number_is_nan_and_the_name_stays():
    """The slope was 0 or infinite, and the law called with times gave a line or infinity."""
    times = np.linspace(1, 50, 20)
    for unit, clock in [(1e-263, 1e259), (1e256, 1e-261)]:
        best = observables.distance_laws(times * clock, (2 + np.sqrt(times)) * unit)[0]
        assert best.name == "square root"
        assert best.relative_error < 1e-9
        assert np.isnan(best.slope)
        assert np.isnan(best(times * clock)).all()


@pytest.mark.parametrize("spread", [1e-300, 1e-30, 1e-15, 1e-8, 1e8, 1e300])
def test_divergence_of_narrow_and_wide_distributions(spread):
    """ln mu was formed as ln(1 + (mu - 1)): a tenth off at 1e-15, and refused at 1e-30."""
    with mp.workdps(340):
        mu = mp.mpf(spread)
        exact = float((mu - 1 - mp.log(mu)) / 2)
    if exact < 1e299:
        found = bounds.gaussian_kl(np.zeros(1), np.full((1, 1), spread), np.zeros(1), np.eye(1))
        assert np.isclose(found, exact, rtol=1e-12, atol=0)
