"""What is studied: answers to one prompt, to a population of prompts, or of a trained regression, and their judge.

A model answers y ~ N(m, s^2); the judge scores -(y - y_R)^2; the error is (y - y_T)^2, y_T the noiseless truth.

| symbol | field | meaning | unit, range |
|---|---|---|---|
| DT = m - y_T | `teacher_gap` | mean answer minus truth | any real |
| DR = m - y_R | `reward_gap` | mean answer minus the judge's favourite | any real |
| s | `spread` | standard deviation of one answer, label noise included | > 0 |
| q, v_R, c_TR | `teacher_variance`, `reward_variance`, `covariance` | E DT^2, E DR^2, E DT DR | >= 0, c^2 <= q v_R |
| n/d | `examples_per_dim` | training examples a dimension | > 0 |
| sigma, gamma | `noise`, `prior_scale` | label noise; prior standard deviation of a weight | > 0 |
| lambda_i, p_i | `spectrum`, `mode_weights` | input covariance: eigenvalues, share of each | > 0, sums to 1 |
| tau_i, rho_i, o_i | `teacher_power`, `reward_power`, `overlap` | means of w_T^2, w_R^2, w_T w_R | o^2 <= tau rho |
| c | `overshoot` | the judge's target moved past the truth: y_R - c (m - y_T) | any real |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import as_array, check_finite, check_non_negative, check_numbers, check_positive, is_traced
from ..errors import BadValue
from ..pytrees import problem

_FARTHEST = 1e50
_SPREAD = "Pass the standard deviation of one answer, label noise included, for example spread=1.0."


@problem()
class Prompt:
    """One test point: where the mean answer stands, seen from the truth and from the judge's favourite.

    Scaling all three by a scales the error by a^2 (with a temperature scaled by a^2).

    >>> Prompt(teacher_gap=0.3, reward_gap=1.0).judge_gap
    -0.7
    """

    teacher_gap: ArrayLike
    reward_gap: ArrayLike
    spread: ArrayLike = 1.0

    def check(self) -> None:
        check_finite("teacher_gap", self.teacher_gap, "Pass mean answer minus truth, for example 0.3.")
        check_finite("reward_gap", self.reward_gap, "Pass mean answer minus the judge's favourite, for example 0.3.")
        check_positive("spread", self.spread, _SPREAD)

    @property
    def judge_gap(self) -> Any:
        """D = DT - DR: the judge's favourite minus the truth; exactly zero if the judge is the teacher."""
        return self.teacher_gap - self.reward_gap


@problem()
class Posterior:
    """A population of prompts at one trained model: the gaps are jointly Gaussian with mean zero.

    `ridge` and `one_point_teacher_variance` are kept by `posterior` for the reader; they enter no prediction.

    >>> Posterior(teacher_variance=0.3, reward_variance=0.3, covariance=0.3).difficulty
    0.3
    """

    teacher_variance: ArrayLike
    reward_variance: ArrayLike
    covariance: ArrayLike
    spread: ArrayLike = 1.0
    ridge: ArrayLike = float("nan")
    one_point_teacher_variance: ArrayLike = float("nan")

    def check(self) -> None:
        check_non_negative("teacher_variance", self.teacher_variance, "Pass E (mean answer - truth)^2 over prompts.")
        check_non_negative("reward_variance", self.reward_variance, "Pass E (mean answer - judge's favourite)^2.")
        check_finite("covariance", self.covariance, "Pass the mean product of the two gaps.")
        check_positive("spread", self.spread, _SPREAD)
        check_numbers("ridge", self.ridge, "Leave it out where it is not known.")
        check_numbers("one_point_teacher_variance", self.one_point_teacher_variance, "Leave it out if not known.")
        _check_product(
            "covariance",
            self.covariance,
            self.teacher_variance,
            self.reward_variance,
            "teacher_variance * reward_variance",
        )

    @property
    def difficulty(self) -> Any:
        """q/s^2: what the model does not know, in units of what one answer scatters."""
        return self.teacher_variance / self.spread**2

    @property
    def judge_variance(self) -> Any:
        """v_D = E D^2, the judge's own error; exactly zero if judge and teacher share their numbers."""
        # Two differences that vanish one by one: q + v_R - 2 c would leave 1e-16 and bury errors of 1e-18.
        return (self.teacher_variance - self.covariance) + (self.reward_variance - self.covariance)


@problem()
class LinearJudge:
    """Bayesian linear regression with a linear judge, in high dimension: x ~ N(0, Sigma), features x/sqrt(d).

    Teacher y = w_T.x/sqrt(d) + noise, Gaussian prior of the stated scale, exact posterior; the judge's favourite is
    w_R.x/sqrt(d), moved past the truth by `overshoot` times (mean answer - truth). Left out, `reward_power` and
    `overlap` are those of the teacher: the judge knows the truth. Mode fields are numbers or arrays (modes,).

    >>> LinearJudge(examples_per_dim=2.0, noise=0.5, prior_scale=1.0).judge_is_teacher
    True
    """

    examples_per_dim: ArrayLike
    noise: ArrayLike
    prior_scale: ArrayLike
    spectrum: ArrayLike | Sequence[float] = 1.0
    teacher_power: ArrayLike | Sequence[float] = 1.0
    reward_power: ArrayLike | Sequence[float] | None = None
    overlap: ArrayLike | Sequence[float] | None = None
    overshoot: ArrayLike = 0.0
    mode_weights: ArrayLike | Sequence[float] | None = None

    def __post_init__(self):
        for name in ("spectrum", "teacher_power", "reward_power", "overlap", "mode_weights"):
            value = as_array(name, getattr(self, name), "Pass one number a mode, or one for all.")
            object.__setattr__(self, name, value)
        self.check()

    def check(self) -> None:
        check_positive(
            "examples_per_dim", self.examples_per_dim, "Pass training examples / dimension, for example 2.0."
        )
        check_positive("noise", self.noise, "Pass the standard deviation of the label noise, for example 0.5.")
        check_positive(
            "prior_scale", self.prior_scale, "Pass the prior standard deviation of a weight, for example 1.0."
        )
        check_positive(
            "spectrum", self.spectrum, "Pass the eigenvalues of the input covariance, for example [0.5, 1.5]."
        )
        check_non_negative("teacher_power", self.teacher_power, "Pass the mean of w_T^2 in each mode, for example 1.0.")
        if self.reward_power is not None:
            check_non_negative(
                "reward_power", self.reward_power, "Pass the mean of w_R^2 in each mode, for example 1.0."
            )
        if self.overlap is not None:
            check_finite("overlap", self.overlap, "Pass the mean of w_T w_R in each mode, for example 1.0.")
        check_finite("overshoot", self.overshoot, "Pass how far the judge overshoots the truth, for example 0.0.")
        if self.mode_weights is not None:
            check_non_negative("mode_weights", self.mode_weights, "Pass the fraction of dimensions in each mode.")
        for name in ("noise", "prior_scale", "spectrum"):
            _check_scale(name, getattr(self, name))
        self._check_modes()

    def _check_modes(self) -> None:
        fields = ("spectrum", "teacher_power", "reward_power", "overlap", "mode_weights")
        shapes = {name: np.shape(getattr(self, name)) for name in fields if _is_number(getattr(self, name))}
        for name, shape in shapes.items():
            if len(shape) > 1 or shape == (0,):
                raise BadValue(
                    f"{name} has shape {shape}, but it must be a number or a list (modes,). Pass one value a mode."
                )
        lengths = {name: shape[0] for name, shape in shapes.items() if shape}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} {n}" for name, n in lengths.items())
            raise BadValue(
                f"{next(iter(lengths))} has another number of modes than the others ({listed}), but all must share one "
                "length. Pass one value a mode, or a single number for all."
            )
        overlap, reward = self.overlap, self.reward_power
        if (overlap is None) != (reward is None):
            missing, given = ("overlap", "reward_power") if overlap is None else ("reward_power", "overlap")
            raise BadValue(
                f"{missing} is left out, but {given} is given and both are needed. Pass {missing} too, or neither."
            )
        if overlap is not None:
            _check_product("overlap", overlap, self.teacher_power, reward, "teacher_power * reward_power")
        weights = self.mode_weights
        if weights is not None and _is_number(weights) and not is_traced(weights):
            total = float(np.sum(np.asarray(weights)))
            if not abs(total - 1) < 1e-9 or np.ndim(weights) == 0:
                raise BadValue(
                    f"mode_weights sums to {total:g}, but it must be a list (modes,) that sums to 1. "
                    "Divide it by its sum."
                )

    @property
    def judge_is_teacher(self) -> bool:
        """True if the judge's weights were left out: its only fault can then be `overshoot`."""
        return self.reward_power is None

    def modes(self) -> dict[str, Any]:
        """The mode fields as arrays (modes,): spectrum, mode_weights, teacher_power, reward_power, overlap."""
        given = {
            "spectrum": self.spectrum,
            "teacher_power": self.teacher_power,
            "reward_power": self.teacher_power if self.reward_power is None else self.reward_power,
            "overlap": self.teacher_power if self.overlap is None else self.overlap,
        }
        arrays = {name: jnp.asarray(value, float) for name, value in given.items()}
        weights = None if self.mode_weights is None else jnp.asarray(self.mode_weights, float)
        shapes = [a.shape for a in arrays.values()] + ([] if weights is None else [weights.shape])
        modes = max((shape[0] for shape in shapes if shape), default=1)
        arrays = {name: jnp.broadcast_to(value, (modes,)) for name, value in arrays.items()}
        return {**arrays, "mode_weights": jnp.full(modes, 1 / modes) if weights is None else weights}


def _check_scale(name: str, value: Any) -> None:
    """Refuse what underflows or overflows in the squares and ratios of `posterior`."""
    if not _is_number(value) or is_traced(value):
        return
    values = np.asarray(value, float)
    wrong = (values < 1 / _FARTHEST) | (values > _FARTHEST)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = f"[{index[0]}]" if index else ""
        raise BadValue(
            f"{name}{where} is {values[index]:g}, but it must be from {1 / _FARTHEST:g} to {_FARTHEST:g}: its squares "
            "and ratios leave the range of floating numbers. Measure in another unit."
        )


def _is_number(value: Any) -> bool:
    """False for what JAX puts into the leaves of a tree under construction."""
    return (
        value is not None
        and type(value) is not object
        and hasattr(np.asarray(value) if not is_traced(value) else value, "shape")
    )


def _check_product(name: str, value: Any, left: Any, right: Any, allowed: str) -> None:
    """Refuse value^2 > left * right, with room for rounding."""
    parts = (value, left, right)
    if not all(_is_number(part) for part in parts) or any(is_traced(part) for part in parts):
        return
    value, left, right = np.broadcast_arrays(*(np.asarray(part, float) for part in parts))
    wrong = ~(value**2 <= left * right * (1 + 1e-9))
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = f"[{', '.join(map(str, index))}]" if value.ndim else ""
        raise BadValue(
            f"{name}{where} is {value[index]:g}, but its square must be at most {allowed} = "
            f"{left[index] * right[index]:g}. Lower {name}: no pair of gaps is more than fully correlated."
        )
