"""One computation against another: exact ones to a relative tolerance, random ones to a margin."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..checks import check_key, check_non_negative, check_positive
from ..comparable import check_one_x
from ..comparison import compare
from ..errors import BadValue
from ..numerics.mean_intervals import interval_of_mean
from ..numerics.two_levels import find_levels
from ..results import Ensemble, Solution
from .certificate import Certificate
from .counterexamples import guarded, hypothesis_or_sentence, search
from .differences import Finding, name_of, named, ordered_entries, relative_difference, some_entries, wide

# A certified search over pure noise is wrong at most this often.
_FALSE_ALARMS = 0.01


def check_against(
    candidate: Callable[..., Any],
    reference: Callable[..., Any],
    *,
    strategy: Any,
    rtol: float | None = None,
    margin: float | None = None,
    key: Any = None,
    examples: int | None = None,
) -> Certificate:
    """`candidate` says what `reference` says, wherever `strategy` looks.

    Parameters
    ----------
    candidate, reference : callable
        Functions of the drawn argument (or of all drawn arguments). They return Solutions (of one x: another name or
        unit is refused, other values differ without end), or numbers and arrays in any structure, the same from both.
    strategy : SearchStrategy or tuple of SearchStrategy
        `verify.problems(...)`, any hypothesis strategy, or a tuple of them for several arguments.
    rtol : float, optional
        For an exact reference: greatest relative error allowed, entry by entry. nan is an infinite error, and so is
        anything but 0 where the reference is 0. Pass either this, or `margin` and `key`.
    margin : float, optional
        For a random reference: the relative difference that would matter. Refuted is a candidate whose relative
        difference from the mean of the runs is surely beyond it: over all points together a right candidate fails in at
        most 1 of 100 keys.
    key : Array, optional
        Typed JAX key, needed with `margin`. The reference is then called as `reference(argument, key=...)`, the key
        depending on the argument alone, and returns an Ensemble, or arrays with a leading run axis.
    examples : int, optional
        How many points; default: what the hypothesis profile says.

    Returns
    -------
    Certificate
        The worst point, and what it was held against; print it.

    Raises
    ------
    CounterExample
        Where the two differ, with the simplest argument at which they do.
    BadValue
        For an argument out of its range, named with what is allowed; for both or neither of `rtol` and `margin`; for
        functions that return nothing to compare; where hypothesis is not installed.

    Examples
    --------
    >>> import math
    >>> from hypothesis import strategies
    >>> proof = check_against(
    ...     lambda x: math.sinh(2 * x) / 2,
    ...     lambda x: math.sinh(x) * math.cosh(x),
    ...     strategy=strategies.floats(0.1, 9.0),
    ...     rtol=1e-14,
    ...     examples=50,
    ... )
    >>> proof.points, proof.worst < 1e-14
    (50, True)
    """
    if (rtol is None) == (margin is None):
        raise BadValue(
            f"rtol is {rtol} and margin is {margin}, but exactly one of them is needed. "
            "Pass rtol for exact references, margin and key for random ones."
        )
    candidate_name, reference_name = name_of(candidate), name_of(reference)
    calls = guarded(candidate, "the candidate"), guarded(reference, "the reference")
    if rtol is not None:
        check_non_negative("rtol", rtol, "Pass the relative error allowed, for example 1e-10.")

        def judge(*arguments: Any) -> Finding:
            have, want = calls[0](*arguments), calls[1](*arguments)
            some_entries(want, "the reference")
            if isinstance(have, Solution) and isinstance(want, Solution):
                check_one_x(want, have, ("reference", "candidate"))
                if not _at_one_x(have.x, want.x):
                    return Finding(np.inf, f"candidate and reference have other values of {have.x_name}")
            return relative_difference(have, want, "candidate", "reference")

        claim = f"{candidate_name} is {reference_name}, to a relative error of {rtol:g}"
        return search(claim, judge, strategy, allowed=float(rtol), unit="relative error", examples=examples)

    check_positive("margin", margin, "Pass the relative difference that would matter, for example 0.05.")
    check_key(key)
    looks = examples or hypothesis_or_sentence().settings().max_examples
    confidence = 1 - _FALSE_ALARMS / looks

    def judge_runs(*arguments: Any) -> Finding:
        # The key depends on the argument, not on the order of the search, so a counter-example can be looked at again.
        own = jax.random.fold_in(key, _number_of(arguments))
        return _surely_beyond(calls[0](*arguments), calls[1](*arguments, key=own), float(margin), confidence)

    claim = f"{candidate_name} is the mean of {reference_name}, to a relative margin of {margin:g}"
    unit = "relative difference beyond doubt"
    return search(claim, judge_runs, strategy, allowed=float(margin), unit=unit, examples=examples)


def _surely_beyond(theory: Any, runs: Any, margin: float, confidence: float) -> Finding:
    """The least relative difference that the runs leave possible, simultaneous over all entries."""
    if isinstance(theory, Solution) and isinstance(runs, Ensemble):
        agreement = compare(theory, runs, margin=margin, confidence=confidence)
        worst = Finding(0.0)
        for curve in agreement.curves.values():
            # A solution that states no error of its own is taken as exact, as `compare` does.
            numerical = np.nan_to_num(np.asarray(curve.numerical, float), nan=0.0, posinf=np.inf)
            least = np.maximum(curve.simultaneous_low, -np.asarray(curve.simultaneous_high)) - numerical
            sure = np.expm1(np.maximum(least, 0.0))
            at = int(np.argmax(sure))
            if not sure[at] <= worst.error:
                gap = f"log of runs / candidate {curve.gap[at]:+.3g}, surely beyond {least[at]:.3g}"
                place = f"{curve.name} at {agreement.x_name} = {float(curve.x[at]):.6g}: {gap}"
                worst = Finding(float(sure[at]), place)
        return worst
    have, want = ordered_entries(theory, "the candidate"), ordered_entries(runs, "the reference")
    if have.keys() != want.keys():
        names = (sorted(map(named, part)) for part in (have, want))
        return Finding(np.inf, "candidate has {}, reference has {}".format(*names))
    looks = sum(value.size for value in have.values())
    worst = Finding(0.0)
    for path, values in have.items():
        name, values, sample = named(path), wide(values), wide(want[path])
        if sample.ndim < 1 or sample.shape[1:] != values.shape or sample.shape[0] < 2:
            return Finding(
                np.inf, f"{name} has shape {values.shape}, so the runs must have (runs >= 2, *that), not {sample.shape}"
            )
        if not values.size:
            continue
        tail, mean = (1 - confidence) / 2, sample.mean(0)
        curves = sample.reshape(len(sample), -1)
        # Only a list has a course that can show levels between which runs jump.
        levels = find_levels(curves, apart=0.0, in_logs=False, tail=tail) if sample.ndim == 2 else None
        low, high = interval_of_mean(curves, tail / looks, in_logs=False, levels=levels)
        off = np.maximum(low.reshape(values.shape) - values, values - high.reshape(values.shape))
        sure = np.where(np.isnan(off), np.nan, np.maximum(off, 0.0))
        error = np.where(sure == 0, 0.0, sure / np.maximum(np.abs(values), np.finfo(float).tiny))
        error = np.where(np.isnan(error), np.inf, error)
        at = np.unravel_index(np.argmax(error), error.shape)
        if not error[at] <= worst.error:
            index = f"[{', '.join(str(int(i)) for i in at)}]" if at else ""
            seen = f"candidate {values[at]:.6g}, {len(sample)} runs {mean[at]:.6g}, surely off by {sure[at]:.2g}"
            worst = Finding(float(error[at]), f"{name}{index}: {seen}".lstrip(": "))
    return worst


def _at_one_x(one: Any, other: Any) -> bool:
    one, other = np.asarray(one, float), np.asarray(other, float)
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=0.0)


def _number_of(arguments: tuple) -> int:
    return zlib.crc32(repr(arguments).encode())
