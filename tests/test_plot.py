"""Pictures hold what they should: the line, the mean, the band, hollow points, labels with units."""

import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import grok_theory as gt
from grok_theory.errors import BadValue

X = np.geomspace(0.1, 10.0, 6)
DYNAMICS = gt.GradientFlow()


@pytest.fixture(autouse=True)
def close_all():
    yield
    plt.close("all")


@pytest.fixture
def theory():
    curves = {"test_loss": 1 + 1 / X, "signed": X - 1.0}
    return gt.Solution(None, X, curves, "time", DYNAMICS, None, x_unit="tau")


@pytest.fixture
def runs():
    noise = 1 + 0.1 * np.random.default_rng(0).standard_normal((5, X.size))
    valid = {"test_loss": X < 5}
    return gt.Ensemble(
        None, X, {"test_loss": (1 + 1 / X) * noise, "signed": (X - 1) * noise}, "time", DYNAMICS, "tau", valid
    )


def test_figures_after_the_first_are_shown_in_a_notebook(theory, monkeypatch):
    # There the first figure loads the backend, which switches interaction on.
    subplots = plt.subplots
    monkeypatch.setattr(plt, "subplots", lambda: (matplotlib.interactive(True), subplots())[1])
    monkeypatch.setitem(matplotlib.rcParams, "interactive", False)
    gt.plot.curves(theory, None, "test_loss")
    assert plt.isinteractive()
    with pytest.raises(BadValue):
        gt.plot.curves(theory, None, "no such curve")
    assert plt.isinteractive()


def test_a_line_and_points_with_a_simultaneous_band(theory, runs):
    ax = gt.plot.curves(theory, runs, "test_loss")
    line, points, hollow = ax.get_lines()
    assert np.array_equal(line.get_ydata(), theory["test_loss"])
    mean = runs["test_loss"].mean(0)
    valid = X < 5
    assert np.array_equal(points.get_ydata(), mean[valid])
    assert np.array_equal(hollow.get_ydata(), mean[~valid])
    assert hollow.get_markerfacecolor() == "white"
    # Student's t by its own quantiles, Bonferroni over six points, in logs by the delta method, lies inside; the
    # log-normal interval that `compare` adds is wider above: five runs cannot exclude a heavy tail.
    half = stats.t(4).ppf(1 - 0.01 / 2 / 6) * runs["test_loss"].std(0, ddof=1) / np.sqrt(5) / mean
    (band,) = ax.collections
    edge = band.get_paths()[0].vertices[:, 1]
    assert 1 - 1e-12 <= edge.max() / (mean * np.exp(half)).max() < 1.5
    assert 0.9 < edge.min() / (mean * np.exp(-half)).min() <= 1 + 1e-12
    assert ax.get_xlabel() == "time [tau]"
    assert ax.get_ylabel() == "test loss"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "theory",
        "5 runs, 99% band",
        "beyond theory at this size",
    ]
    assert ax.get_xscale() == "log"


def test_where_the_mean_is_negative_the_band_is_students(theory, runs):
    values = runs["signed"]
    half = stats.t(4).ppf(1 - 0.01 / 2 / 6) * values.std(0, ddof=1) / np.sqrt(5)
    edge = gt.plot.curves(theory, runs, "signed").collections[0].get_paths()[0].vertices[:, 1]
    assert np.isclose(edge.max(), (values.mean(0) + half).max())
    assert np.isclose(edge.min(), (values.mean(0) - half).min())


def test_a_band_of_one_standard_error_says_so(theory, runs):
    ax = gt.plot.curves(theory, runs, "signed", band="standard error")
    values = runs["signed"]
    high = values.mean(0) + values.std(0, ddof=1) / np.sqrt(5)
    assert np.isclose(ax.collections[0].get_paths()[0].vertices[:, 1].max(), high.max())
    assert "5 runs, ± standard error" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_given_axes_are_kept_as_they_are(theory, runs):
    _, given = plt.subplots()
    given.set_ylabel("loss [noise variances]")
    ax = gt.plot.curves(theory, runs, "test_loss", ax=given, color="C3", label="both")
    assert ax is given
    assert ax.get_ylabel() == "loss [noise variances]"
    assert ax.get_xscale() == "linear"
    assert ax.get_legend() is None
    assert {line.get_color() for line in ax.get_lines()} == {"C3"}
    assert ax.get_lines()[0].get_label() == "both"


def test_each_side_is_drawn_alone_too(theory, runs):
    assert len(gt.plot.curves(theory, name="test_loss").get_lines()) == 1
    assert len(gt.plot.curves(None, runs, "test_loss").get_lines()) == 2
    one = gt.Ensemble(None, X, {"test_loss": runs["test_loss"][:1]}, "time", DYNAMICS, "tau")
    ax = gt.plot.curves(theory, one, "test_loss")
    assert len(ax.collections) == 0
    assert "1 run" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_two_curves_take_two_colours(theory, runs):
    ax = gt.plot.curves(theory, runs, "test_loss")
    gt.plot.curves(theory, runs, "signed", ax=ax)
    lines = ax.get_lines()
    assert lines[0].get_color() == lines[1].get_color()
    assert lines[3].get_color() != lines[0].get_color()


def test_bad_requests_are_named(theory, runs):
    with pytest.raises(BadValue, match=r"There is no curve 'loss'.*test_loss"):
        gt.plot.curves(theory, runs, "loss")
    with pytest.raises(BadValue, match=r"band is 'sd'.*'simultaneous', 'standard error'"):
        gt.plot.curves(theory, runs, "test_loss", band="sd")
    with pytest.raises(BadValue, match=r"confidence is 1\.5.*0\.99"):
        gt.plot.curves(theory, runs, "test_loss", confidence=1.5)
    with pytest.raises(BadValue, match="both None"):
        gt.plot.curves(None, None)
    batch = gt.Solution(None, np.stack([X, X]), {"test_loss": np.ones((2, 6))}, "time", DYNAMICS, None)
    with pytest.raises(BadValue, match=r"batch of shape \(2,\)"):
        gt.plot.curves(batch, name="test_loss")


def test_a_heatmap_has_cells_levels_and_a_bar():
    x, y = np.geomspace(0.1, 10, 7), np.linspace(0, 1, 5)
    values = np.exp(-(np.log(x)[None] ** 2)) * (y[:, None] + 0.1)
    values[1, 2] = np.nan
    ax = gt.plot.heatmap(x, y, values, levels=[0.5], x_label="a [1]", y_label="b [s]", label="c", log=True)
    cells = ax.collections[0]
    assert np.array_equal(cells.get_array().filled(-1).ravel(), np.nan_to_num(values, nan=-1).ravel())
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a [1]", "b [s]")
    assert len(ax.figure.axes) == 2
    # Cells are centred on the values, also in logs: the borders are geometric means.
    borders = cells.get_coordinates()[0, :, 0]
    assert np.allclose(borders[1:-1], np.sqrt(x[1:] * x[:-1]))
    assert np.isclose(borders[0] * borders[1], x[0] ** 2)


def test_a_heatmap_draws_no_hidden_value():
    hidden = np.ma.array([[1.0, 9e9, 2.0], [3.0, 4.0, 5.0]], mask=[[0, 1, 0], [0, 0, 0]])
    cells = gt.plot.heatmap([1.0, 2.0, 3.0], [1.0, 2.0], hidden).collections[0]
    np.testing.assert_array_equal(np.ma.getmaskarray(cells.get_array()).ravel(), hidden.mask.ravel())
    assert cells.get_clim() == (1.0, 5.0)
    with pytest.raises(BadValue, match="x has values that a mask hides"):
        gt.plot.heatmap(np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1]), [1.0, 2.0], np.ones((2, 3)))


def test_a_heatmap_refuses_what_does_not_fit():
    x, y = np.arange(1.0, 4.0), np.arange(2.0)
    with pytest.raises(BadValue, match=r"values has shape \(3, 2\), but it must have shape \(2, 3\)"):
        gt.plot.heatmap(x, y, np.ones((3, 2)))
    with pytest.raises(BadValue, match="x does not increase"):
        gt.plot.heatmap(x[::-1], y, np.ones((2, 3)))
    with pytest.raises(BadValue, match="log=True needs positive"):
        gt.plot.heatmap(x, y, np.zeros((2, 3)), log=True)


def test_the_style_is_ours_and_stays_inside():
    before = plt.rcParams["font.size"]
    ax = gt.plot.heatmap([1.0, 2.0], [1.0], [[1.0, 2.0]])
    assert ax.figure.get_size_inches().tolist() == [3.4, 2.4]
    assert plt.rcParams["font.size"] == before


def test_a_curve_without_a_number_is_not_drawn(theory):
    nowhere = dataclasses.replace(theory, curves={"test_loss": np.full(X.size, np.nan)})
    with pytest.raises(BadValue, match=r"solution\['test_loss'\] is finite nowhere, so there is nothing to draw"):
        gt.plot.curves(nowhere, None, "test_loss")

    gap = dataclasses.replace(theory, curves={"test_loss": np.where(X > 5, np.nan, 1.0)})
    (line,) = gt.plot.curves(gap, None, "test_loss").get_lines()
    assert line.get_label() == "theory (not finite in part, left out)"


def test_what_failed_is_left_out_and_the_legend_says_so(theory, runs):
    values = np.asarray(runs["test_loss"]).copy()
    values[2, 4:] = np.inf
    broken = gt.Ensemble(None, X, {"test_loss": values}, "time", DYNAMICS, "tau")
    ax = gt.plot.curves(theory, broken, "test_loss")
    np.testing.assert_array_equal(ax.get_lines()[1].get_ydata(), np.delete(values, 2, axis=0).mean(0))
    assert "4 runs of 5, the others failed, 99% band" in [text.get_text() for text in ax.get_legend().get_texts()]
    labelled = gt.plot.curves(theory, broken, "test_loss", label="mine")
    assert any("4 runs of 5, the others failed" in text.get_text() for text in labelled.get_legend().get_texts())
    both = np.asarray(runs["test_loss"])[:2].copy()
    both[0, 0] = both[1, 5] = np.nan
    with pytest.raises(BadValue, match="has no run that is finite at all time"):
        gt.plot.curves(None, gt.Ensemble(None, X, {"test_loss": both}, "time", DYNAMICS), "test_loss")
    # A failed theory: its finite part and a word, or nothing.
    late = np.where(X > 5, np.nan, 1.0)
    bad = gt.Status(2, failed="No root beyond t = 5.")
    part = gt.Solution(None, X, {"test_loss": late}, "time", DYNAMICS, None, x_unit="tau", status=bad)
    (line,) = gt.plot.curves(part, name="test_loss").get_lines()
    assert line.get_label() == "theory (failed in part, left out)"
    whole = gt.Solution(None, X, {"test_loss": np.ones(6)}, "time", DYNAMICS, None, x_unit="tau", status=bad)
    with pytest.raises(BadValue, match=r"solution has failed.*No root beyond t = 5\."):
        gt.plot.curves(whole, name="test_loss")
    noted = gt.Solution(None, X, {"test_loss": np.ones(6)}, "time", DYNAMICS, None, status=gt.Status(1, noted="old"))
    assert gt.plot.curves(noted, name="test_loss").get_lines()[0].get_label() == "theory (noted)"


def test_another_x_is_not_drawn_on_the_same_axis(theory, runs):
    steps = gt.Ensemble(None, X, {"test_loss": runs["test_loss"]}, "step", DYNAMICS)
    with pytest.raises(BadValue, match=r"x in step, but the solution has time \[tau\].*dataclasses\.replace"):
        gt.plot.curves(theory, steps, "test_loss")
    ax = gt.plot.curves(theory, name="test_loss")
    with pytest.raises(BadValue, match=r"ax has x in 'time \[tau\]', but this curve has 'step'.*Convert"):
        gt.plot.curves(None, steps, "test_loss", ax=ax)
    bare = gt.Ensemble(None, X, {"test_loss": runs["test_loss"]}, "time", DYNAMICS)
    with pytest.raises(BadValue, match=r"'time' without a unit"):
        gt.plot.curves(None, bare, "test_loss", ax=ax)
    ax.set_xlabel(r"training time $t$ [$\tau$]")
    assert gt.plot.curves(None, runs, "test_loss", ax=ax) is ax
    # The s of seconds stands in "tests", too.
    ax.set_xlabel(r"time of all tests [$\tau$]")
    seconds = gt.Ensemble(None, X, {"test_loss": runs["test_loss"]}, "time", DYNAMICS, "s")
    with pytest.raises(BadValue, match=r"but this curve has 'time \[s\]'"):
        gt.plot.curves(None, seconds, "test_loss", ax=ax)


def test_bands_hold_runs_that_were_not_drawn():
    x = np.linspace(0.0, 1.0, 20)
    values = np.where(np.linspace(0.1, 0.7, 9)[:, None] > x, 30.0, 1.0)
    runs = gt.Ensemble(None, x, {"test_loss": values}, "time", DYNAMICS)
    share = 1 - (0.01 / 2 / 20) ** (1 / 9)
    edge = gt.plot.curves(None, runs, "test_loss").collections[0].get_paths()[0].vertices
    at_end = edge[np.isclose(edge[:, 0], 1.0, rtol=1e-9, atol=0)][:, 1]
    np.testing.assert_allclose((at_end.min(), at_end.max()), (1.0, 1 + 29 * share), rtol=1e-9, atol=0)


def test_a_heatmap_refuses_infinities_and_nothing_at_all():
    with pytest.raises(BadValue, match=r"values\[0, 1\] is inf.*Pass nan"):
        gt.plot.heatmap([1.0, 2.0], [1.0], [[1.0, np.inf]])
    with pytest.raises(BadValue, match="nan everywhere"):
        gt.plot.heatmap([1.0, 2.0], [1.0], [[np.nan, np.nan]])
