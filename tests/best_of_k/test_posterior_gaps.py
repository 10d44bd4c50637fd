"""The two-point deterministic equivalent: its equations, identities, and what the one-point value misses."""

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
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


def exact(judge, modes):
    """R, q and s of a judge with `modes` equal modes of variance 1 and unit teacher, in 60 digits: a quadratic root."""
    with mpmath.workdps(60):
        ratio, noise, prior = (mpmath.mpf(float(x)) for x in (judge.examples_per_dim, judge.noise, judge.prior_scale))
        explicit = (noise / prior) ** 2
        a = 1 - ratio + explicit  # ratio R^2 + (ratio - 1 - explicit) R - explicit = 0
        ridge = (a + mpmath.sqrt(a**2 + 4 * ratio * explicit)) / (2 * ratio)
        share, missed = 1 / (1 + ridge), ridge / (1 + ridge)
        q = (missed**2 + noise**2 * share**2 / ratio) / (1 - share**2 / ratio)
        return ridge, q, mpmath.sqrt(noise**2 + prior**2 * ridge * share)


@pytest.mark.parametrize("modes", [1, 3, 7])
@pytest.mark.parametrize(
    ("ratio", "noise", "prior"),
    [(1.001, 1e-3, 1.0), (1 + 1e-9, 1e-8, 1e3), (1 - 1e-9, 1e-8, 1e3), (1.0, 1e-6, 1.0), (3.0, 1e-6, 1.0)],
)
def test_all_digits_near_as_many_examples_as_dimensions(ratio, noise, prior, modes):
    """Where 1 - d/n and little noise decide on the ridge: 1 - 1/(n/d) in float64 leaves 7 digits at 1 + 1e-9."""
    judge = bk.LinearJudge(ratio, noise, prior, np.ones(modes))
    found = bk.posterior(judge)
    again = jax.jit(bk.posterior)(judge)
    for made in (found, again):
        for value, truth in zip((made.ridge, made.teacher_variance, made.spread), exact(judge, modes)):
            assert abs(float(value) / truth - 1) < 1e-14


@pytest.mark.parametrize("temperature", [0.0, np.inf])
@pytest.mark.parametrize("overlap", [None, 0.999999, 0.2])
@pytest.mark.parametrize("overshoot", [0.0, 1e-4, 0.7])
@pytest.mark.parametrize(("ratio", "noise", "prior"), [(1.001, 1e-3, 1.0), (1 + 1e-9, 1e-8, 1e3), (0.7, 0.3, 2.0)])
def test_the_rounding_of_a_posterior_is_counted(ratio, noise, prior, overshoot, overlap, temperature):
    """The closed forms of one answer, and of infinitely many at T = 0, in 60 digits."""
    power = {} if overlap is None else {"reward_power": 1.0, "overlap": overlap}
    judge = bk.LinearJudge(ratio, noise, prior, overshoot=overshoot, **power)
    found = bk.solve(judge, [1.0, np.inf], temperature=temperature)
    with mpmath.workdps(60):
        ridge, q, spread = exact(judge, 1)
        over, unlike = 1 + mpmath.mpf(overshoot), 1 - mpmath.mpf(1.0 if overlap is None else overlap)
        linear, own = ridge / (1 + ridge) * unlike, 2 * unlike
        alone = {"error": q + spread**2, "judged_error": over**2 * q - 2 * over * linear + own + spread**2}
        favourite = {"error": (over - 1) ** 2 * q + 2 * (1 - over) * linear + own, "judged_error": mpmath.mpf(0)}
        expected = [alone, alone if temperature else favourite]
        for name in alone:
            for value, bound, each in zip(found[name], found.numerical_error[name], expected):
                assert abs(mpmath.mpf(float(value)) - each[name]) <= bound
                assert bound <= 1e-13 * max(each[name], q)
    by_hand = bk.Posterior(0.3, 0.3, 0.3)  # whose fields are what was meant
    assert bk.solve(by_hand, [1.0], temperature=0.0).numerical_error["error"][0] <= 2e-15 * 1.3


def test_weights_that_sum_to_one_but_for_rounding():
    """Ten modes that are alike are one, whichever way their weights were rounded."""
    weights = np.array([0.1, 0.2, 0.7 / 3, 0.7 / 3, 0.7 / 3])
    judge = bk.LinearJudge(1 + 1e-9, 1e-8, 1e3, np.ones(5), mode_weights=weights)
    np.testing.assert_allclose(float(bk.posterior(judge).teacher_variance), float(exact(judge, 1)[1]), rtol=1e-14)


def test_far_apart_numbers_make_a_posterior_or_are_refused():
    """The ridge may underflow, where it counts for nothing; where it overflows the judge is refused."""
    found = bk.posterior(bk.LinearJudge(1e300, 1e-8, 1.0))
    assert (found.ridge, found.spread) == (0.0, 1e-8)
    with pytest.raises(gt.BadValue, match="teacher_variance is nan"):
        bk.solve(bk.LinearJudge(1e-300, 1.0, 1e-50), [1.0], temperature=0.0)


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
