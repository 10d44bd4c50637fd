"""Times of real grokking runs, against those that were recorded when they were made."""

import csv
from pathlib import Path

import pytest

from grok_theory import read_log
from grok_theory.observables import log_delay

LOGS = Path(__file__).parents[1] / "logs"
with open(LOGS / "index.csv", newline="") as file:
    INDEX = list(csv.DictReader(file))


@pytest.mark.parametrize("row", INDEX, ids=lambda row: row["file"])
@pytest.mark.parametrize("named", [True, False])
def test_the_times_of_a_real_run(row, named):
    """Fails where an axis, a curve or an interpolation is another one; a run that did not grok has no time."""
    up = row["mem_curve"].endswith("acc") or None
    names = {"train": row["mem_curve"], "test": row["grok_curve"]} if named else {"rising": (up, up)}
    log = read_log(LOGS / row["file"], **names)
    thresholds = {"train_threshold": float(row["mem_threshold"]), "test_threshold": float(row["grok_threshold"])}
    found = log_delay(log, **thresholds)
    assert found.delay.train.time == pytest.approx(float(row["t_mem"]), rel=1e-3, abs=0)
    assert found.delay.test.time == pytest.approx(float(row["t_grok"]), rel=1e-3, nan_ok=True, abs=0)
    assert bool(found.delay.test.censored) == (row["t_grok"] == "nan")
