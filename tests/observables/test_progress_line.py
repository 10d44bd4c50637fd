"""Progress and the line of a forecast, against plain Python by the definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines_by_hand import line_by_definition, logit

import grok_theory as gt
from grok_theory.observables import accuracy_progress, logit_line, loss_progress

steps = st.lists(st.floats(0.1, 50.0), min_size=5, max_size=40)


@given(gaps=steps, seed=st.integers(0, 10**6), goal=st.floats(0.3, 1.0), start=st.floats(0, 100))
@settings(deadline=None, max_examples=200)
def test_the_line_is_the_definition(gaps, seed, goal, start):
    """Fails for another first row, another clip, a level of one value, and a slope by another weighting."""
    x = start + np.cumsum(gaps)
    p = np.clip(np.random.default_rng(seed).random(x.size) * np.linspace(0, 1.2, x.size), 0, 1)
    found = logit_line(x, p, goal)
    slope, level, remaining, rows, halved = line_by_definition(x.tolist(), p.tolist(), goal)
    size = abs(slope) + 1e-3 / x[-1]
    assert abs(found.slope - slope) <= 1e-9 * size
    assert found.level == pytest.approx(level, rel=1e-10, abs=1e-12)
    if abs(slope * x[-1]) > 2e-6:
        assert found.remaining == pytest.approx(remaining, rel=1e-8, abs=0)
        assert found.stalled == (slope < 0)
    assert (found.rows, found.halved) == (rows, halved)


@given(
    accuracy=st.lists(st.floats(0, 1), min_size=1, max_size=9),
    chance=st.floats(0, 0.9),
    loss=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9),
    goal=st.floats(1e-5, 1e5),
)
@settings(deadline=None, max_examples=200)
def test_progress_is_the_definition(accuracy, chance, loss, goal):
    for value, found in zip(accuracy, accuracy_progress(accuracy, chance), strict=True):
        assert found == pytest.approx(min(max((value - chance) / (1 - chance), 0), 1), rel=1e-12, abs=1e-15)
    found = loss_progress(loss, goal)
    top = max(range(len(loss)), key=lambda i: (loss[i], -i))
    for i, value in enumerate(loss):
        if loss[top] <= goal:
            exact = 1.0
        elif i < top:
            exact = 0.0
        else:
            exact = min(max(math.log(loss[top] / value) / math.log(loss[top] / goal), 0), 1)
        # Where the way is short, its logs are rounding of each other.
        assert found[i] == pytest.approx(
            exact, rel=1e-9, abs=1e-9 + 1e-14 / max(abs(math.log(loss[top] / goal)), 1e-15)
        )


def test_a_logistic_curve_is_dated_exactly():
    """logit(p) is a straight line there: its slope is found, and the date up to the mean of the last three."""
    x = np.arange(0.0, 100.0, 0.5)
    p = 1 / (1 + np.exp((100 - x) / 10))
    line = logit_line(x, p, 0.95)
    assert line.slope == pytest.approx(0.1, rel=1e-9, abs=0)
    level = logit(p[-3:].mean())
    assert math.exp(line.remaining) * x[-1] == pytest.approx(x[-1] + (logit(0.95) - level) / 0.1, rel=1e-9, abs=0)


def test_progress_is_clipped_to_the_way():
    assert accuracy_progress([-0.5, 0.0, 0.25, 1.0, 1.5], 0.25).tolist() == [0.0, 0.0, 0.0, 1.0, 1.0]
    # At the goal, and never above it: there is no way to go. Infinite is no largest loss.
    assert loss_progress([0.5, 0.5, 0.25], 0.5).tolist() == [1.0, 1.0, 1.0]
    np.testing.assert_array_equal(loss_progress([np.nan, np.inf], 0.5), [np.nan, 0.0])
    np.testing.assert_array_equal(loss_progress([np.nan, 0.5, np.nan], 0.5), [np.nan, 1.0, np.nan])
    assert loss_progress([np.inf, 4.0, np.inf, 2.0, 0.5], 1.0).tolist() == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_a_largest_loss_next_to_the_goal_has_arrived():
    """Their logarithms may be the same number: 0/0 was nan, where the loss is none."""
    for goal in (1e-5, 1.0, 1e5):
        above = np.nextafter(goal, np.inf)
        assert set(loss_progress([goal, above, goal], goal).tolist()) <= {0.0, 1.0}
    assert loss_progress([1e5, np.nextafter(1e5, np.inf)], 1e5).tolist() == [1.0, 1.0]


def test_a_progress_of_exactly_half_the_last_begins_the_line():
    """From the 1/4 in the second row on six rows double to 1/2; without one at or below half, from the first on."""
    half = logit_line(range(1, 8), [0.1, 0.25, 0.26, 0.3, 0.4, 0.45, 0.5], 0.9)
    assert (half.rows, half.halved) == (6, 6)
    whole = logit_line(range(1, 8), [0.26, 0.3, 0.3, 0.3, 0.4, 0.45, 0.5], 0.9)
    assert (whole.rows, whole.halved) == (7, 7)
    late = logit_line(range(1, 8), [0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5], 0.9)
    assert (late.rows, late.halved) == (5, 2)


@pytest.mark.parametrize(
    ("speed", "stalled"), [(-1.0, True), (0.0, True), (0.9e-6, True), (1.1e-6, False), (0.5, False)]
)
def test_a_line_stalls_below_a_millionth_of_a_logit_by_the_last_time(speed, stalled):
    """logit(p) = speed x/5 for x = 1..5; the goal is two logits further than the level."""
    x = np.arange(1.0, 6)
    share = 1 / (1 + np.exp(-speed * x / 5))
    level = logit(share[-3:].mean())
    line = logit_line(x, share, 1 / (1 + math.exp(-level - 2)))
    assert line.stalled == stalled
    assert line.slope == pytest.approx(speed / 5, rel=1e-8, abs=1e-16)
    assert line.remaining == pytest.approx(3.0 if speed < 0.1 else math.log(1 + 2 / speed), rel=1e-12, abs=0)


def test_a_goal_that_is_behind_is_near():
    rising = np.linspace(0.3, 0.9, 9)
    assert logit_line(range(1, 10), rising, 0.5).remaining == 0.03
    # One beyond all: the logit of 1 is taken for that of 0.995.
    assert logit_line(range(1, 10), rising, 1.0) == logit_line(range(1, 10), rising, 0.995)


def test_progress_of_what_was_not_logged():
    assert np.isnan(accuracy_progress([np.nan, 1.0])).tolist() == [True, False]
    np.testing.assert_array_equal(loss_progress([1.0, np.nan, 4.0, np.nan, 1.0], 0.25), [0, np.nan, 0, np.nan, 0.5])
    np.testing.assert_array_equal(loss_progress([np.nan, np.nan], 0.25), [np.nan, np.nan])
    np.testing.assert_array_equal(loss_progress([1.0, -2.0], 0.25), [0.0, 1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy_progress([0.5], chance=1.0), r"chance is 1.0, but it must be in \[0, 1\)"),
        (lambda: loss_progress([0.5], goal=0.0), "goal is 0.0, but it must be positive"),
        (lambda: loss_progress([[0.5]], goal=0.1), r"loss has shape \(1, 1\)"),
        (lambda: logit_line([1, 2, 3, 4], [0, 0.1, 0.2, 0.3], 0.9), "5 rows or more"),
        (lambda: logit_line(range(5), [0, 0.1, 0.2, 0.3, 1.3], 0.9), r"progress\[4\] is 1.3"),
        (lambda: logit_line(range(5), [0, 0.1, np.nan, 0.3, 0.3], 0.9), r"progress\[2\] is nan"),
        (lambda: logit_line(range(5), [0, 0.1, 0.2, 0.3, 0.4], 0.0), "goal is 0.0"),
        (lambda: logit_line(range(5), [0, 0.1, 0.2, 0.3, 0.4], 1.5), "goal is 1.5"),
        (lambda: accuracy_progress([0.5], chance=1.5), "chance is 1.5"),
        (lambda: accuracy_progress([0.5], chance=-0.1), "chance is -0.1"),
        (lambda: logit_line(range(5), [[0, 0.1, 0.2, 0.3, 0.4]], 0.9), r"progress has shape \(1, 5\)"),
        (lambda: logit_line(range(-5, 0), [0, 0.1, 0.2, 0.3, 0.4], 0.9), "the last x is -1.0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(gt.BadValue, match=message):
        call()
