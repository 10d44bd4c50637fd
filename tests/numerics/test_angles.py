"""Angles to their last digits, against mpmath."""

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from grok_theory.numerics.angles import angle_of, arctangent, sine_minus_angle_cosine

HALVES = np.concatenate([[0.0, 1.0, np.tan(np.pi / 8)], np.geomspace(1e-12, 1.0, 400), np.linspace(0.0, 1.0, 400)])


def test_arctangent():
    found = np.asarray(arctangent(jnp.asarray(HALVES)))
    exact = np.array([float(mp.atan(x)) for x in HALVES])
    assert np.all(np.abs(found - exact) <= 2 * np.spacing(exact))


@pytest.mark.parametrize("is_acute", [True, False])
def test_both_ends_keep_their_digits(is_acute):
    made = angle_of(jnp.asarray(HALVES), jnp.full(HALVES.size, is_acute))
    found = np.array([made.angle, made.supplement, made.one_minus_cosine, *sine_minus_angle_cosine(made)])
    with mp.workdps(50):
        acute = [2 * mp.atan(mp.mpf(x)) for x in HALVES]
        obtuse = [mp.pi - t for t in acute]
        angles, supplements = (acute, obtuse) if is_acute else (obtuse, acute)
        exact = np.array(
            [
                [float(value) for value in values]
                for values in (
                    angles,
                    supplements,
                    [2 * mp.sin(t / 2) ** 2 for t in angles],
                    [mp.sin(t) - t * mp.cos(t) for t in angles],
                    [mp.sin(t) - t * mp.cos(t) for t in supplements],
                )
            ]
        )
    np.testing.assert_allclose(found, exact, rtol=1e-15, atol=0)
