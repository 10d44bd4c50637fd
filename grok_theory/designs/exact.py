"""Targets that a wing answers exactly by itself: what a search would find, without the search.

A wing is asked by the names of its verbs, as `fit` asks for `log_loss_law`: `optimal_ridge` and `optimal_stopping` if
a test loss is to be least, `samples_needed` if an error is to be small enough.
"""

from __future__ import annotations

import inspect
import warnings
from typing import NamedTuple, get_args

import numpy as np

from ..dynamics import GradientFlow
from ..errors import GrokTheoryError
from .forward import Forward
from .search import Scale
from .targets import AtMost, CurveAt, Least, Target

ENDED = 1e-10  # relative: nearer to its end than this, a test loss has got there


class Exact(NamedTuple):
    """A value, and the verb that told it."""

    value: float
    verb: str


def exact_answer(forward: Forward, target: Target, scale: Scale) -> Exact | None:
    """The value that a search for `target` would find, from the wing's exact answer; None where it has none."""
    asked = getattr(target, "quantity", None)
    if not isinstance(asked, CurveAt) or asked.probability is not None:
        return None
    found, verb = None, ""
    if isinstance(target, Least) and target.subject_to is None and asked.curve == "test_loss":
        if forward.free == "weight_decay" and asked.x is not None:
            found, verb = _best_decay(forward, float(asked.x)), "optimal_ridge"
        elif forward.free == forward.x_name and forward.dynamics is not None:
            found, verb = _best_x(forward), "optimal_stopping"
    if isinstance(target, AtMost) and asked.curve == "error" and forward.free == forward.x_name == "samples":
        found, verb = _fewest_samples(forward, target, scale), "samples_needed"
    # An exact answer beyond the range is no answer inside it.
    return Exact(found, verb) if found is not None and scale.low <= found <= scale.high else None


def _takes(forward: Forward, verb: str) -> bool:
    """Whether the wing has that verb, and it takes this Problem."""
    known = getattr(forward.wing, verb, None)
    if known is None:
        return False
    kind = inspect.get_annotations(known, eval_str=True)["problem"]
    return isinstance(forward.problem, get_args(kind) or kind)


def _best_decay(forward: Forward, x: float) -> float | None:
    """Of ridge regression, which training with decay ends in: where x is so late that it has ended."""
    if not _takes(forward, "optimal_ridge") or not isinstance(forward.dynamics, GradientFlow):
        return None
    penalty = float(forward.wing.optimal_ridge(forward.problem).penalty)
    if not 0 < penalty < np.inf:
        return None
    problem, _, _ = forward.made(penalty)
    end = float(forward.wing.limits(problem).test_loss)
    there = forward(CurveAt("test_loss", x), penalty)
    return penalty if abs(there - end) <= ENDED * end else None


def _best_x(forward: Forward) -> float | None:
    if not _takes(forward, "optimal_stopping"):
        return None
    best = float(forward.wing.optimal_stopping(forward.problem, dynamics=forward.dynamics).time)
    return best if 0 < best < np.inf else None


def _fewest_samples(forward: Forward, target: AtMost, scale: Scale) -> float | None:
    # Another option is another method than the exact one.
    if not _takes(forward, "samples_needed") or set(forward.options) != {"temperature"} or target.bound <= 0:
        return None
    most = max(scale.high, 1.0)
    try:
        with warnings.catch_warnings(action="ignore"):  # of noted curves; the forward solve at the answer tells it
            needed = forward.wing.samples_needed(forward.problem, target.bound, **forward.options, max_samples=most)
    except GrokTheoryError:
        return None  # the search says why
    if not np.isfinite(needed):
        return None
    # A crossing is known to 1e-10: one at a whole number is that number.
    value = max(float(np.ceil(float(needed) * (1 - 1e-9))), float(np.ceil(scale.low)))
    # An error that has fallen may rise again, and a range may begin there.
    return value if forward(target.quantity, value) <= target.bound else None
