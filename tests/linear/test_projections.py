"""The size of a model: linear features against plain linear algebra, drawn features, and given numbers."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import CorrelatedInputs, OnePass, projection_residual, solve, through_projection
from tests.linear.test_one_pass import power_law


def features(modes, count, seed=0):
    return np.random.default_rng(seed).standard_normal((modes, count)) / np.sqrt(count)


@pytest.mark.parametrize("count", [1, 7, 30, 40])
def test_moments_are_those_of_the_features(count):
    problem, seen = power_law(0.2, 30), features(30, count)
    narrow = through_projection(problem, seen)
    covariance = seen.T @ np.diag(problem.spectrum) @ seen
    overlap = seen.T @ (problem.spectrum * problem.target)
    best = np.linalg.lstsq(covariance, overlap, rcond=1e-12)[0]
    missed = problem.spectrum @ problem.target**2 - overlap @ best
    assert float(narrow.noise) ** 2 == pytest.approx(0.04 + missed, rel=1e-9, abs=0)
    values = np.linalg.eigvalsh(covariance)[::-1][: min(count, 30)]
    np.testing.assert_allclose(narrow.spectrum, values, rtol=1e-9, atol=1e-14)
    assert narrow.spectrum @ narrow.target**2 == pytest.approx(overlap @ best, rel=1e-9, abs=0)
    assert np.sum(narrow.target**2) == pytest.approx(best @ best, rel=1e-6, abs=0)
    assert narrow.samples == problem.samples


@pytest.mark.parametrize("seed", range(5))  # a factorization may begin with any sign: sums between -1 and 1 too
def test_weights_are_told_along_features_that_add_up_to_something_positive(seed):
    """In the eigenbasis of the features' covariance, of whose vectors each has a sum above zero."""
    problem, seen = power_law(0.2, 30), features(30, 7, seed)
    covariance = seen.T @ np.diag(problem.spectrum) @ seen
    best = np.linalg.solve(covariance, seen.T @ (problem.spectrum * problem.target))
    vectors = np.linalg.eigh(covariance)[1][:, ::-1]
    vectors = vectors * np.sign(vectors.sum(axis=0))
    np.testing.assert_allclose(through_projection(problem, seen).target, vectors.T @ best, rtol=1e-10, atol=0)


def test_features_that_repeat_others_tell_nothing_new():
    problem, seen = power_law(0.2, 30), features(30, 2)
    root = np.sqrt(problem.spectrum)
    missed = np.linalg.lstsq(root[:, None] * seen, root * problem.target, rcond=None)[1][0]
    narrow = through_projection(problem, np.column_stack([seen, seen[:, 0], np.zeros(30), seen @ [2, 3]]))
    assert float(narrow.noise) ** 2 == pytest.approx(0.04 + missed, rel=1e-12, abs=0)
    np.testing.assert_array_equal(narrow.spectrum[2:], 0)
    np.testing.assert_array_equal(narrow.target[2:], 0)
    heard = problem.spectrum @ problem.target**2 - missed
    assert narrow.spectrum @ narrow.target**2 == pytest.approx(heard, rel=1e-12, abs=0)


@pytest.mark.parametrize("unit", [1e-20, 1.0, 1e20])
def test_features_are_heard_in_any_unit_down_to_rounding(unit):
    """Two inputs of unit power: a second feature of 1e-15 is heard, one of 3e-16 is rounding of two modes (4.4e-16)."""
    problem = CorrelatedInputs(np.ones(2), np.array([3.0, 4.0]), samples=5, noise=0.0)
    both = through_projection(problem, unit * np.diag([1.0, 1e-15]))
    np.testing.assert_allclose(both.spectrum, np.array([unit, 1e-15 * unit]) ** 2, rtol=1e-14, atol=0)
    np.testing.assert_allclose(both.target, [3 / unit, 4e15 / unit], rtol=1e-14, atol=0)
    assert float(both.noise) == pytest.approx(0, abs=1e-14)
    one = through_projection(problem, unit * np.diag([1.0, 3e-16]))
    np.testing.assert_allclose(one.spectrum, [unit**2, 0], rtol=1e-14, atol=0)
    np.testing.assert_allclose(one.target, [3 / unit, 0], rtol=1e-14, atol=0)
    assert float(one.noise) == pytest.approx(4, rel=1e-14, abs=0)


def test_sgd_on_the_features_is_the_recursion_of_their_projection():
    """Every mean against 4.5 standard errors: W, inputs of all modes and labels written out."""
    problem, seen, rate, batch, runs = power_law(0.0, 60), features(60, 12), 0.3, 4, 1500
    random, weights, at = np.random.default_rng(1), np.zeros((runs, 12)), (0, 3, 10, 40)
    told = np.asarray(solve(through_projection(problem, seen), at, dynamics=OnePass(rate, batch))["test_loss"])
    for step in range(41):
        if step in at:
            loss = (problem.target[None] - weights @ seen.T) ** 2 @ problem.spectrum
            off = abs(loss.mean() - told[at.index(step)])
            assert off <= 4.5 * loss.std() / np.sqrt(runs) + 1e-12
        inputs = random.standard_normal((runs, batch, 60)) * np.sqrt(problem.spectrum)
        shown = inputs @ seen
        missed = inputs @ problem.target - np.einsum("rbn,rn->rb", shown, weights)
        weights = weights + rate / batch * np.einsum("rb,rbn->rn", missed, shown)


def test_what_features_miss_is_the_law_s():
    j = np.arange(1, 3001.0)  # with infinitely many it is .344 in place of .331: the tail of the spectrum counts
    found = projection_residual(j**-1.5, np.sqrt(j**-0.3), np.array([20.0, 80.0, 320.0]))
    np.testing.assert_allclose(found, [0.330994, 0.111983, 0.033090], rtol=0, atol=6e-7)
    assert projection_residual(np.ones(8), np.ones(8), 6) == pytest.approx(2.0, rel=1e-13, abs=0)


@pytest.mark.statistical(rate=1e-5)
def test_drawn_features_miss_what_the_law_says():
    """30 draws at N = 40 of 200 modes: a mean within 4.5 standard errors, up to 1/(2N). Planted: kappa of N + 4."""
    problem = power_law(0.0, 200)
    drawn = [through_projection(problem, features(200, 40, seed)).noise ** 2 for seed in range(30)]
    law = float(projection_residual(problem.spectrum, problem.target, 40))
    error = np.std(drawn, ddof=1) / np.sqrt(30)
    assert abs(np.mean(drawn) - law) <= 4.5 * error + law / 80


def test_of_equal_modes_the_share_without_a_feature_is_left():
    """Powers 1 to 8 squared sum to 204, of which N features, whole or not, leave (8 - N)/8: also fewer than one."""
    count = np.array([[1e-3, 0.5, 1.0], [2.5, 6.0, 7.5]])
    found = projection_residual(np.full(8, 0.25), 2 * np.arange(1.0, 9), count)
    np.testing.assert_allclose(found, 204 * (8 - count) / 8, rtol=1e-13, atol=0)


def test_its_power():
    j = np.arange(1, 100_001.0)
    for a, b in ((1.5, 1.8), (1.2, 4.0)):
        two = projection_residual(j**-a, np.sqrt(j ** (a - b)), np.array([100.0, 200.0]))
        assert np.log2(two[0] / two[1]) == pytest.approx(min(b - 1, a), abs=0.05)


def test_refusals():
    problem = power_law(0.0, 5)
    for call, words in (
        (lambda: through_projection(problem, np.ones((4, 2))), r"^projection has shape \(4, 2\)"),
        (lambda: through_projection(problem, np.ones((5, 0))), r"^projection has shape"),
        (lambda: through_projection(problem, np.full((5, 2), np.nan)), r"^projection"),
        (lambda: through_projection(gt.linear.TeacherStudent(0.5, 5.0), np.ones((5, 2))), r"^problem is"),
        (
            lambda: jax.jit(lambda w: through_projection(problem, w).noise)(np.ones((5, 2))),
            r"^projection or problem is",
        ),
        (lambda: projection_residual(np.ones(5), np.ones(4), 2), r"^target has shape"),
        (lambda: projection_residual(np.ones(5), np.ones(5), 5), r"^features is 5"),
        (lambda: projection_residual(np.ones(5), np.ones(5), 0), r"^features is 0"),
        (lambda: projection_residual(-np.ones(5), np.ones(5), 2), r"^spectrum"),
    ):
        with pytest.raises(gt.BadValue, match=words):
            call()
    assert isinstance(through_projection(problem, np.ones((5, 1))), CorrelatedInputs)
