"""Inputs and teacher that fall as powers of the mode: arrays by plain sums, every verb by those arrays, runs."""

import chance
import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import (
    CorrelatedInputs,
    OnePass,
    PowerLawInputs,
    limits,
    ridge,
    simulate,
    solve,
    stable_below,
    valid_at,
)

TIMES = np.array([0.0, 0.01, 0.1, 1.0, 10.0])


@pytest.fixture(scope="module")
def pair():
    """The Problem, and the same by plain sums."""
    problem = PowerLawInputs(20, samples=15, exponent=1.3, target_exponent=1.8, signal=3.0, noise=0.5)
    spectrum = [1 / i**1.3 for i in range(1, 21)]
    total = sum(1 / i**1.8 for i in range(1, 21))
    target = [(3.0 / i**1.8 / total / variance) ** 0.5 for i, variance in enumerate(spectrum, 1)]
    return problem, CorrelatedInputs(spectrum, target, 15, 0.5)


def test_every_verb_is_that_of_the_arrays(pair):
    problem, same = pair
    for name, values in solve(problem, TIMES).curves.items():
        np.testing.assert_allclose(values, solve(same, TIMES)[name], rtol=1e-11, atol=0)
    np.testing.assert_allclose(ridge(problem, 0.3).test_loss, ridge(same, 0.3).test_loss, rtol=1e-12, atol=0)
    np.testing.assert_allclose(limits(problem).test_loss, limits(same).test_loss, rtol=1e-12, atol=0)
    np.testing.assert_allclose(stable_below(problem), stable_below(same), rtol=1e-12, atol=0)
    one, other = (valid_at(each, TIMES, dim=20) for each in pair)
    assert all(np.array_equal(one[name], other[name]) for name in other)
    start = float(solve(problem, [0.0])["test_loss"][0])
    assert np.isclose(start, 3.0 + 0.25, rtol=1e-14, atol=0)


def test_one_pass_takes_it_too(pair):
    endless = [gt.linear.PowerLawInputs(20, np.inf, 1.3, 1.8, 3.0, 0.5)]
    same = pair[1]
    endless.append(CorrelatedInputs(same.spectrum, same.target, np.inf, 0.5))
    steps = np.array([0.0, 5.0, 50.0])
    one, other = (solve(each, steps, dynamics=OnePass(0.1, 2)) for each in endless)
    np.testing.assert_allclose(one["test_loss"], other["test_loss"], rtol=1e-12, atol=0)
    assert one.problem == endless[0]


def test_derivatives_by_the_exponents():
    def arrays(a, b):
        same = PowerLawInputs(5, 12, a, b, signal=2.0).correlated()
        return same.spectrum, same.spectrum * same.target**2

    modes = np.arange(1, 6)
    spectrum, shares = modes**-1.2, modes**-0.7 / np.sum(modes**-0.7)
    by_a, by_b = jax.jacobian(arrays, argnums=0)(1.2, 0.7), jax.jacobian(arrays, argnums=1)(1.2, 0.7)
    np.testing.assert_allclose(by_a[0], -np.log(modes) * spectrum, rtol=1e-12, atol=0)
    np.testing.assert_allclose(by_a[1], 0, rtol=0, atol=1e-14)
    moved = 2 * shares * (np.sum(shares * np.log(modes)) - np.log(modes))
    np.testing.assert_allclose(by_b[1], moved, rtol=1e-12, atol=1e-14)
    # What a trace takes out of range is no number.
    assert np.isnan(jax.jit(arrays)(-1.0, 0.7)[0]).all()


@pytest.mark.statistical
def test_runs_follow_the_theory(plausible):
    """Would notice a teacher whose exponent is that of its weights instead of its variance."""
    problem = PowerLawInputs(60, samples=40, exponent=1.5, target_exponent=1.2, noise=0.3)
    runs = simulate(problem, TIMES[1:], runs=300, key=jax.random.key(5))
    assert runs.problem == problem
    seen, theory = np.asarray(runs["test_loss"]), np.asarray(solve(problem, TIMES[1:])["test_loss"])
    error = seen.std(axis=0, ddof=1) / np.sqrt(len(seen))
    # The theory of infinite size is off by a percent or so at 40 samples.
    plausible(chance.normal(chance.beyond(seen.mean(axis=0) - theory, 0.03 * theory) / error))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modes": 0}, "modes"),
        ({"exponent": -1.0}, "exponent"),
        ({"samples": 0.5}, "samples"),
        ({"noise": -1}, "noise"),
    ],
)
def test_refusals_name_the_field(change, said):
    with pytest.raises(gt.BadValue, match=said):
        PowerLawInputs(**{"modes": 3, "samples": 4, "exponent": 1.0, "target_exponent": 1.0} | change)


def test_a_size_is_its_own(pair):
    with pytest.raises(gt.BadValue, match="dim is 7"):
        simulate(pair[0], TIMES, runs=1, key=jax.random.key(0), dim=7)
