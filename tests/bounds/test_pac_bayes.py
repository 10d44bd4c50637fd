"""PAC-Bayes: divergences and the inverse of the binary divergence, in many digits."""

import jax
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.bounds import gaussian_kl, gaussian_process_kl, pac_bayes_bound
from grok_theory.bounds.pac_bayes import excess_of_inverse_kl

excess = jax.jit(excess_of_inverse_kl)


def exact_excess(p, e):
    """kl^{-1}(p, e) - p by bisection of the definition in 60 digits."""
    with mp.workdps(60):
        p, e = mp.mpf(p), mp.mpf(e)
        if p == 0:
            return -mp.expm1(-e)
        # In m = -ln(1 - q): q may lie closer to 1 than any number of digits.
        spent = lambda m: p * mp.log(p / -mp.expm1(-m)) + (1 - p) * (mp.log(1 - p) + m)  # noqa: E731
        low, high = -mp.log(1 - p), (e + 1) / (1 - p) + 5
        for _ in range(250):
            middle = (low + high) / 2
            low, high = (middle, high) if spent(middle) < e else (low, middle)
        return -mp.expm1(-low) - p


@pytest.mark.parametrize("p", [0.0, 1e-12, 1e-3, 0.3, 0.5, 0.9, 1 - 1e-9])
def test_inverse_divergence_against_many_digits(p):
    for e in (1e-7, 1e-3, 0.1, 1.0, 30.0):
        ours, exact = float(excess(p, e)), exact_excess(p, e)
        assert abs(float(mp.mpf(ours) / exact - 1)) < (3e-13 if e < 1e-5 else 5e-15), (p, e)


@given(st.floats(0, 1), st.floats(1e-6, 50))
def test_inverse_divergence_properties(p, e):
    q = p + float(excess(p, e))
    assert p <= q <= 1
    assert q - p <= np.sqrt(e / 2) * (1 + 1e-12)  # Pinsker
    assert float(excess(p, 2 * e)) >= float(excess(p, e))


def test_inverse_divergence_has_gradients():
    for p, e in ((0.2, 0.1), (0.0, 0.5), (0.7, 3.0)):
        slope = float(jax.grad(excess, argnums=1)(p, e))
        assert slope == pytest.approx(float(excess(p, e + 1e-6) - excess(p, e - 1e-6)) / 2e-6, rel=1e-6)


@given(st.integers(0, 2**31))
def test_divergence_of_gaussians(seed):
    generator = np.random.default_rng(seed)
    a, b = generator.standard_normal((2, 3, 5))
    s, s0, m, m0 = a @ a.T + np.eye(3), b @ b.T + np.eye(3), *generator.standard_normal((2, 3))
    inverse = np.linalg.inv(s0)
    exact = np.trace(inverse @ s) + (m - m0) @ inverse @ (m - m0) - 3 + np.log(np.linalg.det(s0) / np.linalg.det(s))
    assert float(gaussian_kl(m, s, m0, s0)) == pytest.approx(exact / 2, rel=1e-11)
    assert float(gaussian_kl(m0, s0, m0, s0)) == pytest.approx(0, abs=1e-13)


@given(st.integers(0, 2**31), st.sampled_from([3, 6]), st.floats(1e-3, 1e3))
def test_weight_space_and_function_space_agree(seed, dim, ridge):
    generator = np.random.default_rng(seed)
    features, y = generator.standard_normal((4, dim)), generator.standard_normal(4)
    covariance = np.linalg.inv(features.T @ features / ridge + np.eye(dim))
    mean = covariance @ features.T @ y / ridge
    ours = float(gaussian_process_kl(features @ features.T, y, ridge=ridge))
    assert ours == pytest.approx(float(gaussian_kl(mean, covariance, np.zeros(dim), np.eye(dim))), rel=1e-8, abs=1e-12)


def test_the_bound_in_many_digits():
    bound = pac_bayes_bound(3.0, samples=50, train_loss=0.4, loss_range=4.0, confidence=0.9, test_loss=1.0)
    with mp.workdps(30):
        budget = (3 + mp.log(2 * mp.sqrt(50) / (1 - mp.mpf(0.9)))) / 50
        assert abs(float(mp.mpf(float(bound.value)) / (4 * exact_excess(0.1, budget)) - 1)) < 1e-11
    assert float(bound.gap) == pytest.approx(0.6, rel=1e-15)
    assert not bool(bound.vacuous)
    assert bool(bound.assumptions_hold)
    assert not bool(pac_bayes_bound(0.0, samples=7, train_loss=0.1, loss_range=1.0).assumptions_hold)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kl": -1.0}, "kl is -1.0.*gaussian_kl"),
        ({"samples": 0}, "samples is 0, but it must be an integer of at least 1.*training samples"),
        ({"train_loss": 5.0}, "train_loss is 5, but the loss of this bound lies between 0 and 4"),
        ({"train_loss": np.nan}, "train_loss is nan.*Gibbs loss"),
        ({"confidence": 0.0}, r"confidence is 0.0, but it must be in \(0, 1\)"),
    ],
)
def test_bad_inputs_are_named(settings, message):
    arguments = {"kl": 1.0, "samples": 10, "train_loss": 1.0, "loss_range": 4.0} | settings
    with pytest.raises(BadValue, match=message):
        pac_bayes_bound(**arguments)
    with pytest.raises(BadValue, match=r"ridge is 0.0.*infinitely far"):
        gaussian_process_kl(np.eye(2), np.ones(2), ridge=0.0)
    with pytest.raises(BadValue, match=r"covariance has shape \(2, 2\)"):
        gaussian_kl(np.zeros(3), np.eye(2), np.zeros(3), np.eye(3))
