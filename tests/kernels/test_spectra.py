"""Spectra on the sphere and under Gaussian inputs, against exact moments and sampled kernels."""

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.kernels import Relu, sphere_spectrum


def relu_tangent(t):
    return (jnp.sqrt((1 - t) * (1 + t)) + 2 * (jnp.pi - jnp.arccos(t)) * t) / jnp.pi


def test_reference_numbers():
    spectrum = sphere_spectrum(relu_tangent, 3, 6)
    expected = [1 / 2, 1 / 3, 5 / 64, 0, 1 / 192, 0, 0.00140380859]
    np.testing.assert_allclose(spectrum.eigenvalues, expected, atol=5e-12)
    np.testing.assert_array_equal(spectrum.multiplicities, [1, 3, 5, 7, 9, 11, 13])


@pytest.mark.parametrize("dim", [2, 3, 10, 1000, 100_000])
def test_quadratic_profile(dim):
    """k = t + eps^2 t^2: eps^2/d, 1/d, 2 eps^2/(d(d + 2)), then nothing."""
    spectrum = sphere_spectrum(lambda t: t + 0.09 * t * t, dim, 4)
    np.testing.assert_allclose(spectrum.eigenvalues[:3], [0.09 / dim, 1 / dim, 0.18 / (dim * (dim + 2))], rtol=1e-11)
    assert np.abs(spectrum.eigenvalues[3:]).max() < 2e-14


@pytest.mark.parametrize("dim", [2, 3, 10])
def test_kinked_kernels_against_many_digits(dim):
    """ReLU's dual, in mpmath by tanh-sinh in t, whose ends' singularities it takes in its stride."""
    ours = sphere_spectrum(lambda t: Relu()._dual(jnp.ones_like(t), t, jnp.ones_like(t), None), dim, 6).eigenvalues
    with mp.workdps(30):
        power = mp.mpf(dim - 3) / 2

        def profile(t):
            return (mp.sqrt(1 - t * t) + (mp.pi - mp.acos(t)) * t) / (2 * mp.pi)

        polynomial = (
            (lambda k, t: mp.chebyt(k, t))
            if dim == 2
            else (lambda k, t: mp.gegenbauer(k, mp.mpf(dim - 2) / 2, t) / mp.gegenbauer(k, mp.mpf(dim - 2) / 2, 1))
        )
        total = mp.beta(mp.mpf(1) / 2, mp.mpf(dim - 1) / 2)
        # In the angle: t = cos(a) near the ends would lose digits of 1 - t.
        exact = [
            float(
                mp.quad(
                    lambda a, k=k: profile(mp.cos(a)) * polynomial(k, mp.cos(a)) * mp.sin(a) ** (2 * power + 1),
                    [0, mp.pi / 2, mp.pi],
                )
                / total
            )
            for k in range(7)
        ]
    np.testing.assert_allclose(ours, exact, atol=2e-15)


@given(st.integers(2, 12), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_trace_is_the_diagonal(dim, weights):
    """A polynomial profile: sum of multiplicity times eigenvalue is k(1), and positive weights give positive modes."""

    def profile(t):
        return sum(w * t**k for k, w in enumerate(weights)) + 0 * t

    spectrum = sphere_spectrum(profile, dim, 8)
    assert float(jnp.sum(spectrum.eigenvalues * spectrum.multiplicities)) == pytest.approx(
        sum(weights), rel=1e-11, abs=1e-13
    )
    assert spectrum.eigenvalues.min() > -1e-15


def test_eigenvalues_of_a_big_gram_matrix():
    """On a circle of equally spaced points the Gram matrix is circulant and has the spectrum up to aliasing."""
    angles = 2 * np.pi * np.arange(4000) / 4000
    row = np.asarray(relu_tangent(jnp.cos(jnp.asarray(angles))))
    exact = np.fft.fft(row).real[:9] / row.size
    np.testing.assert_allclose(sphere_spectrum(relu_tangent, 2, 8).eigenvalues, exact, atol=1e-7)


@pytest.mark.parametrize(
    ("dim", "degree", "words"), [(1, 3, "dim is 1.*at least 2"), (3, -1, "degree is -1.*at least 0")]
)
def test_bad_values(dim, degree, words):
    with pytest.raises(BadValue, match=words):
        sphere_spectrum(lambda t: t, dim, degree)
