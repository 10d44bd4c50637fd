"""Derivatives where a field stands at the end of its range, often its default 0: against one-sided differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import (
    CorrelatedInputs,
    TeacherStudent,
    fluctuations,
    grokking_time,
    limits,
    optimal_ridge,
    optimal_stopping,
    ridge,
    solve,
)
from grok_theory.linear.covariance import _judged
from grok_theory.pytrees import as_arrays


def correlated(samples, spectrum=(1.0, 0.5, 0.1), noise=1.0):
    return CorrelatedInputs(jnp.asarray(spectrum), jnp.asarray([1.0, 1.0, 2.0]), samples, noise)


def faint(l):
    return jnp.asarray([1.0, 0.0, 0.1]).at[1].set(l)


def losses(end):
    return jnp.stack([end.train_loss, end.test_loss, end.weight_norm])


def curves(solution):
    return jnp.stack([solution[name][0] for name in ("train_loss", "test_loss", "weight_norm")])


def best(problem):
    found = optimal_stopping(problem)
    return jnp.stack([found.time, found.test_loss])


def spread(problem, time):
    found = fluctuations(problem, [time], 100)
    both = (*found.mean_shift.values(), *(c[0, 0] for c in found.covariance.values()))
    return jnp.stack([*(value.ravel()[0] for value in both), found.train_test_covariance[0, 0]])


def clocks(problem):
    found = grokking_time(problem)
    return jnp.stack([found.train_time, found.test_time])


CASES = {
    "stopping by decay": (lambda g: best(TeacherStudent(0.5, 5.0, weight_decay=g)), 1e-4),
    "stopping by decay, threshold": (lambda g: best(TeacherStudent(1.0, 5.0, weight_decay=g)), 1e-4),
    "stopping by decay, more samples": (lambda g: best(TeacherStudent(2.0, 5.0, 3.0, weight_decay=g)), 1e-4),
    "stopping by decay, start": (lambda g: best(TeacherStudent(0.8, 2.0, 0.1, weight_decay=g)), 1e-5),
    "stopping by signal": (lambda s: best(TeacherStudent(0.5, s)), 1e-3),
    "stopping by start": (lambda s: best(TeacherStudent(0.5, 5.0, s, weight_decay=0.01)), 1e-3),
    "limits by decay": (lambda g: losses(limits(TeacherStudent(2.0, 5.0, weight_decay=g))), 1e-4),
    "limits by decay, start": (lambda g: losses(limits(TeacherStudent(2.0, 5.0, 3.0, weight_decay=g))), 1e-4),
    "limits by signal": (lambda s: losses(limits(TeacherStudent(0.5, s, 3.0))), 1e-3),
    "ridge by penalty, fewer": (lambda g: losses(ridge(TeacherStudent(0.5, 5.0), g)), 1e-4),
    "ridge by penalty, more": (lambda g: losses(ridge(TeacherStudent(2.0, 5.0), g)), 1e-4),
    "correlated ridge by penalty, more": (lambda g: losses(ridge(correlated(9.0), g)), 1e-4),
    "correlated ridge by penalty, fewer": (lambda g: losses(ridge(correlated(2.0), g)), 1e-4),
    "correlated ridge by a mode": (lambda l: losses(ridge(correlated(2.0, faint(l)), 0.1)), 1e-4),
    "correlated ridge by a mode, more": (lambda l: losses(ridge(correlated(9.0, faint(l)), 0.1)), 1e-5),
    "correlated limits by a mode": (lambda l: losses(limits(correlated(1.0, faint(l)))), 1e-4),
    "best ridge by signal": (lambda s: optimal_ridge(TeacherStudent(0.5, s)).test_loss, 1e-3),
    "curves by time": (lambda t: curves(solve(TeacherStudent(0.5, 5.0, 3.0), jnp.stack([t]))), 1e-3),
    "curves by decay": (lambda g: curves(solve(TeacherStudent(1.0, 5.0, 3.0, weight_decay=g), [3.0])), 1e-3),
    "spread by start": (lambda s: spread(TeacherStudent(0.5, 5.0, s), 2.0), 1e-3),
    "spread by signal": (lambda s: spread(TeacherStudent(0.5, s), 2.0), 1e-3),
    "spread by decay, threshold": (lambda g: spread(TeacherStudent(1.0, 5.0, weight_decay=g), 2.0), 1e-3),
    "clocks by decay": (lambda g: clocks(TeacherStudent(0.5, 5.0, weight_decay=g)), 1e-4),
}


SLOW = {
    "correlated curves by time": (lambda t: curves(solve(correlated(2.0), jnp.stack([t]))), 1e-3),
    "correlated curves by a mode": (lambda l: curves(solve(correlated(2.0, faint(l)), [2.0])), 1e-4),
    "correlated curves by a mode, more": (lambda l: curves(solve(correlated(5.0, faint(l)), [2.0])), 1e-4),
    "as many samples as modes": (
        lambda e: curves(solve(correlated(3.0, jnp.asarray([1.0, 0.5, 0.1 + e])), [2.0])),
        1e-4,
    ),
    "as many samples as modes, by samples": (lambda e: curves(solve(correlated(3.0 + e), [2.0])), 1e-3),
}


@pytest.mark.parametrize("case", [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW)])
def test_the_derivative_is_that_from_inside(case):
    function, step = {**CASES, **SLOW}[case]
    values = [np.asarray(function(jnp.asarray(k * step))) for k in range(5)]
    inside = (np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) @ np.reshape(values, (5, -1))) / (12 * step)
    slope = np.ravel(jax.jacrev(function)(jnp.asarray(0.0)))
    room = 1e-7 + 1e-11 * np.max(np.abs(np.reshape(values, (5, -1))), axis=0) / step
    assert np.all(np.abs(slope - inside) <= 2e-5 * np.abs(inside) + room), (slope, inside)


def test_a_kernel_feels_its_ridge_from_nothing():
    def both(ridge):
        solution = gt.kernels.solve(
            gt.kernels.KernelRegression([1.0, 0.5, 0.1], [1.0, 1.0, 2.0], ridge=ridge, noise=0.3), [9.0]
        )
        return jnp.stack([solution["test_loss"][0], solution["train_loss"][0]])

    # n = 9, 6 left: kappa' = 1/6, left' = 2 (1 + 2 + 10)/6, test = 9 (.09 + O(kappa^2))/left.
    test = -9 * 0.09 / 36 * 26 / 6
    # train = ((n - sum L)/n)^2 test, n - sum L = 6 + 13 kappa.
    train = 4 / 9 * test + 2 * (6 / 9) * (13 / 6 / 9) * (9 * 0.09 / 6)
    # Of the train loss the two terms cancel: 0, to the rounding of either.
    assert abs(train) < 1e-16
    np.testing.assert_allclose(jax.jacrev(both)(0.0), [test, 0.0], rtol=1e-13, atol=1e-16)


NONE = {
    "frozen weights that any decay takes away": lambda g: (
        limits(TeacherStudent(0.5, 5.0, 3.0, weight_decay=g)).test_loss
    ),
    "the peak": lambda g: ridge(TeacherStudent(1.0, 5.0), g).weight_norm,
    "training for ever becomes best": lambda g: optimal_stopping(TeacherStudent(0.5, 5.0, 50.0, weight_decay=g)).time,
    "a penalty of 1/0": lambda s: optimal_ridge(TeacherStudent(0.5, s)).penalty,
    "a mode that any variance fits": lambda l: ridge(correlated(9.0, faint(l)), 0.0).test_loss,
    "the root of no variance": lambda s: fluctuations(TeacherStudent(0.5, s), [0.0], 100).std["test_loss"][0],
}


@pytest.mark.parametrize("case", NONE)
def test_where_there_is_none_it_is_nan(case):
    assert not np.isnan(NONE[case](jnp.asarray(0.0)))
    assert np.isnan(jax.grad(NONE[case])(jnp.asarray(0.0)))


def test_correlated_curves_leave_their_start_as_their_values_do():
    """What stands for a traced time 0, without the contours of the later ones."""
    step = 1e-3
    solution = solve(correlated(2.0), step * np.arange(5))
    values = np.stack([solution[name] for name in ("train_loss", "test_loss", "weight_norm")], axis=1)
    inside = np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) @ values / (12 * step)

    def begun(time):
        nothing = jnp.zeros((1, 3))
        return _judged(jnp, as_arrays(correlated(2.0)), time[None], nothing, nothing, jnp.zeros(1))[0][0]

    np.testing.assert_allclose(jax.jacrev(begun)(jnp.asarray(0.0)), inside, rtol=1e-7, atol=1e-7)
    # Second derivatives are not told.
    assert np.all(np.isnan(jax.jacfwd(jax.jacrev(begun))(jnp.asarray(0.0))))


def test_mixed_derivatives_of_the_limit():
    """E = 1 + 1/(alpha - 1) - 2 g alpha/(alpha - 1)^3 + ..., above alpha = 1."""
    by_both = jax.grad(jax.grad(lambda g, a: limits(TeacherStudent(a, 5.0, weight_decay=g)).test_loss), argnums=1)
    assert float(by_both(0.0, 3.0)) == pytest.approx(-2 * (1 / 8 - 9 / 16), rel=1e-12, abs=0)
    slope = jax.grad(lambda a: limits(TeacherStudent(a, 5.0)).test_loss)(3.0)
    assert float(slope) == pytest.approx(-1 / 4, rel=1e-14, abs=0)
