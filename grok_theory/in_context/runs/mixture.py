"""`TaskMixture` run for real: tasks and contexts are drawn, and the losses of both predictors are what they were.

A run is one list of tasks, with contexts of its own tasks and of fresh ones. Nothing is summed that can be drawn: not
the next symbol, not the task.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...checks import check_integer, check_key, check_memory, check_runs, require_float64
from ...dynamics import Dynamics
from ...fields import check_single
from ...numerics.flat_draws import flat
from ...numerics.padding import bucket
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...results import Ensemble
from ..families import Family, GaussianRegression
from ..mixture_x import CONTEXT, check_contexts, check_family_single, refuse_settings
from ..problem import TaskMixture
from ..regression_laws import predict_regression
from ..token_laws import draw_tables, draw_tokens, log_likelihoods, memory_weights, rows_of, states, symbol_counts

__all__ = ["CONTEXTS", "DrawnContexts", "simulate_mixture"]

CONTEXTS = 64  # of its own tasks, and as many of fresh ones, a run


def simulate_mixture(
    problem: TaskMixture, x: ArrayLike, *, dynamics: Dynamics | None, runs: int, key: jax.Array, dim: int | None
) -> Ensemble:
    """See `grok_theory.in_context.simulate`."""
    require_float64("grok_theory.in_context.simulate")
    check_single(problem)
    family = problem.family
    check_family_single(family)
    refuse_settings("TaskMixture", dynamics=dynamics, dim=dim)
    contexts = check_contexts(x, family)
    check_key(key)
    runs = check_runs(runs)
    tasks = check_integer("tasks", problem.tasks, 1, "Pass a whole number of tasks to draw, for example 32.")
    padded, length = bucket(tasks), bucket(int(contexts[-1]))
    entries = family.dim if isinstance(family, GaussianRegression) else family.symbols * states(family)
    at_once = runs_at_once()
    room = at_once * 8.0 * (padded * (8 * length + entries) + length * (length + 4 * entries))
    remedy = "Pass fewer tasks or shorter contexts."
    check_memory(f"{counted(at_once)} with {tasks} tasks and contexts of {contexts[-1]}", room, remedy)
    numbers, structure = jax.tree_util.tree_flatten(family)
    arguments = ([jnp.asarray(number, float) for number in numbers], jnp.asarray(float(tasks)))
    made = run_batched(
        DrawnContexts(structure, padded, length), key, runs, arguments=arguments, program=compiled_soonest
    )
    size = {"contexts": CONTEXTS, "tasks": tasks} | ({"dim": family.dim} if hasattr(family, "dim") else {})
    curves = {name: values[:, contexts - 1] for name, values in made.items()}
    return Ensemble(problem, contexts.astype(float), curves, CONTEXT, None, stats=size)


class DrawnContexts:
    """One run as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, structure: Any, tasks: int, length: int):
        self.structure, self.tasks, self.length = structure, tasks, length

    def __call__(self, key: Array, numbers: list[Array], tasks: Array) -> dict[str, Float[Array, " length"]]:
        family: Family = jax.tree_util.tree_unflatten(self.structure, numbers)
        one = self._regressions if isinstance(family, GaussianRegression) else self._tokens
        found = one(key, family, tasks)
        # ln(1 + (e^i - 1)/D), where e^i may be beyond floating numbers.
        others = jnp.where(tasks > 1, jnp.log(jnp.where(tasks > 1, tasks - 1, 1.0)), -jnp.inf)
        found["gap_bound_high"] = jnp.logaddexp(found["information"], others) - jnp.log(tasks)
        return {name: jnp.mean(values, axis=0) for name, values in found.items()}

    def _tokens(self, key: Array, family: Family, tasks: Array) -> dict[str, Array]:
        of_tasks, of_choice, of_fresh, of_seen, of_draws = jax.random.split(key, 5)
        tables = draw_tables(of_tasks, family, self.tasks)
        seen = tables[jax.random.randint(of_choice, (CONTEXTS,), 0, tasks.astype(int))]
        fresh = draw_tables(of_fresh, family, CONTEXTS)

        def losses(tokens, own):
            """ln of what the task itself, memory and the rule gave the symbols that came."""
            rows, at = rows_of(family, tokens), jnp.arange(self.length)
            _, memory = memory_weights(log_likelihoods(family, tables, tokens), tasks)
            counts = symbol_counts(family, tokens)
            rule = (counts[at, tokens] + 1) / (jnp.sum(counts, axis=1) + family.symbols)
            return jnp.log(own[rows, tokens]), jnp.diff(memory, prepend=0.0), jnp.log(rule)

        # Both kinds of contexts in one loop: it compiles once.
        written = jax.vmap(lambda key, tables: draw_tokens(key, family, tables, self.length))
        drawn = jnp.concatenate(list(written(jnp.stack([of_seen, of_draws]), jnp.stack([seen, fresh]))))
        found = jax.lax.map(lambda pair: losses(*pair), (drawn, jnp.concatenate([seen, fresh])))
        (own, _), (memory, memory_fresh), (rule, rule_fresh) = (jnp.split(each, 2) for each in found)
        return {
            "information": jnp.cumsum(own - rule, axis=1),
            "gap": jnp.cumsum(memory - rule, axis=1),
            "generalizing_seen": -rule,
            "generalizing_fresh": -rule_fresh,
            "memorizing_seen": -memory,
            "memorizing_fresh": -memory_fresh,
        }

    def _regressions(self, key: Array, family: GaussianRegression, tasks: Array) -> dict[str, Array]:
        of_tasks, of_contexts = jax.random.split(key)
        weights = flat(jax.random.normal, of_tasks, (self.tasks, family.dim))

        def losses(key):
            of_choice, of_fresh, of_inputs, of_noise = jax.random.split(key, 4)
            own = weights[jax.random.randint(of_choice, (), 0, tasks.astype(int))]
            truths = jnp.stack([own, jax.random.normal(of_fresh, (family.dim,))])
            inputs = flat(jax.random.normal, of_inputs, (2, self.length, family.dim)) / jnp.sqrt(family.dim)
            errors = family.noise * flat(jax.random.normal, of_noise, (2, self.length))
            labels = jnp.einsum("ctd,cd->ct", inputs, truths) + errors
            both = jax.vmap(lambda x, y: predict_regression(family, weights, x, y, tasks))(inputs, labels)
            found = {}
            for which, name in enumerate(("seen", "fresh")):
                predicted = jax.tree_util.tree_map(lambda part, which=which: part[which], both)
                for who, guess in (("memorizing", predicted.memory), ("generalizing", predicted.rule)):
                    missed = labels[which] - jnp.sum(inputs[which] * guess, axis=1)
                    found[f"{who}_{name}"] = missed**2
                if name == "seen":
                    density = -(errors[0] ** 2) / (2 * family.noise**2) - jnp.log(2 * jnp.pi * family.noise**2) / 2
                    found["information"] = jnp.cumsum(density) - predicted.log_rule
                    found["gap"] = predicted.log_memory - predicted.log_rule
            return found

        return jax.lax.map(losses, jax.random.split(of_contexts, CONTEXTS))

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        return hash((type(self), self.structure, self.tasks, self.length))
