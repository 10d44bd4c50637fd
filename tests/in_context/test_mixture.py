"""Mixtures of tasks: reference values, both bounds against other ways to them, memory, and what is refused."""

from math import comb, fsum, log

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, gammaln, logsumexp

from grok_theory import BadValue, GradientFlow, TooLarge
from grok_theory.in_context import (
    Exact,
    GaussianRegression,
    MarkovChains,
    MonteCarlo,
    TaskMixture,
    Urns,
    regression_eta,
    regression_information,
    solve,
    two_task_gap,
    urn_information,
    urn_oracle_loss,
    urn_rule_loss,
)
from grok_theory.in_context.regression_forms import regression_log_moment
from tests.compiled import counted

# context, symbols, information, loss of the rule on the last symbol, oracle: 30 digits, made outside of this package.
URNS = [
    (8, 2, 0.7663902136951, 0.5505035099482, 0.5),
    (32, 4, 3.073960798653, 1.123996337401, 1.083333333333),
    (48, 4, 3.607080279403, 1.111587489829, 1.083333333333),
    (64, 8, 7.08187979019, 1.76480595142, 1.717857142857),
]
# context per dim, noise variance, eta, information per dim.
REGRESSIONS = [
    (0.5, 0.25, 0.6403882032022, 0.3605836193917),
    (2, 0.25, 0.1753905296791, 0.9896120839449),
    (4, 0.1, 0.03192920195564, 1.792272221823),
]


@pytest.mark.parametrize(("context", "symbols", "information", "last", "oracle"), URNS)
def test_the_reference_values_of_urns(context, symbols, information, last, oracle):
    np.testing.assert_allclose(urn_information(context, symbols), information, rtol=1e-12, atol=0)
    np.testing.assert_allclose(urn_rule_loss(context - 1, symbols), last, rtol=1e-12, atol=0)
    np.testing.assert_allclose(urn_oracle_loss(symbols), oracle, rtol=1e-12, atol=0)
    solution = solve(TaskMixture(8, Urns(symbols)), [context], method=Exact())
    np.testing.assert_allclose(solution["information"], information, rtol=1e-12, atol=0)
    for name in ("generalizing_seen", "generalizing_fresh"):
        np.testing.assert_allclose(solution[name], last, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("context", "variance", "eta", "information"), REGRESSIONS)
def test_the_reference_values_of_regressions(context, variance, eta, information):
    np.testing.assert_allclose(regression_eta(context, variance**0.5), eta, rtol=1e-12, atol=0)
    np.testing.assert_allclose(regression_information(context, variance**0.5), information, rtol=1e-12, atol=0)


def test_the_slope_of_the_information_is_the_loss_of_the_next_pair():
    slope = jax.grad(lambda a: regression_information(a, 0.5))(2.0)
    np.testing.assert_allclose(slope, jnp.log1p(regression_eta(2.0, 0.5) / 0.25) / 2, rtol=1e-13, atol=0)


def test_arrays_of_contexts_and_symbols_broadcast():
    table = urn_information(np.array([[8], [32]]), np.array([2, 4]))
    assert table.shape == (2, 2)
    assert table[1, 1] == urn_information(32, 4)


def test_two_tasks_are_between_their_bounds():
    np.testing.assert_allclose(two_task_gap(8), 0.429972805, rtol=1e-8, atol=0)
    contexts = np.arange(1, 13)
    bounds = solve(TaskMixture(2, Urns(2)), contexts, method=Exact())
    np.testing.assert_allclose(bounds["gap_bound_low"][7], 0.073243033, rtol=1e-8, atol=0)
    np.testing.assert_allclose(bounds["gap_bound_high"][7], 0.515108556, rtol=1e-8, atol=0)
    gaps = np.array([two_task_gap(int(each)) for each in contexts])
    assert np.all(bounds["gap_bound_low"] < gaps)
    assert np.all(gaps < bounds["gap_bound_high"])


def over_the_urn():
    """Points and weights of an integral over theta, V = 2, in panels that shrink towards the edges."""
    x, w = np.polynomial.legendre.leggauss(32)
    edges = np.concatenate([[0.0], 0.5 * 4.0 ** -np.arange(14, -1, -1)])
    edges = np.concatenate([edges, 1 - edges[-2::-1]])
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def upper_bound_by_sums(context, tasks):
    """V = 2: the sum over counts of an integral over the urn."""
    t, weight = over_the_urn()
    total = 0.0
    for n in range(context + 1):
        p = t**n * (1 - t) ** (context - n)
        ratio = p / np.exp(betaln(n + 1, context - n + 1))
        # In the outermost panels, as narrow as 1e-9, the probability may vanish, and what is summed with it.
        seen = p > 0
        total += comb(context, n) * weight[seen] @ (p[seen] * np.log((tasks - 1 + ratio[seen]) / tasks))
    return total


@given(st.sampled_from([1, 2, 3, 9, 16, 40]), st.sampled_from([1.0, 1.5, 2.0, 7.0, 300.0, 1e6]))
@settings(max_examples=20)
def test_the_upper_bound_is_the_sum_over_contexts(context, tasks):
    solution = solve(TaskMixture(tasks, Urns(2)), [context], method=Exact())
    high, error = solution["gap_bound_high"][0], solution.numerical_error["gap_bound_high"][0]
    assert abs(high - upper_bound_by_sums(context, tasks)) <= error + 1e-10 * high
    assert error <= 1e-9 * max(high, 1e-3)


def test_the_upper_bound_of_long_contexts_falls():
    """Where powers of series by recurrence lose all digits; beyond D* by less and less."""
    logs = np.linspace(0.0, 20.0, 41)
    mixture = lambda log: TaskMixture(jnp.exp(log), Urns(6))  # noqa: E731
    high = jax.vmap(lambda log: solve(mixture(log), [500], method=Exact())["gap_bound_high"][0])(logs)
    information = float(urn_information(500, 6))
    assert np.all(np.diff(high) < 0)
    assert np.all(np.diff(high, 2)[logs[1:-1] > information] > 0)
    assert np.all(high >= np.maximum(information - logs, 0) - 1e-10)
    np.testing.assert_allclose(high[0], information, rtol=1e-12, atol=0)


@pytest.mark.statistical(rate=1e-3)
@pytest.mark.parametrize(("context", "symbols", "tasks"), [(64, 8, 4), (64, 8, 256), (32, 4, 16)])
def test_drawn_urns_are_between_the_bounds(context, symbols, tasks, key):
    """Plain NumPy draws; a bound with a factor 1/2 would be missed by tens of standard errors."""
    random = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    gaps, highs = [], []
    for _ in range(300):
        logs = np.log(random.dirichlet(np.ones(symbols), tasks))
        counts = random.multinomial(context, np.exp(logs[0]))
        rule = gammaln(symbols) + gammaln(counts + 1).sum() - gammaln(context + symbols)
        gaps.append(logsumexp(logs @ counts) - np.log(tasks) - rule)
        highs.append(np.logaddexp(logs[0] @ counts - rule, np.log(tasks - 1)) - np.log(tasks))
    solution = solve(TaskMixture(tasks, Urns(symbols)), [context], method=MonteCarlo(128))
    gap, error = np.mean(gaps), np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert solution["gap_bound_low"][0] - 4 * error < gap < solution["gap_bound_high"][0] + 4 * error
    spread = np.hypot(error, solution.numerical_error["gap"][0] / 2.6)
    assert abs(gap - solution["gap"][0]) < 4 * spread
    error = np.std(highs, ddof=1) / np.sqrt(len(highs))
    assert abs(np.mean(highs) - solution["gap_bound_high"][0]) < 4 * error


def test_one_task_is_known():
    solution = solve(TaskMixture(1, Urns(4)), [1, 8, 32], method=MonteCarlo(4096))
    for name in ("gap_bound_low", "gap_bound_high"):
        np.testing.assert_allclose(solution[name], solution["information"], rtol=1e-12, atol=0)
    errors = solution.numerical_error
    assert np.all(np.abs(solution["gap"] - solution["information"]) < 1.6 * errors["gap"])
    assert np.all(np.abs(solution["memorizing_seen"] - urn_oracle_loss(4)) < 1.6 * errors["memorizing_seen"])
    # A fresh task by another one: E -ln theta' = H_(V-1).
    assert np.all(np.abs(solution["memorizing_fresh"] - (1 + 1 / 2 + 1 / 3)) < 1.6 * errors["memorizing_fresh"])


def test_two_drawn_tasks_have_the_exact_gap():
    solution = solve(TaskMixture(2, Urns(2)), [4, 12], method=MonteCarlo(8192))
    exact = np.array([two_task_gap(4), two_task_gap(12)])
    assert np.all(np.abs(solution["gap"] - exact) < 1.6 * solution.numerical_error["gap"])


def test_a_chain_of_two_contexts_is_what_brute_force_says():
    """All chains of three symbols of two kinds: the first tells nothing, the rest are urns with counts of their row."""
    solution = solve(TaskMixture(4, MarkovChains(2)), [1, 2, 3], method=MonteCarlo(4096))
    # Symbol 2 is the first of its row, symbol 3 the first of another row or the second of the same.
    first, second = float(urn_rule_loss(0, 2)), float(urn_rule_loss(1, 2))
    odds_same = 0.5
    exact = np.array([np.log(2), first, odds_same * second + (1 - odds_same) * first])
    errors = solution.numerical_error
    assert np.all(np.abs(solution["generalizing_fresh"] - exact) <= 1.6 * errors["generalizing_fresh"] + 1e-12)
    information = np.cumsum([0.0, first - 0.5, exact[2] - 0.5])
    assert np.all(np.abs(solution["information"] - information) <= 1.6 * errors["information"] + 1e-12)
    assert solution["gap"][0] == pytest.approx(0.0, abs=1e-14)


def test_a_regression_is_the_limit_of_its_informations():
    problem = TaskMixture(64, GaussianRegression(8, 0.5))
    solution = solve(problem, [1, 8, 16, 32])
    expected = 8 * regression_information(np.array([1, 8, 16, 32]) / 8, 0.5)
    np.testing.assert_allclose(solution["information"], expected, rtol=1e-13, atol=0)
    np.testing.assert_allclose(
        solution["generalizing_seen"], 0.25 + regression_eta(np.array([0, 7, 15, 31]) / 8, 0.5), rtol=1e-13, atol=0
    )
    # Measured outside of this package at D = 64, C = 16: memory .2626.
    assert abs(solution["memorizing_seen"][2] - 0.2626) < 0.01
    assert np.all(solution["memorizing_fresh"] > solution["generalizing_fresh"])


def test_derivatives_are_those_of_differences():
    def high(tasks, noise):
        return solve(TaskMixture(tasks, GaussianRegression(8, noise)), [4, 16], method=Exact())["gap_bound_high"][1]

    tasks, noise, step = 20.0, 0.5, 1e-5
    slopes = jax.grad(high, (0, 1))(tasks, noise)
    np.testing.assert_allclose(
        slopes[0], (high(tasks + step, noise) - high(tasks - step, noise)) / 2e-5, rtol=1e-6, atol=0
    )
    np.testing.assert_allclose(
        slopes[1], (high(tasks, noise + step) - high(tasks, noise - step)) / 2e-5, rtol=1e-6, atol=0
    )


def test_the_slope_at_one_task_is_that_of_its_right():
    slope = jax.grad(lambda tasks: solve(TaskMixture(tasks, Urns(3)), [8], method=Exact())["gap_bound_high"][0])
    assert slope(1.0) == pytest.approx(0.0, abs=1e-6)
    high = lambda tasks: solve(TaskMixture(tasks, Urns(3)), [8], method=Exact())["gap_bound_high"][0]  # noqa: E731
    assert slope(1.01) == pytest.approx(float(high(1.011) - high(1.009)) / 0.002, rel=1e-3, abs=0)


def test_a_batch_is_a_loop_and_traced_values_out_of_range_are_nan():
    one = lambda tasks: solve(TaskMixture(tasks, Urns(3)), [2, 8])  # noqa: E731
    tasks = jnp.array([1.0, 2.0, 500.0, 0.5])
    batch = jax.vmap(one)(tasks)
    for index, number in enumerate((1.0, 2.0, 500.0)):
        np.testing.assert_allclose(
            batch["gap_bound_high"][index], one(number)["gap_bound_high"], rtol=1e-12, atol=1e-14
        )
    assert np.all(np.isnan(batch["gap_bound_high"][3]))
    assert np.asarray(batch.status.level).tolist() == [1, 1, 1, 2]


def test_neither_numbers_nor_lengths_compile_again():
    solve(TaskMixture(9, Urns(4)), [1, 7, 30])
    solve(TaskMixture(9, GaussianRegression(5, 0.3)), [1, 7, 30])
    with counted() as compilations:
        solve(TaskMixture(13, Urns(4)), [2, 5, 17, 29])
        solve(TaskMixture(13, GaussianRegression(5, 0.7)), [2, 5, 17, 29])
    assert not compilations


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: TaskMixture(0.5, Urns(4)), r"tasks is 0\.5, but .* Pass how many training tasks"),
        (lambda: TaskMixture(4, "urns"), r"family is 'urns', but it must be Urns.* Pass for example"),
        (lambda: Urns(1), r"symbols is 1, but .* Pass how many symbols"),
        (lambda: GaussianRegression(4, 0.0), r"noise is 0\.0, but .* Pass the standard deviation"),
        (lambda: solve(TaskMixture(4, Urns(4)), [1.5]), r"context\[0\] is 1\.5, but .* whole number"),
        (lambda: solve(TaskMixture(4, Urns(4)), [5000]), r"context\[0\] is 5000, but .* at most 4096"),
        (lambda: solve(TaskMixture(4, Urns(4)), [4], dynamics=GradientFlow()), r"dynamics is .* Leave it out"),
        (lambda: solve(TaskMixture(4, MarkovChains(4)), [4], method=Exact()), r"method is Exact.* Pass MonteCarlo"),
        (lambda: solve(TaskMixture(4.5, Urns(4)), [4], method=MonteCarlo(64)), r"tasks is 4\.5, but .* Pass Exact"),
        (lambda: urn_rule_loss(-1, 3), r"seen is -1, but"),
        (lambda: urn_information(3, 1), r"symbols is 1\.0, but it must be in \[2, 1e\+06\]"),
        (lambda: regression_eta(-1.0, 0.5), r"context_per_dim is -1\.0, but"),
    ],
)
def test_what_is_refused(call, said):
    with pytest.raises(BadValue, match=said):
        call()


def test_what_is_left_out_is_said():
    many = solve(TaskMixture(1e7, Urns(4)), [32])
    assert "memorizing_seen" not in many.curves
    assert "Pass method=MonteCarlo(draws)" in many.status.text
    assert "whole number" in solve(TaskMixture(2.5, Urns(4)), [32]).status.text


def rule_loss_by_counts(seen, symbols):
    """Who was written n times among t: all ways to share t among V, counted; the rule says (n + 1)/(t + V)."""
    ways = [comb(seen - n + symbols - 2, symbols - 2) for n in range(seen + 1)]
    odds = [(n + 1) / (seen + symbols) for n in range(seen + 1)]
    return (
        -symbols * fsum(w * p * log(p) for w, p in zip(ways, odds, strict=True)) / comb(seen + symbols - 1, symbols - 1)
    )


def test_urns_of_any_lengths_and_symbols_at_once_are_sums_over_counts():
    """The information by the chain rule, symbol by symbol: the rule's loss above the mean entropy H_V - 1."""
    lengths, symbols = np.array([[0], [1], [2], [5], [12]]), np.array([2.0, 3.0, 7.0])
    entropies = [fsum(1 / n for n in range(2, int(v) + 1)) for v in symbols]
    losses = [[rule_loss_by_counts(int(t), int(v)) for v in symbols] for t in lengths[:, 0]]
    told = [
        [
            fsum(rule_loss_by_counts(t, int(v)) - h for t in range(int(c)))
            for v, h in zip(symbols, entropies, strict=True)
        ]
        for c in lengths[:, 0]
    ]

    def all_three(v):
        return urn_rule_loss(lengths, v), urn_information(lengths, v), urn_oracle_loss(v)

    for found in (all_three(symbols), jax.jit(all_three)(symbols)):
        np.testing.assert_allclose(found[0], losses, rtol=1e-13, atol=0)
        np.testing.assert_allclose(found[1], told, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found[2], entropies, rtol=1e-14, atol=0)
    assert urn_information([], 3).shape == (0,)


def test_counts_beyond_memory_are_refused_with_what_they_need(monkeypatch):
    # Two sums over 10^7 counts, five numbers of eight bytes each, are 0.745 GiB.
    monkeypatch.setattr("grok_theory.checks.free_for_arrays", lambda: 2.0**28)
    with pytest.raises(TooLarge, match=r"2 sums over 10000000 counts needs 0\.745 GiB, but only 0\.25 GiB are free"):
        urn_rule_loss([3, 9_999_999], 4)


@pytest.mark.parametrize("context", [1, 15, 16])
def test_the_gap_of_two_tasks_is_a_double_integral_at_either_end_of_a_bucket(context):
    t, weight = over_the_urn()
    gap = 0.0
    for n in range(context + 1):
        p = t**n * (1 - t) ** (context - n)
        both = (p[:, None] + p[None, :]) / 2
        gap += comb(context, n) * (weight @ (both * np.log(both * (context + 1) * comb(context, n))) @ weight)
    np.testing.assert_allclose(two_task_gap(context), gap, rtol=1e-12, atol=0)
    if context == 1:
        # By hand: 2 E theta ln(theta + theta') = E s ln s of the sum s of two uniform numbers.
        np.testing.assert_allclose(gap, 4 / 3 * np.log(2) - 5 / 6, rtol=1e-12, atol=0)


def over_modes(a, function):
    """The mean over eigenvalues r of X^T X, d -> inf: Marchenko-Pastur in the angle of its edge, and r = 0."""
    angle = (np.arange(1000) + 0.5) * np.pi / 1000
    r = 1 + a + 2 * np.sqrt(a) * np.cos(angle)
    return 2 * a / 1000 * np.sum(np.sin(angle) ** 2 / r * function(r)) + max(0.0, 1 - a) * function(0.0)


@pytest.mark.parametrize(("a", "noise"), [(0.25, 0.5), (1.0, 0.5), (3.0, 2.0), (1.5, 1e-6), (0.5, 1e-6), (0.5, 40.0)])
def test_what_a_regression_knows_is_a_mean_over_its_modes(a, noise):
    """eta = E 1/(1 + r/s2) and I/d = E ln(1 + r/s2)/2; with little noise one form of the root has no digits."""
    eta = over_modes(a, lambda r: 1 / (1 + r / noise**2))
    information = over_modes(a, lambda r: np.log1p(r / noise**2)) / 2
    np.testing.assert_allclose(regression_eta(a, noise), eta, rtol=5e-13, atol=0)
    np.testing.assert_allclose(regression_information(a, noise), information, rtol=1e-12, atol=1e-15)


def test_without_a_context_a_regression_knows_nothing():
    assert regression_eta(0.0, 0.3) == 1
    assert regression_information(0.0, 0.3) == 0


def test_the_moment_of_a_density_is_a_gaussian_integral_in_every_mode():
    """i = ln(1 + r/s2)/2 - e^2/2 + h^2/2 of the errors e of the truth and h of the rule, in their deviations.

    They are Gaussian of correlation rho, rho^2 = s2/(r + s2), so E e^{u i} is (1 + r/s2)^(u/2) over the root of the
    determinant of 1 + u diag(1, -1) [[1, rho], [rho, 1]].
    """
    contexts, variances = np.array([0.25, 1.0, 3.0]), np.array([0.25, 0.25, 100.0])
    powers = np.array([0.5 + 0.3j, -0.5 + 2j, 0.2 - 0.7j, 0.6 + 0j])

    def one(a, variance, u):
        def mode(r):
            rho = np.sqrt(variance / (r + variance))
            determinant = (1 + u) * (1 - u) + (u * rho) * (u * rho)
            return u / 2 * np.log1p(r / variance) - np.log(determinant) / 2

        return over_modes(a, mode)

    exact = [[one(a, v, u) for u in powers] for a, v in zip(contexts, variances, strict=True)]
    ours = regression_log_moment(contexts[:, None], variances[:, None], powers[None])
    np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=1e-15)
    traced = jax.jit(regression_log_moment)(contexts[:, None], variances[:, None], powers[None])
    np.testing.assert_allclose(traced, exact, rtol=1e-12, atol=1e-14)
