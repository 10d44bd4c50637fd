"""The best number of samples, temperature and judge, found on the exact curve; "there is none" is an answer."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ..checks import check_between, is_traced, require_float64
from ..errors import BadValue
from . import closed_forms
from .evaluation import Search
from .optimum import NOWHERE, Optimum, boundary, error_at, interior, is_better
from .posterior_gaps import posterior
from .problem import LinearJudge, Posterior, Prompt
from .sloped_curve import Curve
from .temperatures import check_temperature


def optimal_samples(
    problem: Prompt | Posterior | LinearJudge, *, temperature: ArrayLike, max_samples: float = 1e9
) -> Optimum:
    """The real k that minimises the error at this temperature; inf where more samples never stop helping.

    The exact curve is scanned up to `max_samples` in steps of at most 39 % of k, its derivative's sign change refined,
    and the result compared with k = 1 and k = inf (curves can be flat to 1e-8 near a distant minimum).

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        The prompt or population; a `LinearJudge` is taken at its `posterior`.
    temperature : array_like
        Of the softmax over scores, in units of squared error; one number, 0 (best of k) to inf (no selection).
    max_samples : float, default 1e9
        The largest k to scan, >= 1 and finite.

    Returns
    -------
    Optimum
        `value` is k, a real number; at a boundary 1, inf, or `max_samples` where the error still falls there.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for one that JAX traces.
    SolveFailed
        Where the exact curve has no trustworthy answer, as in `solve`.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> best = optimal_samples(Prompt(teacher_gap=1.5, reward_gap=3.0), temperature=0.0)
    >>> print(f"{best.value:.4f}", best.interior)
    11.6753 True
    """
    solved = checked_problem("optimal_samples", problem)
    refuse_traced("temperature", temperature)
    check_temperature(temperature)
    check_between(
        "max_samples", max_samples, 1.0, np.inf, "Pass the largest k to look at, for example 1e9.", include_high=False
    )
    search = Search()
    limit = error_at(search, solved, np.inf, temperature)
    if temperature == np.inf:
        text = f"At infinite temperature nothing is selected: every k has the error {limit.error:g}; k = 1 will do."
        return boundary(search, 1.0, limit, text)
    curve = Curve(search, solved, temperature)
    found = curve.scan(max_samples)
    one, last = found.end(0), found.end(-1)
    ends, turns = (one, last, limit), found.turns()
    lowest = min(turns, key=lambda i: found.error[i : i + 2].min(), default=None)
    x, least = (np.nan, NOWHERE) if lowest is None else curve.minimum(found, lowest)
    if is_better(least, ends):
        k = float(np.exp(x))
        text = (
            f"The best number of samples is k = {k:.6g}, with error {least.error:.6g}; beyond it selection overshoots."
        )
        return interior(search, k, least, ends, text)
    if one.error <= min(last.error, limit.error):
        text = f"Boundary k = 1: any selection raises the error above {one.error:g}. Do not select."
        return boundary(search, 1.0, one, text)
    if limit.error <= last.error and not _from_below(solved, temperature):
        text = f"Boundary k = inf: more samples never stop helping; the error falls to {limit.error:.6g}."
        return boundary(search, np.inf, limit, text)
    text = f"Boundary k = {max_samples:g}, the largest looked at: the error still falls there. Raise max_samples."
    return boundary(search, max_samples, last, text)


def _from_below(solved, temperature):
    """Whether the error rises to its limit at k = inf, so that a finite k is better: the sign of the leading term."""
    gaps = closed_forms.second_moments(solved)
    if temperature == 0:
        return bool(closed_forms.best_of_k_law(gaps, 1.0) < gaps.judge)
    return bool(closed_forms.many_samples_correction(gaps, temperature / (2 * solved.spread**2)) < 0)


def optimal_temperature(problem: Prompt | Posterior | LinearJudge, *, samples: ArrayLike) -> Optimum:
    """The temperature that minimises the error at k = `samples` (inf allowed); 0 is best-of-k, inf "do not select".

    k = inf is a closed form: t* = 2 C2/C1 - 3 if 0 < C1 < 2 v. Finite k: the exact curve, scanned in
    ln T and refined to about 1e-7 relative; a population takes some seconds.

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        The prompt or population; a `LinearJudge` is taken at its `posterior`.
    samples : array_like
        Answers drawn, k; one real number >= 1, inf allowed.

    Returns
    -------
    Optimum
        `value` is T, in units of squared error; 0 or inf at a boundary.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for one that JAX traces.
    SolveFailed
        Where the exact curve has no trustworthy answer, as in `solve`.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(optimal_temperature(Prompt(0.3, 2.0), samples=float("inf")))
    The best temperature is T = 5.27273 (t = 2.63636), with error 0.7875.
    """
    solved = checked_problem("optimal_temperature", problem)
    refuse_traced("samples", samples)
    check_between("samples", samples, 1.0, np.inf, "Pass one number of answers, for example 16.")

    search = Search()

    def at(temperature):
        return error_at(search, solved, samples, temperature)

    greedy, none = at(0.0), at(np.inf)
    unit = 2 * float(solved.spread) ** 2  # T = t times this
    if samples == 1:
        text = f"With one sample there is nothing to select: every temperature has the error {none.error:g}."
        return boundary(search, np.inf, none, text)
    if np.isinf(samples):
        gaps = closed_forms.second_moments(solved)
        signal, reward = float(gaps.signal), float(gaps.reward)
        inner = 0 < signal < 2 * reward
        t = 2 * (signal + reward) / signal - 3 if inner else None
        value, least = (unit * t, at(unit * t)) if inner else (None, NOWHERE)
    else:
        points = 49 if isinstance(solved, Prompt) else 25
        value, least = _minimise(lambda x: at(unit * np.exp(x)), np.linspace(np.log(1e-5), np.log(1e5), points))
        value = None if value is None else unit * np.exp(value)
    if value is not None and is_better(least, (greedy, none)):
        text = f"The best temperature is T = {value:.6g} (t = {value / unit:.6g}), with error {least.error:.6g}."
        return interior(search, value, least, (greedy, none), text)
    if greedy.error <= none.error:
        text = f"Boundary T = 0: best-of-k is best, with error {greedy.error:.6g}."
        return boundary(search, 0.0, greedy, text)
    text = f"Boundary T = inf: do not select; every selection raises the error above {none.error:.6g}."
    return boundary(search, np.inf, none, text)


def optimal_reward(problem: Prompt | Posterior | LinearJudge, *, samples: ArrayLike, temperature: ArrayLike) -> Optimum:
    """How far the judge's favourite should lie past the truth: overshoot c >= -1 in DR = (1 + c) DT.

    At k = inf c* = t, error s^2 t/(1+t); at finite k it is larger, found on the exact curve. A population or
    regression must have the teacher as judge, for which c = 0.

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        The prompt or population, of which the judge's favourite is replaced; a `LinearJudge` is taken at its
        `posterior`.
    samples : array_like
        Answers drawn, k; one real number >= 1, inf allowed.
    temperature : array_like
        Of the softmax over scores, in units of squared error; one number, 0 (best of k) to inf (no selection).

    Returns
    -------
    Optimum
        `value` is the overshoot c, a number; -1 at the boundary, where the judge prefers the mean answer, and 0 where
        overshoot moves nothing.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, for one that JAX traces, and for a population
        whose judge is not the teacher.
    SolveFailed
        Where the exact curve has no trustworthy answer, as in `solve`.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{optimal_reward(Prompt(0.5, 0.5), samples=float('inf'), temperature=4.0).value:.4f}")
    2.0000
    """
    solved = checked_problem("optimal_reward", problem)
    refuse_traced("samples", samples)
    refuse_traced("temperature", temperature)
    check_between("samples", samples, 1.0, np.inf, "Pass one number of answers, for example 16.")
    check_temperature(temperature)
    moved = _overshooting(solved)

    search = Search()

    def at(c):
        return error_at(search, moved(c), samples, temperature)

    at_truth = at(0.0)
    scale = solved.teacher_gap if isinstance(solved, Prompt) else solved.teacher_variance
    for idle, why in (
        (float(scale) == 0, "the mean answer is the truth, so overshoot moves nothing"),
        (samples == 1, "with one sample there is nothing to judge"),
        (temperature == np.inf, "at infinite temperature the judge is not heard"),
    ):
        if idle:
            text = f"Every judge has the error {at_truth.error:g}: {why}. Overshoot 0 is returned."
            return boundary(search, 0.0, at_truth, text)
    t = float(temperature) / (2 * float(solved.spread) ** 2)
    if np.isinf(samples):
        c, least = t, at(t)
    else:
        # 1 + c on a logarithmic grid from close to the mean answer to far beyond the best judge at k = inf.
        points = 41 if isinstance(solved, Prompt) else 21
        grid = np.linspace(np.log(1e-2), np.log(30 * (1 + t) + 30), points)
        y, least = _minimise(lambda x: at(np.expm1(x)), grid)
        c = None if y is None else float(np.expm1(y))
    edge = at(-1.0)
    if c is None or edge.error <= least.error:
        text = f"Boundary c = -1: the best judge prefers the mean answer, with error {edge.error:.6g}."
        return boundary(search, -1.0, edge, text)
    side = "past the truth" if c > 0 else "short of the truth" if c < 0 else "at the truth"
    text = f"The best judge's favourite lies {side}: overshoot c = {c:.6g}, with error {least.error:.6g}."
    return interior(search, c, least, (edge,), text)


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

    For judge = teacher s^2/v_R is the inverse difficulty, and the law is proved; for another judge it is
    a conjecture that holds in two numerical cases. At v_R = s^2/2 it holds up to logarithms.

    Parameters
    ----------
    problem : Prompt or Posterior or LinearJudge
        The prompt or population; a `LinearJudge` is taken at its `posterior`.

    Returns
    -------
    float
        The power, in (0, 2].

    Raises
    ------
    BadValue
        For a problem with a field out of its range, named with what is allowed, or with one that JAX traces.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> decay_exponent(Posterior(0.8, 0.8, 0.8))
    1.25
    """
    solved = checked_problem("decay_exponent", problem)
    if isinstance(solved, Prompt) or float(solved.reward_variance) <= 0:
        return 2.0
    return min(2.0, float(solved.spread) ** 2 / float(solved.reward_variance))


def _minimise(at, grid):
    """Least error inside `grid` after refinement, or None where an end of the grid is least."""
    values = [at(x).error for x in grid]
    i = int(np.argmin(values))
    if i in (0, len(grid) - 1):
        return None, NOWHERE
    around = (grid[i - 1], grid[i + 1])
    found = scipy.optimize.minimize_scalar(
        lambda x: at(x).error, bounds=around, method="bounded", options={"xatol": 1e-7}
    )
    return float(found.x), at(found.x)


def checked_problem(caller: str, problem: object) -> Prompt | Posterior:
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


def refuse_traced(name: str, value: object) -> None:
    """Refuse a traced value: a search is done outside of traces."""
    if is_traced(value):
        raise BadValue(
            f"{name} is traced, but an optimum is searched for outside of traces. Call this without jit, grad or vmap."
        )
