"""Register, wing 1: linear regression in high dimension. Losses in units of noise^2, S = SNR + INR."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ..linear import closed_forms as forms
from ..linear import optimal_ridge
from ..linear.problem import TeacherStudent
from ..linear.stopping import signal_stopped_at
from .formula import Draw, Formula, Printed, Range
from .many_digits import DIGITS, over_spectrum

PAPER = "setting of Advani & Saxe, arXiv 1710.03667; derived here"
ALPHA = Range(0.05, 20.0, (1.0, 0.5, 2.0), r"\alpha")
# Apart from 1, where what is asked for diverges or has another law.
OFF_ONE = Draw(
    "0.1 to 0.8 and 1.3 to 10",
    lambda: Range(0.1, 0.8, (0.5,)).strategy() | Range(1.3, 10.0, (2.0, 4.0)).strategy(),
)
SIGNAL = Range(1e-3, 1e3, (5.0, 1.0, 0.0), "S")
_TESTS = "tests/linear/test_closed_forms.py::"


def _late_test_loss(alpha: float, signal: float) -> float:
    """1 + S (directions no sample sees) + the noise that is fitted, int rho / l."""
    import mpmath as mp

    if alpha == 1:
        return float("inf")
    (fitted,) = over_spectrum(alpha, [lambda l: 1 / l])
    return float(1 + mp.mpf(signal) * max(mp.mpf(0), 1 - mp.mpf(alpha)) + fitted)


def _late_weight_norm(alpha: float, snr: float, inr: float) -> float:
    import mpmath as mp

    if alpha == 1:
        return float("inf")
    (norm,) = over_spectrum(alpha, [lambda l: snr + 1 / l])
    return float(norm + inr * max(mp.mpf(0), 1 - mp.mpf(alpha)))


def _late_train_loss(samples: int, dim: int) -> float:
    """The share of label space that P random inputs in N dimensions do not reach, by the rank of a drawn matrix."""
    inputs = np.random.default_rng(samples + 100 * dim).normal(size=(samples, dim))
    return float(Fraction(samples - int(np.linalg.matrix_rank(inputs)), samples))


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


def _at_threshold(time: float, signal: float) -> float:
    import mpmath as mp

    time = mp.mpf(time)
    (loss,) = over_spectrum(
        1, [lambda l: signal * mp.exp(-2 * l * time) + mp.expm1(-l * time) ** 2 / l], scale=2 * time
    )
    return float(1 + loss)


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


def _best_ridge(alpha: float, snr: float) -> tuple[Any, Any]:
    best = optimal_ridge(TeacherStudent(alpha, snr))
    return best.penalty, best.test_loss


SAMPLES_DIM = {"samples": Range(2, 12, (), "P", whole=True), "dim": Range(1, 12, (), "N", whole=True)}

FORMULAS = (
    Formula(
        "linear.late_test_loss",
        "test error after training for ever, no decay",
        forms.late_test_loss,
        {"samples_per_dim": ALPHA, "signal": SIGNAL},
        _late_test_loss,
        "30-digit quadrature of the spectrum",
        PAPER,
        "ours",
        1e-12,
        _TESTS + "test_ends_agree_with_late_times",
        symbol=r"E_g(\infty)",
        expression="Piecewise((samples_per_dim/(samples_per_dim - 1), samples_per_dim > 1), "
        "((1 - samples_per_dim)*signal + 1/(1 - samples_per_dim), samples_per_dim < 1), (oo, True))",
    ),
    Formula(
        "linear.late_train_loss",
        "train error after training for ever, no decay",
        forms.late_train_loss,
        SAMPLES_DIM,
        _late_train_loss,
        "rank of a drawn matrix",
        PAPER,
        "ours",
        1e-14,
        _TESTS + "test_ends_agree_with_late_times",
        symbol=r"E_t(\infty)",
        expression="Max(0, 1 - dim/samples)",
        call=lambda samples, dim: forms.late_train_loss(samples / dim),
    ),
    Formula(
        "linear.late_weight_norm",
        "squared weight norm a weight after training for ever, no decay",
        forms.late_weight_norm,
        {"samples_per_dim": ALPHA, "snr": Range(1e-3, 1e3, (5.0,), "SNR"), "inr": Range(1e-3, 1e2, (0.0,), "INR")},
        _late_weight_norm,
        "30-digit quadrature of the spectrum",
        PAPER,
        "ours",
        1e-12,
        _TESTS + "test_ends_agree_with_late_times",
        symbol=r"Q(\infty)",
        expression="Piecewise((snr + 1/(samples_per_dim - 1), samples_per_dim > 1), (samples_per_dim*snr + "
        "samples_per_dim/(1 - samples_per_dim) + (1 - samples_per_dim)*inr, samples_per_dim < 1), (oo, True))",
    ),
    Formula(
        "linear.best_samples_per_dim",
        "ratio of least late test error below one sample a weight, and that error, for S > 1",
        forms.best_samples_per_dim,
        {"signal": Range(1.1, 1e4, (4.0,), "S")},
        _best_samples_per_dim,
        "ternary search in 60 digits",
        PAPER,
        "ours",
        1e-13,
        _TESTS + "test_best_ratio_is_the_minimum",
        symbol=r"\alpha^*, \, E_g",
        latex=r"1 - S^{-1/2}, \;\; 2 \sqrt{S}",
    ),
    Formula(
        "linear.one_step_test_loss",
        "mean test error after one step of descent, exact at every size",
        forms.one_step_test_loss,
        {
            "samples": Range(1, 5, (), "P", whole=True),
            "dim": Range(1, 4, (), "N", whole=True),
            "signal": SIGNAL,
            "rate": Range(0.01, 1.0, (0.1,), r"\eta"),
        },
        _one_step,
        "Wick's theorem over all index pairs, in fractions",
        PAPER,
        "ours",
        1e-12,
        _TESTS + "test_one_step_is_proved_by_the_moments_of_wishart_matrices",
        symbol="E_g(1)",
        latex=r"1 + S \left[1 - 2 \eta \alpha + \eta^2 \alpha (1 + \alpha + 1/N)\right] + \eta^2 \alpha",
        call=lambda p, n, signal, rate: forms.one_step_test_loss(p / n, signal, rate, float(n)),
    ),
    Formula(
        "linear.finite_size_test_loss",
        "mean test error after training for ever, exact for N weights and P samples",
        forms.finite_size_test_loss,
        {"dim": Range(1, 30, (), "N", whole=True), "samples": Range(1, 30, (), "P", whole=True), "signal": SIGNAL},
        _finite_size,
        "quadrature of one over a chi-square variable",
        PAPER,
        "ours",
        1e-12,
        _TESTS + "test_finite_size_mean_against_inverse_wishart",
        symbol=r"E\,E_g(\infty)",
        expression="Piecewise((1 + dim/(samples - dim - 1), samples > dim + 1), "
        "((1 - samples/dim)*signal + 1 + samples/(dim - samples - 1), dim > samples + 1), (oo, True))",
        call=lambda dim, samples, signal: forms.finite_size_test_loss(float(dim), float(samples), signal),
    ),
    Formula(
        "linear.interpolation_threshold_test_loss",
        "late test error at one sample a weight: it grows like the root of time",
        forms.interpolation_threshold_test_loss,
        {"times": Range(1e6, 1e10, (1e8,), "t"), "signal": Range(1e-3, 10.0, (5.0, 0.0), "S")},
        _at_threshold,
        "30-digit quadrature of the spectrum",
        "ours; the constant 1/2 found numerically",
        "ours",
        1e-6,
        _TESTS + "test_laws_at_the_interpolation_threshold",
        symbol="E_g(t)",
        latex=r"\frac{1}{2} + \frac{2 (2 - \sqrt{2})}{\sqrt{\pi}} \sqrt{t} + \frac{S}{\sqrt{2 \pi t}}",
        note="for late times: the error allowed is that of the next term",
    ),
    Formula(
        "linear.interpolation_threshold_train_loss",
        "late train error at one sample a weight",
        forms.interpolation_threshold_train_loss,
        {"times": Range(1e6, 1e10, (1e8,), "t")},
        _train_at_threshold,
        "30-digit quadrature of the spectrum",
        "ours",
        "ours",
        1e-6,
        _TESTS + "test_laws_at_the_interpolation_threshold",
        symbol="E_t(t)",
        expression="1/sqrt(2*pi*times)",
        note="for late times: the error allowed is that of the next term",
    ),
    Formula(
        "linear.signal_stopped_at",
        "the signal for which t is the best stopping time, no decay",
        signal_stopped_at,
        {"time": Range(1e-3, 100.0, (1.0,), "t"), "samples_per_dim": Range(0.1, 10.0, (1.0, 2.0), r"\alpha")},
        lambda time, alpha: float(_signal_stopped_at(time, alpha)),
        "30-digit quadrature of the spectrum",
        "ours",
        "ours",
        1e-12,
        "tests/linear/test_stopping.py::test_the_time_returns_its_signal_and_beats_every_other",
        symbol="S^*(t)",
        latex=r"\frac{\int \rho \, e^{-\lambda t} (1 - e^{-\lambda t})}{\int \rho \, \lambda e^{-2 \lambda t}}",
    ),
    Formula(
        "linear.log_stopping_time",
        "best stopping time at large S away from one sample a weight",
        forms.log_stopping_time,
        {"samples_per_dim": OFF_ONE, "signal": Range(1e12, 1e20, (1e16,), "S")},
        _stopping_time,
        "root of the quadratures",
        PAPER,
        "corrected",
        0.01,
        "tests/linear/test_stopping.py::test_the_time_returns_its_signal_and_beats_every_other",
        symbol="t^*",
        latex=r"\frac{1}{\lambda_-} \ln \frac{S \lambda_-}{2^{3/2}}",
        note="up to terms that grow like ln ln S",
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
    ),
    Formula(
        "linear.noiseless_ratio",
        "late ratio of test to train error without label noise, more samples than weights",
        forms.noiseless_ratio,
        {"samples_per_dim": Range(1.05, 50.0, (4.0, 2.0), r"\alpha")},
        _noiseless_ratio,
        "quadrature at 1e16 relaxation times",
        "ours; the regime of Levi, Beck & Bar-Sinai, arXiv 2310.16441",
        "ours",
        1e-12,
        _TESTS + "test_noiseless_ratio_is_reached",
        symbol=r"E_g / E_t",
        expression="samples_per_dim/(1 - sqrt(samples_per_dim))**2",
    ),
    Formula(
        "linear.optimal_ridge",
        "best ridge penalty and its test error, at every aspect ratio",
        optimal_ridge,
        {"samples_per_dim": Range(0.1, 10.0, (0.25, 1.0), r"\alpha"), "snr": Range(0.1, 100.0, (5.0,), "SNR")},
        _optimal_ridge,
        "root of the derivative of a quadrature",
        PAPER,
        "ours",
        1e-12,
        "tests/linear/test_ridge_regression.py::test_no_penalty_beats_the_best",
        symbol="g^*, \\, E_g",
        latex=r"\mathrm{SNR}^{-1}, \;\; 1 + m(\mathrm{SNR}^{-1})",
        call=_best_ridge,
    ),
)
