"""Levels are found where runs jump at times of their own, and nowhere else."""

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
    """With a spread of arrivals ten times a jump's width nothing is missed: none of 900 keys is red, so at most 5 of
    1000 with 99 % confidence. Planted: levels that must lie ten standard deviations apart."""
    for width, kind, drift in ((0.0, "fresh", 0.0), (0.0, "constant", 0.3), (0.02, "correlated", -0.3)):
        runs = jumping(rng, count, ratio=ratio, width=width, kind=kind, law=law, drift=drift)
        levels = find_levels(runs, **LOGS)
        assert levels, (width, kind)
        # Seen levels, not fitted ones: within drift and noise of 1 and the ratio.
        widest = max(levels, key=lambda pair: pair.high / pair.low)
        assert 0.5 < widest.low < 1.6
        assert 0.6 * ratio < widest.high < 1.8 * ratio


@pytest.mark.statistical(rate=5e-3)
@pytest.mark.parametrize("size", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("kind", ["correlated", "constant", "fresh"])
def test_a_course_that_all_runs_follow_is_no_jump(size, kind, rng):
    """Flat, decaying and falling from plateau to plateau, 200 runs of one-humped noise. Planted: two groups without a
    look at the middle between them."""
    for course in (np.ones_like(X), np.exp(-2.5 * X), 1 + 2 / (1 + np.exp((X - 0.5) / 0.08)), 1 + 99 * (X < 0.5)):
        assert find_levels(course * noise(rng, 200, size, kind), **LOGS) == ()


def test_a_constant_factor_of_each_run_is_no_jump():
    course = 1 + 99 / (1 + np.exp((X - 0.5) / 0.1))
    assert find_levels(course * np.array([1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0, 5.0])[:, None], **LOGS) == ()


def test_few_runs_that_jump_at_one_time_may_have_a_spread_that_is_not_seen():
    together = np.where(X < 0.5, 30.0, 1.0) * (1 + 0.001 * np.arange(8))[:, None]
    # 2^(1 - 7) > 1 %: seven runs do not exclude a law with half of its jumps there, eight do.
    assert find_levels(together[:7], **LOGS)
    assert find_levels(together, **LOGS) == ()
    # What all follow slowly is seen to be one course by any number.
    slow = (1 + 29 / (1 + np.exp((X - 0.5) / 0.1))) * (1 + 0.001 * np.arange(3))[:, None]
    assert find_levels(slow, **LOGS) == ()


def test_a_theory_that_moves_where_no_run_does_tells_of_levels():
    theory, still = 1 + 29 * np.exp(-5 * X), np.ones((8, X.size)) * (1 + 0.01 * np.arange(8))[:, None]
    (pair,) = find_levels(still, theory=theory, **LOGS)
    assert pair.high == pytest.approx(30.0)
    assert find_levels(theory * still, theory=theory, **LOGS) == ()
    assert find_levels(still, theory=np.full(X.size, 1.04), **LOGS) == ()


def test_levels_nearer_than_what_matters_are_none():
    runs = np.where(np.arange(10)[:, None] / 10 < X, 1.0, 1.02)
    assert find_levels(runs, **LOGS) == ()
    assert find_levels(runs, **(LOGS | {"apart": 0.01}))


def test_curves_of_any_sign_and_records_of_one_time():
    runs = np.where(np.arange(10)[:, None] / 10 < X, 1.0, -1.0)
    (pair, *_) = find_levels(runs, apart=0.1, in_logs=False, tail=0.005)
    assert (pair.low, pair.high, pair.cut) == (-1.0, 1.0, pytest.approx(0.0))
    assert find_levels(runs[:, :1], apart=0.1, in_logs=False, tail=0.005) == ()
    assert find_levels(runs[:1], apart=0.1, in_logs=False, tail=0.005) == ()


def test_a_loss_that_goes_on_falling_after_its_jump_has_a_low_level_too():
    arrival = np.linspace(0.1, 0.9, 12)[:, None]
    runs = np.where(arrival > X, 1.0, 0.1 * np.exp(-12 * (X - arrival)))
    levels = find_levels(runs, **LOGS)
    assert any(pair.high == pytest.approx(1.0) and pair.reach[0] == -np.inf for pair in levels)
