"""Four properties a theory must have: limits, monotony, power laws, symmetries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..checks import check_choice, check_non_negative, check_numbers, check_positive
from ..errors import BadValue
from .certificate import Certificate
from .counterexamples import guarded, search
from .differences import (
    Finding,
    entries,
    name_of,
    named,
    ordered_entries,
    relative_difference,
    relative_error,
    some_entries,
    wide,
)


def check_limit(
    function: Callable[..., Any],
    limit: Callable[..., Any],
    *,
    strategy: Any,
    approach: Any,
    rtol: float,
    examples: int | None = None,
) -> Certificate:
    """`function(problem, x)` tends to `limit(problem)` as x runs through `approach`.

    Where the limit is infinite the error is 1 / abs(value).

    Parameters
    ----------
    function : callable
        Of the drawn argument(s) and the whole grid `approach`; returns a Solution, or arrays whose last axis is the
        grid.
    limit : callable
        Of the drawn argument(s); may leave out entries, which are then not checked.
    strategy : SearchStrategy or tuple of SearchStrategy
        `verify.problems(...)`, any hypothesis strategy, or a tuple of them for several arguments.
    approach : array_like
        (T >= 2,), grid of x towards the limit, for example `np.geomspace(1, 1e4, 5)` for infinity, `np.geomspace(1,
        1e-8, 5)` for zero.
    rtol : float
        Relative error allowed at the last x; the errors on the way are told, since a curve may overshoot.
    examples : int, optional
        How many points; default: what the hypothesis profile says.

    Returns
    -------
    Certificate
        The worst point, and what it was held against; print it.

    Raises
    ------
    CounterExample
        Where the property fails, with the simplest argument at which it does.
    BadValue
        For an argument out of its range, named with what is allowed; for a function that returns nothing to compare;
        where hypothesis is not installed.

    Examples
    --------
    >>> from grok_theory.verify import numbers
    >>> grid, some = [1e3, 1e6, 1e9], numbers(0.1, 10.0)
    >>> done = check_limit(
    ...     lambda a, x: a * x / (1 + x), lambda a: a, strategy=some, approach=grid, rtol=1e-6, examples=20
    ... )
    >>> print(done.worst <= done.allowed)
    True
    """
    grid = _grid("approach", approach)
    check_non_negative("rtol", rtol, "Pass the relative error allowed at the end of the approach, for example 1e-6.")
    call, end = guarded(function, "the function"), guarded(limit, "the limit")

    def judge(*arguments: Any) -> Finding:
        have, want = entries(call(*arguments, grid)), some_entries(end(*arguments), "the limit")
        worst = Finding(0.0)
        for path, goal in want.items():
            name = named(path)
            if path not in have or have[path].shape != (*goal.shape, grid.size):
                return Finding(np.inf, f"{name or 'the value'}: the function does not return (*limit, grid) for it")
            if not goal.size:
                continue
            # In floats: narrow integers wrap, in their absolute value too.
            values, target = wide(have[path]), wide(goal)[..., None]
            infinite = np.isinf(target)
            finite_part = relative_error(values, np.where(infinite, 1.0, target))
            with np.errstate(divide="ignore"):
                error = np.where(
                    infinite, np.where(np.sign(values) == np.sign(target), 1 / np.abs(values), np.inf), finite_part
                )
            last = error[..., -1]
            at = np.unravel_index(np.argmax(last), last.shape)
            if not last[at] <= worst.error:
                values, way = values[at] if at else values, error[at] if at else error
                steps = ", ".join(f"{step:.1e}" for step in way)
                seen = f"value {values[-1]:.10g}, limit {goal[at]:.10g}, errors on the way {steps}"
                worst = Finding(float(last[at]), f"{name}: {seen}".lstrip(": "))
        return worst

    claim = f"{name_of(function)} tends to {name_of(limit)} as x goes to {grid[-1]:g}"
    return search(claim, judge, strategy, allowed=float(rtol), unit="relative error", examples=examples)


def check_monotone(
    function: Callable[..., Any],
    *,
    strategy: Any,
    over: Any,
    direction: str = "increasing",
    strict: bool = False,
    rtol: float = 1e-12,
    examples: int | None = None,
) -> Certificate:
    """`function(problem, x)` never falls (`direction="increasing"`) or never rises ("decreasing") along `over`.

    A step the wrong way counts relative to the larger neighbour; up to `rtol` it is rounding.

    Parameters
    ----------
    function : callable
        Of the drawn argument(s) and the whole grid `over`; returns a Solution, or arrays whose last axis is the grid.
        nan fails.
    strategy : SearchStrategy or tuple of SearchStrategy
        `verify.problems(...)`, any hypothesis strategy, or a tuple of them for several arguments.
    over : array_like
        (T >= 2,), the grid of x.
    direction : str, default 'increasing'
        "increasing" or "decreasing".
    strict : bool, default False
        Whether neighbours must differ.
    rtol : float, default 1e-12
        Greatest step the wrong way that passes, relative to the larger neighbour.
    examples : int, optional
        How many points; default: what the hypothesis profile says.

    Returns
    -------
    Certificate
        The worst point, and what it was held against; print it.

    Raises
    ------
    CounterExample
        Where the property fails, with the simplest argument at which it does.
    BadValue
        For an argument out of its range, named with what is allowed; for a function that returns nothing to compare, or
        complex numbers; where hypothesis is not installed.

    Examples
    --------
    >>> from grok_theory.verify import numbers
    >>> done = check_monotone(lambda a, x: a * x, strategy=numbers(0.1, 10.0), over=[1.0, 2.0, 3.0], examples=20)
    >>> print(done.points > 0)
    True
    """
    grid = _grid("over", over)
    check_choice("direction", direction, ("increasing", "decreasing"))
    call, sign = guarded(function, "the function"), 1.0 if direction == "increasing" else -1.0

    def judge(*arguments: Any) -> Finding:
        worst = Finding(0.0)
        for path, values in ordered_entries(call(*arguments, grid), "the function").items():
            name = named(path)
            if values.shape[-1:] != grid.shape:
                return Finding(
                    np.inf, f"{name or 'the value'} has shape {values.shape}, but its last axis must be the grid"
                )
            if not values.size:
                continue
            left, right = values[..., :-1], values[..., 1:]
            # The step in floats, where no integer wraps; which way it goes by the values, where none is rounded.
            one, other = wide(left), wide(right)
            size = np.maximum(np.maximum(np.abs(one), np.abs(other)), np.finfo(float).tiny)
            with np.errstate(invalid="ignore"):
                wrong = sign * (one / size - other / size)
            # From or to infinity the right way is no fault, the wrong way (inf / inf) an infinite one.
            wrong = np.where(left < right if sign > 0 else left > right, 0.0, wrong)
            wrong = np.where(left == right, np.inf if strict else 0.0, wrong)
            wrong = np.where(np.isnan(wrong), np.inf, wrong)
            at = np.unravel_index(np.argmax(wrong), wrong.shape)
            if not wrong[at] <= worst.error:
                k = at[-1]
                step = f"{left[at]:.10g} at x = {grid[k]:g}, then {right[at]:.10g} at x = {grid[k + 1]:g}"
                worst = Finding(float(wrong[at]), f"{name}: {step}".lstrip(": "))
        return worst

    claim = f"{name_of(function)} is {'strictly ' if strict else ''}{direction} on [{grid.min():g}, {grid.max():g}]"
    return search(claim, judge, strategy, allowed=float(rtol), unit="relative step the wrong way", examples=examples)


def check_exponent(
    function: Callable[..., Any],
    exponent: float | Callable[..., float],
    *,
    strategy: Any,
    over: Any,
    tolerance: float = 0.05,
    examples: int | None = None,
) -> Certificate:
    """`function(problem, x)` grows like x^exponent along the grid `over`.

    The slope of log abs(value) against log x is fitted by least squares on all of `over`: let it lie where the law
    holds. To check how a limit is approached, return the distance from it.

    Parameters
    ----------
    function : callable
        Of the drawn argument(s) and the whole grid `over`; returns a Solution, or arrays whose last axis is the grid.
        Values must be finite and of one sign.
    exponent : float or callable
        The exponent, or a function of the drawn argument(s) that returns it.
    strategy : SearchStrategy or tuple of SearchStrategy
        `verify.problems(...)`, any hypothesis strategy, or a tuple of them for several arguments.
    over : array_like
        (T >= 2,), the grid of x > 0.
    tolerance : float, default 0.05
        How far the fitted slope may be off, > 0.
    examples : int, optional
        How many points; default: what the hypothesis profile says.

    Returns
    -------
    Certificate
        The worst point, and what it was held against; print it.

    Raises
    ------
    CounterExample
        Where the property fails, with the simplest argument at which it does.
    BadValue
        For an argument out of its range, named with what is allowed; for a function that returns nothing to compare, or
        complex numbers; where hypothesis is not installed.

    Examples
    --------
    >>> from grok_theory.verify import numbers
    >>> grid, some = [1.0, 10.0, 100.0], numbers(0.1, 10.0)
    >>> done = check_exponent(lambda a, x: a * x**1.5, 1.5, strategy=some, over=grid, examples=20)
    >>> print(done.worst < 0.05)
    True
    """
    grid = _grid("over", over)
    check_positive("over", grid, "A power law needs positive x, for example np.geomspace(1e2, 1e4, 9).")
    check_positive("tolerance", tolerance, "Pass how far the fitted slope may be off, for example 0.05.")
    call = guarded(function, "the function")
    expected = guarded(exponent if callable(exponent) else lambda *_: exponent, "the exponent")
    centred = np.log(grid) - np.log(grid).mean()

    def judge(*arguments: Any) -> Finding:
        target, worst = float(expected(*arguments)), Finding(0.0)
        for path, values in ordered_entries(call(*arguments, grid), "the function").items():
            name = named(path)
            if values.shape[-1:] != grid.shape:
                return Finding(
                    np.inf, f"{name or 'the value'} has shape {values.shape}, but its last axis must be the grid"
                )
            if not values.size:
                continue
            values = wide(values)
            one_sign = np.all(values > 0, -1) | np.all(values < 0, -1)  # by no product, which may underflow
            if not (np.all(np.isfinite(values)) and np.all(one_sign)):
                return Finding(np.inf, f"{name}: values are not finite and of one sign".lstrip(": "))
            slopes = np.log(np.abs(values)) @ centred / (centred @ centred)
            error = np.abs(slopes - target)
            at = np.unravel_index(np.argmax(error), error.shape)
            if not error[at] <= worst.error:
                slope = f"fitted exponent {np.asarray(slopes)[at]:.4f}, expected {target:g}"
                worst = Finding(float(error[at]), f"{name}: {slope}".lstrip(": "))
        return worst

    law = "a power of x" if callable(exponent) else f"x^{exponent:g}"
    claim = f"{name_of(function)} goes like {law} on [{grid.min():g}, {grid.max():g}]"
    return search(claim, judge, strategy, allowed=float(tolerance), unit="exponent off by", examples=examples)


def check_symmetry(
    function: Callable[..., Any],
    transform: Callable[..., Any],
    *,
    strategy: Any,
    image: Callable[..., Any] | None = None,
    rtol: float = 1e-12,
    examples: int | None = None,
) -> Certificate:
    """`function(transform(problem))` is `image(function(problem), problem)`; without `image` it is unchanged.

    With several drawn arguments, `function`, `transform` and `image` get all of them, and `transform` returns a tuple.
    Example: noise times a is losses times a^2. `transform=lambda p, a: (replace(p, noise=a * p.noise), a)` and
    `image=lambda losses, p, a: jax.tree_util.tree_map(lambda loss: a**2 * loss, losses)`.

    Parameters
    ----------
    function : callable
        Of the drawn argument(s); returns a Solution, or numbers and arrays in any structure.
    transform : callable
        Of the drawn argument(s); returns those at which the function is looked at instead.
    strategy : SearchStrategy or tuple of SearchStrategy
        `verify.problems(...)`, any hypothesis strategy, or a tuple of them for several arguments.
    image : callable, optional
        Of what `function` returned and of the drawn argument(s); returns what is expected after the transform.
    rtol : float, default 1e-12
        Greatest relative error allowed, entry by entry.
    examples : int, optional
        How many points; default: what the hypothesis profile says.

    Returns
    -------
    Certificate
        The worst point, and what it was held against; print it.

    Raises
    ------
    CounterExample
        Where the property fails, with the simplest argument at which it does.
    BadValue
        For an argument out of its range, named with what is allowed; for a function that returns nothing to compare;
        where hypothesis is not installed.

    Examples
    --------
    >>> from grok_theory.verify import numbers
    >>> done = check_symmetry(lambda a: a * a, lambda a: -a, strategy=numbers(0.1, 10.0), examples=20)
    >>> print(done.worst)
    0.0
    """
    check_non_negative("rtol", rtol, "Pass the relative error allowed, for example 1e-12.")
    call, moved = guarded(function, "the function"), guarded(transform, "the transform")
    seen = guarded(image or (lambda value, *_: value), "the image")

    def judge(*arguments: Any) -> Finding:
        target = moved(*arguments)
        target = target if isinstance(strategy, tuple) else (target,)
        value = call(*arguments)
        some_entries(value, "the function")
        return relative_difference(call(*target), seen(value, *arguments), "after the transform", "by the symmetry")

    claim = f"{name_of(function)} keeps the symmetry {name_of(transform)}"
    return search(claim, judge, strategy, allowed=float(rtol), unit="relative error", examples=examples)


def _grid(name: str, values: Any) -> np.ndarray:
    check_numbers(name, values, "Pass for example np.geomspace(1, 100, 5).")
    grid = np.asarray(values, float)
    if grid.ndim != 1 or grid.size < 2:
        raise BadValue(
            f"{name} has shape {grid.shape}, but it must be a list of at least two numbers. "
            "Pass for example np.geomspace(1, 100, 5)."
        )
    return grid
