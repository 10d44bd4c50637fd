"""Forecasts along the life of 38 runs that were recorded to their end: what is promised is held against what came."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from grok_theory.observables import Sibling, decay_rate, forecast_delay

LOGS = Path(__file__).parents[1] / "logs"
with open(LOGS / "index.csv", newline="") as file:
    INDEX = list(csv.DictReader(file))
KINDS = [(row, kind) for row in INDEX for kind in (("acc", "loss") if row["chance"] else ("loss",))]


@cache
def columns(name):
    return np.genfromtxt(LOGS / name, delimiter=",", names=True)


def record(row, kind):
    """(x, train, test), what is asked of them, and when the goal came."""
    d = columns(row["file"])
    asked = {
        "train_threshold": float(row["mem_threshold"]),
        "test_threshold": 0.95 if kind == "acc" else float(row["loss_goal"]),
        "rising": (row["mem_curve"].endswith("acc"), kind == "acc"),
        "chance": float(row["chance"] or 0),
    }
    return (
        (d["step"], d[row["mem_curve"]], d[f"test_{kind}"]),
        asked,
        float(row["t_grok" if kind == "acc" else "t_loss_goal"]),
    )


# A sixth of them always; the others where everything is run.
LIVES = [pytest.param(*each, marks=() if i % 6 == 0 else pytest.mark.slow) for i, each in enumerate(KINDS)]


@pytest.mark.parametrize(("row", "kind"), LIVES, ids=lambda part: part["file"] if isinstance(part, dict) else part)
def test_the_life_of_a_run(row, kind):
    """As of k is the record up to k; no date before a tenth of the way; the goal is never before `not_before`."""
    curves, asked, goal = record(row, kind)
    regression = not row["chance"]
    for k in range(1, curves[0].size + 1):
        found = forecast_delay(*(part[:k] for part in curves), **asked)
        then = forecast_delay(*curves, **asked, at=curves[0][k - 1])
        assert repr(then) == repr(found)
        assert found.now == curves[0][k - 1]
        if found.status != "reached":
            assert not found.dated or found.progress >= (0.5 if regression else 0.1 if kind == "acc" else 0.15)
            assert not found.not_before > goal
            assert found.status != "silent" or found.not_before == (found.now if regression else 1.2 * found.now)
            assert found.interval[0] >= found.now
        if found.status == "not fitted":
            assert not found.now >= float(row["t_mem"]) * (1 + 1e-3)
        else:
            assert found.train_time == pytest.approx(float(row["t_mem"]), rel=1e-3, abs=0)
    assert (found.status == "reached") == (goal == goal)
    assert found.time == pytest.approx(goal, rel=1e-3, abs=0) or found.status != "reached"


@pytest.mark.parametrize("every", [100, 200, 500])
def test_a_test_curve_logged_now_and_then_is_never_at_its_goal_before_it_could_be(every):
    """Train at every row, test at some: as of each row, what is told of the goal is true of the whole record."""
    told = 0
    for row, kind in KINDS:
        (x, train, test), asked, goal = record(row, kind)
        thinned = np.where(x % every == 0, test, np.nan)
        for at in x[:: max(1, x.size // 12)]:
            found = forecast_delay(x, train, thinned, **asked, at=at)
            seen = x[(x % every == 0) & (x <= at)]
            if found.status == "reached":
                continue
            last = seen[-1] if seen.size else 0.0
            assert found.not_before in (last, 1.2 * last)
            assert not found.not_before > goal
            assert not found.dated or found.time > at
            told += found.status == "silent"
    assert told >= 80


def first_row(curves, asked, kind, progress):
    """The first row after memorization at which the test curve has come so far, by the definition; None if never."""
    x, train, test = curves
    past = train >= asked["train_threshold"] if asked["rising"][0] else train <= asked["train_threshold"]
    start = int(np.argmax(past))
    for k in range(start, x.size):
        if kind == "acc":
            share = (test[k] - asked["chance"]) / (1 - asked["chance"])
        else:
            most = test[start : k + 1].max()
            share = np.log(most / test[k]) / np.log(most / asked["test_threshold"])
        if share >= progress:
            return k
    return None


def first_dates(kind, progress):
    """(family, error of the delay or nan, whether the interval is right or may still be) at the first row so far."""
    for row, each in KINDS:
        if each != kind or not row["chance"]:
            continue
        curves, asked, goal = record(row, kind)
        k = first_row(curves, asked, kind, progress)
        found = None if k is None else forecast_delay(*curves, **asked, at=curves[0][k])
        if found is None or not found.dated or found.status == "reached":
            continue
        assert found.progress >= progress
        low, high = found.interval
        right = low <= goal <= high if goal == goal else high >= curves[0][-1]
        yield row["family"], abs(found.time - goal) / (goal - found.train_time), right


@pytest.mark.parametrize(("kind", "progress", "error"), [("loss", 0.2, 0.28), ("loss", 0.3, 0.28), ("acc", 0.5, 0.30)])
def test_errors_and_coverage_of_dates(kind, progress, error):
    """Mean error of the delay over families, and how often the 80 % interval held. These runs made the table."""
    found = list(first_dates(kind, progress))
    families = {}
    for family, off, _ in found:
        if off == off:
            families.setdefault(family, []).append(off)
    mean = np.mean([np.mean(each) for each in families.values()])
    coverage = np.mean([right for *_, right in found])
    print(f"{kind} at {progress:g}: {len(found)} dates, error {mean:.3f}, coverage {coverage:.3f}")
    assert len(found) >= 14
    assert mean <= error
    assert 0.75 <= coverage <= 1


@pytest.mark.parametrize("unit", [7.0, 1e-3])
@pytest.mark.parametrize("row", INDEX[::6], ids=lambda row: row["file"])
def test_another_unit_of_x_scales_every_time(row, unit):
    """Fails where a number of steps, or an absolute slope, stands in a rule."""
    kind = "acc" if row["chance"] else "loss"
    (x, train, test), asked, _ = record(row, kind)
    siblings = [Sibling(300.0, 40.0, 1e-3)]
    scaled = [Sibling(300.0 * unit, 40.0 * unit, 1e-3 / unit)]
    for k in range(1, x.size + 1, 9):
        here = forecast_delay(x[:k], train[:k], test[:k], **asked, siblings=siblings, decay_rate=2e-3)
        there = forecast_delay(unit * x[:k], train[:k], test[:k], **asked, siblings=scaled, decay_rate=2e-3 / unit)
        assert (here.status, here.from_siblings, here.rough) == (there.status, there.from_siblings, there.rough)
        for name in ("now", "train_time", "time", "interval", "if_it_arrives", "not_before"):
            np.testing.assert_allclose(getattr(there, name), unit * np.asarray(getattr(here, name)), rtol=1e-9, atol=0)
        np.testing.assert_equal(there.progress, here.progress)


def test_siblings_date_a_run_that_has_only_memorized():
    """Every pair of runs of one family and loss with AdamW: 80 % factors hold for at least 75 % of them."""
    runs = [
        (row, decay_rate("adamw", float(row["learning_rate"]), float(row["weight_decay"])))
        for row in INDEX
        if row["optimizer"] == "adamw" and row["t_grok"] != "nan" and float(row["weight_decay"]) > 0
    ]
    right = []
    for row, rate in runs:
        curves, asked, goal = record(row, "acc" if row["chance"] else "loss")
        for other, other_rate in runs:
            if other is row or other["family"] != row["family"]:
                continue
            known = Sibling(float(other["t_grok"]) - float(other["t_mem"]), float(other["t_mem"]), other_rate)
            memorized = curves[0][np.searchsorted(curves[0], float(row["t_mem"]))]
            found = forecast_delay(*curves, **asked, siblings=[known], decay_rate=rate, at=memorized)
            assert found.status == "silent"
            assert found.from_siblings
            low, high = found.interval
            right.append(low <= goal <= high)
    print(f"{sum(right)} of {len(right)} pairs")
    assert len(right) >= 12
    assert np.mean(right) >= 0.75


def test_laws_that_do_not_hold():
    """The figures of the docs' table: norms between memorization and grokking, and delay times decay."""
    grown = {"modadd": [], "other": []}
    products = []
    for row in INDEX:
        fitted, grokked = float(row["t_mem"]), float(row["t_grok"])
        if np.isnan(grokked):
            continue
        d = columns(row["file"])
        norm = np.hypot(d["norm_hidden"], d["norm_readout"])
        before, after = np.interp([fitted, grokked], d["step"], norm)
        grown["modadd" if row["task"] == "modadd" else "other"].append(after / before)
        if row["optimizer"] in ("adamw", "sgd") and float(row["weight_decay"]) > 0:
            products.append((grokked - fitted) * float(row["learning_rate"]) * float(row["weight_decay"]))
    modular, other = (np.array(grown[task]) for task in ("modadd", "other"))
    assert (modular.size, other.size) == (18, 5)
    assert [round(modular.min(), 2), round(modular.max(), 2)] == [1.06, 1.87]
    assert [round(other.min(), 2), round(other.max(), 2)] == [0.33, 0.81]
    assert [round(min(products), 1), round(max(products), 1)] == [0.1, 5.1]
    delays = {r["weight_decay"]: float(r["t_grok"]) - float(r["t_mem"]) for r in INDEX if r["file"].startswith("C_")}
    assert round(delays["0.0"]) == 196
