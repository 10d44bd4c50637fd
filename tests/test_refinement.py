"""The level set is found where it is, and what is not known is said."""

import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt


def make(x, y):
    return {"x": x, "y": y}


def radius(problem):
    return jnp.sqrt(problem["x"] ** 2 + problem["y"] ** 2)


def partly(problem):
    """Censored beyond 0.9, failed in a corner."""
    r = radius(problem)
    return jnp.where((problem["x"] > 1.5) & (problem["y"] > 1.5), jnp.nan, jnp.where(r > 1.4, jnp.inf, r))


def refine(run=radius, first=None, second=None, **options):
    axes = first or gt.Axis("x", 0.0, 2.0, cells=4), second or gt.Axis("y", 0.0, 2.0, cells=4)
    return gt.refine(run, make, *axes, **({"level": 1.0, "depth": 3, "workers": 1, "version": "1"} | options))


@pytest.fixture(scope="module")
def circle():
    return refine()


def test_crossings_lie_on_the_level_set(circle):
    assert len(circle.crossings) > 30
    np.testing.assert_allclose(np.hypot(*circle.crossings.T), 1.0, atol=2e-3)


def test_cells_tile_the_box(circle):
    low1, high1, low2, high2 = circle.cells.T
    assert np.isclose(np.sum((high1 - low1) * (high2 - low2)), 4.0, rtol=1e-12, atol=0)
    assert len({tuple(cell) for cell in circle.cells}) == len(circle.cells)
    assert set(circle.state) == {"converged"}


def test_refinement_spends_points_on_the_line(circle):
    """Cells that the exact circle passes through have the finest size; the map costs a part of the full grid."""
    low1, high1, low2, high2 = circle.cells.T
    inside, outside = np.hypot(low1, low2) <= 1, np.hypot(high1, high2) > 1  # on the level counts as below
    np.testing.assert_array_equal(circle.crossed, inside & outside)
    assert np.all((high1 - low1)[circle.crossed] == 2 / 32)
    assert len(circle.points) < 0.35 * 33**2
    assert circle.computed == len(circle.points)


def test_a_logarithmic_axis():
    found = refine(
        lambda problem: problem["x"] * problem["y"],
        gt.Axis("x", 0.01, 100.0, cells=4, spacing="log"),
        gt.Axis("y", 0.01, 100.0, cells=4, spacing="log"),
        depth=2,
        level=2.0,
    )
    np.testing.assert_allclose(np.log(found.crossings).sum(1), np.log(2.0), atol=0.05)
    assert found.points.min() == 0.01
    assert found.points.max() == 100.0


def test_censored_and_failed_cells_are_said_and_not_filled():
    found = refine(partly)
    for corners, state in zip(found.corners, found.state, strict=True):
        expected = "failed" if np.isnan(corners).any() else "censored" if np.isinf(corners).any() else "converged"
        assert state == expected
    assert {"converged", "censored", "failed"} == set(found.state)
    failed = {tuple(point) for point in found.points[np.isnan(found.values)]}
    assert failed == {tuple(found.points[index]) for index, _ in found.reasons}
    assert np.isfinite(found.crossings).all()
    text = str(found)
    assert f"failed    {found.count('failed')} cells, 0 of them crossed" in text
    assert "failed at (" in text


def test_a_level_next_to_what_is_censored_is_located_but_not_interpolated():
    found = refine(lambda problem: jnp.where(radius(problem) > 1.0, jnp.inf, 0.5))
    assert found.count("censored", crossed=True) > 20
    assert found.count("converged", crossed=True) == 0
    assert len(found.crossings) == 0


def test_a_run_that_raises_fails_its_cells():
    def run(problem):
        if problem["x"] == 2.0 and problem["y"] == 2.0:
            raise gt.SolveFailed("It did not converge. Take more nodes.")
        return float(radius(problem))

    found = refine(run, batch=1, depth=1)
    assert found.count("failed") == 1
    assert found.reasons[0][1] == "It did not converge. Take more nodes."


def test_the_status_of_what_a_number_was_read_from_is_looked_at():
    """A failed solver's number is no point of the map, a noted one's is one with a remark."""

    def run(problem):
        x = problem["x"]
        level = jnp.where(x > 1.5, 2, jnp.where(x < 0.5, 1, 0)).astype(jnp.int8)
        return x + problem["y"], gt.Status(level, noted="Outside the tested range.", failed="Not converged.")

    axes = (gt.Axis("x", 0.0, 2.0, cells=4), gt.Axis("y", 0.0, 2.0, cells=4))
    found = gt.refine(run, lambda x, y: {"x": x, "y": y}, *axes, level=1.0, depth=0, workers=1, version="1")
    failed = {index for index, reason in found.reasons if reason == "Not converged."}
    assert failed == set(np.flatnonzero(found.points[:, 0] == 2.0))
    assert np.isnan(found.values[sorted(failed)]).all()
    assert {index for index, text in found.notes} == set(np.flatnonzero(found.points[:, 0] == 0.0))
    assert "noted at (0, 0): Outside the tested range." in str(found)
    assert "failed at (2, 0): Not converged." in str(found)


def test_resumed_from_the_cache_it_is_the_same(tmp_path, circle):
    def stops(problem):
        if problem["x"] > 1.2:
            raise KeyboardInterrupt
        return float(radius(problem))

    with pytest.raises(KeyboardInterrupt, match="call refine again"):
        refine(stops, batch=1, cache=tmp_path)
    first = refine(cache=tmp_path)
    again = refine(cache=tmp_path)
    assert (first.computed, again.computed, again.reused) == (len(circle.points), 0, len(circle.points))
    for name in ("points", "values", "cells", "corners", "state", "crossed", "crossings"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        np.testing.assert_array_equal(getattr(first, name), getattr(circle, name))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", 1.0, 1.0), "high is 1.0, but it must be above low = 1.0"),
        (("x", float("nan"), 1.0), "low is nan, but it must be finite"),
        (("x", 0.0, 1.0, 4, "log"), "low is 0.0, but it must be positive"),
        (("x", 0.0, 1.0, 0), "cells is 0, but it must be an integer of at least 1"),
    ],
)
def test_bad_axes_are_named(arguments, message):
    with pytest.raises(gt.BadValue, match=message):
        gt.Axis(*arguments)


def test_bad_arguments_are_named():
    with pytest.raises(gt.BadValue, match="level is nan, but it must be finite"):
        refine(level=float("nan"))
    with pytest.raises(gt.BadValue, match=r"run returned dict.* but refine needs one real number"):
        refine(lambda problem: {"a": problem["x"]}, depth=0)
