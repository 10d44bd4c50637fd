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
slopes = jax.jit(jax.grad(excess_of_inverse_kl, argnums=(0, 1)))


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
        assert slope == pytest.approx(float(excess(p, e + 1e-6) - excess(p, e - 1e-6)) / 2e-6, rel=1e-6, abs=0)


@given(st.integers(0, 2**31))
def test_divergence_of_gaussians(seed):
    generator = np.random.default_rng(seed)
    a, b = generator.standard_normal((2, 3, 5))
    s, s0, m, m0 = a @ a.T + np.eye(3), b @ b.T + np.eye(3), *generator.standard_normal((2, 3))
    inverse = np.linalg.inv(s0)
    exact = np.trace(inverse @ s) + (m - m0) @ inverse @ (m - m0) - 3 + np.log(np.linalg.det(s0) / np.linalg.det(s))
    assert float(gaussian_kl(m, s, m0, s0)) == pytest.approx(exact / 2, rel=1e-11, abs=0)
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
    assert float(bound.gap) == pytest.approx(0.6, rel=1e-15, abs=0)
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
    with pytest.raises(BadValue, match=r"mean has shape \(\), but it must have shape \(any,\)"):
        gaussian_kl(1.0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    "sigma", [1e-100, 2.0**-30, 0.5, 3.0, 2.0**40, *(1 + s * 2.0**-k for k in (7, 8, 20) for s in (-1, 1))]
)
def test_the_divergence_of_two_variances_keeps_its_digits(sigma):
    """(mu - 1 - ln mu)/2 of mu = sigma^2; sigma - 1 is a power of two, which a root of mu does not round."""
    with mp.workdps(50):
        mu = mp.mpf(sigma) ** 2
        exact = float((mu - 1 - mp.log(mu)) / 2)
    mean, prior = np.full(3, 7.0), 16 * np.eye(3)
    ours = gaussian_kl(mean, prior * [[sigma**2], [1], [1]], mean, prior)
    assert float(ours) == pytest.approx(exact, rel=1e-13, abs=0)


@pytest.mark.parametrize("target", [0.0, 1.5])
def test_the_divergence_of_a_process_keeps_its_digits_at_every_size_of_its_kernel(target):
    """Of one eigenvalue (ln(1 + x) - x/(1 + x) + l y^2/(l + ridge)^2)/2, x = l/ridge, around each change of form."""
    ridge, wrong = 0.25, {}
    for x in (1e-30, 1e-10, 1e-3, 0.0099, 0.0101, 0.5, 3.0, 1e6, 1e8, 1e8 + 0.5, 1.5e8, 1e12, 1e200):
        with mp.workdps(60):
            l, r = mp.mpf(x * ridge), mp.mpf(ridge)
            exact = (mp.log(1 + l / r) - l / (l + r) + l * mp.mpf(target) ** 2 / (l + r) ** 2) / 2
            ours = gaussian_process_kl(np.diag([x * ridge, 0, 0, 0]), np.array([target, 1, 1, 1]), ridge=ridge)
            off = float(mp.mpf(float(ours)) / exact - 1)
        if abs(off) > 1e-13:
            wrong[x] = off
    assert not wrong


@pytest.mark.parametrize(("p", "e"), [(0.2, 0.1), (0.5, 1.0), (0.7, 3.0), (1e-6, 0.3)])
def test_slopes_of_the_inverse_divergence_are_those_of_an_implicit_function(p, e):
    """kl(p, q) = e: dq/de = 1/kl_q and dq/dp = -kl_p/kl_q with kl_q = (q - p)/(q (1 - q))."""
    with mp.workdps(60):
        above = exact_excess(p, e)
        q = p + above
        steep = above / (q * (1 - q))
        by_p = -(mp.log(p / q) - mp.log((1 - p) / (1 - q))) / steep - 1
        exact = [float(by_p), float(1 / steep)]
    np.testing.assert_allclose(slopes(p, e), exact, rtol=1e-11)


def test_at_the_ends_of_the_inverse_divergence_nothing_is_lost():
    """Nothing to spend leaves q = p; at p = 1 there is nothing above, and no slope in the budget."""
    for p in (0.0, 1e-3, 0.5, 1.0):
        assert 0 <= float(excess(p, 0.0)) < 1e-18
    assert float(excess(1.0, 0.5)) == 0
    assert float(slopes(1.0, 0.5)[1]) == 0


def test_a_loss_at_the_end_of_its_range_leaves_no_room():
    """Also one that rounding has put above the range."""
    for loss in (4.0, 4.0 * (1 + 5e-10)):
        assert float(pac_bayes_bound(1.0, samples=10, train_loss=loss, loss_range=4.0).value) == 0


def test_the_promise_begins_at_eight_samples():
    held = [bool(pac_bayes_bound(0.0, samples=n, train_loss=0.1, loss_range=1.0).assumptions_hold) for n in (7, 8, 9)]
    assert held == [False, True, True]
