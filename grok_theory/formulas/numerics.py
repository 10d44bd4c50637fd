"""Register, ground floor: the spectrum of random data, Gaussian pair expectations, the effective ridge."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..linear.problem import TeacherStudent
from ..numerics import gaussian, spectra
from ..numerics import ridge_equation as ridges
from .formula import Formula, Range, seeds
from .many_digits import DIGITS, gaussian_grid, gaussian_mean, over_spectrum

MARCHENKO_PASTUR = "Marchenko & Pastur, Math. USSR Sbornik 1 (1967) 457"
ALPHA = Range.of_field(TeacherStudent, "samples_per_dim", r"\alpha")


@partial(
    Formula,
    name="numerics.spectral_edges",
    says="edges of the spectrum of X X^T, X of dim x samples entries of variance 1/dim",
    function=spectra.spectral_edges,
    domain={"samples_per_dim": Range(1e-4, 1e4, (1.0,), r"\alpha")},
    symbol=r"\lambda_\pm",
    latex=r"(1 \pm \sqrt{\alpha})^2",
    source=MARCHENKO_PASTUR,
    status="as printed",
    by="60 digits",
    rtol=1e-14,
)
def _edges(alpha: float) -> tuple[float, float]:
    import mpmath as mp

    with mp.workdps(2 * DIGITS):
        root = mp.sqrt(mp.mpf(alpha))
        return float((1 - root) ** 2), float((1 + root) ** 2)


@partial(
    Formula,
    name="numerics.marchenko_pastur_density",
    says="density of the nonzero eigenvalues of X X^T",
    function=spectra.marchenko_pastur_density,
    domain={"eigenvalues": Range(0.01, 20.0, (1.0,), r"\lambda"), "samples_per_dim": ALPHA},
    symbol=r"\rho(\lambda)",
    latex=r"\frac{\sqrt{(\lambda_+ - \lambda)(\lambda - \lambda_-)}}{2 \pi \lambda}",
    source=MARCHENKO_PASTUR,
    status="as printed",
    by="imaginary part of the resolvent's own equation, 60 digits",
    rtol=1e-11,
)
def _density(eigenvalue: float, alpha: float) -> float:
    """Im m / pi at the real axis; m solves m (1 + m) z - m (alpha - 1) + 1 = 0, one column of X added at a time."""
    import mpmath as mp

    with mp.workdps(2 * DIGITS):
        z, alpha = mp.mpf(eigenvalue), mp.mpf(alpha)
        discriminant = (z + 1 - alpha) ** 2 - 4 * z
        return float(mp.sqrt(-discriminant) / (2 * z) / mp.pi) if discriminant < 0 else 0.0


@partial(
    Formula,
    name="numerics.stieltjes",
    says="trace of the resolvent of X X^T at -g, the zero eigenvalues included",
    function=spectra.stieltjes,
    domain={"penalty": Range(1e-3, 1e3, (1.0, 0.2), "g"), "samples_per_dim": ALPHA},
    symbol="m(g)",
    latex=r"\frac{1 - \alpha - g + \sqrt{(g + \lambda_-)(g + \lambda_+)}}{2 g}",
    source=MARCHENKO_PASTUR,
    status="as printed",
    by="30-digit quadrature of the density",
    rtol=1e-14,
)
def _stieltjes(penalty: float, alpha: float) -> float:
    import mpmath as mp

    (bulk,) = over_spectrum(alpha, [lambda l: 1 / (l + mp.mpf(penalty))], scale=1 / penalty)
    return float(bulk + max(mp.mpf(0), 1 - mp.mpf(alpha)) / mp.mpf(penalty))


PAIR = {
    "q11": Range(0.01, 100.0, (1.0,), "q_{11}"),
    "correlation": Range(-0.9, 0.99, (0.0, 0.5), r"\rho"),
    "q22": Range(0.01, 100.0, (1.0,), "q_{22}"),
}


def _pair(function: Any) -> Any:
    """The dual with q12 = rho sqrt(q11 q22)."""
    return lambda q11, rho, q22, *rest: function(q11, rho * np.sqrt(q11 * q22), q22, *rest)


def _conditional(q11: float, rho: float, q22: float, outer: Any, inner: Any, *, kink: bool) -> float:
    """E outer(u) inner(mean, deviation), v given u being N(mean, deviation^2): one variable left to integrate."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        q11, rho, q22 = mp.mpf(q11), mp.mpf(rho), mp.mpf(q22)
        # The package is given q12 in double precision: so is the oracle.
        rho = mp.mpf(float(rho) * float(np.sqrt(float(q11) * float(q22)))) / mp.sqrt(q11 * q22)
        deviation = mp.sqrt(q22 * (1 - rho**2))

        def at(z: Any) -> Any:
            return outer(mp.sqrt(q11) * z) * inner(rho * mp.sqrt(q22) * z, deviation)

        return float(gaussian_mean(lambda z: at(z) if z > 0 or not kink else mp.mpf(0)))


@partial(
    Formula,
    name="numerics.relu_dual",
    says="E relu(u) relu(v) of a Gaussian pair at angle t, cos t = rho",
    function=gaussian.relu_dual,
    domain=PAIR,
    call=_pair(gaussian.relu_dual),
    symbol=r"E[\phi(u) \phi(v)]",
    latex=r"\frac{\sqrt{q_{11} q_{22}}}{2 \pi} \left[\sin t + (\pi - t) \cos t\right]",
    source="Cho & Saul, NeurIPS 2009 (arc-cosine kernel of order 1)",
    status="as printed",
    by="30-digit quadrature over u, v given u being Gaussian",
    rtol=1e-13,
)
def _relu(q11: float, rho: float, q22: float) -> float:
    import mpmath as mp

    def inner(mean: Any, deviation: Any) -> Any:
        return mean * mp.ncdf(mean / deviation) + deviation * mp.npdf(mean / deviation)

    return _conditional(q11, rho, q22, lambda u: u, inner, kink=True)


@partial(
    Formula,
    name="numerics.relu_dual_derivative",
    says="probability that both variables of a Gaussian pair at angle t are positive",
    function=gaussian.relu_dual_derivative,
    domain=PAIR,
    call=_pair(gaussian.relu_dual_derivative),
    symbol=r"E[\phi'(u) \phi'(v)]",
    latex=r"\frac{\pi - t}{2 \pi}",
    source="Cho & Saul, NeurIPS 2009 (arc-cosine kernel of order 0)",
    status="as printed",
    by="30-digit quadrature over u, v given u being Gaussian",
    rtol=1e-13,
)
def _relu_derivative(q11: float, rho: float, q22: float) -> float:
    import mpmath as mp

    return _conditional(q11, rho, q22, lambda u: 1, lambda mean, s: mp.ncdf(mean / s), kink=True)


@partial(
    Formula,
    name="numerics.erf_dual",
    says="E erf(u) erf(v) of a Gaussian pair",
    function=gaussian.erf_dual,
    domain=PAIR,
    call=_pair(gaussian.erf_dual),
    symbol=r"E[\phi(u) \phi(v)]",
    latex=r"\frac{2}{\pi} \arcsin \frac{2 q_{12}}{\sqrt{(1 + 2 q_{11})(1 + 2 q_{22})}}",
    source="Williams, NeurIPS 1997",
    status="as printed",
    by="30-digit quadrature over u, v given u being Gaussian",
    rtol=1e-13,
)
def _erf(q11: float, rho: float, q22: float) -> float:
    import mpmath as mp

    return _conditional(q11, rho, q22, mp.erf, lambda mean, s: mp.erf(mean / mp.sqrt(1 + 2 * s**2)), kink=False)


@partial(
    Formula,
    name="numerics.erf_dual_derivative",
    says="E erf'(u) erf'(v) of a Gaussian pair",
    function=gaussian.erf_dual_derivative,
    domain=PAIR,
    call=_pair(gaussian.erf_dual_derivative),
    symbol=r"E[\phi'(u) \phi'(v)]",
    latex=r"\frac{4}{\pi} \left[(1 + 2 q_{11})(1 + 2 q_{22}) - 4 q_{12}^2\right]^{-1/2}",
    source="Williams, NeurIPS 1997, by Price's theorem",
    status="as printed",
    by="30-digit quadrature over u, v given u being Gaussian",
    rtol=1e-13,
)
def _erf_derivative(q11: float, rho: float, q22: float) -> float:
    import mpmath as mp

    def slope(u: Any) -> Any:
        return 2 / mp.sqrt(mp.pi) * mp.exp(-(u**2))

    def inner(mean: Any, s: Any) -> Any:
        wide = 1 + 2 * s**2
        return 2 / mp.sqrt(mp.pi * wide) * mp.exp(-(mean**2) / wide)

    return _conditional(q11, rho, q22, slope, inner, kink=False)


def _polynomial(q11: float, rho: float, q22: float, phi: Any) -> float:
    """E phi(u) phi(v) by Gauss-Hermite in two variables, exact for a polynomial."""
    z, weights = gaussian_grid(2, 4)
    u = np.sqrt(q11) * z[:, 0]
    v = np.sqrt(q22) * (rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1])
    return float(weights @ (phi(u) * phi(v)))


@partial(
    Formula,
    name="numerics.quadratic_dual",
    says="E phi(u) phi(v) for phi = h + eps h^2 / 2",
    function=gaussian.quadratic_dual,
    domain=PAIR | {"epsilon": Range(0.01, 3.0, (0.0, 1.0), r"\epsilon")},
    call=lambda q11, rho, q22, eps: gaussian.quadratic_dual(q11, rho * np.sqrt(q11 * q22), q22, epsilon=eps),
    symbol=r"E[\phi(u) \phi(v)]",
    latex=r"q_{12} + \frac{\epsilon^2}{4} (q_{11} q_{22} + 2 q_{12}^2)",
    source="Wick's theorem",
    status="ours",
    by="Gauss-Hermite in two variables, exact for polynomials",
    rtol=1e-10,
)
def _quadratic(q11: float, rho: float, q22: float, epsilon: float) -> float:
    return _polynomial(q11, rho, q22, lambda h: h + epsilon / 2 * h**2)


@partial(
    Formula,
    name="numerics.quadratic_dual_derivative",
    says="E phi'(u) phi'(v) for phi = h + eps h^2 / 2",
    function=gaussian.quadratic_dual_derivative,
    domain=PAIR | {"epsilon": Range(0.01, 3.0, (0.0, 1.0), r"\epsilon")},
    call=lambda q11, rho, q22, e: gaussian.quadratic_dual_derivative(q11, rho * np.sqrt(q11 * q22), q22, epsilon=e),
    symbol=r"E[\phi'(u) \phi'(v)]",
    latex=r"1 + \epsilon^2 q_{12}",
    source="Wick's theorem",
    status="ours",
    by="Gauss-Hermite in two variables, exact for polynomials",
    rtol=1e-10,
)
def _quadratic_derivative(q11: float, rho: float, q22: float, epsilon: float) -> float:
    return _polynomial(q11, rho, q22, lambda h: 1 + epsilon * h)


def _spectrum(seed: int) -> tuple[np.ndarray, float, float]:
    """A random spectrum, a number of samples and a ridge, the latter zero in one case of three."""
    draws = np.random.default_rng(seed)
    modes = int(draws.integers(2, 40))
    eigenvalues = 10.0 ** draws.uniform(-12, 3, modes)
    ridge = 0.0 if seed % 3 == 0 else 10.0 ** draws.uniform(-12, 2)
    samples = float(draws.uniform(0.5, modes - 0.1 if ridge == 0 else 2 * modes))
    return eigenvalues, samples, ridge


def _kappa(seed: int) -> Any:
    eigenvalues, samples, ridge = _spectrum(seed)
    padded = np.zeros(40)  # one shape: zero modes count for nothing
    padded[: eigenvalues.size] = eigenvalues
    return ridges.effective_ridge(padded, samples, ridge=ridge)


@partial(
    Formula,
    name="numerics.effective_ridge",
    says="the ridge a test point feels: root kappa of sum_i l_i/(l_i + kappa) + ridge/kappa = samples",
    function=ridges.effective_ridge,
    domain={"spectrum": seeds("2 to 40 eigenvalues in [1e-13, 1e3], any number of samples, ridge 0 or 1e-12 to 1e2")},
    call=_kappa,
    symbol=r"\sum_i \frac{\lambda_i}{\lambda_i + \kappa} + \frac{\delta}{\kappa}",
    latex="n",
    source="Bordelon, Canatar & Pehlevan, arXiv 2002.02561; Simon et al., arXiv 2110.03922",
    status="as printed",
    by="80 halvings in 50 digits",
    rtol=1e-12,
)
def _effective_ridge(seed: int) -> float:
    import mpmath as mp

    eigenvalues, samples, ridge = _spectrum(seed)
    with mp.workdps(50):
        l = [mp.mpf(float(x)) for x in eigenvalues]

        def balance(log_kappa: Any) -> Any:
            kappa = mp.exp(log_kappa)
            return sum(x / (x + kappa) for x in l) + mp.mpf(ridge) / kappa - mp.mpf(samples)

        low, high = mp.mpf(-90), mp.mpf(40)
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if balance(middle) > 0 else (low, middle)
        return float(mp.exp((low + high) / 2))
