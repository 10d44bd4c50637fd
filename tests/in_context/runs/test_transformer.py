"""The transformer: it sees no future, learns from its context, and is held beside the strategies it should be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory import Adam
from grok_theory.in_context import MarkovChains, Strategies, TaskMixture, Urns, simulate
from grok_theory.in_context.runs.transformer import log_predictions, network, parameters_of


def test_no_prediction_sees_its_symbol_or_later_ones():
    weights = network(jax.random.key(0), 3, 6)
    weights["readout"] = jax.random.normal(jax.random.key(1), weights["readout"].shape, jnp.float32)
    tokens = jnp.array([[0, 1, 2, 0, 1, 2]])
    logs = log_predictions(weights, tokens)
    np.testing.assert_allclose(jnp.exp(logs).sum(-1), 1.0, rtol=1e-5, atol=0)
    for at in range(6):
        changed = log_predictions(weights, tokens.at[0, at].set((tokens[0, at] + 1) % 3))
        assert np.array_equal(logs[0, : at + 1], changed[0, : at + 1])
        assert at == 5 or not np.array_equal(logs[0, at + 1 :], changed[0, at + 1 :])
    assert sum(np.size(part) for part in weights.values()) == parameters_of(3, 6)


@pytest.mark.slow  # a transformer learns for 20 s
def test_few_urns_are_memorized_and_the_losses_are_those_of_the_strategies():
    problem = Strategies(TaskMixture(2, Urns(3)), 12, 1.0, 0.3, 0.5)
    runs = simulate(problem, [0, 150, 400], key=jax.random.key(0), runs=1, dynamics=Adam(5e-3))
    np.testing.assert_allclose(runs["train_loss"][0, 0], np.log(3), rtol=1e-6, atol=0)
    np.testing.assert_allclose(runs["test_loss"][0, 0], np.log(3), rtol=1e-6, atol=0)
    # No prediction beats memory on its tasks, or the rule on fresh ones.
    assert np.all(runs["train_loss"][0] >= runs.stats["memory_on_training_tasks"][0] - 1e-6)
    assert np.all(runs["test_loss"][0] >= runs.stats["rule_on_fresh_tasks"][0] - 1e-6)
    assert np.all(runs["memory_divergence"] >= -1e-6)
    assert runs["train_loss"][0, 2] < runs["train_loss"][0, 0] - 0.05
    assert runs["memory_divergence"][0, 2] < runs["rule_divergence"][0, 2]
    assert runs["memorizing_share"][0, 2] > 0.5


@pytest.mark.slow  # a transformer learns for 20 s
def test_chains_are_read_too():
    runs = simulate(
        Strategies(TaskMixture(2, MarkovChains(2)), 6, 1.0, 0.3, 0.5), [0, 5], key=jax.random.key(0), runs=1
    )
    np.testing.assert_allclose(runs["train_loss"][0, 0], np.log(2), rtol=1e-6, atol=0)
    assert np.isfinite(runs["memorizing_share"]).all()
