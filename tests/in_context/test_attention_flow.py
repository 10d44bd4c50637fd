"""Linear attention along the population flow: reference values, limits, and the law of transience."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given

from grok_theory import GradientFlow, verify
from grok_theory.in_context import (
    LinearAttention,
    infinite_sequences_loss,
    second_transience_threshold,
    solve,
    transience_threshold,
)
from grok_theory.observables import grokking_delay

FLOW = GradientFlow()
LOSSES = ("icl_loss", "idg_loss")

# time, context_per_dim, tasks_per_dim, noise^2, icl_loss, idg_loss: made outside of this package.
REFERENCE = [
    (0.14, 1.0, 0.2, 0.1, 1.013712455477, 0.4044155925136),
    (300.0, 1.0, 0.2, 0.1, 1.049440250667, 0.2744021101257),
    (0.5, 4.0, 0.2, 0.1, 0.9472655241285, 0.1629460788828),
    (2.0, 4.0, 1.5, 0.1, 0.4547330783634, 0.2906157854865),
    (20.0, 4.0, 1.5, 0.1, 0.3923059903675, 0.2838176037723),
]


@pytest.mark.parametrize("row", REFERENCE, ids=str)
def test_reference_values(row):
    time, alpha, kappa, rho, *expected = row
    found = solve(LinearAttention(alpha, kappa, rho**0.5), [time], dynamics=FLOW)
    for name, value in zip(LOSSES, expected, strict=True):
        np.testing.assert_allclose(found[name], [value], rtol=1e-11, atol=0)
    assert (found.x_name, found.x_unit) == ("time", "tau")


@given(verify.problems(LinearAttention, ridge=0.0))
def test_start_end_and_the_way_between(problem):
    fields = problem.context_per_dim, problem.tasks_per_dim, problem.noise
    found = solve(problem, np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 60), [1e200]]), dynamics=FLOW)
    rho = problem.noise**2
    for name in LOSSES:
        np.testing.assert_allclose(found[name][0], 1 + rho, rtol=1e-14, atol=0)
    rise = np.diff(found["idg_loss"])
    assert (rise <= found.numerical_error["idg_loss"][1:] + found.numerical_error["idg_loss"][:-1]).all()
    np.testing.assert_allclose(found["icl_loss"][-1], infinite_sequences_loss(*fields), rtol=1e-12, atol=0)
    assert (found["icl_loss"] >= rho).all()


@jax.jit
def late_slope(alpha, kappa, noise, test_context):
    """The slope of icl_loss after 60 time scales of the slowest mode, scaled to order one; by JAX, not by the law."""
    problem = LinearAttention(alpha, kappa, noise, test_context_per_dim=test_context)
    slowest = (1 - kappa**-0.5) ** 2 + problem.prompt_noise()

    def loss(time):
        return solve(problem, jnp.reshape(time, (1,)), dynamics=FLOW)["icl_loss"][0]

    return jax.jvp(loss, (60 / slowest,), (jnp.exp(60.0),))[1]


@given(verify.numbers(0.02, 0.9, special=(0.2, 0.3)), verify.numbers(0.3, 20.0), verify.numbers(0.01, 1.0))
def test_learning_is_transient_up_to_a_quarter_task_a_dimension(kappa, alpha, noise):
    # Close to the threshold the last word comes later than a slope can be read.
    slowest = (1 - kappa**-0.5) ** 2
    assume(abs(slowest - 1) > 0.2 * (slowest + (1 + noise**2) / alpha))
    assert (late_slope(alpha, kappa, noise, alpha) > 0) == (kappa < 0.25)


@pytest.mark.parametrize(
    ("test_context", "kappa"), [(0.5, 0.2), (0.5, 0.5), (2.0, 0.2), (2.0, 0.1), (0.2, 2.0), (0.2, 8.0)]
)
def test_another_test_context_moves_the_thresholds(test_context, kappa):
    """Longer test prompts: fewer tasks are transient; shorter ones: more, and very many again."""
    low, high = (float(f(test_context)) for f in (transience_threshold, second_transience_threshold))
    assert (late_slope(1.0, kappa, 0.3, test_context) > 0) == (kappa < low or kappa > high)


def turning_points(alpha, kappa):
    curve = np.asarray(
        solve(LinearAttention(alpha, kappa, 0.1**0.5), np.geomspace(1e-3, 60, 4000), dynamics=FLOW)["icl_loss"]
    )
    steps = np.sign(np.where(np.abs(np.diff(curve)) < 1e-12, 0.0, np.diff(curve)))
    steps = steps[steps != 0]
    return int(np.sum(steps[1:] != steps[:-1]))


@pytest.mark.parametrize(
    ("alpha", "kappa", "count"),
    [
        *((alpha, kappa, 1) for alpha in (1.0, 4.0, 20.0) for kappa in (0.1, 0.2, 0.25)),
        (1.0, 0.3, 2),
        (1.0, 0.5, 2),
        *((alpha, kappa, 0) for alpha in (1.0, 4.0, 20.0) for kappa in (0.8, 2.0)),
        (4.0, 0.5, 0),
        (20.0, 0.3, 0),
    ],
)
def test_turning_points(alpha, kappa, count):
    assert turning_points(alpha, kappa) == count


def test_it_falls_and_comes_back():
    times = np.geomspace(0.01, 30, 400)
    icl = solve(LinearAttention(1.0, 0.2, 0.1**0.5), times, dynamics=FLOW)["icl_loss"]
    assert times[np.argmin(icl)] == pytest.approx(0.14, rel=0.05, abs=0)
    assert (icl.min(), icl[-1]) == pytest.approx((1.0137, 1.0494), abs=1e-4)


def test_gradients_are_those_of_finite_differences():
    def losses_of(values):
        found = solve(LinearAttention(*values[1:]), jnp.reshape(values[0], (1,)), dynamics=FLOW)
        return jnp.stack([found[name][0] for name in LOSSES])

    start = jnp.array([0.5, 2.0, 0.6, 0.3])
    losses, slopes = jax.jit(losses_of), jax.jit(jax.jacfwd(losses_of))(start)
    for index, value in enumerate(start):
        step = 1e-4 * value
        at = [losses(start.at[index].add(s * step)) for s in (-2, -1, 1, 2)]
        np.testing.assert_allclose(
            slopes[:, index], (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step), rtol=1e-8, atol=1e-11
        )


def test_the_rule_is_learned_later_than_the_tasks():
    """Few tasks, long prompts: the tasks' loss is at its end long before that of fresh tasks."""
    found = solve(LinearAttention(20.0, 1.0, 0.1), np.geomspace(0.01, 1e4, 2000), dynamics=FLOW)
    levels = {name: 1.1 * float(found[name][-1]) for name in LOSSES}
    delay = grokking_delay(
        found.x,
        found["idg_loss"],
        found["icl_loss"],
        train_threshold=levels["idg_loss"],
        test_threshold=levels["icl_loss"],
    )
    assert delay.delay > 0
    assert not delay.censored
