"""The band of one run, held against runs of a plain NumPy code that shares nothing with the package."""

import jax
import numpy as np
import pytest
from chance import binomial, spread

import grok_theory as gt
from benchmarks.plain_runs import regression
from grok_theory.linear import CorrelatedInputs, TeacherStudent, forecast, simulate

PROBLEM = TeacherStudent(samples_per_dim=2.0, snr=5.0, inr=1.0)
TIMES = np.geomspace(0.05, 20.0, 63)  # one length: compiled once


@pytest.fixture(scope="module")
def told():
    return forecast(PROBLEM, TIMES, dim=60)


@pytest.mark.statistical
def test_runs_of_another_code_stay_inside(rng, plausible):
    """Settings by settings; would notice a missing shift, a Gaussian law, or pointwise ends for simultaneous ones."""
    inside, looked, order = [], 0, 0
    for alpha, snr, inr, decay, dim, last in (
        (2.0, 5.0, 0.0, 0.0, 60, 20.0), (0.5, 2.0, 1.0, 0.0, 100, 6.0), (4.0, 0.5, 0.0, 0.3, 40, 20.0),
        (1.0, 5.0, 0.0, 0.1, 80, 20.0), (1.5, 1.0, 3.0, 0.0, 50, 20.0), (0.3, 5.0, 0.0, 0.2, 100, 20.0),
    ):  # fmt: skip
        times = np.geomspace(0.05, last, 63)
        found = forecast(TeacherStudent(alpha, snr, inr, weight_decay=decay), times, dim=dim)
        setting = {"samples_per_dim": alpha, "snr": snr, "inr": inr, "weight_decay": decay}
        curves = np.array([regression(rng, times, dim=dim, **setting) for _ in range(30)])
        for i, name in enumerate(("train_loss", "test_loss")):
            within = (found[name].low <= curves[:, i]) & (curves[:, i] <= found[name].high)
            inside.append(int(within.all(1).sum()))
            looked += 30
            # A run that stays inside crosses between the ends of the inverted band: a theorem, not an estimate.
            for level in np.geomspace(found[name].median[-1] * 1.02, found[name].median[0] * 0.98, 5):
                low, high = inverted(times, found[name], level)
                first = np.array([inverted(times, (run,) * 3, level)[0] for run in curves[within.all(1), i]])
                assert ((low <= first) & (first <= high)).all()
                order += first.size
    assert order > 1000
    assert min(inside) >= 18
    plausible(binomial(sum(inside), looked, (0.87, 0.93)))


def inverted(x, band, level):
    """First grid points at which low and high of a band are at the level or below; inf where they are not."""
    below = [np.flatnonzero(np.asarray(part) <= level) for part in band[1:]]
    return tuple(x[found[0]] if found.size else np.inf for found in below)


@pytest.mark.statistical
def test_times_and_delays_of_another_code(rng, plausible):
    """Would notice train and test loss drawn apart, and fractions of the mean start."""
    hits = {"fraction": 0, "threshold": 0, "delay": 0, "factor": 0}
    setting = {"samples_per_dim": 2.0, "snr": 5.0}
    times = np.geomspace(0.02, 20.0, 63)
    found = forecast(TeacherStudent(**setting), times, dim=60)
    says = {
        "fraction": found.crossing("train_loss", fraction=0.3),
        "threshold": found.crossing("test_loss", 3.0),
        "delay": found.delay(1.2, 3.0),
    }
    says["factor"] = says["delay"].factor
    assert says["delay"].low < says["delay"].median < says["delay"].high
    for _ in range(300):
        train, test = regression(rng, np.concatenate([[0.0], times]), dim=60, **setting)
        first = {
            "fraction": past(times, train[1:], 0.3 * train[0]),
            "threshold": past(times, test[1:], 3.0),
            "train": past(times, train[1:], 1.2),
        }
        first["delay"] = first["threshold"] - first["train"]
        first["factor"] = first["threshold"] / first["train"]
        for name in hits:
            hits[name] += says[name].low <= first[name] <= says[name].high
    plausible(binomial(np.array(list(hits.values())), 300, (0.86, 0.945)))


@pytest.mark.statistical
@pytest.mark.parametrize("x", [np.linspace(0.0, 10.0, 11), np.array([0.0, 1.0, 10.0]), np.linspace(0, 10, 41)])
def test_a_coarse_grid_holds_the_runs_that_it_says(rng, plausible, x):
    """Straight lines on eleven times said .65 to .93 where half of all runs are past before .49."""
    found = forecast(TeacherStudent(2.0, 5.0), x, dim=100)
    fine = np.concatenate([[0.0], np.geomspace(0.02, 20.0, 300)])
    says = [found.crossing("test_loss", 2.5), found.crossing("train_loss", 1.0), found.delay(1.0, 2.5)]
    hits = np.zeros(4)
    for _ in range(120):
        train, test = regression(rng, fine, dim=100, samples_per_dim=2.0, snr=5.0)
        one, other = past(fine, train, 1.0), past(fine, test, 2.5)
        runs = (other, one, other - one, other / one)
        hits += [time.low <= at <= time.high for time, at in zip([*says, says[2].factor], runs, strict=True)]
    plausible(binomial(hits, 120, (0.88, 1.0)))
    coarse = x[1] == 1.0
    assert all(bool(time.remark) == coarse for time in says[:2])
    assert ("times lie too far apart" in str(says[0])) == coarse


def past(x, curve, level):
    at = int(np.argmax(curve <= level))
    share = np.log(curve[at - 1] / level) / np.log(curve[at - 1] / curve[at])
    return x[at - 1] + share * (x[at] - x[at - 1])


@pytest.mark.slow  # a minute of training
@pytest.mark.statistical
def test_its_width_is_that_of_simulated_runs(key, plausible):
    for i, dim in enumerate((100, 400)):
        runs = simulate(PROBLEM, TIMES, dim=dim, runs=400, key=jax.random.fold_in(key, i))
        found = forecast(PROBLEM, TIMES, dim=dim)
        for name in ("train_loss", "test_loss"):
            plausible(spread(np.log(runs[name])[:, ::6], found.scatter[name][::6], margin=0.02), of=4)


def test_wider_for_more_and_nothing_at_infinite_size(told):
    other = forecast(PROBLEM, TIMES, dim=60, level=0.99)
    big = forecast(PROBLEM, TIMES, dim=10**8)
    theory = gt.linear.solve(PROBLEM, TIMES)
    for name in ("train_loss", "test_loss"):
        for part in ("curves", "pointwise"):
            narrow, wide = getattr(told, part)[name], getattr(other, part)[name]
            assert ((wide.low < narrow.low) & (narrow.high < wide.high)).all()
            assert (np.asarray(narrow.median) == wide.median).all()
        assert ((told[name].low < told.pointwise[name].low) & (told.pointwise[name].high < told[name].high)).all()
        for part in big[name]:
            np.testing.assert_allclose(part, theory[name], rtol=2e-3, atol=0)
    for time in (told.crossing("test_loss", 4.0), told.delay(0.5, 0.7, fraction=True)):
        assert time.low < time.median < time.high
    wide, narrow = other.crossing("test_loss", 4.0), told.crossing("test_loss", 4.0)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_time_beyond_the_record_is_open(told):
    never = told.crossing("test_loss", 0.5)
    assert (never.low, never.median, never.high) == (TIMES[-1], np.inf, np.inf)
    assert never.probability == 0.5 / 1001
    some = told.crossing("test_loss", float(np.median(told.draws["test_loss"].min(1))))
    assert 0.3 < some.probability < 0.7
    assert np.isinf(some.high)
    assert some.low < TIMES[-1]
    assert "open" in str(some)
    last = told.crossing("test_loss", 4.0, last=True)
    assert (np.asarray(last.times) >= np.asarray(told.crossing("test_loss", 4.0).times)).all()


def test_units_of_time_leave_the_factor_of_a_delay(told):
    """Descent with a small step is the flow, told in steps."""
    steps = np.unique(np.round(TIMES / 0.001))
    by_steps = forecast(PROBLEM, steps, dim=60, dynamics=gt.GradientDescent(0.001))
    flow, descent = told.delay(0.5, 0.7, fraction=True), by_steps.delay(0.5, 0.7, fraction=True)
    np.testing.assert_allclose(flow.factor.median, descent.factor.median, rtol=0.02, atol=0)
    np.testing.assert_allclose(flow.factor.high, descent.factor.high, rtol=0.05, atol=0)
    assert by_steps.x_name == "step"


def test_a_finite_test_sample_widens_the_test_loss_alone(told):
    some = forecast(PROBLEM, TIMES, dim=60, test_samples=50)
    assert (some.scatter["train_loss"] == told.scatter["train_loss"]).all()
    np.testing.assert_allclose(
        some.scatter["test_loss"] ** 2 - told.scatter["test_loss"] ** 2, np.log1p(2 / 50), rtol=1e-9, atol=0
    )


def test_it_is_saved_and_printed(told, tmp_path):
    assert gt.load(told.save(tmp_path / "told.npz")) == told
    delay = told.delay(0.5, 0.7, fraction=True)
    assert gt.load(delay.save(tmp_path / "delay.npz")) == delay
    assert "90% of runs stay inside along the whole curve" in str(told)
    assert "test time over train time" in str(delay)
    again = forecast(PROBLEM, TIMES, dim=60, key=jax.random.key(3))
    assert (again.draws["test_loss"] != told.draws["test_loss"]).all()
    np.testing.assert_allclose(again["test_loss"].high, told["test_loss"].high, rtol=0.02, atol=0)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"dim": 100, "problem": TeacherStudent(0.5, 5.0), "x": TIMES * 10}, r"train_loss.*self-averaging.*curves=\["),
        ({"dim": 3.5}, r"dim is 3.5"),
        ({"dim": 101, "problem": TeacherStudent(0.5, 5.0)}, r"nearest usable dim"),
        ({"dim": 100, "level": 1.0}, r"level is 1.0"),
        ({"dim": 100, "width": 10}, r"width is 10.*no hidden layer"),
        ({"dim": 100, "curves": ["weight_norm"]}, r"curves is 'weight_norm'"),
        ({"dim": 100, "curves": "test_loss"}, r"must list"),
        ({"dim": 100, "test_samples": 0}, r"test_samples is 0"),
        ({"dim": None}, r"dim is None"),
        ({"dim": 100, "problem": 3}, r"takes TeacherStudent"),
    ],
)  # fmt: skip
def test_refusals_name_what_is_wrong(ask, words):
    ask = {"problem": PROBLEM, "x": TIMES} | ask
    with pytest.raises(gt.BadValue, match=words):
        forecast(ask.pop("problem"), ask.pop("x"), **ask)


def test_a_late_train_loss_is_refused_alone():
    late = TIMES * 10
    found = forecast(TeacherStudent(0.5, 5.0), late, dim=100, curves=["test_loss"])
    assert list(found.curves) == ["test_loss"]
    for ask in ({}, {"threshold": 1.0, "fraction": 0.5}, {"threshold": -1.0}):
        with pytest.raises(gt.BadValue, match="threshold"):
            found.crossing("test_loss", **ask)
    with pytest.raises(gt.BadValue, match="no curve 'train_loss'"):
        found.delay(0.1, 0.1)


@pytest.mark.statistical
def test_of_given_inputs_it_comes_from_draws(key, plausible):
    problem = CorrelatedInputs(np.linspace(0.2, 2.0, 20), np.ones(20), samples=60.0, noise=1.0)
    x = TIMES[TIMES < 0.3]
    found = forecast(problem, x)
    assert (found.made_from, found.count, found.dim) == ("runs", 48, None)
    runs = simulate(problem, x, runs=80, key=key)
    inside = [
        int(((found[n].low <= runs[n]) & (runs[n] <= found[n].high)).all(1).sum()) for n in ("train_loss", "test_loss")
    ]
    plausible(binomial(np.array(inside), 80, (0.8, 0.98)))
