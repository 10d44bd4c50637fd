"""Register: kernels of wide networks, their spectra, and what is read off a Gram matrix."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from .. import kernels as room
from .formula import Formula, Printed, Range, seeds
from .many_digits import DIGITS, gaussian_grid, gaussian_mean, integral

EPSILON = Range(0.05, 2.0, (0.5, 1.0), r"\epsilon")


def _pair(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 2))


def _quadratic_ntk(seed: int, epsilon: float, trained: bool) -> Any:
    network = room.FullyConnected(room.Quadratic(epsilon), 1, train_readout=trained)
    return room.ntk(network, _pair(seed))[0, 1]


def _quadratic_gradients(seed: int, epsilon: float, trained: bool) -> float:
    """Mean product of the gradients over Gaussian weights and readouts, exact for polynomials."""
    x, y = _pair(seed)
    w, p = gaussian_grid(2, 5)
    first, second = w @ x, w @ y
    inner = (1 + epsilon * first) * (1 + epsilon * second) * (x @ y)
    outer = (first + epsilon / 2 * first**2) * (second + epsilon / 2 * second**2)
    return float(p @ (inner + outer if trained else inner))


_QUADRATIC = {"inputs": seeds("two drawn inputs in 2 dimensions"), "epsilon": EPSILON}


@partial(
    Formula,
    name="kernels.ntk_fixed_readout",
    says="tangent kernel of a two-layer quadratic network, first layer trained; s = x . x'",
    function=room.ntk,
    domain=_QUADRATIC,
    call=lambda seed, epsilon: _quadratic_ntk(seed, epsilon, trained=False),
    symbol="K",
    latex=r"s + \epsilon^2 s^2",
    source="ours; kernels as by Jacot, Gabriel & Hongler, arXiv 1806.07572",
    status="ours",
    by="gradients averaged by Gauss-Hermite, exact for polynomials",
    rtol=1e-10,
)
def _ntk_fixed_readout(seed: int, epsilon: float) -> float:
    return _quadratic_gradients(seed, epsilon, trained=False)


@partial(
    Formula,
    name="kernels.ntk_trained_readout",
    says="the same with both layers trained",
    function=room.ntk,
    domain=_QUADRATIC,
    call=lambda seed, epsilon: _quadratic_ntk(seed, epsilon, trained=True),
    symbol="K",
    latex=r"2 s + \frac{3 \epsilon^2}{2} s^2 + \frac{\epsilon^2}{4} |x|^2 |x'|^2",
    source="ours; kernels as by Jacot, Gabriel & Hongler, arXiv 1806.07572",
    status="ours",
    by="gradients averaged by Gauss-Hermite, exact for polynomials",
    rtol=1e-10,
)
def _ntk_trained_readout(seed: int, epsilon: float) -> float:
    return _quadratic_gradients(seed, epsilon, trained=True)


def _sphere(epsilon: float, dim: int) -> Any:
    return room.sphere_spectrum(lambda t: t + epsilon**2 * t**2, dim, 2).eigenvalues


@partial(
    Formula,
    name="kernels.sphere_spectrum",
    says="eigenvalues of the kernel t + eps^2 t^2 on the unit sphere: constant, linear, quadratic",
    function=room.sphere_spectrum,
    domain={"epsilon": EPSILON, "dim": Range(2, 12, (), "d", whole=True)},
    call=_sphere,
    symbol=r"\lambda_k",
    latex=r"\frac{\epsilon^2}{d}, \;\; \frac{1}{d}, \;\; \frac{2 \epsilon^2}{d (d + 2)}",
    source="ours",
    status="ours",
    by="moments of the sphere",
    rtol=1e-12,
)
def _sphere_moments(epsilon: float, dim: int) -> np.ndarray:
    """<f K f>/<f^2> of 1, x_1 and x_1 x_2 on the sphere: Gaussian directions, whose moments are those of a rule."""
    z, weights = gaussian_grid(2, 6)
    # Moments of x_1 on the sphere from Gaussian ones: E|z|^(2k) divides out.
    second = 1 / dim
    fourth = float(weights @ z[:, 0] ** 4) / (dim * (dim + 2))
    mixed = float(weights @ (z[:, 0] ** 2 * z[:, 1] ** 2)) / (dim * (dim + 2))
    # Kernel t + eps^2 t^2 with t = x.x': <1 K 1>/<1>, <x_1 K x_1>/<x_1^2>, <x_1 x_2 K x_1 x_2>/<(x_1 x_2)^2>.
    constant = epsilon**2 * dim * (second**2)
    linear = second
    quadratic = epsilon**2 * 2 * mixed**2 / mixed
    assert fourth > mixed
    return np.array([constant, linear, quadratic])


def _relu_hermite(degree: int, variance: float) -> float:
    """E relu(sqrt(v) z) He_k(z) / sqrt(k!) by quadrature on z > 0."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        root = mp.sqrt(mp.mpf(variance))

        def at(z: Any) -> Any:
            before, now = mp.mpf(1), z
            for k in range(1, degree):
                before, now = now, z * now - k * before
            hermite = mp.mpf(1) if degree == 0 else now
            return root * z * hermite * mp.npdf(z)

        return float(integral(at, [0, 1, 2, 4, 6, 9, 13]) / mp.sqrt(mp.factorial(degree)))


@partial(
    Formula,
    name="kernels.hermite_coefficients_relu",
    says="Hermite coefficients of the ReLU, k = 0, 1 and even k",
    function=room.hermite_coefficients,
    domain={"half": Range(0, 5, (), "k/2", whole=True), "variance": Range(0.1, 10.0, (1.0,), "v")},
    call=lambda half, variance: room.hermite_coefficients("relu", 10, variance=variance)[2 * half],
    symbol="a_k",
    latex=r"(-1)^{k/2 - 1} \sqrt{v} \, \frac{(k - 3)!!}{\sqrt{2 \pi k!}}",
    source="Cho & Saul, NeurIPS 2009, expanded",
    status="ours",
    by="30-digit quadrature",
    rtol=1e-13,
)
def _hermite_coefficients_relu(half: int, variance: float) -> float:
    return _relu_hermite(2 * half, variance)


@partial(
    Formula,
    name="kernels.hermite_coefficients_erf",
    says="Hermite coefficients of erf(s h), k = 2j + 1",
    function=room.hermite_coefficients,
    domain={
        "order": Range(0, 4, (), "j", whole=True),
        "scale": Range(0.1, 3.0, (1.0,), "s"),
        "variance": Range(0.1, 10.0, (1.0,), "v"),
    },
    call=lambda order, scale, variance: room.hermite_coefficients(room.Erf(scale), 9, variance=variance)[2 * order + 1],
    symbol="a_{2j+1}^2",
    latex=r"\frac{2}{\pi} \frac{(2j)!}{4^j j!^2 (2j + 1)} \left(\frac{2 s^2 v}{1 + 2 s^2 v}\right)^{2j+1}",
    source="Williams, NeurIPS 1997, expanded",
    status="ours",
    by="30-digit quadrature",
    rtol=1e-11,
)
def _erf_hermite(order: int, scale: float, variance: float) -> float:
    import mpmath as mp

    degree = 2 * order + 1
    with mp.workdps(DIGITS):
        factor = mp.mpf(scale) * mp.sqrt(mp.mpf(variance))

        def at(z: Any) -> Any:
            before, now = mp.mpf(1), z
            for k in range(1, degree):
                before, now = now, z * now - k * before
            return mp.erf(factor * z) * now

        return float(gaussian_mean(at) / mp.sqrt(mp.factorial(degree)))


def _eigenvalues(seed: int) -> np.ndarray:
    return 10.0 ** np.random.default_rng(seed).uniform(-6, 3, 8)


@partial(
    Formula,
    name="kernels.effective_dimension",
    says="how many directions a ridge leaves free",
    function=room.effective_dimension,
    domain={"eigenvalues": seeds("8 eigenvalues in [1e-6, 1e3]"), "ridge": Range(1e-6, 1e3, (1.0,), r"\delta")},
    call=lambda seed, ridge: room.effective_dimension(_eigenvalues(seed), ridge),
    symbol="d_1",
    latex=r"\sum_i \frac{\lambda_i}{\lambda_i + \delta}",
    source="definition",
    status="as printed",
    by="exact fractions",
    rtol=1e-13,
)
def _dimension(seed: int, ridge: float) -> float:
    return float(sum(Fraction(float(l)) / (Fraction(float(l)) + Fraction(ridge)) for l in _eigenvalues(seed)))


@partial(
    Formula,
    name="kernels.participation_ratio",
    says="how many equal modes would spread as these do",
    function=room.participation_ratio,
    domain={"eigenvalues": seeds("8 eigenvalues in [1e-6, 1e3]")},
    call=lambda seed: room.participation_ratio(_eigenvalues(seed)),
    symbol="d",
    latex=r"\left(\sum_i \lambda_i\right)^2 / \sum_i \lambda_i^2",
    source="definition",
    status="as printed",
    by="exact fractions",
    rtol=1e-13,
)
def _participation(seed: int) -> float:
    values = [Fraction(float(l)) for l in _eigenvalues(seed)]
    return float(sum(values) ** 2 / sum(l**2 for l in values))


def gram(seed: int, size: int = 5, dim: int = 8) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    features = draws.normal(size=(size, dim))
    return features @ features.T, draws.normal(size=size)


@partial(
    Formula,
    name="kernels.alignment",
    says="kernel-target alignment, not centred",
    function=room.alignment,
    domain={"kernel": seeds("a drawn kernel of 5 samples and a target")},
    call=lambda seed: room.alignment(*gram(seed)),
    symbol="A",
    latex=r"\frac{y^T K y}{|K|_F \, |y|^2}",
    source="Cristianini et al., NeurIPS 2001",
    status="as printed",
    by="cosine of two matrices, entry by entry",
    rtol=1e-12,
)
def _alignment(seed: int) -> float:
    """Cosine between K and y y^T as vectors, entry by entry."""
    kernel, y = gram(seed)
    target = np.array([[a * b for b in y] for a in y])
    return float(np.sum(kernel * target) / np.sqrt(np.sum(kernel**2) * np.sum(target**2)))


def _cka_kernels(seed: int) -> Any:
    draws = np.random.default_rng(seed)
    x, y = (draws.normal(size=(6, n)) for n in (3, 4))
    return room.cka(x @ x.T, y @ y.T)


@partial(
    Formula,
    name="kernels.cka",
    says="centred kernel alignment",
    function=room.cka,
    domain={"features": seeds("6 samples with 3 and with 4 drawn features")},
    call=_cka_kernels,
    symbol="\\mathrm{CKA}",
    latex=r"\frac{\langle H K H, H L H \rangle}{|H K H|_F |H L H|_F}, \;\; H = I - 11^T/n",
    source="Cortes, Mohri & Rostamizadeh, JMLR 2012",
    status="as printed",
    by="feature space, columns centred",
    rtol=1e-12,
)
def _cka(seed: int) -> float:
    """Correlation of centred features: norm(X^T Y)^2 over norm(X^T X) norm(Y^T Y), the columns of X and Y centred."""
    draws = np.random.default_rng(seed)
    x, y = (draws.normal(size=(6, n)) for n in (3, 4))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(np.sum((x.T @ y) ** 2) / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def _shortcut(seed: int, ridge: float) -> float:
    kernel, y = gram(seed)
    smoother = kernel @ np.linalg.inv(kernel + ridge * np.eye(len(y)))
    return float(((y - smoother @ y) / (1 - np.diag(smoother)))[0])


@partial(
    Formula,
    name="kernels.leave_one_out",
    says="residual of each sample under the machine fitted to the others",
    function=room.leave_one_out,
    domain={
        "kernel": seeds("a drawn kernel of 5 samples and a target"),
        "ridge": Range(1e-3, 100.0, (1.0,), r"\delta"),
    },
    call=lambda seed, ridge: room.leave_one_out(*gram(seed), ridge=ridge).residuals,
    symbol="r_i",
    latex=r"\frac{[G y]_i}{G_{ii}}, \;\; G = (K + \delta I)^{-1}",
    source="classical",
    status="as printed",
    by="every refit, one by one",
    rtol=1e-9,
    printed=(
        Printed(
            "a usual form of the shortcut",
            "(y - H y)_i / (1 - H_ii): the same in exact arithmetic",
            "0/0 at small ridge; [G y]_i / G_ii keeps the digits",
            lambda seed, ridge: _shortcut(seed, ridge),
            (3, 1e-13),
            "first residual of a drawn kernel of 5 samples at ridge 1e-13",
            lambda residuals: float(residuals[0]),
        ),
    ),
)
def _refits(seed: int, ridge: float) -> np.ndarray:
    """Each sample removed, the machine fitted anew, and asked about it."""
    kernel, y = gram(seed)
    residuals = []
    for i in range(len(y)):
        rest = np.delete(np.arange(len(y)), i)
        weights = np.linalg.solve(kernel[np.ix_(rest, rest)] + ridge * np.eye(len(rest)), y[rest])
        residuals.append(y[i] - kernel[i, rest] @ weights)
    return np.array(residuals)


def _curve(seed: int, samples: float, ridge: float) -> np.ndarray:
    curve = room.learning_curve(*gram(seed), [samples], ridge=ridge)
    return np.array([curve[name][0] for name in ("kappa", "test_loss", "train_loss")])


@partial(
    Formula,
    name="kernels.learning_curve",
    says="effective ridge, test and train loss of kernel regression on n of N given points, tested on the others",
    function=room.learning_curve,
    domain={
        "kernel": seeds("a drawn kernel of 5 samples and a target"),
        "samples": Range(1.0, 4.0, (2.0, 3.0), "n"),
        "ridge": Range(1e-2, 10.0, (1.0,), r"\delta"),
    },
    call=_curve,
    symbol="E",
    latex=r"\frac{n S}{N D} \; \overline{([G y]_i / G_{ii})^2}, \;\; G = (K + \kappa I)^{-1}, \;\; "
    r"S = \mathrm{tr}\, G, \;\; D = \mathrm{tr}\, (K + \delta I) G^2, \;\; \mathrm{tr}\, (K + \delta I) G = n",
    source="derived here: free compression of the Gram matrix, with the leverages of the points",
    status="ours",
    by="bisection and an explicit inverse, 30 digits",
    rtol=1e-9,
)
def _given_points(seed: int, samples: float, ridge: float) -> np.ndarray:
    import mpmath as mp

    with mp.workdps(DIGITS):
        kernel, y = (mp.matrix(np.asarray(part).tolist()) for part in gram(seed))
        size, delta, one = len(y), mp.mpf(ridge), mp.eye(len(y))
        own = kernel + delta * one

        def trace(matrix: Any) -> Any:
            return sum(matrix[i, i] for i in range(size))

        values = list(mp.eigsy(kernel, eigvals_only=True))
        low, high = delta, delta + size * trace(own) / mp.mpf(samples)
        for _ in range(110):
            middle = (low + high) / 2
            more = sum((value + delta) / (value + middle) for value in values) > samples
            low, high = (middle, high) if more else (low, middle)
        inverse = mp.inverse(kernel + low * one)
        s, d, seen = trace(inverse), trace(own * inverse * inverse), inverse * y
        left_out = sum((seen[i] / inverse[i, i]) ** 2 for i in range(size)) / size
        fitted = delta**2 * sum(entry**2 for entry in seen) * s / (samples * d)
        return np.array([float(low), float(samples * s / (size * d) * left_out), float(fitted)])
