"""What is studied: answers to one prompt, to a population of prompts, or of a trained regression, and their judge.

A model answers y ~ N(m, s^2); the judge scores -(y - y_R)^2; the error is (y - y_T)^2, y_T the noiseless truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import is_traced
from ..drawn import Span
from ..errors import BadValue
from ..fields import array, check_fields, number, problem
from ..numerics.padding import any_traced
from ..ranges import AnyNumber, Finite, NonNegative, Positive

_FARTHEST = 1e50
_GAPS, _VARIANCES = Span(-5.0, 5.0, (0.0, 1.0)), Span(1e-3, 1e2, (1.0, 0.0))
_LISTS = "Pass one number a mode, or one for all."
_SPREAD = {
    "symbol": "s",
    "unit": "answer",
    "meaning": "standard deviation of one answer, label noise included",
    "remedy": "Pass the standard deviation of one answer, label noise included, for example spread=1.0.",
    "drawn": Span(1e-2, 1e2, (1.0,)),
}


class _Scale(Positive):
    """What neither underflows nor overflows in the squares and ratios of `posterior`."""

    words = f"> 0, from {1 / _FARTHEST:g} to {_FARTHEST:g}"

    def refuse(self, name: str, value: Any, remedy: str) -> None:
        super().refuse(name, value, remedy)
        _check_scale(name, value)

    def holds(self, values: Any) -> jax.Array:
        values = jnp.asarray(values, float)
        return (values >= 1 / _FARTHEST) & (values <= _FARTHEST)

    def beyond(self) -> list[Any]:
        return [*super().beyond(), 1e-200, 1e200]


@problem
class Prompt:
    """One test point: where the mean answer stands, seen from the truth and from the judge's favourite.

    Scaling all three by a scales the error by a^2 (with a temperature scaled by a^2).

    Raises
    ------
    BadValue
        For a field out of its range, named with what is allowed.

    Examples
    --------
    >>> Prompt(teacher_gap=0.3, reward_gap=1.0).judge_gap
    -0.7
    """

    teacher_gap: ArrayLike = number(
        Finite(),
        symbol="DT = m - y_T",
        unit="answer",
        meaning="mean answer minus truth",
        remedy="Pass mean answer minus truth, for example 0.3.",
        drawn=_GAPS,
    )
    reward_gap: ArrayLike = number(
        Finite(),
        symbol="DR = m - y_R",
        unit="answer",
        meaning="mean answer minus the judge's favourite",
        remedy="Pass mean answer minus the judge's favourite, for example 0.3.",
        drawn=_GAPS,
    )
    spread: ArrayLike = number(Positive(), **_SPREAD, default=1.0)

    @property
    def judge_gap(self) -> Any:
        """D = DT - DR: the judge's favourite minus the truth; exactly zero if the judge is the teacher."""
        return self.teacher_gap - self.reward_gap


@problem
class Posterior:
    """A population of prompts at one trained model: the gaps are jointly Gaussian with mean zero.

    `ridge` and `one_point_teacher_variance` are kept by `posterior` for the reader; they enter no prediction, but where
    the ridge is known the rounding of `posterior` is part of `numerical_error`.

    Raises
    ------
    BadValue
        For a field out of its range, named with what is allowed, and for gaps that are more than fully correlated.

    Examples
    --------
    >>> Posterior(teacher_variance=0.3, reward_variance=0.3, covariance=0.3).difficulty
    0.3
    """

    teacher_variance: ArrayLike = number(
        NonNegative(),
        symbol="q = E DT^2",
        unit="answer squared",
        meaning="mean square of mean answer minus truth",
        remedy="Pass E (mean answer - truth)^2 over prompts.",
        drawn=_VARIANCES,
    )
    reward_variance: ArrayLike = number(
        NonNegative(),
        symbol="v_R = E DR^2",
        unit="answer squared",
        meaning="mean square of mean answer minus the judge's favourite",
        remedy="Pass E (mean answer - judge's favourite)^2.",
        drawn=_VARIANCES,
    )
    covariance: ArrayLike = number(
        Finite(),
        symbol="c_TR = E DT DR",
        unit="answer squared",
        meaning="mean product of the two gaps; c_TR^2 <= q v_R",
        remedy="Pass the mean product of the two gaps.",
    )
    spread: ArrayLike = number(Positive(), **_SPREAD, default=1.0)
    ridge: ArrayLike = number(
        AnyNumber(),
        symbol="R",
        unit="eigenvalues of the input covariance",
        meaning="effective ridge of the posterior",
        remedy="Leave it out where it is not known.",
        default=float("nan"),
    )
    one_point_teacher_variance: ArrayLike = number(
        AnyNumber(),
        symbol="-",
        unit="answer squared",
        meaning="teacher variance of the one-point theory",
        remedy="Leave it out if not known.",
        default=float("nan"),
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element, and gaps that are more than fully correlated."""
        check_fields(self)
        _check_product(
            "covariance",
            self.covariance,
            self.teacher_variance,
            self.reward_variance,
            "teacher_variance * reward_variance",
        )

    @property
    def difficulty(self) -> Any:
        """Difficulty q/s^2: what the model does not know, in units of what one answer scatters."""
        return self.teacher_variance / self.spread**2

    @property
    def judge_variance(self) -> Any:
        """Variance v_D = E D^2 of the judge's own error; exactly zero if judge and teacher share their numbers."""
        # Two differences that vanish one by one: q + v_R - 2 c would leave 1e-16 and bury errors of 1e-18.
        return (self.teacher_variance - self.covariance) + (self.reward_variance - self.covariance)


@problem
class LinearJudge:
    """Bayesian linear regression with a linear judge, in high dimension: x ~ N(0, Sigma), features x/sqrt(d).

    Teacher y = w_T.x/sqrt(d) + noise, Gaussian prior of the stated scale, exact posterior; the judge's favourite is
    w_R.x/sqrt(d), moved past the truth by `overshoot` times (mean answer - truth). Left out, `reward_power` and
    `overlap` are those of the teacher: the judge knows the truth. Mode fields are numbers or arrays (modes,).

    Raises
    ------
    BadValue
        For a field out of its range, named with what is allowed, and for mode fields that do not fit each other.

    Examples
    --------
    >>> LinearJudge(examples_per_dim=2.0, noise=0.5, prior_scale=1.0).judge_is_teacher
    True
    """

    examples_per_dim: ArrayLike = number(
        Positive(),
        symbol="n/d",
        unit="examples per dimension",
        meaning="training examples a dimension",
        remedy="Pass training examples / dimension, for example 2.0.",
        drawn=Span(0.05, 20.0, (1.0, 2.0)),
    )
    noise: ArrayLike = number(
        _Scale(),
        symbol="sigma",
        unit="answer",
        meaning="standard deviation of the label noise",
        remedy="Pass the standard deviation of the label noise, for example 0.5.",
        drawn=Span(1e-2, 1e2, (1.0,)),
    )
    prior_scale: ArrayLike = number(
        _Scale(),
        symbol="gamma",
        unit="answer per feature",
        meaning="prior standard deviation of a weight",
        remedy="Pass the prior standard deviation of a weight, for example 1.0.",
        drawn=Span(0.1, 10.0, (1.0,)),
    )
    spectrum: ArrayLike | Sequence[float] = array(
        _Scale(),
        symbol="lambda_i",
        unit="input variance",
        meaning="eigenvalues of the input covariance",
        axes=None,
        lists=_LISTS,
        remedy="Pass the eigenvalues of the input covariance, for example [0.5, 1.5].",
        default=1.0,
    )
    teacher_power: ArrayLike | Sequence[float] = array(
        NonNegative(),
        symbol="tau_i",
        unit="weight squared",
        meaning="mean of w_T^2 in each mode",
        axes=None,
        lists=_LISTS,
        remedy="Pass the mean of w_T^2 in each mode, for example 1.0.",
        default=1.0,
    )
    reward_power: ArrayLike | Sequence[float] | None = array(
        NonNegative(),
        symbol="rho_i",
        unit="weight squared",
        meaning="mean of w_R^2 in each mode; left out, the teacher's",
        axes=None,
        lists=_LISTS,
        remedy="Pass the mean of w_R^2 in each mode, for example 1.0.",
        default=None,
    )
    overlap: ArrayLike | Sequence[float] | None = array(
        Finite(),
        symbol="o_i",
        unit="weight squared",
        meaning="mean of w_T w_R in each mode, o_i^2 <= tau_i rho_i; left out, the teacher's",
        axes=None,
        lists=_LISTS,
        remedy="Pass the mean of w_T w_R in each mode, for example 1.0.",
        default=None,
    )
    overshoot: ArrayLike = number(
        Finite(),
        symbol="c",
        meaning="the judge's target moved past the truth: y_R - c (m - y_T)",
        remedy="Pass how far the judge overshoots the truth, for example 0.0.",
        drawn=Span(-2.0, 2.0, (0.0,)),
        default=0.0,
    )
    mode_weights: ArrayLike | Sequence[float] | None = array(
        NonNegative(),
        symbol="p_i",
        meaning="share of the dimensions in each mode, sums to 1; left out, all equal",
        axes=None,
        lists=_LISTS,
        remedy="Pass the fraction of dimensions in each mode.",
        default=None,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element, and mode fields that do not fit."""
        check_fields(self)
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
        """The mode fields as arrays (modes,), with what was left out filled in.

        Returns
        -------
        dict[str, Any]
            `spectrum`, `mode_weights`, `teacher_power`, `reward_power` and `overlap`, each (modes,) float.
        """
        given = {
            "spectrum": self.spectrum,
            "teacher_power": self.teacher_power,
            "reward_power": self.teacher_power if self.reward_power is None else self.reward_power,
            "overlap": self.teacher_power if self.overlap is None else self.overlap,
        }
        # NumPy where nothing is traced: it compiles nothing for a number of modes.
        xp = jnp if any_traced(given, self.mode_weights) else np
        arrays = {name: xp.asarray(value, float) for name, value in given.items()}
        weights = None if self.mode_weights is None else xp.asarray(self.mode_weights, float)
        shapes = [a.shape for a in arrays.values()] + ([] if weights is None else [weights.shape])
        modes = max((shape[0] for shape in shapes if shape), default=1)
        arrays = {name: xp.broadcast_to(value, (modes,)) for name, value in arrays.items()}
        return {**arrays, "mode_weights": xp.full(modes, 1 / modes) if weights is None else weights}


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
