"""Register: quantities read off curves, gradients and logits that have a closed form."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import observables
from .formula import Draw, Formula, Printed, Range, seeds
from .many_digits import DIGITS, integral

CLASSES = Range(2, 200, (), "C", whole=True)
DTYPES = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}


@partial(
    Formula,
    name="observables.margin_time",
    says="time to reach a margin g: C classes, orthonormal inputs, linear logits from 0, flow at unit rate",
    function=observables.margin_time,
    domain={"margin": Range(0.01, 40.0, (1.0,), "g"), "classes": CLASSES},
    symbol="t(g)",
    expression="(exp(margin) - 1)/classes + (classes - 1)*margin/classes",
    source="ours; the effect is that of Prieto et al., arXiv 2501.04697",
    status="ours",
    by="30-digit integral of dg over its rate",
    rtol=1e-13,
)
def _margin_time(margin: float, classes: int) -> float:
    """int dg / (dg/dt), dg/dt = C / (e^g + C - 1)."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        end = mp.mpf(margin)
        cuts = [end * step / 8 for step in range(9)]
        return float(integral(lambda g: (mp.exp(g) + classes - 1) / classes, cuts))


def _choice(text: str, values: tuple[Any, ...]) -> Draw:
    from ..verify.counterexamples import hypothesis_or_sentence

    return Draw(text, lambda: hypothesis_or_sentence().strategies.sampled_from(values))


DTYPE = _choice("bfloat16, float16, float32, float64", tuple(DTYPES))


@partial(
    Formula,
    name="observables.collapse_margin",
    says="margin at which the softmax rounds every other class away, terms added smallest first",
    function=observables.collapse_margin,
    domain={"classes": CLASSES, "dtype": DTYPE},
    symbol="g",
    latex=r"p \ln 2 + \ln(C - 1)",
    source="ours; the effect is that of Prieto et al., arXiv 2501.04697",
    status="ours",
    by="bisection of what rounds to 1 in exact arithmetic",
    rtol=1e-13,
)
def _collapse_margin(classes: int, dtype: str) -> float:
    """Bisection of the margin at which 1 + (C - 1) e^-g first rounds to 1, ties to even, in exact arithmetic."""
    import mpmath as mp

    half_step = Fraction(1, 2 ** DTYPES[dtype])
    with mp.workdps(40):
        low, high = mp.mpf(0), mp.mpf(100)
        for _ in range(120):
            middle = (low + high) / 2
            rounds_up = (classes - 1) * mp.exp(-middle) > mp.mpf(half_step.numerator) / half_step.denominator
            low, high = (middle, high) if rounds_up else (low, middle)
        return float(low)


@partial(
    Formula,
    name="observables.local_complexity_at_init",
    says="probability that a Gaussian unit cuts a cross-polytope of m directions, radius r, at distance s",
    function=observables.local_complexity_at_init,
    domain={"ratio": Range(0.01, 10.0, (1.0, 0.3), "r/s"), "directions": Range(1, 60, (), "m", whole=True)},
    call=lambda ratio, directions: observables.local_complexity_at_init(ratio, directions, 1.0),
    symbol="P",
    latex=r"E \, \mathrm{erf} \frac{r \max_i |z_i|}{s \sqrt{2}}",
    source="ours; counted as by Humayun, Balestriero & Baraniuk, arXiv 2402.15555",
    status="ours",
    by="30-digit quadrature over the boundary's distance",
    rtol=1e-12,
)
def _cut_probability(ratio: float, directions: int) -> float:
    """int_0^inf 2 phi(u) [1 - (2 Phi(u/ratio) - 1)^m] du: the distance of the boundary first."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        ratio = mp.mpf(ratio)

        def at(u: Any) -> Any:
            return 2 * mp.npdf(u) * (1 - mp.erf(u / ratio / mp.sqrt(2)) ** directions)

        cuts = [mp.mpf(0)] + [ratio * mp.mpf(2) ** power for power in range(-2, 5) if ratio * 2**power < 12]
        return float(integral(at, [*cuts, *(c for c in (1, 2, 4, 8, 13) if c > cuts[-1])]))


@partial(
    Formula,
    name="observables.local_complexity_gaussian",
    says="probability that one direction cuts a unit, w.x and w.v Gaussian with correlation c, deviations s and 1",
    function=observables.local_complexity_gaussian,
    domain={
        "scale": Range(0.05, 20.0, (1.0, 1.4), "s"),
        "correlation": Range(-0.999, 0.999, (0.0, 0.6), "c"),
        "radius": Range(0.01, 50.0, (1.0, 0.3), "r"),
    },
    call=lambda scale, correlation, radius: observables.local_complexity_gaussian(
        scale, 1.0, correlation * scale, radius
    ),
    symbol="P",
    latex=r"\frac{1}{\pi} \left(\arctan \frac{r - l}{q} + \arctan \frac{r + l}{q}\right), \;\; l = c s, \;"
    r"q = s \sqrt{1 - c^2}",
    source="derived here: the ratio of two Gaussians is a Cauchy variable",
    status="ours",
    by="30-digit quadrature over w.v",
    rtol=1e-12,
)
def _cut_by_one_direction(scale: float, correlation: float, radius: float) -> float:
    """E [Phi((r|g| - c s g)/(s sqrt(1 - c^2))) - Phi((-r|g| - c s g)/(...))] over g ~ N(0, 1), both signs of it."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        s, c, r = mp.mpf(scale), mp.mpf(correlation * scale) / mp.mpf(scale), mp.mpf(radius)
        wide = s * mp.sqrt(1 - c**2)

        def at(g: Any) -> Any:
            each = [mp.erf((r - sign * c * s) * g / wide / mp.sqrt(2)) for sign in (1, -1)]
            # P(-r g < h < r g | g) and the same at -g.
            return mp.npdf(g) * (each[0] + each[1])

        # Where the error functions bend.
        bends = [wide / (abs(r - sign * c * s) + wide * mp.mpf(10) ** -6) for sign in (1, -1)]
        cuts = sorted({mp.mpf(0), *(b * f for b in bends for f in (mp.mpf(1) / 2, 2, 6, 16) if b * f < 12)})
        return float(integral(at, [*cuts, *(mp.mpf(v) for v in (1, 2, 4, 8, 13) if v > cuts[-1])]))


@partial(
    Formula,
    name="observables.inverse_participation_ratio",
    says="in how few coordinates a vector lives: 1 for one, 1/n for n equal ones",
    function=observables.inverse_participation_ratio,
    domain={"vector": seeds("7 drawn numbers")},
    call=lambda seed: observables.inverse_participation_ratio(np.random.default_rng(seed).normal(size=7)),
    symbol="\\mathrm{IPR}",
    latex=r"\sum |a|^4 / \left(\sum |a|^2\right)^2",
    source="Doshi, Das, He & Gromov, arXiv 2310.13061",
    status="as printed",
    by="exact fractions",
    rtol=1e-13,
)
def _participation(seed: int) -> float:
    a = np.random.default_rng(seed).normal(size=7)
    squares = [Fraction(float(x)) ** 2 for x in a]
    return float(sum(s**2 for s in squares) / sum(squares) ** 2)


def _wave(frequency: int, length: int, second: float) -> np.ndarray:
    """A cosine, and so much of another one."""
    angle = 2 * np.pi * np.arange(length) / length
    return np.cos(frequency * angle + 0.3) + second * np.cos(4 * angle)


@partial(
    Formula,
    name="observables.fourier_participation",
    says="inverse participation ratio of the full Fourier transform: 1/2 for a pure cosine",
    function=observables.fourier_participation,
    domain={
        "frequency": Range(1, 3, (), "k", whole=True),
        "length": Range(10, 11, (), "p", whole=True),
        "second": Range(0.0, 1.0, (0.0,)),
    },
    call=lambda k, p, second: observables.fourier_participation(_wave(k, p, second)),
    symbol="\\mathrm{IPR}",
    latex=r"\sum_k |\hat{v}_k|^4 / \left(\sum_k |\hat{v}_k|^2\right)^2",
    source="Doshi, Das, He & Gromov, arXiv 2310.13061",
    status="as printed",
    by="the transform term by term, 30 digits",
    rtol=1e-12,
    printed=(
        Printed(
            "Doshi, Das, He & Gromov, arXiv 2310.13061: text and released code",
            "range [1/p, 1] (text), computed on the one-sided transform (code)",
            "full transform: a real vector reaches 1/2; one-sided: 1. Both are here, named",
            lambda k, p, second: float(observables.fourier_participation(_wave(k, p, second), one_sided=True)),
            (2, 11, 0.0),
            "participation of a pure cosine of 11 points",
        ),
    ),
)
def _fourier_participation(frequency: int, length: int, second: float) -> float:
    """By the definition of the discrete transform, frequency by frequency."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        wave = [mp.mpf(float(x)) for x in _wave(frequency, length, second)]
        powers = []
        for k in range(length):
            phases = [mp.expjpi(mp.mpf(-2 * k * x) / length) for x in range(length)]
            powers.append(abs(sum(w * p for w, p in zip(wave, phases))) ** 2)
        return float(sum(p**2 for p in powers) / sum(powers) ** 2)


def _gradients(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(5, 3)) + 0.5


@partial(
    Formula,
    name="observables.gradient_coherence",
    says="coherence of m per-example gradients: alpha, m alpha, and the unbiased form",
    function=observables.gradient_coherence,
    domain={"gradients": seeds("5 drawn gradients in 3 dimensions")},
    call=lambda seed: list(vars(observables.gradient_coherence(jnp.asarray(_gradients(seed)))).values()),
    symbol=r"\alpha",
    latex=r"|\bar{g}|^2 / \overline{|g|^2}, \;\; \frac{m \alpha - 1}{m - 1}",
    source="Chatterjee & Zielinski, arXiv 2203.10036",
    status="as printed",
    by="pair by pair in exact fractions",
    rtol=1e-11,
)
def _coherence(seed: int) -> list[float]:
    """Mean product of two drawn examples over that of one with itself, pair by pair in fractions."""
    g = [[Fraction(float(x)) for x in row] for row in _gradients(seed)]
    m = len(g)
    products = [[sum(a * b for a, b in zip(left, right)) for right in g] for left in g]
    own = sum(products[i][i] for i in range(m)) / m
    alpha = sum(map(sum, products)) / m**2 / own
    others = sum(products[i][j] for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return [float(alpha), float(m * alpha), float(others / own)]


def _kernel_coherence(seed: int) -> Any:
    """The gradients of the same examples as residual times feature."""
    features, residual = _gradients(seed), np.random.default_rng(seed + 1).normal(size=5)
    found = observables.kernel_coherence(features @ features.T, residual)
    return [found.alpha, found.m_coherence]


@partial(
    Formula,
    name="observables.kernel_coherence",
    says="the same from the tangent kernel and the residuals alone",
    function=observables.kernel_coherence,
    domain={"features": seeds("5 drawn feature vectors in 3 dimensions and residuals")},
    call=_kernel_coherence,
    symbol=r"\alpha",
    latex=r"\frac{r^T K r}{m \sum_i r_i^2 K_{ii}}",
    source="ours",
    status="ours",
    by="gradients written out",
    rtol=1e-11,
)
def _coherence_of_products(seed: int) -> list[float]:
    features, residual = _gradients(seed), np.random.default_rng(seed + 1).normal(size=5)
    gradients = residual[:, None] * features
    alpha = np.sum(gradients.mean(0) ** 2) / np.mean(np.sum(gradients**2, axis=1))
    return [float(alpha), float(5 * alpha)]


def _lazy(seed: int) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    return draws.normal(size=(3, 3)), draws.normal(size=3)


@partial(
    Formula,
    name="observables.lazy_distance",
    says="distance from the start of a network that stays lazy, under gradient flow",
    function=observables.lazy_distance,
    domain={
        "features": seeds("3 drawn feature vectors in 3 dimensions and residuals"),
        "time": Range(0.01, 3.0, (1.0,)),
    },
    call=lambda seed, t: observables.lazy_distance(_lazy(seed)[0] @ _lazy(seed)[0].T, _lazy(seed)[1], t),
    symbol="|w_t - w_0|^2",
    latex=r"r_0^T K^{-1} (1 - e^{-K t})^2 r_0",
    source="ours",
    status="ours",
    by="power series of the flow in weight space, 60 digits",
    rtol=1e-8,
)
def _lazy_distance(seed: int, time: float) -> float:
    """Norm of w_t of the linear model itself, r' = -J J^T r, by a power series in 60 digits."""
    import mpmath as mp

    with mp.workdps(60):
        features, residual = _lazy(seed)
        jacobian = mp.matrix(features.tolist())
        # Exactly the Gram matrix in double precision that the package is given.
        kernel = mp.matrix((features @ features.T).tolist()) * mp.mpf(time)
        term, moved = mp.matrix(residual.tolist()) * mp.mpf(time), mp.zeros(3, 1)
        for order in range(1, 400):
            moved += term
            term = -kernel * term / (order + 1)
            if mp.norm(term) < mp.mpf(10) ** -40 * mp.norm(moved):
                break
        return float(mp.norm(jacobian.T * moved))


def _quadratic(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A symmetric matrix, of both signs or negative, and two points: often with a barrier between them."""
    draws = np.random.default_rng(seed)
    matrix = draws.normal(size=(3, 3))
    return matrix + matrix.T - 4 * np.eye(3), draws.normal(size=3), draws.normal(size=3)


def _barrier(seed: int) -> float:
    matrix, a, b = _quadratic(seed)
    return observables.path_barrier(lambda w: w @ matrix @ w / 2, a, b, points=9)


@partial(
    Formula,
    name="observables.path_barrier",
    says="rise above the worse end of a quadratic loss, seen at nine points of the line between two networks",
    function=observables.path_barrier,
    domain={"loss": seeds("a drawn quadratic that is not convex in 3 dimensions and two points")},
    call=_barrier,
    symbol="B",
    latex=r"\max_s L((1 - s) a + s b) - \max(L(a), L(b)), \;\; "
    r"L(s) = (1 - s) L(a) + s L(b) - \frac{s (1 - s)}{2} (a - b)^T H (a - b)",
    source="Frankle, Dziugaite, Roy & Carbin, ICML 2020, for the question; measured from the worse end: ours",
    status="ours",
    by="the parabola through its ends and its curvature, in exact fractions",
    rtol=1e-9,
)
def _parabola(seed: int) -> float:
    matrix, a, b = ([[Fraction(float(x)) for x in row] for row in np.atleast_2d(part)] for part in _quadratic(seed))

    def form(left: list[Fraction], right: list[Fraction]) -> Fraction:
        return sum((x * h * y for x, row in zip(left, matrix) for h, y in zip(row, right)), Fraction(0))

    start, end = form(a[0], a[0]) / 2, form(b[0], b[0]) / 2
    apart = [x - y for x, y in zip(a[0], b[0])]
    bend = form(apart, apart) / 2
    steps = [Fraction(k, 8) for k in range(9)]
    return float(max((1 - s) * start + s * end - s * (1 - s) * bend for s in steps) - max(start, end))
