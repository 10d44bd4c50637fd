"""The two-point deterministic equivalent: its equations, identities, and what the one-point value misses."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import best_of_k as bk

positive = st.floats(-1.5, 1.5).map(lambda x: 10.0**x)


@given(ratio=positive, noise=positive, prior=positive, eigenvalue=positive)
def test_one_mode_is_a_quadratic_root(ratio, noise, prior, eigenvalue):
    alpha = 1 / ratio
    explicit = alpha * noise**2 / prior**2
    a = (alpha - 1) * eigenvalue + explicit
    root = np.sqrt(a**2 + 4 * explicit * eigenvalue)
    expected = (a + root) / 2 if a > 0 else 2 * explicit * eigenvalue / (root - a)
    population = bk.posterior(bk.LinearJudge(ratio, noise, prior, spectrum=eigenvalue))
    np.testing.assert_allclose(population.ridge, expected, rtol=1e-12)


@given(ratio=positive, noise=positive, prior=positive, low=positive, share=st.floats(0.05, 0.95))
def test_a_teacher_from_the_prior_scatters_like_an_answer(ratio, noise, prior, low, share):
    """Bayes: tau_i = gamma^2 in every mode makes the mean answer's error the epistemic part of the spread."""
    judge = bk.LinearJudge(ratio, noise, prior, [low, 1.0], prior**2, mode_weights=[share, 1 - share])
    population = bk.posterior(judge)
    assert abs(population.teacher_variance / (population.spread**2 - noise**2) - 1) < 1e-11 * (
        1 + noise**2 / prior**2 / low
    )


def test_a_judge_that_is_the_teacher_is_so_to_the_bit():
    population = bk.posterior(bk.LinearJudge(2.0, 0.5, 1.0, [0.2, 1.0, 3.0], [1.0, 2.0, 0.3]))
    assert population.teacher_variance == population.reward_variance == population.covariance
    assert population.judge_variance == 0


def test_numbers_of_the_spec():
    population = bk.posterior(bk.LinearJudge(2.0, 0.5, 1.0))
    np.testing.assert_allclose(population.teacher_variance, 0.17539, atol=5e-6)
    np.testing.assert_allclose(population.one_point_teacher_variance, 0.03076, atol=5e-6)
    population = bk.posterior(bk.LinearJudge(4.0, 0.4, 0.7))
    np.testing.assert_allclose(population.teacher_variance, 0.05259, atol=5e-6)
    np.testing.assert_allclose(population.one_point_teacher_variance, 0.00911, atol=5e-6)


def test_data_exponent_of_the_prefactor():
    """Section 5: d ln(s^2/sqrt(1 - 2 q/s^2))/d ln n = -.01007, -.0628, -.2351, -1.142 (sigma 1, gamma 10)."""

    def prefactor(log_alpha):
        p = bk.posterior(bk.LinearJudge(np.exp(-log_alpha), 1.0, 10.0))
        return float(np.log(p.spread**2 / np.sqrt(1 - 2 * p.difficulty)))

    step = 1e-5
    slopes = [
        -(prefactor(np.log(a) + step) - prefactor(np.log(a) - step)) / (2 * step) for a in (0.005, 0.03, 0.1, 0.3)
    ]
    np.testing.assert_allclose(slopes, [-0.01007, -0.0628, -0.2351, -1.142], rtol=2e-3)


@pytest.mark.slow
def test_differentiable():
    slope = jax.grad(lambda r: bk.posterior(bk.LinearJudge(r, 0.5, 1.0)).teacher_variance)(2.0)
    up, down = (float(bk.posterior(bk.LinearJudge(2.0 + h, 0.5, 1.0)).teacher_variance) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(slope, (up - down) / 2e-5, rtol=1e-6)
