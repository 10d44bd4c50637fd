"""What each ingredient does to when a network generalises: weight decay, learning rate, start, width, optimizer.

Runs and theory of the same starts side by side. The theory is that of stage I, which knows the ridge and the start; it
gives the direction of the gradient that hidden nodes see, not a time at which the network generalises.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve

from ...checks import check_between, check_integer, check_runs
from ...dynamics import Adam, check_x, whole_steps
from ...errors import BadValue
from ...observables import Crossing, Delay, grokking_delay
from ...pytrees import record
from ...reports import table
from ..gradient_emergence import lazy_gradient
from ..problem import GroupTask
from ..training.optimizers import COUPLED, decay_of
from ..training.starts import start_of_run
from ..verbs import simulate

_TASK = ("weight_decay", "train_fraction", "activation", "label_noise", "centering")
_RUN = ("width", "dynamics", "initial", "loss")


@record(static=("name",))
class Role:
    """One setting: runs and theory.

    The theory is that of stage I from the same starts, mean over up to four runs.

    Parameters
    ----------
    name : str
        Of the setting.
    delay : Delay
        An `observables.Delay`: train and test times (steps), median and interval.
    generalised : float
        Share of runs whose test accuracy crossed its threshold in the record.
    interval : tuple[float, float]
        Its exact binomial interval.
    test_accuracy, purity : ndarray
        (run,), test accuracy and `feature_purity` at the end.
    irreps : ndarray
        (run,) how many rows hold at least half of an equal share of norm(W)^2 at the end.
    ridge : float
        eta; nan where the read-out's decay is not coupled.
    early_alignment : float
        Cosine of G_F with the direction of the energy at time 1/lambda_max(A), when the first mode is learned.
    fixed_alignment : float
        The same at the fixed point; nan where the read-out's decay is not coupled.
    fixed_norm : float
        Size of G_F there, which is what still moves the hidden layer when the read-out has settled; nan where the
        read-out's decay is not coupled.
    """

    name: str
    delay: Delay
    generalised: float
    interval: tuple[float, float]
    test_accuracy: np.ndarray
    purity: np.ndarray
    irreps: np.ndarray
    ridge: float
    early_alignment: float
    fixed_alignment: float
    fixed_norm: float


@record(static=("roles", "runs", "last"))
class Roles:
    """A table of `Role`s; print it, or read `table["name"]`.

    Parameters
    ----------
    roles : tuple[Role, ...]
        In the order of the settings.
    runs : int
        How many of each setting.
    last : int
        Steps of each run.
    """

    roles: tuple[Role, ...]
    runs: int
    last: int

    def __getitem__(self, name: str) -> Role:
        for role in self.roles:
            if role.name == name:
                return role
        raise BadValue(f"There is no setting {name!r}; there are {', '.join(r.name for r in self.roles)}.")

    def __str__(self) -> str:
        head = (
            f"{self.runs} runs of {self.last} steps; medians with {100 * self.roles[0].delay.confidence:g} % intervals"
        )
        rows = [
            ("setting", "train", "test", "delay", "generalise", "purity", "irreps", "eta", "early", "fixed", "|G_F|")
        ]
        for r in self.roles:
            low, high = r.delay.interval
            train, test = (_latest(crossing) for crossing in (r.delay.train, r.delay.test))
            rows.append(
                (
                    r.name,
                    f"{np.median(train):.0f}",
                    f"{np.median(test):.0f}",
                    f"{low:.0f} .. {high:.0f}",
                    f"{r.generalised:.2f} ({r.interval[0]:.2f}-{r.interval[1]:.2f})",
                    f"{np.median(r.purity):.3f}",
                    f"{np.median(r.irreps):.0f}",
                    f"{r.ridge:.3g}",
                    f"{r.early_alignment:.2f}",
                    f"{r.fixed_alignment:.2f}",
                    f"{r.fixed_norm:.2g}",
                )
            )
        return "\n".join([head, *table(rows, right=range(1, 11))])


def _latest(crossing: Crossing) -> np.ndarray:
    """(run,) times; the latest they may be where the first record is already past, infinite where none is."""
    return np.where(np.isnan(crossing.time), crossing.upper, crossing.time)


def roles(
    task: GroupTask,
    settings: Mapping[str, Mapping[str, Any]],
    steps: Sequence[int] | np.ndarray,
    *,
    width: int,
    runs: int,
    key: jax.Array,
    train_threshold: float = 0.99,
    test_threshold: float = 0.95,
    confidence: float = 0.95,
) -> Roles:
    """Simulate `task` under several settings with the same seeds, and put stage I beside each.

    Parameters
    ----------
    task : GroupTask
        What every setting starts from; its training pairs must leave some unseen.
    settings : Mapping[str, Mapping[str, Any]]
        Name -> what differs: fields of the task ("weight_decay", "train_fraction", "activation", "label_noise",
        "centering") or arguments of `simulate` ("width", "dynamics", "initial", "loss").
    steps : Sequence[int] or ndarray
        As in `simulate`; times are read on this grid.
    width, runs : int
        Of every setting.
    key : Array
        Of every setting: typed JAX key.
    train_threshold, test_threshold : float
        Accuracies that count as fitted (default 0.99) and as generalised (default 0.95).
    confidence : float, default 0.95
        Of the intervals; that of the delay needs six runs at 0.95.

    Returns
    -------
    Roles
        One `Role` for each setting, in their order; print it.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for settings that change something else, or leave
        no unseen pairs.
    TooLarge
        Before an allocation that would not fit.
    Float64Required
        Where JAX computes in float32.
    """
    check_x(Adam(0.005), steps)
    steps, runs = whole_steps(steps), check_runs(runs)
    check_integer("width", width, 1, "Pass the number of hidden nodes, for example 256.")
    for name, value in (("train_threshold", train_threshold), ("test_threshold", test_threshold)):
        check_between(name, value, 0.0, 1.0, "Pass an accuracy, for example 0.95.")
    check_between("confidence", confidence, 0, 1, "Pass 0.95.", include_low=False, include_high=False)
    if not settings:
        raise BadValue("settings is empty, but it must name at least one. Pass for example {'usual': {}}.")
    found = []
    for name, changed in settings.items():
        for field in changed:
            if field not in (*_TASK, *_RUN):
                raise BadValue(
                    f"settings[{name!r}] changes {field!r}, but it may change {', '.join((*_TASK, *_RUN))}. Name those."
                )
        here = dataclasses.replace(task, **{f: v for f, v in changed.items() if f in _TASK})
        how = {"width": width, **{f: v for f, v in changed.items() if f in _RUN}}
        found.append(_role(name, here, how, steps, runs, key, (train_threshold, test_threshold), float(confidence)))
    return Roles(tuple(found), runs, int(steps[-1]))


def _role(
    name: str,
    task: GroupTask,
    how: Mapping[str, Any],
    steps: np.ndarray,
    runs: int,
    key: jax.Array,
    thresholds: tuple[float, float],
    confidence: float,
) -> Role:
    ensemble = simulate(task, steps, runs=runs, key=key, **how)
    if "test_accuracy" not in ensemble.curves:
        raise BadValue("task trains on the full table, but a delay needs unseen pairs. Pass train_fraction below 1.")
    delay = grokking_delay(
        steps,
        ensemble["train_accuracy"],
        ensemble["test_accuracy"],
        train_threshold=thresholds[0],
        test_threshold=thresholds[1],
        rising=True,
        confidence=confidence,
    )
    reached = int(np.sum(~delay.test.censored))
    proportion = scipy.stats.binomtest(reached, runs).proportion_ci(confidence, "exact")
    share = ensemble.fields["irrep_share"].values[:, -1]
    ridge = float(task.ridge)
    early, fixed, norm = np.mean([_stage_one(task, how, key, run) for run in range(min(runs, 4))], axis=0)
    if decay_of(ensemble.dynamics).readout != COUPLED:
        # Decay that is not in the gradient has no ridge, and stage I nothing to say about its fixed point.
        ridge = fixed = norm = np.nan
    return Role(
        name=name,
        delay=delay,
        generalised=reached / runs,
        interval=(float(proportion.low), float(proportion.high)),
        test_accuracy=ensemble["test_accuracy"][:, -1],
        purity=ensemble["feature_purity"][:, -1],
        irreps=np.sum(share > 0.5 / share.shape[1], axis=1),
        ridge=ridge,
        early_alignment=float(early),
        fixed_alignment=float(fixed),
        fixed_norm=float(norm),
    )


def _stage_one(task: GroupTask, how: Mapping[str, Any], key: jax.Array, run: int) -> tuple[float, float, float]:
    """Alignment at time 1/lambda_max(A), alignment and size of G_F at the fixed point."""
    start = start_of_run(task, width=how["width"], key=key, run=run, initial=how.get("initial"))
    scale = lazy_gradient(start.task, start.hidden, [0.0], readout=start.readout).largest_rate
    found = lazy_gradient(start.task, start.hidden, [1 / float(scale)], readout=start.readout)
    return float(found.alignment[0]), float(found.fixed_alignment), float(np.linalg.norm(found.fixed_point))
