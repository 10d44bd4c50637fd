"""Closed forms of best-of-k against their definitions: Gaussian averages by quadrature, laws typed again in mpmath."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

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
        integral = mp.quad(lambda r: 2 * r * (2 * mp.sinh(r)) ** (-1 / mp.mpf(q)), [0, 0.01, 1, 5, 60, 300])
        law = 2 / mp.sqrt(2 * mp.pi * q) * (mp.sqrt(2 * mp.pi) * x / k) ** (1 / mp.mpf(q)) / x**3
        law *= mp.gamma(1 / mp.mpf(q)) * integral
        exponent = 1 / mp.mpf(q) - (1 / mp.mpf(q) - 3) / (x**2 + 1)
    assert np.isclose(forms.hard_prompt_law(q, k), float(law), rtol=1e-9, atol=0)
    np.testing.assert_allclose(forms.hard_prompt_exponent(q, k), [float(exponent), float(x)], rtol=1e-11)
