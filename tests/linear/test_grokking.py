"""Two clocks of a linear student with weight decay."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import TeacherStudent, grokking_time, limits, solve


@pytest.mark.parametrize(
    ("decay", "train", "test", "estimate"), [(1e-2, 4.4705, 206.368, 205.323), (1e-3, 4.7104, 1990.796, 1990.802)]
)
def test_reference_values_of_the_spec(decay, train, test, estimate):
    problem = TeacherStudent(0.9, 100.0, 1e4, weight_decay=decay)
    clocks = grokking_time(problem)
    assert np.isclose(clocks.train_time, train, atol=5e-5)
    assert np.isclose(clocks.test_time, test, atol=5e-4)
    assert np.isclose(clocks.estimate, estimate, atol=5e-4)
    assert np.isclose(clocks.delay, clocks.test_time - clocks.train_time)
    # The times are where the curves cross.
    at = solve(problem, [clocks.train_time, clocks.test_time])
    assert np.isclose(at["train_loss"][0], 0.01 * (1 + 100 + 1e4), rtol=1e-10, atol=0)
    assert np.isclose(at["test_loss"][1], 2 * limits(problem).test_loss, rtol=1e-10, atol=0)


def test_never_and_from_the_start():
    above = grokking_time(TeacherStudent(2.0, 5.0))
    assert np.isinf(above.train_time)
    assert np.isnan(above.delay)
    assert above.estimate is None
    already = grokking_time(TeacherStudent(0.5, 0.5), test_factor=10.0)
    assert already.test_time == 0


def test_batches_match_single_calls():
    decays = np.array([1e-3, 1e-2])
    batch = jax.vmap(lambda g: grokking_time(TeacherStudent(0.9, 100.0, 1e4, weight_decay=g)))(decays)
    for i, decay in enumerate(decays):
        single = grokking_time(TeacherStudent(0.9, 100.0, 1e4, weight_decay=decay))
        assert np.isclose(batch.test_time[i], single.test_time, rtol=1e-12, atol=0)
        assert np.isclose(batch.estimate[i], single.estimate, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"train_fraction": 0.0}, "train_fraction is 0.0.*share"),
        ({"train_fraction": 1.5}, "train_fraction is 1.5"),
        ({"test_factor": 1.0}, "test_factor is 1.0.*above 1"),
        ({"test_factor": float("nan")}, "test_factor is nan"),
    ],
)
def test_bad_thresholds_are_refused(options, words):
    with pytest.raises(gt.BadValue, match=words):
        grokking_time(TeacherStudent(0.9, 1.0), **options)
