"""Crossings against a literal reading of their definition."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.observables import crossing_time
from grok_theory.observables.crossing import check_gaps


def literal(x, values, threshold, patience, rising):
    """The definition word by word, point by point: (index or None)."""
    past = [(v >= threshold if rising else v <= threshold) for v in values]
    for j in range(len(x)):
        # To the end of the record: and seen to stay, by at least one record more.
        if not (j + 1 < len(x) if np.isinf(patience) else x[j] + patience <= x[-1]):
            return None
        if all(past[i] for i in range(j, len(x)) if x[i] <= x[j] + patience):
            return j
    return None


@given(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0, np.nan]), min_size=1, max_size=12),
    st.sampled_from([0.0, 1.0, 2.0, 5.0, np.inf]),
    st.booleans(),
    st.sampled_from([0.4, 0.5]),  # 0.5 is one of the values: at the threshold counts as past it
)
def test_first_window_that_stays_past(values, patience, rising, threshold):
    x = np.cumsum(np.arange(1.0, len(values) + 1))  # integers: no rounding in the literal reading
    found, crossing = (
        literal(x, values, threshold, patience, rising),
        crossing_time(x, values, threshold, patience=patience, rising=rising),
    )
    assert crossing.censored == (found is None)
    # A nan shows nothing: it is not past the threshold, and does not show that the curve was short of it.
    short = [v < threshold if rising else v > threshold for v in values]
    if found is None:
        assert np.isnan(crossing.time)
        assert crossing.upper == np.inf
        # Beyond the last record short of the threshold; if there is none, it may have come before all of them.
        assert crossing.lower == max([0.0] + [xj for xj, s in zip(x, short) if s])
        assert not crossing.before
    else:
        assert crossing.upper == x[found]
        assert crossing.before == all(np.isnan(v) for v in values[:found])
        if crossing.before:
            assert crossing.lower == 0
            assert np.isnan(crossing.time)
        else:
            assert crossing.lower == max([0.0] + [xj for xj, s in zip(x[:found], short) if s])
            assert crossing.lower <= crossing.time <= crossing.upper


@pytest.mark.parametrize("rising", [False, True])
def test_at_the_threshold_is_past_it(rising):
    """1 falls over 3/4 to 1/2, the threshold, at x = 2, and stays there: the window of 1 from x = 2 on is past it too.
    Mirrored at 1/2, the same curve rises."""
    values = np.array([1.0, 0.75, 0.5, 0.5, 0.5])
    crossing = crossing_time(range(5), 1 - values if rising else values, 0.5, patience=1.0, rising=rising)
    assert (crossing.time, crossing.lower, crossing.upper) == (2, 1, 2)


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, np.nan, np.nan]), min_size=1, max_size=9),
    st.sampled_from([0.0, 1.0, 2.0, 5.0, np.inf]),
    st.booleans(),
)
@example([0.0, np.nan, 0.0], 5.0, False)
@example([0.0, 0.0, np.nan, np.nan, 0.0], 2.0, False)
@example([1.0, np.nan, np.nan, 1.0, 1.0, np.nan], 9.0, True)
@example([np.nan, 1.0, 0.0, 0.0, np.nan], 3.0, False)
def test_a_gap_is_refused_where_the_crossing_turns_on_it(values, patience, rising):
    """By the definition read twice: nan between numbers is not past the threshold, or its records are not there."""
    x, rows = np.cumsum(np.arange(1.0, len(values) + 1)), np.arange(len(values))
    seen = [i for i in rows if not np.isnan(values[i])]
    inside = [i for i in rows if np.isnan(values[i]) and seen and seen[0] < i < seen[-1]]

    def when(kept):
        found = literal(x[kept], [values[i] for i in kept], 0.5, patience, rising)
        return None if found is None else x[kept][found]

    curves = np.array([np.full(len(values), 2.0), values])  # a curve without a gap stands before it
    if when(rows) == when([i for i in rows if i not in inside]):
        check_gaps("test", x, curves, 0.5, patience, rising)
    else:
        with pytest.raises(BadValue, match=rf"^test is nan between numbers, first at x = {x[inside[0]]:g}, and"):
            check_gaps("test", x, curves, 0.5, patience, rising)


def test_nan_is_never_past_and_never_interpolated_from():
    crossing = crossing_time([0, 1, 2, 3], [1.0, np.nan, 0.1, 0.1], 0.5)
    assert (crossing.time, crossing.lower, crossing.upper) == (2, 0, 2)
    assert crossing_time([0, 1, 2, 3], [1.0, 0.1, np.nan, 0.1], 0.5, patience=2).censored


def test_a_crossing_between_the_largest_numbers():
    assert crossing_time([0, 1, 2], [1e308, -1e308, -1e308], 0.0).time == 0.5


def test_infinite_loss_before_the_crossing_is_not_interpolated_from():
    assert crossing_time([0, 1, 2], [np.inf, 0.1, 0.1], 0.5).time == 1


@pytest.mark.parametrize(("x", "lower"), [([3, 4], 0), ([0, 4], 0), ([-1, 4], -np.inf), ([1e-300, 4], 0)])
def test_past_at_the_first_record_is_censored_on_the_left(x, lower):
    """When it crossed is not in the record: no time, and the bounds that are known."""
    crossing = crossing_time(x, [0.1, 0.1], 0.5)
    assert np.isnan(crossing.time)
    assert (crossing.lower, crossing.upper) == (lower, x[0])
    assert (crossing.censored, crossing.before) == (False, True)


def test_a_leading_nan_shows_nothing():
    crossing = crossing_time([1, 2, 3], [np.nan, 0.1, 0.1], 0.5)
    assert (crossing.lower, crossing.upper, crossing.before) == (0, 2, True)
    never = crossing_time([1, 2, 3], [np.nan] * 3, 0.5)
    assert (never.lower, never.upper, never.censored, never.before) == (0, np.inf, True, False)
    ended = crossing_time([1, 2, 3, 4], [1.0, 0.9, np.nan, np.nan], 0.5)  # diverged, or no longer logged
    assert (ended.lower, ended.upper, ended.censored) == (2, np.inf, True)


def test_a_last_single_record_has_not_stayed():
    x, values = [0, 1, 2], [1.0, 1.0, 0.1]
    assert crossing_time(x, values, 0.5).upper == 2  # nobody asked it to stay
    for patience in (0.5, np.inf):
        crossing = crossing_time(x, values, 0.5, patience=patience)
        assert crossing.censored
        assert (crossing.lower, crossing.upper) == (1, np.inf)
    # One record, or a record shorter than the patience: past the threshold throughout, seen to stay nowhere.
    for x in ([3], [3, 4]):
        alone = crossing_time(x, [0.1] * len(x), 0.5, patience=5)
        assert (alone.lower, alone.upper, alone.censored) == (0, np.inf, True)


def test_a_record_that_ends_inside_a_window_bounds_by_its_start():
    """Past the threshold from x = 8 on, but the patience of 5 is not over at 10: crossed after 7, not after 10."""
    crossing = crossing_time(np.arange(11), np.where(np.arange(11) < 8, 1.0, 0.0), 0.5, patience=5)
    assert crossing.censored
    assert crossing.lower == 7


def test_windows_feel_no_round_off():
    assert crossing_time(np.array([0.0, 0.1, 0.2, 0.3]), [1, 0, 0, 0], 0.5, patience=0.2).time == pytest.approx(0.05)


def test_several_runs_are_several_curves():
    values = np.array([[1.0, 0.5, 0.0], [1.0, 1.0, 1.0]])
    both = crossing_time([0, 1, 2], values, 0.25)
    np.testing.assert_array_equal(both.time, [1.5, np.nan])
    np.testing.assert_array_equal(both.before, [False, False])
    np.testing.assert_array_equal(both.censored, [False, True])


def test_what_a_mask_hides_was_not_logged():
    masked = np.ma.masked_array([1.0, 0.9, 0.1, 0.1, 0.1], [0, 0, 1, 0, 0])
    crossing = crossing_time(np.arange(5), masked, 0.5)
    assert (crossing.time, crossing.lower, crossing.upper) == (3, 1, 3)
    with pytest.raises(BadValue, match=r"x\[2\] is nan"):
        crossing_time(np.ma.masked_array(np.arange(5.0), masked.mask), masked, 0.5)


@pytest.mark.parametrize(
    ("x", "values", "message"),
    [
        ([0, 2, 1], [1, 1, 0], r"^x\[2\] is 1\.0, but it must be finite and above x\[1\] = 2\.0\. Sort"),
        ([0, 1, 1, 0], [1, 1, 1, 0], r"^x\[2\] is 1\.0, but it must be finite and above x\[1\] = 1\.0\. Sort"),
        ([0, 1, np.inf], [1, 1, 0], r"^x\[2\] is inf, but it must be finite and above x\[1\] = 1\.0\. Sort"),
        ([np.nan, 1], [1, 0], r"^x\[0\] is nan, but it must be finite\. Sort"),
        ([], [], r"^x has shape \(0,\), but it must be a non-empty list"),
        ([[0, 1]], [[1, 0]], r"^x has shape \(1, 2\), but it must be a non-empty list"),
        (0.0, [1], r"^x has shape \(\), but it must be a non-empty list"),
        ([0, 1, 2], [1, 0], r"^values has shape \(2,\), but it must have shape \(3,\) or \(runs, 3\)"),
        ([0, 1], np.ones((2, 3)), r"^values has shape \(2, 3\), but it must have shape \(2,\) or \(runs, 2\)"),
        ([0, 1], np.ones((1, 1, 2)), r"^values has shape \(1, 1, 2\), but"),
        ([0], 1.0, r"^values has shape \(\), but"),
        ([0, 1], np.ones((0, 2)), r"^values has shape \(0, 2\), but"),
    ],
)
def test_what_is_no_record_is_refused(x, values, message):
    with pytest.raises(BadValue, match=message):
        crossing_time(x, values, 0.5)


def test_one_threshold_and_one_patience_at_a_time():
    with pytest.raises(BadValue, match=r"^threshold has shape \(1,\), but it must be one number"):
        crossing_time([0, 1], [1, 0], [0.5])
    with pytest.raises(BadValue, match=r"^patience has shape \(1,\), but it must be one number"):
        crossing_time([0, 1], [1, 0], 0.5, patience=[1.0])
    with pytest.raises(BadValue, match=r"^patience is -0\.1, but it must be zero or positive"):
        crossing_time([0, 1], [1, 0], 0.5, patience=-0.1)


def test_bad_threshold():
    with pytest.raises(BadValue, match=r"threshold is nan, but it must be finite.*Pass a number"):
        crossing_time([0, 1], [1, 0], np.nan)
