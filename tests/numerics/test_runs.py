"""Run 7 is the same among 8 or 800."""

import jax
import jax.numpy as jnp
import numpy as np

from grok_theory.numerics.runs import run_batched


def one_run(key):
    draw = jax.random.normal(key, (5, 5))
    return {"eigenvalues": jnp.linalg.eigvalsh(draw @ draw.T), "first": draw[0, 0]}


def test_a_run_does_not_depend_on_how_many_are_asked_for(key):
    many = run_batched(one_run, key, 19)
    for runs in (1, 7, 8, 9):
        few = run_batched(one_run, key, runs)
        for name in many:
            np.testing.assert_array_equal(few[name], many[name][:runs])


def test_a_later_start_gives_the_same_runs(key):
    many = run_batched(one_run, key, 19)
    for first, runs in ((3, 2), (7, 3), (8, 8), (18, 1)):
        some = run_batched(one_run, key, runs, first=first)
        np.testing.assert_array_equal(some["eigenvalues"], many["eigenvalues"][first : first + runs])


def test_each_run_has_its_own_key(key):
    assert np.unique(run_batched(one_run, key, 16)["first"]).size == 16
    np.testing.assert_array_equal(
        run_batched(one_run, key, 2)["first"][1], jax.random.normal(jax.random.fold_in(key, 1), (5, 5))[0, 0]
    )
