"""Where approximations of the literature part from the exact law: removed samples, small losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from .correction import Correction


def _removal() -> Correction:
    """What a sample does to its own prediction, late in training: first order, exact, and by training without it."""
    from ..kernels import flow_influence, flow_leave_one_out, gradient_flow

    random = np.random.default_rng(0)
    samples, time = 30, [1000.0]
    x = random.normal(size=(samples, 20)) / np.sqrt(20)
    y, kernel = random.normal(size=samples), x @ x.T
    fitted = np.asarray(gradient_flow(kernel, y, kernel, time))[0]
    first = np.diag(np.asarray(flow_influence(kernel, y, kernel, time))[0])
    exact = np.asarray(flow_leave_one_out(kernel, y, time))[0] - (y - fitted)

    def without(i: int) -> float:
        """The weights of a linear student on the other samples."""
        kept = np.arange(samples) != i
        values, vectors = np.linalg.eigh(x[kept].T @ x[kept])
        moved = -np.expm1(-time[0] * values) / np.where(values > 1e-12, values, 1.0)
        return float(x[i] @ vectors @ (moved * (vectors.T @ (x[kept].T @ y[kept]))))

    trained = fitted - np.array([without(i) for i in range(samples)])
    size = np.mean(np.abs(first))
    return Correction(
        "kernels",
        "influence functions, for example Grosse et al. 2023 (quoted)",
        "removing a sample is minus its weight's derivative, to first order",
        "larger, by the sample's leverage: flow_leave_one_out is exact",
        "30 samples in 20 dimensions at t = 1000: mean change of a sample's own prediction over that of first order",
        1.0,
        float(np.mean(np.abs(exact)) / size),
        float(np.mean(np.abs(trained)) / size),
    )


def _one_fitted_law() -> Correction:
    """One scaled non-central chi-squared law, of most likelihood for drawn losses, read deep in its tail."""
    import mpmath as mp
    from scipy.optimize import minimize
    from scipy.stats import ncx2

    from ..bounds import LossLaw

    variances = 1 / (100 * np.arange(1, 101.0))
    eps = 0.2 * float(variances.sum())
    losses = np.random.default_rng(0).standard_normal((10_000, 100)) ** 2 @ variances
    mean, spread = losses.mean(), losses.var()

    def missed(logs: np.ndarray) -> float:
        scale, degrees, away = np.exp(logs)
        return float(logs[0] - np.mean(ncx2.logpdf(losses / scale, degrees, away)))

    start = np.log([spread / mean / 2, 2 * mean**2 / spread, 0.1])
    scale, degrees, away = np.exp(minimize(missed, start, method="Nelder-Mead", options={"maxiter": 400}).x)
    with mp.workdps(40):

        def transform(s: Any) -> Any:  # mpmath's numbers have no type of their own
            return mp.exp(-sum(mp.log(1 + 2 * s * mp.mpf(float(v))) for v in variances) / 2) / s

        inverse = float(-mp.log(mp.invertlaplace(transform, eps, method="talbot", degree=40)))
    return Correction(
        "bounds",
        "Boopathy et al., Towards exact computation of inductive bias, released code (quoted)",
        "one scaled non-central chi-squared law, fitted to 10^4 drawn losses",
        "the exact law of the loss, at any depth: loss_law",
        "nats of a loss of a fifth of the mean, 100 modes of variance 1/j",
        float(-ncx2.logcdf(eps / scale, degrees, away)),
        float(LossLaw(variances, np.zeros(100), np.array(0.0)).information(eps)),
        inverse,
    )


CORRECTIONS = (_removal, _one_fitted_law)
