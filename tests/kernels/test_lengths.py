"""Another number of samples or eigenvalues compiles nothing again, and changes no number."""

import jax
import numpy as np
import pytest

from grok_theory.kernels import KernelRegression, simulate, solve
from tests.compiled import counted

LENGTHS = range(34, 65)


def power_law(modes):
    return KernelRegression(np.arange(1, modes + 1.0) ** -2.0, np.ones(modes), ridge=1e-3, noise=0.1)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda n: solve(power_law(40), np.linspace(10, 50, n)), id="samples"),
        pytest.param(lambda n: solve(power_law(n), np.linspace(10, 50, n)), id="eigenvalues"),
        pytest.param(
            lambda n: simulate(power_law(5), np.round(np.linspace(3, 9, n)), runs=1, key=jax.random.key(0)), id="runs"
        ),
    ],
)
def test_lengths_from_33_to_64_are_compiled_once(call):
    str(call(33))
    with counted() as programs:
        for length in LENGTHS:
            call(length)
    assert not programs


def test_eigenvalues_that_fill_a_length_up_change_no_digit():
    samples = np.array([1.0, 5.0, 39.0, 40.0, 41.0, 1e3])
    full = solve(power_law(64), samples)
    grouped = KernelRegression(
        np.arange(1, 65.0) ** -2.0, np.ones(64), ridge=1e-3, noise=0.1, multiplicities=np.ones(64)
    )
    for name in full.curves:
        np.testing.assert_array_equal(solve(grouped, samples)[name], full[name])
    # Forty modes are 64 of which 24 are nothing: against the plain sums at the same kappa.
    some, l = solve(power_law(40), samples), np.arange(1, 41.0) ** -2.0
    share = l / (l + some["kappa"][:, None])
    np.testing.assert_allclose(some["effective_dimension"], share.sum(1), rtol=1e-14, atol=0)
    np.testing.assert_allclose(share.sum(1) + 1e-3 / some["kappa"], samples, rtol=1e-13, atol=0)
    assert some.stats["modes"] == 40
