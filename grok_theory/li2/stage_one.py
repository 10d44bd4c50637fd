"""Stage I solved on the split and the hidden layer with which run 0 of `simulate` begins: `Lazy`, exact at all times.

The hidden layer is frozen. It is not the whole training: `compare` says how far it carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ..checks import check_memory
from ..dynamics import GradientDescent, GradientFlow, check_dynamics, check_x
from ..numerics.invariants import COSINE, NON_NEGATIVE, PROBABILITY, hold
from ..numerics.padding import cut, repeated
from ..numerics.programs import compiled_soonest
from ..results import Solution
from ..status import FAILED, GOOD, NOTED, Status
from .lazy_modes import mean_cosine, modes
from .methods import Lazy
from .network import UNDEFINED, centred_features, features_of
from .problem import GroupTask
from .training.conditions import conditions_of
from .training.losses import SquaredLoss
from .training.starts import Initial, samples_of, start_of_run

CLOSE = 1e-9  # predictions nearer than this may swap their order by rounding
LAZY_RANGES = {
    "train_loss": NON_NEGATIVE,
    "test_loss": NON_NEGATIVE,
    "train_accuracy": PROBABILITY,
    "test_accuracy": PROBABILITY,
    "gradient_norm": NON_NEGATIVE,
    "alignment": COSINE,
}
SAFETY = 3.0  # largest of two random shifts against the one that rounding makes; benchmarks/numerical_error.py


def _backward_errors(features: np.ndarray, largest_rate: float) -> list[np.ndarray]:
    """Two random shifts of the features, as large as what their singular value decomposition is exact up to."""
    draws = np.random.default_rng(0).standard_normal((2, *features.shape))
    norm = 4 * np.finfo(float).eps * np.sqrt(largest_rate)
    return [norm * draw / np.sqrt(max(features.shape)) for draw in draws]


def lazy_solution(
    task: GroupTask,
    x: ArrayLike | Sequence,
    method: Lazy,
    dynamics: GradientFlow | GradientDescent | None,
    *,
    width: int,
    key: Array,
    initial: Initial,
) -> Solution:
    """The Solution of stage I from the start of run 0, at the times or steps `x` of `dynamics`."""
    start = start_of_run(task, width=width, key=key, initial=initial)
    dynamics = GradientFlow() if dynamics is None else dynamics
    check_dynamics(dynamics, (GradientFlow, GradientDescent), "li2.Lazy")
    check_x(dynamics, x)
    x = np.asarray(x, float)
    drawn, order = start.task, task.group.order
    check_memory(
        f"Stage I of {len(start.hidden)} nodes on {order**2} pairs",
        8.0 * (4 * order**2 * len(start.hidden) + 3 * len(start.hidden) ** 2),
        "Lower width.",
    )
    descends = isinstance(dynamics, GradientDescent)
    size = float(task.tau_per_step(dynamics)) if isinstance(dynamics, GradientDescent) else 0.0
    samples = samples_of(drawn)
    readout = start.readout
    if task.centering == "classes":
        readout = readout - readout.mean(axis=1, keepdims=True)
    features, targets = centred_features(drawn, start.hidden, samples.pairs[: task.samples], samples.labels)
    table = features_of(drawn, start.hidden, samples.pairs)
    follow = partial(
        _lazy_curves,
        targets=targets,
        table=table,
        every_label=np.concatenate([samples.labels, samples.products[task.samples :]]).astype(int),
        readout=readout,
        ridge=np.asarray(drawn.ridge, float),
        size=np.asarray(size),
        counts=repeated(x),
        descends=descends,
        by_samples=task.centering == "samples",
    )

    def read(features):
        curves, blurred, largest = follow(features)
        return cut((curves, blurred), len(x)), np.asarray(largest)

    (curves, blurred), largest = read(features)
    # Sums over n K products in float64, and the decomposition: how far curves move when the features do, by what it
    # is exact up to. Accuracies can be wrong only where two classes are equal to rounding.
    moved = [read(features + shift)[0][0] for shift in _backward_errors(features, float(largest))]
    rounding = 8 * np.finfo(float).eps * np.sqrt(task.samples * len(start.hidden))
    error = {
        name: rounding * np.abs(values) + SAFETY * np.max([np.abs(other[name] - values) for other in moved], axis=0)
        for name, values in curves.items()
    }
    error |= {name: values + np.finfo(float).eps for name, values in blurred.items()}
    finite = all(np.isfinite(values).all() for name, values in curves.items() if name != "alignment")
    held = hold(curves, error, GOOD if finite else FAILED, LAZY_RANGES)
    curves, level = held.curves, int(held.level)
    return Solution(
        task,
        x,
        curves,
        dynamics.x_name,
        dynamics,
        method,
        x_unit=dynamics.x_unit,
        numerical_error=error,
        stats={"largest_rate": float(largest), "ridge": float(drawn.ridge)},
        status=Status(
            level if level != GOOD or not np.isnan(curves["alignment"]).any() else NOTED,
            noted=_remark(level == NOTED, bool(np.isnan(curves["alignment"]).any())),
            failed=_diverged(task.samples / float(largest))
            if descends
            else "A curve left its range or is no finite number: the hidden layer, the read-out or the weight decay is "
            "too large or too small for float64. Bring them nearer to 1.",
        ),
        run=0,
        conditions=conditions_of(SquaredLoss(), initial, train_hidden=None),
    )


@partial(compiled_soonest, static_argnames=("descends", "by_samples"))
def _lazy_curves(features, targets, table, every_label, readout, ridge, size, counts, *, descends, by_samples):
    here = modes(features, targets, readout, ridge)
    leading = targets @ (targets.T @ features)
    count, order = targets.shape
    hot = jax.nn.one_hot(every_label[:count], order, dtype=targets.dtype)

    def at(position):
        rest, weights = here.stepped(size, position) if descends else here.flowed(position)
        gradient = rest @ weights.T
        every = table @ weights
        bias = jnp.mean(hot - every[:count], axis=0) if by_samples else jnp.full(order, 1 / order)
        said = every + bias[None]
        right = jnp.asarray(jnp.argmax(said, axis=1) == every_label, targets.dtype)
        close = jnp.asarray(_near_tie(said), targets.dtype)
        curves = {
            "train_loss": jnp.sum(rest**2) / count,
            "train_accuracy": jnp.mean(right[:count]),
            "gradient_norm": jnp.linalg.norm(gradient),
            "alignment": mean_cosine(gradient, leading),
        }
        blurred = {"train_accuracy": jnp.mean(close[:count])}
        if len(every_label) > count:
            wrong = jax.nn.one_hot(every_label[count:], order, dtype=targets.dtype) - said[count:]
            curves["test_loss"] = jnp.mean(jnp.sum(wrong**2, axis=1))
            curves["test_accuracy"] = jnp.mean(right[count:])
            blurred["test_accuracy"] = jnp.mean(close[count:])
        return curves, blurred

    curves, blurred = jax.lax.map(at, counts)
    return curves, blurred, jnp.max(here.rate)


def _near_tie(predictions: Array) -> Array:
    """Whether the two largest entries of a row are equal to `CLOSE`."""
    largest = jax.lax.top_k(predictions, 2)[0]
    return largest[:, 0] - largest[:, 1] < CLOSE


def _remark(inaccurate: bool, undefined: bool) -> str:
    said = (
        "The numerical_error of a curve exceeds 1 % of its value somewhere; for an accuracy it is the share of pairs "
        "whose two likeliest classes are equal to rounding, as all are for a read-out of zero: read numerical_error "
        "there."
    )
    return " ".join(text for text, holds in ((said, inaccurate), (UNDEFINED, undefined)) if holds)


def _diverged(largest: float) -> str:
    return (
        f"Descent diverges: learning_rate must stay below n / largest_rate = {largest:.4g}. Pass a smaller one, or "
        "take GradientFlow()."
    )
