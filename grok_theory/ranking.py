"""Which of several theories tells a log best: the logarithm of the probability density that each gives a run.

The density is that of the forecast at the few points of a curve that hold what it says (`run_density`), chosen for all
theories together. If one theory is right, another is exp(g) times as dense with probability exp(-g) at most:
theories whose totals differ by less than ln(1/(1 - confidence)) cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .applicability import Applicability
from .checks import check_between, check_kind
from .errors import BadValue
from .judged_runs import applies, logged, other_size, read, shared_curves, while_seen
from .results import Ensemble, Forecast, Log
from .results.made_forecast import LEAST_SCATTER, is_loss
from .run_density import log_density, telling_points


@dataclass(frozen=True, eq=False)
class Ranking:
    """Theories in the order in which they tell a log; best first.

    Parameters
    ----------
    forecasts : tuple[Forecast, ...]
        In that order.
    scores : ndarray
        (theory,) mean over runs of the log density of a run, in the same order; differences count.
    apart : ndarray
        (theory,) booleans: whether the log tells a theory from the best; False for the best.
    applicabilities : tuple[Applicability, ...]
        Whether each applies: the best of several may be wrong too.
    runs, points : int
        How many runs were scored, and at how many points of their curves at most.
    confidence : float
        Of `apart`, in (0, 1).
    """

    forecasts: tuple[Forecast, ...]
    scores: np.ndarray
    apart: np.ndarray
    applicabilities: tuple[Applicability, ...]
    runs: int
    points: int
    confidence: float

    @property
    def verdict(self) -> str:
        """One sentence: the best theory, or that some cannot be told apart."""
        alike = 1 + int(np.sum(~self.apart[1:]))
        if alike == 1:
            return f"theory 1 is best, by {self.scores[0] - self.scores[1]:.3g} per run"
        which = "these theories" if alike == len(self.forecasts) else f"the best {alike} of {len(self.forecasts)}"
        return f"{which} cannot be told apart by this log"

    def __str__(self) -> str:
        from .reports import table

        rows = [("", "theory", "log score per run", "below the best", "", "")]
        for i, (forecast, score, apart, found) in enumerate(
            zip(self.forecasts, self.scores, self.apart, self.applicabilities, strict=True)
        ):
            told = "" if i == 0 else ("told apart" if apart else "cannot be told apart")
            rows.append(
                (
                    str(i + 1),
                    repr(forecast.problem),
                    f"{score:.4g}",
                    f"{self.scores[0] - score:.3g}",
                    told,
                    found.verdict,
                )
            )
        return "\n".join([self.verdict, *table(rows)])


def rank(forecasts: Sequence[Forecast], log_or_ensemble: Log | Ensemble, *, confidence: float = 0.99) -> Ranking:
    """Which of several theories tells a log best, by log score per run, and which cannot be told apart.

    Parameters
    ----------
    forecasts : sequence of Forecast
        At least two, each of one Problem, at the size of the runs.
    log_or_ensemble : Log or Ensemble
        The runs, in the units of the forecasts.
    confidence : float, default 0.99
        With which theories are told apart, in (0, 1).

    Returns
    -------
    Ranking
        Best first.

    Raises
    ------
    BadValue
        For fewer than two forecasts, for a forecast of another `dim` or `width` than the log's, and where runs and
        forecasts have no curve or x in common.
    """
    forecasts = list(forecasts)
    if len(forecasts) < 2:
        raise BadValue(f"forecasts has {len(forecasts)}, but two or more are ranked. For one use gt.applies.")
    for forecast in forecasts:
        check_kind("forecasts", forecast, Forecast, "Make each with a wing's forecast(problem, x, dim=...).")
    check_between("confidence", confidence, 0, 1, "Pass 0.99.", include_low=False, include_high=False)
    names = shared_curves(forecasts, log_or_ensemble)
    for i, forecast in enumerate(forecasts):
        other = other_size(forecast, log_or_ensemble)
        if other is not None:
            of, said, known = other
            raise BadValue(
                f"forecasts[{i}] is the band of {of} {said:g}, but the log has {of} {known:g}. Forecast at the size of "
                f"the runs: {of}={known:g}."
            )
    runs = _points_of_runs(forecasts, log_or_ensemble, names)
    totals, most = np.zeros(len(forecasts)), 0
    for points in runs:
        laws = [_law(forecast, points) for forecast in forecasts]
        chosen = telling_points(laws)
        most = max(most, len(chosen))
        seen = np.concatenate([values for _, _, values in points])[chosen]
        totals += [
            log_density(law[0][chosen], law[1][np.ix_(chosen, chosen)], seen, drawn_from(forecast))
            for forecast, law in zip(forecasts, laws, strict=True)
        ]
    order = np.argsort(-totals, kind="stable")
    apart = totals[order[0]] - totals[order] > np.log(1 / (1 - confidence))
    found = tuple(applies(forecasts[i], log_or_ensemble, confidence=confidence) for i in order)
    return Ranking(
        tuple(forecasts[i] for i in order), totals[order] / len(runs), apart, found, len(runs), most, confidence
    )


Points = list[tuple[str, np.ndarray, np.ndarray]]  # (curve, x, values) of one run


def _points_of_runs(forecasts: Sequence[Forecast], runs: Log | Ensemble, names: Sequence[str]) -> list[Points]:
    """What all theories speak about, run by run: the same for each, or densities could not be compared."""
    by_run: dict[str, Points] = {}
    low = max(float(np.asarray(f.x)[0]) for f in forecasts)
    high = min(float(np.asarray(f.x)[-1]) for f in forecasts)
    for name in names:
        for run in logged(runs, name, forecasts[0]):
            kept = (run.x >= low) & (run.x <= high) & np.isfinite(run.values)
            for forecast in forecasts:
                kept &= while_seen(forecast, name, run.x)
            if kept.any():
                by_run.setdefault(run.label, []).append((name, run.x[kept], run.values[kept]))
    if not by_run:
        raise BadValue("log has no finite loss at an x that all forecasts cover. Forecast at the x of the log.")
    return list(by_run.values())


def _law(forecast: Forecast, points: Points) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a run at the points: correlations from the draws, mean and scatter as they are told."""
    means, scatters, paths = [], [], []
    x = np.asarray(forecast.x, float)
    for name, at, _ in points:
        draws = np.asarray(forecast.draws[name])
        draws = np.log(draws) if is_loss(name) else draws
        means.append(read(forecast, forecast.middle[name], at)[0])
        scatters.append(read(forecast, forecast.scatter[name], at)[0])
        paths.append(np.stack([np.interp(at, x, draw) for draw in draws]))
    mean, scatter = np.concatenate(means), np.concatenate(scatters)
    path = np.concatenate(paths, axis=1)
    path = path - path.mean(axis=0)
    size = np.sqrt(np.mean(path**2, axis=0))
    path = path / np.where(size > 0, size, 1.0)
    covariance = path.T @ path / len(path) * np.outer(scatter, scatter)
    # What scatters less than digits do is not certain to the last of them.
    return mean, covariance + LEAST_SCATTER**2 * np.eye(mean.size)


def drawn_from(forecast: Forecast) -> int | None:
    """How many runs a forecast's law is taken from; None where theory tells it."""
    return None if forecast.made_from == "theory" else forecast.count
