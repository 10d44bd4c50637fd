"""Strategies: the log odds and where they turn, against plain formulas; the fit against shares it was given."""

import chance
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebder, chebfit, chebval
from scipy import stats

import grok_theory as gt
from grok_theory import Adam, BadValue, Ensemble, GradientFlow
from grok_theory.cli import main
from grok_theory.in_context import (
    Exact,
    GaussianRegression,
    MarkovChains,
    MonteCarlo,
    Strategies,
    TaskMixture,
    Urns,
    fit_strategies,
    simulate,
    solve,
    switch_step,
    two_task_gap,
    urn_information,
)
from grok_theory.in_context.memory_draws import SHARES, mean_and_error
from grok_theory.in_context.strategies import _between, complexity, of_mixture

PAIR = TaskMixture(2, Urns(2))
METHOD = MonteCarlo(128)


def strategies(mixture=PAIR, **changes):
    given = {"rate": 20.0, "learning_exponent": 0.4, "complexity_exponent": 0.7} | changes
    return Strategies(mixture, 8, **given)


def test_the_log_odds_are_those_of_the_formula():
    steps = np.array([0, 1, 10, 1000])
    solution = solve(strategies(description_lengths=[30.0, 5.0]), steps, method=METHOD)
    gap = 0.429972805 / 8  # by a double integral, outside of this package
    odds = 20.0 * steps**0.6 * gap - np.log(2) * (30.0**0.7 - 5.0**0.7)
    np.testing.assert_allclose(solution["log_odds"], odds, rtol=1e-7, atol=0)
    np.testing.assert_allclose(solution["memorizing_share"], 1 / (1 + np.exp(-odds)), rtol=1e-7, atol=0)


def test_the_losses_are_those_of_either_strategy_at_its_end():
    mixture = TaskMixture(8, Urns(4))
    last = [solve(strategies(mixture, rate=rate), [1, 10**6], method=METHOD) for rate in (1e-9, 1e3)]
    losses = solve(mixture, np.arange(1, 9), method=MonteCarlo(128))
    for solution, who in zip(last, ("generalizing", "memorizing"), strict=True):
        for name, where in (("train_loss", "seen"), ("test_loss", "fresh")):
            expected = np.mean(losses[f"{who}_{where}"])
            assert abs(solution[name][1] - expected) < solution.numerical_error[name][1] + 0.03


def test_the_switch_is_where_the_odds_turn_and_its_bounds_hold_it():
    problem = strategies()
    switch = switch_step(problem)
    lengths = 2 * float(urn_information(8, 2)) / np.log(2)
    step = (np.log(2) * lengths**0.7 / (20.0 * float(two_task_gap(8)) / 8)) ** (1 / 0.6)
    np.testing.assert_allclose(switch.step, step, rtol=1e-9, atol=0)
    assert switch.low < switch.step < switch.high
    assert switch.status.name == "good"
    before, after = solve(problem, [int(switch.step), int(switch.step) + 1], method=METHOD)["log_odds"]
    assert before < 0 < after


def test_switches_that_never_come_say_so():
    assert switch_step(strategies(learning_exponent=1.0)).step == np.inf
    at_once = switch_step(strategies(learning_exponent=1.5, rate=1e4))
    assert at_once.step == 0.0
    assert "learning_exponent" in at_once.status.text
    simple = switch_step(strategies(description_lengths=[1.0, 2.0]))
    assert (simple.step, simple.status.name) == (0.0, "noted")
    one = switch_step(strategies(TaskMixture(1, Urns(2))))
    assert one.low == pytest.approx(one.step)
    assert one.high == pytest.approx(one.step)


def test_beyond_all_tasks_the_switch_is_open_upwards():
    switch = switch_step(strategies(TaskMixture(64, Urns(2))), method=METHOD)
    assert switch.low <= switch.step < switch.high == np.inf


def test_the_odds_can_be_differentiated_and_mapped():
    def odds(rate, learning, exponent):
        return solve(Strategies(PAIR, 8, rate, learning, exponent), [0, 50], method=METHOD)["log_odds"][1]

    slopes = jax.grad(odds, (0, 1, 2))(20.0, 0.4, 0.7)
    for index, step in enumerate((1e-4, 1e-6, 1e-6)):
        up, down = ([20.0, 0.4, 0.7] for _ in range(2))
        up[index] += step
        down[index] -= step
        np.testing.assert_allclose(slopes[index], (odds(*up) - odds(*down)) / (2 * step), rtol=1e-6, atol=0)
    mapped = jax.vmap(lambda rate: odds(rate, 0.4, 0.7))(jnp.array([1.0, 20.0]))
    np.testing.assert_allclose(mapped[1], odds(20.0, 0.4, 0.7), rtol=1e-12, atol=0)


def noisy(problem, truth, steps, seed, scatter=0.02):
    made = Strategies(problem.mixture, problem.context, *truth)
    share = np.asarray(solve(made, steps, method=METHOD)["memorizing_share"])
    drawn = share + scatter * np.random.default_rng(seed).standard_normal((3, len(steps)))
    return Ensemble(problem, steps.astype(float), {"memorizing_share": drawn}, "step", Adam(3e-3))


def test_a_fit_finds_what_made_the_shares():
    truth, steps = (30.0, 0.45, 0.6), np.unique(np.rint(np.geomspace(1, 5000, 40)))
    problems = [strategies(TaskMixture(tasks, Urns(2))) for tasks in (2, 4, 8)]
    runs = [noisy(problem, truth, steps, seed) for seed, problem in enumerate(problems)]
    fit = fit_strategies(problems, runs, method=METHOD)
    found = np.array([np.log(fit.rate), fit.learning_exponent, fit.complexity_exponent])
    exact = np.array([np.log(truth[0]), *truth[1:]])
    assert np.all(np.abs(found - exact) < 4 * fit.errors)
    assert np.all(fit.errors < [0.5, 0.1, 0.1])
    assert np.all(np.abs(fit.residual - fit.scatter) < 0.01)
    assert "identify all three" in fit.text


def test_one_mixture_does_not_identify_the_exponent_of_complexity():
    steps = np.unique(np.rint(np.geomspace(1, 5000, 40)))
    problem = strategies(TaskMixture(8, Urns(2)))
    fit = fit_strategies(problem, noisy(problem, (30.0, 0.45, 0.6), steps, 0), method=METHOD)
    assert np.isnan(fit.errors[2])
    assert "identify rate, learning_exponent and the whole complexity term" in str(fit)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: strategies(4), r"mixture is 4, but it must be a TaskMixture"),
        (lambda: strategies(description_lengths=[1.0]), r"description_lengths has shape \(1,\), but"),
        (lambda: strategies(rate=-1.0), r"rate is -1\.0, but .* Pass gamma"),
        (lambda: solve(strategies(), [0.5]), r"steps\[0\] is 0\.5, but .* whole number"),
        (lambda: solve(strategies(), [1], dynamics=GradientFlow()), r"dynamics is .* takes Adam"),
        (lambda: solve(strategies(TaskMixture(2.5, Urns(2))), [1]), r"tasks is .* whole number"),
        (lambda: jax.vmap(lambda d: solve(strategies(TaskMixture(d, Urns(2))), [1]))(jnp.ones(2)), "mixture is traced"),
        (
            lambda: simulate(
                strategies(TaskMixture(2, GaussianRegression(2, 1.0))), [1], key=jax.random.key(0), runs=1
            ),
            r"mixture\.family is a GaussianRegression, but .* Pass Urns or MarkovChains",
        ),
        (lambda: fit_strategies([strategies()], []), r"ensembles has 0 entries, but problems has 1"),
        (lambda: fit_strategies(strategies(), None), r"ensembles is None, but it must be Ensemble, or a list"),
        (lambda: switch_step("strategies"), r"problem is 'strategies', but it must be a Strategies"),
    ],
)
def test_what_is_refused(call, said):
    with pytest.raises(BadValue, match=said):
        call()


def test_evidence_before_the_first_step_with_an_exponent_of_one_fails_with_its_remedy():
    failed = solve(strategies(learning_exponent=1.0), [0, 1], method=METHOD, throw=False)
    assert failed.status.name == "failed"
    assert "Begin at step 1" in failed.status.text


def test_a_log_of_a_network_is_laid_over_and_its_delay_read(tmp_path):
    problem, steps = strategies(description_lengths=[30.0, 5.0]), np.array([1, 10, 100, 1000])
    theory = solve(problem, steps)
    columns = np.stack([steps, 1.1 * theory["train_loss"], 0.9 * theory["test_loss"]], axis=1)
    path = tmp_path / "log.csv"
    np.savetxt(path, columns, delimiter=",", header="step,train_loss,test_loss", comments="", fmt="%.17g")
    log = gt.read_log(path, x="step", train="train_loss", test="test_loss")
    laid = gt.overlay(log, problem, dynamics=Adam(3e-3), curves={"train": "train_loss", "test": "test_loss"})
    for part, planted in (("train", 1.1), ("test", 0.9)):
        (each,) = laid[part].values()
        np.testing.assert_allclose(each.ratio, planted, rtol=1e-12, atol=0)
    runs = Ensemble(
        problem,
        np.arange(4.0),
        {"train_loss": [[2.0, 1.0, 0.5, 0.5]], "test_loss": [[2.0, 2.0, 1.0, 0.5]]},
        "step",
        Adam(3e-3),
    )
    delay = gt.observables.grokking_delay(
        runs.x, runs["train_loss"], runs["test_loss"], train_threshold=1.0, test_threshold=1.0
    )
    np.testing.assert_allclose(delay.delay, 1.0, rtol=1e-12, atol=0)


def test_there_is_no_forecast_and_the_command_says_so(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["predict", "in_context.LinearAttention", "tasks_per_dim=1", "--times", "1,2"])
    assert ended.value.code == 2
    assert "in_context has no forecast" in " ".join(capsys.readouterr().err.split())


EPS = 2.0**-52
GIVEN = strategies(description_lengths=[30.0, 5.0])


def test_the_stated_error_of_the_odds_is_that_of_the_gap_and_a_few_roundings():
    """Evidence times the 1e-11 to which the gap of two urns is known, and up to 32 roundings of both terms."""
    steps = np.array([0, 1, 10, 1000, 10**6])
    solution = solve(GIVEN, steps, method=METHOD)
    evidence = 20.0 * steps**0.6
    of_gap, odds = evidence * 1e-11 / 8, solution["log_odds"]
    of_rounding = EPS * (evidence * float(two_task_gap(8)) / 8 + np.abs(odds))
    stated = solution.numerical_error["log_odds"]
    assert np.all(stated >= of_gap + of_rounding)
    assert np.all(stated <= 1.01 * of_gap + 32 * of_rounding)
    with mpmath.workdps(30):
        first = float(odds[0]) + mpmath.log(2) * (mpmath.mpf(30) ** mpmath.mpf(0.7) - mpmath.mpf(5) ** mpmath.mpf(0.7))
    assert abs(first) <= stated[0]


def test_the_errors_of_shares_and_losses_are_what_the_odds_leave_open():
    """By a logistic in many digits, and the polynomials through the draws' means and errors at Chebyshev's points."""
    problem = strategies(TaskMixture(8, Urns(2)), description_lengths=[30.0, 5.0])
    solution = solve(problem, [0, 20, 70, 200, 3000], method=METHOD)
    share, errors = solution["memorizing_share"], solution.numerical_error
    with mpmath.workdps(40):
        odds = [mpmath.mpf(float(each)) for each in solution["log_odds"]]
        odd = [1 / (1 + mpmath.exp(-each)) for each in odds]
        slopes = np.array([float(each * (1 - each)) for each in odd])
    assert slopes[0] < 0.01
    assert slopes.max() > 0.1
    assert share[-1] > 0.99
    np.testing.assert_allclose(share, np.array(odd, float), rtol=1e-14, atol=0)
    # Where the share is all but one it loses digits of what is left, and the error with it.
    np.testing.assert_allclose(errors["memorizing_share"], slopes * errors["log_odds"], rtol=1e-4, atol=0)
    drawn = of_mixture(problem, METHOD).drawn
    for name in ("train_loss", "test_loss"):
        loss, error = (chebfit(2 * SHARES - 1, each, 24) for each in mean_and_error(drawn[name]))
        np.testing.assert_allclose(solution[name], chebval(2 * share - 1, loss), rtol=1e-12, atol=0)
        slope = 2 * chebval(2 * share - 1, chebder(loss))
        expected = chebval(2 * share - 1, error) + np.abs(slope) * errors["memorizing_share"]
        np.testing.assert_allclose(errors[name], expected, rtol=1e-10, atol=0)


def test_between_the_points_there_is_one_polynomial():
    """Of degree 24 and less it is the function itself, on the points, at both ends, between them, and in its slope."""
    shares = np.concatenate([SHARES, [1e-3, 0.0123, 0.4, 0.77, 1 - 1e-3]])
    for power in (1, 2, 9, 24):
        value, slope = polynomial_between(shares, SHARES**power)
        np.testing.assert_allclose(value, shares**power, rtol=0, atol=1e-13)
        np.testing.assert_allclose(slope[25:], power * shares[25:] ** (power - 1), rtol=0, atol=1e-11)


polynomial_between = jax.jit(jax.vmap(jax.value_and_grad(_between), (0, None)))


@pytest.mark.parametrize(
    ("lengths", "exponent", "bits"),
    [
        ((0.5, 0.25), 2.0, 0.25 - 0.0625),
        ((3.0, 0.0), 1.0, 3.0),
        ((0.0, 3.0), 2.0, -9.0),
        ((4.0, 1.0), 0.5, 1.0),
        ((7.0, 0.0), 0.0, 1.0),
    ],
)
def test_complexity_is_the_difference_of_powers_of_lengths(lengths, exponent, bits):
    """A strategy of no length has no complexity, at any exponent."""
    assert float(complexity(lengths, exponent)) == pytest.approx(np.log(2) * bits, rel=1e-15, abs=0)
    assert float(jax.jit(complexity)(np.array(lengths), exponent)) == pytest.approx(np.log(2) * bits, rel=1e-14, abs=0)


def test_a_switch_is_where_evidence_has_paid_for_the_length():
    """Given lengths of less than a bit too: N* = [ln 2 (K_M - K_G)/(gamma gap)]^(1/(1 - a))."""
    gap = float(two_task_gap(8)) / 8
    for lengths, rate, learning in (([1.0, 0.25], 0.1, 0.5), ([0.5, 0.25], 20.0, 0.0), ([9.0, 8.0], 3.0, 0.9)):
        switch = switch_step(
            strategies(description_lengths=lengths, rate=rate, learning_exponent=learning, complexity_exponent=1.0)
        )
        step = (np.log(2) * (lengths[0] - lengths[1]) / (rate * gap)) ** (1 / (1 - learning))
        assert switch.step == pytest.approx(step, rel=1e-12, abs=0)
        assert switch.status.name == "good"


@pytest.mark.parametrize(
    ("changes", "step", "said"),
    [
        ({"description_lengths": [2.0, 2.0]}, 0.0, "Memory leads from the start"),
        ({"learning_exponent": 1.0, "rate": 1e4}, 0.0, "after one step"),
        ({"learning_exponent": 1.0, "rate": 1e-4}, np.inf, "after one step"),
        ({"learning_exponent": 1.5, "rate": 1e-4}, np.inf, "after one step"),
        ({"learning_exponent": 0.999, "rate": 1e6}, 0.0, "Memory leads from the first step"),
        ({"learning_exponent": 0.999, "rate": 1e-4}, np.inf, "or too little"),
    ],
)
def test_switches_at_the_ends_of_time_say_why(changes, step, said):
    """Beyond learning_exponent 1, and where N* = (prior/evidence)^1000 is beyond floats on either side."""
    switch = switch_step(strategies(**changes))
    assert switch.step == step
    assert switch.status.name == "noted"
    assert said in switch.status.text


def test_evidence_that_does_not_grow_is_noted_and_other_curves_are_good():
    constant = solve(strategies(learning_exponent=1.0), [1, 10], method=METHOD)
    assert constant.status.name == "noted"
    assert "evidence does not grow" in constant.status.text
    assert constant["log_odds"][0] == constant["log_odds"][1]
    grown = solve(strategies(learning_exponent=0.99), [0, 1], method=METHOD)
    assert grown.status.name == "good"
    assert grown.dynamics == Adam(3e-3)


def total_of(values, context=8):
    """The mean over draws of what the symbols of a context add up to, and its bound at 99 %, by Johnson's t."""
    totals, count = values[:, :context].sum(axis=1), len(values)
    skewness = abs(stats.skew(totals)) * ((count - 1) / count) ** 1.5
    quantile = stats.t.ppf(0.995, count - 1)
    longer = skewness * (2 * quantile**2 + 1) / (6 * count**0.5)
    return totals.mean(), (quantile + longer) * stats.sem(totals)


@pytest.mark.statistical(keys=50)
@pytest.mark.parametrize("law", ["gamma", "normal"])
def test_the_bound_of_the_fewest_draws_holds_as_often_as_it_says(rng, plausible, law):
    """64 draws, 2000 times: at least 98.5 % of a law of skewness 1.4, and 99 % of a Gaussian; 2.6 errors hold in 97."""
    values = rng.normal(size=(64, 2000)) if law == "normal" else rng.gamma(2.0, size=(64, 2000)) - 2.0
    mean, error = mean_and_error(values)
    held = int(np.sum(np.abs(mean) <= error))
    print(f"{law}: held in {held} of 2000")
    plausible(chance.binomial(held, 2000, (0.985, 1.0)))


def test_one_task_of_any_kind_is_known_as_soon_as_its_context():
    """Of chains bounds and information are drawn apart, but the gap is the information itself, and errs as it does."""
    known = of_mixture(strategies(TaskMixture(1, MarkovChains(2))), METHOD)
    information, error = total_of(known.drawn["learned"])
    assert known.information == pytest.approx(information, rel=1e-13, abs=0)
    assert known.error == pytest.approx(error, rel=1e-12, abs=0)
    assert known.gap == known.information
    assert known.low != known.high


def test_what_is_drawn_keeps_to_its_bounds_and_errs_no_further_than_they_reach():
    """Draws of three urns: some means lie below I - ln 3, and some errors reach beyond both bounds."""
    seen = set()
    for tasks, symbols, seed in ((3, 4, 0), (3, 6, 26), (3, 8, 9)):
        mixture = TaskMixture(tasks, Urns(symbols))
        exact = solve(mixture, [16], method=Exact())
        low, high = exact["gap_bound_low"][0], exact["gap_bound_high"][0]
        known = of_mixture(Strategies(mixture, 16, 20.0, 0.4, 0.7), MonteCarlo(64, seed))
        drawn, lost = total_of(known.drawn["excess"], 16)
        gap = np.clip(drawn, low, high)
        reach = max(high - gap, gap - low)
        seen.add((bool(drawn < low), bool(reach < lost)))
        assert known.gap == pytest.approx(gap, rel=1e-12, abs=0)
        of_bound = exact.numerical_error["gap_bound_high"][0]
        assert known.error == pytest.approx(min(lost, reach) + of_bound, rel=1e-13, abs=0)
    assert {(False, True), (True, False), (True, True)} <= seen
