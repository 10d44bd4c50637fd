"""The effective ridge against plain bisection with hundreds of digits, over the whole domain it claims."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import Float64Required
from grok_theory.numerics.ridge_equation import effective_ridge, freedom_left, learned

POWER_LAW = jnp.arange(1, 301.0) ** -1.5


def bisection(eigenvalues, samples, ridge=0.0, multiplicities=None, digits=320):
    """Nothing but the equation and halving, in as many digits as the cancellation can eat."""
    with mp.workdps(digits):
        modes = [mp.mpf(float(l)) for l in eigenvalues]
        counts = [mp.mpf(float(m)) for m in (np.ones(len(modes)) if multiplicities is None else multiplicities)]
        samples, ridge = mp.mpf(float(samples)), mp.mpf(float(ridge))
        low, high = mp.mpf(10) ** -400, (sum(m * l for m, l in zip(counts, modes)) + ridge) / samples
        # Bisect the logarithm to a bracket of e^(1e-19), in which a secant has 30 digits and more.
        for _ in range(75):
            middle = mp.sqrt(low * high)
            if sum(m * l / (l + middle) for m, l in zip(counts, modes)) + ridge / middle > samples:
                low = middle
            else:
                high = middle
        return low


REFERENCES = [
    (POWER_LAW, 10.0, 0.0, 0.09362429524313248),
    (POWER_LAW, 299.0, 0.0, 1.6054313058879163e-06),
    (POWER_LAW, 400.0, 1e-6, 9.999373960269173e-09),
    (jnp.exp(-3.0 * jnp.arange(200.0)), 100.0, 0.0, 2.3072632668695915e-130),
    (jnp.arange(1, 2001.0) ** -1.5, 3000.0, 1e-6, 9.99928415351073e-10),
]


@pytest.mark.parametrize(("eigenvalues", "samples", "ridge", "kappa"), REFERENCES)
def test_reference_numbers(eigenvalues, samples, ridge, kappa):
    assert float(effective_ridge(eigenvalues, samples, ridge=ridge)) == pytest.approx(kappa, rel=2e-15, abs=0)


def spectra(count):
    """Random spectra over 1e-130 ... 1e10, with whole and fractional multiplicities, at and around every hard place."""
    generator = np.random.default_rng(4)
    for trial in range(count):
        modes = int(generator.integers(2, 12))
        wide = trial % 3
        eigenvalues = 10 ** (generator.uniform(-130, 10, modes) if wide else generator.uniform(-3, 3, modes))
        counts = generator.integers(1, 50, modes) if trial % 2 else generator.uniform(0.1, 5, modes)
        counts = counts.astype(float)
        total, kind = counts.sum(), trial % 5
        ridge = 0.0 if kind < 3 else 10 ** generator.uniform(-130, 5)
        samples = {
            0: total - 1e-4,  # just below interpolation
            1: total * generator.uniform(0.01, 0.99),
            2: np.cumsum(counts)[int(generator.integers(0, modes - 1))],  # at a plateau between modes
            3: total * generator.uniform(0.1, 3),
            4: total,  # at interpolation, held by the ridge alone
        }[kind]
        yield eigenvalues, samples, ridge, counts


def worst_error(count):
    worst = 0.0
    for eigenvalues, samples, ridge, counts in spectra(count):
        # Zero modes count for nothing: one shape, compiled once.
        padded = [np.pad(row, (0, 12 - row.size)) for row in (eigenvalues, counts)]
        ours = effective_ridge(padded[0], samples, ridge=ridge, multiplicities=padded[1])
        exact = bisection(eigenvalues, samples, ridge, counts)
        with mp.workdps(50):
            worst = max(worst, abs(float(mp.mpf(float(ours)) / exact - 1)))
    return worst


def test_any_spectrum():
    worst = worst_error(15)
    print(f"worst relative error {worst:.1e} over 15 spectra from 1e-130 to 1e10")
    assert worst < 1e-14


@pytest.mark.slow
def test_any_spectrum_many():
    assert worst_error(1000) < 1e-14


modes = st.lists(st.floats(-12, 6), min_size=1, max_size=8).map(lambda powers: 10.0 ** np.array(powers))


@given(modes, st.floats(0.05, 20), st.one_of(st.just(0.0), st.floats(-10, 3).map(lambda p: 10.0**p)))
def test_equation_and_bounds(eigenvalues, samples, ridge):
    # One shape for all, so that nothing is compiled again; zero modes count for nothing.
    padded = np.zeros(8)
    padded[: eigenvalues.size] = eigenvalues
    kappa = effective_ridge(padded, samples, ridge=ridge)
    if ridge == 0 and eigenvalues.size <= samples:
        assert kappa == 0
        return
    share, missed = learned(padded, kappa)
    assert float(jnp.sum(share) + ridge / kappa) == pytest.approx(samples, rel=1e-13, abs=0)
    np.testing.assert_allclose(share + missed, 1, rtol=1e-15)
    assert kappa >= ridge / samples * (1 - 1e-14)
    assert kappa <= (eigenvalues.sum() + ridge) / samples * (1 + 1e-14)


@given(modes, st.floats(0.05, 20), st.floats(-10, 3).map(lambda p: 10.0**p))
def test_falls_with_samples_and_rises_with_ridge(eigenvalues, samples, ridge):
    padded = np.zeros(8)
    padded[: eigenvalues.size] = eigenvalues
    by_samples = effective_ridge(padded, np.array([samples, samples * 1.5]), ridge=ridge)
    by_ridge = effective_ridge(padded, samples, ridge=np.array([ridge, ridge * 1.5]))
    assert by_samples[1] <= by_samples[0]
    assert by_ridge[1] >= by_ridge[0]


def test_scaling_is_exact():
    """(c l, c ridge) -> c kappa; powers of two to the last bit."""
    one = effective_ridge(POWER_LAW, 100.0, ridge=1e-3)
    assert float(effective_ridge(POWER_LAW / 1024, 100.0, ridge=1e-3 / 1024)) == pytest.approx(
        float(one) / 1024, rel=1e-15, abs=0
    )


def test_multiplicities_are_repeated_modes():
    repeated = effective_ridge(jnp.repeat(POWER_LAW[:20], 5), 37.0, ridge=1e-3)
    counted = effective_ridge(POWER_LAW[:20], 37.0, ridge=1e-3, multiplicities=jnp.full(20, 5.0))
    assert float(repeated) == pytest.approx(float(counted), rel=1e-14, abs=0)


@pytest.mark.parametrize(("samples", "ridge"), [(10.0, 0.0), (299.5, 0.0), (400.0, 1e-6), (300.0, 1e-8)])
def test_derivatives_are_those_of_the_root(samples, ridge):
    """Against the partial derivatives of the equation itself, in 80 digits."""
    eigenvalues = np.asarray(POWER_LAW[::30])
    samples = samples / 30
    gradient = jax.grad(lambda l, n, r, m: effective_ridge(l, n, ridge=r, multiplicities=m), argnums=(0, 1, 2, 3))(
        jnp.asarray(eigenvalues), samples, ridge, jnp.ones(10)
    )
    with mp.workdps(80):
        kappa = bisection(eigenvalues, samples, ridge)

        # The equation F(kappa, l, n, r, m) = 0 and its partial derivatives, by mpmath's own differentiation.
        def equation(k, l3, n, r, m3):
            modes = [mp.mpf(l) for l in eigenvalues]
            others = sum(l / (l + k) for i, l in enumerate(modes) if i != 3)
            return others + m3 * l3 / (l3 + k) + r / k - n

        at = (kappa, mp.mpf(eigenvalues[3]), mp.mpf(samples), mp.mpf(ridge), mp.mpf(1))
        partial = [mp.diff(equation, at, tuple(int(i == j) for j in range(5))) for i in range(5)]
        exact = [float(-p / partial[0]) for p in partial[1:]]
    ours = [float(gradient[0][3]), float(gradient[1]), float(gradient[2]), float(gradient[3][3])]
    np.testing.assert_allclose(ours, exact, rtol=1e-11)


def test_without_a_root_only_the_ridge_moves_it():
    """Below one mode a sample and without a ridge kappa is 0; its slope in the ridge is 1/(n - M)."""
    slope = jax.grad(lambda r: effective_ridge(POWER_LAW, 400.0, ridge=r))(0.0)
    assert float(slope) == pytest.approx(0.01, rel=1e-15, abs=0)
    np.testing.assert_array_equal(jax.grad(lambda l: effective_ridge(l, 400.0))(POWER_LAW), np.zeros(300))


@given(modes, st.floats(0.05, 20), st.floats(-10, 3).map(lambda p: 10.0**p))
def test_freedom_left_is_samples_minus_learned_squares(eigenvalues, samples, ridge):
    padded = np.zeros(8)
    padded[: eigenvalues.size] = eigenvalues
    kappa = effective_ridge(padded, samples, ridge=ridge)
    with mp.workdps(40):
        k = bisection(eigenvalues, samples, ridge, digits=60)
        exact = float(samples - sum((mp.mpf(l) / (mp.mpf(l) + k)) ** 2 for l in eigenvalues.tolist()))
    ours = freedom_left(padded, kappa, samples, ridge=ridge)
    assert float(ours) == pytest.approx(exact, rel=1e-12, abs=0)


def test_batches_jit_and_loops_agree():
    samples = jnp.linspace(5.0, 350.0, 12)
    together = effective_ridge(POWER_LAW, samples, ridge=1e-5)
    one_by_one = np.array([effective_ridge(POWER_LAW, float(n), ridge=1e-5) for n in samples])
    np.testing.assert_allclose(together, one_by_one, rtol=4e-16)
    np.testing.assert_allclose(
        jax.jit(lambda n: effective_ridge(POWER_LAW, n, ridge=1e-5))(samples), together, rtol=4e-16
    )
    assert effective_ridge(jnp.stack([POWER_LAW, POWER_LAW]), samples[:, None]).shape == (12, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        {"samples": jnp.nan},
        {"samples": -1.0},
        {"samples": 0.0},
        {"ridge": -1e-3},
        {"ridge": jnp.inf},
        {"eigenvalues": POWER_LAW.at[3].set(-1.0)},
        {"eigenvalues": POWER_LAW.at[3].set(jnp.nan)},
        {"multiplicities": -jnp.ones(300)},
    ],
)
def test_nonsense_gives_nan(arguments):
    given_ = {"eigenvalues": POWER_LAW, "samples": 10.0, **arguments}
    assert jnp.isnan(effective_ridge(given_.pop("eigenvalues"), given_.pop("samples"), **given_))


def test_float32_is_refused():
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(Float64Required, match=r"effective_ridge needs float64.*jax_enable_x64"):
            effective_ridge(np.ones(3), 1.0)
    finally:
        jax.config.update("jax_enable_x64", True)
