"""Adaptive flows against closed forms and SciPy; their derivatives against differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.integrate import solve_ivp

from grok_theory.numerics import explicit_steps as explicit
from grok_theory.numerics import rosenbrock as stiff
from grok_theory.numerics.adaptive_flow import flow_through
from grok_theory.numerics.explicit_steps import dormand_prince
from grok_theory.numerics.flow_derivatives import differentiable
from grok_theory.numerics.rosenbrock import rodas5p

STOPS = np.array([0.0, 0.3, 0.3, 1.0, 7.0])


def marched(attempt, order, start, stops, most_steps=10_000, **more):
    march = jax.jit(
        lambda y, t: flow_through(
            attempt, y, t, first_step=jnp.asarray(1e-6), order=order, most_steps=most_steps, **more
        )
    )
    return march(jnp.asarray(start, float), jnp.asarray(stops, float))


def lotka(_, y):
    return jnp.stack([y[0] * (1.5 - y[1]), y[1] * (y[0] - 3)])


def plain(_, y):
    return [y[0] * (1.5 - y[1]), y[1] * (y[0] - 3)]


def test_explicit_steps_against_scipy():
    found = marched(dormand_prince(lotka, 1e-12, 1e-14), explicit.ORDER, [1.0, 2.0], STOPS)
    told = solve_ivp(plain, (0, 7), [1.0, 2.0], "Radau", np.unique(STOPS), rtol=1e-11, atol=1e-12)
    assert found.finished
    np.testing.assert_allclose(found.states, told.y.T[[0, 1, 1, 2, 3]], rtol=1e-8, atol=0)


@pytest.mark.parametrize("time", [True, False])
def test_stiff_steps_where_explicit_ones_are_a_thousand_times_more(time):
    """y' = -1e5 (y - cos t) - sin t from y = 2: y = cos t + exp(-1e5 t), with a slope that knows the time."""
    slope = lambda t, y: -1e5 * (y - jnp.cos(t)) - jnp.sin(t)  # noqa: E731
    linearised = lambda t, _: (1e5 * jnp.eye(1), (-1e5 * jnp.sin(t) - jnp.cos(t))[None] * float(time))  # noqa: E731
    found = marched(rodas5p(slope, linearised, 1e-9, 1e-9), stiff.ORDER, [2.0], STOPS)
    if not time:  # a wrong time derivative is an error that the step sees
        assert found.steps > 2000
        return
    assert found.finished
    assert found.steps < 400
    np.testing.assert_allclose(found.states[:, 0], np.cos(STOPS) + np.exp(-1e5 * STOPS), rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("step", "order"),
    [
        (dormand_prince(lotka, 1.0, 1.0), explicit.ORDER),
        (rodas5p(lotka, lambda t, y: (-jax.jacobian(lotka, 1)(t, y), jnp.zeros(2)), 1.0, 1.0), stiff.ORDER),
    ],
)
def test_the_order_is_the_one_that_is_said(step, order):
    """One step of half the length errs by 2^(order + 1) less; a wrong digit of a coefficient costs orders."""
    if order == stiff.ORDER:  # made for symmetric Jacobians: y' = y^2 - t, of one number
        slope = lambda t, y: y**2 - t  # noqa: E731
        step = rodas5p(slope, lambda t, y: (-2 * jnp.diag(y), -jnp.ones(1)), 1.0, 1.0)
        start, of = np.array([0.7]), lambda t, y: y**2 - t
    else:
        start, of = np.array([1.0, 2.0]), plain
    missed = []
    for h in (0.2, 0.1):
        told = solve_ivp(of, (0, h), start, "DOP853", [h], rtol=1e-13, atol=1e-15, max_step=h / 16).y[:, -1]
        missed.append(np.abs(np.asarray(step(jnp.zeros(()), jnp.asarray(h), jnp.asarray(start)).after) - told).max())
    assert order + 0.5 < np.log2(missed[0] / missed[1]) < order + 2


def test_what_is_not_reached_is_nan():
    found = marched(dormand_prince(lambda _, y: y**2, 1e-8, 1e-8), explicit.ORDER, [1.0], [0.5, 0.9, 2.0])
    assert not found.finished  # y = 1/(1 - t)
    np.testing.assert_allclose(found.states[:2, 0], [2.0, 10.0], rtol=1e-6, atol=0)
    assert np.isnan(found.states[2]).all()
    short = marched(dormand_prince(lotka, 1e-12, 1e-14), explicit.ORDER, [1.0, 2.0], STOPS, most_steps=20)
    assert short.steps == 20
    assert not short.finished
    given_up = marched(
        dormand_prince(lotka, 1e-12, 1e-14), explicit.ORDER, [1.0, 2.0], STOPS, hopeless=lambda left, y: left < 6.5
    )
    assert not given_up.finished
    assert np.isfinite(given_up.states[:3]).all()


@pytest.mark.parametrize("tolerance", [1e-300, 0.0])
def test_a_tolerance_that_cannot_be_kept_is_no_answer(tolerance):
    found = marched(dormand_prince(lotka, tolerance, tolerance), explicit.ORDER, [1.0, 2.0], [1.0], most_steps=500)
    assert not found.finished
    assert np.isnan(found.states).all()


def test_derivatives_both_ways_and_batches():
    """y' = -a y^2 + b from c: by a (a number), b (the rest, forwards only) and the times."""

    def march(numbers, rest, times):
        attempt = dormand_prince(lambda _, y: rest - numbers["a"] * y**2, 1e-12, 1e-12)
        start = numbers["c"][None]
        return flow_through(
            attempt, start, times, first_step=jnp.asarray(1e-3), order=explicit.ORDER, most_steps=1000
        ).states

    def along_times(numbers, rest, value, times, tangent):
        return (rest - numbers["a"] * value**2) * tangent[:, None]

    flow = jax.jit(differentiable(march, along_times))
    times = jnp.array([0.1, 0.5, 2.0])
    loss = lambda a, c, t: jnp.sum(flow({"a": a, "c": c}, jnp.asarray(0.3), t)[:, 0] * jnp.arange(1.0, 4.0))  # noqa: E731
    check_grads(loss, (jnp.asarray(0.7), jnp.asarray(2.0), times), 1, modes=("fwd", "rev"), atol=1e-7, rtol=1e-7)
    by_rest = lambda b: flow({"a": jnp.asarray(0.7), "c": jnp.asarray(2.0)}, b, times)[2, 0]  # noqa: E731
    near = (by_rest(0.3 + 1e-4) - by_rest(0.3 - 1e-4)) / 2e-4
    np.testing.assert_allclose(jax.jvp(by_rest, (0.3,), (1.0,))[1], near, rtol=1e-6, atol=0)
    with pytest.raises(ValueError, match="reverse-mode"):
        jax.grad(by_rest)(0.3)
    both = jax.vmap(by_rest)(jnp.array([0.3, 0.6]))
    np.testing.assert_array_equal(both, [by_rest(0.3), by_rest(0.6)])
