"""Every assumption of a theory, planted both ways in a log that was written from a known curve, and left untold."""

import numpy as np
import pytest

import grok_theory as gt
from grok_theory.results import Log, Record, Solution

PROBLEM = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
LIMIT = 2 / (1 + np.sqrt(0.5)) ** 2
X = np.linspace(0.0, 8.0, 41)


def solution(problem=PROBLEM, dynamics=None):
    dynamics = dynamics or gt.GradientFlow()
    curves = {"train_loss": np.exp(-X), "test_loss": np.exp(-X / 4)}
    return Solution(problem, X, curves, dynamics.x_name, dynamics, None, x_unit=dynamics.x_unit)


def log(train=None, rate=None, steps=False, **config):
    train = np.exp(-X) if train is None else np.asarray(train, float)
    runs = {"": {"train": Record(X, train), "test": Record(X, np.exp(-X / 4))}}
    columns = {"x": "step" if steps else "time", "train": "train_loss", "test": "test_loss", "run": None}
    dynamics = None if rate is None else gt.GradientDescent(rate)
    return Log(runs, columns, x_unit="" if steps else "tau", config=config, dynamics=dynamics)


def checked(name, log, theory=None):
    (found,) = [check for check in gt.overlay(log, theory or solution()).checks if check.name == name]
    return found.verdict, found.found


FLAT = np.where(X < 4, np.exp(-X), np.exp(-4.0))
ZERO = np.where(X < 4, np.exp(-X), 0.0)
NAN = np.where(X < 4, 1.0, np.nan)


@pytest.mark.parametrize(
    ("name", "of_log", "verdict", "words"),
    [
        ("step size", {"rate": 0.9 * LIMIT}, "holds", "stable below 0.6863"),
        ("step size", {"rate": 1.1 * LIMIT}, "fails", "stable below 0.6863"),
        ("step size", {}, "cannot be told", "log.in_units_of"),
        ("step size", {"train": np.exp(X), "rate": 0.01}, "fails", "grows from 1 to"),
        ("step size", {"train": NAN, "rate": 0.01}, "fails", "is nan from time 4 on"),
        ("batch", {"batch_size": 100, "samples": 100}, "holds", "100 of 100"),
        ("batch", {"batch_size": "full"}, "holds", "all samples"),
        ("batch", {"batch_size": 200, "dim": 200}, "holds", "200 of 100"),
        ("batch", {"batch_size": 32, "samples": 100}, "fails", "32 of 100"),
        ("batch", {"batch_size": 32, "dim": 200}, "fails", "32 of 100"),
        ("batch", {"batch_size": 32}, "cannot be told", "samples"),
        ("batch", {}, "cannot be told", "batch size is not known"),
        ("flow or descent", {"rate": 0.02 * LIMIT}, "holds", "off the flow's"),
        ("flow or descent", {"rate": 0.5 * LIMIT}, "fails", "solve with dynamics=gt.GradientDescent"),
        ("flow or descent", {"rate": 0.001, "optimizer": "adamw"}, "fails", "adamw"),
        ("flow or descent", {"rate": 0.001, "optimizer": "torch.optim.SGD"}, "holds", "off the flow's"),
        ("flow or descent", {"rate": 0.001, "momentum": 0.9}, "fails", "momentum 0.9"),
        ("flow or descent", {}, "cannot be told", "learning rate is not known"),
        ("size", {"dim": 10_000}, "holds", "at every logged time"),
        ("size", {"dim": 8}, "fails", "train_loss at"),
        ("size", {"dim": 200, "samples": 150}, "fails", "0.75 a dim"),
        ("size", {}, "cannot be told", '"dim"'),
        ("decay", {"weight_decay": 0}, "holds", "0"),
        ("decay", {"weight_decay": 0.1}, "fails", "0.1"),
        ("decay", {}, "cannot be told", '"weight_decay"'),
        ("precision", {}, "holds", "falls to 0.00034 of its start"),
        ("precision", {"train": FLAT}, "fails", "to the last digit from time 4 on"),
        ("precision", {"train": ZERO}, "fails", "is 0 to the last digit from time 4 on"),
        ("precision", {"train": FLAT, "dtype": "float64"}, "holds", "float64"),
        ("precision", {"train": np.exp(-3 * X)}, "cannot be told", "rounding may rule"),
        ("precision", {"train": np.exp(-X), "dtype": "bfloat16"}, "cannot be told", "bfloat16"),
    ],
)
def test_an_assumption_is_told_from_log_and_config(name, of_log, verdict, words):
    told = checked(name, log(**of_log))
    assert told[0] == verdict, told
    assert words in told[1], told


def test_the_fastest_mode_is_off_by_what_its_own_steps_say():
    """Oracle: a mode of the largest eigenvalue, stepped and in continuous time; the rates are read off."""
    for share in (0.02, 0.2):
        rate = share * LIMIT
        largest = 2 / LIMIT
        stepped = (1 - rate * largest) ** 100
        off = -np.log(stepped) / (100 * rate * largest) - 1
        assert f"is {off:.2g} of its rate off the flow's" in checked("flow or descent", log(rate=rate))[1]


def test_the_range_of_sizes_is_that_of_the_runs_of_the_wing():
    import jax

    runs = gt.linear.simulate(PROBLEM, X, dim=8, runs=1, key=jax.random.key(0))
    outside = int(np.sum(~runs.is_valid("train_loss")))
    assert 0 < outside < X.size
    assert f"train_loss at {outside} of {X.size} logged x" in checked("size", log(dim=8))[1]


@pytest.mark.parametrize(
    ("config", "verdict"),
    [({"learning_rate": 0.1}, "holds"), ({"learning_rate": 0.3}, "cannot be told"), ({}, "cannot be told")],
)
def test_descent_against_descent(config, verdict):
    theory = solution(dynamics=gt.GradientDescent(0.1))
    assert checked("flow or descent", log(steps=True, **config), theory)[0] == verdict


@pytest.mark.parametrize(
    ("config", "verdict"),
    [({"optimizer": "AdamW"}, "holds"), ({"optimizer": "sgd"}, "fails"), ({}, "cannot be told")],
)
def test_a_theory_of_an_optimizer_asks_for_it(config, verdict):
    theory = solution(dynamics=gt.AdamW(0.1))
    assert checked("flow or descent", log(steps=True, **config), theory)[0] == verdict


@pytest.mark.parametrize(("batch", "verdict"), [(32, "holds"), (64, "fails"), (None, "cannot be told")])
def test_a_theory_of_batches_asks_for_their_size(batch, verdict):
    theory = solution(dynamics=gt.SGD(0.1, 32))
    config = {} if batch is None else {"batch_size": batch}
    assert checked("batch", log(steps=True, **config), theory)[0] == verdict


@pytest.mark.parametrize(("decay", "verdict"), [(0.2, "holds"), (0.0, "fails"), (0.5, "cannot be told")])
def test_a_theory_with_decay(decay, verdict):
    theory = solution(gt.linear.TeacherStudent(0.5, 5.0, weight_decay=0.2))
    assert checked("decay", log(weight_decay=decay), theory)[0] == verdict


def test_values_of_few_digits_are_no_collapse():
    """A log of three digits repeats its values all along: that is how it was written, not what the run did."""
    x = np.linspace(0, 8, 400)
    values = np.maximum(np.round(np.exp(-x), 2), 0.01)
    record = Record(x, values)
    rough = Log({"": {"train": record, "test": record}}, {"x": "time", "train": "a", "test": "b"}, x_unit="tau")
    assert checked("precision", rough)[0] == "holds"


MODES = np.concatenate([np.full(4, 4.0), np.full(16, 0.5)])
CORRELATED = gt.linear.CorrelatedInputs(MODES, np.ones(20), 12, noise=0.1)
COMMITTEE = gt.lazy_rich.QuadraticCommittee(output_scale=1.0, curvature=1.0, samples_per_dim=2.0)
NETWORK = gt.lazy_rich.MeanFieldNetwork(np.eye(3, 2) + 0.1, [1.0, -1.0, 0.5], richness=0.5)


@pytest.mark.parametrize(
    ("problem", "config"),
    [(CORRELATED, {}), (COMMITTEE, {"samples": 200, "dim": 100}), (NETWORK, {})],
    ids=["covariance", "committee", "network"],
)
def test_every_problem_with_an_edge_is_held_against_it(problem, config):
    wing = gt.linear if problem is CORRELATED else gt.lazy_rich
    limit = float(wing.stable_below(problem, samples=200) if problem is COMMITTEE else wing.stable_below(problem))
    for share, verdict in ((0.9, "holds"), (1.1, "fails")):
        found = checked("step size", log(rate=share * limit, **config), solution(problem))
        assert found == (verdict, f"learning rate {share * limit:.4g}, stable below {limit:.4g}")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (gt.linear.DeepLinear(0.5, 5.0, 2, 0.7, 0.7), "linear.stable_below takes TeacherStudent"),
        (gt.li2.GroupTask(gt.li2.groups.cyclic(5)), "GroupTask states no largest stable learning rate"),
    ],
)
def test_what_has_no_edge_says_so(problem, words):
    verdict, found = checked("step size", log(rate=0.1), solution(problem))
    assert verdict == "cannot be told"
    assert words in found


@pytest.mark.parametrize(
    ("config", "verdict", "words"),
    [
        ({"dim": 20}, "fails", "train_loss at"),
        ({"dim": 20, "samples": 12}, "fails", "train_loss at"),
        ({"samples": 13}, "fails", "13 samples, the Problem 12"),
        ({"dim": 30}, "cannot be told", "20 modes"),
    ],
)
def test_the_size_of_a_problem_that_has_its_own(config, verdict, words):
    found = checked("size", log(**config), solution(CORRELATED))
    assert found[0] == verdict
    assert words in found[1]


@pytest.mark.parametrize(
    ("config", "verdict", "words"),
    [
        ({"dim": 2000}, "fails", "the log has dim 2000, the forecast is the band of dim 100"),
        ({"dim": 100}, "holds", "at dim 100 the theory speaks"),
        ({"dim": 100.0, "samples": 50}, "holds", "at dim 100 the theory speaks"),
        ({}, "holds", "that of the forecast; the log says none"),
        ({"samples": 150}, "fails", "1.5 a dim"),
    ],
)
def test_the_size_of_a_forecast_is_held_against_that_of_the_log(config, verdict, words):
    found = checked("size", log(**config), gt.linear.forecast(PROBLEM, X[:20], dim=100))
    assert found[0] == verdict
    assert words in found[1]


def test_a_band_of_another_size_applies_to_nothing():
    told = gt.linear.forecast(PROBLEM, X[:20], dim=100)
    runs = {"": {"train": Record(X[:20], np.asarray(told["train_loss"].median))}}
    columns = {"x": "time", "train": "train_loss", "test": None, "run": None}
    own, other = (Log(runs, columns, x_unit="tau", config={"dim": dim}) for dim in (100, 2000))
    assert gt.overlay(own, told).verdict == "applies"
    assert gt.overlay(other, told).verdict == gt.applies(told, other).verdict == "cannot tell"
    assert "forecast with dim=2000" in gt.applies(told, other).reason
    with pytest.raises(gt.BadValue, match=r"forecasts\[0\] is the band of dim 100, but the log has dim 2000"):
        gt.rank([told, told], other)


def test_batches_are_of_the_samples_that_a_forecast_counts():
    told = gt.linear.forecast(PROBLEM, X[:20], dim=100)
    assert checked("batch", log(batch_size=50), told) == ("holds", "batches of 50 of 50 samples")
    assert checked("batch", log(batch_size=10), told)[0] == "fails"
