"""Rate and exponents of the rational analysis from runs: least squares on shares, and what they cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

from ..checks import check_kind, require_float64
from ..errors import BadValue
from ..fields import check_single
from ..numerics.padding import any_traced
from ..pytrees import record
from ..results import Ensemble
from .methods import MonteCarlo
from .problem import Strategies
from .strategies import complexity, of_mixture, the_lengths

__all__ = ["StrategyFit", "fit_strategies"]

SHARE = "memorizing_share"
NAMES = ("rate", "learning_exponent", "complexity_exponent")
# Exponents beyond these are no longer told from them by shares between 0 and 1.
_LOWEST, _HIGHEST = (-25.0, 0.0, 1e-3), (25.0, 0.99, 3.0)
ONE_MIXTURE = (
    "All runs are of one mixture: they identify rate, learning_exponent and the whole complexity term, not the "
    "exponent in it. complexity_exponent is what gives that term if the description lengths are exact; add runs with "
    "another number of tasks to test it."
)


@record(static=("text",))
class StrategyFit:
    """The rational analysis fitted to shares of memory.

    Parameters
    ----------
    rate, learning_exponent, complexity_exponent : float
        gamma, a and b.
    errors : ndarray
        (3,) standard errors of ln gamma, a and b from the scatter of the residuals, taken as independent; nan where the
        runs do not identify one.
    complexity : ndarray
        (problems,) ln 2 (K_M^b - K_G^b) in nats.
    residual : ndarray
        (problems,) root mean square of share minus fitted share.
    scatter : ndarray
        (problems,) root mean square of a run's share about the mean over runs; nan for one run. A residual far above it
        means that the form does not fit.
    text : str
        What is identified, and what is not.
    """

    rate: float
    learning_exponent: float
    complexity_exponent: float
    errors: np.ndarray
    complexity: np.ndarray
    residual: np.ndarray
    scatter: np.ndarray
    text: str

    def __str__(self) -> str:
        # The error of ln gamma is relative.
        scales = (self.rate, 1.0, 1.0)
        said = [f"{n} {getattr(self, n):.4g} ± {e * s:.2g}" for n, e, s in zip(NAMES, self.errors, scales, strict=True)]
        rms = ", ".join(f"{r:.3f} ({s:.3f})" for r, s in zip(self.residual, self.scatter, strict=True))
        return f"{'; '.join(said)}. Residual of the shares (scatter between runs): {rms}. {self.text}"


def fit_strategies(
    problems: Strategies | Sequence[Strategies],
    ensembles: Ensemble | Sequence[Ensemble],
    *,
    method: MonteCarlo | None = None,
) -> StrategyFit:
    """Fit gamma, a and b of `Strategies` to the `memorizing_share` of runs.

    Parameters
    ----------
    problems : Strategies or Sequence[Strategies]
        One a mixture; their own rate and exponents are where the search begins.
    ensembles : Ensemble or Sequence[Ensemble]
        Runs of each, with a curve `memorizing_share` over training steps; steps 0 and shares that are not finite are
        passed over.
    method : MonteCarlo, optional
        How the gap of each mixture is drawn.

    Returns
    -------
    StrategyFit
        Print it.

    Raises
    ------
    BadValue
        For numbers of problems and ensembles that differ, a curve that is missing, and traced problems.
    """
    require_float64("grok_theory.in_context.fit_strategies")
    problems = _listed("problems", problems, Strategies)
    ensembles = _listed("ensembles", ensembles, Ensemble)
    if not problems or len(problems) != len(ensembles):
        raise BadValue(
            f"ensembles has {len(ensembles)} entries, but problems has {len(problems)}. Pass one Ensemble a problem."
        )
    method = MonteCarlo() if method is None else method
    check_kind("method", method, MonteCarlo, "Leave it out.")
    records, gaps, lengths = [], [], []
    for problem, ensemble in zip(problems, ensembles, strict=True):
        check_kind("problems", problem, Strategies, "Pass one Strategies a mixture.")
        check_kind("ensembles", ensemble, Ensemble, "Pass what simulate gave, or Ensemble.from_log.")
        check_single(problem)
        if any_traced(problem):
            raise BadValue("problems are traced, but a fit takes numbers. Call it outside of jit and vmap.")
        steps, shares = np.asarray(ensemble.x, float), np.asarray(ensemble[SHARE], float)
        told = (steps > 0) & np.isfinite(shares).all(axis=0)
        if not told.any():
            raise BadValue(f"ensembles[{len(records)}] has no finite {SHARE} after step 0. Pass runs that have one.")
        records.append((steps[told], shares[:, told]))
        known = of_mixture(problem, method)
        gaps.append(known.gap / problem.context)
        lengths.append(np.asarray(the_lengths(problem, known), float))
    several = len({(gap, *length) for gap, length in zip(gaps, lengths, strict=True)}) > 1
    start = [float(v) for v in (problems[0].rate, problems[0].learning_exponent, problems[0].complexity_exponent)]

    def fitted(parameters: np.ndarray) -> list[np.ndarray]:
        log_rate, learning, exponent = parameters
        priors = [_prior(length, exponent) for length in lengths]
        return [
            scipy.special.expit(np.exp(log_rate + (1 - learning) * np.log(steps)) * gap - prior)
            for (steps, _), gap, prior in zip(records, gaps, priors, strict=True)
        ]

    def residuals(parameters: np.ndarray) -> np.ndarray:
        return np.concatenate([(s - f).ravel() for (_, s), f in zip(records, fitted(parameters), strict=True)])

    # The valley is curved: the search begins at several exponents, at the rate that puts the switch among the steps.
    middle = np.exp(np.mean(np.log(np.concatenate([steps for steps, _ in records]))))
    starts = [[np.log(start[0]), start[1], start[2]]]
    for learning in (0.2, 0.5, 0.8):
        for exponent in (0.1, 0.3, 1.0):
            prior = np.mean([_prior(length, exponent) for length in lengths])
            rate = max(prior, 1e-3) / (max(np.mean(gaps), 1e-12) * middle ** (1 - learning))
            starts.append([np.log(rate), learning, exponent])
    low, high = np.asarray(_LOWEST), np.asarray(_HIGHEST)
    searches = [
        scipy.optimize.least_squares(
            residuals, np.clip(each, low + 1e-6, high - 1e-6), bounds=(low, high), x_scale=(1, 0.1, 0.1)
        )
        for each in starts
    ]
    best = min(searches, key=lambda search: search.cost)
    errors = _errors(best.jac, best.fun)
    text = "Runs of several mixtures identify all three."
    if not several:
        errors[2], text = np.nan, ONE_MIXTURE
    at_edge = [
        name
        for name, value, a, b in zip(NAMES, best.x, low, high, strict=True)
        if min(value - a, b - value) < 1e-3 * (b - a)
    ]
    if at_edge:
        text += f" {' and '.join(at_edge)} ended at the edge of what is searched: the form does not fit."
    found = fitted(best.x)
    residual = [np.sqrt(np.mean((s - f) ** 2)) for (_, s), f in zip(records, found, strict=True)]
    scatter = [np.sqrt(np.mean(np.var(s, axis=0, ddof=1))) if len(s) > 1 else np.nan for _, s in records]
    log_rate, learning, exponent = best.x.tolist()
    priors = [_prior(length, exponent) for length in lengths]
    return StrategyFit(
        float(np.exp(log_rate)),
        learning,
        exponent,
        errors,
        np.asarray(priors),
        np.asarray(residual),
        np.asarray(scatter),
        text,
    )


def _listed(name: str, given: Any, kind: type) -> list:
    if isinstance(given, kind):
        return [given]
    if not isinstance(given, (list, tuple)):
        raise BadValue(f"{name} is {given!r}, but it must be {kind.__name__}, or a list of them. Pass one a mixture.")
    return list(given)


def _prior(lengths: np.ndarray, exponent: float) -> float:
    return float(complexity(lengths, exponent))


def _errors(slopes: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Standard errors of the three from the curvature of the sum of squares; inf where a direction is flat."""
    free = max(left.size - 3, 1)
    values, vectors = np.linalg.eigh(slopes.T @ slopes)
    with np.errstate(divide="ignore"):
        spread = np.where(values > 1e-12 * values[-1], 1 / np.maximum(values, 1e-300), np.inf)
    with np.errstate(invalid="ignore"):
        variances = np.nansum(np.where(vectors**2 > 1e-20, vectors**2 * spread, 0.0), axis=1)
    return np.sqrt(variances * np.sum(left**2) / free)
