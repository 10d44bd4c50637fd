"""The task run for real: two-layer networks trained on the multiplication table, many curves read along the way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import numpy as np
import optax
from jax import Array

from ...checks import check_choice, check_integer, check_key, check_memory, check_runs, require_float64
from ...dynamics import SGD, Adam, Conditions, check_x, whole_steps
from ...errors import BadValue
from ...fields import check_single
from ...results import FAILED, GOOD, NOTED, Ensemble, Field, Status
from ..groups.group import Group
from ..groups.real_representations import isotypic_basis
from ..problem import GroupTask
from ..training.loop import UNDEFINED, train_batch
from ..training.losses import LOSSES, CrossEntropy, SquaredLoss, StableMaxCrossEntropy
from ..training.optimizers import Optimizer, as_optimizer
from ..training.starts import Initial, TorchUniform, check_initial, samples_of, start_of_run, training_key

_FIELD_AXES = {"purity": ("run", "step", "node"), "irrep_share": ("run", "step", "irrep")}


def simulate(
    task: GroupTask,
    x: Sequence[int] | np.ndarray,
    *,
    dynamics: Optimizer | optax.GradientTransformation | None = None,
    width: int,
    runs: int,
    key: Array,
    loss: SquaredLoss | CrossEntropy | StableMaxCrossEntropy | None = None,
    initial: Initial | None = None,
    train_hidden: bool = True,
    dtype: str = "float32",
    batch: int | None = None,
) -> Ensemble:
    """Train `runs` networks on the whole training set and read their curves at the steps `x`.

    **Arguments:**
    - `task`: run i draws its own split from (key, i), unless pairs are fixed. Any activation, centring, noise.
    - `x`: (T,) whole numbers >= 0, non-decreasing: steps made when the network is looked at; one of descent is
      `task.tau_per_step(dynamics)` of the flow of J.
    - `width`: K. `runs`: how many; run i depends on (key, i) only.
    - `dynamics`: `Adam(0.005)` by default; `GradientDescent`, `SGD`, `AdamW`, `Muon`, `OrthogonalGradient`,
      `Custom`, an optax transformation; `decay_of` says where the task's weight decay acts.
    - `loss`: `SquaredLoss()`, `CrossEntropy()`, `StableMaxCrossEntropy()`.
    - `initial`: `TorchUniform()`, `ZeroReadout()` (the same hidden layer, V = 0), `Gaussian(variance)`.
    - `train_hidden`: False freezes the hidden layer (stage I).
    - `dtype`: "float32" or "float64", of weights and gradients; starts are the same in both.
    - `batch`: runs computed together; the last digits depend on it, nothing on `runs`. By default one after another on
      a CPU, where together is slower (docs/li2_training.md), and 8 on an accelerator.

    **Returns:** an Ensemble. Its x is the step; with `GradientDescent` it is the time t = 2 learning_rate step / n of
    the flow of J. Curves (run, T): `train_loss`, `test_loss` (mean over samples of what the loss says, test samples
    being all pairs not trained on; none on the full table), `train_accuracy`, `test_accuracy`, `gradient_norm` (of
    G_F = -dJ/dF), `alignment` (mean cosine of its columns with Y~Y~^T F~), `off_diagonal` (mean |F~_j . F~_l| over
    mean |F~_j|^2), `hidden_change`, `readout_change` (Frobenius, from the start), `feature_purity` (median over the
    living nodes of the largest share in one irrep), `dead_nodes` (share of nodes a hundred times shorter than the
    longest); with label noise `corrupted_accuracy` (wrong labels fitted) and `corrected_accuracy` (wrong labels
    predicted right); with a cross-entropy `softmax_collapse` (share of training samples whose probability is exactly
    1). Fields: `purity` (run, step, node), `irrep_share` (run, step, irrep), the part of ||W||^2 in each row of
    `local_maxima`. `stats`: last `hidden` (run, K, 2M) and `readout` (run, K, M), `hidden_start`, `train_pairs`,
    `train_labels`, and what was run. A diverged run is nan from there on, and `status` says so.

    Raises `BadValue`, `TooLarge`; `Float64Required` for dtype="float64" without it.
    """
    dynamics = as_optimizer(Adam(0.005) if dynamics is None else dynamics, _checked(task).weight_decay)
    loss = SquaredLoss() if loss is None else loss
    initial = TorchUniform() if initial is None else initial
    if not isinstance(loss, LOSSES):
        raise BadValue(
            f"loss is {loss!r}, but it must be SquaredLoss(), CrossEntropy() or StableMaxCrossEntropy(). Pass one."
        )
    check_initial(initial)
    check_choice("dtype", dtype, ("float32", "float64"), "Pass the precision of the network.")
    if dtype == "float64":
        require_float64("li2.simulate with dtype='float64'")
    check_x(dynamics, x)
    steps = whole_steps(x)
    if isinstance(dynamics, SGD) and dynamics.batch_size > task.samples:
        raise BadValue(
            f"batch_size is {dynamics.batch_size}, but the task trains on {task.samples} pairs. Pass at most that many."
        )
    width = check_integer("width", width, 1, "Pass the number of hidden nodes, for example 256.")
    runs, _ = check_runs(runs), check_key(key)
    batch = _default_batch() if batch is None else check_integer("batch", batch, 1, "Pass how many runs go together.")
    _refuse_what_does_not_fit(task, width, runs, len(steps), batch)
    parts = []
    # Batches are aligned and full, so that what stands beside run i, and with it the last digit, depends on i alone.
    for first in range(0, runs, batch):
        starts = [start_of_run(task, width=width, key=key, run=first + i, initial=initial) for i in range(batch)]
        curves, fields, last = train_batch(
            [(samples_of(s.task), s.hidden, s.readout, training_key(key, first + i)) for i, s in enumerate(starts)],
            task,
            steps,
            dynamics,
            loss,
            component_basis(task.group),
            train_hidden=train_hidden,
            dtype=dtype,
            noisy=_is_noisy(task),
        )
        last["hidden_start"] = np.stack([s.hidden for s in starts])
        pairs_and_labels = [s.task.pairs_and_labels("simulate") for s in starts]
        last |= {"train_pairs": np.stack([p for p, _ in pairs_and_labels])}
        last |= {"train_labels": np.stack([h for _, h in pairs_and_labels])}
        parts.append((curves, fields, last))
    curves, fields, last = jax.tree.map(lambda *p: np.concatenate(p)[:runs], *parts)
    return Ensemble(
        task,
        steps.astype(float),
        curves,
        dynamics.x_name,
        dynamics,
        dynamics.x_unit,
        fields={name: Field(values, _FIELD_AXES[name]) for name, values in fields.items()},
        stats={
            **last,
            "width": width,
            "dtype": dtype,
        },
        status=_status(curves),
        conditions=conditions_of(loss, initial, train_hidden=bool(train_hidden)),
    )


def _checked(task: Any) -> GroupTask:
    if not isinstance(task, GroupTask):
        raise BadValue(f"task is {task!r}, but it must be a GroupTask. Build one with GroupTask(cyclic(23), ...).")
    check_single(task)
    return task


def conditions_of(loss: Any, initial: Any, *, train_hidden: bool | None) -> Conditions:
    """What a training of this wing can differ in; `train_hidden` None is not said."""
    trained = None if train_hidden is None else ("hidden", "readout") if train_hidden else ("readout",)
    return Conditions(loss=loss, start=initial, trained=trained)


@lru_cache(maxsize=32)
def component_basis(group: Group) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal functions (M, M - 1) of the nontrivial real irreps, and zeros and ones (M - 1, irreps): whose."""
    functions, row = isotypic_basis(group)
    return functions, np.eye(int(row.max()) + 1)[row]


def _is_noisy(task: GroupTask) -> bool:
    if task.train_labels is None:
        return task.train_pairs is None and float(task.label_noise) > 0
    first, second = np.asarray(task.train_pairs).T
    return not np.array_equal(task.group.table[first, second], np.asarray(task.train_labels))


def _default_batch() -> int:
    return 1 if jax.default_backend() == "cpu" else 8


def _refuse_what_does_not_fit(task: GroupTask, width: int, runs: int, looks: int, batch: int) -> None:
    order, pairs = task.group.order, task.group.order**2
    working = 4.0 * batch * (6 * pairs * width + 2 * width**2 + 16 * order * width)
    kept = 8.0 * runs * (looks * (width + order + 16) + 5 * order * width + 3 * task.samples)
    check_memory(
        f"Training {runs} networks of {width} nodes on {pairs} pairs, looked at {looks} times",
        working + kept,
        "Lower width, runs or the number of steps looked at.",
    )


def _status(curves: dict[str, np.ndarray]) -> Status:
    # These three are finite in every run that goes on; alignment is nan where no gradient is left.
    finite = np.isfinite(curves["train_loss"]).all(axis=1) & np.isfinite(curves["hidden_change"]).all(axis=1)
    if finite.all():
        undefined = any(np.isnan(values).any() for values in curves.values())
        return Status(NOTED if undefined else GOOD, noted=UNDEFINED)
    which = np.flatnonzero(~finite)
    return Status(
        FAILED,
        failed=f"{which.size} of {finite.size} runs diverged (the first is run {which[0]}) and are nan from there on. "
        "Use a smaller learning_rate.",
    )
