"""A Forecast from middle and scatter of its curves, and both from runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..checks import check_between, check_integer
from ..errors import BadValue
from ..status import FAILED, NOTED, Status
from .ensemble import Ensemble
from .excursions import band_factor, excursions_of_draws, point_factor
from .forecast import Band, Forecast

__all__ = ["FEW_DRAWS", "LEAST_SCATTER", "RUNS", "check_level", "forecast_of_parts", "forecast_of_runs", "log_variance"]

# Runs that a forecast is made of if nothing is said, and how many are too few to speak of a scatter.
RUNS, FEW_DRAWS = 48, 24
# A start may be the same number in all runs (a centred test loss is 3/4 exactly); digits of it are no scatter.
LEAST_SCATTER = 1e-3


def check_level(level: float) -> float:
    """The level of a band; refused outside (0, 1)."""
    remedy = "Pass the probability that one run lies inside, for example 0.9."
    check_between("level", level, 0, 1, remedy, include_low=False, include_high=False)
    return float(level)


def log_variance(relative: float | np.ndarray) -> Any:
    """Variance of the logarithm of a log-normal number of that relative variance."""
    return np.log1p(relative)


def is_loss(name: str) -> bool:
    """Whether a curve is told in logarithms."""
    return not name.endswith("accuracy")


def forecast_of_parts(
    middle: Mapping[str, np.ndarray],
    scatter: Mapping[str, np.ndarray],
    level: float,
    count: int,
    excursions: Mapping[str, np.ndarray],
    **parts: Any,
) -> Forecast:
    """Bands from middle and scatter; `parts` are the other fields of the Forecast."""
    curves, pointwise = {}, {}
    for name, centre in middle.items():
        own = None if parts["made_from"] == "theory" else count
        factors = band_factor(level, count, excursions.get(name)), point_factor(level, own)
        for bands, factor in zip((curves, pointwise), factors, strict=True):
            bands[name] = _band(centre, factor * scatter[name], in_logs=is_loss(name))
    return Forecast(
        curves=curves,
        level=level,
        pointwise=pointwise,
        middle=dict(middle),
        scatter=dict(scatter),
        count=count,
        excursions=dict(excursions),
        **parts,
    )


def _band(middle: np.ndarray, reach: np.ndarray, *, in_logs: bool) -> Band:
    ends = middle, middle - reach, middle + reach
    return Band(*(np.exp(end) if in_logs else np.clip(end, 0.0, 1.0) for end in ends))


def forecast_of_runs(
    runs: Ensemble,
    names: Sequence[str],
    level: float,
    *,
    keep: slice | np.ndarray,
    shared: Mapping[str, float] | None = None,
    remarks: Sequence[str] = (),
    **parts: Any,
) -> Forecast:
    """The forecast of one run more like `runs`, whose first x is the start.

    Parameters
    ----------
    runs : Ensemble
        At x = 0 and then at what is asked for.
    names : Sequence[str]
        Curves to forecast.
    level : float
        Of the bands.
    keep : slice or ndarray
        Which of its x are asked for.
    shared : Mapping[str, float], optional
        Curve -> variance of its logarithm that a run has besides, the same at all x: of a finite test sample.
    remarks : Sequence[str], default ()
        What else is to be noted.
    **parts
        Other fields of the Forecast: `dim`, `width`, `method`, `test_samples`, `stats`.
    """
    count = runs.runs
    check_integer("draws", count, 8, f"A scatter needs runs; {RUNS} are the default.")
    if runs.status.level == FAILED:
        raise BadValue(f"No forecast can be made of these runs: {runs.status.text}")
    middle, scatter, excursions, draws, starts = {}, {}, {}, {}, {}
    said = [text for text in remarks if text]
    for name in names:
        values = np.asarray(runs[name], float)
        told = values
        if is_loss(name):
            with np.errstate(divide="ignore"):
                told = np.log(values)
            if not np.isfinite(told).all():
                at = np.asarray(runs.x)[~np.isfinite(told).all(axis=0)][0]
                raise BadValue(
                    f"{name} of a run is 0 or no number at {runs.x_name} {at:g}, and has no logarithm. "
                    "Pass x that end before it."
                )
        extra = (shared or {}).get(name, 0.0)
        spread = np.sqrt(told.var(axis=0, ddof=1) + extra)
        middle[name] = told.mean(axis=0)[keep] - extra / 2
        scatter[name] = np.maximum(spread, LEAST_SCATTER)[keep]
        excursions[name] = excursions_of_draws((told - told.mean(axis=0))[:, keep], scatter[name], extra)
        draws[name], starts[name] = values[:, keep], values[:, 0]
    if runs.status.text:
        said.append(runs.status.text)
    if count < FEW_DRAWS:
        said.append(
            f"The scatter of {count} runs is itself uncertain: with few draws a band may be far too narrow. Pass "
            f"draws={RUNS}."
        )
    return forecast_of_parts(
        middle,
        scatter,
        level,
        count,
        excursions,
        problem=runs.problem,
        x=np.asarray(runs.x, float)[keep],
        x_name=runs.x_name,
        x_unit=runs.x_unit,
        dynamics=runs.dynamics,
        draws=draws,
        starts=starts,
        made_from="runs",
        status=Status(NOTED if said else 0, noted=" ".join(said)),
        conditions=runs.conditions,
        **parts,
    )
