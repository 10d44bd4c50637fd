"""Runs less theory are judged as `compare` judges them: a common fall is no jump, and jumps are still seen."""

from collections import Counter

import numpy as np
import pytest

from grok_theory import Absolute
from paper_figures.verdicts import judged_differences, judged_over

X = np.geomspace(0.1, 1e3, 16)


def falls(times):
    """(run, x) losses that fall at a time of each run."""
    return 1 / (1 + (X / times[:, None]) ** 3)


def verdicts(judge, law, factor=1.0, ensembles=20, runs=24):
    """How often `judge` says what of `runs` runs against `factor` times their true mean."""
    random = np.random.default_rng(0)
    truth = factor * falls(law(random, 20_000)).mean(0)
    found = []
    for _ in range(ensembles):
        noise = 0.003 * random.standard_normal((runs, X.size))
        record = {"loss": falls(law(random, runs)) + noise}
        step = judge("tau", X, {"loss": truth}, record, margin={"loss": Absolute(0.12)})
        found.append(str(step["verdict loss"]))
    return Counter(found)


def one_course(random, count):
    return 10 * np.exp(0.1 * random.standard_normal(count))


def two_humps(random, count):
    return np.where(random.random(count) < 0.3, 300.0, 3.0) * np.exp(0.05 * random.standard_normal(count))


def test_a_common_fall_is_no_jump():
    assert verdicts(judged_over, one_course) == {"underpowered": 20}
    assert verdicts(judged_differences, one_course) == {"agrees": 20}


def test_jumps_are_seen_in_differences_too():
    assert verdicts(judged_differences, two_humps) == {"underpowered": 20}


@pytest.mark.parametrize("law", [one_course, two_humps])
def test_a_wrong_theory_never_agrees(law):
    assert verdicts(judged_differences, law, factor=1.3)["agrees"] == 0


def test_a_wrong_theory_of_one_course_disagrees():
    assert verdicts(judged_differences, one_course, factor=1.3) == {"disagrees": 20}
