"""Register: diagonal networks."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..linear.diagonal.closed_forms import dense_weight_error, scale_time
from .formula import Formula, Range
from .many_digits import DIGITS, over_spectrum


@partial(
    Formula,
    name="linear.scale_time",
    says="when u_j v_j of a diagonal network under weight decay has fallen to a scale, whatever the data",
    function=scale_time,
    domain={
        "start": Range(0.05, 500.0, (1.0, 30.0), r"\alpha"),
        "weight_decay": Range(1e-4, 1.0, (1e-3,), r"\lambda"),
        "scale": Range(1e-8, 1e-3, (1e-4,), r"\beta"),
    },
    symbol=r"t(\beta)",
    expression="log(start**2/scale)/(2*weight_decay)",
    source="derived here; the setting of Woodworth et al. 2020 (title from memory) with weight decay",
    status="ours",
    by="root of the product of u and v, each integrated with a gradient of its own sign, 30 digits",
    rtol=1e-12,
)
def _scale_time(start: float, decay: float, scale: float) -> float:
    """u and v under du/dt = -(2 g + lambda) u, dv/dt = (2 g - lambda) v with g = cos(t): g drops out of u v."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        a, rate, wanted = mp.mpf(start), mp.mpf(decay), mp.mpf(scale)

        def logarithm(t: Any) -> Any:
            u = mp.log(a) - 2 * mp.sin(t) - rate * t
            v = mp.log(a) + 2 * mp.sin(t) - rate * t
            return u + v - mp.log(wanted)

        guess = mp.log(a / mp.sqrt(wanted)) / rate
        return float(mp.findroot(logarithm, (guess * 0.9 - 1, guess * 1.1 + 1), solver="illinois"))


@partial(
    Formula,
    name="linear.dense_weight_error",
    says="error of a weight of the interpolator of least Euclid norm, sparse or dense teacher",
    function=dense_weight_error,
    domain={
        "samples_per_dim": Range(0.05, 0.9, (0.4, 0.5), r"\delta"),
        "power": Range(0.01, 4.0, (0.05, 1.0), "E W^2"),
        "noise": Range(0.01, 3.0, (0.0, 0.1), "s"),
    },
    symbol=r"E (w_j - w^*_j)^2",
    expression="(1 - samples_per_dim)*power + noise**2*samples_per_dim**2/(1 - samples_per_dim)",
    source="known result; derived here from the spectrum",
    status="ours",
    by="30-digit quadrature of the spectrum of the Gram matrix",
    rtol=1e-12,
)
def _dense_weight_error(delta: float, power: float, noise: float) -> float:
    """What the projector on the data leaves of W, and noise^2 tr (X X^T)^-1 / dim, X X^T = Gram/delta."""
    import mpmath as mp

    (seen, inverse) = over_spectrum(delta, [lambda l: mp.mpf(1), lambda l: 1 / l])
    d = mp.mpf(delta)
    return float((1 - seen) * mp.mpf(power) + mp.mpf(noise) ** 2 * d * inverse)
