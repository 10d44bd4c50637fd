"""First, last, to stay: three questions of one curve that crosses three times."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.numerics.crossings import first_below, last_above, stays_past

TIMES = np.linspace(0.0, 10.0, 101)
LEVEL = 0.5


def dips(times):
    """Falls through 1/2 at 2, rises through it at 4, falls for good at 7 (linear pieces)."""
    return np.interp(times, [0.0, 3.0, 5.0, 9.0, 10.0], [1.5, 0.0, 1.0, 0.0, 0.0])


def test_one_curve_three_answers():
    values = dips(TIMES)
    assert float(first_below(TIMES, values, LEVEL)) == pytest.approx(2.0, rel=1e-14, abs=0)
    stays = stays_past(TIMES, values, values <= LEVEL, LEVEL, np.inf)
    assert stays[0] == pytest.approx(7.0, rel=1e-14, abs=0)
    assert stays_past(TIMES, values, values <= LEVEL, LEVEL, 1.0)[0] == pytest.approx(2.0, rel=1e-14, abs=0)

    def curve(times):
        return jnp.interp(times, jnp.asarray([0.0, 3.0, 5.0, 9.0, 10.0]), jnp.asarray([1.5, 0.0, 1.0, 0.0, 0.0]))

    last, never, always = last_above(curve, jnp.asarray(LEVEL), jnp.linspace(0.0, 10.0, 150))
    assert float(last) == pytest.approx(7.0, rel=1e-13, abs=0)
    assert not never
    assert not always


def test_never_and_always_above():
    grid = jnp.linspace(0.0, 1.0, 100)
    assert bool(last_above(lambda t: 0 * t, jnp.asarray(0.5), grid)[1])
    assert bool(last_above(lambda t: 0 * t + 1, jnp.asarray(0.5), grid)[2])


def test_a_batch_and_what_it_does_not_show():
    falling = np.exp(-TIMES)
    hidden = np.where(np.arange(101) == 3, np.nan, falling)
    found = first_below(TIMES, np.stack([falling, 1 + falling, 0.1 * falling, hidden]), LEVEL)
    assert float(found[0]) == pytest.approx(np.log(2), rel=2e-3, abs=0)
    assert np.isnan(np.asarray(found[1:])).all()


def test_the_derivative_is_that_of_the_interpolated_crossing():
    crossing = jax.grad(lambda level: first_below(jnp.asarray([0.0, 1.0, 3.0]), jnp.asarray([1.0, 0.8, 0.2]), level))
    assert float(crossing(0.5)) == pytest.approx(-2.0 / 0.6, rel=1e-14, abs=0)


def test_the_derivative_of_the_last_point_is_that_of_the_curve_not_of_the_grid():
    """e^(-r t) = level: t = -ln(level)/r; the grid ends where the curve says, as grids do."""

    def last(rate, level):
        grid = jnp.linspace(0.0, 20.0 / rate, 100)
        return last_above(lambda t: jnp.exp(-rate * t), level, grid)[0]

    by_rate, by_level = jax.grad(last, argnums=(0, 1))(2.0, 0.3)
    assert float(by_rate) == pytest.approx(np.log(0.3) / 4, rel=1e-13, abs=0)
    assert float(by_level) == pytest.approx(-1 / 0.6, rel=1e-13, abs=0)
    # No crossing, no derivative; also where the level is infinite.
    assert jax.grad(last, argnums=(0, 1))(2.0, jnp.inf) == (0.0, 0.0)
