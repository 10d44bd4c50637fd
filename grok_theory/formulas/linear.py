"""Register, wing 1: linear regression in high dimension. Losses in units of noise^2, S = SNR + INR."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from ..linear import closed_forms as forms
from ..linear import optimal_ridge
from ..linear.problem import TeacherStudent
from ..linear.stopping import signal_stopped_at
from .formula import Draw, Formula, Printed, Range
from .many_digits import DIGITS, over_spectrum

PAPER = "setting of Advani & Saxe, arXiv 1710.03667; derived here"
ALPHA = Range.of_field(TeacherStudent, "samples_per_dim", r"\alpha")
# Apart from 1, where what is asked for diverges or has another law.
OFF_ONE = Draw(
    "0.1 to 0.8 and 1.3 to 10",
    lambda: Range(0.1, 0.8, (0.5,)).strategy() | Range(1.3, 10.0, (2.0, 4.0)).strategy(),
)
SIGNAL = Range(1e-3, 1e3, (5.0, 1.0, 0.0), "S")


@partial(
    Formula,
    name="linear.late_test_loss",
    says="test error after training for ever, no decay",
    function=forms.late_test_loss,
    domain={"samples_per_dim": ALPHA, "signal": SIGNAL},
    symbol=r"E_g(\infty)",
    expression="Piecewise((samples_per_dim/(samples_per_dim - 1), samples_per_dim > 1), "
    "((1 - samples_per_dim)*signal + 1/(1 - samples_per_dim), samples_per_dim < 1), (oo, True))",
    source=PAPER,
    status="ours",
    by="30-digit quadrature of the spectrum",
    rtol=1e-12,
)
def _late_test_loss(alpha: float, signal: float) -> float:
    """1 + S (directions no sample sees) + the noise that is fitted, int rho / l."""
    import mpmath as mp

    if alpha == 1:
        return float("inf")
    (fitted,) = over_spectrum(alpha, [lambda l: 1 / l])
    return float(1 + mp.mpf(signal) * max(mp.mpf(0), 1 - mp.mpf(alpha)) + fitted)


SAMPLES_DIM = {"samples": Range(2, 12, (), "P", whole=True), "dim": Range(1, 12, (), "N", whole=True)}


@partial(
    Formula,
    name="linear.late_train_loss",
    says="train error after training for ever, no decay",
    function=forms.late_train_loss,
    domain=SAMPLES_DIM,
    call=lambda samples, dim: forms.late_train_loss(samples / dim),
    symbol=r"E_t(\infty)",
    expression="Max(0, 1 - dim/samples)",
    source=PAPER,
    status="ours",
    by="rank of a drawn matrix",
    rtol=1e-14,
)
def _late_train_loss(samples: int, dim: int) -> float:
    """The share of label space that P random inputs in N dimensions do not reach, by the rank of a drawn matrix."""
    inputs = np.random.default_rng(samples + 100 * dim).normal(size=(samples, dim))
    return float(Fraction(samples - int(np.linalg.matrix_rank(inputs)), samples))


@partial(
    Formula,
    name="linear.late_weight_norm",
    says="squared weight norm a weight after training for ever, no decay",
    function=forms.late_weight_norm,
    domain={"samples_per_dim": ALPHA, "snr": Range(1e-3, 1e3, (5.0,), "SNR"), "inr": Range(1e-3, 1e2, (0.0,), "INR")},
    symbol=r"Q(\infty)",
    expression="Piecewise((snr + 1/(samples_per_dim - 1), samples_per_dim > 1), (samples_per_dim*snr + "
    "samples_per_dim/(1 - samples_per_dim) + (1 - samples_per_dim)*inr, samples_per_dim < 1), (oo, True))",
    source=PAPER,
    status="ours",
    by="30-digit quadrature of the spectrum",
    rtol=1e-12,
)
def _late_weight_norm(alpha: float, snr: float, inr: float) -> float:
    import mpmath as mp

    if alpha == 1:
        return float("inf")
    (norm,) = over_spectrum(alpha, [lambda l: snr + 1 / l])
    return float(norm + inr * max(mp.mpf(0), 1 - mp.mpf(alpha)))


@partial(
    Formula,
    name="linear.best_samples_per_dim",
    says="ratio of least late test error below one sample a weight, and that error, for S > 1",
    function=forms.best_samples_per_dim,
    domain={"signal": Range(1.1, 1e4, (4.0,), "S")},
    symbol=r"\alpha^*, \, E_g",
    latex=r"1 - S^{-1/2}, \;\; 2 \sqrt{S}",
    source=PAPER,
    status="ours",
    by="ternary search in 60 digits",
    rtol=1e-13,
)
def _best_samples_per_dim(signal: float) -> tuple[float, float]:
    """Ternary search of (1 - a) S + 1/(1 - a) on [0, 1)."""
    import mpmath as mp

    with mp.workdps(60):
        low, high = mp.mpf(0), mp.mpf(1)

        def loss(a: Any) -> Any:
            return (1 - a) * signal + 1 / (1 - a)

        for _ in range(200):
            left, right = low + (high - low) / 3, high - (high - low) / 3
            low, high = (low, right) if loss(left) < loss(right) else (left, high)
        return float(low), float(loss(low))


@partial(
    Formula,
    name="linear.one_step_test_loss",
    says="mean test error after one step of descent, exact at every size",
    function=forms.one_step_test_loss,
    domain={
        "samples": Range(1, 5, (), "P", whole=True),
        "dim": Range(1, 4, (), "N", whole=True),
        "signal": SIGNAL,
        "rate": Range(0.01, 1.0, (0.1,), r"\eta"),
    },
    call=lambda p, n, signal, rate: forms.one_step_test_loss(p / n, signal, rate, float(n)),
    symbol="E_g(1)",
    latex=r"1 + S \left[1 - 2 \eta \alpha + \eta^2 \alpha (1 + \alpha + 1/N)\right] + \eta^2 \alpha",
    source=PAPER,
    status="ours",
    by="Wick's theorem over all index pairs, in fractions",
    rtol=1e-12,
)
def _one_step(samples: int, dim: int, signal: float, rate: float) -> float:
    """Wick's theorem: moments of W = X X^T summed over all index pairs, in fractions."""
    second = Fraction(0)
    for i in range(dim):
        for j in range(dim):
            for m in range(samples):
                for k in range(samples):
                    # E x_im x_jm x_jk x_ik, entries of variance 1/dim.
                    second += Fraction((i == j) + (i == j and m == k) + (m == k), dim**2)
    first = Fraction(samples, dim)
    eta, size = Fraction(rate), Fraction(signal)
    return float(1 + size * (1 - 2 * eta * first + eta**2 * second / dim) + eta**2 * first)


@partial(
    Formula,
    name="linear.finite_size_test_loss",
    says="mean test error after training for ever, exact for N weights and P samples",
    function=forms.finite_size_test_loss,
    domain={"dim": Range(1, 30, (), "N", whole=True), "samples": Range(1, 30, (), "P", whole=True), "signal": SIGNAL},
    call=lambda dim, samples, signal: forms.finite_size_test_loss(float(dim), float(samples), signal),
    symbol=r"E\,E_g(\infty)",
    expression="Piecewise((1 + dim/(samples - dim - 1), samples > dim + 1), "
    "((1 - samples/dim)*signal + 1 + samples/(dim - samples - 1), dim > samples + 1), (oo, True))",
    source=PAPER,
    status="ours",
    by="quadrature of one over a chi-square variable",
    rtol=1e-12,
)
def _finite_size(dim: int, samples: int, signal: float) -> float:
    """E 1/chi^2 by quadrature: an entry of an inverse Wishart matrix is one over a chi-square (Schur complement)."""
    import mpmath as mp

    freedom = abs(samples - dim) + 1
    if freedom <= 2:
        return float("inf")
    with mp.workdps(DIGITS):
        half = mp.mpf(freedom) / 2
        # x = y^2 takes the root singularity at 0 away.
        total = mp.quad(lambda y: 2 * y ** (freedom - 3) * mp.exp(-(y**2) / 2), [0, 2, 5, 10, 16])
        inverse = total / (2**half * mp.gamma(half))
        fitted = min(dim, samples) * inverse
        return float(1 + fitted + (mp.mpf(signal) * (1 - mp.mpf(samples) / dim) if samples < dim else 0))


@partial(
    Formula,
    name="linear.interpolation_threshold_test_loss",
    says="late test error at one sample a weight: it grows like the root of time",
    function=forms.interpolation_threshold_test_loss,
    domain={"times": Range(1e6, 1e10, (1e8,), "t"), "signal": Range(1e-3, 10.0, (5.0, 0.0), "S")},
    symbol="E_g(t)",
    latex=r"\frac{1}{2} + \frac{2 (2 - \sqrt{2})}{\sqrt{\pi}} \sqrt{t} + \frac{S}{\sqrt{2 \pi t}}",
    source="ours; the constant 1/2 found numerically",
    status="ours",
    by="30-digit quadrature of the spectrum",
    rtol=1e-6,
    note="for late times: the error allowed is that of the next term",
)
def _at_threshold(time: float, signal: float) -> float:
    import mpmath as mp

    time = mp.mpf(time)
    (loss,) = over_spectrum(
        1, [lambda l: signal * mp.exp(-2 * l * time) + mp.expm1(-l * time) ** 2 / l], scale=2 * time
    )
    return float(1 + loss)


@partial(
    Formula,
    name="linear.interpolation_threshold_train_loss",
    says="late train error at one sample a weight",
    function=forms.interpolation_threshold_train_loss,
    domain={"times": Range(1e6, 1e10, (1e8,), "t")},
    symbol="E_t(t)",
    expression="1/sqrt(2*pi*times)",
    source="ours",
    status="ours",
    by="30-digit quadrature of the spectrum",
    rtol=1e-6,
    note="for late times: the error allowed is that of the next term",
)
def _train_at_threshold(time: float) -> float:
    import mpmath as mp

    time = mp.mpf(time)
    (loss,) = over_spectrum(1, [lambda l: (1 + l) * mp.exp(-2 * l * time)], scale=2 * time)
    return float(loss)


def _signal_stopped_at(time: Any, alpha: float) -> Any:
    """S at which dE_g/dt vanishes at `time`; both integrals lack the same factor exp(-l- t)."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        time, low = mp.mpf(time), (1 - mp.sqrt(mp.mpf(alpha))) ** 2
        above, below = over_spectrum(
            alpha,
            [
                lambda l: mp.exp(-(l - low) * time) * -mp.expm1(-l * time),
                lambda l: l * mp.exp(-2 * (l - low) * time),
            ],
            scale=2 * time,
        )
        return above / below * mp.exp(low * time)


@partial(
    Formula,
    name="linear.signal_stopped_at",
    says="the signal for which t is the best stopping time, no decay",
    function=signal_stopped_at,
    domain={"time": Range(1e-3, 100.0, (1.0,), "t"), "samples_per_dim": Range(0.1, 10.0, (1.0, 2.0), r"\alpha")},
    symbol="S^*(t)",
    latex=r"\frac{\int \rho \, e^{-\lambda t} (1 - e^{-\lambda t})}{\int \rho \, \lambda e^{-2 \lambda t}}",
    source="ours",
    status="ours",
    by="30-digit quadrature of the spectrum",
    rtol=1e-12,
)
def _stopped_signal(time: float, alpha: float) -> float:
    return float(_signal_stopped_at(time, alpha))


@partial(
    Formula,
    name="linear.log_stopping_time",
    says="best stopping time at large S away from one sample a weight",
    function=forms.log_stopping_time,
    domain={"samples_per_dim": OFF_ONE, "signal": Range(1e12, 1e20, (1e16,), "S")},
    symbol="t^*",
    latex=r"\frac{1}{\lambda_-} \ln \frac{S \lambda_-}{2^{3/2}}",
    source=PAPER,
    status="corrected",
    by="root of the quadratures",
    rtol=0.01,
    printed=(
        Printed(
            "single-mode heuristic, recalled; the paper's own text was not seen",
            "t = ln(1 + S l)/l at a typical eigenvalue l = alpha",
            "at the rate of the gap l- of the spectrum: ln(S l-/2^(3/2))/l-; at one sample a weight linear in S",
            lambda alpha, signal: float(np.log1p(signal * alpha) / alpha),
            (0.5, 1e16),
            "best stopping time at alpha = 0.5, S = 1e16",
        ),
    ),
    note="up to terms that grow like ln ln S",
)
def _stopping_time(alpha: float, signal: float) -> float:
    """Secant on log S*(t) = log S, started half a per cent apart."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        low = (1 - mp.sqrt(mp.mpf(alpha))) ** 2
        guess = mp.log(mp.mpf(signal)) / low
        wanted = mp.log(mp.mpf(signal))
        root = mp.findroot(
            lambda t: mp.log(_signal_stopped_at(t, alpha)) - wanted, (guess, guess * 1.005), solver="secant", tol=1e-10
        )
        return float(root)


@partial(
    Formula,
    name="linear.noiseless_ratio",
    says="late ratio of test to train error without label noise, more samples than weights",
    function=forms.noiseless_ratio,
    domain={"samples_per_dim": Range(1.05, 50.0, (4.0, 2.0), r"\alpha")},
    symbol=r"E_g / E_t",
    expression="samples_per_dim/(1 - sqrt(samples_per_dim))**2",
    source="ours; the regime of Levi, Beck & Bar-Sinai, arXiv 2310.16441",
    status="ours",
    by="quadrature at 1e16 relaxation times",
    rtol=1e-12,
)
def _noiseless_ratio(alpha: float) -> float:
    """Test over train error at l- t = 1e16, both without their common exp(-2 l- t)."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        low = (1 - mp.sqrt(mp.mpf(alpha))) ** 2
        time = mp.mpf(10) ** 16 / low
        test, train = over_spectrum(
            alpha,
            [lambda l: mp.exp(-2 * (l - low) * time), lambda l: l * mp.exp(-2 * (l - low) * time)],
            scale=2 * time,
        )
        return float(test / (train / mp.mpf(alpha)))


def _best_ridge(alpha: float, snr: float) -> tuple[Any, Any]:
    best = optimal_ridge(TeacherStudent(alpha, snr))
    return best.penalty, best.test_loss


@partial(
    Formula,
    name="linear.optimal_ridge",
    says="best ridge penalty and its test error, at every aspect ratio",
    function=optimal_ridge,
    domain={"samples_per_dim": Range(0.1, 10.0, (0.25, 1.0), r"\alpha"), "snr": Range(0.1, 100.0, (5.0,), "SNR")},
    call=_best_ridge,
    symbol="g^*, \\, E_g",
    latex=r"\mathrm{SNR}^{-1}, \;\; 1 + m(\mathrm{SNR}^{-1})",
    source=PAPER,
    status="ours",
    by="root of the derivative of a quadrature",
    rtol=1e-12,
)
def _optimal_ridge(alpha: float, snr: float) -> tuple[float, float]:
    """Root of d/dg int rho (SNR g^2 + l)/(l + g)^2, the integrals by quadrature."""
    import mpmath as mp

    def slope(g: Any) -> Any:
        (total,) = over_spectrum(alpha, [lambda l: 2 * l * (snr * g - 1) / (l + g) ** 3], scale=1 / g)
        return total

    with mp.workdps(DIGITS):
        guess = 1 / mp.mpf(snr)
        penalty = mp.findroot(slope, (guess * 0.9, guess * 1.1), solver="illinois", tol=1e-20, verify=False)
        (loss,) = over_spectrum(alpha, [lambda l: (snr * penalty**2 + l) / (l + penalty) ** 2], scale=1 / penalty)
        return float(penalty), float(1 + loss + mp.mpf(snr) * max(mp.mpf(0), 1 - mp.mpf(alpha)))
