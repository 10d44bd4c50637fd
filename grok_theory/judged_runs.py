"""Whether runs can be of a Problem: each run's largest deviation from its forecast, judged by what one run may stray.

A run is outside where |log loss - middle| exceeds the band of its forecast at some time. One run is held against the
band at `confidence`; of several, those outside the 90 % band are counted, and the count is improbable (binomial) or
not: 3 of 5 is, p = .0086. Time points are never counted: a run that strays once strays for long.

The train loss tells most (minibatches show in it alone) and is looked at while its middle is above a thousandth of its
start: later it is one eigenvalue's, or an integrator's tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from .applicability import Applicability, CurveApplicability
from .checks import check_between, check_choice, check_kind
from .errors import BadValue
from .numerics.interpolation import interpolate
from .results import Ensemble, Forecast, Log
from .results.excursions import band_factor, excursion_p_value
from .results.log_config import contradicted
from .results.log_measures import check_measures
from .results.log_units import check_axis
from .results.made_forecast import FEW_DRAWS, is_loss

# Share of its start down to which a train loss is judged.
SEEN = 1e-3
SEVERAL_BAND = 0.9


class Logged(NamedTuple):
    """One curve of one run inside the x of a forecast, in the unit that it is told in (logarithms of losses)."""

    label: str
    x: np.ndarray
    values: np.ndarray


def applies(
    forecast: Forecast,
    log_or_ensemble: Log | Ensemble,
    *,
    confidence: float = 0.99,
    curves: Sequence[str] | None = None,
) -> Applicability:
    """Whether runs can be runs of the Problem of a forecast.

    Parameters
    ----------
    forecast : Forecast
        What one run would do, at the size of the runs.
    log_or_ensemble : Log or Ensemble
        The runs, in the units of the forecast; their x need not be the forecast's (it is read between its points).
    confidence : float, default 0.99
        Of the verdict of a curve, in (0, 1).
    curves : sequence of str, optional
        Curves to judge; by default all that both have.

    Returns
    -------
    Applicability
        "applies" where nothing was found against it, "does not apply" with the curve and where it leaves the band, or
        "cannot tell" with what would: so where the log's config has another `dim` or `width` than the forecast.

    Raises
    ------
    BadValue
        Where runs and forecast have another x (with the line that converts it), or no curve or x in common.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import grok_theory as gt
    >>> problem, x = gt.linear.TeacherStudent(samples_per_dim=2.0, snr=5.0), [0.1, 0.5, 1.0, 2.0]
    >>> runs = gt.linear.simulate(problem, x, dim=50, runs=1, key=jax.random.key(0))
    >>> applies(gt.linear.forecast(problem, x, dim=50), runs).verdict
    'applies'
    >>> applies(gt.linear.forecast(gt.linear.TeacherStudent(2.0, 50.0), x, dim=50), runs).verdict
    'does not apply'
    """
    check_kind("forecast", forecast, Forecast, "Make one with a wing's forecast(problem, x, dim=...).")
    check_between("confidence", confidence, 0, 1, "Pass 0.99.", include_low=False, include_high=False)
    names = shared_curves([forecast], log_or_ensemble, curves)
    found = {name: list(logged(log_or_ensemble, name, forecast)) for name in names}
    found = {name: runs for name, runs in found.items() if runs}
    if not found:
        x = np.asarray(forecast.x)
        raise BadValue(
            f"log has no finite {' or '.join(names)} between {forecast.x_name} {x[0]:g} and {x[-1]:g}, which the "
            "forecast covers. Forecast at the x of the log."
        )
    judged = {name: _judged(forecast, name, runs, confidence) for name, runs in found.items()}
    count = max(len(runs) for runs in found.values())
    least = min(judged.values(), key=lambda curve: curve.p_value)
    p_value = float(min(1.0, len(judged) * least.p_value))
    verdict, reason = _verdict(forecast, found, judged, least, confidence)
    other = other_size(forecast, log_or_ensemble)
    if other is not None:
        of, said, known = other
        verdict = "cannot tell"
        reason = (
            f"the forecast is the band of {of} {said:g}, but the log has {of} {known:g}, whose runs scatter "
            f"otherwise; forecast with {of}={known:g}"
        )
    return Applicability(
        forecast.problem,
        verdict,
        reason,
        judged,
        count,
        float(confidence),
        p_value,
        forecast.x_name,
        forecast.x_unit,
    )


def other_size(forecast: Forecast, runs: Log | Ensemble) -> tuple[str, float, float] | None:
    """(name, value of the forecast, value of the log) of a size that both say and that differs."""
    config = runs.config if isinstance(runs, Log) else None
    return contradicted(config, dim=forecast.dim, width=forecast.width)


def curves_in(runs: Log | Ensemble) -> list[str]:
    """The curves of runs, by the names that theories give them."""
    if not isinstance(runs, (Log, Ensemble)):
        raise BadValue(
            f"log is a {type(runs).__name__}, but it must be a Log or an Ensemble. Read one with gt.read_log(path)."
        )
    return list(runs.curves) if isinstance(runs, Ensemble) else [runs.named(n) for n in next(iter(runs.runs.values()))]


def shared_curves(
    forecasts: Sequence[Forecast], runs: Log | Ensemble, curves: Sequence[str] | None = None
) -> list[str]:
    """The curves that forecasts and runs have in common, after a look at their x."""
    here = curves_in(runs)
    for forecast in forecasts:
        check_axis(runs, forecast.x_name, forecast.x_unit)
    shared = [name for name in forecasts[0].curves if name in here and all(name in f.curves for f in forecasts)]
    if not shared:
        raise BadValue(
            f"log has {', '.join(here)}, but the forecast has {', '.join(forecasts[0].curves)}: no curve is in both. "
            "Name the columns of the losses in gt.read_log."
        )
    if curves is not None:
        for name in curves:
            check_choice("curves", name, shared, "Name curves that both have.")
        shared = [name for name in shared if name in curves]
    if isinstance(runs, Log):
        names = {n: runs.named(n) for n in next(iter(runs.runs.values())) if runs.named(n) in shared}
        for forecast in forecasts:
            check_measures(runs, names, forecast.conditions)
    return shared


def logged(runs: Log | Ensemble, name: str, forecast: Forecast) -> Iterator[Logged]:
    """A curve of every run at its own x inside the forecast's, without what was not logged."""
    x = np.asarray(forecast.x, float)
    for label, at, values in recorded(runs, name):
        # What misses an end by rounding is at it.
        at = np.where(np.isclose(at, x[0], rtol=1e-9, atol=0), x[0], at)
        at = np.where(np.isclose(at, x[-1], rtol=1e-9, atol=0), x[-1], at)
        kept = (at >= x[0]) & (at <= x[-1]) & ~np.isnan(values)
        kept[kept] &= while_seen(forecast, name, at[kept])
        if kept.any():
            with np.errstate(divide="ignore", invalid="ignore"):
                yield Logged(label, at[kept], np.log(values[kept]) if is_loss(name) else values[kept])


def recorded(runs: Log | Ensemble, name: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(label, x, values) of a curve of every run, as it was logged."""
    if isinstance(runs, Ensemble):
        for i, values in enumerate(np.asarray(runs[name], float)):
            yield str(i), np.asarray(runs.x, float), values
        return
    for label, part in runs.runs.items():
        for curve, record in part.items():
            if runs.named(curve) == name:
                yield label, record.x, record.values


def read(forecast: Forecast, part: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle or scatter between the x of a forecast, and by how much that may be off."""
    x, first = np.unique(np.asarray(forecast.x, float), return_index=True)
    between = interpolate(x, np.asarray(part)[first], at)
    return between.values, between.error


def while_seen(forecast: Forecast, name: str, at: np.ndarray) -> np.ndarray:
    """Where a curve is judged: a train loss while it is above `SEEN` of its start."""
    if name != "train_loss":
        return np.ones(at.shape, bool)
    start = np.mean(np.log(np.asarray(forecast.starts[name])))
    middle = np.asarray(forecast.middle[name])
    low = np.flatnonzero(middle < start + np.log(SEEN))
    return at < np.asarray(forecast.x)[low[0]] if low.size else np.ones(at.shape, bool)


def _judged(forecast: Forecast, name: str, runs: Sequence[Logged], confidence: float) -> CurveApplicability:
    band = confidence if len(runs) == 1 else SEVERAL_BAND
    limit = band_factor(band, forecast.count, forecast.excursions.get(name))
    firsts, largest = [], []
    for run in runs:
        middle, off = read(forecast, forecast.middle[name], run.x)
        scatter, _ = read(forecast, forecast.scatter[name], run.x)
        strays = np.maximum(np.abs(run.values - middle) - off, 0.0) / scatter
        strays = np.where(np.isnan(strays), np.inf, strays)
        beyond = np.flatnonzero(strays > limit)
        firsts.append(run.x[beyond[0]] if beyond.size else np.inf)
        largest.append(float(strays.max()))
    outside = int(np.isfinite(firsts).sum())
    if len(runs) == 1:
        p_value = excursion_p_value(forecast, name, largest[0])
    else:
        p_value = float(stats.binom.sf(outside - 1, len(runs), 1 - SEVERAL_BAND))
    at = int(np.argmin(firsts))
    # In scatters of one run, which does not know the middle exactly either.
    unit = 1.0 if forecast.made_from == "theory" else np.sqrt(1 + 1 / forecast.count)
    first_run = runs[at].label if outside else ""
    return CurveApplicability(
        name, len(runs), outside, float(band), float(firsts[at]), first_run, max(largest) / unit, p_value
    )


def _verdict(forecast, found, judged, least: CurveApplicability, confidence: float) -> tuple[str, str]:
    if forecast.made_from == "runs" and forecast.count < FEW_DRAWS:
        said = f"a scatter taken from {forecast.count} draws may be far too small; forecast with draws={FEW_DRAWS * 2}"
        return "cannot tell", said
    allowed = (1 - confidence) * (1 + 1e-9)  # 2 of 2 runs outside 90 % are 1 % to the last digit
    if least.p_value <= allowed:
        worst = [curve for curve in judged.values() if curve.p_value <= allowed]
        said = "; ".join(_leaves(curve, forecast) for curve in sorted(worst, key=lambda curve: curve.p_value))
        return "does not apply", said
    needed = _first_fall(forecast)
    reached = max(run.x[-1] for runs in found.values() for run in runs)
    if needed is not None and reached < needed:
        unit = forecast.x_unit or forecast.x_name
        return (
            "cannot tell",
            f"the log ends at {unit} = {reached:.3g}, before the train loss has fallen by a factor e ({unit} = "
            f"{needed:.3g}): many theories begin alike. Train longer",
        )
    inside = "; ".join(
        f"{curve.name} stays inside the {curve.band:.0%} band in {curve.runs - curve.outside} of {curve.runs} "
        f"run{'' if curve.runs == 1 else 's'} (z = {curve.z:.2g})"
        for curve in judged.values()
    )
    return "applies", f"nothing speaks against it: {inside}"


def _leaves(curve: CurveApplicability, forecast: Forecast) -> str:
    unit = forecast.x_unit or forecast.x_name
    z = f"{curve.z:.2g}" if np.isfinite(curve.z) else "inf: it is 0 or no number"
    return (
        f"{curve.name} leaves the {curve.band:.0%} band in {curve.outside} of {curve.runs} "
        f"run{'' if curve.runs == 1 else 's'} from {unit} = {curve.first:.2g} on (z = {z})"
    )


def _first_fall(forecast: Forecast) -> float | None:
    """When the train loss has fallen by a factor e, or by 63 % of the way (in logarithms) where that is less."""
    if "train_loss" not in forecast.curves:
        return None
    start = np.mean(np.log(np.asarray(forecast.starts["train_loss"])))
    middle = np.asarray(forecast.middle["train_loss"])
    fall = min(1.0, (1 - np.exp(-1)) * (start - middle.min()))
    at = np.flatnonzero(middle <= start - fall)
    return float(np.asarray(forecast.x)[at[0]]) if at.size and fall > 0 else None
