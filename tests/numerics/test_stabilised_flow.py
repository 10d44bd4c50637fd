"""Stabilised explicit steps: order two, stable on stiff problems, honest about failure."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.numerics.stabilised_flow import chebyshev_flow

RATES = jnp.geomspace(1e-2, 1e3, 20)
TIMES = jnp.array([0.0, 0.01, 0.3, 0.3, 5.0, 100.0])


def norm(error):
    return jnp.sqrt(jnp.mean(jnp.square(error)))


@partial(jax.jit, static_argnames="max_steps")
def decay(tolerance, max_steps=100_000):
    return chebyshev_flow(
        lambda y: -RATES * y,
        jnp.ones(20),
        TIMES,
        lambda y: y,
        size=norm,
        tolerance=tolerance,
        max_steps=max_steps,
    )


def test_global_error_falls_as_the_two_thirds_power_of_the_tolerance():
    """Local error of a second-order step is h^3, so error ~ h^2 ~ tolerance^(2/3)."""
    exact = np.exp(-np.outer(TIMES, RATES))
    tolerances = np.array([1e-4, 1e-6, 1e-8])
    runs = [decay(tolerance) for tolerance in tolerances]
    errors = [np.abs(run.records - exact).max() for run in runs]
    assert np.polyfit(np.log(tolerances), np.log(errors), 1)[0] == pytest.approx(2 / 3, abs=0.1)
    # Forward Euler would need 1e3 * 100 / 2 evaluations to be stable, at any accuracy.
    assert runs[0].evaluations < 4000
    assert all(bool(run.finished) for run in runs)
    np.testing.assert_array_equal(runs[0].records[0], 1.0)
    np.testing.assert_array_equal(runs[0].records[2], runs[0].records[3])


def test_running_out_of_steps_is_said_and_marked():
    run = decay(1e-8, max_steps=20)
    assert not run.finished
    assert np.isnan(run.records[-1]).all()
    assert np.isfinite(run.records[0]).all()


def test_an_explosion_is_said_and_marked():
    run = chebyshev_flow(
        lambda y: y**2, jnp.ones(1), jnp.array([0.5, 2.0]), lambda y: y, size=norm, tolerance=1e-6, max_steps=2000
    )
    assert not run.finished
    assert run.records[0, 0] == pytest.approx(2.0, rel=1e-4, abs=0)
    assert np.isnan(run.records[1]).all()
