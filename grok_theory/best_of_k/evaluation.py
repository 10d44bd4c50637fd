"""The error of the kept answer against the number of samples: one door for all problems and methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_between, check_shape, is_traced, require_float64
from ..conditions import Conditions
from ..errors import BadValue, SolveFailed
from ..numerics import invariants
from ..numerics.padding import any_traced, bucket, cut
from ..numerics.programs import LONG_RUNNING, compiled
from ..pytrees import as_arrays
from ..results import Solution
from ..status import FAILED, GOOD, Status
from . import closed_forms
from .averages import population_curves, prompt_curves
from .methods import BestOfK, Exact, HighTemperature, LargeK, Method
from .posterior_gaps import posterior
from .problem import LinearJudge, Posterior, Prompt
from .temperatures import check_temperature

# A population is averaged by a second quadrature; its error estimate is measured to be good to this much more.
_POPULATION_ALLOWANCE = 1000.0
_LARGEST_ERROR = 1e-6
# Nodes a panel keep all digits of a prompt; those of a population a hundred times more than it promises.
_NODES, _NODES_OF_POPULATIONS = 20, 18
_ROUNDING = 8 * 2.0**-52  # of the closed forms, in units of what they add up
# Of a population that `posterior` made: of its fields, and of the judge's own variance in units of the fields, which
# cancel in it where the judge is close to the teacher.
_POSTERIOR_ROUNDING, _OWN_ROUNDING = 4 * 2.0**-52, 2.0**-52


def solve_kept_answer(
    problem: Prompt | Posterior | LinearJudge,
    samples: ArrayLike | Sequence[float],
    temperature: ArrayLike,
    method: Method | None,
    throw: bool,
) -> Solution:
    """See `grok_theory.best_of_k.solve`."""
    require_float64("best_of_k.solve")
    if not isinstance(problem, (Prompt, Posterior, LinearJudge)):
        raise BadValue(
            f"problem is {type(problem).__name__}, but it must be a Prompt, Posterior or LinearJudge. "
            "Build one, for example best_of_k.Prompt(0.3, 0.3)."
        )
    method = Exact() if method is None else method
    if not isinstance(method, (Exact, LargeK, HighTemperature, BestOfK)):
        raise BadValue(
            f"method is {method!r}, but it must be one of Exact(), LargeK(), HighTemperature(), BestOfK(). "
            "Leave it out."
        )
    problem.check()
    solved = posterior(problem) if isinstance(problem, LinearJudge) else problem
    check_samples(samples)
    check_temperature(temperature)
    for name, value in vars(solved).items():
        check_shape(name, value, (), "Map a batch of problems with jax.vmap, one number each inside.")
    _check_reach(method, temperature)

    k = jnp.asarray(samples, float) if is_traced(samples) else np.asarray(samples, float)
    result = evaluate(solved, k, temperature, method)
    heat, spread = (part if is_traced(part) else np.asarray(part, float) for part in (temperature, solved.spread))
    with np.errstate(all="ignore"):  # of squares out of range the status speaks
        stats = {"scaled_temperature": heat / (2 * spread**2), "method": type(method).__name__}
    if isinstance(problem, LinearJudge):
        stats["posterior"] = solved
    return Solution(
        problem=problem,
        x=k,
        curves=result["curves"],
        x_name="samples",
        dynamics=None,
        conditions=Conditions(temperature=temperature),
        method=method,
        numerical_error=result["numerical_error"],
        status=Status(result["level"], noted=_noted(method), failed=_failed(method)),
        stats=stats,
    ).checked(throw)


def check_samples(samples: ArrayLike) -> None:
    """Refuse what is no list of real k >= 1."""
    check_shape("samples", samples, (None,) if np.size(samples) else (0,), "Pass a list, for example [1, 4, 16, 64].")
    check_between("samples", samples, 1.0, np.inf, "Pass numbers of answers, for example [1, 4, 16, 64].")


def _exact_curves(problem, k, temperature, *, method, kind, finite):
    made = _exact(problem, k, temperature, method, kind, finite)
    return _judged(made, _legal(problem, temperature, kind) & (k >= 1))


_curves = compiled(_exact_curves, static_argnames=("method", "kind", "finite"))
_often = compiled(_exact_curves, static_argnames=("method", "kind", "finite"), options=LONG_RUNNING)


def evaluate(
    problem: Prompt | Posterior,
    k: ArrayLike,
    temperature: ArrayLike,
    method: Method,
    program: Callable[..., Any] = _curves,
) -> dict[str, Any]:
    """Curves, numerical errors and status level of a checked problem; `k` (T,) float64.

    `program` makes the exact curves, by default the one that compiles sooner. The lengths of a bucket share it. Outside
    traces all else is NumPy, which compiles nothing.
    """
    traced = any_traced(problem, k, temperature)
    problem = as_arrays(problem)
    fixed = is_traced(temperature) or 0 < temperature < np.inf
    # T = 0 and T = inf are other formulas, so they are decided here, outside any trace.
    kind = "warm" if fixed else ("best" if temperature == 0 else "uniform")
    length = k.size
    padded = (jnp if traced else np).concatenate([k, np.ones(bucket(length) - length)])
    finite = is_traced(k) or bool(np.isfinite(np.asarray(k)).any())
    heat = temperature if is_traced(temperature) else np.asarray(temperature, float)
    exact = method if isinstance(method, Exact) else Exact()
    result = program(problem, padded, heat, method=exact, kind=kind, finite=finite)
    if method is not exact:
        result = _limit_curves(problem, padded, heat, result, method=method, kind=kind)
    result = jax.tree.map(lambda part: part[:length], result) if traced else cut(result, length)
    curves, errors = result["curves"], result["numerical_error"]
    level = (jnp if traced else np).max(result["levels"], initial=np.int8(0))
    held = invariants.hold(curves, errors, level, _RANGES)
    return {"curves": held.curves, "numerical_error": errors, "level": held.level}


class Search:
    """The exact `error` as a search reads it, outside traces: it refuses where `solve` does.

    `level` is the worst status of all that was read, for what the search returns to carry.
    """

    def __init__(self) -> None:
        self.level = GOOD

    def errors(
        self, problem: Prompt | Posterior, k: ArrayLike, temperature: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray]:
        """The error at `k` (T,), and its numerical error; raises `SolveFailed` where `solve` does."""
        # A search looks dozens of times: means over prompts by the program that runs faster, if it compiles longer.
        program = _curves if isinstance(problem, Prompt) else _often
        result = evaluate(problem, np.asarray(k, float), temperature, Exact(), program)
        self.see(result["level"])
        return result["curves"]["error"], result["numerical_error"]["error"]

    def see(self, level: ArrayLike) -> None:
        """Take note of the status of an exact curve, and raise `SolveFailed` with the text of `solve` if it failed."""
        if int(level) == FAILED:
            raise SolveFailed(_failed(Exact()))
        self.level = max(self.level, int(level))

    def status(self, *remarks: str) -> Status:
        """What to say of a search that looked at these curves, beside its own remarks."""
        noted = [_noted(Exact())] if self.level else []
        noted += [remark for remark in remarks if remark]
        return Status(1 if noted else GOOD, noted=" ".join(noted), failed=_failed(Exact()))


@partial(compiled, static_argnames=("method", "kind"))
def _limit_curves(problem, k, temperature, exact, *, method, kind):
    """Apart from `_curves`, whose code the limits then share with `Exact()`."""
    made = _limit(problem, k, temperature, method, kind, exact)
    return _judged(made, _legal(problem, temperature, kind) & (k >= 1))


def _judged(made, fine):
    """Curves and errors, nan where a value is out of range, and the status level at each k."""
    finite = jnp.stack([jnp.isfinite(curve) for curve in made["curves"].values()]).all(axis=0)
    good = fine & finite & (made["share"] < _LARGEST_ERROR) & ~made["lost"]
    levels = jnp.where(good, jnp.where(made["noted"] <= made["rtol"], 0, 1), 2).astype(jnp.int8)
    # Out of range is nan, never a number; a curve that is merely inaccurate stays, for throw=False.
    keep = lambda curve: jnp.where(fine, curve, jnp.nan)  # noqa: E731
    return {
        "curves": {name: keep(curve) for name, curve in made["curves"].items()},
        "numerical_error": {name: keep(curve) for name, curve in made["numerical_error"].items()},
        "levels": levels,
    }


def _legal(problem, temperature, kind):
    finite = jnp.stack([jnp.isfinite(v) for name, v in vars(problem).items() if name in _NEEDED]).all()
    s2 = problem.spread**2
    legal = finite & (problem.spread > 0) & (s2 > _SMALLEST) & (s2 < 1 / _SMALLEST)
    if kind == "warm":
        heat = temperature / s2
        legal = legal & (temperature > 0) & (temperature < jnp.inf) & (heat > _SMALLEST) & (heat < 1 / _SMALLEST)
    if isinstance(problem, Posterior):
        q, v, c = problem.teacher_variance, problem.reward_variance, problem.covariance
        legal = legal & (q >= 0) & (v >= 0) & (c**2 <= q * v * (1 + 1e-9))
    return legal


_NEEDED = {"teacher_gap", "reward_gap", "spread", "teacher_variance", "reward_variance", "covariance"}
_RANGES = {"error": invariants.NON_NEGATIVE, "judged_error": invariants.NON_NEGATIVE, "bias": invariants.ANY}
_SMALLEST = 1e-280  # squares below it lose digits without a word


def _exact(problem, k, temperature, method, kind, finite):
    infinite = jnp.isinf(k)
    alone, alone_rounding = _gaussian_answer(problem, jnp.inf)
    t = {"warm": temperature / (2 * problem.spread**2), "best": 0.0, "uniform": jnp.inf}[kind]
    limit, rounding = _gaussian_answer(problem, t)
    if kind == "uniform" or not finite:  # every k is infinite
        curves = {name: jnp.full(k.shape, value) for name, value in limit.items()}
        error = {name: jnp.full(k.shape, rounding[name]) for name in curves}
        lost = jnp.zeros(k.shape, bool)
    else:
        counted = jnp.where(infinite, 1.0, jnp.maximum(k, 1.0))
        heat = None if kind == "best" else temperature
        if isinstance(problem, Prompt):
            made = prompt_curves(problem, counted, heat, method.nodes or _NODES)
        else:
            made = population_curves(problem, counted, heat, method.nodes or _NODES_OF_POPULATIONS)
        curves, error = made["curves"], made["numerical_error"]
        for name, curve in curves.items():
            # One answer has a closed form; a slope in k it has from the quadrature.
            one = curve + jax.lax.stop_gradient(alone[name] - curve)
            curves[name] = jnp.where(infinite, limit[name], jnp.where(k == 1, one, curve))
            of_closed = jnp.where(infinite, rounding[name], alone_rounding[name])
            error[name] = jnp.where(infinite | (k == 1), of_closed, error[name])
        lost = ~infinite & (curves["judged_error"] < _SMALLEST)
    error = jax.lax.stop_gradient(error)
    rtol = method.rtol * (1.0 if isinstance(problem, Prompt) else _POPULATION_ALLOWANCE)
    share = noted = _share(curves, error)
    if isinstance(problem, Posterior):
        made = _posterior_rounding(*jax.lax.stop_gradient((problem, curves, jnp.where(infinite, 1.0, k))))
        error = {name: error[name] + made[name] for name in error}
        noted = _share(curves, error)  # of the quadrature alone it is said that it failed
    return {"curves": curves, "numerical_error": error, "share": share, "noted": noted, "rtol": rtol, "lost": lost}


def _posterior_rounding(problem, curves, k):
    """What the rounding of the fields does to the curves, where `posterior` made them: there the ridge is known.

    Seen from the judge, error = v_D + 2 (c_TR - v_R) a + judged_error; from the mean answer, error = q - 2 c_TR (1 - a)
    + moved, with moved = judged_error + (1 - 2 a) v_R. Sums of what falls with k as powers of at most 2: a relative
    change of v_R (of s^2, where that is larger) comes back up to 2 ln k times. The smaller sum keeps the digits.
    """
    q, v, c, own = problem.teacher_variance, problem.reward_variance, problem.covariance, problem.judge_variance
    judged, size, away = curves["judged_error"], q + v + 2 * jnp.abs(c), c - v
    steep = _POSTERIOR_ROUNDING * (1 + 2 * jnp.log(k)) * (1 + size / jnp.maximum(v, problem.spread**2))
    # A judge that is the teacher is so to the bit, and then error and judged_error are one.
    right = (q == v) & (q == c)
    kept = jnp.clip((curves["error"] - own - judged) / jnp.where(away == 0, 1.0, 2 * away), 0.0, 1.0)
    kept = jnp.where(away == 0, 0.0, kept)
    moved = jnp.abs(judged + (1 - 2 * kept) * v)
    near = steep * (judged + 2 * jnp.abs(away) * kept) + _OWN_ROUNDING * size
    far = steep * (moved + 2 * jnp.abs(c) * (1 - kept)) + _POSTERIOR_ROUNDING * q
    error = jnp.where(right, steep * judged, jnp.minimum(near, far))
    rounding = {"judged_error": steep * judged, "error": error}
    return {name: jnp.where(jnp.isnan(problem.ridge), 0.0, part) for name, part in rounding.items()}


def _share(curves, errors):
    """Greatest error of a curve at each k as a share of its value; of a bias, which may vanish, of the root error."""
    curves = jax.lax.stop_gradient(curves)
    scales = {name: jnp.sqrt(curves["error"]) if name == "bias" else curves[name] for name in curves}
    shares = [
        jnp.where(errors[name] == 0, 0.0, errors[name] / jnp.where(scale > 0, scale, jnp.finfo(float).tiny))
        for name, scale in scales.items()
    ]
    return jnp.stack(shares).max(axis=0)


def _gaussian_answer(problem, t):
    """Curves, and their rounding, where the kept answer has mean m - w DR and variance s^2 (1 - w), w = 1/(1+t).

    That is k = inf at temperature t (0: the judge's favourite itself), and at t = inf a single answer. Of two equal
    sums the one of smaller terms: DT - w DR = D + (1 - w) DR.
    """
    s2 = problem.spread**2
    w = jnp.where(jnp.isinf(t), 0.0, 1 / (1 + t))
    m = jnp.where(jnp.isinf(t), 1.0, t / (1 + jnp.where(jnp.isinf(t), 1.0, t)))
    if isinstance(problem, Prompt):
        own, reward, teacher = problem.judge_gap, problem.reward_gap, problem.teacher_gap
        near, far = jnp.abs(own) + m * jnp.abs(reward), jnp.abs(teacher) + w * jnp.abs(reward)
        bias, size = jnp.where(near <= far, own + m * reward, teacher - w * reward), jnp.minimum(near, far)
        curves = {"error": bias**2 + s2 * m, "judged_error": (m * reward) ** 2 + s2 * m, "bias": bias}
        sizes = {
            "error": curves["error"] + 2 * jnp.abs(bias) * size,
            "judged_error": curves["judged_error"],
            "bias": size,
        }
    else:
        q, v, c = problem.teacher_variance, problem.reward_variance, problem.covariance
        own = problem.judge_variance
        near, far = own + 2 * m * jnp.abs(c - v) + m**2 * v, q + 2 * w * jnp.abs(c) + w**2 * v
        square = jnp.where(near <= far, own + 2 * m * (c - v) + m**2 * v, q - 2 * w * c + w**2 * v)
        curves = {"error": jnp.maximum(square, 0.0) + s2 * m, "judged_error": m**2 * v + s2 * m}
        sizes = {"error": jnp.minimum(near, far) + s2 * m, "judged_error": curves["judged_error"]}
    return curves, {name: _ROUNDING * size for name, size in sizes.items()}


def _limit(problem, k, temperature, method, kind, exact):
    gaps, s2 = closed_forms.second_moments(problem), problem.spread**2
    seen = closed_forms.judged(gaps)
    t = jnp.asarray(jnp.inf) if kind == "uniform" else temperature / (2 * s2)
    if isinstance(method, LargeK):
        curves = {
            name: closed_forms.many_samples_limit(g, t) + closed_forms.many_samples_correction(g, t) / k
            for name, g in (("error", gaps), ("judged_error", seen))
        }
    elif isinstance(method, HighTemperature):
        options = {"order": method.order, "as_published": method.as_published}
        curves = {
            name: closed_forms.high_temperature_series(g, k, t, **options)
            for name, g in (("error", gaps), ("judged_error", seen))
        }
    else:
        curves = {name: closed_forms.best_of_k_law(g, k) for name, g in (("error", gaps), ("judged_error", seen))}
    curves = {name: s2 * curve for name, curve in curves.items()}
    if isinstance(problem, Prompt):
        curves["bias"] = _limit_of_bias(problem, gaps, k, t, method, curves)
    # A limit is as far from the truth as from the exact curve; where that is lost, nobody knows.
    known = exact["levels"] < FAILED
    away = {
        name: jnp.where(
            known, (1 + _ROUNDING) * jnp.abs(curve - exact["curves"][name]) + exact["numerical_error"][name], jnp.inf
        )
        for name, curve in jax.lax.stop_gradient(curves).items()
    }
    none = jnp.zeros(k.shape)
    return {"curves": curves, "numerical_error": away, "share": none, "noted": none, "rtol": 0.0, "lost": none > 0}


def _limit_of_bias(problem, gaps, k, t, method, curves):
    if isinstance(method, HighTemperature):
        return closed_forms.high_temperature_bias(problem.teacher_gap, gaps, problem.reward_gap, k, t, method.order)
    if isinstance(method, BestOfK):
        # Close to its favourite the density of answers has slope DR/s^2: M_1 = (DR/s^2) M_2.
        return problem.judge_gap + problem.reward_gap / problem.spread**2 * curves["judged_error"]
    # The same first correction as the error: rho times the change of the limit from t to t/2.
    heat, half = t / (1 + t), t / (2 + t)
    change = closed_forms.many_samples_spread(gaps, t) * (heat - half)
    return problem.judge_gap + problem.reward_gap * (heat + change / k)


def _check_reach(method, temperature):
    if is_traced(temperature):
        return
    if isinstance(method, BestOfK) and temperature != 0:
        raise BadValue(
            f"temperature is {temperature}, but BestOfK() is a law of temperature 0. Pass 0, or use Exact()."
        )
    if isinstance(method, LargeK) and not 0 < temperature < np.inf:
        raise BadValue(
            f"temperature is {temperature}, but LargeK() needs it in (0, inf). Use BestOfK() at 0, Exact() anywhere."
        )
    if isinstance(method, HighTemperature) and temperature == 0:
        raise BadValue("temperature is 0, but HighTemperature() needs it positive. Use BestOfK() or Exact().")


def _noted(method):
    if isinstance(method, Exact):
        return (
            f"the estimated error of a curve exceeds rtol = {method.rtol:g} of its value (a thousand times that for a "
            "population; of a bias: of the root of the error). Read numerical_error; a reward variance far above "
            "spread^2 is what costs digits."
        )
    return (
        f"this limit is more than {invariants.NOTED_SHARE:.0%} away from the exact curve somewhere: numerical_error is "
        "its distance. Use Exact() there, or go on towards the limit."
    )


def _failed(method):
    if isinstance(method, Exact):
        return (
            f"the quadrature cannot vouch for a curve to {_LARGEST_ERROR:g} of its value, or a value is out of range: "
            "spread > 0, variances >= 0, covariance^2 <= their product, samples >= 1, squares in [1e-280, 1e280]; "
            "and 0 < temperature < inf where jit, grad or vmap is at work. Bring the problem into range, raise "
            "Exact(nodes=...), or take the limit next to it: samples inf, temperature 0 or inf."
        )
    return (
        "this limit does not exist here: its mean over prompts diverges, its squared error is below zero, or a value "
        "is out of range. Use Exact()."
    )
