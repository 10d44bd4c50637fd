"""Local complexity along training: the Cauchy form, shares counted by hand, nested neighbourhoods, refusals."""

import numpy as np
import pytest

import grok_theory as gt
from grok_theory.named_axes import Field
from grok_theory.observables import local_complexity, local_complexity_curves, local_complexity_gaussian
from grok_theory.results import Ensemble, Solution

FLOW = gt.GradientFlow()
RNG = np.random.default_rng(0)
FRAME = np.linalg.qr(RNG.standard_normal((6, 4)))[0].T
POINTS = {"train": RNG.standard_normal((5, 6)), "boundary": RNG.standard_normal((3, 6))}
NEURONS = RNG.standard_normal((2, 30, 6))  # time, neuron, dim


def solution(neurons=NEURONS, **more):
    fields = {"neurons": Field(neurons, ("time", "neuron", "dim"))}
    return Solution(FLOW, np.array([0.0, 1.0]), {"a": np.ones(2)}, "time", FLOW, None, fields=fields, **more)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((1, 1, 0, 0.3), 0.185547158155),
        ((1.4, 0.8, 0.5, 0.3), 0.0974495640319),
        ((1, 2, 1.2, 1), 0.739735498522),
        ((1.4, 0.8, -0.5, 0.3), 0.0974495640319),
    ],
)
def test_the_cauchy_form(arguments, wanted):
    assert float(local_complexity_gaussian(*arguments)) == pytest.approx(wanted, abs=6e-13)


def test_without_correlation_it_is_the_law_of_one_direction():
    radius = np.geomspace(1e-6, 1e6, 40)
    found = local_complexity_gaussian(2.0, 0.5, 0.0, radius)
    np.testing.assert_allclose(found, 2 / np.pi * np.arctan(radius / 4), rtol=1e-14, atol=0)
    at_start = gt.observables.local_complexity_at_init(0.7, 1, 2.0)
    assert float(local_complexity_gaussian(2.0, 1.0, 0.0, 0.7)) == pytest.approx(float(at_start), rel=1e-12, abs=0)


@pytest.mark.statistical(rate=1e-5)
def test_drawn_units_are_cut_as_often():
    """A count of 2e5 within 4.5 of its deviations. Planted: the covariance dropped (.186 for .097)."""
    drawn = np.random.default_rng(1).multivariate_normal([0, 0], [[1.96, 0.5], [0.5, 0.64]], 200_000)
    share = np.mean(np.abs(drawn[:, 0]) < 0.3 * np.abs(drawn[:, 1]))
    told = float(local_complexity_gaussian(1.4, 0.8, 0.5, 0.3))
    assert abs(share - told) < 4.5 * np.sqrt(told * (1 - told) / 200_000)


def test_shares_are_the_counts_of_a_layer():
    found = local_complexity_curves(solution(), POINTS, FRAME, 0.4)
    assert set(found) == {"lc_train", "lc_boundary"}
    for part, points in POINTS.items():
        counts = [np.mean(local_complexity(w, np.zeros(30), points, FRAME, 0.4)) / 30 for w in NEURONS]
        np.testing.assert_allclose(found[f"lc_{part}"], counts, rtol=1e-15, atol=0)
    runs = Ensemble(
        FLOW,
        np.array([0.0, 1.0]),
        {"a": np.ones((2, 2))},
        "time",
        FLOW,
        fields={"neurons": Field(np.stack([NEURONS, 2 * NEURONS]), ("run", "time", "neuron", "dim"))},
    )
    both = local_complexity_curves(runs, POINTS, FRAME, 0.4)["lc_train"]
    assert both.shape == (2, 2)
    np.testing.assert_array_equal(both[0], found["lc_train"])
    np.testing.assert_array_equal(both[1], both[0])  # a unit's scale moves no boundary


def test_larger_neighbourhoods_are_cut_more():
    shares = [local_complexity_curves(solution(), POINTS, FRAME[:m], 0.4)["lc_train"] for m in (1, 2, 4)]
    assert np.all(np.diff(shares, axis=0) >= 0)
    shares = [local_complexity_curves(solution(), POINTS, FRAME, r)["lc_train"] for r in (0.1, 0.4, 2.0)]
    assert np.all(np.diff(shares, axis=0) > 0)


def test_refusals():
    bare = Solution(FLOW, np.array([0.0]), {"a": np.ones(1)}, "time", FLOW, None)
    for call, words in (
        (lambda: local_complexity_gaussian(1.0, 1.0, 1.0, 0.3), r"^covariance is 1 times scale_h scale_v"),
        (lambda: local_complexity_gaussian(0.0, 1.0, 0.0, 0.3), r"^scale_h"),
        (lambda: local_complexity_gaussian(1.0, 1.0, 0.0, -0.3), r"^radius"),
        (lambda: local_complexity_curves(bare, POINTS, FRAME, 0.4), r'^source has the fields none, .*keep="neurons"'),
        (lambda: local_complexity_curves(NEURONS, POINTS, FRAME, 0.4), r"^source is a ndarray"),
        (lambda: local_complexity_curves(solution(), {}, FRAME, 0.4), r"^points is"),
        (lambda: local_complexity_curves(solution(), {"a": np.ones((2, 5))}, FRAME, 0.4), r"^points\['a'\] has shape"),
        (lambda: local_complexity_curves(solution(), POINTS, 2 * FRAME, 0.4), r"^frame"),
        (lambda: local_complexity_curves(solution(), POINTS, FRAME, [0.1, 0.2]), r"^radius has shape"),
    ):
        with pytest.raises(gt.BadValue, match=words):
            call()
