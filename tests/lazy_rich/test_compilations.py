"""What is compiled, by JAX's own count: one program a solve, whatever the length of x and the numbers."""

import jax
import numpy as np
import pytest

from grok_theory.dynamics import GradientDescent
from grok_theory.lazy_rich import (
    DMFT,
    ExplicitNetwork,
    FrozenKernel,
    LazyLimit,
    MeanFieldNetwork,
    Particles,
    Population,
    QuadraticCommittee,
    TangentLimit,
    simulate,
    solve,
)

COMPILED = "/jax/core/compile/backend_compile_duration"
LENGTHS = (33, 34, 47, 64)  # of one power of two, its ends among them
DESCENT = GradientDescent(0.1)
INPUTS, TARGETS = np.sin(np.arange(1.0, 9)).reshape(4, 2), np.cos(np.arange(4.0))


def committee(number):
    return QuadraticCommittee(1.0 + number, 0.5, 2.0, 0.4)


def network(number, activation="tanh"):
    return MeanFieldNetwork(INPUTS, TARGETS, 1.0 + number, activation=activation)


def times(length):
    return np.geomspace(0.1, 1.0, length)


def trained(number, x, **settings):
    return simulate(committee(number), x, runs=2, dim=10, key=jax.random.key(0), **settings)


QUICK = DMFT(paths=24, teacher_nodes=3, grid_points=8, scrambles=2)
CALLS = {
    "DMFT, flow": lambda number, length: solve(committee(number), times(length), method=QUICK, throw=False),
    "DMFT, descent": lambda number, length: solve(
        committee(number), np.arange(length), dynamics=DESCENT, method=QUICK, throw=False
    ),
    "Population, flow": lambda number, length: solve(committee(number), times(length), method=Population()),
    "Population, descent": lambda number, length: solve(
        committee(number), np.arange(length), dynamics=DESCENT, method=Population()
    ),
    "LazyLimit, flow": lambda number, length: solve(
        QuadraticCommittee(1.0, 0.5 + number, 2.0), times(length), method=LazyLimit()
    ),
    "LazyLimit, descent": lambda number, length: solve(
        QuadraticCommittee(1.0, 0.5 + number, 2.0), np.arange(length), dynamics=DESCENT, method=LazyLimit()
    ),
    "Particles": lambda number, length: solve(
        network(number), times(length), method=Particles(count=64, scrambles=2), throw=False
    ),
    "LinearMoments": lambda number, length: solve(network(number, "linear"), times(length)),
    "TangentLimit": lambda number, length: solve(network(number, "erf"), times(length), method=TangentLimit()),
    "ExactReduction, flow": lambda number, length: trained(number, times(length)),
    "ExactReduction, descent": lambda number, length: trained(number, np.arange(length), dynamics=DESCENT),
    "ExplicitNetwork": lambda number, length: trained(
        number, np.arange(length), dynamics=DESCENT, width=4, method=ExplicitNetwork()
    ),
    "FrozenKernel": lambda number, length: trained(number, times(length), method=FrozenKernel()),
    "MeanFieldNetwork": lambda number, length: simulate(
        network(number), times(length), width=8, runs=2, key=jax.random.key(0)
    ),
}


@pytest.fixture
def compiled():
    """The names of what JAX has compiled since the list was cleared."""
    names = []

    def listener(event, _, **more):
        if event == COMPILED:
            names.append(more.get("fun_name", "a program"))

    jax.monitoring.register_event_duration_secs_listener(listener)
    yield names
    jax.monitoring.unregister_event_duration_listener(listener)


@pytest.mark.parametrize("name", CALLS)
def test_neither_a_length_nor_a_number_compiles_again(name, compiled):
    call = CALLS[name]
    first = call(0.0, LENGTHS[0])
    compiled.clear()
    jax.jit(lambda x: x + 1)(0.0)
    assert compiled  # the listener hears; what `call` needs may have been compiled by a test before
    compiled.clear()
    for number, length in zip((0.0, 0.1, 0.2, 0.3), (*LENGTHS[1:], LENGTHS[0]), strict=True):
        found = call(number, length)
        assert all(len(curve.T) == length for curve in found.curves.values())
    assert compiled == []
    assert all(len(curve.T) == LENGTHS[0] for curve in first.curves.values())
