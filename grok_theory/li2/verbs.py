"""The verbs of this wing: what theory says about a run, runs, and the band of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import optax
from jax import Array
from jax.typing import ArrayLike

from ..checks import require_float64
from ..dynamics import GradientDescent, GradientFlow
from ..errors import BadValue
from ..results import Ensemble, Forecast, Solution
from .methods import FeatureAscent, Lazy
from .problem import GroupTask
from .runs.trained import trained_ensemble
from .single_runs import forecast_training
from .stage_one import lazy_solution
from .stage_two import ascent_solution
from .training.losses import Loss
from .training.optimizers import Optimizer
from .training.starts import Initial, TorchUniform


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

    Parameters
    ----------
    task : GroupTask
        Any activation, subset, labels and centring; a task without fixed pairs gets the split of run 0.
    x : array_like
        (T,) >= 0, non-decreasing: times of the gradient flow of J, or steps of descent; for `FeatureAscent` times in
        units of the rate at the highest maximum.
    dynamics : GradientFlow or GradientDescent, optional
        For `Lazy`: `GradientFlow()` (default) or `GradientDescent(learning_rate)`. The ascent takes none.
    width : int
        As in `simulate`.
    key : Array
        As in `simulate`.
    method : Lazy or FeatureAscent, optional
        `Lazy()` by default, or `FeatureAscent()`.
    initial : TorchUniform or ZeroReadout or Gaussian, optional
        As in `simulate`.
    throw : bool, default True
        False returns a failed Solution instead of raising `SolveFailed`.

    Returns
    -------
    Solution
        With `run` = 0 and a numerical error beside every curve.

        - `Lazy`: curves `train_loss`, `test_loss`, `train_accuracy`, `test_accuracy` (no test curves on the full
          table), `gradient_norm`, `alignment`, as in `simulate`; stats `largest_rate` and `ridge`.
        - `FeatureAscent`: curves `energy` (mean over the nodes), `feature_purity` (median), fields `energy`, `purity`
          (time, node), `irrep_share` (time, irrep).

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    TooLarge
        Before an allocation that would not fit.
    Float64Required
        Where JAX computes in float32.
    SolveFailed
        Where there is no trustworthy answer: descent diverges, or the integrator does not reach the last time.
    """
    require_float64("li2.solve")
    method = Lazy() if method is None else method
    initial = TorchUniform() if initial is None else initial
    if not isinstance(method, (Lazy, FeatureAscent)):
        raise BadValue(f"method is {method!r}, but it must be Lazy(...) or FeatureAscent(...). Pass one.")
    if not isinstance(task, GroupTask):
        raise BadValue(f"task is {task!r}, but it must be a GroupTask. Build one with GroupTask(cyclic(23), ...).")
    if isinstance(method, FeatureAscent):
        return ascent_solution(task, x, method, dynamics, width=width, key=key, initial=initial).checked(throw)
    return lazy_solution(task, x, method, dynamics, width=width, key=key, initial=initial).checked(throw)


def simulate(
    task: GroupTask,
    x: Sequence[int] | np.ndarray,
    *,
    dynamics: Optimizer | optax.GradientTransformation | None = None,
    width: int,
    runs: int,
    key: Array,
    loss: Loss | None = None,
    initial: Initial | None = None,
    train_hidden: bool = True,
    dtype: str = "float32",
    batch: int | None = None,
    workers: int | None = None,
) -> Ensemble:
    """Train `runs` networks on the whole training set and read their curves at the steps `x`.

    Parameters
    ----------
    task : GroupTask
        Run i draws its own split from (key, i), unless pairs are fixed. Any activation, centring, noise.
    x : Sequence[int] or ndarray
        (T,) whole numbers >= 0, non-decreasing: steps made when the network is looked at; one of descent is
        `task.tau_per_step(dynamics)` of the flow of J.
    dynamics : Optimizer or optax.GradientTransformation, optional
        `Adam(0.005)` by default; `GradientDescent`, `SGD`, `AdamW`, `Muon`, `OrthogonalGradient`, `Custom`, an optax
        transformation; `decay_of` says where the task's weight decay acts.
    width : int
        K, the number of hidden nodes.
    runs : int
        How many; run i depends on (key, i) only.
    key : Array
        Typed JAX key.
    loss : SquaredLoss or CrossEntropy or StableMaxCrossEntropy, optional
        `SquaredLoss()` by default, the loss of the theory.
    initial : TorchUniform or ZeroReadout or Gaussian, optional
        `TorchUniform()` by default, `ZeroReadout()` (the same hidden layer, V = 0), `Gaussian(variance)`.
    train_hidden : bool, default True
        False freezes the hidden layer (stage I).
    dtype : str, default 'float32'
        "float32" or "float64", of weights and gradients; starts are the same in both.
    batch : int, optional
        Runs computed together; the last digits depend on it, nothing on `runs`. By default one after another on a CPU,
        where together is slower (docs/li2_training.md), and 8 on an accelerator.
    workers : int, optional
        Batches trained at the same time, each in a thread of its own; no digit depends on it. By default as many as
        there are cores, and 1 on an accelerator.

    Returns
    -------
    Ensemble
        Its x is the step. On a CPU run i is the same to the bit in every call; an accelerator adds up gradients in no
        fixed order, so there it is the same to rounding only, unless XLA_FLAGS has --xla_gpu_deterministic_ops=true. A
        diverged run is nan from there on, and `status` says so. Curves (run, T):

        - `train_loss`, `test_loss`: mean over samples of what the loss says, test samples being all pairs not trained
          on (none on the full table).
        - `train_accuracy`, `test_accuracy`.
        - `gradient_norm`: of G_F = -dJ/dF.
        - `alignment`: mean cosine of its columns with Y~Y~^T F~.
        - `off_diagonal`: mean abs(F~_j . F~_l) over mean norm(F~_j)^2.
        - `hidden_change`, `readout_change`: Frobenius, from the start.
        - `feature_purity`: median over the living nodes of the largest share in one irrep.
        - `dead_nodes`: share of nodes a hundred times shorter than the longest.
        - With label noise `corrupted_accuracy` (wrong labels fitted) and `corrected_accuracy` (wrong labels predicted
          right).
        - With a cross-entropy `softmax_collapse`: share of training samples whose probability is exactly 1.

        Fields: `purity` (run, step, node), `irrep_share` (run, step, irrep), the part of norm(W)^2 in each row of
        `local_maxima`. `stats`: last `hidden` (run, K, 2M) and `readout` (run, K, M), `hidden_start`, `train_pairs`,
        `train_labels`, and what was run.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    TooLarge
        Before an allocation that would not fit.
    Float64Required
        For dtype="float64" without it.
    """
    return trained_ensemble(
        task,
        x,
        dynamics=dynamics,
        width=width,
        runs=runs,
        key=key,
        loss=loss,
        initial=initial,
        train_hidden=train_hidden,
        dtype=dtype,
        batch=batch,
        workers=workers,
    )


def forecast(
    task: GroupTask,
    x: Sequence[int] | np.ndarray,
    *,
    width: int,
    dim: None = None,
    dynamics: Optimizer | optax.GradientTransformation | None = None,
    level: float = 0.9,
    draws: int | None = None,
    key: Array | None = None,
    loss: Loss | None = None,
    initial: Initial | None = None,
    train_hidden: bool = True,
    dtype: str = "float32",
) -> Forecast:
    """The band in which losses and accuracies of one training lie, and its times, from draws of such trainings.

    Each draw has its own split (unless pairs are fixed) and its own start. Theory tells no scatter here, so the cost is
    that of `draws` trainings.

    Parameters
    ----------
    task : GroupTask
        As in `simulate`.
    x : Sequence[int] or ndarray
        (T,) steps, as in `simulate`.
    width : int
        As in `simulate`.
    dim : None, default None
        The table's size is the group's: only None is taken.
    dynamics : Optimizer or optax.GradientTransformation, optional
        As in `simulate`.
    level : float, default 0.9
        Probability that one run's whole curve lies inside its band, in (0, 1).
    draws : int, optional
        How many trainings are drawn; 48 if left out. With fewer than 24 the scatter is too uncertain, and noted.
    key : Array, optional
        Of the draws; the same ones if left out.
    loss, initial, train_hidden, dtype : optional
        As in `simulate`.

    Returns
    -------
    Forecast
        Bands of `train_loss`, `train_accuracy` and, where pairs are left out of the training, `test_loss` and
        `test_accuracy`; `.crossing(...)`, `.delay(..., accuracy=True)`.

    Raises
    ------
    BadValue
        For an argument out of its range, and where a training diverges or a loss is 0.
    TooLarge
        Before an allocation that would not fit.
    Float64Required
        For dtype="float64" without it.
    """
    if dim is not None:
        raise BadValue(f"dim is {dim!r}, but the size of the table is the group's. Leave dim out.")
    if not isinstance(task, GroupTask):
        raise BadValue(f"task is {task!r}, but it must be a GroupTask. Build one with GroupTask(cyclic(23), ...).")
    return forecast_training(
        task,
        x,
        dynamics,
        width=width,
        level=level,
        draws=draws,
        key=key,
        loss=loss,
        initial=initial,
        train_hidden=train_hidden,
        dtype=dtype,
    )
