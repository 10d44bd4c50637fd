"""How many runs would tell, against trying all numbers."""

import numpy as np
import pytest
from scipy import stats

from grok_theory import comparison
from grok_theory.numerics.two_levels import Levels


def least_number(half_width, margin):
    """By trying all."""
    counts = np.arange(2, 5000)
    return counts[np.argmax(half_width(counts) <= margin / 2)]


@pytest.mark.parametrize("pair", [(0.9, 1.1), (0.2, 1.8), (0.02, 1.98), (-0.5, 2.5)])
def test_runs_needed_in_logs_against_trying_all(pair):
    """Two runs, at constant factors of a course below one whose mean it is: the wider of the delta method and the
    log-normal law's m + s^2/2. Where a run is not positive there is no such law."""
    runs, margin = 0.1 * np.array(pair)[:, None] * np.ones((2, 3)), np.log(3)
    relative, tail = np.std(pair, ddof=1), 0.005 / 50

    def half_width(count):
        squares = relative**2 / count
        if min(pair) > 0:
            log = np.std(np.log(pair), ddof=1)
            squares = np.maximum(squares, log**2 / count + log**4 / (2 * (count - 1)))
        return stats.t.isf(tail, count - 1) * np.sqrt(squares)

    found = comparison._runs_needed(runs, None, True, margin, tail)
    assert found == least_number(half_width, margin)


def test_runs_needed_hold_the_share_on_another_level():
    """Runs on one level and nine from the other: Student's half-width and 9 (1 - tail^(1/n)) of the unit together."""
    runs, tail = np.array([[1.0, 1.0], [1.2, 1.1], [0.8, 0.9]]), 0.005
    levels = Levels(1.0, 10.0, 5.0)

    def half_width(count):
        return stats.t.isf(tail, count - 1) * 0.2 / np.sqrt(count) + 9 * (1 - tail ** (1 / count))

    assert comparison._runs_needed(runs, levels, False, 0.5, tail) == least_number(half_width, 0.5)


def test_two_runs_are_the_least_and_two_to_the_forty_are_infinitely_many():
    """Of unit spread: t / sqrt(2) is the half-width of two runs, and of so many z / sqrt(n)."""
    runs, tail = np.array([[0.0], [np.sqrt(2)]]), 0.005
    of_two, of_many = stats.t.isf(tail, 1) / np.sqrt(2), stats.norm.isf(tail)
    for half, needed in (
        (1.001 * of_two, 2),
        (0.999 * of_two, 3),
        (of_many / 2**19.9, pytest.approx(2**39.8, rel=1e-6, abs=0)),
        (of_many / 2**20.1, np.inf),
    ):
        assert comparison._runs_needed(runs, None, False, 2 * half, tail) == needed


def test_a_half_width_of_just_half_the_margin_is_enough():
    """Runs at -1, 0 and 1 have unit spread, and four of them t / 2: all steps are exact."""
    runs, t = np.array([[-1.0], [0.0], [1.0]]), stats.t.isf(0.005, 3)
    assert comparison._runs_needed(runs, None, False, t, 0.005) == 4
    assert comparison._runs_needed(runs, None, False, np.nextafter(t, 0), 0.005) == 5
