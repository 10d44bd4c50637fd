"""`forecast_delay`: the arithmetic of its dates by hand, every reason for which it abstains, odd records, refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines_by_hand import line_by_definition

import grok_theory as gt
from grok_theory import observables
from grok_theory.observables import Clock, Quantiles, Sibling, Table, calibrate, decay_rate, forecast_delay

ACC = {"train_threshold": 0.99, "test_threshold": 0.95, "rising": True, "chance": 0.1}
LOSS = {"train_threshold": 0.99, "test_threshold": 0.05, "rising": (True, False), "chance": 0.1}


def grokking(goal=600.0, width=70.0, end=400.0, step=10.0):
    """x, a train accuracy that saturates at 92, and a test accuracy that rises around `goal`."""
    x = np.arange(0.0, end, step)
    return x, 1 - np.exp(-x / 20), 0.1 + 0.9 / (1 + np.exp((goal - x) / width))


def test_a_date_by_hand():
    """The line, the quantiles of the table and the units, in plain Python: an accuracy at 60 % of its way."""
    x, train, test = grokking(goal=370.0)
    found = forecast_delay(x, train, test, **ACC)
    shares = [(a - 0.1) / 0.9 for a in test]
    y = line_by_definition(x.tolist(), shares, (0.95 - 0.1) / 0.9)[2]
    assert found.status == "moving"
    assert found.progress == pytest.approx(shares[-1], rel=1e-12, abs=0)
    assert found.time == pytest.approx(390 * math.exp(1.05 * y), rel=1e-9, abs=0)
    assert found.interval == pytest.approx((390 * math.exp(0.40 * y), 390 * math.exp(2.41 * y)), rel=1e-9, abs=0)
    assert found.if_it_arrives == pytest.approx(390 * math.exp(2.39 * y), rel=1e-9, abs=0)
    assert (found.not_before, found.rough, found.from_siblings, found.reason) == (390.0, False, False, "")
    assert found.delay == found.time - found.train_time


def test_quantiles_between_rows():
    """A loss at a quarter of its way: between 0.2 and 0.3; the upper end of 95 % is infinite from 0.2 on."""
    loss = observables.default_table().loss
    assert loss.at(0.25, 0.5) == pytest.approx((1.03 + 0.83) / 2)
    assert loss.at(0.15, 0.05) == 0.80
    assert loss.at(0.175, 0.95) == math.inf
    assert loss.at(0.15, 0.95) == 3.29
    assert loss.at(0.9, 0.9) == 0.99
    assert loss.arrived_at(0.4) == pytest.approx((1.39 + 0.95) / 2)


def falling(progress, rows=30, top=2.0, goal=0.05, rise=40):
    """A test loss that rises to `top` and falls to this `progress`, in equal steps of its logit."""
    ends = [math.log(p / (1 - p)) for p in (0.01, progress)]
    shares = 1 / (1 + np.exp(-np.linspace(*ends, rows)))
    return np.concatenate([np.linspace(0.5, top, rise), top * (goal / top) ** shares])


def test_a_date_of_a_loss():
    test = falling(0.25)
    x = np.arange(1.0, test.size + 1)
    train = np.where(x > 20, 1.0, 0.5)
    found = forecast_delay(x, train, test, **LOSS)
    line = line_by_definition(x.tolist(), [0.0] * 40 + (np.log(2 / test[40:]) / np.log(2 / 0.05)).tolist(), 0.97)
    assert found.progress == pytest.approx(0.25)
    assert found.time == pytest.approx(x[-1] * math.exp(0.93 * line[2]), rel=1e-6, abs=0)
    assert found.interval == pytest.approx([x[-1] * math.exp(q * line[2]) for q in (0.63, 2.035)], rel=1e-6, abs=0)


def said(x, train, test, **asked):
    found = forecast_delay(x, train, test, **{**ACC, **asked})
    return found.status, found.dated, found.reason


def test_every_abstention_and_its_reason():
    x, train, test = grokking(goal=370.0)
    assert said(x, 0.5 * train, test)[:2] == ("not fitted", False)
    assert "train curve is not past" in said(x, 0.5 * train, test)[2]
    silent = said(*grokking(goal=900.0))
    assert silent[:2] == ("silent", False)
    assert "a fifth" in silent[2]
    early = said(x, np.where(x >= 300, 1.0, 0.5), test)
    assert early[:2] == ("moving", False)
    assert "before memorization: no separate delay" in early[2]
    few = said(x, train, np.where(x < 370, 0.1, 0.6))
    assert few[:2] == ("moving", False)
    assert "log more often" in few[2]
    status, dated, reason = said(*grokking(goal=450.0))
    assert (status, dated) == ("moving", True)
    assert "good from 50 %" in reason
    assert forecast_delay(*grokking(goal=450.0), **ACC).rough
    fell = said(x, train, np.where(x < 350, test, 0.15))
    assert fell[:2] == ("stalled", False)
    assert "stalled or collapsing" in fell[2]
    flat = said(x, np.ones(x.size), 0.6 - 1e-4 * x)
    assert flat[:2] == ("stalled", False)
    muon = said(x, train, test, optimizer="optax.contrib.muon")
    assert muon[:2] == ("moving", False)
    assert "of another kind" in muon[2]
    for known in ("AdamW", "adamw_torch_fused", "torch.optim.SGD", ""):
        assert said(x, train, test, optimizer=known)[1]


def test_a_regression_is_dated_late_and_never_bounded():
    x = np.arange(1.0, 71)
    train = np.where(x > 20, 0.001, 0.5)
    asked = {**LOSS, "train_threshold": 0.01, "rising": False}
    for progress, dated in ((0.3, False), (0.45, False), (0.6, True)):
        found = forecast_delay(x, train, falling(progress), **{**asked, "chance": 0.0})
        assert (found.dated, found.rough) == (dated, dated)
        assert ("tend to be early" if dated else "without a chance level") in found.reason
        assert forecast_delay(x, train, falling(progress), **asked).dated  # a classifier's, by its chance
    silent = forecast_delay(x[:45], train[:45], falling(0.6)[:45], **{**asked, "chance": 0.0})
    assert (silent.status, silent.not_before) == ("silent", silent.now)


def test_reached_and_fallen_back():
    x, train, test = grokking(goal=100.0, width=20.0)
    found = forecast_delay(x, train, test, **ACC)
    crossed = observables.crossing_time(x, test, 0.95, rising=True).time
    assert (found.status, found.time, found.interval) == ("reached", crossed, (crossed, crossed))
    assert math.isnan(found.not_before)
    back = forecast_delay(x, train, np.where(x < 350, test, 0.4), **ACC)
    assert (back.status, back.time) == ("reached", crossed)
    assert "fallen back" in back.reason


def test_siblings():
    """T = median of T_s (gamma_s/gamma)^.8 (t_mem/t_mem,s)^.2, of the delay; the factors of one and of seven."""
    x, train, test = grokking(goal=2000.0)
    t_mem = observables.crossing_time(x, train, 0.99, rising=True).time
    three = [Sibling(500.0, 40.0, 1e-3), Sibling(900.0, 90.0, 2e-3), Sibling(5000.0, 50.0, 1e-4)]
    each = sorted(s.delay * (s.decay_rate / 5e-4) ** 0.8 * (t_mem / s.train_time) ** 0.2 for s in three)
    found = forecast_delay(x, train, test, **ACC, siblings=three, decay_rate=5e-4)
    assert found.from_siblings
    assert found.status == "silent"
    assert found.time == pytest.approx(t_mem + each[1], rel=1e-12, abs=0)
    assert found.interval == pytest.approx(
        (max(t_mem + 0.42 * each[1], 468.0), t_mem + 3.2 * each[1]), rel=1e-12, abs=0
    )
    seven = forecast_delay(x, train, test, **ACC, siblings=[three[1]] * 7, decay_rate=5e-4, confidence=0.9)
    delay = 900 * 4**0.8 * (t_mem / 90) ** 0.2
    assert seven.interval == pytest.approx((t_mem + 0.46 * delay, t_mem + 7.5 * delay), rel=1e-12, abs=0)
    pure = Table("a clock", clock=Clock(1.0, 0.0, ((0.8, 1, 0.5, 2.0),)), accuracy=observables.default_table().accuracy)
    clocked = forecast_delay(x, train, test, **ACC, siblings=three[:1], decay_rate=5e-4, table=pure)
    assert clocked.time == pytest.approx(t_mem + 1000.0, rel=1e-12, abs=0)


def test_siblings_that_say_nothing():
    x, train, test = grokking(goal=2000.0)
    one = [Sibling(500.0, 40.0, 1e-3)]
    still = forecast_delay(x, train, test, **ACC, siblings=one, decay_rate=0.0)
    assert not still.dated
    assert "no clock" in still.reason
    assert not forecast_delay(x, train, test, **ACC, siblings=[Sibling(500.0, 40.0, 0.0)], decay_rate=1e-3).dated
    past = forecast_delay(x, train, test, **ACC, siblings=[Sibling(50.0, 40.0, 1e-3)], decay_rate=1e-3)
    assert not past.dated
    assert past.interval == (468.0, math.inf)
    assert "which is past" in past.reason
    late = forecast_delay(x, train, test, **ACC, siblings=[Sibling(200.0, 90.0, 1e-3)], decay_rate=1e-3)
    assert not late.dated
    assert late.interval[0] == 468.0 < late.interval[1] < math.inf
    # A date with a promise from the line goes before that of siblings; a rough one does not.
    good = grokking(goal=370.0)
    assert not forecast_delay(*good, **ACC, siblings=[Sibling(3000.0, 90.0, 1e-3)], decay_rate=1e-3).from_siblings
    rough = grokking(goal=450.0)
    assert forecast_delay(*rough, **ACC, siblings=[Sibling(3000.0, 90.0, 1e-3)], decay_rate=1e-3).from_siblings


def test_the_rate_of_decay():
    assert decay_rate("adamw", 2e-3, 0.5) == 1e-3
    assert decay_rate("SGD", 0.1, 1e-3, momentum=0.9) == pytest.approx(1e-3)
    assert decay_rate("sgdw", 0.1, 1e-3, momentum=0.9) == pytest.approx(1e-4)
    with pytest.raises(gt.BadValue, match=r"'adam', but Adam with its decay in the gradient.*'adamw'"):
        decay_rate("adam", 2e-3, 0.5)
    with pytest.raises(gt.BadValue, match=r"'muon'.*no clock was measured"):
        decay_rate("muon", 2e-3, 0.5)


@given(
    rows=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    rising=st.tuples(st.booleans(), st.booleans()),
    kind=st.sampled_from(["constant", "nan", "all nan", "noise", "step"]),
    chance=st.sampled_from([0.0, 0.1]),
)
@settings(deadline=None, max_examples=150)
def test_any_record_has_a_status(rows, seed, rising, kind, chance):
    """No crash and nothing without a status: constants, gaps, one row; every field is what a saved one may hold."""
    draws = np.random.default_rng(seed)
    x = np.cumsum(draws.random(rows) + 0.1) - 0.1 * (seed % 2)
    curves = [np.sort(draws.random(rows))[:: 1 if up else -1] for up in rising]
    if kind == "constant":
        curves = [np.full(rows, draws.choice([0.0, 0.5, 1.0])) for _ in curves]
    if kind == "nan":
        curves = [np.where(draws.random(rows) < 0.5, np.nan, c) for c in curves]
    if kind == "all nan":
        curves[seed % 2] = np.full(rows, np.nan)
    if kind == "step":
        curves = [np.where(np.arange(rows) < rows // 2, 1.0 - up, up + 0.0) for up in rising]
    found = forecast_delay(x, *curves, train_threshold=0.5, test_threshold=0.6, rising=rising, chance=chance)
    assert found.status in ("not fitted", "silent", "moving", "stalled", "reached")
    assert found.now == x[-1]
    assert str(found).startswith("now ")
    found.check_read()


def test_a_run_that_crashed():
    x, train, test = grokking(goal=370.0)
    over = np.where(x >= 300, np.nan, 1.0)
    found = forecast_delay(x, train * over, test * over, **ACC)
    assert (found.status, found.dated) == ("stalled", False)
    assert "no number was logged from 300 on: the run has crashed" in found.reason
    # One curve logged every other row has not crashed.
    assert forecast_delay(x[:-1], train[:-1], np.where(x % 20 == 0, test, np.nan)[:-1], **ACC).status == "moving"


def test_a_loss_that_diverged():
    """An inf was logged: at the end the run has crashed, in the middle it came back."""
    x = np.arange(0.0, 400, 10)
    loss, goal = 2 * np.exp(-x / 100), {**LOSS, "train_threshold": 0.01, "rising": False}
    found = forecast_delay(x, np.exp(-x / 20), np.where(x >= 300, np.inf, loss), **goal)
    assert (found.status, found.dated) == ("stalled", False)
    assert "no number was logged from 300 on: the run has crashed" in found.reason
    thinly = np.where(x % 30 == 0, np.where(x >= 200, np.inf, loss), np.nan)
    assert "from 210 on" in forecast_delay(x, np.exp(-x / 20), thinly, **goal).reason
    assert forecast_delay(x, np.exp(-x / 20), np.where(x == 200, np.inf, loss), **goal, at=300).status == "moving"


@pytest.mark.parametrize("ending", [3850, 3890, 3900])
def test_nan_between_evaluations_is_no_crash_until_the_next_was_due(tmp_path, ending):
    x = np.arange(0.0, ending + 1, 10)
    train, test = 1 - np.exp(-x / 20), 0.1 + 0.9 / (1 + np.exp((3500 - x) / 800))
    test[x % 100 != 0] = np.nan
    if ending == 3900:
        test[-1] = np.nan
    rows = "\n".join(f"{a:g},{b:.8f},{c:.8f}" for a, b, c in zip(x, train, test, strict=True))
    (tmp_path / "log.csv").write_text(f"step,train_acc,test_acc\n{rows}\n")
    log = gt.read_log(tmp_path / "log.csv")
    asked = {name: ACC[name] for name in ("train_threshold", "test_threshold")}
    found, slow = forecast_delay(log, chance=0.1, **asked), observables.log_delay(log, **asked)
    if ending == 3900:
        assert "from 3810 on: the run has crashed" in found.reason
    else:
        assert found.time == pytest.approx(forecast_delay(x, train, test, **ACC).time, rel=1e-6, abs=0)
        assert (slow.left_out, bool(slow.delay.censored)) == ({}, True)


def test_a_test_curve_that_is_rarely_logged_is_told_from_its_last_row():
    """Nothing is known of it since: not a bound by rows of the train curve, and no date that lies before them."""
    x, train, test = grokking(goal=1400.0, width=50.0, end=3001.0)
    rarely = np.where(x % 1000 == 0, test, np.nan)
    found = forecast_delay(x, train, rarely, **ACC, at=1990)
    assert (found.status, found.now, found.not_before) == ("silent", 1990.0, 1200.0)
    assert found.interval == (1200.0, math.inf)
    assert "last logged at 1000: log it" in found.reason
    assert "not before" not in str(found)  # which would be before now
    x, train, test = grokking(goal=1500.0, width=300.0, end=10001.0)
    stopped = forecast_delay(x, train, np.where((x % 100 == 0) & (x <= 2000), test, np.nan), **ACC)
    assert (stopped.status, stopped.dated, stopped.not_before) == ("moving", False, 2000.0)
    assert "last logged at 2000: log it; from there its date is past" in stopped.reason
    family = [Sibling(delay=3000.0, train_time=92.1, decay_rate=1e-3)]
    clocked = forecast_delay(x, train, np.where(x == 0, test, np.nan), **ACC, siblings=family, decay_rate=1e-3)
    assert not clocked.dated  # it says 3092, which is past


def test_per_cent_beside_a_fraction_is_refused(tmp_path):
    x, train, test = grokking(goal=370.0)
    with pytest.raises(gt.BadValue, match=r"the threshold 0\.99 of train is a fraction, .* per cent\. Write 99"):
        forecast_delay(x, 100 * train, 100 * test, **ACC)
    rows = "\n".join(f"{a:g},{100 * b:.8f},{100 * c:.8f}" for a, b, c in zip(x, train, test, strict=True))
    (tmp_path / "log.csv").write_text(f"step,train,test\n{rows}\n")
    log = gt.read_log(tmp_path / "log.csv")
    with pytest.raises(gt.BadValue, match=r"the threshold 0\.95 of test is a fraction"):
        forecast_delay(log, train_threshold=99, test_threshold=0.95, rising=True, chance=0.1)
    told = forecast_delay(log, train_threshold=99, test_threshold=95, rising=True, chance=0.1)
    assert told.time == pytest.approx(forecast_delay(x, train, test, **ACC).time, rel=1e-6, abs=0)


def test_what_it_says():
    x = np.arange(0.0, 191.0, 5)
    train = np.where(x < 59, x / 60, 1.0)
    test = np.full(x.size, 0.04)
    found = forecast_delay(x, train, test, train_threshold=0.98, test_threshold=0.95, rising=True)
    assert str(found) == (
        "now 190: memorized at 58.8, test 4 % of the way: no date can be given; not before 228. Log on; ask again "
        "when the test curve has moved a fifth."
    )
    dated = str(forecast_delay(*grokking(goal=370.0), **ACC))
    assert "the goal is expected at" in dated
    assert "(80 %: " in dated
    assert "if it does not stall, by" in dated
    assert "open" in str(forecast_delay(*grokking(goal=900.0, width=500.0), **ACC))
    assert "rough, no coverage promised" in str(forecast_delay(*grokking(goal=450.0), **ACC))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"chance": 1.0}, r"chance is 1.0, but it must be in \[0, 1\)"),
        (
            {"test_threshold": 95.0},
            "the threshold 95 of test is in per cent, but the values go up to 0.142683: fractions",
        ),
        ({"test_threshold": 0.05}, r"above chance \(0.1\)"),
        ({"test_threshold": 0.0, "rising": (True, False)}, "test_threshold is 0.0, but it must be positive"),
        ({"train_threshold": np.nan}, "train_threshold is nan"),
        ({"confidence": 0.5}, "confidence is 0.5, but the table knows 0.8"),
        ({"confidence": 0.9}, "confidence is 0.9, but the table knows 0.8"),
        ({"confidence": 2.0}, "confidence is 2.0"),
        ({"siblings": [Sibling(1.0, 1.0, 1.0)]}, "decay_rate is left out"),
        ({"siblings": [1.0], "decay_rate": 1.0}, r"siblings\[0\] is 1.0, but it must be a Sibling"),
        ({"decay_rate": -1.0}, "decay_rate is -1.0"),
        ({"table": "mine"}, "table is 'mine', but it must be a Table"),
        ({"at": -1.0}, "at is -1, but the record begins at 0"),
        ({"rising": (True, True, True)}, "rising is"),
        ({"rising": False}, "train is said to fall past 0.99|test is said to fall|test_threshold"),
    ],
)
def test_refusals(asked, message):
    with pytest.raises(gt.BadValue, match=message):
        forecast_delay(*grokking(), **{**ACC, **asked})


def test_refusals_of_records():
    x, train, test = grokking()
    for bad, message in (
        ((x - 1, train, test), r"x\[0\] is -1.0"),
        ((x[::-1], train, test), "must be finite and above"),
        ((x, train[:-1], test), "train has shape"),
        ((x, train, np.stack([test, test])), "a forecast is of one run"),
        ((x, train), "test is left out"),
    ):
        with pytest.raises(gt.BadValue, match=message):
            forecast_delay(*bad, **ACC)
    for bad in ((0.0, 1.0, 1.0), (1.0, np.nan, 1.0), (1.0, 1.0, -1.0), (np.inf, 1.0, 1.0)):
        with pytest.raises(gt.BadValue):
            Sibling(*bad)


def test_saved_and_loaded(tmp_path):
    found = forecast_delay(*grokking(goal=370.0), **ACC)
    back = gt.load(found.save(tmp_path / "forecast.npz"))
    assert vars(back) == vars(found) | {"train_time": back.train_time}
    assert str(back) == str(found)
    nothing = forecast_delay(*grokking(goal=900.0), **ACC)
    assert str(gt.load(nothing.save(tmp_path / "nothing.npz"))) == str(nothing)
    table = observables.default_table()
    again = gt.load(table.save(tmp_path / "table.npz"))
    assert str(again) == str(table)
    same = forecast_delay(*grokking(goal=370.0), **ACC, table=again)
    assert same == found
    for wrong in ({"status": "soon"}, {"now": math.inf}, {"progress": 2.0}, {"interval": (2.0, 1.0)}, {"rough": 1}):
        with pytest.raises(gt.BadValue, match=next(iter(wrong))):
            replace(found, **wrong)
    with pytest.raises(gt.BadValue, match="do not increase"):
        Quantiles(np.array([0.3, 0.2]), (0.5,), np.ones((2, 1)), np.ones(2), ())
    with pytest.raises(gt.BadValue, match="levels"):
        Quantiles(np.array([0.2]), (0.1, 0.9), np.ones((1, 2)), np.ones(1), ())


def test_a_table_of_one_s_own():
    """Runs that are logistic in x: the ratio true/line by hand, censored ones as later, families of equal weight."""
    goals = [300.0, 350.0, 400.0, 500.0, 600.0, 700.0]
    runs = [grokking(goal=goal, width=30.0 + goal / 20, end=1500.0, step=5.0) for goal in goals]
    cut = [tuple(part[:130] for part in run) for run in runs[-1:]]  # ends at 645: never came to its goal
    asked = {"train_threshold": 0.99, "test_threshold": 0.95, "rising": True, "chance": 0.1}
    table = calibrate([*runs, *cut], **asked, progress=[0.3], families=["a"] * 6 + ["b"], confidence=(0.8,))
    ratios = []
    for x, _, test in runs:
        shares = (test - 0.1) / 0.9
        k = int(np.argmax(shares >= 0.3))
        y = line_by_definition(x[: k + 1].tolist(), shares[: k + 1].tolist(), (0.95 - 0.1) / 0.9)[2]
        ratios.append(math.log(np.interp(0.95, test, x) / x[k]) / y)
    # Each of family a weighs 1/6, of which the smallest are below the censored one; then all of what is left is halved.
    assert table.accuracy.at(0.3, 0.5) in [pytest.approx(r, rel=1e-9, abs=0) for r in ratios]
    assert table.accuracy.at(0.3, 0.05) == pytest.approx(min(ratios), rel=1e-9, abs=0)
    assert table.accuracy.arrived_at(0.3) == pytest.approx(max(ratios), rel=1e-9, abs=0)
    found = forecast_delay(*(part[:100] for part in runs[3]), **asked, table=table)
    assert found.dated
    assert not found.rough
    assert "7 runs of 2 families" in str(table)
    with pytest.raises(gt.BadValue, match=r"the table knows 0\.8"):
        forecast_delay(*runs[0], **asked, table=table, confidence=0.5)
    missing = forecast_delay(np.arange(1.0, 71), np.ones(70), falling(0.3), **LOSS, table=table)
    assert not missing.dated
    assert "no losses" in missing.reason
    with pytest.raises(gt.BadValue, match=r"1 runs have a line at progress 0\.3"):
        calibrate(runs[:1], **asked, progress=[0.3])
    with pytest.raises(gt.BadValue, match="families has 1 names for 6"):
        calibrate(runs, **asked, families=["a"])


def test_quantiles_of_censored_runs():
    """Kaplan-Meier by hand: arrivals at 1 and 3, a censoring at 2 of the same family and one at 4 of another."""
    from grok_theory.observables.forecast_calibration import Ratio, weighted_quantiles

    runs = [Ratio("a", 1.0, False), Ratio("a", 2.0, True), Ratio("a", 3.0, False), Ratio("b", 4.0, True)]
    # Weights 1/3, 1/3, 1/3, 1 of 2: gone 1/6 at 1; at 3, 1/4 of what is left: 1 - 5/6 3/4 = 3/8.
    assert weighted_quantiles(runs, (0.1, 1 / 6, 0.2, 0.375, 0.5)) == [1.0, 1.0, 3.0, 3.0, math.inf]
