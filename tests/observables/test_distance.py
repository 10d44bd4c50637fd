"""Fits of distance laws: exact records are recovered, and told apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from grok_theory import BadValue
from grok_theory.observables import distance_laws, lazy_distance
from grok_theory.observables.distance import DistanceLaw, _in_units, _unit

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
    assert best.slope == pytest.approx(slope, rel=1e-5, abs=0)
    assert best.offset == pytest.approx(offset, abs=1e-5 * slope)
    if name == "saturation":
        assert best.time == pytest.approx(time, rel=1e-5, abs=0)
    np.testing.assert_allclose(best(TIMES), offset + slope * shape, rtol=1e-5, atol=1e-5 * slope)


@given(st.integers(0, 2**31))
def test_linear_fits_are_those_of_a_general_solver(seed):
    values = np.random.default_rng(seed).standard_normal(40)
    for law in distance_laws(TIMES, values):
        if law.name in ("saturation", "power"):
            continue
        shape = np.log(TIMES) if law.name == "logarithm" else np.sqrt(TIMES)
        slope, offset = np.polyfit(shape, values, 1)
        assert (law.slope, law.offset) == (
            pytest.approx(slope, rel=1e-9, abs=0),
            pytest.approx(offset, rel=1e-9, abs=0),
        )


def power(times, exponent):
    """t^exponent - 1, which keeps the digits of small exponents; a logarithm at 0."""
    return np.expm1(exponent * np.log(times)) if exponent else np.log(times)


def shape_of(law, times):
    """What the law is linear in, as its documentation says it."""
    if law.name == "power":
        return power(times, law.exponent)
    return {"logarithm": np.log, "square root": np.sqrt}.get(law.name, lambda t: -np.expm1(-t / law.time))(times)


def missed_by(shape, values):
    """(share of the squares, residuals) that a line in `shape` leaves, by QR: no code shared with the fits."""
    design = np.column_stack([np.ones_like(shape), (shape - shape.mean()) / shape.std()])
    q = np.linalg.qr(design)[0]
    residuals = values - q @ (q.T @ values)
    return residuals @ residuals / np.sum((values - values.mean()) ** 2), residuals


def by_name(laws, name):
    return next(law for law in laws if law.name == name)


I = np.arange(40)
WAVES = {
    # Neighbouring residuals are opposite, alike for two of three, and a smooth misfit of few points and of many.
    "opposite": (TIMES, 2 + 3 * TIMES**0.3 + 0.3 * (-1.0) ** I),
    "alike": (TIMES, 2 + 3 * TIMES**0.3 + 0.3 * np.where(I % 6 < 3, 1, -1)),
    "falling": (TIMES, 50 - 3 * TIMES**0.3 + 0.6 * np.cos(2.0 * I) + np.where(I % 6 < 3, 1, -1)),
    "smooth": (TIMES, np.log(TIMES) + 0.3 * np.sin(np.log(TIMES))),
    "long": (LONG := np.geomspace(1, 1000, 2000), np.log(LONG) + 0.3 * np.sin(3 * np.log(LONG))),
}


@pytest.mark.parametrize("record", WAVES)
@pytest.mark.parametrize("confidence", [0.5, 0.99])
def test_the_interval_of_the_exponent_is_that_of_its_profile(record, confidence):
    """The sum of squares stays below its minimum times 1 + t^2/nu, t the two-sided quantile of Student's law."""
    times, values = WAVES[record]
    law = by_name(distance_laws(times, values, confidence=confidence), "power")

    def missed(exponent):
        return missed_by(power(times, exponent), values)[0]

    least, residuals = missed_by(power(times, law.exponent), values)
    assert law.relative_error == pytest.approx(np.sqrt(least), rel=1e-13, abs=0)
    assert least < min(missed(law.exponent - 1e-3), missed(law.exponent + 1e-3))
    rho = min(max(residuals[1:] @ residuals[:-1] / (residuals @ residuals), 0), 0.99)
    nu = max(times.size * (1 - rho) / (1 + rho) - 3, 1)
    allowed = least * (1 + stats.t.ppf((1 + confidence) / 2, nu) ** 2 / nu)
    for end in law.interval:
        assert missed(end) == pytest.approx(allowed, rel=1e-11, abs=0) or abs(end) == 3
    assert max(map(missed, np.linspace(*law.interval, 13)[1:-1])) < allowed
    assert {"opposite": rho == 0, "smooth": nu == 1, "long": rho == 0.99}.get(record, 0 < rho < 0.9)


def test_an_interval_ends_where_the_search_does():
    """Five points of noise have one degree of freedom, and allow every exponent; a fourth power and its inverse lie
    beyond."""
    laws = distance_laws(np.arange(1.0, 6), [1.0, -1.0, 1.0, -1.0, 1.0])
    assert by_name(laws, "power").interval == (-3, 3)
    for exponent, end in ((4, 1), (-4, 0)):
        law = by_name(distance_laws(TIMES[:20], TIMES[:20] ** exponent, confidence=0.5), "power")
        assert law.exponent == pytest.approx(3 if end else -3, abs=1e-6)
        assert law.interval[end] == (3 if end else -3)
        assert abs(law.interval[1 - end]) < 3


@given(st.integers(0, 2**31), st.sampled_from([0.0, 0.02, 0.3, 3.0]))
def test_every_law_is_the_least_squares_line_in_its_shape(seed, noise):
    generator = np.random.default_rng(seed)
    curve = [np.log(TIMES), np.sqrt(TIMES) / 4, -np.expm1(-TIMES / 30), TIMES**-0.5][seed % 4]
    values = 3 + curve + noise * generator.standard_normal(40)
    laws = distance_laws(TIMES, values)
    assert sorted(law.name for law in laws) == ["logarithm", "power", "saturation", "square root"]
    for law in laws:
        share, residuals = missed_by(shape_of(law, TIMES), values)
        assert abs(law.relative_error - np.sqrt(share)) < 2e-12
        # Near an exponent of 0 offset and slope are large, and their sum has the rounding of each.
        size = np.max(np.abs(law(TIMES) - law.offset))
        assert np.max(np.abs(law(TIMES) - (values - residuals))) < 1e-14 * (abs(law.offset) + size + 1)
    order_is_the_documented_one(laws)


def order_is_the_documented_one(laws):
    """By their errors, but the power after the better of logarithm and square root that its interval holds."""
    power = by_name(laws, "power")
    others = [law for law in laws if law is not power]
    assert [law.relative_error for law in others] == sorted(law.relative_error for law in others)
    held = [
        by_name(laws, name).relative_error
        for name, exponent in (("logarithm", 0), ("square root", 0.5))
        if power.interval[0] <= exponent <= power.interval[1]
    ]
    ahead = {law.name for law in others if law.relative_error < power.relative_error}
    ahead |= {law.name for law in others if held and law.relative_error <= min(held)}
    assert {law.name for law in list(laws)[: list(laws).index(power)]} == ahead


@pytest.mark.parametrize(("values", "time"), [([0, 1, 1, 1, 1, 1], 0.2), ([0, 1, 2, 3, 4, 5.5], 70.0)])
def test_the_time_of_a_saturation_is_looked_for_over_a_decade_beyond_the_record(values, time):
    """A step right after the first record, and a curve that bends up: a tenth of the first time, ten times the last."""
    law = by_name(distance_laws(np.arange(2.0, 8), values), "saturation")
    assert law.time == pytest.approx(time, rel=1e-6, abs=0)


def test_verdicts_in_words():
    power = distance_laws(TIMES, 2 + 3 * TIMES**0.25)
    assert str(power) == "Best: power (as a power: the exponent lies in [0.25, 0.25])."
    root = distance_laws(TIMES, 2 + 3 * np.sqrt(TIMES))
    assert root.verdict == "Best: square root (as a power: the exponent lies in [0.5, 0.5])."
    assert [law.name for law in root][:2] == ["square root", "power"]
    line = distance_laws(TIMES, 2 + 3 * TIMES)
    assert line.verdict == "Best: power (as a power: the exponent lies in [1, 1])."
    logarithm = distance_laws(TIMES, 2 + 3 * np.log(TIMES))
    assert logarithm.verdict.startswith(
        "Best: logarithm, but log and power cannot be told apart: the exponent lies in ["
    )
    assert [law.name for law in logarithm][:2] == ["logarithm", "power"]
    assert len(logarithm) == 4


@given(st.floats(2.0**-1000, 1.7e308) | st.sampled_from([0.5, 1.0, 2.0, 3.9, 4.0, np.finfo(float).max]))
def test_the_unit_of_a_record_is_a_power_of_four_a_little_below_its_largest_value(largest):
    unit = float(_unit(np.array([-largest, largest / 3])))
    mantissa, exponent = np.frexp(unit)
    assert (mantissa, exponent % 2) == (0.5, 1)  # 2^(exponent - 1)
    assert 2 <= largest / unit < 8


def test_slope_and_offset_that_are_no_numbers_of_float64_are_nan():
    """The least normal number is one, and what is smaller is none."""
    tiny = np.finfo(float).tiny
    for slope, offset, told in ((tiny, 1.0, True), (-tiny, 1.0, True), (tiny / 2, 1.0, False), (1.0, np.inf, False)):
        found = _in_units(DistanceLaw("square root", offset, slope, np.inf, 0.1), 1.0, 1.0)
        assert [found.slope, found.offset] == ([slope, offset] if told else pytest.approx([np.nan] * 2, nan_ok=True))


def test_five_times_are_enough_and_each_counts_once():
    assert distance_laws(np.arange(1.0, 6), np.sqrt(np.arange(1.0, 6)))[0].name == "square root"
    with pytest.raises(BadValue, match=r"distance has shape \(6,\) and times \(6,\), .* five different times"):
        distance_laws([1, 2, 3, 3, 4, 5], np.arange(6.0))
    with pytest.raises(BadValue, match=r"distance has shape \(4,\) and times \(5,\)"):
        distance_laws(np.arange(1.0, 6), np.arange(4.0))


def test_a_change_in_the_tenth_digit_is_one():
    """1 to 1 + 2e-10 changes, 1 to 1 + 5e-11 does not: 1e-10 of the largest value, in any unit."""
    shape = np.log(TIMES) / np.log(1000)
    for unit in (1.0, 3.0, 1e100):
        assert distance_laws(TIMES, unit * (1 + 2e-10 * shape))[0].relative_error < 1e-3
        with pytest.raises(BadValue, match=r"distance is constant at .*, to ten digits"):
            distance_laws(TIMES, unit * (1 + 5e-11 * shape))


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5])
def test_a_confidence_is_between_zero_and_one(confidence):
    with pytest.raises(BadValue, match=rf"confidence is {confidence}, but it must be in \(0, 1\)"):
        distance_laws(TIMES, TIMES, confidence=confidence)


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
    assert best.time == pytest.approx(20, rel=1e-6, abs=0)


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
