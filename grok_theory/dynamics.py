"""How weights are trained, as data: what x is called under it, what x may be, and when two trainings are the same.

`solve` and `simulate` of every wing take the same object, and their results carry it. Under `GradientFlow` x is a time
in units of tau, which the Problem defines; under everything else x is a whole number of steps, and the Problem says
what a step is worth, `problem.tau_per_step(dynamics)`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jax.typing import ArrayLike

from .checks import check_between, check_integer, check_positive, check_times, is_traced
from .errors import BadValue
from .pytrees import record, same

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Dynamics",
    "GradientDescent",
    "GradientFlow",
    "Muon",
    "Stepped",
    "check_dynamics",
    "check_x",
    "numbers_of",
    "same_dynamics",
    "whole_steps",
]


@runtime_checkable
class Dynamics(Protocol):
    """What moves weights.

    Attributes
    ----------
    x_name : str
        What the x of its curves is: "time" or "step".
    x_unit : str
        The unit of x: "tau", or empty for a count.
    """

    x_name: str
    x_unit: str


class Stepped:
    """The x of everything that trains by steps.

    Attributes
    ----------
    plain : bool
        Whether a step is a rate times a gradient and nothing else.
    one_pass : bool
        Whether no sample is seen twice.
    whole : tuple[str, ...]
        Those of its numbers that count something.
    """

    x_name = "step"
    x_unit = ""
    plain = one_pass = False
    whole: tuple[str, ...] = ()


@record()
class GradientFlow:
    """Continuous time; x is `time` in units of the Problem's tau.

    Examples
    --------
    >>> GradientFlow().x_name, GradientFlow().x_unit
    ('time', 'tau')
    """

    x_name = "time"
    x_unit = "tau"
    plain = True


@record()
class GradientDescent(Stepped):
    """Full-batch steps of one size; x is whole steps.

    Parameters
    ----------
    learning_rate : array_like
        Size of a step, > 0, in the units of the Problem.

    Raises
    ------
    BadValue
        For a rate that is not positive and finite.

    Examples
    --------
    >>> GradientDescent(0.1).x_name
    'step'
    >>> from grok_theory import linear
    >>> problem = linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
    >>> print(linear.solve(problem, [0, 10], dynamics=GradientDescent(0.1))['test_loss'].round(3))
    [6.    4.317]
    """

    plain = True

    learning_rate: ArrayLike

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, "Pass a step size, for example 0.1.")


@record(static=("batch_size",))
class SGD(Stepped):
    """Steps on samples drawn afresh, without replacement, for every step; x is whole steps.

    Parameters
    ----------
    learning_rate : array_like
        Size of a step, > 0, in the units of the Problem.
    batch_size : int
        How many samples a step sees, at least 1.

    Raises
    ------
    BadValue
        For a rate that is not positive and finite, and a batch that is no whole number of at least 1.

    Examples
    --------
    >>> SGD(0.1, batch_size=32)
    SGD(learning_rate=0.1, batch_size=32)
    """

    plain = True

    learning_rate: ArrayLike
    batch_size: int

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, "Pass a step size, for example 0.1.")
        check_integer("batch_size", self.batch_size, 1, "Pass how many samples a step sees.")


@record(static=("betas",))
class Adam(Stepped):
    """Adam with coupled weight decay (L2 in the gradient), as `weight_decay` of torch.optim.Adam; x is whole steps.

    Parameters
    ----------
    learning_rate : array_like
        Size of a step, > 0.
    betas : tuple[float, float], default (0.9, 0.999)
        Decay rates of the averages of gradient and squared gradient, each in [0, 1).

    Raises
    ------
    BadValue
        For a rate that is not positive and finite, and betas out of range.

    Examples
    --------
    >>> Adam(1e-3)
    Adam(learning_rate=0.001, betas=(0.9, 0.999))
    """

    learning_rate: ArrayLike
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        _check_adam(self.learning_rate, self.betas)


@record(static=("betas",))
class AdamW(Stepped):
    """Adam with decoupled weight decay: each step also shrinks the weights by learning_rate * weight_decay.

    Parameters
    ----------
    learning_rate : array_like
        Size of a step, > 0.
    betas : tuple[float, float], default (0.9, 0.999)
        Decay rates of the averages of gradient and squared gradient, each in [0, 1).

    Raises
    ------
    BadValue
        For a rate that is not positive and finite, and betas out of range.

    Examples
    --------
    >>> AdamW(1e-3, betas=(0.9, 0.98))
    AdamW(learning_rate=0.001, betas=(0.9, 0.98))
    """

    learning_rate: ArrayLike
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        _check_adam(self.learning_rate, self.betas)


@record()
class Muon(Stepped):
    """Orthogonalised momentum on hidden layers (decay decoupled), Adam on the read-out (decay coupled).

    The update of a hidden layer is the polar factor of its momentum (five Newton-Schulz steps, Nesterov, beta .95,
    times sqrt(max(1, outputs / inputs))).

    Parameters
    ----------
    learning_rate : array_like
        Size of a step of the hidden layers, > 0.
    readout_learning_rate : array_like, default 0.005
        Size of a step of Adam on the read-out, > 0.

    Raises
    ------
    BadValue
        For a rate that is not positive and finite.

    Examples
    --------
    >>> Muon(0.02)
    Muon(learning_rate=0.02, readout_learning_rate=0.005)
    """

    learning_rate: ArrayLike
    readout_learning_rate: ArrayLike = 0.005

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, "Pass the step size, for example 0.02.")
        check_positive("readout_learning_rate", self.readout_learning_rate, _RATE)


def same_dynamics(left: Dynamics | None, right: Dynamics | None) -> bool:
    """Whether two results come from one dynamics: the same class and numbers, to rounding.

    Parameters
    ----------
    left, right : Dynamics or None
        The dynamics of two results.

    Returns
    -------
    bool
        True where they differ by less than 1e-12 of each number.
    """
    return type(left) is type(right) and same(left, right, tolerance=1e-12)


def numbers_of(dynamics: Any) -> list[str]:
    """The numbers of a dynamics by name, such as learning_rate; none of `GradientFlow`, and none of None.

    Parameters
    ----------
    dynamics
        A dynamics, or None where nothing is trained.

    Returns
    -------
    list[str]
        Its fields that are not structure.
    """
    if dynamics is None:
        return []
    return [field.name for field in dataclasses.fields(dynamics) if field.name not in dynamics._static]


def check_dynamics(dynamics: Any, allowed: tuple[type, ...], who: str) -> None:
    """Refuse a dynamics that `who`, a verb or a method, cannot follow.

    Parameters
    ----------
    dynamics
        What the caller passed.
    allowed : tuple[type, ...]
        Classes of the dynamics that can be followed.
    who : str
        The name that the refusal says.

    Raises
    ------
    BadValue
        For an instance of none of them.
    """
    if not isinstance(dynamics, allowed):
        names = [f"{kind.__name__}({'' if kind is GradientFlow else 'learning_rate'})" for kind in allowed]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
        raise BadValue(f"dynamics is {dynamics!r}, but {who} takes {listed}. Pass that, from grok_theory.")


def check_x(dynamics: Dynamics, x: Any) -> None:
    """Refuse an x that is not one-dimensional, finite, >= 0 and non-decreasing, and fractions of a step.

    Parameters
    ----------
    dynamics : Dynamics
        Under `GradientFlow` x is a time, else whole steps.
    x
        What the caller passed.

    Raises
    ------
    BadValue
        Naming the first number that is not allowed.
    """
    if isinstance(dynamics, GradientFlow):
        check_times(x)
        return
    check_times(x, name="steps", remedy="Pass whole numbers in increasing order, for example [0, 10, 100].")
    if is_traced(x):
        return
    steps = np.asarray(x, float)
    broken = np.flatnonzero(steps != np.round(steps))
    if broken.size:
        raise BadValue(
            f"steps[{broken[0]}] is {steps[broken[0]]}, but under {type(dynamics).__name__} x must be a whole number "
            "of steps. Round it, or take GradientFlow(), whose x is a time in tau."
        )


def whole_steps(x: Any) -> np.ndarray:
    """The checked x of a dynamics by steps as integers.

    Parameters
    ----------
    x
        (T,) whole numbers.

    Returns
    -------
    ndarray
        (T,) of int64.
    """
    return np.rint(np.asarray(x, float)).astype(np.int64)


_RATE = "Pass the step size, for example 0.005."


def _check_adam(learning_rate: Any, betas: Any) -> None:
    check_positive("learning_rate", learning_rate, _RATE)
    if not isinstance(betas, tuple) or len(betas) != 2:
        raise BadValue(f"betas is {betas!r}, but it must be a pair of numbers. Pass for example (0.9, 0.98).")
    for beta in betas:
        check_between("betas", beta, 0.0, 1.0, "Pass for example (0.9, 0.98).", include_high=False)
