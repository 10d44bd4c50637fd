# ruff: noqa: E501
"""Reading records, intervals over prompts, fits that say when they do not know, and the choice of a setting."""

import json

import chance
import jax
import numpy as np
import pytest
from scipy import special, stats
from scipy.integrate import quad
from scipy.special import roots_jacobi

import grok_theory as gt
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.beta_pass_rate import beta_pass_at_k, beta_scores, fit_beta
from grok_theory.best_of_k.gaussian_judge import kept_normal


def synthetic(rng, prompts, answers, *, rounded=True, noise=1.5, hacked=0.0):
    """A judge that scores the truth with noise, 0 to 10; `hacked` answers are worthless and please it most."""
    skill = rng.beta(1.0, 1.5, prompts)
    values = rng.random((prompts, answers)) < skill[:, None]
    hack = rng.random((prompts, answers)) < hacked
    values &= ~hack
    scores = 4 + 3 * values + 5 * hack + noise * rng.normal(size=values.shape)
    return np.clip(np.round(scores), 0, 10) if rounded else scores, values.astype(float)


def test_reads_csv_and_json_lines_ragged(tmp_path):
    rows = [("a", 3, 1), ("b", 2.5, 0), ("a", 1, "true"), ("a", 4, "False")]
    csv = tmp_path / "r.csv"
    csv.write_text("score,prompt,value,extra\n" + "".join(f"{s},{p},{v},x\n" for p, s, v in rows))
    lines = tmp_path / "r.jsonl"
    lines.write_text(
        "\n".join(json.dumps({"prompt": p, "score": s, "value": v in (1, "true")}) for p, s, v in rows) + "\n"
    )
    for path in (csv, lines):
        records = bk.read_records(path)
        assert records.prompts == ("a", "b")
        np.testing.assert_array_equal(records.scores[0], [3, 1, 4])
        np.testing.assert_array_equal(records.values[0], [1, 1, 0])
        assert records.answers.tolist() == [3, 1]
    kept = bk.from_records(bk.read_records(csv), samples=[1, 3], temperature=0.0)
    np.testing.assert_array_equal(kept.stats["left_out"], [0, 1])
    assert np.isnan(kept["value"][1, 1])
    assert kept["value"][0, 1] == 0.0
    assert kept.stats["mean"][0] == (2 / 3 + 0) / 2
    back = gt.load(kept.save(tmp_path / "kept.npz"))
    np.testing.assert_array_equal(back["value"], kept["value"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt,score\na,1\n", r"no column 'value'.*prompt, score, value"),
        ("prompt,score,value\n", r"no rows"),
        ("prompt,score,value\na,1,1\na,x,1\n", r"line 3: score is 'x'.*finite number"),
        ("prompt,score,value\na,1,nan\n", r"line 2: value is 'nan', but it must be a finite number"),
        ("prompt,score,value\na,1\n", r"line 2: fewer cells \(2\)"),
        ("prompt,score,value\na,1,\n", r"line 2: value is missing"),
        ("prompt,score,value\n,1,1\n", r"line 2: prompt is missing"),
        ("prompt,score,value\na,1,-inf\n", r"line 2: value is '-inf', but it must be a finite number"),
        (
            '{"prompt": "1", "score": 1, "value": 1}\n{"prompt": 1, "score": 1, "value": 1}\n',
            r"line 2: prompt is 1, a whole",
        ),
        ('{"prompt": "a", "score": 1, "value": 1}\n{"score": 1, "value": 1}\n', r"line 2: prompt is missing"),
        ('{"prompt": "a", "score": 1, "score": 2, "value": 1}\n', r"'score' is given twice"),
        ('{"prompt": "a", "score": 1}\n', r"no column 'value'"),
        ('{"prompt": "a", "score": 1, "value": 1}\nnonsense\n', r"line 2: 'nonsense' is no JSON object"),
    ],
)
def test_bad_files_are_named(tmp_path, text, message):
    path = tmp_path / "records.txt"
    path.write_text(text)
    with pytest.raises(gt.BadValue, match=message):
        bk.read_records(path)


def test_a_prompt_may_hold_anything(tmp_path):
    """Separators, quotes and line ends in a prompt: one prompt; the line of a fault is that of its record."""
    path = tmp_path / "r.csv"
    path.write_text('prompt,score,value\n"say ""hi"",\nplease",1,0\n"say ""hi"",\nplease",2,1\nb,3,0\n')
    records = bk.read_records(path)
    assert records.prompts == ('say "hi",\nplease', "b")
    np.testing.assert_array_equal(records.scores[0], [1, 2])
    path.write_text(path.read_text() + "c,x,0\n")
    with pytest.raises(gt.BadValue, match="line 7: score is 'x'"):
        bk.read_records(path)


def test_columns_by_name(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("task;judge;passed\na;0,5;true\na;1,5;false\n")
    records = bk.read_records(path, prompt="task", score="judge", value="passed")
    np.testing.assert_array_equal(records.scores[0], [0.5, 1.5])
    np.testing.assert_array_equal(records.values[0], [1, 0])


def test_missing_file():
    with pytest.raises(gt.BadValue, match=r"nowhere\.csv.*cannot be read.*CSV or JSON lines"):
        bk.read_records("nowhere.csv")


def test_one_prompt_gets_a_jackknife_and_says_so():
    rng = np.random.default_rng(0)
    kept = bk.from_records(rng.normal(size=9), rng.normal(size=9), [1, 4, 9], temperature=0.3)
    assert kept.status.name == "noted"
    assert "jackknife" in kept.status.text
    mean = kept["value"][0, 0]
    half = stats.t.isf(0.025, 8) * kept.problem.values[0].std(ddof=1) / 3  # at k = 1 the jackknife is the usual error
    np.testing.assert_allclose(kept.stats["high"][0], mean + half, rtol=1e-10)
    assert np.isnan(kept.stats["low"][2])


@pytest.mark.statistical(keys=100)
def test_mean_of_tables_is_the_population_curve(rng, plausible):
    """U_k averaged over tables equals best-of-k from fresh answers: the population value. Planted: with replacement."""
    scores, values = synthetic(rng, 1500, 12, hacked=0.05)
    for temperature in (0.0, 1.0):
        found = bk.from_records(scores, values, [2, 8], temperature=temperature)
        fresh_scores, fresh_values = synthetic(rng, 60000, 8, hacked=0.05)
        for i, k in enumerate((2, 8)):
            s, v = fresh_scores[:, :k], fresh_values[:, :k]
            weight = (
                np.exp((s - s.max(1, keepdims=True)) / temperature) if temperature else s == s.max(1, keepdims=True)
            )
            kept = (weight * v).sum(1) / weight.sum(1)
            error = np.hypot(kept.std() / np.sqrt(kept.size), found["value"][:, i].std() / np.sqrt(1500))
            plausible(chance.student((kept.mean() - found.stats["mean"][i]) / error, 1500), of=4)


def true_curve(ks, temperature):
    """The synthetic judge's curve from its law alone: (score, value) has a known table at every skill."""
    edges = np.concatenate([[-np.inf], np.arange(0.5, 10), [np.inf]])
    table = np.stack([np.diff(stats.norm.cdf((edges - m) / 1.5)) for m in (4, 7, 9)])  # wrong, right, hacked
    skill, weight = roots_jacobi(24, 0.5, 0.0)  # Beta(1, 1.5) over [0, 1]
    truth = np.zeros(len(ks))
    for p, w in zip((1 + skill) / 2, weight / weight.sum()):
        right = 0.96 * p * table[1]
        score = right + 0.96 * (1 - p) * table[0] + 0.04 * table[2]
        if temperature == 0:
            truth += w * (np.diff(np.append(0.0, np.cumsum(score))[None, :] ** np.array(ks)[:, None]) @ (right / score))
            continue
        v = np.arange(-60.0, 6.0, 0.05)
        intensity = np.exp(v[:, None] + (np.arange(11.0) - 10)[None, :] / temperature)
        none, kept = np.exp(-intensity) @ score, (intensity * np.exp(-intensity)) @ right
        truth += w * np.array([0.05 * k * np.sum(kept * none ** (k - 1)) for k in ks])
    return truth


@pytest.mark.slow
@pytest.mark.statistical(keys=5)
def test_coverage_of_intervals_over_prompts(rng, plausible):
    """400 synthetic judges of 40 prompts: 95 % intervals hold the truth in 94 to 96 %. Planted: errors a third too
    small, or doubled."""
    ks = [1, 4, 16]
    truth = {t: true_curve(ks, t) for t in (0.0, 1.0)}
    hits = {t: np.zeros(3) for t in truth}
    for _ in range(400):
        scores, values = synthetic(rng, 40, 16, hacked=0.04)
        for t, right in truth.items():
            kept = bk.from_records(scores, values, ks, temperature=t).stats
            hits[t] += (kept["low"] <= right) & (right <= kept["high"])
    plausible(chance.binomial(np.array(list(hits.values())), 400, (0.94, 0.96)))


def test_beta_pass_rate_is_the_beta_binomial_maximum():
    rng = np.random.default_rng(5)
    passed = rng.binomial(16, rng.beta(0.4, 1.5, 200)) * 1.0
    found = fit_beta(passed, np.full(200, 16), 0.95)
    for a in (0.999, 1.001):
        for b in (0.999, 1.001):
            other = stats.betabinom.logpmf(passed, 16, a * found["alpha"], b * found["beta"]).sum()
            assert other <= stats.betabinom.logpmf(passed, 16, found["alpha"], found["beta"]).sum() + 1e-7
    mean = quad(lambda p: (1 - (1 - p) ** 7.5) * stats.beta.pdf(p, 2.0, 3.0), 0, 1, epsabs=1e-13)[0]
    assert abs(beta_pass_at_k(2.0, 3.0, 7.5) - mean) < 1e-11


@pytest.mark.slow
@pytest.mark.statistical(keys=5)
@pytest.mark.parametrize("shape", [(0.3, 1.0), (0.4, 2.0), (1.0, 5.0)])
def test_beta_interval_covers_at_256(rng, plausible, shape):
    """At nominal 95 % the truth at k = 256 is inside in at least 90 % of cases. Planted: errors half as large
    (seen under 94 % of keys)."""
    truth, hits = beta_pass_at_k(*shape, 256.0), 0
    for _ in range(100):
        values = (rng.random((60, 16)) < rng.beta(*shape, (60, 1))) * 1.0
        predicted = bk.fit(None, values, model=bk.BetaPassRate()).predict([256])
        hits += predicted.low[0] <= truth <= predicted.high[0]
    plausible(chance.binomial(hits, 100, (0.9, 1.0)))


def test_derivatives_of_the_beta_model():
    passed, answers, counts = np.array([0.0, 3.0, 8.0]), np.array([8, 8, 8]), np.array([[2, 8], [2, 8], [4, 8]])
    scores, slopes = beta_scores(0.4, 1.7, passed, answers, counts)
    for j, name in enumerate(("alpha", "beta")):
        moved = [{"alpha": 0.4, "beta": 1.7} for _ in range(2)]
        for sign, shape in zip((1, -1), moved):
            shape[name] *= np.exp(sign * 1e-5)
        up, down = (stats.betabinom.logpmf(passed, answers, m["alpha"], m["beta"]) for m in moved)
        np.testing.assert_allclose(scores[:, j], (up - down) / 2e-5, rtol=1e-7, atol=1e-9)
        up, down = (1 - stats.betabinom.pmf(0, counts, m["alpha"], m["beta"]) for m in moved)
        np.testing.assert_allclose(slopes[:, j], (up - down) / 2e-5, rtol=1e-6)


def hopeless(rng, prompts):
    """Two prompts in five can never be solved: no Beta law, and pass@k ends at 0.6."""
    rates = rng.beta(2, 3, prompts) * (rng.random(prompts) > 0.4)
    return (rng.random((prompts, 16)) < rates[:, None]) * 1.0


def test_fit_abstains_where_records_contradict_the_model():
    """Unsolvable prompts contradict a Beta law, a judge that is hacked contradicts a Gaussian one; the right do not."""
    rng = np.random.default_rng(8)
    wrong = bk.fit(None, hopeless(rng, 200), model=bk.BetaPassRate())
    assert "contradict BetaPassRate()" in wrong.contradiction
    predicted = wrong.predict([8, 64])
    assert not predicted.identified.any()
    assert np.isnan(predicted.low).all()
    assert "not identified: the records contradict" in str(predicted)
    hacked = bk.fit(*synthetic(rng, 300, 16, hacked=0.06), model=bk.GaussianJudge())
    assert "contradict GaussianJudge()" in hacked.contradiction
    ragged = [(rng.random(n) < p) * 1.0 for n, p in zip(rng.integers(8, 17, 200), rng.beta(0.5, 1.0, 200))]
    assert bk.fit(None, ragged, model=bk.BetaPassRate()).contradiction == ""


@pytest.mark.slow
@pytest.mark.statistical(keys=6)
def test_contradictions_are_rare_for_the_right_model(rng, plausible):
    """100 fits of each model to its own records: contradicted in at most 1.3 %. Planted: a test at 10 %."""
    wrong = 0
    for _ in range(100):
        values = (rng.random((60, 16)) < rng.beta(0.4, 2.0, (60, 1))) * 1.0
        wrong += bool(bk.fit(None, values, model=bk.BetaPassRate()).contradiction)
        wrong += bool(bk.fit(*gaussian(rng, 16), model=bk.GaussianJudge()).contradiction)
    plausible(chance.binomial(wrong, 200, (0.0, 0.013)))


def test_fit_abstains_where_the_data_do_not_decide():
    rng = np.random.default_rng(6)
    values = (rng.random((30, 16)) < rng.beta(1, 2, (30, 1))) * 1.0
    predicted = bk.fit(None, values, model=bk.BetaPassRate()).predict([16, 256, 257, 4096])
    np.testing.assert_array_equal(predicted.identified, [True, True, False, False])
    assert np.isnan(predicted.low[2:]).all()
    assert np.isfinite(predicted.mean).all()
    few = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    assert not bk.fit(*few, model=bk.GaussianJudge()).predict([30]).identified[0]
    plain = bk.fit(values, values, model=bk.Empirical()).predict([16, 17])
    np.testing.assert_array_equal(plain.identified, [True, False])
    assert "not identified" in str(predicted)


def gaussian(rng, answers):
    slope, spread = rng.normal(0.5, 0.2, 40), np.exp(rng.normal(0, 0.2, 40))
    scores = spread[:, None] * rng.normal(size=(40, answers))
    return scores, rng.normal(size=(40, 1)) + slope[:, None] * scores + rng.normal(size=scores.shape)


@pytest.mark.statistical(keys=60)
def test_gaussian_judge_predicts_256_from_16(rng, plausible):
    """80 synthetic judges of 40 prompts: at nominal 95 % the truth at k = 256 is inside in at least 92 %. Planted:
    errors a half too small."""
    truth, hits = 0.5 * np.exp(0.02) * kept_normal(np.array([256.0]), 0.0, 1.0)[0], 0
    for _ in range(80):
        predicted = bk.fit(*gaussian(rng, 16), model=bk.GaussianJudge()).predict([256.0])
        hits += predicted.low[0] <= truth <= predicted.high[0]
    plausible(chance.binomial(hits, 80, (0.92, 1.0)))


def test_kept_normal_against_quadrature():
    expected = [
        quad(lambda z, k=k: k * z * stats.norm.pdf(z) * stats.norm.cdf(z) ** (k - 1), -9, 9, epsabs=1e-12)[0]
        for k in (2, 16.5)
    ]
    np.testing.assert_allclose(kept_normal(np.array([2, 16.5]), 0.0, 1.0), expected, atol=1e-10)
    cold, warm = (kept_normal(np.array([4.0, 256.0]), heat, 2.0) for heat in (0.24 * (1 - 1e-12), 0.24))
    np.testing.assert_allclose(cold, warm, rtol=1e-12, atol=0)  # two rules meet at T = 0.12 spreads
    # k = inf at temperature T: a softmax over N(0, 1) shifts the mean to 1/T.
    np.testing.assert_allclose(kept_normal(np.array([1e12]), 1.0, 1.0), 1.0, rtol=1e-5)


def test_best_setting_is_chosen_on_one_half_and_reported_on_the_other():
    rng = np.random.default_rng(7)
    records = bk.Records.from_arrays(*synthetic(rng, 200, 32, hacked=0.06))
    choice = bk.best_setting(records, [1, 2, 4, 8, 16, 32], [0.0, 1.0], key=jax.random.key(0))
    assert 2 <= choice.samples <= 16  # over-optimisation: neither one answer nor all of them
    assert choice.chosen_on == choice.reported_on == 100
    assert choice.low < choice.value < choice.high
    assert (1, 0.0) not in choice.rivals
    assert str(choice.samples) in choice.text
    costly = bk.best_setting(records, [1, 2, 4, 8], [0.0], cost_per_answer=1.0, key=jax.random.key(0))
    assert costly.samples == 1
    assert costly.net == costly.value - 1.0
    with pytest.raises(gt.BadValue, match=r"at least 4 are needed.*Lower the largest"):
        bk.best_setting(records.part([0, 1, 2]), [1, 2], [0.0], key=jax.random.key(0))


BAD = [
    (lambda: bk.fit(None, [[1, 0.3]], model=bk.BetaPassRate()), r"values\[1\] is 0\.3.*GaussianJudge"),
    (lambda: bk.fit(None, [[0, 0], [0, 0]], model=bk.BetaPassRate()), r"no answer passing"),
    (lambda: bk.fit(None, [[1, 0]], model=bk.GaussianJudge()), r"scores is None.*GaussianJudge"),
    (lambda: bk.Records.from_arrays([["x", 1]], [[1, 0]]), r"scores"),
    (lambda: bk.Records.from_arrays(np.ma.masked_array([[5.0, 1]], [[True, False]]), [[1, 0]]), r"scores has values that a mask hides"),
    (lambda: bk.Records.from_arrays([np.ma.masked_array([5.0, 1], [True, False])], [[1, 0]]), r"scores has values that a mask hides"),
    (lambda: bk.from_records(bk.Records.from_arrays([[1, 0]], [[1, 0]]), [[1, 0]], [1], temperature=0.0), r"values is given beside Records"),
    (lambda: bk.fit([[1, 0]], [[1, 0]], model="beta"), r"model is 'beta'.*BetaPassRate\(\)"),
    (lambda: bk.fit([[1, 0], [1, 0]], [[1, 0], [1, 0]], model=bk.GaussianJudge()), r"at least 3 a prompt"),
    (lambda: bk.fit([[1, 0, 2]], [[1, 0, 2]], model=bk.GaussianJudge()), r"1 prompt.*at least 2"),
    (lambda: bk.fit(None, [[1, 0], [1, 1]], model=bk.BetaPassRate()).predict([2], temperature=1.0), r"temperature is 1\.0.*BetaPassRate"),
    (lambda: bk.fit(None, [[1, 0], [1, 1]], model=bk.BetaPassRate()).predict([0.5]), r"samples\[0\] is 0\.5"),
    (lambda: bk.fit(None, [[1, 0], [1, 1]], model=bk.BetaPassRate()).predict([1e13]), r"samples\[0\] is 1e\+13|samples\[0\] is 10000000000000"),
    (lambda: bk.fit(None, [[1], [0], [1]], model=bk.BetaPassRate()), r"one answer a prompt.*at least two answers"),
    (lambda: bk.from_records([[0, 1]], [[1, -2e150]], [1], temperature=0.0), r"values\[0, 1\] is -2e\+150.*at most 1e\+150"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refusals(call, message):
    with pytest.raises(gt.BadValue, match=message):
        call()


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_prompts_that_are_all_alike_do_not_speak_for_all_prompts(right):
    """Ten prompts, all solved (or none): the interval ends where ten prompts just hold none of the others."""
    kept = bk.from_records(np.zeros((10, 4)), np.full((10, 4), right), [1, 4], temperature=0.0)
    share = 1 - 0.025 ** (1 / 10)
    ends = (1 - share, 1.0) if right else (0.0, share)
    np.testing.assert_allclose(kept.stats["low"], ends[0], rtol=1e-12, atol=0)
    np.testing.assert_allclose(kept.stats["high"], ends[1], rtol=1e-12, atol=0)


@pytest.mark.statistical
def test_intervals_of_right_and_wrong_stay_inside_and_hold_the_mean(rng, plausible):
    """Easy and hopeless prompts, 12 of them, k to 8: at most 2.5 % missed on a side. Planted: Student's t."""
    misses, tries = np.zeros((2, 4), int), 150
    for _ in range(tries):
        rate = rng.beta(0.2, 0.6, (12, 1))
        values = (rng.uniform(size=(12, 8)) < rate).astype(float)
        kept = bk.from_records(values, values, [1, 2, 4, 8], temperature=0.0)
        low, high = kept.stats["low"], kept.stats["high"]
        assert np.all((low >= 0) & (high <= 1))
        # pass@k over the law of the rate: 1 - B(a, b + k) / B(a, b).
        k = np.array([1, 2, 4, 8])
        truth = 1 - np.exp(special.betaln(0.2, 0.6 + k) - special.betaln(0.2, 0.6))
        misses += np.array([low > truth, high < truth])
    plausible(chance.binomial(misses.ravel(), tries, (0.0, 0.025)))


def test_one_prompt_all_right_leaves_wrong_answers_open():
    kept = bk.from_records(np.arange(6.0), np.ones(6), [1, 3], temperature=0.0)
    share = 1 - 0.025 ** (1 / 6)
    np.testing.assert_allclose(kept.stats["low"], (1 - share) ** np.array([1, 3]), rtol=1e-12, atol=0)
    np.testing.assert_array_equal(kept.stats["high"], [1.0, 1.0])


def test_values_of_any_range_keep_students_interval():
    values = np.random.default_rng(0).normal(3.0, 1.0, (9, 2))
    kept = bk.from_records(np.zeros((9, 2)), values, [1], temperature=0.0)
    exact = stats.ttest_1samp(values.mean(1), 0).confidence_interval(0.95)
    np.testing.assert_allclose((kept.stats["low"][0], kept.stats["high"][0]), exact, rtol=1e-12, atol=0)


@pytest.mark.parametrize("heat", [0.119, 0.25, 0.299])
def test_kept_normal_at_the_largest_k(heat):
    """Against adaptive quadrature of k int dv E[z r e^-r] (E e^-r)^(k-1), r = e^(v + z/heat), z a standard normal.

    With Gumbel noise as a perturbation up to a temperature of .3 this was off by 4e-6.
    """
    k = 1e12

    def at(v):
        corner = float(np.clip(-v * heat, -12, 12))  # where r = 1

        def mean(of):
            def weighed(z):
                return of(z, np.exp(min(v + z / heat, 700))) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

            return sum(quad(weighed, *ends, epsabs=0, epsrel=1e-9)[0] for ends in ((-13, corner), (corner, 13)))

        missed = mean(lambda z, r: -np.expm1(-r))
        return k * mean(lambda z, r: z * r * np.exp(-r)) * np.exp((k - 1) * np.log1p(-missed))

    expected = 0.25 * sum(at(v) for v in np.arange(-16 / heat - 10, -4 / heat, 0.25))
    np.testing.assert_allclose(kept_normal(np.array([k]), heat, 1.0)[0], expected, rtol=1e-8, atol=0)
