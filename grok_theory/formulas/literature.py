"""Where the literature is wrong: printed form, what holds, and the number that shows it, computed when asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..checks import require_float64
from . import li2_corrections, removal_corrections
from .correction import Correction
from .entries import register
from .formula import Formula, Printed


def corrections() -> list[Correction]:
    """Every statement of the literature that does not hold, in the order of the house.

    Those of the register come first in each room, then those that are no closed form. Everything is computed anew
    (about half a minute, most of it compilation).

    Returns
    -------
    list[Correction]
        Printed and corrected statement with the numbers that tell them apart.

    Raises
    ------
    Float64Required
        Where JAX computes in float32.
    """
    require_float64("grok_theory.formulas.corrections")
    found = [_of(formula, printed) for formula in register().values() for printed in formula.printed]
    found += [make() for make in (*_OTHERS, *removal_corrections.CORRECTIONS, *li2_corrections.CORRECTIONS)]
    rank = {wing: number for number, wing in enumerate(dict.fromkeys(f.wing for f in register().values()))}
    return sorted(found, key=lambda correction: rank[correction.wing])


def _of(formula: Formula, printed: Printed) -> Correction:
    return Correction(
        formula.wing,
        printed.where,
        printed.form,
        printed.holds,
        printed.measure,
        float(printed.value(*printed.at)),
        printed.read(formula(*printed.at)),
        printed.read(formula.oracle(*printed.at)),
    )


def _absolute_bisection() -> Correction:
    """The effective ridge at the setting in which a published solver was caught."""
    from ..numerics.ridge_equation import effective_ridge

    eigenvalues, samples, ridge = np.arange(1, 2001.0) ** -1.5, 3000.0, 1e-6
    low, high = 0.0, float(eigenvalues.sum() + ridge)
    while high - low > 2e-12:
        middle = (low + high) / 2
        excess = np.sum(eigenvalues / (eigenvalues + middle)) + ridge / middle - samples
        low, high = (middle, high) if excess > 0 else (low, middle)
    return Correction(
        "kernels",
        "a published solver for learning curves",
        "bisection of the effective ridge to an absolute 2e-12",
        "Newton on the logarithm: relative error 1e-15 at any scale",
        "1e9 times the effective ridge of i^-1.5, 2000 modes, n = 3000, ridge 1e-6; the third in 50 digits",
        1e9 * (low + high) / 2,
        1e9 * float(effective_ridge(eigenvalues, samples, ridge=ridge)),
        0.999928415351073,
    )


def _angle() -> Correction:
    """Two unit vectors 1e-8 apart."""
    from ..numerics.gaussian import relu_angle

    a, b = np.array([1.0, 0.0]), np.array([np.cos(1e-8), np.sin(1e-8)])
    apart, opposed = np.sum((a - b) ** 2) / 2, np.sum((a + b) ** 2) / 2
    return Correction(
        "kernels",
        "ReLU kernels, usual form of the angle",
        "arccos of the cosine",
        "from the vectors: 2 atan2(|a - b|, |a + b|)",
        "1e8 times the angle between two unit vectors that are 1e-8 apart",
        1e8 * float(np.arccos(np.clip(a @ b, -1, 1))),
        1e8 * float(relu_angle(1.0, float(a @ b), 1.0, (apart, opposed))),
        1.0,
    )


def _best_samples() -> Correction:
    """k* from the truncated series against the minimum of the exact curve."""
    from ..best_of_k import Prompt, optimal_samples

    t, teacher, reward = 5.0, 0.2, 2.0
    first = 2 * teacher * reward + 1
    best = optimal_samples(Prompt(teacher, reward), temperature=2 * t)
    return Correction(
        "best_of_k",
        "Halder & Pehlevan, arXiv 2512.19905, best number of samples (quoted)",
        "1/k* = (3 - t C1/C2)/4, from the series in 1/t",
        "the minimum of the exact curve; the truncated series can be off by any factor",
        "best number of samples at t = 5, DT = 0.2, DR = 2",
        4 / (3 - t * first / (first + reward**2)),
        float(best.value),
    )


def _best_temperature() -> Correction:
    from ..best_of_k import Prompt, optimal_temperature

    teacher, reward, samples = 0.3, 2.0, 20
    first = 2 * teacher * reward + 1
    best = optimal_temperature(Prompt(teacher, reward), samples=samples)
    return Correction(
        "best_of_k",
        "Halder & Pehlevan, arXiv 2512.19905, best temperature (quoted)",
        "t* = 2 (1 - 2/k) C2/C1, from the series in 1/t",
        "the minimum of the exact curve; at k = inf it is 2 C2/C1 - 3",
        "best scaled temperature at k = 20, DT = 0.3, DR = 2",
        2 * (1 - 2 / samples) * (first + reward**2) / first,
        float(best.value) / 2,
    )


_OTHERS: tuple[Callable[[], Correction], ...] = (_absolute_bisection, _angle, _best_samples, _best_temperature)
