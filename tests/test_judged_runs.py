"""Runs of a plain NumPy code held against forecasts: their own, of other parameters, and foreign ones."""

import jax
import numpy as np
import pytest
from chance import binomial

import grok_theory as gt
from grok_theory.linear import TeacherStudent, forecast

RATE = 0.05
STEPS = np.unique(np.round(np.geomspace(1, 300, 40)))
TIMES = RATE * STEPS  # tau


def forecasts(*problems, dim=60, **more):
    return [forecast(problem, TIMES, dim=dim, **more) for problem in problems]


PROBLEM = TeacherStudent(samples_per_dim=2.0, snr=5.0)


@pytest.fixture(scope="module")
def told():
    return forecasts(PROBLEM)[0]


def trained(
    rng, *, dim=60, alpha=2.0, snr=5.0, noise=1.0, batch=None, teacher=None, momentum=0.0, link=None, rate=RATE
):
    """(train, test) loss at STEPS of a linear student by gradient descent in plain NumPy, and what it may do wrong."""
    samples = round(alpha * dim)
    inputs, fresh = (rng.standard_normal((dim, n)) / np.sqrt(dim) for n in (samples, 4000))
    weights = np.sqrt(snr) * rng.standard_normal(dim) if teacher is None else teacher(rng, dim)
    signal = (lambda x: weights @ x) if link is None else (lambda x: link(weights @ x))
    labels = signal(inputs) + noise * rng.standard_normal(samples)
    student, speed, curves = np.zeros(dim), np.zeros(dim), []
    for step in range(int(STEPS[-1]) + 1):
        if step in STEPS:
            train = np.mean((labels - student @ inputs) ** 2)
            curves.append((train, noise**2 + np.mean((signal(fresh) - student @ fresh) ** 2)))
        chosen = slice(None) if batch is None else rng.choice(samples, batch, replace=False)
        x, y = inputs[:, chosen], labels[chosen]
        force = x @ (y - student @ x) * (samples / len(y))
        speed = momentum * speed + rate * force
        student = student + speed
    return np.array(curves).T


def log_of(*runs, x=TIMES):
    parts = {
        (f"seed {i}" if len(runs) > 1 else ""): {
            name: gt.Record(np.asarray(x, float), np.asarray(values)) for name, values in zip(("train", "test"), run)
        }
        for i, run in enumerate(runs)
    }
    columns = {"x": "time", "train": "train_loss", "test": "test_loss", "run": "seed" if len(runs) > 1 else None}
    return gt.Log(parts, columns, x_name="time", x_unit="tau")


@pytest.mark.statistical
def test_runs_of_its_own_problem_are_kept(rng, told, plausible):
    """A verdict each: at most a percent a curve is lost; would notice points that are counted instead of runs."""
    by_steps = forecast(PROBLEM, STEPS, dim=60, dynamics=gt.GradientDescent(RATE), test_samples=4000)
    verdicts = []
    for _ in range(80):
        log = log_of(trained(rng)).scaled(x=(1 / RATE, "step", ""))
        verdicts.append(gt.applies(by_steps, log).verdict)
    assert set(verdicts) <= {"applies", "does not apply"}
    plausible(binomial(verdicts.count("does not apply"), 80, (0.0, 0.02)))


FOREIGN = {
    "minibatches": {"batch": 6},
    "momentum": {"momentum": 0.7},
    "noise": {"noise": 1.6},
    "a sparse teacher": {"teacher": lambda rng, dim: 25 * (np.arange(dim) < 3) * rng.choice([-1, 1], dim)},
    "a curved target": {"link": lambda h: h + 2 * h**2},
    "another rate": {"rate": 2 * RATE},
    "more samples": {"alpha": 5.0},
    "no signal": {"snr": 0.3},
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_runs_are_told_from_one_log(kind, rng, told):
    found = [gt.applies(told, log_of(trained(rng, **FOREIGN[kind]))) for _ in range(4)]
    rejected = [one.verdict == "does not apply" for one in found]
    assert sum(rejected) >= 3, [str(one) for one in found]
    one = found[rejected.index(True)]
    assert "leaves the 99% band in 1 of 1 run from tau = " in one.reason
    assert one.p_value <= 0.02
    assert "largest z" in str(one)


def test_several_runs_are_counted_and_never_points(rng, told):
    """Runs that leave the band on purpose, at one point or at all, count the same."""
    middle = {name: np.asarray(told[name].median) for name in told.curves}
    high = {name: np.asarray(told[name].high) * 1.01 for name in told.curves}
    own = (middle["train_loss"], middle["test_loss"])
    once = np.where(np.arange(TIMES.size) == 10, high["train_loss"], middle["train_loss"])
    for outside in ((once, middle["test_loss"]), (high["train_loss"], middle["test_loss"])):
        for count, verdict in ((1, "applies"), (2, "applies"), (3, "does not apply"), (5, "does not apply")):
            found = gt.applies(told, log_of(*([outside] * count + [own] * (5 - count))))
            assert found.verdict == verdict
            assert (found["train_loss"].outside, found["test_loss"].outside) == (count, 0)
    assert gt.applies(told, log_of(*[outside] * 3, own, own))["train_loss"].p_value == pytest.approx(
        0.00856, rel=1e-3, abs=0
    )


def test_a_log_on_other_times_is_read_between(rng, told):
    between = 1.03 * TIMES[5:-5]
    curves = [np.exp(np.interp(between, TIMES, np.log(told[name].median))) for name in told.curves]
    found = gt.applies(told, log_of(curves, x=between))
    assert found.verdict == "applies"
    assert found["train_loss"].z < 0.1


def test_cannot_tell_says_what_would(told, key):
    curves = [np.asarray(told[name].median) for name in told.curves]
    short = gt.applies(told, log_of([part[:3] for part in curves], x=TIMES[:3]))
    assert short.verdict == "cannot tell"
    assert "Train longer" in short.reason


def test_a_loss_of_nothing_or_infinity_is_outside(told):
    for value in (0.0, np.inf):
        train = np.asarray(told["train_loss"].median).copy()
        train[20:] = value
        found = gt.applies(told, log_of((train, np.asarray(told["test_loss"].median))))
        assert found.verdict == "does not apply"
        assert found["train_loss"].first == TIMES[20]


def test_an_ensemble_is_as_good_and_is_saved(told, key, tmp_path):
    runs = gt.linear.simulate(PROBLEM, TIMES, dim=60, runs=5, key=key)
    found = gt.applies(told, runs)
    assert found.runs == 5
    assert gt.load(found.save(tmp_path / "found.npz")) == found
    assert list(gt.applies(told, runs, curves=["test_loss"]).curves) == ["test_loss"]


def test_refusals(told, rng):
    log = log_of([np.asarray(told[name].median) for name in told.curves])
    with pytest.raises(gt.BadValue, match=r"log has x in step.*in_units_of"):
        gt.applies(told, log.scaled(x=(20.0, "step", "")))
    with pytest.raises(gt.BadValue, match="forecast is 3"):
        gt.applies(3, log)
    with pytest.raises(gt.BadValue, match="log is a int"):
        gt.applies(told, 3)
    with pytest.raises(gt.BadValue, match="Forecast at the x of the log"):
        gt.applies(told, log.scaled(x=(1e-9, "time", "tau")))
    with pytest.raises(gt.BadValue, match=r"curves is 'weight_norm'"):
        gt.applies(told, log, curves=["weight_norm"])


@pytest.mark.statistical
def test_theories_are_ranked_by_what_they_say_of_a_run(rng, plausible):
    """The right one is never told to be worse; would notice densities at points that one theory leaves out."""
    noisy, right, same = TeacherStudent(2.0, 2.0, noise=1.5), PROBLEM, TeacherStudent(2.0, 5.1)
    told = forecasts(noisy, right, same)
    wrong = 0
    for _ in range(20):
        found = gt.rank(told, log_of(trained(rng)))
        names = [each.problem for each in found.forecasts]
        assert not found.apart[0]
        wrong += bool(found.apart[names.index(right)])
        assert found.apart[names.index(noisy)]
        assert not found.apart[names.index(same)] or not found.apart[names.index(right)]
        assert "the best 2 of 3 cannot be told apart" in str(found)
    plausible(binomial(wrong, 20, (0.0, 0.01)))
    with pytest.raises(gt.BadValue, match="forecasts has 1"):
        gt.rank(told[:1], log_of(trained(rng)))


def test_an_overlay_with_a_forecast_carries_its_verdict(rng, told):
    log = log_of(trained(rng))
    over = gt.overlay(log, told)
    assert over.verdict == over.applicability.verdict == gt.applies(told, log).verdict
    part = over["train"][""]
    assert (part.low < part.theory).all()
    assert (part.theory < part.high).all()
    assert str(over).startswith(f"{over.verdict}: ")
    other = forecasts(TeacherStudent(2.0, 50.0))[0]
    assert gt.overlay(log, other).verdict == "does not apply"
    both = gt.overlay(log, [other, told])
    assert both.forecast is told
    assert both.ranking.apart[1]
    assert "log score per run" in str(both)
    with pytest.raises(gt.BadValue, match="beside a Forecast"):
        gt.overlay(log, told, dynamics=gt.GradientFlow())


def test_a_key_changes_draws_and_no_verdict(told):
    again = forecasts(PROBLEM, key=jax.random.key(5))[0]
    log = log_of([np.asarray(told[name].high) * 0.99 for name in told.curves])
    assert gt.applies(again, log).verdict == gt.applies(told, log).verdict == "applies"
