"""Clocks of descent against looking at every step, by a loop that shares no code with the solver."""

import numpy as np
import pytest

from grok_theory import BadValue, GradientDescent
from grok_theory.linear import TeacherStudent, grokking_time, limits, optimal_stopping, solve

CASES = [
    (TeacherStudent(0.5, 5.0), 0.1),
    (TeacherStudent(0.5, 5.0), 0.6),  # eta l+ = 1.75: modes at the upper edge alternate
    (TeacherStudent(0.5, 5.0, weight_decay=0.3), 0.6),  # least at an odd step, below where training ends
    (TeacherStudent(0.8, 2.0, 10.0, weight_decay=0.05), 0.3),
]


def every_step(problem, rate, count):
    """Train and test loss at every step: the recursion of the mode errors on a fine Marchenko-Pastur rule (arcsine)."""
    alpha, snr, inr, g = (float(v) for v in (problem.samples_per_dim, problem.snr, problem.inr, problem.weight_decay))
    low, high = (1 - alpha**0.5) ** 2, (1 + alpha**0.5) ** 2
    theta = (np.arange(20_000) + 0.5) * np.pi / 20_000
    l = (low + high) / 2 - (high - low) / 2 * np.cos(theta)
    w = (high - low) ** 2 / 4 * np.sin(theta) ** 2 / (2 * np.pi * l) * np.pi / 20_000
    lost, left, heard = np.ones_like(l), np.ones_like(l), np.zeros_like(l)  # of teacher, start; psi of the noise
    atom, frozen, train, test = max(1 - alpha, 0.0), 1.0, [], []
    for _ in range(count):
        fit = w @ (l * snr * lost**2 + l * inr * left**2 + (1 - l * heard) ** 2)
        train.append(fit / alpha + max(alpha - 1, 0) / alpha)
        test.append(1 + w @ (snr * lost**2 + inr * left**2 + l * heard**2) + atom * (snr + inr * frozen**2))
        lost, left = lost - rate * (l * lost - g * (1 - lost)), left * (1 - rate * (l + g))
        heard, frozen = heard + rate * (1 - (l + g) * heard), frozen * (1 - rate * g)
    return np.array(train), np.array(test)


@pytest.mark.parametrize(("problem", "rate"), CASES)
def test_against_every_step(problem, rate):
    train, test = every_step(problem, rate, 1500)
    dynamics = GradientDescent(rate)
    np.testing.assert_allclose(solve(problem, [3, 40], dynamics=dynamics)["test_loss"], test[[3, 40]], rtol=1e-9)
    best, end = optimal_stopping(problem, dynamics=dynamics), float(limits(problem).test_loss)
    if test.min() < end * (1 - 1e-9):
        assert float(best.time) == np.argmin(test)
        assert float(best.test_loss) == pytest.approx(test.min(), rel=1e-9, abs=0)
    else:
        assert (float(best.time), float(best.test_loss)) == (np.inf, end)
    clocks = grokking_time(problem, train_fraction=0.2, test_factor=1.2, dynamics=dynamics)
    start = 1 + float(problem.snr) + float(problem.inr)
    for clock, curve, level in ((clocks.train_time, train, 0.2 * start), (clocks.test_time, test, 1.2 * end)):
        above = np.flatnonzero(curve > level)
        assert float(clock) == (above[-1] + 1 if above.size else 0)


def test_traced_numbers_are_refused():
    import jax

    with pytest.raises(BadValue, match="counts whole steps under GradientDescent"):
        jax.jit(lambda rate: optimal_stopping(TeacherStudent(0.5, 5.0), dynamics=GradientDescent(rate)).time)(0.1)
