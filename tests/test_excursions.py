"""How far one run more strays from n runs: limits that are known, and coverage on processes drawn here."""

import numpy as np
import pytest
from chance import student
from scipy import stats

from grok_theory.results.excursions import band_factor, excursions_of_draws


def factor(paths, level=0.9, shared=0.0):
    deviations = paths - paths.mean(axis=0)
    scatter = np.sqrt(paths.var(axis=0, ddof=1) + shared)
    return band_factor(level, len(paths), excursions_of_draws(deviations, scatter, shared))


def wandering(rng, count, length, memory):
    """(count, length) of a stationary Gaussian process that forgets a step by the factor `memory`."""
    paths = rng.standard_normal((count, length))
    for i in range(1, length):
        paths[:, i] = memory * paths[:, i - 1] + np.sqrt(1 - memory**2) * paths[:, i]
    return paths


def test_a_curve_that_only_moves_as_a_whole_is_one_look(rng):
    paths = rng.standard_normal((48, 1)) * np.geomspace(0.1, 3.0, 60)
    np.testing.assert_allclose(factor(paths), stats.t.isf(0.05, 47) * np.sqrt(1 + 1 / 48), rtol=0.06, atol=0)


def test_a_variance_that_all_times_share_is_one_look_too(rng):
    paths = wandering(rng, 48, 30, 0.3)
    assert factor(paths, shared=1e4) < 1.05 * stats.t.isf(0.05, 47) * np.sqrt(1 + 1 / 48) < factor(paths)


@pytest.mark.statistical
@pytest.mark.parametrize("memory", [0.99, 0.9])
def test_it_holds_one_run_more(memory, rng, plausible):
    """Would notice the factor of four independent looks: it holds 93 % of the slower process and 74 % of the other."""
    held = []
    for _ in range(20):
        paths = wandering(rng, 424, 30, memory)
        known, new = paths[:24], paths[24:]
        limit = factor(known) * known.std(axis=0, ddof=1)
        held.append(np.mean((np.abs(new - known.mean(axis=0)) <= limit).all(axis=1)))
    held = np.array(held)
    # A covariance of 24 runs has fewer directions than the process: a percent or two of coverage.
    gap = np.maximum(np.abs(held.mean() - 0.9) - 0.02, 0.0)
    plausible(student(gap / (held.std(ddof=1) / np.sqrt(held.size)), held.size))


def test_many_runs_tell_what_few_do(rng):
    """Above a hundred runs the error of middle and scatter is one number: no step there."""
    paths = wandering(rng, 101, 20, 0.8)
    np.testing.assert_allclose(factor(paths), factor(paths[:100]), rtol=0.05, atol=0)


def test_runs_that_do_not_differ_stray_nowhere():
    assert excursions_of_draws(np.zeros((8, 3)), np.full(3, 1e-3)).size == 0
