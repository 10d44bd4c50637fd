"""Register: what generalization bounds are made of."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .. import bounds
from ..bounds.pac_bayes import excess_of_inverse_kl
from .formula import Formula, Range, seeds
from .many_digits import DIGITS, FINE_CUTS, gaussian_grid, integral


@partial(
    Formula,
    name="bounds.truncated_squared_loss",
    says="mean of min((r + s z)^2, c^2) over a Gaussian z: the loss of these bounds",
    function=bounds.truncated_squared_loss,
    domain={
        "residual": Range(-5.0, 5.0, (0.0, 1.0), "r"),
        "cap": Range(0.3, 10.0, (1.0, 4.0), "c"),
        "variance": Range(0.01, 10.0, (1.0,), "s^2"),
    },
    call=lambda r, cap, variance: bounds.truncated_squared_loss(r, cap, variance=variance),
    symbol=r"\ell",
    latex=r"(r^2 + s^2) \Delta + 2 r s [\varphi(a) - \varphi(b)] + s^2 [a \varphi(a) - b \varphi(b)] + "
    r"c^2 (1 - \Delta), \;\; \Delta = \Phi(b) - \Phi(a)",
    source="ours",
    status="ours",
    by="30-digit quadrature, cut at the kinks",
    rtol=1e-11,
)
def _truncated(residual: float, cap: float, variance: float) -> float:
    """The Gaussian integral, cut where the loss has its kinks."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        r, top, s = mp.mpf(residual), mp.mpf(cap), mp.sqrt(mp.mpf(variance))
        kinks = [(-top - r) / s, (top - r) / s]
        cuts = sorted({mp.mpf(sign * c) for c in FINE_CUTS for sign in (1, -1)} | {k for k in kinks if abs(k) < 13})
        return float(integral(lambda z: mp.npdf(z) * min((r + s * z) ** 2, top**2), cuts))


def _gaussians(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    one, two = draws.normal(size=(2, 3, 3))
    return draws.normal(size=3), one @ one.T + np.eye(3), draws.normal(size=3), two @ two.T + np.eye(3)


@partial(
    Formula,
    name="bounds.gaussian_kl",
    says="divergence of one Gaussian from another",
    function=bounds.gaussian_kl,
    domain={"gaussians": seeds("two drawn Gaussians in 3 dimensions")},
    call=lambda seed: bounds.gaussian_kl(*_gaussians(seed)),
    symbol="\\mathrm{KL}",
    latex=r"\frac{1}{2} \left[\mathrm{tr} \, \Sigma_0^{-1} \Sigma - d + \ln \frac{\det \Sigma_0}{\det \Sigma} + "
    r"(\mu - \mu_0)^T \Sigma_0^{-1} (\mu - \mu_0)\right]",
    source="classical",
    status="as printed",
    by="mean log-ratio by Gauss-Hermite, exact for quadratics",
    rtol=1e-9,
)
def _log_ratio(seed: int) -> float:
    """E_q ln q/p by Gauss-Hermite in three dimensions, exact for the quadratic logarithm."""
    mean, covariance, prior_mean, prior = _gaussians(seed)
    z, weights = gaussian_grid(3, 3)
    x = mean + z @ np.linalg.cholesky(covariance).T

    def log_density(centre: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        away = x - centre
        return -0.5 * (np.linalg.slogdet(matrix)[1] + np.sum(away @ np.linalg.inv(matrix) * away, axis=1))

    return float(weights @ (log_density(mean, covariance) - log_density(prior_mean, prior)))


def _machine(seed: int) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    return draws.normal(size=(4, 3)), draws.normal(size=4)


@partial(
    Formula,
    name="bounds.gaussian_process_kl",
    says="divergence of the ridge posterior from its prior, by the kernel alone",
    function=bounds.gaussian_process_kl,
    domain={
        "features": seeds("4 samples of 3 drawn features and labels"),
        "ridge": Range(0.01, 100.0, (1.0,), r"\delta"),
    },
    call=lambda seed, ridge: bounds.gaussian_process_kl(
        _machine(seed)[0] @ _machine(seed)[0].T, _machine(seed)[1], ridge=ridge
    ),
    symbol="\\mathrm{KL}",
    latex=r"\frac{1}{2} \sum_j \left[\ln\left(1 + \frac{\lambda_j}{\delta}\right) - "
    r"\frac{\lambda_j}{\lambda_j + \delta} + \frac{\lambda_j y_j^2}{(\lambda_j + \delta)^2}\right]",
    source="ours",
    status="ours",
    by="weight space, written out",
    rtol=1e-10,
)
def _weight_space_kl(seed: int, ridge: float) -> float:
    """The posterior's mean and covariance written out on three weights."""
    features, y = _machine(seed)
    precision = features.T @ features / ridge + np.eye(3)
    mean = np.linalg.solve(precision, features.T @ y / ridge)
    covariance = np.linalg.inv(precision)
    return float((np.trace(covariance) - 3 + np.linalg.slogdet(precision)[1] + mean @ mean) / 2)


@partial(
    Formula,
    name="bounds.displacement_norm",
    says="how far the weights move until they fit",
    function=bounds.displacement_norm,
    domain={"features": seeds("3 samples of 3 drawn features and residuals")},
    call=lambda seed: bounds.displacement_norm(_machine(seed)[0][:3] @ _machine(seed)[0][:3].T, _machine(seed)[1][:3]),
    symbol="|w - w(0)|",
    latex=r"\sqrt{r_0^T K^+ r_0}",
    source="ours",
    status="ours",
    by="least-norm fit in weight space",
    rtol=1e-6,
)
def _displacement(seed: int) -> float:
    """Least-norm fit in weight space."""
    features, y = _machine(seed)
    return float(np.linalg.norm(np.linalg.lstsq(features[:3], y[:3], rcond=None)[0]))


@partial(
    Formula,
    name="bounds.excess_of_inverse_kl",
    says="how far above p the largest q is whose divergence from p stays within a budget",
    function=excess_of_inverse_kl,
    domain={"share": Range(0.001, 0.95, (0.5,), "p"), "budget": Range(1e-6, 5.0, (0.1,), "e")},
    symbol=r"\mathrm{kl}^{-1}(p, e) - p",
    latex=r"\sup\{q : p \ln \frac{p}{q} + (1 - p) \ln \frac{1 - p}{1 - q} \leq e\} - p",
    source="Seeger 2002; Maurer 2004",
    status="as printed",
    by="bisection in 80 digits",
    rtol=1e-9,
)
def _inverse_kl(share: float, budget: float) -> float:
    """Largest q with kl(p, q) <= e, by bisection in 80 digits; minus p."""
    import mpmath as mp

    with mp.workdps(80):  # at p = 0.95, e = 5 the answer is 1 - exp(-100): 40 digits would call it 1
        p, e = mp.mpf(share), mp.mpf(budget)
        low, high = p, mp.mpf(1)
        for _ in range(140):
            q = (low + high) / 2
            spent = (p * mp.log(p / q) if p > 0 else 0) + (1 - p) * mp.log((1 - p) / (1 - q))
            low, high = (q, high) if spent <= e else (low, q)
        return float(low - p)


def _modes(seed: int, share: float) -> tuple[Any, float]:
    draws = np.random.default_rng(seed)
    law = bounds.LossLaw(draws.uniform(0.05, 1, 4), draws.uniform(0, 1, 4), np.array(0.0), 2)
    return law, share * float(np.sum(2 * law.variances + law.squares))


@partial(
    Formula,
    name="bounds.loss_law",
    says="information in a small test loss under a Gaussian law of hypotheses, in nats",
    function=bounds.loss_law,
    domain={"modes": seeds("4 drawn modes, two outputs"), "share": Range(0.05, 0.9, (0.5,), r"\epsilon/E Q")},
    call=lambda seed, share: _modes(seed, share)[0].information(_modes(seed, share)[1]),
    symbol=r"I(\epsilon)",
    latex=r"-\ln \frac{1}{2 \pi i} \int e^{s \epsilon} \prod_j (1 + 2 s l_j)^{-C/2} e^{-s d_j^2/(1 + 2 s l_j)} "
    r"\frac{ds}{s}",
    source="the quantity: Boopathy et al., 2024; the contour: ours",
    status="ours",
    by="Ruben's series of chi-squared laws, 40 digits",
    rtol=1e-9,
)
def _ruben(seed: int, share: float) -> float:
    """P(Q <= e) as a mixture of central chi-squared laws of one scale (Ruben 1962), summed to 40 digits."""
    import mpmath as mp

    law, eps = _modes(seed, share)
    with mp.workdps(40):
        l = [mp.mpf(float(v)) for v in law.variances]
        d2 = [mp.mpf(float(v)) for v in law.squares]
        beta, per = min(l), 2
        gamma = [1 - beta / v for v in l]
        terms = [mp.exp(-sum(d / v for d, v in zip(d2, l, strict=True)) / 2)]
        for v in l:
            terms[0] *= (beta / v) ** (mp.mpf(per) / 2)
        rates, total, degrees = [], mp.mpf(0), per * len(l)
        for k in range(1, 400):
            chi = mp.gammainc(mp.mpf(degrees) / 2 + k - 1, 0, mp.mpf(eps) / beta / 2, regularized=True)
            total += terms[-1] * chi
            if k > 20 and terms[-1] * chi < mp.mpf(10) ** -25 * total:
                break
            rates.append(
                sum(per * g**k + k * d / v * (beta / v) * g ** (k - 1) for g, d, v in zip(gamma, d2, l, strict=True))
                / 2
            )
            terms.append(sum(rates[k - 1 - r] * terms[r] for r in range(k)) / k)
        return float(-mp.log(total))


@partial(
    Formula,
    name="bounds.harmonics_count",
    says="logarithm of the number of spherical harmonics of degree at most K on the sphere in m + 1 dimensions",
    function=bounds.harmonics_count,
    domain={
        "degree": Range(0, 40, (), "K", whole=True),
        "sphere_dim": Range(1, 40, (), "m", whole=True),
    },
    symbol=r"\ln N",
    latex=r"\sum_{k=1}^{m} \ln\left(1 + \frac{K}{k}\right) + \ln \frac{m + 2 K}{m + K}",
    source="classical",
    status="as printed",
    by="homogeneous polynomials less those of two degrees lower, degree by degree, in whole numbers",
    rtol=1e-12,
)
def _harmonics(degree: int, sphere_dim: int) -> float:
    """Harmonic polynomials of degree k are the homogeneous ones less r^2 times those of degree k - 2."""
    from math import comb, log

    def homogeneous(k: int) -> int:
        return comb(sphere_dim + k, sphere_dim) if k >= 0 else 0

    return log(sum(homogeneous(k) - homogeneous(k - 2) for k in range(degree + 1)))
