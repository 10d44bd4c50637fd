"""Register, wing 1: one-pass SGD on correlated inputs, with power laws for spectra."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from ..linear import projection_residual
from ..linear.one_pass_stability import critical_batch, feedback, largest_learning_rate, late_loss
from .formula import Formula, Range

ONE_PASS = "derived here from the fourth moments of Gaussian inputs"
MODES, DECAY = Range(1, 12, (), "M", whole=True), Range(0.3, 2.5, (1.5,), "a")
BATCH = Range(1.0, 100.0, (4.0,), "B")


def _power_law(modes: int, exponent: float) -> Array:
    return jnp.arange(1, modes + 1.0) ** -exponent


def _feedback_in_digits(modes: int, exponent: float, rate: Any, batch: Any) -> Any:
    """r as the sum over steps of what one unit of noise adds to the loss: eta^2/B sum l^2/(1 - a), mode by mode."""
    import mpmath as mp

    total, rate, batch = mp.mpf(0), mp.mpf(rate), mp.mpf(batch)
    for j in range(1, modes + 1):
        l = mp.mpf(float(j) ** -exponent)
        total += l**2 / (1 - (1 - rate * l) ** 2 - rate**2 * l**2 / batch)
    return rate**2 / batch * total


@partial(
    Formula,
    name="linear.one_pass_feedback",
    says="share of a loss that comes back as gradient noise under one-pass SGD, spectrum j^-a",
    function=feedback,
    domain={"modes": MODES, "exponent": DECAY, "rate": Range(0.01, 0.9, (0.3,), r"\eta"), "batch": BATCH},
    call=lambda modes, exponent, rate, batch: feedback(_power_law(modes, exponent), rate, batch),
    symbol="r",
    latex=r"\frac{\eta}{B} \sum_j \frac{\lambda_j}{2 - \eta \lambda_j (1 + 1/B)}",
    source=ONE_PASS,
    status="ours",
    by="sum of the Volterra kernel in 30 digits",
    rtol=1e-12,
)
def _one_pass_feedback(modes: int, exponent: float, rate: float, batch: float) -> float:
    import mpmath as mp

    with mp.workdps(30):
        return float(_feedback_in_digits(modes, exponent, rate, batch))


@partial(
    Formula,
    name="linear.one_pass_late_loss",
    says="test loss after infinitely many steps of one-pass SGD, spectrum j^-a",
    function=late_loss,
    domain={"modes": MODES, "exponent": DECAY, "share": Range(0.02, 0.3, (0.1,), "u"), "batch": BATCH},
    call=lambda modes, exponent, share, batch: late_loss(_power_law(modes, exponent), 1.0, share / modes, batch),
    symbol=r"L(\infty)",
    latex=r"\frac{\sigma^2}{1 - r}, \;\; \sigma = 1, \; \eta = u/M",
    source=ONE_PASS,
    status="ours",
    by="fixed point of the recursion by a linear solve in 30 digits",
    rtol=1e-12,
)
def _one_pass_late_loss(modes: int, exponent: float, share: float, batch: float) -> float:
    """Solve c = a c + (eta^2/B) l (l . c + 1) for c."""
    import mpmath as mp

    with mp.workdps(30):
        rate, b = mp.mpf(share / modes), mp.mpf(batch)
        l = [mp.mpf(float(j) ** -exponent) for j in range(1, modes + 1)]
        system = mp.matrix(modes, modes)
        for i in range(modes):
            for j in range(modes):
                kept = (1 - rate * l[i]) ** 2 + rate**2 * l[i] ** 2 / b if i == j else 0
                system[i, j] = (1 if i == j else 0) - kept - rate**2 / b * l[i] * l[j]
        c = mp.lu_solve(system, mp.matrix([rate**2 / b * one for one in l]))
        return float(1 + sum(one * c[i] for i, one in enumerate(l)))


@partial(
    Formula,
    name="linear.one_pass_largest_learning_rate",
    says="rate below which one-pass SGD is stable in mean square, spectrum j^-a",
    function=largest_learning_rate,
    domain={"modes": MODES, "exponent": DECAY, "batch": BATCH},
    call=lambda modes, exponent, batch: largest_learning_rate(_power_law(modes, exponent), batch),
    symbol=r"\eta_{\max}",
    latex=r"r(\eta_{\max}, B) = 1",
    source=ONE_PASS,
    status="ours",
    by="bisection of the summed Volterra kernel in 30 digits",
    rtol=1e-12,
)
def _one_pass_largest_learning_rate(modes: int, exponent: float, batch: float) -> float:
    import mpmath as mp

    with mp.workdps(30):
        low, high = mp.mpf(0), 2 / (1 + 1 / mp.mpf(batch))
        for _ in range(80):
            middle = (low + high) / 2
            below = _feedback_in_digits(modes, exponent, middle, batch) < 1
            low, high = (middle, high) if below else (low, middle)
        return float(low)


@partial(
    Formula,
    name="linear.one_pass_critical_batch",
    says="batch whose largest stable rate is half of the full-batch one, spectrum j^-a",
    function=critical_batch,
    domain={"modes": MODES, "exponent": DECAY},
    call=lambda modes, exponent: critical_batch(_power_law(modes, exponent)),
    symbol="B^*",
    latex=r"r(1/\lambda_{\max}, B^*) = 1",
    source=ONE_PASS,
    status="ours",
    by="bisection of the summed Volterra kernel in 30 digits",
    rtol=1e-12,
)
def _one_pass_critical_batch(modes: int, exponent: float) -> float:
    import mpmath as mp

    with mp.workdps(30):
        low, high = mp.mpf(1) + mp.mpf(10) ** -9, mp.mpf(2 * modes + 2)
        for _ in range(80):
            middle = (low + high) / 2
            above = _feedback_in_digits(modes, exponent, 1, middle) > 1
            low, high = (middle, high) if above else (low, middle)
        return float(low)


@partial(
    Formula,
    name="linear.projection_residual",
    says="label variance that N random Gaussian features miss, spectrum j^-a of M modes, l_j w*_j^2 = j^-b",
    function=projection_residual,
    domain={
        "modes": Range(2, 8, (), "M", whole=True),
        "exponent": DECAY,
        "signal": Range(0.5, 4.0, (1.8,), "b"),
        "share": Range(0.05, 0.95, (0.5,), r"\nu"),
    },
    call=lambda modes, exponent, signal, share: projection_residual(
        _power_law(modes, exponent), jnp.sqrt(_power_law(modes, signal - exponent)), share * modes
    ),
    symbol="E_N",
    latex=r"\sum_j j^{-b} \frac{\kappa}{j^{-a} + \kappa}, \;\; N = \nu M = \sum_j \frac{j^{-a}}{j^{-a} + \kappa}",
    source="derived here; the effective ridge is that of Bordelon, Canatar & Pehlevan 2020",
    status="ours",
    by="bisection for kappa and the sum in 30 digits",
    rtol=1e-11,
)
def _projection_residual(modes: int, exponent: float, signal: float, share: float) -> float:
    import mpmath as mp

    with mp.workdps(30):
        l = [mp.mpf(float(j) ** -exponent) for j in range(1, modes + 1)]
        power = [mp.mpf(float(j) ** -exponent) * mp.mpf(float(j) ** (exponent - signal)) for j in range(1, modes + 1)]
        wanted, low, high = mp.mpf(share * modes), mp.mpf(0), modes / mp.mpf(share)
        for _ in range(110):
            middle = (low + high) / 2
            many = sum(one / (one + middle) for one in l) > wanted
            low, high = (middle, high) if many else (low, middle)
        return float(sum(p * high / (one + high) for p, one in zip(power, l, strict=True)))
