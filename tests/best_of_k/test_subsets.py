# ruff: noqa: E501
"""The recorded-data estimator against enumeration, exact fractions and its own limits."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.beta_pass_rate import beta_pass_at_k
from grok_theory.best_of_k.subsets import subset_means, with_replacement

INF = float("inf")


def share(scores, temperature):
    if temperature == 0:
        best = scores == scores.max()
        return best / best.sum()
    weight = np.exp((scores - scores.max()) / temperature)
    return weight / weight.sum()


@pytest.mark.parametrize("temperature", [0.0, 1e-3, 0.5, INF])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("answers", [1, 2, 7, 12])
def test_equals_the_mean_over_all_subsets(answers, ties, temperature):
    rng = np.random.default_rng(answers)
    scores = rng.integers(0, 4, answers) * 1.0 if ties else rng.normal(size=answers)
    values = rng.normal(size=answers)
    found = subset_means(scores, values, answers, temperature)
    for k in range(1, answers + 1):
        kept = [
            share(scores[list(c)], temperature) @ values[list(c)] for c in itertools.combinations(range(answers), k)
        ]
        assert abs(np.mean(kept) - found[k - 1]) < 1e-12


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-2, 2)), min_size=2, max_size=9), st.floats(-3, 2))
def test_between_mean_and_best_and_blind_to_order(pairs, log_temperature):
    scores, values = (np.array(column, float) for column in zip(*pairs))
    found = subset_means(scores, values, len(pairs), 10**log_temperature)
    assert abs(found[0] - values.mean()) < 1e-12
    assert np.all((found >= values.min() - 1e-12) & (found <= values.max() + 1e-12))
    np.testing.assert_allclose(
        subset_means(scores[::-1], values[::-1], len(pairs), 10**log_temperature), found, atol=1e-12
    )
    # A judge that scores the value itself never does worse with more answers.
    assert np.all(np.diff(subset_means(values, values, len(pairs), 10**log_temperature)) > -1e-12)


def test_planted_error_the_first_of_tied_answers_is_a_bias():
    """What a plain argmax does: with ties it favours whoever was recorded first."""
    scores, values = np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    assert subset_means(scores, values, 3, 0.0)[2] == 0.5
    assert values[np.argmax(scores)] == 1.0


def test_limits_in_temperature():
    rng = np.random.default_rng(1)
    scores, values = rng.normal(size=20), rng.normal(size=20)
    gap = np.diff(np.sort(scores)).min()
    np.testing.assert_allclose(
        subset_means(scores, values, 20, gap / 45), subset_means(scores, values, 20, 0.0), atol=1e-12
    )
    np.testing.assert_allclose(subset_means(scores, values, 20, 1e9), values.mean(), atol=1e-8)


def test_every_k_of_one_pass_is_that_k_alone():
    """One pass makes every k up to the largest (what it costs is measured in benchmarks/best_of_k.py)."""
    rng = np.random.default_rng(2)
    scores, values = rng.normal(size=(4, 24)), rng.normal(size=(4, 24))
    together = bk.from_records(scores, values, np.arange(1, 13), temperature=0.5)
    for k in (1, 5, 12):
        alone = bk.from_records(scores, values, [k], temperature=0.5)
        np.testing.assert_allclose(together["value"][:, k - 1], alone["value"][:, 0], rtol=1e-13)


def test_with_replacement_equals_all_tuples():
    rng = np.random.default_rng(3)
    scores, values = rng.integers(0, 3, 4) * 1.0, rng.normal(size=4)
    for temperature, k in itertools.product((0.0, 0.3, INF), (1, 2, 4)):
        kept = [share(scores[list(c)], temperature) @ values[list(c)] for c in itertools.product(range(4), repeat=k)]
        assert abs(np.mean(kept) - with_replacement(scores, values, np.array([k]), temperature)[0]) < 1e-13


def test_pass_at_k_against_exact_fractions():
    for answers, right in ((1, 0), (5, 2), (40, 1), (200, 3), (1000, 17)):
        values = np.zeros(answers)
        values[:right] = 1
        ks = [k for k in (1, 2, 5, 39, 100, 999) if k <= answers]
        exact = [float(1 - Fraction(math.comb(answers - right, k), math.comb(answers, k))) for k in ks]
        np.testing.assert_allclose(bk.pass_at_k(values, ks), exact, atol=1e-13)
    batch = np.random.default_rng(0).integers(0, 2, (3, 2, 10))
    found = bk.pass_at_k(batch, [10, 1])
    np.testing.assert_allclose(found[..., 1], batch.mean(axis=-1))
    np.testing.assert_array_equal(found[..., 0], batch.max(axis=-1))


def test_pass_at_k_is_from_records_with_a_judge_that_knows():
    values = np.random.default_rng(4).integers(0, 2, (6, 12)) * 1.0
    kept = bk.from_records(values, values, [1, 3, 12], temperature=0.0)
    np.testing.assert_allclose(kept["value"], bk.pass_at_k(values, [1, 3, 12]), atol=1e-14)


def exact_subsets(scores, values, k, temperature):
    """Mean over all k-subsets, each softmax in exact differences of its scores (mpmath: nothing over- or underflows)."""
    total = mpmath.mpf(0)
    for chosen in itertools.combinations(range(len(scores)), k):
        with mpmath.workdps(40):
            best = max(mpmath.mpf(scores[i]) for i in chosen)
            weights = [mpmath.exp((mpmath.mpf(scores[i]) - best) / mpmath.mpf(temperature)) for i in chosen]
            total += mpmath.fsum(w * mpmath.mpf(values[i]) for w, i in zip(weights, chosen)) / mpmath.fsum(weights)
    return float(total / math.comb(len(scores), k))


MASKS = [-1e30, float(np.finfo(float).min), float(np.finfo(np.float32).min), -1e9, 1e17]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("temperature", [1e-12, 0.3, 7.0, 1e20])
def test_scores_that_stand_for_missing(mask, temperature):
    """A score any number of temperatures away: one answer is the plain mean, more are the softmax of the definition."""
    scores = np.array([0.3, mask, 1.1, 0.9, mask, 1.1, 0.4])
    values = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.25, 0.0])
    found = subset_means(scores, values, 7, temperature)
    assert found[0] == values.mean()
    expected = [exact_subsets(scores, values, k, temperature) for k in range(1, 8)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)
    kept = bk.from_records(scores[None], values[None], [1, 4, 7], temperature=temperature)["value"][0]
    np.testing.assert_allclose(kept, np.array(expected)[[0, 3, 6]], rtol=1e-12, atol=0)


@given(
    st.lists(st.tuples(st.floats(-16, 16), st.sampled_from([-1.0, 0.0, 1.0]), st.booleans()), min_size=2, max_size=6),
    st.floats(-8, 8),
)
def test_score_ranges_many_orders_above_the_temperature(rows, log_temperature):
    scores = np.array([sign * 10.0**power for power, sign, _ in rows])
    values = np.array([float(passed) for *_, passed in rows])
    found = subset_means(scores, values, len(rows), 10.0**log_temperature)
    expected = [exact_subsets(scores, values, k, 10.0**log_temperature) for k in range(1, len(rows) + 1)]
    np.testing.assert_allclose(found + 1, np.array(expected) + 1, rtol=1e-12, atol=0)
    assert np.all((found >= 0) & (found <= 1))


@pytest.mark.parametrize("temperature", [0.0, 1e-6, 0.3, 50.0])
def test_with_replacement_of_masked_scores(temperature):
    scores, values = np.array([0.2, -1e30, 0.9, 0.9]), np.array([1.0, 0.0, 1.0, 0.5])
    for k in (1, 3):
        kept = [share(scores[list(c)], temperature) @ values[list(c)] for c in itertools.product(range(4), repeat=k)]
        found = with_replacement(scores, values, np.array([k]), temperature)[0]
        np.testing.assert_allclose(found, np.mean(kept), rtol=1e-12, atol=0)


@pytest.mark.parametrize("mask", ["-1e+30", "-200"])
def test_a_gaussian_law_refuses_masks(mask):
    rng = np.random.default_rng(0)
    scores, values = rng.normal(size=(5, 8)), rng.normal(size=(5, 8))
    scores[2, 3] = float(mask)
    message = rf"scores\[2, 3\] is {mask.replace('+', '.')}.*Leave out answers without a score.*Empirical"
    with pytest.raises(gt.BadValue, match=message):
        bk.fit(scores, values, model=bk.GaussianJudge())


def test_scores_whose_difference_overflows():
    """3.4e308 over a temperature of 1e308 is a softmax like any other."""
    scores, values = np.array([-1.7e308, 1.7e308]), np.array([1.0, 0.0])
    expected = float(1 / (1 + mpmath.exp(mpmath.mpf("3.4"))))
    np.testing.assert_allclose(subset_means(scores, values, 2, 1e308), [0.5, expected], rtol=1e-12, atol=0)


def test_pass_at_k_of_prompts_with_unequal_numbers_of_answers():
    """Every prompt by its own count, over all of its subsets; beyond the shortest prompt refused, or counted out."""
    rows = [[1, 0, 0, 1, 0], [0, 1, 0], [0, 0, 0, 0], [1, 1]]
    found = bk.pass_at_k(rows, [1, 2])
    for row, rates in zip(rows, found):
        for k, rate in zip((1, 2), rates):
            passes = [max(c) for c in itertools.combinations(row, k)]
            assert abs(rate - sum(passes) / len(passes)) < 1e-15
    with pytest.raises(gt.BadValue, match=r"samples\[1\] is 3.*at most the 2 answers"):
        bk.pass_at_k(rows, [1, 3])
    kept = bk.from_records(bk.Records.from_arrays(rows, rows), samples=[1, 3], temperature=0.0)
    np.testing.assert_array_equal(kept.stats["left_out"], [0, 1])


def test_pass_rates_of_huge_parameters_are_probabilities():
    alpha, beta = np.array([1e-9, 1e7, 3e5]), np.array([1e9, 1e-6, 2e8])
    for k in (1.0, 1e-3, 1e9):
        rate = beta_pass_at_k(alpha, beta, k)
        assert np.all((rate >= 0) & (rate <= 1))


BAD = [
    (lambda: bk.pass_at_k([1, 0], [3]), r"samples\[0\] is 3.*at most the 2 answers.*best_of_k\.fit"),
    (lambda: bk.pass_at_k([1, 0.5], [1]), r"values\[1\] is 0\.5.*0 or 1"),
    (lambda: bk.pass_at_k([1, 0], [0]), r"samples\[0\] is 0.*at least 1"),
    (lambda: bk.pass_at_k([1, 0], [1.5]), r"samples\[0\] is 1\.5.*integer"),
    (lambda: bk.from_records(np.zeros((2, 3)), np.zeros((2, 4)), [1], temperature=0.0), r"scores and values have shapes \(2, 3\) and \(2, 4\)"),
    (lambda: bk.from_records([[0.0, float("nan")]], [[0.0, 1.0]], [1], temperature=0.0), r"scores\[0, 1\] is nan.*finite"),
    (lambda: bk.from_records(np.zeros((2, 3)), np.zeros((2, 3)), [4], temperature=0.0), r"samples\[0\] is 4.*at most the 3.*fit"),
    (lambda: bk.from_records(np.zeros((2, 3)), np.zeros((2, 3)), [2, 1], temperature=0.0), r"samples\[1\] is 1.*not be below"),
    (lambda: bk.from_records(np.zeros((2, 3)), np.zeros((2, 3)), [1], temperature=-1.0), r"temperature is -1"),
    (lambda: bk.from_records(np.zeros((2, 3)), np.zeros((2, 3)), [1], temperature=0.0, confidence=1.0), r"confidence is 1"),
    (lambda: bk.from_records(np.zeros((2, 3)), None, [1], temperature=0.0), r"values is left out"),
    (lambda: bk.from_records(np.zeros((2, 3)), np.zeros((2, 3)), temperature=0.0), r"samples is left out"),
    (lambda: bk.from_records([], [], [1], temperature=0.0), r"scores"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refusals(call, message):
    with pytest.raises(gt.BadValue, match=message):
        call()
