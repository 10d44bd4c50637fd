"""The loop that trains by steps: the same states as a plain loop, however often they are read."""

import jax
import jax.numpy as jnp
import numpy as np

from grok_theory.numerics.training import trained


def step(state):
    weights, count = state
    return weights - 0.1 * jnp.sin(weights), count + 1


def test_the_states_of_a_plain_loop():
    start = (jnp.asarray([1.0, -2.0]), jnp.asarray(0))
    wanted, states = start, []
    for number in range(8):
        states.append(np.asarray(wanted[0]))
        assert int(wanted[1]) == number
        wanted = step(wanted)
    (last, count), (seen, at) = jax.jit(lambda steps: trained(step, start, steps, lambda state: state))(
        jnp.asarray([0, 3, 3, 7])
    )
    np.testing.assert_array_equal(at, [0, 3, 3, 7])
    np.testing.assert_allclose(seen, np.array(states)[[0, 3, 3, 7]], rtol=1e-15, atol=0)
    np.testing.assert_array_equal(last, seen[-1])
    assert int(count) == 7


def test_reading_more_often_changes_no_digit():
    start = (jnp.asarray([1.0, -2.0]), jnp.asarray(0))
    compiled = jax.jit(lambda steps: trained(step, start, steps, lambda state: state[0])[0][0])
    np.testing.assert_array_equal(compiled(jnp.asarray([40])), compiled(jnp.arange(41)))
