"""One-pass descent through every door: designs, fits, forecasts, sweeps, files, overlays."""

import chance
import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import OnePass, simulate, solve
from grok_theory.results import Log, Record
from tests.linear.test_one_pass import KEY, power_law

STEPS = np.array([0.0, 1.0, 4.0, 20.0, 60.0])
SGD = OnePass(0.3, 1)


def small(noise=0.3):
    return power_law(noise, 20)


def loss_at(step, dynamics, noise=0.3):
    return float(solve(small(noise), [step], dynamics=dynamics)["test_loss"][0])


def test_designs_in_rate_batch_and_step():
    late = gt.CurveAt("test_loss", 60)
    found = gt.find(small(), free={"learning_rate": (0.01, 0.5)}, target=gt.Least(late), dynamics=SGD)
    around = [loss_at(60, OnePass(found.value * share, 1)) for share in (0.98, 1.0, 1.02)]
    assert around[1] < min(around[0], around[2])
    assert found.dynamics == OnePass(found.value, 1)
    found = gt.find(small(), free={"batch": (1, 64)}, target=gt.AtMost(late, 0.17), dynamics=SGD)
    assert found.whole
    assert loss_at(60, OnePass(0.3, found.value)) <= 0.17 < loss_at(60, OnePass(0.3, found.value - 1))
    found = gt.find(small(), free={"step": (1, 200)}, target=gt.AtMost(gt.CurveAt("test_loss"), 0.3), dynamics=SGD)
    assert loss_at(found.value, SGD) <= 0.3 < loss_at(found.value - 1, SGD)
    with pytest.raises(gt.BadValue, match=r"must be one of samples, noise, dim, width, step, learning_rate, batch"):
        gt.find(small(), free={"rate": (0.1, 0.5)}, target=gt.Least(late), dynamics=SGD)
    with pytest.raises(gt.BadValue, match=r"^samples is 1.0, but OnePass draws every sample afresh"):
        gt.find(small(), free={"samples": (1, 9)}, target=gt.Least(late), dynamics=SGD)


@pytest.mark.statistical(keys=60)
def test_a_forecast_holds_its_share_of_runs(key, plausible):
    """Planted: a band of the mean's error, which holds hardly any run."""
    how = OnePass(0.3, 4)
    told = gt.linear.forecast(small(), STEPS, dynamics=how, level=0.9, draws=200, curves=["test_loss"])
    runs = simulate(small(), STEPS, dynamics=how, runs=200, key=jax.random.fold_in(key, 1))["test_loss"]
    band = told["test_loss"]
    inside = int(np.sum(np.all((runs[:, 1:] >= band.low[1:]) & (runs[:, 1:] <= band.high[1:]), axis=1)))
    plausible(chance.binomial(inside, 200, (0.84, 0.96)))


@pytest.mark.slow
def test_fits_of_noise_and_rate_hold_the_true_ones():
    """Two intervals of 99.9 % on three logs: one of a thousand sets of logs would fall out by chance at most 0.6 %."""
    x = np.unique(np.geomspace(1, 400, 25).round())
    for seed in range(3):
        log = simulate(small(), x, dynamics=OnePass(0.3, 4), runs=1, key=jax.random.key(seed))
        found = gt.fit(
            small(0.1),
            log,
            free=["noise", "learning_rate"],
            dynamics=OnePass(0.2, 4),
            curves=["test_loss"],
            confidence=0.999,
        )
        for name, true in (("noise", 0.3), ("learning_rate", 0.3)):
            assert found[name].low < true < found[name].high, (seed, found[name])
            assert found[name].high < 3 * found[name].low
        assert np.isinf(found.problem.samples)


def test_sweeps_over_problems_and_over_dynamics(tmp_path):
    problems = [small(), small(0.1)]
    swept = gt.sweep(_curve, problems, cache=tmp_path / "kept", workers=1, batch=2, version="1")
    alone = [solve(one, STEPS, dynamics=SGD)["test_loss"] for one in problems]
    np.testing.assert_allclose(swept.read(np.asarray), alone, rtol=1e-12, atol=0)
    rates = [OnePass(0.1, 1), OnePass(0.2, 4.0)]
    swept = gt.sweep(_of_dynamics, rates, workers=1, batch=2, version="1")
    alone = [solve(small(), STEPS, dynamics=how)["test_loss"] for how in rates]
    np.testing.assert_allclose(swept.read(np.asarray), alone, rtol=1e-12, atol=0)


def _curve(problem):
    return solve(problem, STEPS, dynamics=SGD)["test_loss"]


def _of_dynamics(dynamics):
    return solve(small(), STEPS, dynamics=dynamics)["test_loss"]


def test_results_are_saved_and_loaded_to_the_bit(tmp_path):
    results = {
        "theory": solve(small(), STEPS, dynamics=SGD),
        "runs": simulate(small(), STEPS, dynamics=SGD, runs=3, key=KEY),
    }
    for name, result in results.items():
        again = gt.load(result.save(tmp_path / f"{name}.npz"))
        assert again.dynamics == SGD
        assert again.problem == small()
        assert again.stats == result.stats
        for curve in result.curves:
            np.testing.assert_array_equal(again[curve], result[curve])


def test_the_range_of_sizes_is_every_size():
    valid = gt.linear.valid_at(small(), STEPS, dim=20, dynamics=SGD)
    assert set(valid) == {"train_loss", "test_loss", "distance", "weight_norm"}
    assert all(where.all() for where in valid.values())
    with pytest.raises(gt.BadValue, match=r"^dim is 7, but the Problem has 20 modes"):
        gt.linear.valid_at(small(), STEPS, dim=7, dynamics=SGD)


@pytest.mark.parametrize(
    ("config", "verdict", "words"),
    [
        ({"batch_size": 4, "samples": 10_000}, "holds", "batches of 4"),
        ({"batch_size": 4, "samples": 100}, "fails", "240 are drawn of 100: some come back"),
        ({"batch_size": 8}, "fails", "the theory's are of 4"),
        ({}, "cannot be told", "batch_size"),
    ],
)
def test_an_overlay_asks_for_the_batch_and_that_no_sample_comes_back(config, verdict, words):
    how = OnePass(0.3, 4)
    theory = solve(small(), STEPS[1:], dynamics=how)
    runs = {name: Record(STEPS[1:], np.asarray(theory[f"{name}_loss"])) for name in ("train", "test")}
    columns = {"x": "step", "train": "train_loss", "test": "test_loss", "run": None}
    log = Log({"": runs}, columns, config={"learning_rate": 0.3, **config})
    told = {each.name: each for each in gt.overlay(log, theory).checks}
    assert told["batch"].verdict == verdict
    assert words in told["batch"].found
    assert told["step size"].verdict == "holds"
    assert told["flow or descent"].verdict == "holds"
