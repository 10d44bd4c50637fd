"""`Strategies`: which of memory and the rule a network follows, as evidence against simplicity.

    log odds(N) = gamma N^(1-a) DeltaL - ln 2 (K_M^b - K_G^b),        share = 1/(1 + e^-(log odds)),

DeltaL the gap a symbol. It is drawn (`memory_draws`), or exact for one task and for two urns. Its bounds are closed,
and with them those of the step at which the shares are equal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_kind, require_float64
from ..dynamics import Adam, Dynamics, check_dynamics, check_x
from ..errors import BadValue
from ..fields import check_single, in_range
from ..numerics.padding import any_traced, as_numbers, cut, lengthened
from ..numerics.programs import compiled
from ..pytrees import record
from ..results import Solution
from ..status import Status
from .families import Urns
from .memory_draws import SHARES, draws_of, mean_and_error
from .methods import MonteCarlo
from .mixture import curves_of_memory, curves_of_rule, mixture_method
from .mixture_x import check_contexts, check_family_single
from .problem import Strategies
from .urn_forms import two_task_gap

__all__ = ["SwitchStep", "complexity", "of_mixture", "solve_strategies", "switch_step", "the_lengths"]

TRACED = (
    "A curve is not a finite number: a field or a step that was traced is out of range, or step 0 meets a "
    "learning_exponent of 1 or more. Check the values before they enter jit or vmap, and begin at step 1."
)
AT_ZERO = "At step 0 there is no evidence to weigh with a learning_exponent of 1 or more. Begin at step 1."
CONSTANT = "With a learning_exponent of 1 or more evidence does not grow with training: the odds never turn to memory."


@record()
class SwitchStep:
    """The training step at which memory takes over from the rule.

    Parameters
    ----------
    step : float
        N*, where both shares are 1/2; 0 where memory leads from the start, inf where it never does.
    low, high : float
        What the bounds of the gap leave open about it.
    status : Status
        `noted` where it is 0 or inf, with the reason.
    """

    step: float
    low: float
    high: float
    status: Status = Status()


def solve_strategies(
    problem: Strategies, x: ArrayLike, *, dynamics: Dynamics | None, method: Any, throw: bool
) -> Solution:
    """See `grok_theory.in_context.solve`."""
    require_float64("grok_theory.in_context.solve")
    check_single(problem)
    dynamics = Adam(3e-3) if dynamics is None else dynamics
    check_dynamics(dynamics, (Adam,), "grok_theory.in_context.solve")
    check_x(dynamics, x)
    method = _method(method)
    known = of_mixture(problem, method)
    traced = any_traced(problem, x)
    steps = lengthened(x, problem)
    tables = {name: mean_and_error(known.drawn[name]) for name in ("train_loss", "test_loss")}
    numbers = (problem.rate, problem.learning_exponent, problem.complexity_exponent)
    gaps = known.gap / problem.context, known.error / problem.context
    given = as_numbers((*numbers, the_lengths(problem, known), *gaps))
    curves, errors, good = _solve(*given, steps, tables)
    curves, errors = cut((curves, errors), np.size(x))
    good = good & in_range(problem) if traced else np.asarray(good)
    at_zero = not traced and float(problem.learning_exponent) >= 1 and float(np.asarray(x)[0]) == 0
    constant = not any_traced(problem.learning_exponent) and float(problem.learning_exponent) >= 1
    return Solution(
        problem,
        jnp.asarray(x, float) if traced else np.asarray(x, float),
        curves,
        dynamics.x_name,
        dynamics,
        method,
        x_unit=dynamics.x_unit,
        numerical_error=errors,
        status=Status(
            (jnp if traced else np).where(good, 1 if constant else 0, 2).astype(np.int8),
            noted=CONSTANT if constant else "",
            failed=AT_ZERO if at_zero else TRACED,
        ),
    ).checked(throw)


@compiled
def _solve(rate, learning, exponent, lengths, gap, lost, steps, tables):
    begun = steps > 0
    grown = jnp.where(begun, jnp.exp((1 - learning) * jnp.log(jnp.where(begun, steps, 1.0))), 0.0)
    evidence = rate * grown
    odds = evidence * gap - complexity(lengths, exponent)
    share = jax.nn.sigmoid(odds)
    curves, errors = {"log_odds": odds, "memorizing_share": share}, {}
    errors["log_odds"] = evidence * lost + 16 * np.finfo(float).eps * (evidence * gap + jnp.abs(odds))
    errors["memorizing_share"] = share * (1 - share) * errors["log_odds"]
    for name, (loss, error) in tables.items():
        curves[name], slope = jax.vmap(jax.value_and_grad(_between), (0, None))(share, jnp.asarray(loss))
        errors[name] = (
            jax.vmap(_between, (0, None))(share, jnp.asarray(error)) + jnp.abs(slope) * errors["memorizing_share"]
        )
    good = jnp.all(begun | (learning < 1)) & jnp.all(jnp.isfinite(odds)) & jnp.all(steps >= 0)
    return {name: jnp.where(good, values, jnp.nan) for name, values in curves.items()}, errors, good


def _between(share: jax.Array, values: jax.Array) -> jax.Array:
    """The polynomial through `values` at `SHARES`, at one share, by barycentric weights."""
    weights = (-1.0) ** np.arange(SHARES.size)
    weights[[0, -1]] /= 2
    apart = share - SHARES
    # On a point all but its own term vanish. The step aside keeps derivatives finite, and is below rounding.
    apart = jnp.where(jnp.abs(apart) < 1e-15, 1e-15, apart)
    terms = weights / apart
    return jnp.sum(terms * values) / jnp.sum(terms)


def complexity(lengths: ArrayLike, exponent: ArrayLike) -> jax.Array:
    """ln 2 (K_M^b - K_G^b): the prior log odds of the rule against memory, in nats."""
    xp = jnp if any_traced(lengths, exponent) else np
    lengths = xp.asarray(lengths, float)
    some = lengths > 0
    powers = xp.where(some, xp.exp(exponent * xp.log(xp.where(some, lengths, 1.0))), 0.0)
    return np.log(2) * (powers[0] - powers[1])


class OfMixture(NamedTuple):
    """What the tasks say in a context: the information, the gap and its two bounds in nats, the error of the gap."""

    information: float
    gap: float
    error: float
    low: float
    high: float
    drawn: dict[str, np.ndarray]


def of_mixture(problem: Strategies, method: MonteCarlo) -> OfMixture:
    """All of it from one list of draws."""
    mixture, context = problem.mixture, np.asarray([problem.context])
    if any_traced(mixture):
        raise BadValue(
            "mixture is traced, but its tasks are drawn and must be known. Map over rate, learning_exponent, "
            "complexity_exponent or description_lengths, or loop over mixtures."
        )
    if float(mixture.tasks) != round(float(mixture.tasks)):
        raise BadValue(f"mixture.tasks is {mixture.tasks}, but of drawn tasks it must be a whole number. Round it.")
    check_family_single(mixture.family)
    check_contexts(context, mixture.family)
    mixture_method(mixture, problem.context, method)
    drawn = draws_of(mixture.family, int(mixture.tasks), problem.context, method, problem.context)
    curves, errors, _ = curves_of_rule(mixture, context, drawn)
    found, lost = curves_of_memory(mixture.family, context, drawn, curves, errors)
    information, low, high = (float(curves[n][0]) for n in ("information", "gap_bound_low", "gap_bound_high"))
    if isinstance(mixture.family, Urns) and float(mixture.tasks) == 2:
        gap, error = float(two_task_gap(problem.context, mixture.family.symbols)), 1e-11
    elif float(mixture.tasks) == 1:
        gap, error = information, float(errors["information"][0])
    else:  # a draw may lie beyond a bound by chance; the mean does not
        gap = min(max(float(found["gap"][0]), low), high)
        error = min(float(lost["gap"][0]), max(high - gap, gap - low)) + float(errors["gap_bound_high"][0])
    return OfMixture(information, gap, error, low, high, drawn)


def the_lengths(problem: Strategies, known: OfMixture) -> Any:
    """(K_M, K_G) in bits; left out, what it takes to store D tasks as finely as a context tells them apart, and 0."""
    if problem.description_lengths is not None:
        return problem.description_lengths
    return np.asarray([float(problem.mixture.tasks) * known.information / np.log(2), 0.0])


def _method(method: Any) -> MonteCarlo:
    if method is not None and not isinstance(method, MonteCarlo):
        raise BadValue(f"method is {method!r}, but Strategies is solved by MonteCarlo(draws): memory is drawn.")
    return MonteCarlo() if method is None else method


def switch_step(problem: Strategies, *, method: MonteCarlo | None = None) -> SwitchStep:
    """The training step N* at which memory takes over from the rule, with its two bounds.

    N* = [ln 2 (K_M^b - K_G^b)/(gamma DeltaL)]^{1/(1-a)}; DeltaL between `gap_bound_low` and `gap_bound_high` gives its
    bounds. A gap of zero, beyond D* = e^I tasks, leaves it open upwards.

    Parameters
    ----------
    problem : Strategies
        What is studied; no field may be traced.
    method : MonteCarlo, optional
        How many lists of tasks are drawn for DeltaL.

    Returns
    -------
    SwitchStep
        `.step`, `.low`, `.high` in training steps, and `.status`.

    Raises
    ------
    BadValue
        For a traced problem and another method.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.in_context import TaskMixture, Urns
    >>> mixture = TaskMixture(tasks=2, family=Urns(2))
    >>> problem = Strategies(mixture, 8, rate=1.0, learning_exponent=0.5, complexity_exponent=1.0)
    >>> print(f"{switch_step(problem).step:.0f}")
    813
    """
    require_float64("grok_theory.in_context.switch_step")
    check_kind("problem", problem, Strategies, "Pass one, for example Strategies(mixture, 32, 20.0, 0.4, 0.7).")
    check_single(problem)
    if any_traced(problem):
        raise BadValue("problem is traced, but switch_step takes numbers. Call it outside of jit and vmap.")
    method = _method(method)
    known = of_mixture(problem, method)
    prior = float(complexity(the_lengths(problem, known), problem.complexity_exponent))
    rate, left = float(problem.rate), 1 - float(problem.learning_exponent)

    def when(gap: float) -> float:
        evidence = rate * max(gap, 0.0) / problem.context
        if prior <= 0 or (left <= 0 and evidence > prior):
            return 0.0
        if left <= 0 or evidence == 0:
            return np.inf
        with np.errstate(over="ignore"):
            return float(np.exp(np.log(prior / evidence) / left))

    step, low, high = (when(gap) for gap in (known.gap, known.high, known.low))
    said = ""
    if prior <= 0:
        said = "Memory leads from the start: it is not described at greater length than the rule."
    elif left <= 0:
        said = f"{CONSTANT} They are what they are after one step."
    elif step == 0:
        said = "Memory leads from the first step: its evidence outweighs the greater length by far."
    elif step == np.inf:
        said = "Memory never takes over: on training tasks it gains nothing over the rule, or too little."
    return SwitchStep(step, low, high, Status(1 if said else 0, noted=said))
