"""From which spread, share, time and distance on there are levels, each on either side of the number."""

from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given

from grok_theory.numerics import two_levels
from grok_theory.numerics.two_levels import Levels, find_levels

X = np.linspace(0.0, 1.0, 40)
LOGS = {"apart": float(np.log(1.05)), "in_logs": True, "tail": 0.005}


FALL = np.where(np.arange(40) < 20, 1.0, 0.0)  # from level to level between two records: half of the record on either
RAMP = np.linspace(1.0, 0.0, 40)  # steady: eight records in the first fifth of the way and eight in the last
EARLY, MIDDLE, LATE = (np.isin(np.arange(40), np.arange(at, at + 12)) for at in (0, 14, 28))


def spread_over(course, ratio, part, count, size=0.02):
    """Runs at fixed places about a course: at a spread of `size`, and `ratio` times as far apart in a `part` of it."""
    place = np.linspace(-1, 1, count)
    return course + size * np.where(part, ratio, 1.0) * (place / place.std(ddof=1))[:, None]


@pytest.mark.parametrize(("count", "chance"), [(9, 4.0), (33, 8.0)])  # sqrt(2 (count - 1))
@pytest.mark.parametrize(
    ("course", "part", "deviations"),
    [(FALL, EARLY, 2.0), (FALL, LATE, 2.0), (RAMP, MIDDLE, 4.3), (RAMP, EARLY, None), (RAMP, LATE, None)],
)
def test_spreads_must_grow_by_a_quarter_beyond_chance(course, part, deviations, count, chance):
    """Two standard deviations of the log of a spread where there are levels; elsewhere 4.3, and on both sides."""
    needed = 1e3 if deviations is None else 1.25 * np.exp(deviations / chance)
    for ratio in (0.99 * needed, 1.01 * needed):
        runs = spread_over(course, ratio, part, count, size=0.1 / ratio)
        found = find_levels(runs, apart=0.1, in_logs=False, tail=0.005)
        assert (found is not None) == (deviations is not None and ratio > needed)


@pytest.mark.parametrize(("begins", "found"), [(6, True), (5, False)])
def test_a_course_that_stays_at_its_ends_for_44_hundredths_of_the_record_has_levels(begins, found):
    """11 of 25 records, or 10. Spreads grow threefold: by more than 1.25 e^(2/4), by less than 1.25 e^(4.3/4)."""
    course = np.r_[np.ones(begins), np.linspace(0.75, 0.25, 20 - begins), np.zeros(5)]
    runs = spread_over(course, 3.0, np.isin(np.arange(25), np.arange(9, 16)), 9, size=0.03)
    assert (find_levels(runs, apart=0.1, in_logs=False, tail=0.005) is not None) == found


def test_a_part_of_the_record_in_which_runs_are_apart_is_seen_with_a_record_more_on_either_side():
    """Where the spread is a quarter of its greatest or more: here records 5 to 10. All steps are exact."""
    size = np.full(16, 1 / 16)
    size[5], size[6:11], size[11] = 1 / 2, 2.0, 1 / 2 - 2**-20
    place = 0.5 + size * np.r_[-np.ones(4), 0.0, np.ones(4)][:, None]  # of unit standard deviation, and no run crosses
    here = two_levels._at_times_of_their_own(place, place - 8, 0.005)
    np.testing.assert_array_equal(np.flatnonzero(here), np.arange(4, 12))


def test_a_spread_of_the_threshold_itself_is_one(monkeypatch):
    """A quarter instead of 3 %: every step is exact."""
    place = FALL + np.where(EARLY, 1 / 4, 1 / 16) * np.r_[-np.ones(4), 0.0, np.ones(4)][:, None]
    for least, found in ((1 / 4, True), (np.nextafter(1 / 4, 1), False)):
        monkeypatch.setattr(two_levels, "_SPREAD", least)
        assert two_levels._at_times_of_their_own(place, place, 0.005).any() == found


@pytest.mark.parametrize(("apart", "found"), [(0.03, True), (0.0299, False)])
def test_three_runs_that_are_three_hundredths_of_the_way_apart_are_parted(apart, found):
    place = np.tile([1.0, 1.0, 0.5, 0.0, 0.0], (3, 1))
    place[2, 4] = apart
    np.testing.assert_array_equal(two_levels._at_times_of_their_own(place, place, 0.005), [found] * 5)


@pytest.mark.parametrize("tail", [0.2, 0.07, 1 / 16, 0.06, 0.005, 2.5e-5])
def test_so_few_runs_may_be_alike_by_chance(tail):
    """S runs of a law with half of its jumps at one time are alike with 2^(1-S), against both tails together."""
    together = np.where(X < 0.5, 30.0, 1.0)
    for count in range(2, 20):
        chance = Fraction(1, 2 ** (count - 1))
        levels = find_levels(np.tile(together, (count, 1)), **(LOGS | {"tail": tail}))
        assert levels == (Levels(1.0, 30.0, pytest.approx(np.sqrt(30))) if chance > 2 * Fraction(tail) else None)


def test_two_runs_at_two_times_are_enough():
    levels = find_levels(np.array([[30.0, 1.0], [36.0, 1.2]]), **LOGS)
    assert (levels.low, levels.high, levels.middle) == (1.0, 36.0, pytest.approx(6.0, rel=1e-15, abs=0))


def test_a_level_that_all_reach_at_the_very_end_is_one():
    """By two of forty records: what counts is where the runs are at any one time, not for how long."""
    levels = find_levels(np.tile(np.r_[np.full(38, 30.0), 1.0, 1.0], (3, 1)), **LOGS)
    assert (levels.low, levels.high) == (1.0, 30.0)


@pytest.mark.parametrize(("low", "high"), [(0.25, 16.0), (1e-6, 1e-2), (1e-100, 1e100)])
def test_the_middle_is_that_of_the_logs_or_of_the_values(low, high):
    runs = np.where(np.linspace(0.1, 0.9, 12)[:, None] > X, high, low)
    middle = 10 ** ((np.log10(low) + np.log10(high)) / 2)
    assert find_levels(runs, **LOGS) == Levels(low, high, pytest.approx(middle, rel=1e-12, abs=0))
    found = find_levels(runs, apart=0.0, in_logs=False, tail=0.005)
    assert found == Levels(low, high, pytest.approx((low + high) / 2, rel=1e-15, abs=0))


@pytest.mark.parametrize("unit", [1e-3, 1.0, -1.0, 1e3])
def test_what_matters_is_relative_to_the_median_where_runs_are_not_positive(unit):
    """Runs fall from 10 to 0 late: their median is 10, and the levels are as far apart."""
    runs = unit * np.where(np.linspace(0.6, 0.95, 12)[:, None] > X, 10.0, 0.0)
    for apart, found in ((0.99, True), (1.01, False)):
        levels = find_levels(runs, apart=apart, in_logs=True, tail=0.005)
        assert levels == (Levels(min(10 * unit, 0.0), max(10 * unit, 0.0), 5 * unit) if found else None)


@pytest.mark.parametrize("zero", [0.0, -3.0, 5.0])
@pytest.mark.parametrize(
    ("lowest", "highest", "found"),
    [(0.3, 0.7, True), (0.34, 0.7, False), (0.3, 0.66, False), (0.7, 0.3, True)],
)
def test_groups_are_levels_if_a_run_goes_from_the_lower_third_to_the_upper_one(lowest, highest, found, zero):
    runs = np.repeat([0.0, 1.0], 10)[:, None] * np.ones(40)
    runs = np.vstack([runs, np.where(FALL > 0.5, lowest, highest)])
    levels = find_levels(zero + runs, apart=0.1, in_logs=False, tail=0.005)
    assert levels == (Levels(zero, zero + 1, zero + 0.5) if found else None)


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (-0.6, False),
        (-0.5, False),
        (-0.4, True),
        (0.3, True),
        (0.35, False),
        (0.5, False),
        (0.65, False),
        (0.68, True),
        (1.4, True),
        (1.5, False),
        (1.6, False),
    ],
)
def test_a_theory_tells_of_levels_where_all_runs_stay_at_one_end_of_its_way(place, found):
    theory, still = np.linspace(0.0, 4.0, 40), np.full((8, 40), 4 * place)
    levels = find_levels(still, apart=0.1, in_logs=False, tail=0.005, theory=theory)
    assert levels == (Levels(0.0, 4.0, 2.0) if found else None)
    still[:4] = 4 * (1 - place)  # the same distance from the other end: half of the runs at either
    if found:
        assert find_levels(still, apart=0.1, in_logs=False, tail=0.005, theory=theory) is None
    for unit in (1e-6, 1e-2, 1.0, 1e2):  # in logs the lower level may be nothing
        theory = unit * np.geomspace(4.0, 16.0, 40)
        still = np.full((8, 40), unit * 4 * 4**place)
        levels = find_levels(still, **LOGS, theory=theory)
        # At the very ends of what counts rounding decides.
        if place not in (-0.5, 1.5):
            assert levels == (Levels(0.0, theory.max(), pytest.approx(8 * unit, rel=1e-12, abs=0)) if found else None)


@pytest.mark.parametrize(
    ("theory", "in_logs", "apart"),
    [
        (np.linspace(1.0, 4.0, 40), False, 3.0),
        (np.geomspace(4.0, 16.0, 40), True, np.log(4)),
        (np.linspace(0.0, 10.0, 40), True, 1.0),  # not positive: in its unit, relative to its upper end
        (np.linspace(-10.0, -4.0, 40), True, 1.5),
    ],
)
def test_a_theory_that_moves_less_than_what_matters_tells_of_no_levels(theory, in_logs, apart):
    still = np.full((8, 40), theory[0])
    for share, found in ((0.999, True), (1.001, False)):
        levels = find_levels(still, apart=share * apart, in_logs=in_logs, tail=0.005, theory=theory)
        assert (levels is not None) == found


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_what_matters_of_a_theory_does_not_depend_on_the_unit_where_a_run_is_not_positive(unit):
    """The theory moves by 19 of 20. It was held against the median of the runs as well: a product of two units."""
    theory, runs = unit * np.linspace(20.0, 1.0, 40), np.full((8, 40), 3.0 * unit)
    runs[0, 5] = -0.1 * unit
    for apart, found in ((0.94, True), (0.96, False)):
        levels = find_levels(runs, apart=apart, in_logs=True, tail=0.005, theory=theory)
        assert levels == (Levels(theory[-1], theory[0], pytest.approx(10.5 * unit)) if found else None)


@pytest.mark.parametrize(
    ("spread", "growth", "one_side", "both_sides"),
    [
        ([1, 5, 1], 4, True, True),
        ([5, 1, 1], 4, True, False),
        ([1, 1, 5], 4, True, False),
        ([2, 5, 1], 4, True, False),
        ([2, 5, 1], 2, True, True),
        ([1, 5, 2], 4, True, False),
        ([1, 5, 2], 2, True, True),
        ([3, 5, 4, 1], 2, True, False),
        ([1, 4, 5, 3], 2, True, False),
        ([2, 4, 2], 2, False, False),  # twice is not more than twice
        ([2, 3.9, 2], 2, False, False),
        ([3, 3, 3], 1, False, False),
    ],
)
def test_the_greatest_spread_exceeds_the_least_or_the_least_on_either_side(spread, growth, one_side, both_sides):
    spread = np.array(spread, float)
    assert two_levels._exceeds(spread, growth, both_sides=False) == one_side
    assert two_levels._exceeds(spread, growth, both_sides=True) == both_sides


@pytest.mark.parametrize(
    ("course", "share"),
    [
        ([0, 0, 0.1, 0.5, 0.85, 1, 1, 1], 7 / 8),  # three records below a fifth, four above four fifths
        ([1, 1, 1, 0.85, 0.5, 0.1, 0, 0], 7 / 8),
        ([1, 0.75, 0.5, 0.25, 0], 2 / 5),
        ([1, 0.75, 0.5, 0.25, 0.15, 0], 3 / 6),
        ([1, 0.85, 0.5, 0.25, 0], 3 / 5),
        ([0, 1, 1, 1], 1),
        ([0.1, 0, 1, 1, 1], 1),
        ([0.1, 1, 1, 0, 1], 2 / 5),  # what leaves an end has left it
        ([1, 0, 0, 0.5], 1 / 4),  # an end that is passed is none
        ([1, 1, 1, 1], 0),
    ],
)
def test_a_course_stays_at_its_ends_for_a_share_of_the_record(course, share):
    """The median of three runs, in any unit."""
    for unit, zero in ((1.0, 0.0), (4.0, 16.0), (2.0**-40, -1.0)):
        course_ = zero + unit * np.array(course, float)
        assert two_levels._stays(np.stack([course_ - 1, course_, course_ + 7])) == share


@pytest.mark.parametrize(("length", "together", "half"), [(40, 1, 2), (39, 1, 1), (10, 1, 0), (10, 5, 2), (100, 5, 5)])
@pytest.mark.parametrize("unit", [1.0, 1e-12])
def test_spreads_are_pooled_over_a_tenth_of_the_record_or_so_many_records(length, together, half, unit):
    values = np.random.default_rng(0).standard_normal((6, length))
    variances = [np.var(column, ddof=1) for column in values.T]
    pooled = [np.sqrt(np.mean(variances[max(0, t - half) : t + half + 1])) for t in range(length)]
    found = two_levels._spread(unit * values, together)
    np.testing.assert_allclose(found, unit * np.array(pooled), rtol=1e-13, atol=0)


@given(st.lists(st.integers(0, 40) | st.integers(0, 4) | st.integers(12, 16), min_size=2, max_size=9))
@example([0, 0, 1, 1])
@example([0, 1, 7, 8])
@example([0, 1, 2, 3, 4, 5])
def test_two_groups_are_clear_where_their_means_are_four_deviations_apart(numbers):
    """Otsu's split by trying all, in fractions: the least sum of squares inside the groups."""

    def inside(group):
        mean = Fraction(sum(group), len(group))
        return sum((number - mean) ** 2 for number in group), mean

    numbers = sorted(numbers)
    splits = []
    for at in range(1, len(numbers)):
        (below, low), (above, high) = inside(numbers[:at]), inside(numbers[at:])
        splits.append((below + above, high - low))
    least = min(splits)[0]
    beyond = [apart**2 - 16 * within / len(numbers) for within, apart in splits if within == least]
    assume(0 not in beyond)  # rounding decides
    assert two_levels._is_clear(np.array(numbers, float)) in {gap > 0 for gap in beyond}


@pytest.mark.parametrize(("last", "clear"), [(5, True), (5 + 2**-20, False)])
def test_groups_of_unit_deviation_are_clear_from_four_apart(last, clear):
    """-1, 1 and 3, 5: their means are 0 and 4, and all steps are exact. Farther out they are more apart inside."""
    assert two_levels._is_clear(np.array([-1.0, 1.0, 3.0, last])) == clear


@pytest.mark.parametrize(
    ("course", "jumps"),
    [
        ([1, 1, 0, 0], True),
        ([0, 0, 1, 1], True),
        ([0.5, 1, 1, 0, 0, 0.5], True),
        ([0.81, 0.81, 0.19, 0.19], True),
        ([0.79, 0.81, 0.19, 0.19], False),
        ([0.81, 0.81, 0.19, 0.21], False),
        ([1, 1, 0.5, 0, 0, 0, 0], False),  # a record on the way
        ([0, 0, 0, 0, 0.5, 1, 1, 1, 1], False),
        ([1, 0, 0, 0], False),
        ([1, 1, 1, 0], False),
        ([1, 1, 0, 1, 1, 1], False),
        ([1, 1, 1, 1, 1, 1], False),
        ([1, 1, 0], False),
    ],
)
def test_all_jump_where_two_records_on_a_level_are_followed_by_two_on_the_other(course, jumps):
    place = np.tile(np.array(course, float), (3, 1))
    assert two_levels._jump_of_all(place) == jumps
    place[1] = 0.5  # one that does not
    assert not two_levels._jump_of_all(place)


FAR, NEAR = [-3 / 8, -3 / 8, 3 / 8, 3 / 8], [-1 / 8, 1 / 8, -3 / 8, 3 / 8]  # from the mean of four runs


@pytest.mark.parametrize(
    ("low", "high", "groups"),
    [
        ([0, 0, 0, 0], [1, 1, 1, 1], True),
        ([0, 0, 0, 0, 0, 0, 0], [1], True),
        ([0], [1, 1, 1, 1, 1, 1, 1], True),
        ([0, 0, 0, 0], [], False),
        ([], [1, 1, 1, 1], False),
        ([0, 0, 0, 0, 0, 0, 0], [0.75], True),
        ([0.4], [1.85] * 7, True),
        ([0.25] * 4, [0.75] * 4, True),  # half of the way apart
        ([0.25 + 2**-20] * 4, [0.75] * 4, False),
        ([-0.25] * 4, [1.25] * 4, True),  # one and a half
        ([-0.25 - 2**-20] * 4, [1.25] * 4, False),
        (FAR, [1] * 4, False),  # two in the middle third window, none at the lower mean
        ([0] * 4, np.add(1, FAR), False),
        (NEAR, np.add(1, NEAR), True),  # two at either mean, and two between: not more
        ([-1 / 4, 1 / 4, -3 / 8, 3 / 8], [1] * 4, True),  # both windows hold their edges: two and two
        ([-1 / 4, 1 / 4, -3 / 8, 3 / 8], [5 / 8, 1, 1, 11 / 8], False),  # and three between
        ([1 / 8, -1 / 8, 0, 0], [1] * 4, True),
    ],
)
def test_two_groups_have_no_more_between_their_means_than_at_either(low, high, groups):
    """Groups are what lies below and above a half; windows reach a quarter of the way between the means about them."""
    column = np.r_[low, high].astype(float)
    place = np.stack([column, np.zeros_like(column), column[::-1]], axis=1)
    np.testing.assert_array_equal(two_levels._two_groups(place), [groups, False, groups])
    np.testing.assert_array_equal(two_levels._two_groups(1 - place), [groups, False, groups])
