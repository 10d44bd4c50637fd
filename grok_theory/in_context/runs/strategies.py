"""`Strategies` run for real: a small transformer trained on contexts of D tasks, held beside memory and the rule."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Int

from ...checks import check_integer, check_key, check_memory, check_runs, require_float64
from ...dynamics import Adam, Dynamics, check_dynamics, check_x, whole_steps
from ...errors import BadValue
from ...fields import check_single
from ...numerics.padding import bucket, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...numerics.training import trained
from ...results import Ensemble
from ..families import GaussianRegression, TokenFamily
from ..problem import Strategies
from ..token_laws import (
    draw_tables,
    draw_tokens,
    log_likelihoods,
    memory_weights,
    rows_of,
    states,
    symbol_counts,
)
from .transformer import log_predictions, network, parameters_of, training_step

__all__ = ["BATCH", "CONTEXTS", "TrainedTransformer", "simulate_strategies"]

BATCH = 32  # contexts a step
CONTEXTS = 256  # on which the network is held beside its strategies, of training tasks and of fresh ones each
DEFAULT = Adam(3e-3)


def simulate_strategies(
    problem: Strategies, x: ArrayLike, *, dynamics: Dynamics | None, runs: int, key: jax.Array, dim: int | None
) -> Ensemble:
    """See `grok_theory.in_context.simulate`."""
    require_float64("grok_theory.in_context.simulate")
    check_single(problem)
    family = problem.mixture.family
    if isinstance(family, GaussianRegression):
        raise BadValue(
            "mixture.family is a GaussianRegression, but the transformer of simulate reads symbols. Pass Urns or "
            "MarkovChains, or solve the problem and hold runs of your own against it."
        )
    if dim is not None:
        raise BadValue(f"dim is {dim!r}, but Strategies have no dimension to choose. Leave it out.")
    dynamics = DEFAULT if dynamics is None else dynamics
    check_dynamics(dynamics, (Adam,), "grok_theory.in_context.simulate")
    check_x(dynamics, x)
    check_key(key)
    runs = check_runs(runs)
    tasks = check_integer("tasks", problem.mixture.tasks, 1, "Pass a whole number of tasks to draw, for example 32.")
    padded, count = bucket(tasks), len(whole_steps(x))
    room = 8.0 * padded * (states(family) * family.symbols + 4 * problem.context)
    room += 4.0 * BATCH * problem.context * (20 * 32 + 2 * problem.context + 4 * family.symbols)
    at_once = runs_at_once()
    remedy = "Pass fewer tasks or a shorter context."
    check_memory(f"{counted(at_once)} with {tasks} tasks and contexts of {problem.context}", at_once * room, remedy)
    run = TrainedTransformer(family, problem.context, padded, dynamics.betas)
    rate = np.asarray(dynamics.learning_rate, float)
    curves, strategies = run_batched(
        run, key, runs, arguments=(np.asarray(float(tasks)), repeated(x).astype(int), rate), program=compiled_soonest
    )
    return Ensemble(
        problem,
        whole_steps(x),
        {name: values[:, :count] for name, values in curves.items()},
        dynamics.x_name,
        dynamics,
        x_unit=dynamics.x_unit,
        stats=strategies | {"batch_size": BATCH, "weights": parameters_of(family.symbols, problem.context)},
    )


class TrainedTransformer:
    """One run as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, family: TokenFamily, context: int, tasks: int, betas: tuple[float, float]):
        self.family, self.context, self.tasks, self.betas = family, context, tasks, betas

    def __call__(
        self, key: Array, tasks: Array, steps: Int[Array, " times"], rate: Array
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        import optax

        family, context = self.family, self.context
        of_tasks, of_start, of_batches, of_seen, of_fresh = jax.random.split(key, 5)
        tables = draw_tables(of_tasks, family, self.tasks)
        rough = tables.astype(jnp.float32)
        # One row of all weights: the same digits, and one program for all of them.
        optimizer = optax.flatten(optax.adam(rate.astype(jnp.float32), *self.betas))
        weights = network(of_start, family.symbols, context)

        def contexts(key, tables, count):
            choice, draw = jax.random.split(key)
            return draw_tokens(
                draw, family, tables[jax.random.randint(choice, (count,), 0, tasks.astype(int))], context
            )

        def step(state):
            done, weights, memory = state
            tokens = contexts(jax.random.fold_in(of_batches, done), rough, BATCH)
            # Other people's optimizers promote types; the network keeps its own precision whatever they do.
            with jax.numpy_dtype_promotion("standard"):
                return done + 1, *training_step(weights, memory, tokens, optimizer)

        seen = contexts(of_seen, tables, CONTEXTS)
        first, second = jax.random.split(of_fresh)
        fresh = draw_tokens(second, family, draw_tables(first, family, CONTEXTS), context)
        both = jnp.concatenate([seen, fresh])
        (memory_seen, memory_fresh), (rule_seen, rule_fresh) = (
            jnp.split(odds, 2) for odds in self._strategies(both, tables, tasks)
        )
        # Whoever knows what the contexts are drawn from predicts by memory on training tasks, by the rule on fresh
        # ones: their predictions are the true odds of the next symbol, and take the place of the one drawn.
        between = memory_fresh - rule_fresh

        def read(state):
            logs_seen, logs = jnp.split(log_predictions(state[1], both).astype(float), 2)
            return {
                "memorizing_share": jnp.sum((jnp.exp(logs) - rule_fresh) * between) / jnp.sum(between**2),
                "memory_divergence": _loss(memory_fresh, logs) - _loss(memory_fresh, jnp.log(memory_fresh)),
                "rule_divergence": _loss(rule_fresh, logs) - _loss(rule_fresh, jnp.log(rule_fresh)),
                "train_loss": _loss(memory_seen, logs_seen),
                "test_loss": _loss(rule_fresh, logs),
            }

        start = (jnp.asarray(0), weights, optimizer.init(weights))
        curves = trained(step, start, steps, read)[1]
        strategies = {
            "memory_on_training_tasks": _loss(memory_seen, jnp.log(memory_seen)),
            "rule_on_training_tasks": _loss(memory_seen, jnp.log(rule_seen)),
            "memory_on_fresh_tasks": _loss(rule_fresh, jnp.log(memory_fresh)),
            "rule_on_fresh_tasks": _loss(rule_fresh, jnp.log(rule_fresh)),
        }
        return curves, strategies

    def _strategies(self, tokens: Array, tables: Array, tasks: Array) -> tuple[Array, Array]:
        """Predicted probabilities (contexts, context, symbols) by memory and by the rule."""
        family = self.family

        def one(tokens):
            believed, _ = memory_weights(log_likelihoods(family, tables, tokens), tasks)
            counts = symbol_counts(family, tokens)
            rule = (counts + 1) / (jnp.sum(counts, axis=1, keepdims=True) + family.symbols)
            return jnp.einsum("dt,dtv->tv", believed, tables[:, rows_of(family, tokens)]), rule

        return jax.lax.map(one, tokens)

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        return hash((type(self), *vars(self).values()))


def _loss(odds: Array, logs: Array) -> Array:
    """Mean loss a symbol of predictions whose logarithms are `logs`, where `odds` are the true ones."""
    return -jnp.mean(jnp.sum(odds * logs, axis=-1))
