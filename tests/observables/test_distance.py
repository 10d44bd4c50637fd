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
    laws = distance_laws(TIMES, offset + slope * shape)
    best = laws[0]
    assert best.name == name
    # A power is a logarithm and a square root too; the two others are not.
    others = [law.relative_error for law in laws if law.name not in (name, "power")]
    assert best.relative_error < 1e-6 < min(others)
    assert best.slope == pytest.approx(slope, rel=1e-5)
    assert best.offset == pytest.approx(offset, abs=1e-5 * slope)
    if name == "saturation":
        assert best.time == pytest.approx(time, rel=1e-5)
    np.testing.assert_allclose(best(TIMES), offset + slope * shape, rtol=1e-5, atol=1e-5 * slope)


@given(st.integers(0, 2**31))
def test_linear_fits_are_those_of_a_general_solver(seed):
    values = np.random.default_rng(seed).standard_normal(40)
    for law in distance_laws(TIMES, values):
        if law.name in ("saturation", "power"):
            continue
        shape = np.log(TIMES) if law.name == "logarithm" else np.sqrt(TIMES)
        slope, offset = np.polyfit(shape, values, 1)
        assert (law.slope, law.offset) == (pytest.approx(slope, rel=1e-9), pytest.approx(offset, rel=1e-9))


@given(st.floats(-5, 5), st.floats(0.01, 100), st.sampled_from([-0.7, -0.2, 0.1, 0.25, 0.8, 1.0, 1.7]))
def test_an_exact_power_is_recovered(offset, slope, exponent):
    laws = distance_laws(TIMES, offset + slope * TIMES**exponent)
    power = next(law for law in laws if law.name == "power")
    assert power.exponent == pytest.approx(exponent, abs=1e-5)
    assert power.interval[0] <= power.exponent <= power.interval[1]
    assert power.interval[1] - power.interval[0] < 1e-3
    assert "cannot be told apart" not in laws.verdict
    np.testing.assert_allclose(power(TIMES), offset + slope * TIMES**exponent, rtol=1e-5, atol=1e-5 * slope)


def spectrum_distance(a, b, times):
    """norm(w_t - w_0) of gradient flow with 30 modes, lambda = j^-a and lambda w*^2 = j^-b."""
    j = np.arange(1.0, 31)
    return np.sqrt(np.sum(j ** (a - b) * (1 - np.exp(-np.outer(times, j**-a))) ** 2, axis=1))


@pytest.mark.parametrize(("a", "b"), [(3, 2), (3, 1), (4, 2.5), (4, 2), (5, 3)])
def test_the_exponent_of_a_power_law_spectrum(a, b):
    """30 modes span 30^a: from a = 3 on the middle two decades follow the power of infinitely many modes."""
    times = np.geomspace(0.1, 10, 60) * 30 ** (a / 2)
    power = next(law for law in distance_laws(times, spectrum_distance(a, b, times)) if law.name == "power")
    assert power.exponent == pytest.approx((1 + a - b) / (2 * a), abs=0.02)


def test_a_spectrum_is_not_called_a_logarithm():
    draws, first = np.random.default_rng(1), 0
    for _ in range(60):
        a = draws.uniform(1.2, 3)
        times = np.geomspace(0.1, 10, 40) * 30 ** (a / 2)
        distance = spectrum_distance(a, draws.uniform(0.2, a + 0.5), times)
        laws = distance_laws(times, distance)
        first += laws[0].name == "logarithm" and "cannot be told apart" not in laws.verdict
    assert first == 0


def test_logistic_regression_is_a_logarithm_that_a_power_cannot_be_told_from():
    draws = np.random.default_rng([0, 0])
    x = draws.standard_normal((20, 40)) / np.sqrt(40)
    y, w = np.where(x[:, 0] > 0, 1.0, -1.0), np.zeros(40)
    wanted, found = np.unique(np.round(np.geomspace(10, 4000, 60)).astype(int)), []
    for step in range(1, 4001):
        w = w + (y / (1 + np.exp(y * (x @ w)))) @ x
        if step in wanted:
            found.append(np.linalg.norm(w))
    laws = distance_laws(wanted.astype(float), np.array(found))
    assert laws[0].name == "logarithm"
    assert "log and power cannot be told apart" in laws.verdict


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
