"""Register, wing 2: the quadratic committee. Inputs x ~ N(0, I/D), target (beta.x)^2/2."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..lazy_rich import closed_forms as forms
from ..lazy_rich.problem import QuadraticCommittee
from .formula import Formula, Printed, Range, seeds
from .many_digits import DIGITS, gaussian_grid, integral, over_spectrum

PAPER = "Kumar, Bordelon, Gershman & Pehlevan, arXiv 2310.06110"
CURVATURE = Range(0.05, 2.0, (0.5, 1.0), r"\epsilon")
SCALE = Range(0.1, 20.0, (1.0,), r"\alpha")
NETWORK = seeds("a drawn network of 4 neurons on 3 inputs, its start, and a drawn teacher")


def _network(seed: int, dim: int = 3, width: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    weights, start = draws.standard_normal((2, width, dim))
    return weights, start, draws.standard_normal(dim)


def _output(weights: np.ndarray, inputs: np.ndarray, alpha: float, eps: float) -> np.ndarray:
    fields = inputs @ weights.T
    return alpha * np.mean(fields + eps / 2 * fields**2, axis=1)


def _inputs(dim: int) -> tuple[np.ndarray, np.ndarray]:
    grid, weights = gaussian_grid(dim, 5)
    return grid / np.sqrt(dim), weights


def _moments(weights: np.ndarray) -> tuple[Any, Any]:
    return jnp.asarray(weights.T @ weights / len(weights)), jnp.asarray(weights.mean(0))


def _loss(seed: int, alpha: float, eps: float) -> np.ndarray:
    weights, start, teacher = _network(seed)
    (m, wbar), (m0, wbar0) = _moments(weights), _moments(start)
    parts = forms.test_loss_decomposition(
        m,
        wbar,
        jnp.asarray(teacher),
        output_scale=alpha,
        curvature=eps,
        initial_second_moment=m0,
        initial_mean_weight=wbar0,
    )
    return np.array([parts.total, parts.variance, parts.misalignment, parts.linear_power])


@partial(
    Formula,
    name="lazy_rich.test_loss_decomposition",
    says="test loss of the committee and its parts: variance, misalignment, linear power; any width and dimension",
    function=forms.test_loss_decomposition,
    domain={"network": NETWORK, "output_scale": SCALE, "curvature": CURVATURE},
    call=_loss,
    symbol="L",
    latex=r"\frac{1}{4} \left(\frac{\mathrm{tr} A}{D}\right)^2 + \frac{|A|_F^2}{2 D^2} + "
    r"\frac{\alpha^2 |\bar{w} - \bar{w}_0|^2}{D}, \;\; A = \alpha \epsilon (M - M_0) - \beta \beta^T",
    source=PAPER,
    status="as printed",
    by="Gauss-Hermite in three dimensions, exact for polynomials",
    rtol=1e-9,
)
def _loss_by_chaos(seed: int, alpha: float, eps: float) -> np.ndarray:
    """The mean square of network minus target; its square mean; its linear part; the rest."""
    weights, start, teacher = _network(seed)
    x, p = _inputs(3)
    gap = _output(weights, x, alpha, eps) - _output(start, x, alpha, eps) - (x @ teacher) ** 2 / 2
    total, variance = p @ gap**2, (p @ gap) ** 2
    linear = 3 * np.sum((p @ (gap[:, None] * x)) ** 2)
    return np.array([total, variance, total - variance - linear, linear])


def _kernel(seed: int, eps: float) -> Any:
    weights, _, _ = _network(seed)
    x = jnp.asarray(np.random.default_rng(seed + 1).standard_normal((2, 3)))
    return forms.tangent_kernel(x[:1], x[1:], *_moments(weights), curvature=eps)[0, 0]


@partial(
    Formula,
    name="lazy_rich.tangent_kernel",
    says="tangent kernel of the committee with fixed readouts, without alpha^2/N",
    function=forms.tangent_kernel,
    domain={"network": NETWORK, "curvature": CURVATURE},
    call=_kernel,
    symbol="K(x, x')",
    latex=r"s \left[1 + \epsilon \bar{w} \cdot (x + x') + \epsilon^2 x^T M x'\right], \;\; s = x \cdot x'",
    source=PAPER,
    status="as printed",
    by="gradients written out neuron by neuron",
    rtol=1e-9,
)
def _kernel_by_gradients(seed: int, eps: float) -> float:
    """sum over neurons and weights of the two gradients, written out."""
    weights, _, _ = _network(seed)
    x = np.random.default_rng(seed + 1).standard_normal((2, 3))
    gradients = [[(1 + eps * w @ point) * point for w in weights] for point in x]
    return float(np.sum(np.array(gradients[0]) * np.array(gradients[1])) / len(weights))


def _spectrum(eps: float, dim: int) -> np.ndarray:
    modes = forms.kernel_spectrum(eps, dim)
    return np.array([mode.eigenvalue for mode in modes])


@partial(
    Formula,
    name="lazy_rich.kernel_spectrum",
    says="eigenvalues of the tangent kernel at a wide start: linear, traceless quadratic, radial",
    function=forms.kernel_spectrum,
    domain={"curvature": CURVATURE, "dim": Range(2, 4, (), "D", whole=True)},
    call=_spectrum,
    symbol=r"\lambda",
    latex=r"\frac{1}{D}, \;\; \frac{2 \epsilon^2}{D^2}, \;\; \frac{\epsilon^2}{D} \left(1 + \frac{2}{D}\right)",
    source=PAPER,
    status="corrected",
    by="Rayleigh quotients by Gauss-Hermite, exact for polynomials",
    rtol=1e-12,
    printed=(
        Printed(
            PAPER + ", quadratic eigenvalue",
            "2 eps / D^2",
            "2 eps^2 / D^2",
            lambda eps, dim: 2 * eps / dim**2,
            (0.25, 4),
            "eigenvalue of x_1 x_2 at eps = 0.25, D = 4",
            lambda values: float(values[1]),
        ),
        Printed(
            PAPER + ", radial eigenvalue",
            "(1/D)(1 + 2/D)",
            "(eps^2/D)(1 + 2/D)",
            lambda eps, dim: (1 + 2 / dim) / dim,
            (0.25, 4),
            "eigenvalue of |x|^2 at eps = 0.25, D = 4",
            lambda values: float(values[2]),
        ),
    ),
)
def _spectrum_by_quadrature(eps: float, dim: int) -> np.ndarray:
    """<f K f>/<f^2> of x_1, x_1 x_2 and norm(x)^2 over the kernel s + eps^2 s^2, by a rule exact for polynomials."""
    x, p = _inputs(dim)
    s = x @ x.T
    kernel = s + eps**2 * s**2
    functions = x[:, 0], x[:, 0] * x[:, 1], np.sum(x**2, axis=1)
    return np.array([(p * f) @ kernel @ (p * f) / (p @ f**2) for f in functions])


def _alignment(seed: int, eps: float) -> Any:
    weights, _, teacher = _network(seed, dim=2)
    return forms.population_alignment(*_moments(weights), jnp.asarray(teacher), curvature=eps)


@partial(
    Formula,
    name="lazy_rich.population_alignment",
    says="alignment of the tangent kernel with the target over the input law",
    function=forms.population_alignment,
    domain={"network": seeds("a drawn network of 4 neurons on 2 inputs and a drawn teacher"), "curvature": CURVATURE},
    call=_alignment,
    symbol="A_K",
    latex=r"\frac{\langle y K y' \rangle}{\sqrt{\langle K^2 \rangle} \langle y^2 \rangle}, \;\; "
    r"\langle y K y' \rangle = \frac{\epsilon^2}{4 D^4} \left[|\beta|^4 \mathrm{tr} M + "
    r"8 |\beta|^2 \beta^T M \beta\right]",
    source=PAPER,
    status="corrected",
    by="Gauss-Hermite in two dimensions, exact for polynomials",
    rtol=1e-10,
    printed=(
        Printed(
            PAPER + ", alignment",
            "numerator without the factor 1/4",
            "factor 1/4: the target carries 1/2 twice",
            lambda seed, eps: 4 * float(_alignment(seed, eps)),
            (0, 0.5),
            "alignment of a drawn network at D = 2, eps = 0.5",
        ),
    ),
)
def _alignment_by_quadrature(seed: int, eps: float) -> float:
    weights, _, teacher = _network(seed, dim=2)
    x, p = _inputs(2)
    slopes = 1 + eps * x @ weights.T
    kernel = (x @ x.T) * (slopes @ slopes.T) / len(weights)
    y = (x @ teacher) ** 2 / 2
    return float((p * y) @ kernel @ (p * y) / (np.sqrt(p @ kernel**2 @ p) * (p @ y**2)))


@partial(
    Formula,
    name="lazy_rich.escape_time",
    says="estimated time at which the network leaves the lazy plateau, in tau",
    function=forms.escape_time,
    domain={"output_scale": SCALE, "curvature": CURVATURE, "teacher_overlap": Range(0.01, 0.5, (0.1,), "m_0")},
    call=lambda alpha, eps, m0: forms.escape_time(QuadraticCommittee(alpha, eps, 3.0, m0)),
    symbol=r"\tau",
    expression="Max(0, -output_scale*log(output_scale*curvature*teacher_overlap**2)/(4*curvature))",
    source="ours",
    status="ours",
    by="30-digit integral of d rho over its growth rate",
    rtol=1e-9,
)
def _escape(alpha: float, eps: float, overlap: float) -> float:
    """int d rho / (4 eps/alpha rho) from m0^2 to 1/(alpha eps), on doubling pieces."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        start, end = mp.mpf(overlap) ** 2, 1 / (mp.mpf(alpha) * mp.mpf(eps))
        if start >= end:
            return 0.0
        cuts = [start]
        while cuts[-1] * 2 < end:
            cuts.append(cuts[-1] * 2)
        return float(integral(lambda rho: mp.mpf(alpha) / (4 * mp.mpf(eps) * rho), [*cuts, end]))


@partial(
    Formula,
    name="lazy_rich.largest_stable_learning_rate",
    says="largest stable rate of descent of a centred committee, at the start and at the fit",
    function=forms.largest_stable_learning_rate,
    domain={
        "samples_per_dim": Range(1.0, 10.0, (2.0,), r"\kappa"),
        "curvature": Range(0.05, 3.0, (0.5, 1.0), r"\epsilon"),
        "output_scale": SCALE,
        "largest_target": Range(0.0, 5.0, (0.0,), r"y_{\max}"),
    },
    call=lambda kappa, eps, alpha, y: forms.largest_stable_learning_rate(QuadraticCommittee(alpha, eps, kappa), y),
    symbol=r"\hat{\eta}",
    latex=r"\kappa / \max\left\{1 + \epsilon^2 + \frac{2 \epsilon y_{\max}}{\alpha}, \; "
    r"(1 + \sqrt{\kappa})^2 + \epsilon^2\right\}",
    source="ours; outlier as by Baik, Ben Arous & Peche, Ann. Probab. 33 (2005)",
    status="ours",
    by="top eigenvalue by bisection of its secular equation, 30 digits",
    rtol=1e-5,
    note="past eps^2 = 1 + kappa^(-1/2) the second is eps^2 (kappa + 1 + 1/(eps^2 - 1))",
)
def _largest_rate(kappa: float, eps: float, alpha: float, target: float) -> float:
    """The top of diag(l + eps^2) + eps^2 kappa <.> by bisection of its secular equation, the mean by quadrature."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        kappa, square = mp.mpf(kappa), mp.mpf(eps) ** 2
        edge = (1 + mp.sqrt(kappa)) ** 2

        def excess(above: Any) -> Any:
            """eps^2 kappa <1/(top - l - eps^2)> - 1 at top = edge + eps^2 + above."""
            (bulk,) = over_spectrum(kappa, [lambda l: 1 / (edge + above - l)], scale=1)
            return square * (bulk + max(mp.mpf(0), kappa - 1) / (edge + above)) - 1

        top = edge + square
        # An outlier so close to the edge changes nothing at the digits asked for.
        if excess(mp.mpf(10) ** -6) > 0:
            low, high = mp.mpf(10) ** -6, square * kappa + 10
            top += mp.findroot(excess, (low, high), solver="illinois", tol=1e-24, verify=False)
        sample = 1 + square + 2 * mp.mpf(eps) * mp.mpf(target) / mp.mpf(alpha)
        return float(kappa / max(top, sample))
