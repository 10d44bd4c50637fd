"""The stages where theory speaks, on the split and the hidden layer with which run 0 of `simulate` begins.

`Lazy`: stage I, the hidden layer frozen, exact at all times. `FeatureAscent`: stage II, every node by itself up its
energy on the unit sphere. Neither is the whole training: `compare` and `trained_features` say how far each carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ..checks import check_key, check_memory, check_positive, check_times, is_traced, require_float64
from ..dynamics import GradientDescent, GradientFlow, check_dynamics, check_x
from ..errors import BadValue
from ..numerics.invariants import COSINE, INACCURATE, NON_NEGATIVE, PROBABILITY, hold
from ..pytrees import record
from ..results import FAILED, GOOD, NOTED, Field, Solution, Status
from .feature_energy import energy_function
from .groups.real_representations import real_irreps
from .lazy_stage import centred_features, mean_cosine, modes
from .problem import GroupTask
from .runs.trained import component_basis, conditions_of
from .training.loop import UNDEFINED, activity
from .training.losses import SquaredLoss
from .training.starts import Initial, TorchUniform, check_initial, samples_of, start_of_run

CLOSE = 1e-9  # predictions nearer than this may swap their order by rounding
LAZY_RANGES = {
    "train_loss": NON_NEGATIVE,
    "test_loss": NON_NEGATIVE,
    "train_accuracy": PROBABILITY,
    "test_accuracy": PROBABILITY,
    "gradient_norm": NON_NEGATIVE,
    "alignment": COSINE,
}
ASCENT_RANGES = {"energy": NON_NEGATIVE, "feature_purity": PROBABILITY}
SAFETY = 3.0  # largest of two random shifts against the one that rounding makes; benchmarks/numerical_error.py


def _backward_errors(features: np.ndarray, largest_rate: float) -> list[np.ndarray]:
    """Two random shifts of the features, as large as what their singular value decomposition is exact up to."""
    draws = np.random.default_rng(0).standard_normal((2, *features.shape))
    norm = 4 * np.finfo(float).eps * np.sqrt(largest_rate)
    return [norm * draw / np.sqrt(max(features.shape)) for draw in draws]


@record()
class Lazy:
    """Stage I: the read-out learns, the hidden layer is frozen; exact by one singular value decomposition.

    Under descent it matches `simulate(..., train_hidden=False)` to rounding; a hidden layer that learns leaves it.
    """


@record()
class FeatureAscent:
    """Stage II: dw/dt = grad_T E(w) / (4 max_k E*_k) for every node by itself, on ||w|| = 1.

    Near the highest maximum of the full table the distance shrinks like e^-t. `tolerance`: of the integrator, relative.
    """

    tolerance: Any = 1e-8

    def __post_init__(self) -> None:
        check_positive("tolerance", self.tolerance, "Pass a relative tolerance, for example 1e-8.")


def solve(
    task: GroupTask,
    x: ArrayLike | Sequence,
    *,
    dynamics: GradientFlow | GradientDescent | None = None,
    width: int,
    key: Array,
    method: Lazy | FeatureAscent | None = None,
    initial: Initial | None = None,
    throw: bool = True,
) -> Solution:
    """What theory says about run 0 of `simulate(task, ..., width=width, key=key)`.

    **Arguments:**
    - `x`: (T,) >= 0, non-decreasing: times of the gradient flow of J, or steps of descent; for `FeatureAscent` times in
      units of the rate at the highest maximum.
    - `dynamics`: for `Lazy`: `GradientFlow()` (default) or `GradientDescent(learning_rate)`. The ascent takes none.
    - `width`, `key`, `initial`: as in `simulate`; a task without fixed pairs gets the split of run 0.
    - `method`: `Lazy()` by default, or `FeatureAscent()`.

    **Returns:** a Solution, `run` = 0. `Lazy`: curves `train_loss`, `test_loss`, `train_accuracy`, `test_accuracy`
    (no test curves on the full table), `gradient_norm`, `alignment`, as in `simulate`; stats `largest_rate` and
    `fixed_alignment`. `FeatureAscent`: `energy` (mean over the nodes), `feature_purity` (median), fields `energy`,
    `purity` (time, node), `irrep_share` (time, irrep).

    Raises `BadValue`, `TooLarge`, `Float64Required`, `SolveFailed`.
    """
    require_float64("li2.solve")
    method = Lazy() if method is None else method
    initial = TorchUniform() if initial is None else initial
    if not isinstance(method, (Lazy, FeatureAscent)):
        raise BadValue(f"method is {method!r}, but it must be Lazy(...) or FeatureAscent(...). Pass one.")
    if not isinstance(task, GroupTask):
        raise BadValue(f"task is {task!r}, but it must be a GroupTask. Build one with GroupTask(cyclic(23), ...).")
    check_initial(initial)
    check_key(key)
    start = start_of_run(task, width=width, key=key, initial=initial)
    if isinstance(method, FeatureAscent):
        if dynamics is not None:
            raise BadValue(f"dynamics is {dynamics!r}, but FeatureAscent has its own, on the sphere. Leave it out.")
        check_times(x)
        return _ascent(task, start, np.asarray(x, float), method).checked(throw)
    dynamics = GradientFlow() if dynamics is None else dynamics
    check_dynamics(dynamics, (GradientFlow, GradientDescent), "li2.Lazy")
    check_x(dynamics, x)
    return _lazy(task, start, np.asarray(x, float), dynamics, method, initial).checked(throw)


def _lazy(task: GroupTask, start: Any, x: np.ndarray, dynamics: Any, method: Lazy, initial: Initial) -> Solution:
    drawn, order = start.task, task.group.order
    check_memory(
        f"Stage I of {len(start.hidden)} nodes on {order**2} pairs",
        8.0 * (4 * order**2 * len(start.hidden) + 3 * len(start.hidden) ** 2),
        "Lower width.",
    )
    descends = isinstance(dynamics, GradientDescent)
    size = float(task.tau_per_step(dynamics)) if descends else 0.0
    samples = samples_of(drawn)
    readout = start.readout
    if task.centering == "classes":
        readout = readout - readout.mean(axis=1, keepdims=True)
    features, targets = centred_features(
        drawn, jnp.asarray(start.hidden), samples.pairs[: task.samples], samples.labels
    )
    unseen = activity(drawn, jnp.asarray(start.hidden), samples.pairs)
    follow = partial(
        _lazy_curves,
        targets=targets,
        table=unseen,
        every_label=jnp.asarray(np.concatenate([samples.labels, samples.products[task.samples :]]), int),
        readout=jnp.asarray(readout),
        ridge=jnp.asarray(drawn.ridge, jnp.float64),
        size=jnp.asarray(size),
        counts=jnp.asarray(x, jnp.float64),
        descends=descends,
        by_samples=task.centering == "samples",
    )
    curves, blurred, largest = follow(features)
    # Sums over n K products in float64, and the decomposition: how far curves move when the features do, by what it
    # is exact up to. Accuracies can be wrong only where two classes are equal to rounding.
    moved = [follow(features + shift)[0] for shift in _backward_errors(np.asarray(features), float(largest))]
    rounding = 8 * np.finfo(float).eps * np.sqrt(task.samples * len(start.hidden))
    error = {
        name: rounding * np.abs(values) + SAFETY * np.max([np.abs(other[name] - values) for other in moved], axis=0)
        for name, values in curves.items()
    }
    error |= {name: np.asarray(values) + np.finfo(float).eps for name, values in blurred.items()}
    finite = all(np.isfinite(values).all() for name, values in curves.items() if name != "alignment")
    held = hold(curves, error, GOOD if finite else FAILED, LAZY_RANGES)
    curves, level = {name: np.asarray(values) for name, values in held.curves.items()}, int(held.level)
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


@partial(jax.jit, static_argnames=("descends", "by_samples"))
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


def _near_tie(predictions):
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


def _ascent(task: GroupTask, start: Any, times: np.ndarray, method: FeatureAscent) -> Solution:
    drawn = start.task
    functions, members = (jnp.asarray(a) for a in component_basis(task.group))
    scale = 2.0 * task.group.order / min(r.real_degree for r in real_irreps(task.group))  # 4 max E*
    nodes = jnp.asarray(start.hidden / np.linalg.norm(start.hidden, axis=1, keepdims=True))
    arguments = (energy_function(drawn), nodes, jnp.asarray(times), jnp.asarray(scale), functions, members)
    energies, purity, share, ok = _climb(*arguments, jnp.asarray(float(method.tolerance)))
    rough = _climb(*arguments, jnp.asarray(100.0 * float(method.tolerance)))
    curves = {"energy": energies.mean(axis=1), "feature_purity": jnp.median(purity, axis=1)}
    # The coarse solution is a hundred times less accurate: its distance bounds the error from above.
    error = {
        "energy": jnp.abs(curves["energy"] - rough[0].mean(axis=1)),
        "feature_purity": jnp.abs(curves["feature_purity"] - jnp.median(rough[1], axis=1)),
    }
    rounding = np.finfo(float).eps * 8 * np.sqrt(task.samples)
    # Before the first step is done both marches are the same.
    error = {
        name: values + (rounding + 10 * float(method.tolerance)) * jnp.abs(curves[name])
        for name, values in error.items()
    }
    level = GOOD if not is_traced(ok) and bool(ok) and bool(rough[3]) else FAILED
    held = hold(curves, error, level, ASCENT_RANGES)
    curves, level = held.curves, int(held.level)
    return Solution(
        task,
        times,
        {name: np.asarray(values) for name, values in curves.items()},
        "time",
        None,
        method,
        numerical_error={name: np.asarray(values) for name, values in error.items()},
        fields={
            "energy": Field(np.asarray(energies), ("time", "node")),
            "purity": Field(np.asarray(purity), ("time", "node")),
            "irrep_share": Field(np.asarray(share), ("time", "irrep")),
        },
        status=Status(
            level,
            noted=INACCURATE,
            failed="The integrator did not reach the last time. Pass earlier times (every node is at a maximum long "
            "before 1e4), or a tolerance from 1e-13 to 1e-3.",
        ),
        run=0,
    )


@jax.jit
def _climb(function, nodes, times, scale, functions, members, tolerance):
    def velocity(_, w, __):
        slope = jax.grad(lambda x: jnp.sum(function(x)))(w)
        # The sphere is kept by the field itself: w . velocity = 0 up to the integrator's error, taken out below.
        return (slope - jnp.sum(w * slope, axis=1, keepdims=True) * w) / scale

    found = diffrax.diffeqsolve(
        diffrax.ODETerm(velocity),
        diffrax.Tsit5(),
        0.0,
        jnp.maximum(times[-1], 1e-12),
        None,
        nodes,
        saveat=diffrax.SaveAt(ts=times),
        # A step ends at every time asked for: dense output between steps has errors that both marches share.
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=tolerance, atol=tolerance), step_ts=times
        ),
        max_steps=16384,
        throw=False,
    )

    def read(w):
        w = w / jnp.linalg.norm(w, axis=1, keepdims=True)
        mass = jnp.sum((w.reshape(len(w), 2, -1) @ functions) ** 2, axis=1) @ members
        return function(w), jnp.max(mass, axis=1), jnp.mean(mass, axis=0)

    energies, purity, share = jax.lax.map(read, found.ys)
    return energies, purity, share, found.result == diffrax.RESULTS.successful
