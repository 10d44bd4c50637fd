"""Levels are found where runs go at times of their own, and nowhere else."""

import numpy as np
import pytest

from grok_theory.numerics.two_levels import find_levels

X = np.linspace(0.0, 1.0, 40)
LOGS = {"apart": float(np.log(1.05)), "in_logs": True, "tail": 0.005}


def noise(rng, count, size, kind):
    z = rng.standard_normal((count, X.size))
    if kind == "constant":
        z[:] = z[:, :1]
    elif kind == "correlated":
        for t in range(1, X.size):
            z[:, t] = 0.95 * z[:, t - 1] + np.sqrt(1 - 0.95**2) * z[:, t]
    return np.exp(size * z - size**2 / 2)


def jumping(rng, count, *, ratio=30.0, width=0.0, size=0.05, kind="fresh", law="uniform", drift=0.0):
    if law == "uniform":
        arrival = rng.uniform(0.2, 0.9, (count, 1))
    else:
        arrival = 0.3 * np.exp(0.5 * rng.standard_normal((count, 1)))
    late = (arrival > X) if width == 0 else 1 / (1 + np.exp((X - arrival) / width))
    return (1 + (ratio - 1) * late) * np.exp(drift * X) * noise(rng, count, size, kind)


@pytest.mark.statistical(rate=5e-3)
@pytest.mark.parametrize("law", ["uniform", "log-normal"])
@pytest.mark.parametrize("ratio", [3.0, 100.0])
@pytest.mark.parametrize("count", [12, 30, 100])
def test_jumps_at_times_of_their_own_are_levels(law, ratio, count, rng):
    """Sharp jumps and some half as wide as the arrivals are spread. Planted: spreads that must grow a hundredfold."""
    for width, kind, drift in ((0.0, "fresh", 0.0), (0.0, "constant", 0.3), (0.1, "correlated", -0.3)):
        runs = jumping(rng, count, ratio=ratio, width=width, kind=kind, law=law, drift=drift)
        levels = find_levels(runs, **LOGS)
        assert levels is not None, (width, kind)
        # Seen levels, not fitted ones: within drift and noise of 1 and the ratio.
        assert 0.5 < levels.low < 1.6
        assert 0.6 * ratio < levels.high < 1.8 * ratio
        assert levels.low < levels.middle < levels.high


@pytest.mark.statistical(rate=5e-3)
@pytest.mark.parametrize("size", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("kind", ["correlated", "constant", "fresh"])
def test_a_course_that_all_runs_follow_is_no_jump(size, kind, rng):
    """Flat, decaying and falling from plateau to plateau, 200 runs of one-humped noise. Planted: spreads that grow by
    a tenth."""
    for course in (np.ones_like(X), np.exp(-2.5 * X), 1 + 2 / (1 + np.exp((X - 0.5) / 0.08)), 1 + 99 * (X < 0.5)):
        assert find_levels(course * noise(rng, 200, size, kind), **LOGS) is None


@pytest.mark.statistical(rate=5e-3)
def test_noise_of_one_size_on_a_falling_curve_is_no_jump(rng):
    """In logs its spread grows as the curve falls. Planted: a look at the logs alone."""
    runs = np.exp(-2.5 * X) + 0.01 * rng.standard_normal((100, X.size))
    assert np.log(runs).std(0).max() > 4 * np.log(runs).std(0).min()
    assert find_levels(runs, **LOGS) is None


def test_a_constant_factor_of_each_run_is_no_jump():
    course = 1 + 99 / (1 + np.exp((X - 0.5) / 0.1))
    assert find_levels(course * np.array([1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0, 5.0])[:, None], **LOGS) is None


def test_few_runs_that_jump_at_one_time_may_have_a_spread_that_is_not_seen():
    together = np.where(X < 0.5, 30.0, 1.0) * (1 + 0.001 * np.arange(8))[:, None]
    # 2^(1 - 7) > 1 %: seven runs do not exclude a law with half of its jumps there, eight do.
    assert find_levels(together[:7], **LOGS) is not None
    assert find_levels(together, **LOGS) is None
    # What all follow slowly is seen to be one course by any number.
    slow = (1 + 29 / (1 + np.exp((X - 0.5) / 0.1))) * (1 + 0.001 * np.arange(3))[:, None]
    assert find_levels(slow, **LOGS) is None


def test_a_theory_that_moves_where_no_run_does_tells_of_levels():
    theory, still = 1 + 29 * np.exp(-5 * X), np.ones((8, X.size)) * (1 + 0.01 * np.arange(8))[:, None]
    pair = find_levels(still, theory=theory, **LOGS)
    assert pair.high == pytest.approx(30.0)
    assert find_levels(theory * still, theory=theory, **LOGS) is None
    assert find_levels(still, theory=np.full(X.size, 1.04), **LOGS) is None


def test_levels_nearer_than_what_matters_are_none():
    runs = np.where(np.arange(10)[:, None] / 10 < X, 1.0, 1.02)
    assert find_levels(runs, **LOGS) is None
    assert find_levels(runs, **(LOGS | {"apart": 0.01})) is not None


def test_curves_of_any_sign_and_records_of_one_time():
    runs = np.where(np.arange(10)[:, None] / 10 < X, 1.0, -1.0)
    pair = find_levels(runs, apart=0.1, in_logs=False, tail=0.005)
    assert (pair.low, pair.high, pair.middle) == (-1.0, 1.0, pytest.approx(0.0))
    assert find_levels(runs[:, :1], apart=0.1, in_logs=False, tail=0.005) is None
    assert find_levels(runs[:1], apart=0.1, in_logs=False, tail=0.005) is None


def test_a_loss_that_goes_on_falling_after_its_jump_leaves_a_level_too():
    arrival = np.linspace(0.1, 0.9, 12)[:, None]
    runs = np.where(arrival > X, 1.0, 0.1 * np.exp(-12 * (X - arrival)))
    levels = find_levels(runs, **LOGS)
    assert levels.high == 1.0
    assert levels.low == runs.min()


@pytest.mark.statistical(rate=5e-3)
@pytest.mark.parametrize("width", [0.1, 0.25, 0.5])
def test_slow_courses_at_times_of_their_own_have_levels(width, rng):
    """Jumps up to twice as wide as the arrivals are spread have one hump at every time. Planted: two groups alone."""
    x = np.linspace(-1.0, 2.5, 40)
    runs = 1 + 29 / (1 + np.exp((x - rng.uniform(0.2, 0.9, (30, 1))) / width))
    levels = find_levels(runs * noise(rng, 30, 0.02, "constant")[:, :40], **LOGS)
    assert levels.high > 15
    assert levels.low < 2


@pytest.mark.parametrize("places", [[0, 20], [0, 20, 39], [0, 12, 25, 39]])
def test_a_record_of_few_times_shows_levels_where_runs_are_parted(places):
    runs = np.where(np.linspace(0.1, 0.9, 12)[:, None] > X, 30.0, 1.0)[:, places]
    levels = find_levels(runs, **LOGS)
    assert (levels.low, levels.high) == (1.0, 30.0)


def test_the_first_fall_that_all_follow_is_no_level_of_later_ones():
    runs = np.where(np.linspace(0.4, 0.9, 12)[:, None] > X, 30.0, 1.0) * np.where(X < 0.1, 1e4, 1.0)
    assert find_levels(runs, **LOGS).high == 30.0


@pytest.mark.parametrize(("count", "noise"), [(8, 0.01), (8, 0.05), (20, 0.05), (60, 0.05)])
def test_fresh_noise_on_a_course_between_plateaus_is_no_sign_of_times_of_their_own(count, noise):
    """Twelve records in logs of a loss that falls from 6 to 4.1: spreads of single records differ by chance alone."""
    x = np.geomspace(0.1, 10.0, 12)
    course = 4.1 + 1.9 / (1 + x**2)
    found = 0
    for seed in range(200):
        runs = course * np.exp(noise * np.random.default_rng(seed).standard_normal((count, 12)))
        found += find_levels(runs, apart=float(np.log1p(0.1)), in_logs=True, tail=0.005, theory=course) is not None
    assert found <= 6  # it was 100 of 200 when every record was looked at alone


def test_a_law_of_one_hump_that_widens_to_the_end_of_a_course_that_turns_has_no_levels():
    """The test loss of a training that goes on for too long: it falls, turns, rises, and its runs part as it rises."""
    time = np.linspace(0, 1, 20)
    course, spread = 2.8 + 8 * (time - 0.5) ** 2 * (1 + 2 * time), 0.12 * np.exp(1.1 * np.maximum(time - 0.5, 0) * 2)
    found = 0
    for seed in range(100):
        one = np.random.default_rng(seed).standard_normal((100, 1))  # a run keeps its place among the others
        runs = course * np.exp(spread * one)
        found += find_levels(runs, apart=float(np.log1p(0.1)), in_logs=True, tail=0.005, theory=course) is not None
    assert found == 0  # with the lowest part of the course taken for a level it was 100
