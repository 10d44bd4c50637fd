"""The majority vote: against enumeration in fractions, its limits, and what recorded answers say of it."""

import itertools
from fractions import Fraction
from math import comb, prod

import chance
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import grok_theory as gt
from grok_theory import best_of_k as bk


def share_of_first(counts):
    """What the first answer wins of a vote with these counts."""
    return Fraction(int(counts[0] == max(counts)), sum(c == max(counts) for c in counts))


def by_enumeration(probabilities, k):
    """The vote's accuracy over all outcomes of k independent answers, in fractions."""
    total = Fraction(0)
    for said in itertools.product(range(len(probabilities)), repeat=k):
        weight = Fraction(1)
        for answer in said:
            weight *= probabilities[answer]
        total += weight * share_of_first([said.count(i) for i in range(len(probabilities))])
    return total


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("tenths", [(4, 3, 2, 1), (1, 3, 3, 3), (5, 5), (2, 8), (0, 6, 4)])
def test_independent_answers_by_enumeration(tenths, k):
    exact = by_enumeration([Fraction(t, 10) for t in tenths], k)
    assert bk.majority(np.array(tenths) / 10, k) == pytest.approx(float(exact), rel=1e-12, abs=1e-15)


def tallies(k, kinds):
    """Every way in which k answers fall on so many kinds."""
    for bars in itertools.combinations(range(k + kinds - 1), kinds - 1):
        ends = (-1, *bars, k + kinds - 1)
        yield [right - left - 1 for left, right in itertools.pairwise(ends)]


@pytest.mark.parametrize(
    ("parts", "k"), [((4, 3, 2, 1), 40), ((4, 3, 2, 1), 60), ((5, 7, 8), 9), ((5, 7, 8), 160), ((1, 2), 1001)]
)
def test_many_independent_answers_by_their_tallies(parts, k):
    """Whole numbers: each tally weighs k!/prod(n_i!) prod(parts_i^n_i) of sum(parts)^k."""
    exact = Fraction(0)
    for tally in tallies(k, len(parts)):
        ways, left = 1, k
        for count, part in zip(tally, parts, strict=True):
            ways, left = ways * comb(left, count) * part**count, left - count
        exact += ways * share_of_first(tally)
    exact /= sum(parts) ** k
    assert bk.majority(np.array(parts) / sum(parts), k) == pytest.approx(float(exact), rel=1e-11, abs=0)


@pytest.mark.parametrize(("counts", "k"), [((7, 5, 4), 9), ((20, 14, 9), 11), ((30, 40, 25), 60), ((9, 9, 9, 9), 14)])
def test_many_recorded_answers_by_their_tallies(counts, k):
    """Whole numbers: each tally stands in prod(C(c_i, n_i)) of C(N, k) subsets."""
    exact = Fraction(0)
    for tally in tallies(k, len(counts)):
        exact += prod(map(comb, counts, tally)) * share_of_first(tally)
    exact /= comb(sum(counts), k)
    assert bk.majority_of_counts(counts, k) == pytest.approx(float(exact), rel=1e-12, abs=0)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(lambda c: 0 < sum(c) <= 9), st.data())
def test_recorded_answers_by_enumeration(counts, data):
    """All k-subsets, in fractions; and wrong answers may change places."""
    k = data.draw(st.integers(1, sum(counts)))
    pool = [i for i, count in enumerate(counts) for _ in range(count)]
    subsets = itertools.combinations(pool, k)
    exact = sum(share_of_first([s.count(i) for i in range(len(counts))]) for s in subsets) / comb(len(pool), k)
    found = bk.majority_of_counts(counts, k)
    assert found == pytest.approx(float(exact), rel=1e-13, abs=1e-15)
    assert bk.majority_of_counts([counts[0], *counts[:0:-1]], k) == pytest.approx(found, rel=1e-13, abs=1e-15)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6).filter(sum))
def test_one_answer_and_all_of_them(counts):
    """k = 1 is the share of correct answers, k = N the mode; and two passes of octaves agree with one k alone."""
    whole = sum(counts)
    ks = sorted({1, max(1, whole // 3), whole})
    found = bk.majority_of_counts(counts, ks)
    assert found[0] == pytest.approx(counts[0] / whole, rel=1e-12, abs=1e-15)
    assert found[-1] == pytest.approx(float(share_of_first(counts)), rel=1e-12, abs=1e-15)
    # One call for all k is one call for each: how the octaves are shared changes no answer.
    np.testing.assert_allclose(found, [bk.majority_of_counts(counts, k) for k in ks], rtol=1e-11, atol=1e-15)


def test_recorded_answers_are_unbiased():
    """The mean over all multinomial draws of N recorded answers is the law of k independent ones, for every k <= N."""
    p, size = np.array([0.35, 0.4, 0.25]), 6
    for k in (1, 2, 3, 5, 6):
        mean = 0.0
        for a in range(size + 1):
            for b in range(size + 1 - a):
                counts = [a, b, size - a - b]
                mean += stats.multinomial.pmf(counts, size, p) * bk.majority_of_counts(counts, k)
        assert mean == pytest.approx(bk.majority(p, k), rel=1e-12, abs=0)


@given(st.floats(0.05, 0.95), st.integers(1, 30))
def test_ties_of_two_give_half(p, m):
    """Accuracy(2m) = accuracy(2m - 1) for two answers: by the general sum with a third answer too rare to matter."""
    odd, even = bk.majority([p, 1 - p], [2 * m - 1, 2 * m])
    assert odd == even
    rare = bk.majority([p * (1 - 1e-13), (1 - p) * (1 - 1e-13), 1e-13], [2 * m - 1, 2 * m])
    np.testing.assert_allclose(rare, [odd, even], rtol=1e-9, atol=1e-13)


def test_where_the_vote_ends_and_how_fast():
    p = [0.4, 0.3, 0.2, 0.1]
    assert bk.majority_limit(p) == 1.0
    assert bk.majority_limit([0.3, 0.4, 0.3]) == 0.0
    assert bk.majority_limit([0.4, 0.4, 0.2]) == 0.5
    assert bk.majority([0.4, 0.4, 0.2], 400) == pytest.approx(0.5, abs=1e-6)
    rate = bk.majority_rate(p)
    assert rate == pytest.approx(
        -np.log(1 - (0.4**0.5 - 0.3**0.5) ** 2), rel=1e-12, abs=0
    )  # Chernoff, of the two most likely
    # 1 - P ~ k^(-1/2) e^(-k I): the slope with the root taken out comes nearer from 240 .. 480 to 480 .. 960.
    wrong = 1 - bk.majority(p, [240, 480, 960])
    slopes = -(np.log(wrong[1:] / wrong[:-1]) + np.log(2) / 2) / np.array([240, 480])
    near = np.abs(slopes / rate - 1)
    assert near[1] < near[0] / 2 < 0.025
    assert bk.majority_rate([0.3, 0.3, 0.4]) == pytest.approx(bk.majority_rate([0.4, 0.3, 0.3]))


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 3.0), (0.5, 1.5), (3.0, 1.0)])
def test_the_vote_over_beta_prompts_saturates_as_one_over_k(alpha, beta):
    """accuracy(k) = P(p > 1/2) - f'(1/2)/(8k): from above where the density falls."""
    limit = stats.beta.sf(0.5, alpha, beta)
    density = stats.beta.pdf(0.5, alpha, beta)
    slope = density * ((alpha - 1) - (beta - 1)) / 0.5
    assert 10001 * (bk.beta_majority_at_k(alpha, beta, 10001) - limit) == pytest.approx(-slope / 8, rel=1e-3, abs=0)
    assert bk.beta_majority_at_k(alpha, beta, 10**6) == pytest.approx(limit, abs=1e-6)


@given(st.floats(0.1, 20), st.floats(0.1, 20), st.integers(1, 40))
def test_the_beta_vote_is_a_beta_binomial_tail(alpha, beta, k):
    pmf = stats.betabinom.pmf(np.arange(k + 1), k, alpha, beta)
    exact = pmf[np.arange(k + 1) > k / 2].sum() + 0.5 * pmf[np.arange(k + 1) == k / 2].sum()
    assert bk.beta_majority_at_k(alpha, beta, k) == pytest.approx(exact, rel=1e-9, abs=1e-14)


def by_subsets(said, worth, k):
    """Mean over all k-subsets of the recorded answers of what the most frequent ones are worth, in fractions."""
    kept = []
    for subset in itertools.combinations(said, k):
        most = [answer for answer in set(subset) if subset.count(answer) == max(map(subset.count, subset))]
        kept.append(sum(map(worth.__getitem__, most), Fraction(0)) / len(most))
    return sum(kept, Fraction(0)) / len(kept)


def test_a_curve_of_texts_and_unequal_prompts():
    said, correct = [["a", "a", "b", "c"], ["x", "y"]], ["a", "y"]
    curve = bk.vote_curve(said, correct, [1, 2, 3, 4])
    exact = np.full((2, 4), np.nan)
    for row, (answers, right) in enumerate(zip(said, correct, strict=True)):
        worth = {answer: Fraction(int(answer == right)) for answer in answers}
        for k in range(1, len(answers) + 1):
            exact[row, k - 1] = by_subsets(answers, worth, k)
    np.testing.assert_allclose(curve["accuracy"], exact, rtol=1e-14, atol=0)
    np.testing.assert_array_equal(curve.stats["left_out"], [0, 0, 1, 1])
    whole = bk.vote_curve(np.array([[4, 4, 7], [1, 2, 2]]), np.array([4, 1]), [3])
    np.testing.assert_array_equal(whole["accuracy"], [[1.0], [0.0]])


def test_networks_of_many_seeds_vote_on_digits():
    """Ten classes, 150 digits seen, 200 asked: 64 seeds of a random-feature network, voted over without drawing, are
    held against fresh groups of 4 and of 16 seeds. Their difference has both's errors: four of them at most."""
    data = pytest.importorskip("sklearn.datasets").load_digits()
    X, classes = data.data / 16, data.target
    seen, asked = slice(0, 150), slice(150, 350)

    def predicted(seed):
        features = np.maximum(X[:350] @ np.random.default_rng(seed).normal(size=(64, 40)), 0)
        gram = features[seen].T @ features[seen] + 1e-2 * np.eye(40)
        return np.argmax(features[asked] @ np.linalg.solve(gram, features[seen].T @ np.eye(10)[classes[seen]]), axis=1)

    recorded = np.stack([predicted(seed) for seed in range(64)], axis=1)
    curve = bk.vote_curve(recorded, classes[asked], [1, 4, 16])
    for j, k in ((1, 4), (2, 16)):
        right = []
        for group in range(40):
            votes = np.stack([predicted(10_000 * k + k * group + i) for i in range(k)], axis=1)
            counts = (votes[:, :, None] == np.arange(10)).sum(1)
            best = counts == counts.max(1, keepdims=True)
            right.append(np.mean(best[np.arange(200), classes[asked]] / best.sum(1)))
        # 64 recorded seeds hold 64/k groups of k.
        error = np.std(right, ddof=1) * np.sqrt(1 / 40 + k / 64)
        assert abs(curve.stats["mean"][j] - np.mean(right)) < 4 * error
        assert curve.stats["mean"][j] > curve.stats["mean"][j - 1]


def test_partial_credit_and_ties():
    """An answer is worth the mean of its marks; a tie the mean of the tied ones. Even, and uneven, numbers of both."""
    for marks, said in (([1, 0, 1, 0, 0, 1], [42] * 3 + [43] * 3), ([1, 0, 1, 0, 1], ["42"] * 3 + ["43"] * 2)):
        records = bk.Records.from_arrays(np.zeros((1, len(said))), [marks], [said])
        worth = {}
        for answer in set(said):
            its = [mark for mark, given in zip(marks, said, strict=True) if given == answer]
            worth[answer] = Fraction(sum(its), len(its))
        ks = range(1, len(said) + 1)
        exact = [float(by_subsets(said, worth, k)) for k in ks]
        np.testing.assert_allclose(bk.vote_curve(records, samples=list(ks))["accuracy"][0], exact, rtol=1e-14, atol=0)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=7), st.data())
def test_graded_groups_by_enumeration(said, data):
    values = data.draw(st.lists(st.floats(-2, 2), min_size=len(said), max_size=len(said)))
    k = data.draw(st.integers(1, len(said)))
    worth = {a: np.mean([v for s, v in zip(said, values) if s == a]) for a in set(said)}
    kept = []
    for subset in itertools.combinations(said, k):
        most = max(subset.count(a) for a in set(subset))
        kept.append(np.mean([worth[a] for a in set(subset) if subset.count(a) == most]))
    records = bk.Records.from_arrays([values], [values], [said])
    assert bk.vote_curve(records, samples=[k])["accuracy"][0, 0] == pytest.approx(np.mean(kept), rel=1e-11, abs=1e-12)


def test_one_prompt_has_a_jackknife():
    """At k = 1 the jackknife of a share is the usual error; where k takes all answers nothing is known."""
    right = [1] * 12 + [0] * 8
    curve = bk.vote_curve([["a"] * 12 + ["b"] * 8], ["a"], [1, 20])
    half = stats.t.isf(0.025, 19) * np.std(right, ddof=1) / 20**0.5
    assert curve.stats["high"][0] == pytest.approx(0.6 + half, rel=1e-10, abs=0)
    assert (curve.stats["low"][1], curve.stats["high"][1]) == (0.0, 1.0)
    assert "jackknife" in curve.status.text


@pytest.mark.slow
@pytest.mark.statistical(keys=20)
def test_coverage_of_the_vote(rng, plausible):
    """120 simulated sets of 60 prompts, 15 answers each of four kinds: the 95 % interval holds the truth in 93 to 97 %.
    Planted: an interval over answers in place of prompts."""
    law, ks = stats.dirichlet([2.0, 1.0, 0.7, 0.5]), [1, 5, 15]
    prompts = law.rvs(40_000, random_state=rng)
    truth = np.zeros(3)
    for j, k in enumerate(ks):
        drawn = rng.multinomial(k, prompts)
        truth[j] = np.mean((drawn[:, 0] == drawn.max(1)) / (drawn == drawn.max(1)[:, None]).sum(1))
    hits = np.zeros(3)
    for _ in range(120):
        p = law.rvs(60, random_state=rng)
        answers = np.stack([rng.choice(4, 15, p=row) for row in p])
        kept = bk.vote_curve(answers, np.zeros(60, int), ks).stats
        hits += (kept["low"] <= truth) & (truth <= kept["high"])
    plausible(chance.binomial(hits, 120, (0.93, 0.97)))


def test_pass_curve_is_pass_at_k_with_intervals():
    values = [[1, 0, 0, 0], [1, 1], [0, 0, 1]]
    curve = bk.pass_curve(values, [1, 2, 3])
    exact = np.full((3, 3), np.nan)
    for row, marks in enumerate(values):
        for k in range(1, min(len(marks), 3) + 1):
            subsets = list(itertools.combinations(marks, k))
            exact[row, k - 1] = Fraction(sum(map(any, subsets)), len(subsets))
    np.testing.assert_allclose(curve["value"], exact, rtol=1e-14, atol=0)
    np.testing.assert_array_equal(curve.stats["left_out"], [0, 0, 1])
    mean = np.nanmean(exact, axis=0)
    assert np.all((curve.stats["low"] >= 0) & (curve.stats["low"] <= mean))
    assert np.all((curve.stats["high"] <= 1) & (curve.stats["high"] >= mean))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bk.majority([0.5, 0.4], 3), r"probabilities sums to 0.9, but it must sum to 1"),
        (lambda: bk.majority([1.5, -0.5], 3), r"probabilities\[1\] is -0.5"),
        (lambda: bk.majority([0.5, 0.5], 2.5), r"samples is 2.5"),
        (lambda: bk.majority([0.5, 0.5], [1, 0]), r"samples\[1\] is 0"),
        (lambda: bk.majority(np.full(9, 1 / 9), 10**5), r"exact vote would take .* multiplications"),
        (lambda: bk.majority_of_counts([2, 1], 4), r"samples reaches 4, but it must be at most the 3 answers recorded"),
        (lambda: bk.majority_of_counts([0, 0], 1), r"counts is \[0, 0\], but at least one answer"),
        (lambda: bk.majority_of_counts([1, -1], 1), r"counts\[1\] is -1"),
        (lambda: bk.beta_majority_at_k(0.0, 1.0, 3), r"alpha is 0.0"),
        (lambda: bk.beta_majority_at_k(1.0, 1.0, 10**8), r"samples reaches 100000000, but it must be at most"),
        (lambda: bk.majority_rate([1.0]), r"probabilities has one answer"),
        (lambda: bk.vote_curve([["a"]], ["a", "b"], [1]), r"correct has shape \(2,\)"),
        (lambda: bk.vote_curve([["a"]], None, [1]), r"correct is left out"),
        (lambda: bk.vote_curve([["a"], []], ["a", "b"], [1]), r"answers\[1\] is empty"),
        (lambda: bk.vote_curve("abc", ["a"], [1]), r"answers is .*, but it must be a table"),
        (lambda: bk.vote_curve([[0.5]], [0.5], [1]), r"must be a whole number or a text"),
        (lambda: bk.vote_curve([["a", "b"]], ["a"], [3]), r"at most the 2 answers recorded"),
        (lambda: bk.vote_curve([["a", "b"]], ["a"]), r"samples is left out"),
        (lambda: bk.vote_curve(bk.Records.from_arrays([[1.0]], [[1.0]]), samples=[1]), r"without choices"),
        (lambda: bk.Records.from_arrays([[1.0, 2.0]], [[1, 0]], [["a"]]), r"answers holds 1 prompts with \(1,\)"),
        (lambda: bk.pass_curve([[0.5]], [1]), r"must be 0 or 1"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(gt.BadValue, match=message):
        call()


@pytest.mark.parametrize(
    ("counts", "k"), [([2, 30, 30], 5), ([3, 20, 20, 20], 9), ([1, 2, 6, 1], 8), ([2, 40, 40], 12)]
)
def test_rare_wins_keep_their_digits_and_impossible_ones_are_zero(counts, k):
    """Would notice sums around the middle of right and wrong: 13 digits of a rare win, 1e-16 where there is none."""
    wanted = Fraction(0)
    for said in itertools.product(*(range(min(count, k) + 1) for count in counts)):
        if sum(said) == k and said[0] == max(said):
            wanted += Fraction(prod(map(comb, counts, said)), said.count(max(said)))
    wanted = float(wanted / comb(sum(counts), k))
    np.testing.assert_allclose(bk.majority_of_counts(counts, k), wanted, rtol=4e-15, atol=0)
