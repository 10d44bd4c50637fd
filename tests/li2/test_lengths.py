"""No length compiles: other numbers of times, steps and runs are answered by what is compiled; and runs over cores."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import li2
from tests.compiled import counted

TASK = li2.GroupTask(li2.groups.cyclic(5), train_fraction=0.6, weight_decay=2e-4)
KEY = jax.random.key(0)
CALLS = {
    "flow": lambda n: li2.solve(TASK, np.geomspace(1e-3, 10, n), width=4, key=KEY),
    "descent": lambda n: li2.solve(TASK, np.arange(n), dynamics=gt.GradientDescent(0.5), width=4, key=KEY),
    "ascent": lambda n: li2.solve(TASK, np.linspace(0, 5, n), width=4, key=KEY, method=li2.FeatureAscent()),
    "runs": lambda n: li2.simulate(TASK, np.arange(n), width=4, runs=n // 16, key=KEY),
    "gradient": lambda n: li2.lazy_gradient(TASK.split(KEY), np.full((4, 10), 0.1), np.linspace(0, 5, n)),
}


def compilations(call):
    """How many programs are compiled during a call."""
    with counted() as programs:
        call()
    return len(programs)


@pytest.mark.parametrize("name", CALLS)
def test_no_length_compiles_again(name):
    CALLS[name](33)
    assert [compilations(lambda n=n: CALLS[name](n)) for n in (34, 47, 64)] == [0, 0, 0]


def test_runs_over_cores_are_the_same_to_the_bit():
    alone, shared = (li2.simulate(TASK, [0, 20, 100], width=8, runs=5, key=KEY, workers=workers) for workers in (1, 3))
    for name in alone.curves:
        np.testing.assert_array_equal(alone[name], shared[name])
    np.testing.assert_array_equal(alone.stats["hidden"], shared.stats["hidden"])
