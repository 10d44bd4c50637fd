"""Identities, limits, gradients and refusals of the one door."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.evaluation import _curves

COMPUTES_LONG = True  # integrals over hundreds of nodes in every example
INF = float("inf")
K = np.geomspace(1, 1e9, 13)
gaps = st.floats(-4, 4)
heats = st.floats(-3, 3).map(lambda x: 10.0**x)


@pytest.mark.parametrize(
    ("problem", "temperature", "expected"),
    [
        ((0.3, 0.3, 0.3), 0.0, (0.494732606328207, 0.0368117196797212, 4.79001214270722e-4, 4.96566849388735e-8, 4.96729411795688e-18)),
        ((0.3, 1.2, 0.5), 1.0, (0.695888370299682, 0.491144401211360, 0.497647530382977, 0.499968887623699, 0.499999999668878)),
    ],
)  # fmt: skip
def test_reference_values_of_populations(problem, temperature, expected):
    kept = bk.solve(bk.Posterior(*problem), [2, 10, 100, 1e4, 1e9], temperature=temperature)
    np.testing.assert_allclose(kept["error"], expected, rtol=1e-13)
    assert np.all(kept.numerical_error["error"] <= 1e-10 * kept["error"])


@given(teacher=gaps, reward=gaps, spread=st.floats(0.1, 10), temperature=heats)
def test_one_answer_and_no_selection_are_exact(teacher, reward, spread, temperature):
    problem, alone = bk.Prompt(teacher, reward, spread), teacher**2 + spread**2
    assert abs(bk.solve(problem, [1], temperature=temperature)["error"][0] / alone - 1) < 1e-12
    np.testing.assert_allclose(bk.solve(problem, K, temperature=INF)["error"], alone, rtol=1e-12)


def test_one_answer_and_no_selection_of_populations():
    problem = bk.Posterior(0.3, 1.2, 0.5, 1.3)
    for temperature in (0.0, 1.0, INF):
        kept = bk.solve(problem, [1.0], temperature=temperature)
        assert abs(kept["error"][0] / (0.3 + 1.69) - 1) < 1e-12
        assert abs(kept["judged_error"][0] / (1.2 + 1.69) - 1) < 1e-12


@given(teacher=gaps, reward=gaps, temperature=heats)
def test_infinitely_many_answers(teacher, reward, temperature):
    """The closed form, re-derived: answers weighted by exp(score/T) are Gaussian, of precision 1 + 2/T."""
    kept = bk.solve(bk.Prompt(teacher, reward), [INF], temperature=temperature)
    variance = 1 / (1 + 2 / temperature)
    mean = reward * variance
    judge = teacher - reward
    np.testing.assert_allclose(kept["error"][0], (mean + judge) ** 2 + variance, rtol=1e-12)
    np.testing.assert_allclose(kept["judged_error"][0], mean**2 + variance, rtol=1e-12)
    np.testing.assert_allclose(kept["bias"][0], mean + judge, rtol=1e-12, atol=1e-14)


@given(teacher=gaps, reward=gaps, temperature=heats, scale=st.floats(0.01, 100))
def test_scaling_and_reflection(teacher, reward, temperature, scale):
    kept = bk.solve(bk.Prompt(teacher, reward), K, temperature=temperature)
    scaled = bk.solve(bk.Prompt(-scale * teacher, -scale * reward, scale), K, temperature=temperature * scale**2)
    np.testing.assert_allclose(scaled["error"], kept["error"] * scale**2, rtol=1e-11)
    np.testing.assert_allclose(scaled["bias"], -kept["bias"] * scale, rtol=1e-11, atol=1e-11 * scale)


def test_scaling_of_populations():
    kept = bk.solve(bk.Posterior(0.4, 0.9, 0.3), K, temperature=0.7)["error"]
    scaled = bk.solve(bk.Posterior(3.6, 8.1, 2.7, 3.0), K, temperature=6.3)["error"]
    np.testing.assert_allclose(scaled, 9 * kept, rtol=1e-11)


@given(gap=gaps)
def test_best_of_k_never_hurts_when_the_judge_is_the_teacher(gap):
    error = np.asarray(bk.solve(bk.Prompt(gap, gap), K, temperature=0.0)["error"])
    assert np.all(np.diff(error) < 0)


def test_a_right_judge_leaves_no_floor():
    """Errors of 1e-18 are legitimate, and k = inf is 0 to the bit, for prompts, populations and regressions."""
    judge = bk.LinearJudge(2.0, 0.5, 1.0, spectrum=[0.5, 1.5])
    for problem in (bk.Prompt(0.3, 0.3), bk.Posterior(0.3, 0.3, 0.3), judge):
        error = np.asarray(bk.solve(problem, [1e9, INF], temperature=0.0)["error"])
        assert error[1] == 0
        assert 0 < error[0] < 1e-16
    assert bk.solve(judge, [2], temperature=0.0).stats["posterior"].reward_variance > 0


def test_population_is_the_mean_of_its_prompts():
    """Against a Gauss-Hermite mean over single prompts, at a warm temperature where that is accurate.

    Given the reward gap, the error is quadratic in the teacher gap: three nodes are exact for it.
    """
    q, v, c = 0.3, 0.5, 0.2
    expected = 0.0
    for x, outer in zip(*hermite(20)):
        for y, inner in zip(*hermite(3)):
            teacher, reward = c / np.sqrt(v) * x + np.sqrt(q - c**2 / v) * y, np.sqrt(v) * x
            error = bk.solve(bk.Prompt(teacher, reward), [2.0, 10.0, 50.0], temperature=3.0)["error"]
            expected = expected + outer * inner * np.asarray(error)
    error = bk.solve(bk.Posterior(q, v, c), [2.0, 10.0, 50.0], temperature=3.0)["error"]
    np.testing.assert_allclose(error, expected, rtol=1e-9)


def hermite(nodes):
    x, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return x, weights / weights.sum()


def test_a_judge_pinned_to_the_mean_answer_needs_no_division():
    pinned = bk.solve(bk.Posterior(0.3, 0.0, 0.0), K, temperature=0.0)
    alone = bk.solve(bk.Prompt(0.0, 0.0), K, temperature=0.0)
    np.testing.assert_allclose(pinned["judged_error"], alone["judged_error"], rtol=1e-12)
    np.testing.assert_allclose(pinned["error"], 0.3 + np.asarray(alone["error"]), rtol=1e-12)


def test_any_order_any_length():
    problem = bk.Prompt(0.2, 0.5)
    ordered = bk.solve(problem, [2, 5, 9, INF], temperature=0.5)["error"]
    np.testing.assert_array_equal(
        bk.solve(problem, [INF, 5, 2, 5, 9], temperature=0.5)["error"], ordered[jnp.array([3, 1, 0, 1, 2])]
    )
    assert bk.solve(problem, [], temperature=0.5)["error"].shape == (0,)


PROBLEMS = [bk.Prompt(0.4, 0.9, 1.3), bk.Posterior(0.3, 0.35, 0.2, 1.3)]


@pytest.mark.parametrize(
    "problem", [PROBLEMS[0], pytest.param(PROBLEMS[1], marks=pytest.mark.slow)], ids=["prompt", "population"]
)
def test_limits_are_approached_at_their_order(problem):
    def orders(method, few, many, factor, temperature, ks):
        gaps = []
        for scale in (few, many):
            heat, counts = temperature(scale), ks(scale)
            exact = bk.solve(problem, counts, temperature=heat)
            limit = bk.solve(problem, counts, temperature=heat, method=method)
            gaps.append({name: abs(float((limit[name] - exact[name])[0])) for name in exact.curves})
        return {name: np.log(gaps[0][name] / gaps[1][name]) / np.log(factor) for name in gaps[0]}

    for name, order in orders(bk.LargeK(), 1e3, 4e3, 4, lambda s: 3.0, lambda s: [s]).items():
        assert abs(order - 2) < 0.02, name
    for power in (1, 2, 3):
        found = orders(bk.HighTemperature(power), 400.0, 1600.0, 4, lambda s: s, lambda s: [7.0])
        for name, order in found.items():
            assert abs(order - (power + 1)) < 0.15, (power, name)
    relative = orders(bk.BestOfK(), 1e3, 4e3, 4, lambda s: 0.0, lambda s: [s])
    for name, order in relative.items():
        # The law itself falls as k^-2 and its relative correction, about k^-2 log k, follows.
        assert order > 3.5 if name != "judged_error" else order > 2.9, name


def test_best_of_k_law_is_second_order_when_the_judge_is_the_teacher():
    ks = np.array([1e3, 1e4])
    for problem in (bk.Prompt(0.8, 0.8), bk.Posterior(0.2, 0.2, 0.2)):
        ratio = np.asarray(bk.solve(problem, ks, temperature=0.0)["error"]) / np.asarray(
            bk.solve(problem, ks, temperature=0.0, method=bk.BestOfK())["error"]
        )
        assert np.all(np.abs(ratio - 1) * ks**2 < 60), ratio


def test_third_order_of_the_authors_scripts_is_wrong_at_finite_k():
    """Known values: residual t^3 -> 1.40, 1.04, .61, .12 at k = 2, 4, 8, 50 for (.4, .9)."""
    t, ks = 3000.0, [2, 4, 8, 50]
    exact = bk.solve(bk.Prompt(0.4, 0.9), ks, temperature=2 * t)["error"]
    printed = bk.solve(bk.Prompt(0.4, 0.9), ks, temperature=2 * t, method=bk.HighTemperature(3, as_published=True))[
        "error"
    ]
    np.testing.assert_allclose(np.abs(np.asarray(printed - exact)) * t**3, [1.40, 1.04, 0.61, 0.12], atol=0.02)


def test_limits_that_do_not_exist_fail():
    hard = bk.Posterior(0.8, 0.8, 0.8)
    with pytest.raises(gt.SolveFailed, match=r"does not exist here.*Use Exact\(\)"):
        bk.solve(hard, [100], temperature=0.0, method=bk.BestOfK())
    kept = bk.solve(hard, [100], temperature=0.0, method=bk.BestOfK(), throw=False)
    assert kept.status.name == "failed"
    assert np.isnan(kept["error"]).all()


def test_gradients_maps_and_traced_nonsense():
    """One compilation for three facts: gradients are central differences (also at zero gap, where the bias has a slope
    that a derivative through |gap| would lose), a map equals a loop, and what is out of range inside a trace is nan.
    """

    def curves(x):
        kept = bk.solve(bk.Prompt(x[0], x[1], x[2]), jnp.asarray([10.0]), temperature=x[3])
        return jnp.stack([kept["error"][0], kept["bias"][0], kept["judged_error"][0]]), kept.status

    def with_values(x):
        values, status = curves(x)
        return values, (values, status)

    rows = jnp.asarray([[0.3, 0.8, 1.2, 0.7], [0.0, 0.0, 1.0, 1.0], [0.1, 0.1, -1.0, 1.0], [0.1, 0.1, 1.0, -1.0]])
    gradients, (values, status) = jax.jit(jax.vmap(jax.jacfwd(with_values, has_aux=True)))(rows)
    for i in range(2):
        np.testing.assert_allclose(values[i], curves(rows[i])[0], rtol=1e-12, atol=1e-15)
        steps = 1e-5 * np.eye(4)
        central = [(curves(rows[i] + h)[0] - curves(rows[i] - h)[0]) / 2e-5 for h in steps]
        np.testing.assert_allclose(gradients[i], np.stack(central, axis=1), rtol=1e-6, atol=1e-9)
    assert np.isnan(values[2:]).all()
    np.testing.assert_array_equal(status.level, [0, 0, 2, 2])
    assert "member 2, 3 failed" in status.text


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_gradients_of_populations(temperature):
    def error(x):
        problem = bk.Posterior(x[0], x[1], x[2], x[3])
        return bk.solve(problem, jnp.asarray([10.0]), temperature=temperature * x[4] if temperature else 0.0)["error"][
            0
        ]

    x = jnp.asarray([0.4, 0.5, 0.3, 1.2, 1.0])
    central = [(error(x + h) - error(x - h)) / 2e-5 for h in 1e-5 * np.eye(5)]
    np.testing.assert_allclose(jax.grad(error)(x), central, rtol=1e-6, atol=1e-12)


def test_new_numbers_compile_nothing():
    bk.solve(bk.Prompt(0.1, 0.2), [2.0], temperature=0.5)
    before = _curves._cache_size()
    for k, heat in ((3.0, 1e-5), (1e9, 2.0), (INF, 7.0)):
        bk.solve(bk.Prompt(0.3, np.float64(0.2), 2), [1, k], temperature=heat)
    assert _curves._cache_size() == before


def test_saved_solutions_come_back(tmp_path):
    kept = bk.solve(bk.LinearJudge(2.0, 0.5, 1.0, spectrum=[0.5, 1.5]), [1, 8], temperature=0.0)
    back = gt.load(kept.save(tmp_path / "kept.npz"))
    np.testing.assert_array_equal(back["error"], kept["error"])
    assert back.stats["posterior"] == kept.stats["posterior"]


# ruff: noqa: E501
BAD = [
    (lambda: bk.Prompt(0.1, 0.1, 0.0), r"spread is 0\.0.*positive.*standard deviation"),
    (lambda: bk.Prompt(0.1, 0.1, INF), r"spread is inf.*positive and finite"),
    (lambda: bk.Prompt(float("nan"), 0.1), r"teacher_gap is nan.*finite.*Pass mean answer minus truth"),
    (lambda: bk.Posterior(0.1, 0.1, 0.2), r"covariance is 0\.2.*teacher_variance \* reward_variance = 0\.01.*Lower"),
    (lambda: bk.Posterior(-0.1, 0.1, 0.0), r"teacher_variance is -0\.1.*zero or positive"),
    (lambda: bk.LinearJudge(2.0, 0.0, 1.0), r"noise is 0\.0.*positive.*label noise"),
    (lambda: bk.LinearJudge(2.0, 1e-200, 1.0), r"noise is 1e-200.*from 1e-50 to 1e\+50"),
    (lambda: bk.LinearJudge(2.0, 1.0, 1.0, [1.0, 1e60]), r"spectrum\[1\] is 1e\+60.*from 1e-50"),
    (lambda: bk.LinearJudge(2.0, 1.0, -1.0), r"prior_scale is -1\.0.*positive"),
    (lambda: bk.LinearJudge(0.0, 1.0, 1.0), r"examples_per_dim is 0\.0.*positive"),
    (lambda: bk.LinearJudge(2.0, 1.0, 1.0, spectrum=[1.0, 0.0]), r"spectrum\[1\] is 0\.0.*positive"),
    (lambda: bk.LinearJudge(2.0, 1.0, 1.0, reward_power=1.0, overlap=1.5), r"overlap is 1\.5.*teacher_power \* reward_power = 1"),
    (lambda: bk.LinearJudge(2.0, 1.0, 1.0, reward_power=1.0), r"overlap is left out.*Pass overlap too"),
    (lambda: bk.LinearJudge(2.0, 1.0, 1.0, spectrum=[1.0, 2.0], mode_weights=[0.5, 0.6]), r"mode_weights sums to 1\.1.*Divide"),
    (lambda: bk.LinearJudge(2.0, 1.0, 1.0, spectrum=[1.0, 2.0], teacher_power=[1.0, 1.0, 1.0]), r"number of modes.*spectrum 2.*one value a mode"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2, 0.5], temperature=1.0), r"samples\[1\] is 0\.5.*\[1, inf\].*numbers of answers"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [float("nan")], temperature=1.0), r"samples\[0\] is nan"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), 2.0, temperature=1.0), r"samples has shape \(\)"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=-1.0), r"temperature is -1\.0.*\[0, inf\].*0 for best-of-k"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=float("nan")), r"temperature is nan"),
    (lambda: bk.solve(bk.Prompt(np.zeros(2), 0.1), [2], temperature=1.0), r"teacher_gap has shape \(2,\).*jax\.vmap"),
    (lambda: inspect.unwrap(bk.solve)(0.3, [2], temperature=1.0), r"problem is float.*Prompt"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=1.0, method="exact"), r"method is 'exact'.*Exact\(\)"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=1.0, method=bk.BestOfK()), r"temperature is 1\.0.*temperature 0"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=0.0, method=bk.LargeK()), r"temperature is 0\.0.*LargeK\(\)"),
    (lambda: bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=0.0, method=bk.HighTemperature()), r"temperature is 0.*positive"),
    (lambda: bk.HighTemperature(4), r"order is 4.*from 1 to 3"),
    (lambda: bk.Exact(nodes=2), r"nodes is 2.*20 keep all digits"),
    (lambda: bk.Exact(rtol=0.0), r"rtol is 0\.0"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refusals_name_field_value_and_remedy(call, message):
    with pytest.raises(gt.BadValue, match=message):
        call()


def test_float32_is_refused_in_one_sentence():
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(gt.Float64Required, match=r"best_of_k.solve needs float64.*jax_enable_x64"):
            bk.solve(bk.Prompt(0.1, 0.1), [2], temperature=1.0)
    finally:
        jax.config.update("jax_enable_x64", True)
