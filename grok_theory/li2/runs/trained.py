"""The task run for real: two-layer networks trained on the multiplication table, many curves read along the way."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import optax
from jax import Array

from ...checks import check_choice, check_integer, check_key, check_memory, check_runs, require_float64
from ...dynamics import SGD, Adam, check_x, whole_steps
from ...errors import BadValue
from ...fields import check_single
from ...named_axes import Field
from ...results import Ensemble
from ...status import FAILED, GOOD, NOTED, Status
from ..groups.fourier import component_basis
from ..network import UNDEFINED
from ..problem import GroupTask
from ..training.conditions import conditions_of
from ..training.losses import LOSSES, Loss, SquaredLoss
from ..training.optimizers import Optimizer, as_optimizer
from ..training.starts import Initial, TorchUniform, check_initial, samples_of, start_of_run, training_key
from .loop import train_batch

_CORES = "Pass how many runs to train at the same time, for example 2, or leave it out."
_FIELD_AXES = {"purity": ("run", "step", "node"), "irrep_share": ("run", "step", "irrep")}


def trained_ensemble(
    task: GroupTask,
    x: Sequence[int] | np.ndarray,
    *,
    dynamics: Optimizer | optax.GradientTransformation | None,
    width: int,
    runs: int,
    key: Array,
    loss: Loss | None,
    initial: Initial | None,
    train_hidden: bool,
    dtype: str,
    batch: int | None,
    workers: int | None,
) -> Ensemble:
    """What `simulate` hands back: every run from its own start, in batches of one size."""
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
    firsts = range(0, runs, batch)
    workers = min(len(firsts), _default_workers() if workers is None else check_integer("workers", workers, 1, _CORES))
    _refuse_what_does_not_fit(task, width, runs, len(steps), batch * workers)

    # Batches are aligned and full, so that what stands beside run i, and with it the last digit, depends on i alone.
    def made(first: int) -> tuple[dict, dict, dict]:
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
        return curves, fields, last

    # The first alone: it compiles what all others then find compiled.
    parts = [made(firsts[0])]
    with ThreadPoolExecutor(workers) as pool:
        parts += pool.map(made, firsts[1:])
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


def _checked(task: object) -> GroupTask:
    if not isinstance(task, GroupTask):
        raise BadValue(f"task is {task!r}, but it must be a GroupTask. Build one with GroupTask(cyclic(23), ...).")
    check_single(task)
    return task


def _is_noisy(task: GroupTask) -> bool:
    if task.train_labels is None:
        return task.train_pairs is None and float(task.label_noise) > 0
    first, second = np.asarray(task.train_pairs).T
    return not np.array_equal(task.group.table[first, second], np.asarray(task.train_labels))


def _default_workers() -> int:
    """Threads: a step's products are too small to spread over cores, and compiled code lets other threads go on."""
    from joblib import cpu_count

    return cpu_count() if jax.default_backend() == "cpu" else 1


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
