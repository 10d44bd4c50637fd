"""The exact posterior of a drawn regression against mpmath, with noise far below the prior and modes far apart."""

import mpmath
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.best_of_k.runs.regression import train


def posterior(features, teacher, label_noise, noise, prior):
    """Mean minus teacher, and covariance A, by the definition in 80 digits."""
    phi, w = mpmath.matrix(features.tolist()), mpmath.matrix(teacher.tolist())
    precision = phi.T * phi / mpmath.mpf(noise) ** 2 + mpmath.eye(len(w)) / mpmath.mpf(prior) ** 2
    covariance = precision**-1
    labels = phi * w + mpmath.matrix(label_noise.tolist())
    return covariance * (phi.T * labels) / mpmath.mpf(noise) ** 2 - w, covariance


@pytest.mark.parametrize("examples", [3, 5, 9])
@pytest.mark.parametrize(
    ("noise", "prior", "scales"),
    [
        (0.5, 1.0, [1.0] * 5),
        (1e-9, 1.0, [1.0] * 5),
        (1e-12, 1e6, [1.0] * 5),
        (1e3, 1e-9, [1.0] * 5),
        (1e-4, 10.0, [1.0, 1.0, 1.0, 1e-3, 1e-4]),
        (1e-150, 1.0, [1.0] * 5),
    ],
)
def test_the_posterior_keeps_its_digits(examples, noise, prior, scales):
    rng = np.random.default_rng(examples)
    features = rng.standard_normal((examples, 5)) * scales
    teacher, label_noise = rng.standard_normal(5), noise * rng.standard_normal(examples)
    tests = rng.standard_normal((4, 5)) * scales
    powers = np.array(scales) ** 2
    made = train(features, teacher, label_noise, noise, prior)
    with mpmath.workdps(400):
        missed, covariance = posterior(features, teacher, label_noise, noise, prior)
        size = float(mpmath.norm(missed))
        assert max(abs(float(missed[i] - mpmath.mpf(made.missed[i]))) for i in range(5)) < 1e-10 * size
        for row, variance in zip(tests, made.variance(tests)):
            x = mpmath.matrix(row.tolist())
            np.testing.assert_allclose(variance, float((x.T * covariance * x)[0]), rtol=1e-9, atol=0)
        trace = float(sum(covariance[i, i] * mpmath.mpf(powers[i]) for i in range(5)))
        np.testing.assert_allclose(made.mean_variance(powers), trace, rtol=1e-9, atol=0)


def test_features_too_far_apart_are_refused():
    features = np.random.default_rng(0).standard_normal((8, 4)) * [1.0, 1.0, 1e-12, 1e-12]
    with pytest.raises(gt.BadValue, match=r"noise/prior_scale = 1e-20.*singular values.*Bring the spectrum closer"):
        train(features, np.ones(4), np.zeros(8), 1e-20, 1.0)
