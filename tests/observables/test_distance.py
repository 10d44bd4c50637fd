"""Fits of distance laws: exact records are recovered, and told apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.observables import distance_laws, lazy_distance

TIMES = np.geomspace(1, 1000, 40)


@given(
    st.sampled_from(["logarithm", "square root", "saturation"]),
    st.floats(-5, 5),
    st.floats(0.01, 100),
    st.floats(2, 200),
)
def test_an_exact_record_is_recovered(name, offset, slope, time):
    shape = {"logarithm": np.log(TIMES), "square root": np.sqrt(TIMES), "saturation": 1 - np.exp(-TIMES / time)}[name]
    best, second, _ = distance_laws(TIMES, offset + slope * shape)
    assert best.name == name
    assert best.relative_error < 1e-6 < second.relative_error
    assert best.slope == pytest.approx(slope, rel=1e-5)
    assert best.offset == pytest.approx(offset, abs=1e-5 * slope)
    if name == "saturation":
        assert best.time == pytest.approx(time, rel=1e-5)
    np.testing.assert_allclose(best(TIMES), offset + slope * shape, rtol=1e-5, atol=1e-5 * slope)


@given(st.integers(0, 2**31))
def test_linear_fits_are_those_of_a_general_solver(seed):
    values = np.random.default_rng(seed).standard_normal(40)
    for law in distance_laws(TIMES, values):
        if law.name == "saturation":
            continue
        shape = np.log(TIMES) if law.name == "logarithm" else np.sqrt(TIMES)
        slope, offset = np.polyfit(shape, values, 1)
        assert (law.slope, law.offset) == (pytest.approx(slope, rel=1e-9), pytest.approx(offset, rel=1e-9))


def test_a_lazy_network_of_one_rate_saturates_with_that_time():
    distance = np.asarray(lazy_distance(0.05 * np.eye(4), np.ones(4), TIMES))
    best = distance_laws(TIMES, distance)[0]
    assert best.name == "saturation"
    assert best.time == pytest.approx(20, rel=1e-6)


@pytest.mark.parametrize(
    ("times", "distance", "message"),
    [
        (np.arange(6.0), np.arange(6.0), r"times\[0\] is 0.0, but it must be positive.*start"),
        (TIMES[:4], TIMES[:4], "at least five"),
        (TIMES, np.ones(40), "distance is constant"),
        (TIMES, np.full(40, np.nan), r"distance\[0\] is nan.*diverged"),
        (TIMES[::-1], TIMES, r"times\[1\].*must not be below"),
    ],
)
def test_bad_inputs_are_named(times, distance, message):
    with pytest.raises(BadValue, match=message):
        distance_laws(times, distance)
