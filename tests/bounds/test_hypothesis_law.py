"""The law of the test loss: values of a 60-digit inversion, chi-squared, draws, and what must hold of any law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from grok_theory import BadValue, bounds
from grok_theory.kernels import sphere_spectrum
from tests.chance import binomial

# modes, p, s, q, eps over the mean, nats (Talbot in 60 digits), Lugannani-Rice; l_j = j^-p/n, d_j^2 = s j^-q/n.
REFERENCE = [
    (6, 1, 0.2, 0.5, 0.5, 1.50072802729, 1.4864845),
    (12, 1, 0.2, 0.5, 0.1, 9.38260089071, 9.3800665),
    (20, 1.5, 0.05, 0, 0.3, 5.51025695561, 5.4945216),
    (20, 1, 0.2, 0.5, 0.01, 36.830440204, 36.828281),
    (8, 0, 1, 0, 0.25, 4.60079313074, 4.605167),
    (300, 1.5, 0.01, 0, 0.02, 2198.0400253783, 2198.0400672),
    (1000, 1, 0.1, 0.5, 0.1, 700.9626693867, 700.9626156),
]


@pytest.mark.parametrize(("n", "p", "s", "q", "share", "nats", "rough"), REFERENCE)
def test_reference_values(n, p, s, q, share, nats, rough):
    # One shape: modes without variance and without a miss are not there.
    j = np.arange(1.0, 1001)
    kept = j <= n
    law = bounds.LossLaw(np.where(kept, j**-p / n, 0), np.where(kept, s * j**-q / n, 0), np.array(0.0), 1)
    eps = share * float(law.mean)
    assert float(law.information(eps)) == pytest.approx(nats, rel=1e-8, abs=0)
    # The reference has seven or eight digits.
    assert float(law.information(eps, method=bounds.Saddlepoint())) == pytest.approx(rough, rel=2e-7, abs=0)


@pytest.mark.parametrize("degrees", [10, 100])
def test_chi_squared(degrees):
    law = bounds.loss_law(np.zeros(degrees), np.eye(degrees), np.zeros(degrees))
    eps = np.array([1e-3, 0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 3.0])
    np.testing.assert_allclose(law.log_cdf(eps), stats.chi2.logcdf(degrees * eps, degrees), rtol=1e-12, atol=0)
    assert float(law.information(law.quantile(0.5))) == pytest.approx(np.log(2), rel=1e-12, abs=0)


def drawn(seed, points=12):
    draws = np.random.default_rng(seed)
    root = draws.normal(size=(points, points)) * np.arange(1, points + 1) ** -0.5
    return draws.normal(size=points), root @ root.T, draws.normal(size=points)


@pytest.mark.slow  # a compilation for every drawn size, 29 s
def test_what_holds_of_any_law():
    law = bounds.loss_law(*drawn(3))
    eps = np.geomspace(1e-4, 100, 60) * float(law.mean)
    nats = np.asarray(law.information(eps))
    assert np.all(np.diff(nats) < 0)
    assert nats[-1] < 1e-12
    assert float(law.information(np.inf)) == 0
    assert float(law.information(0.0)) == np.inf
    assert abs(float(law.information(law.quantile(0.5))) - np.log(2)) < 1e-11
    scaled = bounds.LossLaw(7 * law.variances, 7 * law.squares, 7 * law.floor, 1)
    np.testing.assert_allclose(scaled.information(7 * eps[:40]), nats[:40], rtol=1e-11, atol=0)


def test_derivatives():
    law = bounds.loss_law(*drawn(4))
    eps = 0.3 * float(law.mean)

    def nats(variances, squares, eps):
        return bounds.LossLaw(variances, squares, law.floor, 1).information(eps)

    slopes = jax.grad(nats, argnums=(0, 1, 2))(law.variances, law.squares, jnp.asarray(eps))
    for which, slope in enumerate(slopes):
        at = [law.variances, law.squares, jnp.asarray(eps)]
        i = (5,) if which < 2 else ()
        step = 1e-4 * float(at[which][i])
        ends = [nats(*[v.at[i].add(sign * step) if k == which else v for k, v in enumerate(at)]) for sign in (1, -1)]
        assert float(slope[i]) == pytest.approx(float(ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=0)


@pytest.mark.statistical
def test_draws(plausible):
    """The share of 200 000 drawn hypotheses below five quantiles, for four drawn problems; notices l_j for 2 l_j."""
    counts = []
    for seed in range(4):
        mean, covariance, target = drawn(10 + seed)
        law = bounds.loss_law(mean, covariance, target)
        random = np.random.default_rng(100 + seed)
        drawn_ = mean + random.normal(size=(200_000, 12)) @ np.linalg.cholesky(covariance).T
        losses = np.mean((drawn_ - target) ** 2, axis=1)
        counts.append([np.sum(losses <= q) for q in np.asarray(law.quantile([0.02, 0.1, 0.5, 0.9, 0.99]))])
    shares = np.array([0.02, 0.1, 0.5, 0.9, 0.99])
    plausible(min(1.0, 5 * min(binomial(np.array(counts)[:, k], 200_000, shares[k]) for k in range(5))))


def test_a_floor():
    law = bounds.loss_law([0.0, 1.0], np.diag([1.0, 0.0]), [0.0, 0.0])
    assert float(law.floor) == 0.5
    assert float(law.information(0.5)) == np.inf
    assert np.isfinite(law.information(0.51))
    fixed = bounds.loss_law([1.0], [[0.0]], [0.0])
    np.testing.assert_array_equal(fixed.log_cdf([0.5, 1.0, 2.0]), [-np.inf, 0.0, 0.0])


def test_the_data_bring_most_of_it():
    """A kernel in 3 dimensions, target sin(x1 + x2/2): fewer nats are missing with more points."""
    draws = np.random.default_rng(0)
    x = draws.normal(size=(80, 3))
    y = np.sin(x[:, 0] + x[:, 1] / 2)
    kernel = np.exp(-np.sum((x[:, None] - x[None]) ** 2, -1) / 6)
    new, nats = slice(60, 80), []
    for n in (5, 20, 60):
        found, status = bounds.inductive_bias(kernel[:n, :n], y[:n], kernel[new, :n], kernel[new, new], y[new], 0.01)
        nats.append(float(found))
        assert status.name in ("good", "noted")
    assert nats[0] > nats[1] > nats[2] > 0


@pytest.mark.parametrize(("degree", "sphere"), [(0, 1), (3, 1), (5, 2), (7, 4)])
def test_harmonics_are_counted_by_the_spectrum_of_the_sphere(degree, sphere):
    counts = sphere_spectrum(lambda t: 1 + t, sphere + 1, max(degree, 1)).multiplicities[: degree + 1]
    assert float(np.exp(bounds.harmonics_count(degree, sphere))) == pytest.approx(
        float(np.sum(counts)), rel=1e-12, abs=0
    )


def test_bad_values():
    law = bounds.loss_law(*drawn(1))
    for make, words in [
        (lambda: law.log_cdf(np.nan), "eps is nan"),
        (lambda: law.quantile(1.5), "p is 1.5"),
        (lambda: law.log_cdf(1.0, method="exact"), "method is 'exact'"),
        (lambda: bounds.Contour(nodes=3), "nodes is 3"),
        (lambda: bounds.loss_law(np.ones(2), np.eye(2), np.ones(3)), "target has shape"),
        (lambda: bounds.harmonics_count(-1.0, 2), "degree is -1"),
        (
            lambda: bounds.inductive_bias(np.eye(2), np.ones(2), np.ones((1, 2)), [[1.0]], [1.0], 1.0, ridge=-1.0),
            "ridge is",
        ),
    ]:
        with pytest.raises(BadValue, match=words):
            make()
