"""Local complexity along training: of neurons that a theory or a run hands out, and of Gaussian ones in closed form.

A unit h = w.x/sqrt(D) without bias is cut near x by r v iff abs(w.x) < r abs(w.v): the factor 1/sqrt(D) cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_finite, check_positive, check_shape
from ..errors import BadValue
from ..results import Ensemble, Solution
from .complexity import _check_frame

__all__ = ["local_complexity_curves", "local_complexity_gaussian"]

AT_ONCE = 2**24  # products w.x in memory together


def local_complexity_gaussian(
    scale_h: ArrayLike, scale_v: ArrayLike, covariance: ArrayLike, radius: ArrayLike
) -> np.ndarray | np.floating:
    """P(abs(h) < radius abs(g)) of Gaussian (h, g): the share of units that one direction cuts.

    h = w.x and g = w.v have standard deviations s_h, s_v and covariance c. h/g is Cauchy around l = c/s_v^2 with width
    q = sqrt(s_h^2 s_v^2 - c^2)/s_v^2, so P = [atan((r - l)/q) + atan((r + l)/q)]/pi; at c = 0 it is
    `local_complexity_at_init` with one direction. Arguments broadcast.

    Parameters
    ----------
    scale_h : array_like
        s_h > 0, standard deviation of w.x.
    scale_v : array_like
        s_v > 0, that of w.v.
    covariance : array_like
        c, abs(c) < s_h s_v.
    radius : array_like
        r > 0, of the neighbourhood, in the unit of the inputs for v of norm 1.

    Returns
    -------
    ndarray or np.floating
        Probabilities, of the broadcast shape. NumPy; not for tracing.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(f"{local_complexity_gaussian(1.0, 1.0, 0.0, 0.3):.12f}")
    0.185547158155
    """
    check_positive("scale_h", scale_h, "Pass the standard deviation of w.x.")
    check_positive("scale_v", scale_v, "Pass the standard deviation of w.v.")
    check_positive("radius", radius, "Pass the size of the neighbourhood, in the unit of the inputs.")
    check_finite("covariance", covariance, "Pass the covariance of w.x and w.v.")
    # In units of both deviations: correlation and reach.
    with np.errstate(over="ignore", under="ignore"):
        correlation = np.asarray(covariance, float) / np.asarray(scale_h, float) / np.asarray(scale_v, float)
        reach = np.asarray(radius, float) * np.asarray(scale_v, float) / np.asarray(scale_h, float)
    correlation, reach = np.broadcast_arrays(correlation, reach)
    if np.any(np.abs(correlation) >= 1):
        worst = float(np.max(np.abs(correlation)))
        raise BadValue(
            f"covariance is {worst:.6g} times scale_h scale_v, but it must be below it: such a pair is one number. "
            "Pass abs(covariance) < scale_h * scale_v."
        )
    width = np.sqrt((1 - correlation) * (1 + correlation))
    # The sum of both angles, as one: no digit is lost where one of them is nearly minus the other.
    total = np.arctan2(2 * reach * width, (1 - reach) * (1 + reach))
    return np.asarray(total / np.pi)[()]


def local_complexity_curves(
    source: Solution | Ensemble, points: Mapping[str, ArrayLike], frame: ArrayLike, radius: float
) -> dict[str, np.ndarray]:
    """Share of first-layer units whose kink cuts the neighbourhood of a point, mean over points, along training.

    Parameters
    ----------
    source : Solution or Ensemble
        With the field `neurons`, (time, neuron, dim) or (run, time, neuron, dim): `keep="neurons"` of
        `lazy_rich.Particles` or `lazy_rich.simulate`.
    points : Mapping[str, array_like]
        Part -> (points, dim) inputs, for example {"train": ..., "test": ..., "boundary": ...}.
    frame : array_like
        (directions, dim) orthonormal rows, the same for theory and runs.
    radius : float
        One number > 0, in the unit of the inputs.

    Returns
    -------
    dict[str, ndarray]
        `lc_train` and so on: (time,) of a Solution, (run, time) of an Ensemble. Where the activation has no kink they
        count zero crossings of w.x. NumPy; not for tracing.

    Raises
    ------
    BadValue
        For a source without neurons and arrays that do not fit, named with the remedy.
    """
    if not isinstance(source, (Solution, Ensemble)):
        raise BadValue(f"source is a {type(source).__name__}, but it must be a Solution or an Ensemble. Pass one.")
    if "neurons" not in source.fields:
        there = ", ".join(source.fields) or "none"
        raise BadValue(
            f'source has the fields {there}, but neurons are read. Ask for them: keep="neurons" of lazy_rich.Particles '
            "or lazy_rich.simulate."
        )
    neurons = np.asarray(source.fields["neurons"].values, float)
    dim = neurons.shape[-1]
    check_finite("frame", frame, "Pass orthonormal rows.")
    frame = np.asarray(frame, float)
    _check_frame(frame, dim)
    check_positive("radius", radius, "Pass the size of the neighbourhood, in the unit of the inputs.")
    check_shape("radius", radius, (), "Pass one number; call once for each radius.")
    if not isinstance(points, Mapping) or not points:
        raise BadValue(f'points is {points!r}, but it must map parts to inputs. Pass {{"train": inputs}}.')
    flat = neurons.reshape(-1, *neurons.shape[-2:])
    found: dict[str, Any] = {}
    for part, at in points.items():
        check_shape(f"points[{part!r}]", at, (None, dim), "Pass one row a point.")
        check_finite(f"points[{part!r}]", at, "Drop or mend these points.")
        inputs = np.asarray(at, float)
        shares = [_share_cut(each, inputs, frame, float(radius)) for each in flat]
        found[f"lc_{part}"] = np.array(shares).reshape(neurons.shape[:-2])
    return found


def _share_cut(weights: np.ndarray, inputs: np.ndarray, frame: np.ndarray, radius: float) -> float:
    """Of weights (N, D) at inputs (m, D): a few at a time."""
    reach = radius * np.abs(weights @ frame.T).max(axis=1)
    chunk = max(1, AT_ONCE // len(weights))
    counts = [
        np.sum(np.abs(weights @ inputs[first : first + chunk].T) < reach[:, None])
        for first in range(0, len(inputs), chunk)
    ]
    return float(np.sum(counts)) / (len(weights) * len(inputs))
