"""Is there a barrier between two networks? The loss on the straight line between their parameters."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..checks import check_integer
from ..errors import BadValue


def path_losses(loss: Callable[[Any], Any], a: Any, b: Any, points: int = 21) -> tuple[np.ndarray, np.ndarray]:
    """The loss at (1 - s) a + s b for equally spaced s from 0 to 1.

    Parameters
    ----------
    loss : callable
        From parameters to one number; not traced, called once a point.
    a, b : pytree
        Parameters of two networks: arrays, or trees of them of the same structure and shapes.
    points : int, default 21
        How many s, both ends included, >= 3.

    Returns
    -------
    tuple[ndarray, ndarray]
        s and the losses, each (points,); inf is a loss, nan is refused.

    Raises
    ------
    BadValue
        For parameters of different structure or shape, `points` below 3, a loss that is no function, and one that gives
        nan or no number.

    Examples
    --------
    >>> s, losses = path_losses(lambda w: (w**2 - 1) ** 2, -1.0, 1.0, points=5)
    >>> print(losses.round(4))
    [0.     0.5625 1.     0.5625 0.    ]
    """
    if not callable(loss):
        raise BadValue(f"loss is {loss!r}, but it must be callable. Pass a function from parameters to a loss.")
    points = check_integer("points", points, 3, "Pass how many points the path has, for example 21.")
    if jax.tree_util.tree_structure(a) != jax.tree_util.tree_structure(b):
        raise BadValue(
            f"b has structure {jax.tree_util.tree_structure(b)}, but it must have that of a, "
            f"{jax.tree_util.tree_structure(a)}. Pass parameters of the same network."
        )
    for one, other in zip(jax.tree_util.tree_leaves(a), jax.tree_util.tree_leaves(b), strict=True):
        if np.shape(one) != np.shape(other):
            raise BadValue(
                f"b has a part of shape {np.shape(other)} where a has {np.shape(one)}, but they must be equal. Pass "
                "parameters of the same network."
            )
    fractions = np.linspace(0.0, 1.0, points)
    # The ends are the networks themselves, to the last digit.
    between = [jax.tree_util.tree_map(lambda x, y, s=s: (1 - s) * x + s * y, a, b) for s in fractions[1:-1]]
    losses = [_number(loss(parameters), s) for parameters, s in zip([a, *between, b], fractions, strict=True)]
    return fractions, np.array(losses)


def path_barrier(loss: Callable[[Any], Any], a: Any, b: Any, points: int = 21) -> float:
    """Largest rise above the worse end, max_s L((1 - s) a + s b) - max(L(a), L(b)); zero where there is none.

    A quadratic loss has no barrier, nor has any convex one: L(s) - [(1 - s) L(a) + s L(b)] = -s(1 - s)/2 (a - b)^T H
    (a - b) <= 0. The linear-mode-connectivity literature subtracts the mean of the ends instead, its "error barrier" or
    "instability": `path_losses` gives what that needs, and it is larger by half of the ends' difference.

    Parameters
    ----------
    loss : callable
        From parameters to one number; not traced, called once a point.
    a, b : pytree
        Parameters of two networks: arrays, or trees of them of the same structure and shapes.
    points : int, default 21
        How many s, both ends included, >= 3. What lies between them is not seen: the barrier is a lower bound.

    Returns
    -------
    float
        >= 0, in the unit of the loss.

    Raises
    ------
    BadValue
        For parameters of different structure or shape, `points` below 3, and a loss that is nan or no number.

    References
    ----------
    Frankle, Dziugaite, Roy & Carbin, Linear mode connectivity and the lottery ticket hypothesis, ICML 2020.

    Examples
    --------
    >>> print(path_barrier(lambda w: (w**2 - 1) ** 2, -1.0, 1.0), path_barrier(lambda w: w**2, -1.0, 3.0))
    1.0 0.0
    """
    _, losses = path_losses(loss, a, b, points)
    ends = max(losses[0], losses[-1])
    return 0.0 if ends == np.inf else float(losses.max() - ends)


def _number(value, s):
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise BadValue(
            f"loss gives {value!r} at s = {s:g}, but it must be one number. Pass a function from parameters to a loss."
        ) from None
    if np.isnan(found):
        raise BadValue(f"loss is nan at s = {s:g}, but it must be a number. Look at the network there.")
    return found
