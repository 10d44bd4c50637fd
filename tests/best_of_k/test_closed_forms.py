"""Closed forms of best-of-k against their definitions: Gaussian averages by quadrature, laws typed again in mpmath."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from grok_theory import best_of_k as bk
from grok_theory.best_of_k import closed_forms as forms
from grok_theory.best_of_k.closed_forms import Gaps


def mean_over_prompts(function, reward, product):
    """E of a function of (DR, E[DT | DR]) over prompts, DR ~ N(0, reward) and E[DT | DR] = (product/reward) DR."""

    def density(r):
        return mp.exp(-(r**2) / (2 * reward)) / mp.sqrt(2 * mp.pi * reward)

    return mp.quad(lambda r: density(r) * function(r, product / reward * r), [-mp.inf, 0, mp.inf])


def spread_of_weights(reward_gap, t):
    """E w^2/(E w)^2 of w = exp(-(x - DR)^2/(2 t)) over answers x ~ N(0, 1): the definition, integrated."""

    def moment(power):
        # Integrated, not by completing the square: the peak lies between 0 and DR, and the rule is told of both.
        def weighted(x):
            return np.exp(-(x**2) / 2 - power * (x - reward_gap) ** 2 / (2 * t))

        ends = sorted((0.0, reward_gap))
        pieces = [(ends[0] - 12, ends[0]), tuple(ends), (ends[1], ends[1] + 12)]
        return sum(
            integrate.quad(weighted, *piece, epsabs=0, epsrel=1e-12)[0] for piece in pieces if piece[0] < piece[1]
        )

    return np.sqrt(2 * np.pi) * moment(2) / moment(1) ** 2


@given(st.floats(0.2, 20.0), st.floats(-2.0, 2.0))
def test_spread_of_the_selection_weights(t, reward_gap):
    law = forms.many_samples_spread(Gaps(0.0, 0.0, reward_gap**2, False), t)
    assert np.isclose(float(law), spread_of_weights(reward_gap, t), rtol=1e-10, atol=0)


@pytest.mark.parametrize(("t", "reward", "product"), [(0.5, 0.3, 0.2), (3.0, 1.2, -0.7)])
def test_populations_are_averages_of_prompts(t, reward, product):
    def spread(r, _):
        return (1 + t) / mp.sqrt(t * (t + 2)) * mp.exp(r**2 / ((1 + t) * (2 + t)))

    def correction(r, teacher):
        # rho [delta_inf(t) - delta_inf(t/2)], delta_inf(t) = (DT - w DR)^2 + t w with w = 1/(1 + t); DT^2 drops out.
        whole, half = 1 / (1 + t), 1 / (1 + t / 2)
        limits = [-2 * w * teacher * r + (w * r) ** 2 + heat * w for w, heat in ((whole, t), (half, t / 2))]
        return spread(r, None) * (limits[0] - limits[1])

    gaps = Gaps(0.4, product, reward, True)
    assert np.isclose(
        float(forms.many_samples_spread(gaps, t)), float(mean_over_prompts(spread, reward, product)), rtol=1e-10, atol=0
    )
    assert np.isclose(
        float(forms.many_samples_correction(gaps, t)),
        float(mean_over_prompts(correction, reward, product)),
        rtol=1e-10,
        atol=0,
    )


@pytest.mark.parametrize(("reward", "product"), [(0.2, 0.3), (0.45, -0.1)])
def test_the_law_of_the_best_over_prompts(reward, product):
    k = 1000.0

    def law(r, teacher):
        return (1 + 2 * r * (teacher - r)) * mp.pi * mp.exp(r**2) / ((k + 1) * (k + 2))

    mean = 0.6 + mean_over_prompts(law, reward, product)
    assert np.isclose(float(forms.best_of_k_law(Gaps(0.6, product, reward, True), k)), float(mean), rtol=1e-13, atol=0)
    excess = forms.best_of_k_law(Gaps(0.0, product, reward, True), k)
    assert np.isclose(float(excess), float(mean - 0.6), rtol=1e-9, atol=0)
    assert np.isnan(forms.best_of_k_law(Gaps(0.0, 0.6, 0.6, True), k))


@pytest.mark.parametrize(("q", "k"), [(0.6, 1e4), (1.0, 1e9), (1.7, 1e6)])
def test_the_law_of_hard_prompts_in_forty_digits(q, k):
    with mp.workdps(40):
        x = mp.findroot(lambda x: k * mp.npdf(x) - x, mp.sqrt(2 * mp.log(k)) - 1)
        # Over s = ln r, where the power of r at zero is an exponential.
        integral = mp.quad(
            lambda s: 2 * mp.exp(2 * s) * (2 * mp.sinh(mp.exp(s))) ** (-1 / mp.mpf(q)), [-260, -80, -20, -5, 0, 2, 4, 6]
        )
        law = 2 / mp.sqrt(2 * mp.pi * q) * (mp.sqrt(2 * mp.pi) * x / k) ** (1 / mp.mpf(q)) / x**3
        law *= mp.gamma(1 / mp.mpf(q)) * integral
        exponent = 1 / mp.mpf(q) - (1 / mp.mpf(q) - 3) / (x**2 + 1)
    assert np.isclose(forms.hard_prompt_law(q, k), float(law), rtol=1e-13, atol=0)
    np.testing.assert_allclose(forms.hard_prompt_exponent(q, k), [float(exponent), float(x)], rtol=1e-14)


def test_gaps_are_counted_in_units_of_the_spread():
    """D = DT - DR = -1, DT DR = 3/4, DR^2 = 9/4 over s^2 = 4; q = 2, v = 3/2, c = 1/2 have v_D = q + v - 2 c = 5/2."""
    one = forms.second_moments(bk.Prompt(0.5, 1.5, 2.0))
    assert one == Gaps(1 / 4, 3 / 16, 9 / 16, False)
    assert one.signal == 2 * 3 / 16 + 1
    assert forms.second_moments(bk.Posterior(2.0, 1.5, 0.5, 2.0)) == Gaps(5 / 8, 1 / 8, 3 / 8, True)


def test_the_judge_is_its_own_truth():
    assert forms.judged(Gaps(0.25, 0.5, 0.75, True)) == Gaps(0.0, 0.75, 0.75, True)
    assert forms.judged(Gaps(0.0, 0.5, 0.75, False)) == Gaps(0.0, 0.75, 0.75, False)


@pytest.mark.parametrize(("t", "error"), [(0.0, 1.0), (1.0, 9 / 16), (3.0, 49 / 64), (float("inf"), 5 / 4)])
def test_many_answers_are_a_gaussian_around_the_tilted_mean(t, error):
    """(DT - w DR)^2 + 1 - w, w = 1/(1 + t), of DT = 1/2, DR = 3/2: at t = 3 it is (1/8)^2 + 3/4 = 49/64."""
    assert forms.many_samples_limit(Gaps(1.0, 3 / 4, 9 / 4, False), t) == pytest.approx(error, rel=1e-15, abs=0)


@pytest.mark.parametrize(("t", "teacher", "reward"), [(0.5, 0.7, 1.3), (4.0, -0.6, 0.9)])
def test_the_correction_of_one_prompt_is_that_of_its_limit_from_t_to_half_of_it(t, teacher, reward):
    def limit(t):
        return (teacher - reward / (1 + t)) ** 2 + t / (1 + t)

    gaps = Gaps((teacher - reward) ** 2, teacher * reward, reward**2, False)
    expected = spread_of_weights(reward, t) * (limit(t) - limit(t / 2))
    assert float(forms.many_samples_correction(gaps, t)) == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("k", [1.0, 2.0, 7.0])
@pytest.mark.parametrize("published", [False, True])
def test_the_series_of_a_population_is_the_mean_of_those_of_its_prompts(k, published):
    """The printed terms at single prompts, and their mean: polynomials of degree four, exact by four nodes."""
    t, judge, product, reward = 3.0, 0.5, 0.3, 0.8
    u = 1 / k

    def terms(dt, dr, slope):
        """Of the error; `slope`: half of its derivative in DT, where C1, C2 and C3 are DR and squares of DR are not."""
        c1, square = (dr, 0.0) if slope else (2 * dt * dr + 1, dr**2)
        bracket = (1 - 2 * u) * (1 - 3 * u) * (c1 + 2 * square)
        if not published:
            bracket = (1 - 6 * u + 6 * u**2) * (c1 + 2 * square) - c1 * (1 + 2 * dr**2) * u / 2
        start = dt if slope else dt**2 + 1
        return start, -(1 - u) * c1 / t, (1 - u) * (1 - 2 * u) * (c1 + square) / t**2, -(1 - u) * bracket / t**3

    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    weights = weights / weights.sum()
    means = np.zeros(4)
    for x, outer in zip(nodes, weights, strict=True):
        for y, inner in zip(nodes, weights, strict=True):
            dr = np.sqrt(reward) * x
            dt = product / reward * dr + np.sqrt(judge + 2 * product - reward - product**2 / reward) * y
            means += outer * inner * np.array(terms(dt, dr, slope=False))
    dt, dr = 0.4, -0.9
    prompt = Gaps((dt - dr) ** 2, dt * dr, dr**2, False)
    for order in (1, 2, 3):
        for gaps, expected in ((Gaps(judge, product, reward, True), means), (prompt, terms(dt, dr, slope=False))):
            series = forms.high_temperature_series(gaps, k, t, order=order, as_published=published)
            assert float(series) == pytest.approx(sum(expected[: order + 1]), rel=1e-14, abs=0)
        if not published:
            bias = forms.high_temperature_bias(dt, prompt, dr, k, t, order)
            assert float(bias) == pytest.approx(sum(terms(dt, dr, slope=True)[: order + 1]), rel=1e-14, abs=0)


def test_the_law_of_the_best_for_one_prompt():
    """v_D + (1 + 2 (c - v)) pi e^v/((k+1)(k+2)) at DT = 1/2, DR = 3/2, k = 4: 1 - 2 pi e^(9/4)/30."""
    law = forms.best_of_k_law(Gaps(1.0, 3 / 4, 9 / 4, False), 4.0)
    assert float(law) == pytest.approx(1 - np.pi * np.exp(9 / 4) / 15, rel=1e-14, abs=0)


@pytest.mark.parametrize("x", [0.05, 0.7, 1.0, 2.5, 6.0, 35.0])
def test_the_edge_of_any_number_of_answers_is_where_their_density_is_itself(x):
    """k = x/phi(x), from less than one answer to 1e267 of them."""
    with mp.workdps(30):
        k = float(mp.mpf(x) / mp.npdf(mp.mpf(x)))
    exponent, edge = forms.hard_prompt_exponent(2.0, k)
    assert edge == pytest.approx(x, rel=1e-14, abs=0)
    assert exponent == pytest.approx(0.5 + 2.5 / (x**2 + 1), rel=1e-14, abs=0)
