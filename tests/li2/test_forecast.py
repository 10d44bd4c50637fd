"""The band of one training on a group's table."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.li2 import GroupTask, forecast, groups, simulate

TASK = GroupTask(groups.cyclic(7), train_fraction=0.7)
STEPS = np.unique(np.round(np.geomspace(1, 150, 20))).astype(int)


@pytest.fixture(scope="module")
def told():
    return forecast(TASK, STEPS, width=24, draws=24, key=jax.random.key(1))


def test_its_draws_are_trainings_and_its_band_is_student_s(told):
    own = simulate(TASK, [0, *STEPS], width=24, runs=1, key=jax.random.fold_in(jax.random.key(1), 5))
    np.testing.assert_allclose(told.draws["test_loss"][5], own["test_loss"][0, 1:], rtol=1e-5, atol=0)
    np.testing.assert_allclose(told.starts["train_accuracy"][5], own["train_accuracy"][0, 0], rtol=1e-6, atol=1e-6)
    low = told.pointwise["test_accuracy"]
    values = told.draws["test_accuracy"]
    from scipy import stats

    half = stats.t.ppf(0.95, 23) * np.maximum(values.std(0, ddof=1), 1e-3) * np.sqrt(1 + 1 / 24)
    np.testing.assert_allclose(low.high, np.clip(values.mean(0) + half, 0, 1), rtol=1e-9, atol=1e-12)
    assert list(told.curves) == ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    assert (told.width, told.dim, told.x_name, told.made_from) == (24, None, "step", "runs")


def test_an_accuracy_rises_to_its_threshold(told, tmp_path):
    time = told.crossing("train_accuracy", 0.9)
    falling = told.crossing("train_loss", fraction=0.5)
    first = [x[np.argmax(run >= 0.9)] for x, run in ((STEPS, run) for run in told.draws["train_accuracy"])]
    assert (np.asarray(time.times)[np.isfinite(time.times)] <= np.array(first)[np.isfinite(time.times)]).all()
    assert falling.low < falling.median < falling.high
    assert gt.load(told.save(tmp_path / "told.npz")) == told
    delay = told.delay(0.9, 0.9, accuracy=True)
    assert delay.low <= delay.median <= delay.high


def test_it_applies_to_a_training_of_its_own_and_to_no_other(told):
    own = simulate(TASK, STEPS, width=24, runs=1, key=jax.random.key(9))
    assert gt.applies(told, own).verdict == "applies"
    other = simulate(TASK, STEPS, width=24, runs=1, key=jax.random.key(9), dynamics=gt.Adam(0.02))
    assert gt.applies(told, other).verdict == "does not apply"


def test_refusals():
    for ask, words in (
        ({"width": 24, "dim": 7}, "dim is 7"),
        ({"width": 24, "draws": 3}, "draws is 3"),
        ({"width": 0}, "width is 0"),
    ):
        with pytest.raises(gt.BadValue, match=words):
            forecast(TASK, STEPS, **ask)
    with pytest.raises(gt.BadValue, match="task is 3"):
        forecast(3, STEPS, width=24)
