"""What the picture of a band holds: its ends, its axes, the runs on it."""

import jax
import matplotlib.pyplot as plt
import numpy as np
import pytest

import grok_theory as gt

X = np.geomspace(0.1, 10.0, 40)
PROBLEM = gt.linear.TeacherStudent(2.0, 5.0)


@pytest.fixture(scope="module")
def told():
    return gt.linear.forecast(PROBLEM, X, dim=100)


def test_the_shades_end_where_the_bands_do(told):
    axes = gt.plot.band(told, "train_loss")
    for shade, ends in zip(axes.collections, (told["train_loss"], told.pointwise["train_loss"]), strict=True):
        drawn = shade.get_paths()[0].vertices
        assert drawn[:, 1].max() == np.max(ends.high)
        assert drawn[:, 1].min() == np.min(ends.low)
    assert axes.get_lines()[0].get_ydata().tolist() == np.asarray(told["train_loss"].median).tolist()
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale()) == ("time [tau]", "train loss", "log")
    assert axes.get_legend().get_texts()[0].get_text() == "median and 90% of runs"
    plt.close(axes.figure)


def test_draws_and_runs_are_lines_on_it(told):
    runs = gt.linear.simulate(PROBLEM, X, dim=100, runs=2, key=jax.random.key(0))
    _, ax = plt.subplots()
    assert gt.plot.band(told, runs=runs, ax=ax, draws=3) is ax
    assert len(ax.get_lines()) == 1 + 3 + 2
    assert ax.get_lines()[-1].get_ydata().tolist() == runs["test_loss"][1].tolist()
    assert ax.get_xscale() == "linear"
    plt.close(ax.figure)


def test_refusals(told):
    runs = gt.Ensemble(PROBLEM, X, {"test_loss": np.ones((1, 40))}, "step", gt.GradientDescent(0.1))
    with pytest.raises(gt.BadValue, match="x in step"):
        gt.plot.band(told, runs=runs)
    with pytest.raises(gt.BadValue, match="name is 'variance'"):
        gt.plot.band(told, "variance")
    with pytest.raises(gt.BadValue, match="draws is -1"):
        gt.plot.band(told, draws=-1)
    with pytest.raises(gt.BadValue, match="forecast is 3"):
        gt.plot.band(3)
