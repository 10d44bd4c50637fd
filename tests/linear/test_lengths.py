"""Another number of times or modes compiles nothing again, and changes no number."""

import jax
import numpy as np
import pytest

from grok_theory import GradientDescent
from grok_theory.linear import (
    CorrelatedInputs,
    DeepLinear,
    RandomFeatures,
    TeacherStudent,
    fluctuations,
    ridge,
    simulate,
    solve,
)
from tests.compiled import counted

LENGTHS = range(34, 65)
KEY = jax.random.key(0)
TEACHER, DEEP = TeacherStudent(0.5, 5.0), DeepLinear(0.5, 5.0, 2, 0.5, 0.5)


def times(count):
    return np.geomspace(0.01, 10.0, count)


def spectrum(modes):
    return CorrelatedInputs(np.arange(1, modes + 1.0) ** -1.2, np.ones(modes), 30)


def features():
    rng = np.random.default_rng(0)
    return RandomFeatures(rng.standard_normal((6, 3)), rng.standard_normal((2, 3)), np.ones(2), samples=5)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda n: solve(TEACHER, times(n)), id="flow"),
        pytest.param(lambda n: solve(TEACHER, np.arange(n), dynamics=GradientDescent(0.1)), id="descent"),
        pytest.param(lambda n: solve(TEACHER, 1e20 * times(n)), id="late"),
        pytest.param(lambda n: solve(DEEP, times(n)), id="layers"),
        pytest.param(lambda n: solve(spectrum(40), times(n)), id="correlated"),
        pytest.param(lambda n: solve(spectrum(n), times(n)), id="modes"),
        pytest.param(lambda n: solve(features(), times(n)), id="features"),
        pytest.param(lambda n: ridge(spectrum(n), 0.1), id="ridge"),
        pytest.param(lambda n: fluctuations(TEACHER, times(n), 100), id="fluctuations"),
        pytest.param(lambda n: simulate(TEACHER, times(n), runs=1, key=KEY, dim=20), id="runs"),
        pytest.param(lambda n: simulate(TEACHER, times(40), runs=n // 8, key=KEY, dim=20), id="how many runs"),
        pytest.param(lambda n: simulate(spectrum(40), times(n), runs=1, key=KEY), id="runs of correlated inputs"),
        pytest.param(lambda n: simulate(features(), times(n), runs=1, key=KEY), id="runs of features"),
    ],
)
def test_lengths_from_33_to_64_are_compiled_once(call):
    str(call(33))
    with counted() as programs:
        for length in LENGTHS:
            call(length)
    assert not programs


@pytest.mark.parametrize(
    "problem", [TEACHER, DEEP, spectrum(40), features()], ids=lambda problem: type(problem).__name__
)
def test_a_time_is_answered_the_same_whatever_else_is_asked_for(problem):
    many = solve(problem, times(40))
    for at in ([0], [39], [3, 17, 30]) if problem is not DEEP else ():
        few = solve(problem, times(40)[at])
        for name in many.curves:
            np.testing.assert_allclose(few[name], many[name][at], rtol=1e-13, atol=1e-14 * many[name].max())
    assert all(len(values) == 40 for values in (many.x, *many.curves.values(), *many.numerical_error.values()))


def test_runs_do_not_depend_on_how_many_times_are_asked_for():
    few, many = (simulate(TEACHER, times(n), runs=2, key=KEY, dim=20) for n in (3, 40))
    np.testing.assert_allclose(few["test_loss"][:, [0, -1]], many["test_loss"][:, [0, -1]], rtol=1e-13, atol=0)
    assert few["test_loss"].shape == (2, 3)
