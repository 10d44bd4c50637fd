"""The best number of samples, temperature and judge, found on the exact curve; "there is none" is an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from scipy.optimize import minimize_scalar

from ..errors import BadValue, check_between, is_traced, require_float64
from ..pytrees import record
from . import closed_forms
from .methods import Exact
from .posterior import posterior
from .problem import LinearJudge, Posterior, Prompt
from .solve import check_temperature, evaluate, refuse_failed, trusted

_SCAN = 256  # values of k a scan; its step is 8 % of k at max_samples = 1e9
# Two errors closer than this (relative) are one: the curve is known to about 1e-14.
_RESOLUTION = 1e-13


@record(static=("interior", "text"))
class Optimum:
    """`value` of the best setting and the exact `error` there; `interior` is False at a boundary (see `text`)."""

    value: float
    error: float
    interior: bool
    text: str

    def __str__(self) -> str:
        return self.text


def optimal_samples(
    problem: Prompt | Posterior | LinearJudge, *, temperature: ArrayLike, max_samples: float = 1e9
) -> Optimum:
    """The real k that minimises the error at this temperature; inf where more samples never stop helping.

    The exact curve is scanned at 256 values of k up to `max_samples`, its derivative's sign change refined, and the
    result compared with k = 1 and k = inf (curves can be flat to 1e-8 near a distant minimum).

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> best = optimal_samples(Prompt(teacher_gap=0.2, reward_gap=4.0), temperature=20.0)
    >>> print(f"{best.value:.4f}", best.interior)
    3.3409 True
    """
    solved = checked_problem("optimal_samples", problem)
    refuse_traced("temperature", temperature)
    check_temperature(temperature)
    check_between(
        "max_samples", max_samples, 1.0, np.inf, "Pass the largest k to look at, for example 1e9.", include_high=False
    )
    limit = _error(solved, np.inf, temperature)
    if temperature == np.inf:
        one = limit
        return Optimum(
            1.0,
            one,
            False,
            f"At infinite temperature nothing is selected: every k has the error {one:g}; k = 1 will do.",
        )
    k, least, one, last = _scan_samples(solved, temperature, max_samples)
    better = 1 - _RESOLUTION
    if k is not None and least < better * min(one, last, limit):
        return Optimum(
            k,
            least,
            True,
            f"The best number of samples is k = {k:.6g}, with error {least:.6g}; beyond it selection overshoots.",
        )
    if one <= min(last, limit):
        return Optimum(1.0, one, False, f"Boundary k = 1: any selection raises the error above {one:g}. Do not select.")
    if limit <= last and not _from_below(solved, temperature):
        return Optimum(
            np.inf, limit, False, f"Boundary k = inf: more samples never stop helping; the error falls to {limit:.6g}."
        )
    text = f"Boundary k = {max_samples:g}, the largest looked at: the error still falls there. Raise max_samples."
    return Optimum(float(max_samples), last, False, text)


def _error(solved, samples, temperature):
    """The exact error at one setting; raises `SolveFailed` where `solve` would."""
    return float(trusted(solved, jnp.asarray([float(samples)]), temperature)[0])


def _from_below(solved, temperature):
    """Whether the error rises to its limit at k = inf, so that a finite k is better: the sign of the leading term."""
    gaps = closed_forms.second_moments(solved)
    if temperature == 0:
        return bool(closed_forms.best_of_k_law(gaps, 1.0) < gaps.judge)
    return bool(closed_forms.many_samples_correction(gaps, temperature / (2 * solved.spread**2)) < 0)


def _scan_samples(solved, temperature, max_samples):
    """Interior minimum over k of the exact curve, or None: the sign change of its slope, zoomed in three times.

    Also the error there, at k = 1, and at `max_samples`.
    """
    low, high = 0.0, float(np.log(max_samples))
    slope, error, i = np.empty(0), np.empty(0), 0
    ends: tuple[float, float] | None = None
    for _ in range(4):
        k = np.exp(np.linspace(low, high, _SCAN))
        k[0] = max(k[0], 1.0)
        kind = "best" if temperature == 0 else "warm"
        error, slope, level = _sloped(solved, jnp.asarray(k), jnp.asarray(temperature, float), kind)
        refuse_failed(level)
        error, slope = np.asarray(error), np.asarray(slope)
        if ends is None:
            ends = float(error[0]), float(error[-1])
        turns = np.flatnonzero((slope[:-1] < 0) & (slope[1:] >= 0))
        if not turns.size:
            return None, np.inf, *ends
        i = turns[np.argmin(error[turns])]
        low, high = np.log(k[i]), np.log(k[i + 1])
    share = slope[i] / (slope[i] - slope[i + 1])
    assert ends is not None
    return float(np.exp(low + share * (high - low))), float(min(error[i], error[i + 1])), *ends


@partial(jax.jit, static_argnames="kind")
def _sloped(solved, k, temperature, kind):
    """The error, its derivative in ln k, and the level. Only k has a tangent: the tables are not differentiated."""
    given = temperature if kind == "warm" else 0.0

    def error(k):
        made = evaluate(solved, k, given, Exact())
        return made["curves"]["error"], made["level"]

    return jax.jvp(error, (k,), (k,), has_aux=True)


def optimal_temperature(problem: Prompt | Posterior | LinearJudge, *, samples: ArrayLike) -> Optimum:
    """The temperature that minimises the error at k = `samples` (inf allowed); 0 is best-of-k, inf "do not select".

    k = inf is a closed form (section 4.10): t* = 2 C2/C1 - 3 if 0 < C1 < 2 v. Finite k: the exact curve, scanned in
    ln T and refined to about 1e-7 relative; a population takes half a minute.

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(optimal_temperature(Prompt(0.3, 2.0), samples=20))
    The best temperature is T = 4.88881 (t = 2.44441), with error 0.780579.
    """
    solved = checked_problem("optimal_temperature", problem)
    refuse_traced("samples", samples)
    check_between("samples", samples, 1.0, np.inf, "Pass one number of answers, for example 16.")

    def error(temperature):
        return _error(solved, samples, temperature)

    greedy, none = error(0.0), error(np.inf)
    unit = 2 * float(solved.spread) ** 2  # T = t times this
    if samples == 1:
        return Optimum(
            np.inf,
            none,
            False,
            f"With one sample there is nothing to select: every temperature has the error {none:g}.",
        )
    if np.isinf(samples):
        gaps = closed_forms.second_moments(solved)
        signal, reward = float(gaps.signal), float(gaps.reward)
        inner = 0 < signal < 2 * reward
        t = 2 * (signal + reward) / signal - 3 if inner else None
        value, least = (unit * t, error(unit * t)) if inner else (None, np.inf)
    else:
        points = 49 if isinstance(solved, Prompt) else 25
        value, least = _minimise(lambda x: error(unit * np.exp(x)), np.linspace(np.log(1e-5), np.log(1e5), points))
        value = None if value is None else unit * np.exp(value)
    if value is not None and least < (1 - _RESOLUTION) * min(greedy, none):
        return Optimum(
            float(value),
            least,
            True,
            f"The best temperature is T = {value:.6g} (t = {value / unit:.6g}), with error {least:.6g}.",
        )
    if greedy <= none:
        return Optimum(0.0, greedy, False, f"Boundary T = 0: best-of-k is best, with error {greedy:.6g}.")
    return Optimum(
        np.inf, none, False, f"Boundary T = inf: do not select; every selection raises the error above {none:.6g}."
    )


def optimal_reward(problem: Prompt | Posterior | LinearJudge, *, samples: ArrayLike, temperature: ArrayLike) -> Optimum:
    """How far the judge's favourite should lie past the truth: overshoot c >= -1 in DR = (1 + c) DT.

    At k = inf c* = t, error s^2 t/(1+t); at finite k it is larger, found on the exact curve. A population or
    regression must have the teacher as judge, for which c = 0.

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{optimal_reward(Prompt(0.5, 0.5), samples=10, temperature=4.0).value:.4f}")
    2.3229
    """
    solved = checked_problem("optimal_reward", problem)
    refuse_traced("samples", samples)
    refuse_traced("temperature", temperature)
    check_between("samples", samples, 1.0, np.inf, "Pass one number of answers, for example 16.")
    check_temperature(temperature)
    moved = _overshooting(solved)

    def error(c):
        return _error(moved(c), samples, temperature)

    at_truth = error(0.0)
    scale = solved.teacher_gap if isinstance(solved, Prompt) else solved.teacher_variance
    for idle, why in (
        (float(scale) == 0, "the mean answer is the truth, so overshoot moves nothing"),
        (samples == 1, "with one sample there is nothing to judge"),
        (temperature == np.inf, "at infinite temperature the judge is not heard"),
    ):
        if idle:
            return Optimum(
                0.0, at_truth, False, f"Every judge has the error {at_truth:g}: {why}. Overshoot 0 is returned."
            )
    t = float(temperature) / (2 * float(solved.spread) ** 2)
    if np.isinf(samples):
        c, least = t, error(t)
    else:
        # 1 + c on a logarithmic grid from close to the mean answer to far beyond the best judge at k = inf.
        points = 41 if isinstance(solved, Prompt) else 21
        grid = np.linspace(np.log(1e-2), np.log(30 * (1 + t) + 30), points)
        y, least = _minimise(lambda x: error(np.expm1(x)), grid)
        c = None if y is None else float(np.expm1(y))
    edge = error(-1.0)
    if c is None or edge <= least:
        return Optimum(
            -1.0, edge, False, f"Boundary c = -1: the best judge prefers the mean answer, with error {edge:.6g}."
        )
    side = "past the truth" if c > 0 else "short of the truth" if c < 0 else "at the truth"
    return Optimum(
        float(c), least, True, f"The best judge's favourite lies {side}: overshoot c = {c:.6g}, with error {least:.6g}."
    )


def _overshooting(solved: Prompt | Posterior) -> Callable[[float], Prompt | Posterior]:
    if isinstance(solved, Prompt):
        return lambda c: Prompt(solved.teacher_gap, (1 + c) * solved.teacher_gap, solved.spread)
    q, v, product = (float(a) for a in (solved.teacher_variance, solved.reward_variance, solved.covariance))
    if not (q == v == product):
        raise BadValue(
            f"problem has reward_variance {v:g} and covariance {product:g}, but optimal_reward needs the teacher as "
            f"judge: both must be teacher_variance = {q:g}. Leave reward_power, overlap and overshoot out."
        )
    return lambda c: Posterior(q, (1 + c) ** 2 * q, (1 + c) * q, solved.spread)


def decay_exponent(problem: Prompt | Posterior | LinearJudge) -> float:
    """Power of k with which the excess error decays at T = 0: min(2, s^2/v_R), and 2 for a single prompt.

    For judge = teacher s^2/v_R is the inverse difficulty, and the law is proved (section 4.8); for another judge it is
    a conjecture that holds in two numerical cases. At v_R = s^2/2 it holds up to logarithms.

    >>> decay_exponent(Posterior(0.8, 0.8, 0.8))
    1.25
    """
    solved = checked_problem("decay_exponent", problem)
    if isinstance(solved, Prompt) or float(solved.reward_variance) <= 0:
        return 2.0
    return min(2.0, float(solved.spread) ** 2 / float(solved.reward_variance))


def _minimise(function, grid):
    """Least value inside `grid` after refinement, or None where an end of the grid is least."""
    values = [function(x) for x in grid]
    i = int(np.argmin(values))
    if i in (0, len(grid) - 1):
        return None, np.inf
    found = minimize_scalar(function, bounds=(grid[i - 1], grid[i + 1]), method="bounded", options={"xatol": 1e-7})
    return float(found.x), float(found.fun)


def checked_problem(caller: str, problem: Any) -> Prompt | Posterior:
    """The prompt or population behind a problem, checked; refused inside traces."""
    require_float64(f"best_of_k.{caller}")
    if not isinstance(problem, (Prompt, Posterior, LinearJudge)):
        raise BadValue(
            f"problem is {type(problem).__name__}, but it must be a Prompt, Posterior or LinearJudge. "
            "Build one, for example best_of_k.Prompt(0.3, 0.3)."
        )
    problem.check()
    for leaf in jax.tree_util.tree_leaves(problem):
        refuse_traced("problem", leaf)
    return posterior(problem) if isinstance(problem, LinearJudge) else problem


def refuse_traced(name: str, value: Any) -> None:
    """Refuse a traced value: a search is done outside of traces."""
    if is_traced(value):
        raise BadValue(
            f"{name} is traced, but an optimum is searched for outside of traces. Call this without jit, grad or vmap."
        )
