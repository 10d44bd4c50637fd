"""Far out: times to 1e200, ratios at and next to 1, signals, decays and units over hundreds of decades."""

import itertools
from fractions import Fraction
from functools import partial

import jax
import mpmath as mp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.dynamics import GradientDescent
from grok_theory.linear import (
    CorrelatedInputs,
    DeepLinear,
    RandomFeatures,
    TeacherStudent,
    approximation_error,
    grokking_time,
    limits,
    noiseless_delay,
    optimal_ridge,
    optimal_stopping,
    ridge,
    solve,
)
from grok_theory.linear.units import equilibrated, graded_svd

NEAR = [0.5, 0.999999, 1.0, 1.000001, 2.0]


def in_logs(alpha, functions, small):
    """int_bulk rho f by Gauss-Legendre in the log of l above its edge, pieces of e^3 from e^-90 of a scale."""
    with mp.workdps(30):
        alpha = mp.mpf(alpha)
        root = mp.sqrt(alpha)
        low, width = (1 - root) ** 2, 4 * root

        def density(u):
            above = width * mp.exp(u)
            rest = width - above
            return mp.sqrt(above * rest) / (2 * mp.pi * (low + above)) * above, low + above

        total = [mp.mpf(0)] * len(functions)
        cuts = [mp.log(small) - 90 + 3 * i for i in range(int((90 - mp.log(small)) / 3))] + [mp.mpf(-3), mp.mpf(-0.3)]
        cuts = sorted({cut for cut in cuts if cut <= mp.mpf(-0.3)})
        nodes = [(mp.mpf(x), mp.mpf(w)) for x, w in zip(*np.polynomial.legendre.leggauss(20), strict=True)]
        for a, b in itertools.pairwise(cuts):
            for x, w in nodes:
                weight, l = density((a + b) / 2 + x * (b - a) / 2)
                for i, f in enumerate(functions):
                    total[i] += w * (b - a) / 2 * weight * f(l)
        # Up to the upper edge, whose square root sits in the angle.
        top = mp.exp(mp.mpf(-0.3))
        for x, w in nodes:
            v = mp.sqrt(1 - top) * (1 + x) / 2
            above = width * (1 - v * v)
            weight = mp.sqrt(above * width) * v / (2 * mp.pi * (low + above)) * 2 * width * v * mp.sqrt(1 - top) / 2
            for i, f in enumerate(functions):
                total[i] += w * weight * f(low + above)
        return total


def of_test(l, snr, inr, g, t):
    left = mp.exp(-(l + g) * t)
    psi = (1 - left) / (l + g)
    return snr * (left + g * psi) ** 2 + inr * left**2 + l * psi**2


def of_train(l, snr, inr, g, t):
    left = mp.exp(-(l + g) * t)
    error = left + g * (1 - left) / (l + g)
    return l * (snr * error**2 + inr * left**2) + error**2


@pytest.mark.parametrize(("alpha", "decay"), [(a, 0.0) for a in NEAR] + [(1.0, 1e-25), (0.5, 1e-25)])
def test_late_times_against_integrals_in_thirty_digits(alpha, decay):
    """Both rules ended at the same node: at t = 1e50, samples_per_dim = 1, 2.6e23 was given for 6.6e24 as good."""
    snr, inr = 5.0, 2.0
    times = np.array([1e12, 1e60, 1e200])
    theory = solve(TeacherStudent(alpha, snr, inr, weight_decay=decay), times)
    for i, time in enumerate(times):
        with mp.workdps(30):
            t, g = mp.mpf(float(time)), mp.mpf(decay)
            test, train = in_logs(
                alpha,
                [partial(form, snr=snr, inr=inr, g=g, t=t) for form in (of_test, of_train)],
                min(1 / t, mp.mpf(1)),
            )
            atom = max(1 - mp.mpf(alpha), 0)
            test += 1 + atom * (snr + inr * mp.exp(-2 * g * t))
            train = train / mp.mpf(alpha) + max(1 - 1 / mp.mpf(alpha), 0)
        for name, exact in (("test_loss", test), ("train_loss", train)):
            value = float(theory[name][i])
            assert abs(value - float(exact)) <= float(theory.numerical_error[name][i]) + 1e-13 * abs(float(exact)), name
            assert float(theory.numerical_error[name][i]) <= 1e-11 * value + 1e-285


@pytest.mark.parametrize("descends", [False, True])
def test_the_law_at_the_threshold(descends):
    """E_g = 1/2 + c sqrt(t) + S/sqrt(2 pi t) at times that only rules to the end of float64 see; steps past 2^53."""
    times = np.array([1e18, 1e30, 1e100, 1e250])
    rate = 0.25
    method = {"dynamics": GradientDescent(rate)} if descends else {}
    theory = solve(TeacherStudent(1.0, 5.0), times, **method)
    clock = times * (rate if descends else 1.0)
    law = 0.5 + 2 * (2 - 2**0.5) / np.pi**0.5 * np.sqrt(clock)
    np.testing.assert_allclose(theory["test_loss"], law, rtol=3e-14, atol=0)
    np.testing.assert_allclose(theory["train_loss"], 1 / np.sqrt(2 * np.pi * clock), rtol=3e-14, atol=0)
    assert theory.status.name == "good"


def test_beyond_float64_is_refused_with_limits_named():
    with pytest.raises(gt.SolveFailed, match=r"limits\(problem\)"):
        solve(TeacherStudent(1.0, 5.0), [1e304])
    with pytest.raises(gt.SolveFailed, match=r"1e-290.*limits\(problem\)"):
        solve(TeacherStudent(0.5, 5.0, noise=1e-200), [1.0])
    traced = jax.jit(lambda t: solve(TeacherStudent(1.0, 5.0), t).curves["test_loss"])(np.array([1.0, 1e60]))
    assert np.isfinite(traced[0])
    assert np.isnan(traced[1])


def test_correlated_inputs_reach_their_limit():
    """50 equal eigenvalues, 40 samples: nan at t = 1e12, status good and 4e-8 off at 1e6."""
    problem = CorrelatedInputs(np.ones(50), np.ones(50) / 50**0.5, 40, 0.5)
    theory = solve(problem, [1e6, 1e8, 1e30, 1e200])
    np.testing.assert_allclose(theory["test_loss"], 1.45, rtol=1e-12, atol=0)
    np.testing.assert_allclose(theory["weight_norm"], 0.036, rtol=1e-12, atol=0)
    assert np.all(np.asarray(theory["train_loss"]) >= 0)
    assert theory.status.name == "noted"  # of a train loss of zero rounding is more than 1 %


def test_limits_at_the_listed_ratios():
    alphas = [0.25, 0.5, 0.8, 0.9, 1.0, 1.1, 1.25, 2.0, 4.0]
    found = [float(limits(TeacherStudent(alpha, 4.0)).test_loss) for alpha in alphas]
    np.testing.assert_allclose(found, [13 / 3, 4, 5.8, 10.4, np.inf, 11, 5, 2, 4 / 3], rtol=1e-14, atol=0)


@pytest.mark.parametrize("signal", [1e-300, 1e-17, 1e20, 1e200])
def test_best_times_at_extreme_signals(signal):
    """At samples_per_dim = 1 the best time is (1 + sqrt 2)/4 S; this ended in 60 lines of a callback's traceback."""
    best = optimal_stopping(TeacherStudent(1.0, signal))
    assert np.isclose(best.time, signal if signal < 1 else (1 + 2**0.5) / 4 * signal, rtol=1e-12, atol=0)
    if signal > 1:
        law = 2 * ((2 * 2**0.5 - 2) / np.pi) ** 0.5 * signal**0.5
        assert np.isclose(best.test_loss, law, rtol=1e-10, atol=0)
    with pytest.raises(gt.SolveFailed, match=r"beyond 1e270 tau.*limits\(problem\)"):
        optimal_stopping(TeacherStudent(1.0, 1e290))
    assert np.isnan(jax.jit(lambda s: optimal_stopping(TeacherStudent(1.0, s)).time)(1e290))


def test_a_fast_mode_is_seen():
    """One mode of rate alpha = 1e20: log(1 + alpha S)/alpha, not S."""
    best = optimal_stopping(TeacherStudent(1e20, 1e-17))
    assert np.isclose(best.time, np.log1p(1e20 * 1e-17) / 1e20, rtol=1e-8, atol=0)


def test_clocks_of_slow_decay_and_fast_modes():
    slow = grokking_time(TeacherStudent(0.5, 10.0, 1e6, weight_decay=1e-30))
    assert np.isclose(slow.test_time, slow.estimate, rtol=1e-4, atol=0)  # was inf: beyond e^42
    fast = grokking_time(TeacherStudent(1e10, 1e6), train_fraction=1e-3)
    assert np.isclose(fast.train_time, np.log(1e3) / 2e10, rtol=1e-3, atol=0)  # was 0: before e^-12
    endless = grokking_time(TeacherStudent(1.0, 5.0))
    assert np.isnan(endless.test_time)  # its end is infinite


def test_noiseless_delay_far_out():
    """At samples_per_dim = 1 the test bias falls as 1/sqrt(2 pi t)."""
    found = noiseless_delay(1.0, 1e-20)
    variance = 1e-40 / (2 * float(mp.erfinv(0.95)) ** 2)
    assert np.isclose(found.test_time, 1 / (2 * np.pi * variance**2), rtol=1e-9, atol=0)
    with pytest.raises(gt.SolveFailed, match="tolerance"):
        noiseless_delay(1.5, 1e-160)


def ridge_in_digits(problem, penalty):
    """(train, test, norm) by bisection for the effective ridge and the plain formulas, in 300 digits."""
    with mp.workdps(300):
        l, c = ([mp.mpf(float(v)) for v in field] for field in (problem.spectrum, problem.target))
        n, noise, p = mp.mpf(float(problem.samples)), mp.mpf(problem.noise) ** 2, mp.mpf(penalty) / problem.samples
        low, high = -mp.mpf(400), mp.mpf(400)
        for _ in range(1000):
            k = mp.e ** ((low + high) / 2)
            low, high = (
                ((low + high) / 2, high) if k - k * sum(v / (v + k) for v in l) / n < p else (low, (low + high) / 2)
            )
        share = [v / (v + k) for v in l]
        left = 1 - sum(s**2 for s in share) / n
        test = (noise + sum(v * a**2 * (1 - s) ** 2 for v, a, s in zip(l, c, share))) / left
        norm = sum(a**2 * s * (1 - p / left / (v + k)) for v, a, s in zip(l, c, share))
        norm += noise / n / left * sum(v / (v + k) ** 2 for v in l)
        return float((p / k) ** 2 * test), float(test), float(norm / len(l))


@pytest.mark.parametrize("samples", [2.0, 5.5])
@pytest.mark.parametrize("penalty", [1e-30, 1e-8, 1.0, 1e12, 1e60])
def test_correlated_ridge_in_all_digits(samples, penalty):
    """At large penalties the norm was rounding, below zero; at small ones a clean label's loss was."""
    for noise in (1.0, 1e-30):
        problem = CorrelatedInputs([2.0, 0.3, 1e-4], [1.0, -2.0, 0.5], samples, noise)
        found = ridge(problem, penalty)
        expected = ridge_in_digits(problem, penalty)
        np.testing.assert_allclose(
            [found.train_loss, found.test_loss, found.weight_norm], expected, rtol=1e-12, atol=0, err_msg=str(noise)
        )


@pytest.mark.parametrize("excess", [1e-12, 1e-9, 1e-7, 1e-5, 0.5])
def test_a_few_samples_more_than_modes_keep_their_digits(excess):
    """1 - modes/samples and samples/(samples - modes) of the very float64 numbers, in fractions."""
    samples = 8 * (1 + excess)
    problem = CorrelatedInputs(np.ones(8) / 8, np.full(8, 5.0**0.5), samples)
    share = (Fraction(samples) - 8) / Fraction(samples)
    late, ends = solve(problem, [1e60]), limits(problem)
    assert abs(Fraction(float(late["train_loss"][0])) / share - 1) < 1e-14
    assert abs(Fraction(float(late["train_loss"][0])) - share) <= Fraction(float(late.numerical_error["train_loss"][0]))
    assert abs(Fraction(float(late["test_loss"][0])) * share - 1) < 1e-13
    assert abs(Fraction(float(ends.train_loss)) / share - 1) < 1e-14
    assert abs(Fraction(float(ends.test_loss)) * share - 1) < 1e-14


def test_ridge_at_tiny_and_huge_penalties():
    """At samples_per_dim = 1: E = 1 + m + g m' with m = (sqrt(1 + 4/g) - 1)/2 and SNR = 0."""
    for penalty in (1e-250, 1e-60, 1.0, 1e200):
        with mp.workdps(700):
            g = mp.mpf(penalty)
            root = mp.sqrt(1 + 4 / g)
            exact = 1 + (root - 1) / 2 - 1 / (g * root)
        assert np.isclose(ridge(TeacherStudent(1.0, 0.0), penalty).test_loss, float(exact), rtol=1e-13, atol=0)
    assert np.isclose(optimal_ridge(TeacherStudent(1.0, 1e280)).test_loss, 1e140, rtol=1e-12, atol=0)
    assert optimal_ridge(TeacherStudent(1.0, 1e-280)).test_loss == 1
    with pytest.raises(gt.SolveFailed, match="noise"):
        limits(TeacherStudent(0.5, 5.0, noise=1e-200))


def test_deep_limits_far_out_satisfy_their_equation():
    for upper, first, depth in ((1e-100, 1.0, 2), (1e60, 1e-3, 3), (1e-3, 1e20, 4)):
        end = limits(DeepLinear(0.5, 5.0, depth, upper, first))
        with mp.workdps(60):
            x, reached = mp.mpf(float(end.upper_norm)) ** 2, mp.mpf("0.5") * 5 + 1
            gap = x - reached * x ** -(depth - 1) - (mp.mpf(upper) ** 2 - mp.mpf(first) ** 2 / 2)
            assert abs(gap) < mp.mpf("1e-11") * depth * (x + reached * x ** -(depth - 1))


def test_a_small_start_of_a_deep_network_keeps_its_digits():
    """From 1e-20 the first growth is linear: u' = sum rho q a, a' = u^(D-1); an absolute tolerance swallowed it."""
    tiny, small = (solve(DeepLinear(2.0, 5.0, 2, size, 0.0), [0.5])["upper_norm"][0] for size in (1e-40, 1e-9))
    with mp.workdps(30):
        moment = 2 * 3 * mp.mpf(5) + 2  # int rho (l^2 SNR + l)
        growth = mp.cosh(mp.sqrt(moment) * mp.mpf("0.5"))
    assert np.isclose(small / 1e-9, float(growth), rtol=1e-9, atol=0)
    assert np.isclose(tiny / 1e-40, float(growth), rtol=1e-9, atol=0)


UNITS = 10.0 ** np.array([-8, 8, 0, 3, -5, 6])


def test_units_of_columns_change_no_least_squares_theory():
    """Ranks were decided on squares at 1e-12: columns in units 1e-8 and 1e8 lost directions without a word."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 6))
    y = x @ rng.standard_normal(6) + 0.3 * rng.standard_normal(200)
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    noise = np.sqrt(rest @ rest / 194)
    for inputs in (x, x * UNITS):
        problem = CorrelatedInputs.from_data(inputs, y, samples=30)
        assert np.isclose(problem.noise, noise, rtol=1e-12, atol=0)
        assert np.isclose(limits(problem).test_loss, noise**2 / (1 - 6 / 30), rtol=1e-12, atol=0)
        assert solve(problem, [1e40]).status.name == "good"
        with mp.workdps(60):
            exact = mp.matrix(inputs.tolist())
            values = sorted(mp.eigsy(exact.T * exact, eigvals_only=True), reverse=True)
        np.testing.assert_allclose(problem.spectrum, [float(v) / 200 for v in values], rtol=1e-12, atol=0)
    more = np.column_stack([x, x[:, 0] + x[:, 1], np.zeros(200)])
    problem = CorrelatedInputs.from_data(more * np.append(UNITS, [1e8, 1.0]), y, samples=30)
    assert np.isclose(problem.noise, noise, rtol=1e-12, atol=0)
    found = solve(problem, [1.0])
    assert "2 of 8 directions have no variance" in found.status.text
    assert found.status.name == "noted"


def test_units_of_features_change_no_least_squares_theory():
    first = RandomFeatures.draw(dim=12, width=6, samples=40, teacher_width=3, snr=4.0, key=jax.random.key(5))
    other = RandomFeatures(np.asarray(first.features) * UNITS[:, None], first.teacher, first.readout, 40, first.noise)
    assert np.isclose(approximation_error(first), approximation_error(other), rtol=1e-11, atol=0)
    assert np.isclose(limits(first).test_loss, limits(other).test_loss, rtol=1e-12, atol=0)
    twice = RandomFeatures(np.repeat(first.features, 2, axis=0), first.teacher, first.readout, 40, first.noise)
    assert np.isclose(approximation_error(first), approximation_error(twice), rtol=1e-11, atol=0)
    assert "6 of 12 directions have no variance" in solve(twice, [1.0]).status.text


def test_graded_values_against_sixty_digits():
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((6, 6)) * UNITS
    columns, sizes = equilibrated(matrix)
    np.testing.assert_allclose(columns * sizes, matrix, rtol=1e-15, atol=0)
    with mp.workdps(60):
        exact = mp.matrix(matrix.tolist())
        values = sorted((mp.sqrt(v) for v in mp.eigsy(exact * exact.T, eigvals_only=True)), reverse=True)
    np.testing.assert_allclose(graded_svd(matrix)[1], [float(v) for v in values], rtol=1e-12, atol=0)
