"""`TaskMixture`: what a context tells of its task, what the rule loses, and the price of diversity between its bounds.

With I the information of a context and i its density, the loss of the rule above memory's over a context of a training
task, averaged over lists of D tasks, lies in

    max(0, I - ln D)  <=  gap  <=  E ln(1 + (e^i - 1)/D).

Left: p_M is at least p(x | theta*)/D, and a divergence is not negative. Right: Jensen over the other D - 1 tasks. So
D* = e^I is where memory ends to be of use. The right side is a contour integral (`odds_contour`) of the moments of e^i,
which for urns are Gamma functions and for regressions two informations. Memory itself has no closed form: its curves
are means over draws (`memory_draws`).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_memory, is_traced, require_float64
from ..dynamics import Dynamics
from ..errors import BadValue
from ..fields import check_single, in_range
from ..numerics.padding import any_traced, bucket, cut, repeated
from ..results import Solution
from ..status import Status
from .families import Family, GaussianRegression, MarkovChains, Urns
from .memory_draws import draws_of, mean_and_error
from .methods import Exact, MonteCarlo
from .mixture_x import CONTEXT, check_contexts, check_family_single, refuse_settings
from .odds_contour import ABOVE, BELOW, upper_gap_bound
from .problem import TaskMixture
from .regression_forms import regression_eta, regression_information, regression_log_moment
from .urn_forms import count_sums
from .urn_moments import urn_log_moments

__all__ = ["curves_of_memory", "curves_of_rule", "drawn_size", "mixture_method", "solve_mixture"]

EPS = float(np.finfo(float).eps)
# Likelihoods that are drawn without being asked for.
_FREE = 2**26

TRACED = (
    "A curve is not a finite number: a field that was traced is out of range. Check the values before they enter jit "
    "or vmap."
)


def solve_mixture(
    problem: TaskMixture, x: ArrayLike, *, dynamics: Dynamics | None, method: Any, throw: bool
) -> Solution:
    """See `grok_theory.in_context.solve`."""
    require_float64("grok_theory.in_context.solve")
    check_single(problem)
    check_family_single(problem.family)
    refuse_settings("TaskMixture", dynamics=dynamics)
    contexts = check_contexts(x, problem.family)
    method, noted = mixture_method(problem, int(contexts[-1]), method)
    drawn = None
    if isinstance(method, MonteCarlo):
        drawn = draws_of(problem.family, 1 if noted else int(problem.tasks), int(contexts[-1]), method)
    curves, errors, good = curves_of_rule(problem, contexts, drawn)
    if drawn is not None and not noted:
        found, found_errors = curves_of_memory(problem.family, contexts, drawn, curves, errors)
        curves, errors = curves | found, errors | found_errors
    if any_traced(problem):
        curves = {name: jnp.where(good, values, jnp.nan) for name, values in curves.items()}
    xp = jnp if any_traced(good) else np
    level = xp.where(good, 1 if noted else 0, 2).astype(np.int8)
    return Solution(
        problem,
        np.asarray(x, float),
        curves,
        CONTEXT,
        None,
        method,
        x_unit="",
        numerical_error=errors,
        status=Status(level, noted=noted, failed=TRACED),
    ).checked(throw)


def mixture_method(problem: TaskMixture, longest: int, method: Any) -> tuple[Exact | MonteCarlo, str]:
    """The method for contexts up to `longest`, and a remark where the curves of memory are left out."""
    if method is not None and not isinstance(method, (Exact, MonteCarlo)):
        raise BadValue(f"method is {method!r}, but a TaskMixture is solved by Exact() or MonteCarlo(draws).")
    chains = isinstance(problem.family, MarkovChains)
    if isinstance(method, Exact):
        if chains:
            raise BadValue(f"method is {method!r}, but of MarkovChains nothing is closed. Pass MonteCarlo(draws).")
        return method, ""
    unknown = any_traced(problem)
    if unknown and (method is not None or (chains and is_traced(problem.tasks))):
        raise BadValue(
            "problem is traced, but what is drawn must be known. Pass Exact(), or draw outside of jit and vmap."
        )
    chosen = MonteCarlo() if method is None else method
    left_out = "The curves of memory are left out: "
    if unknown:
        return Exact(), left_out + "a field is traced, and they are drawn."
    whole = float(problem.tasks) == round(float(problem.tasks))
    if not whole and method is not None and not chains:
        raise BadValue(
            f"tasks is {float(problem.tasks):g}, but of drawn tasks it must be a whole number. Pass Exact()."
        )
    size = drawn_size(problem, longest)
    if method is None and (not whole or chosen.draws * size > _FREE):
        why = "they would take long to draw" if whole else "tasks is not a whole number"
        remedy = "Pass method=MonteCarlo(draws) for them." if whole else "Pass a whole number of tasks for them."
        return chosen if chains else Exact(), f"{left_out}{why}. {remedy}"
    if whole:
        check_memory(f"A draw of {float(problem.tasks):g} tasks", 64.0 * size, "Pass fewer tasks, or method=Exact().")
    elif chains:
        return chosen, left_out + "tasks is not a whole number. Pass a whole number of tasks for them."
    return chosen, ""


def drawn_size(problem: TaskMixture, longest: int) -> int:
    """How many likelihoods one list of tasks and one context have."""
    entries = problem.family.symbols if isinstance(problem.family, MarkovChains) else 1
    return bucket(int(np.ceil(float(problem.tasks)))) * bucket(longest) * entries


def curves_of_rule(problem: TaskMixture, contexts: np.ndarray, drawn: dict[str, np.ndarray] | None):
    """Curves, errors and whether all is well, of what does not ask memory; of chains from what was `drawn`."""
    if isinstance(problem.family, Urns):
        return _of_urns(problem, contexts)
    if isinstance(problem.family, GaussianRegression):
        return _of_regressions(problem, contexts)
    assert drawn is not None  # `mixture_method` saw to it
    return _of_chains(problem, contexts, drawn)


def _of_urns(problem: TaskMixture, contexts: np.ndarray):
    symbols = problem.family.symbols
    above, below = urn_log_moments(bucket(int(contexts[-1]) + 1), symbols)
    information, loss = count_sums(contexts, symbols)
    # Of logarithms of factorials.
    lost = EPS * 4 * (4 + (contexts + symbols) * np.log(contexts + symbols))
    curves, errors, good = _bounds(problem.tasks, information, above[contexts], below[contexts], lost)
    for name in ("generalizing_seen", "generalizing_fresh"):
        curves[name], errors[name] = loss, loss * lost
    return curves, errors, good & in_range(problem) if any_traced(problem) else good


def _of_regressions(problem: TaskMixture, contexts: np.ndarray):
    numbers = problem.tasks, problem.family.noise, np.asarray(float(problem.family.dim)), repeated(contexts)
    made = (_traced_regression if any_traced(problem) else _regression)(*numbers)
    curves, errors, good = cut_all(made, contexts.size, any_traced(problem))
    return curves, errors, good & in_range(problem) & (problem.family.noise > 0) if any_traced(problem) else good


def _regression(tasks, noise, dim, contexts):
    """Curves, errors and whether all is well; by NumPy where nothing is traced."""
    xp = jnp if any_traced(tasks, noise) else np
    a, before, variance = contexts / dim, (contexts - 1) / dim, xp.square(noise)
    information = dim * xp.asarray(regression_information(a, noise))
    above, below = (regression_log_moment(a[:, None], variance, line[None]) for line in (ABOVE, BELOW))
    above, below = (dim.astype(complex) * each for each in (above, below))
    # The terms of an information, of which large ones cancel where the noise is large.
    lost = EPS * 8 * (4 + dim + contexts * xp.log1p(1 / variance))
    curves, errors, good = _bounds(tasks, information, above, below, lost)
    loss = variance + xp.asarray(regression_eta(before, noise))
    for name in ("generalizing_seen", "generalizing_fresh"):
        curves[name], errors[name] = loss, 16 * EPS * loss
    return curves, errors, good & xp.all(xp.isfinite(loss))


_traced_regression = jax.jit(_regression)


def _bounds(tasks, information, above, below, lost):
    """Information and bounds, where `lost` is the error of what stands in exponents."""
    xp = jnp if any_traced(tasks, information) else np
    tasks = xp.asarray(tasks, float)
    low = xp.maximum(information - xp.log(tasks), 0.0)
    high, size = upper_gap_bound(information, above, below, tasks)
    curves = {"information": information, "gap_bound_low": low, "gap_bound_high": high}
    rounded = lost + 4 * EPS * xp.log(tasks)
    errors = {"information": lost, "gap_bound_low": rounded, "gap_bound_high": rounded + size * (lost + 1e-13)}
    finite = [xp.all(xp.isfinite(values)) for values in curves.values()]
    return curves, errors, (tasks >= 1) & xp.stack(finite).all()


def _of_chains(problem: TaskMixture, contexts: np.ndarray, draws: dict[str, np.ndarray]):
    at, tasks = contexts - 1, float(problem.tasks)
    information, lost = mean_and_error(np.cumsum(draws["learned"], axis=1)[:, at])
    # ln(1 + (e^i - 1)/D), where e^i may be beyond floating numbers.
    others = np.log(tasks - 1) if tasks > 1 else -np.inf
    high, high_error = mean_and_error(np.logaddexp(draws["density"][:, at], others) - np.log(tasks))
    loss, loss_error = mean_and_error(draws["rule_loss"][:, at])
    low = np.maximum(information - np.log(tasks), 0.0)
    curves = {"information": information, "gap_bound_low": low, "gap_bound_high": high}
    errors = {"information": lost, "gap_bound_low": lost, "gap_bound_high": high_error}
    for name in ("generalizing_seen", "generalizing_fresh"):
        curves[name], errors[name] = loss, loss_error
    return curves, errors, True


def curves_of_memory(
    family: Family, contexts: np.ndarray, draws: dict[str, np.ndarray], curves: dict, errors: dict
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The curves of memory, and the gap, with their errors, from draws and the `curves` of the rule."""
    at = contexts - 1
    if isinstance(family, GaussianRegression):
        found = {name: mean_and_error(draws[name][:, at]) for name in ("memorizing_seen", "memorizing_fresh", "gap")}
        return {name: each[0] for name, each in found.items()}, {name: each[1] for name, each in found.items()}
    gap, gap_error = mean_and_error(np.cumsum(draws["excess"], axis=1)[:, at])
    excess, excess_error = mean_and_error(draws["excess"][:, at])
    lost, lost_error = mean_and_error(draws["lost"][:, at])
    rule, rule_error = (np.asarray(each["generalizing_seen"]) for each in (curves, errors))
    found = {"memorizing_seen": rule - excess, "memorizing_fresh": rule + lost, "gap": gap}
    bounds = {
        "memorizing_seen": rule_error + excess_error,
        "memorizing_fresh": rule_error + lost_error,
        "gap": gap_error,
    }
    return found, bounds


def cut_all(made, count: int, traced: bool):
    """The first `count` entries, as arrays nobody writes to where nothing is traced."""
    curves, errors, good = made
    if traced:
        part = lambda tree: {name: values[:count] for name, values in tree.items()}  # noqa: E731
        return part(curves), part(errors), good
    return dict(cut(curves, count)), dict(cut(errors, count)), good
