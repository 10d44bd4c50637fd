"""Strategies: the log odds and where they turn, against plain formulas; the fit against shares it was given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import Adam, BadValue, Ensemble, GradientFlow
from grok_theory.cli import main
from grok_theory.in_context import (
    GaussianRegression,
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
