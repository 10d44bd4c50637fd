"""What the parts of a Forecast must be, to be saved and believed when read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadValue

if TYPE_CHECKING:
    from .forecast import Forecast

__all__ = ["check_forecast"]


def check_forecast(forecast: Forecast) -> None:
    """Refuse, by `BadValue` naming the part, a Forecast that no verb hands back."""
    size = np.size(forecast.x)
    if not forecast.curves:
        raise BadValue("curves is empty, but a Forecast has at least one. Make the forecast again.")
    if forecast.made_from not in ("theory", "runs") or not isinstance(forecast.count, int) or forecast.count < 2:
        raise _wrong("made_from or count", "be 'theory' or 'runs', and at least 2 draws")
    if not isinstance(forecast.level, float) or not 0 < forecast.level < 1:
        raise _wrong(f"level {forecast.level!r}", "be in (0, 1)")
    for name in forecast.curves:
        loss = not name.endswith("accuracy")
        for part in ("curves", "pointwise"):
            band = getattr(forecast, part)[name]
            if type(band).__name__ != "Band":
                raise _wrong(f"{part}[{name!r}]", "be a Band")
            low, median, high = (
                _float(f"{part}[{name!r}]", values, (size,)) for values in (band.low, band.median, band.high)
            )
            if not ((low <= median) & (median <= high)).all() or (low < 0).any():
                raise _wrong(f"{part}[{name!r}]", "rise from low over median to high, and not be negative")
        draws = _float(f"draws[{name!r}]", forecast.draws[name], (None, size))
        starts = _float(f"starts[{name!r}]", forecast.starts[name], (len(draws),))
        if len(draws) < 2 or (loss and ((draws <= 0).any() or (starts <= 0).any())):
            raise _wrong(f"draws[{name!r}]", "be at least two curves, those of a loss positive")
        middle = _float(f"middle[{name!r}]", forecast.middle[name], (size,))
        scatter = _float(f"scatter[{name!r}]", forecast.scatter[name], (size,))
        if not np.isfinite(middle).all() or (scatter < 0).any():
            raise _wrong(f"scatter[{name!r}]", "not be negative")
    for part in ("excursions", "numerical_error"):
        for name, values in getattr(forecast, part).items():
            if name not in forecast.curves:
                raise _wrong(f"{part}[{name!r}]", f"belong to one of {', '.join(forecast.curves)}")
            shape = (size,) if part == "numerical_error" else (None,)
            if (_float(f"{part}[{name!r}]", values, shape) < 0).any():
                raise _wrong(f"{part}[{name!r}]", "not be negative")


def _float(name: str, values: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    array = np.asarray(values)
    fits = len(array.shape) == len(shape) and all(w in (None, n) for n, w in zip(array.shape, shape, strict=True))
    if array.dtype != np.float64 or not fits or np.isnan(array).any():
        raise _wrong(name, f"be float64 of shape {shape}, without nan")
    return array


def _wrong(name: str, allowed: str) -> BadValue:
    return BadValue(f"{name} of this Forecast must {allowed}. Make the forecast again.")
