"""State evolution of interpolators: reference values, quadrature in many digits, both ends, and drawn interpolators."""

import mpmath as mp
import numpy as np
import pytest

from grok_theory.linear import DiagonalNetwork, SparseTask, scale_time, solve


@pytest.mark.parametrize(
    ("scale", "error", "sigma", "gamma"),
    [
        (10.0, 0.02999864, 0.27385507, 30.00075),
        (0.3, 0.028700382, 0.26786369, 0.92229999),
        (0.03, 0.013872741, 0.18623064, 0.13443173),
        (0.003, 0.0022008578, 0.074176442, 0.02725432),
        (0.0003, 0.00022201328, 0.023559143, 0.0059384166),
    ],
)
def test_state_evolution_of_the_reference(scale, error, sigma, gamma):
    told = solve(SparseTask(0.4, 0.05, np.sqrt(10.0), 0.1), [scale_time(np.sqrt(10.0), 0.1, scale)])
    assert float(told["scale"][0]) == pytest.approx(scale, rel=1e-12, abs=0)
    # The reference was iterated to 1e-7.
    assert float(told["weight_error"][0]) == pytest.approx(error, rel=2e-7, abs=0)
    assert float(told["test_loss"][0]) == pytest.approx(sigma**2, rel=2e-7, abs=0)
    assert float(told["proximal_weight"][0]) == pytest.approx(gamma, rel=2e-7, abs=0)


@pytest.mark.parametrize(("noise", "scale"), [(0.0, 0.003), (0.1, 0.03), (0.2, 1.0)])
def test_state_evolution_against_quadrature_in_many_digits(noise, scale):
    """Both equations and both means by adaptive quadrature over eta itself, where nothing is solved."""
    delta, density = 0.4, 0.05
    told = solve(SparseTask(delta, density, 1.0, 0.1, noise), [scale_time(1.0, 0.1, scale)]) if scale <= 1 else None
    with mp.workdps(20):
        sigma, gamma = (mp.sqrt(float(told["test_loss"][0])), mp.mpf(float(told["proximal_weight"][0])))
        beta = mp.mpf(float(told["scale"][0]))

        def mean(function):
            total = mp.mpf(0)
            for w, share in ((0, 1 - density), (1, density / 2), (-1, density / 2)):

                def term(u, w=w):
                    x = 2 * beta * mp.sinh(u) + gamma * u
                    weight = mp.exp(-(((x - w) / sigma) ** 2) / 2) / mp.sqrt(2 * mp.pi) / sigma
                    return function(2 * beta * mp.sinh(u), u, w) * weight

                # eta = 2 beta sinh u, dx = (2 beta cosh u + gamma) du.
                far = mp.asinh((1 + 10 * sigma) / (2 * beta))
                cuts = [-far + 2 * far * k / 40 for k in range(41)]
                total += share * mp.quad(term, cuts, maxdegree=5)
            return float(total)

        whole = lambda u: 2 * beta * mp.cosh(u) + gamma  # noqa: E731
        slope = mean(lambda eta, u, w: 2 * beta * mp.cosh(u))
        error = mean(lambda eta, u, w: (eta - w) ** 2 * whole(u))
        size = mean(lambda eta, u, w: abs(eta) * whole(u))
    assert slope == pytest.approx(delta, rel=1e-10, abs=0)
    assert error == pytest.approx(float(told["weight_error"][0]), rel=1e-10, abs=0)
    assert noise**2 + error / delta == pytest.approx(float(told["test_loss"][0]), rel=1e-10, abs=0)
    assert size == pytest.approx(float(told["l1_norm"][0]), rel=1e-10, abs=0)


def test_state_evolution_with_noise_and_at_both_ends():
    noisy = SparseTask(0.4, 0.05, 1.0, 0.1, 0.1)
    told = solve(noisy, [scale_time(1.0, 0.1, scale) for scale in (0.3, 0.03, 0.003)])
    np.testing.assert_allclose(told["weight_error"], [0.031388, 0.018771, 0.010893], rtol=0, atol=6e-7)
    dense = solve(SparseTask(0.4, 0.05, 1e4, 0.1), [0.0])["weight_error"][0]
    assert float(dense) == pytest.approx(0.6 * 0.05, rel=1e-8, abs=0)
    # Below the boundary of l1 recovery the error ends above nothing, and above it at nothing.
    end = lambda delta, rho: float(  # noqa: E731
        solve(SparseTask(delta, rho, 1.0, 0.1), [scale_time(1.0, 0.1, 1e-8)])["weight_error"][0]
    )
    assert end(0.4, 0.05) < 1e-7
    assert end(0.2, 0.2) > 0.1


@pytest.mark.slow
@pytest.mark.statistical(rate=0.001)
def test_drawn_interpolators_are_state_evolution():
    """Means of 20 draws at three sizes, against a chance of 0.001 for all nine; a factor sigma^2 off by 15 % fails."""
    from scipy import stats

    from grok_theory.linear import Interpolator

    scales, rows = (0.03, 0.003, 0.0003), []
    told = solve(SparseTask(0.4, 0.05, 1.0, 0.1), [scale_time(1.0, 0.1, scale) for scale in scales])["weight_error"]
    for dim in (200, 300, 400):
        found = []
        for seed in range(20):
            rng = np.random.default_rng([dim, seed])
            teacher = np.where(rng.random(dim) < 0.05, np.where(rng.random(dim) < 0.5, 1.0, -1.0), 0.0)
            inputs = rng.standard_normal((round(0.4 * dim), dim)) / np.sqrt(round(0.4 * dim))
            problem = DiagonalNetwork(inputs, inputs @ teacher, 1.0, 0.1, teacher)
            times = [float(scale_time(1.0, 0.1, scale)) for scale in scales]
            found.append(np.asarray(solve(problem, times, method=Interpolator())["weight_error"]))
        found = np.array(found)
        rows.append((found.mean(0) - np.asarray(told)) / (found.std(0, ddof=1) / np.sqrt(20)))
    worst = np.max(np.abs(rows))
    assert worst < stats.t.isf(0.001 / 2 / 9, 19), rows
