"""Truths for the linear solvers that are better by far than what they print: 80-bit sums, 50 digits, an ODE at 1e-13.

Random problems reach far: samples_per_dim from .01 to 100 and to within 1e-12 of 1, times to 1e30.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath as mp
import numpy as np
from scipy.integrate import solve_ivp

from grok_theory import GradientDescent, GradientFlow, linear

Wide = np.longdouble
Case = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]  # curves, printed errors, truth


def _ratio(rng: np.random.Generator) -> float:
    kind = rng.integers(3)
    return [10 ** rng.uniform(-2, 2), 1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-12, -1), 1.0][kind]


def _bulk(alpha: float) -> tuple[Any, Any]:
    """Eigenvalues and weights of the Marchenko-Pastur bulk in 80 bits: step .15 down to e^-1000 of the width."""
    alpha, step = Wide(alpha), Wide(0.15)
    s = step * np.arange(round(-1000 / 0.15), round(70 / 0.15))
    x, rest, root = 1 / (1 + np.exp(-s)), 1 / (1 + np.exp(s)), np.sqrt(alpha)
    l = ((1 - alpha) / (1 + root)) ** 2 + 4 * root * x
    return l, step / (2 * np.arccos(Wide(-1))) * (4 * root) ** 2 * np.sqrt(x) * rest ** Wide(1.5) * (x / l)


def teacher_student(count: int, *, descent: bool) -> Iterator[Case]:
    """Random TeacherStudent problems at four times each, by flow or by descent."""
    rng = np.random.default_rng(11 + descent)
    for _ in range(count):
        alpha, snr, noise = _ratio(rng), 10 ** rng.uniform(-3, 4), 10 ** rng.uniform(-1, 1)
        inr, decay = (rng.choice([0.0, 10 ** rng.uniform(*span)]) for span in ((-2, 4), (-4, 1)))
        problem, dynamics = linear.TeacherStudent(alpha, snr, inr, noise, decay), GradientFlow()
        times = np.sort(10 ** rng.uniform(-4, rng.choice([2, 6, 30]), 4))
        if descent:
            dynamics = GradientDescent(rng.choice([0.01, 0.5, 0.99]) * 2 / ((1 + alpha**0.5) ** 2 + decay))
            times = np.sort(np.round(10 ** rng.uniform(0, rng.choice([2, 6, 20]), 4)))
        found = linear.solve(problem, times, dynamics=dynamics)
        l, w = _bulk(alpha)
        wide = [Wide(v) for v in (alpha, snr, inr, noise, decay)]
        yield found.curves, found.numerical_error, _sums(l, w, *wide, times, getattr(dynamics, "learning_rate", None))


def _sums(l, w, alpha, snr, inr, noise, decay, times, rate):
    rows = []
    for time in times:
        t = Wide(time)

        def left(r, t=t):
            if rate is None:
                return np.exp(-r * t)
            size = Wide(rate) * r
            sign = np.where((size < 1) | (int(t) % 2 == 0), 1, -1)
            near = np.where(size == 1, Wide(0.5), size)
            shrink = np.where(size < 0.5, np.log1p(-np.where(size < 0.5, size, 0)), np.log(np.abs(1 - near)))
            return sign * np.exp(t * shrink) * (size != 1)

        rate_of = l + decay
        e = left(rate_of)
        if rate is None:
            gone = -np.expm1(-rate_of * t)
        else:
            size = Wide(rate) * rate_of
            gone = np.where(size < 0.5, -np.expm1(t * np.log1p(-np.where(size < 0.5, size, 0))), 1 - e)
        psi = gone / rate_of
        error, heard = e + decay * psi, np.sqrt(l) * psi
        atom, frozen = max(1 - alpha, Wide(0)), left(np.array([decay]))[0] if decay > 0 else Wide(1)
        bias = np.sum(w * (snr * error**2 + inr * e**2)) + atom * (snr + inr * frozen**2)
        variance, train_bias = np.sum(w * heard**2), np.sum(w * l * (snr * error**2 + inr * e**2)) / alpha
        rows.append(
            {
                "train_loss": train_bias + np.sum(w * error**2) / alpha + max(alpha - 1, Wide(0)) / alpha,
                "test_loss": 1 + bias + variance,
                "weight_norm": np.sum(w * (snr * (l * psi) ** 2 + heard**2 + inr * e**2)) + atom * inr * frozen**2,
                "test_bias": bias,
                "test_variance": variance,
                "train_bias": train_bias,
            }
        )
    return {name: noise**2 * np.array([row[name] for row in rows]) for name in rows[0]}


def deep_linear(count: int) -> Iterator[Case]:
    """Random deep networks against DOP853 at 1e-13 on a finer rule that reaches farther down."""
    rng = np.random.default_rng(13)
    for _ in range(count):
        alpha, depth = _ratio(rng), int(rng.integers(1, 5))
        alpha = min(max(alpha, 0.1), 5.0)
        snr, upper, first, noise = (
            10 ** rng.uniform(*span) for span in ((-1, 1.3), (-0.7, 0.1), (-1, 0.3), (-0.5, 0.3))
        )
        times = np.concatenate([[0.0], np.sort(10 ** rng.uniform(-2, 1.3, 3))])
        found = linear.solve(linear.DeepLinear(alpha, snr, depth, upper, first, noise), times)
        step = 0.2
        s = step * np.arange(round(-100 / step), round(40 / step))
        x, rest, root = 1 / (1 + np.exp(-s)), 1 / (1 + np.exp(s)), alpha**0.5
        l = ((1 - alpha) / (1 + root)) ** 2 + 4 * root * x
        w = step / (2 * np.pi) * (4 * root) ** 2 * np.sqrt(x) * rest**1.5 * (x / l)
        unit, atom = noise**2, max(1 - alpha, 0.0)
        q = unit * (l**2 * snr + l)

        def slope(_, y, l=l, w=w, q=q, depth=depth, first=first):
            a, clock, u = y[:-2], y[-2], y[-1]
            v = u ** (depth - 1)
            drive = a * q - v * l * (a**2 * q + first**2 * np.exp(-2 * l * clock))
            return np.concatenate([v * (1 - v * l * a), [v**2, u ** (depth - 2) * (w @ drive) if depth > 1 else 0.0]])

        begin = np.concatenate([np.zeros_like(l), [0.0, upper]])
        states = exactly_at(slope, begin, times)
        truth: dict[str, list] = {name: [] for name in found.curves}
        for a, clock, u in zip(states[:-2].T, states[-2], states[-1], strict=True):
            v = u ** (depth - 1)
            kept, miss = v**2 * first**2 * np.exp(-2 * l * clock), (1 - v * l * a) ** 2
            frozen = atom * v**2 * first**2
            train = w @ (unit * (l * snr + 1) * miss + l * kept) / alpha + unit * max(alpha - 1, 0.0) / alpha
            truth["train_loss"].append(train)
            test = w @ (unit * (snr * miss + l * (v * a) ** 2) + kept)
            truth["test_loss"].append(unit + test + atom * unit * snr + frozen)
            truth["weight_norm"].append(w @ (unit * (l**2 * snr + l) * (v * a) ** 2 + kept) + frozen)
            truth["upper_norm"].append(u)
        yield found.curves, found.numerical_error, truth


def exactly_at(slope, state, times):
    """States at the times, each the end of a march of its own: dense output is less accurate than the steps."""
    states, now = [], 0.0
    for time in times:
        if time > now:
            state = solve_ivp(slope, (now, time), state, "DOP853", rtol=1e-13, atol=1e-15).y[:, -1]
        states.append(state)
        now = time
    return np.array(states).T


def correlated(count: int) -> Iterator[Case]:
    """Random spectra of four modes over up to 12 decades, at three times from early to 1e12."""
    rng = np.random.default_rng(17)
    for _ in range(count):
        spread = rng.choice([0, 2, 6])
        l, c = 10 ** rng.uniform(-spread, spread + 1e-9, 4), rng.standard_normal(4)
        n, noise = rng.choice([1.0, 2.5, 3.0, 4.0, 5.0, 40.0]), rng.choice([0.0, 10 ** rng.uniform(-2, 1)])
        times = np.sort(10 ** rng.uniform(-4, 12, 3)) / np.exp(np.mean(np.log(l)))
        found = linear.solve(linear.CorrelatedInputs(l, c, n, noise), times)
        yield found.curves, found.numerical_error, _inverted(l, c, n, noise**2, times, 4)


def random_features(count: int) -> Iterator[Case]:
    """Random small ReLU layers, also at as many samples as features; moments and eigenvalues in 50 digits too."""
    rng = np.random.default_rng(19)
    for _ in range(count):
        features, teacher = rng.standard_normal((4, 3)), rng.standard_normal((2, 3))
        features *= 10 ** rng.uniform(-2, 2, (4, 1)) if rng.integers(2) else 1.0
        readout, n, noise = rng.standard_normal(2), rng.choice([2.0, 3.0, 4.0, 5.0, 9.0]), 10 ** rng.uniform(-2, 0)
        times = np.sort(10 ** rng.uniform(-4, 10, 3))
        found = linear.solve(linear.RandomFeatures(features, teacher, readout, n, noise), times)
        with mp.workdps(50):
            rows, others, weights = (mp.matrix(a.tolist()) for a in (features, teacher, readout))
            covariance = mp.matrix(4, 4)
            for i in range(4):
                for j in range(4):
                    covariance[i, j] = _relu_pair(rows[i, :], rows[j, :])
            overlap = [sum(_relu_pair(rows[i, :], others[k, :]) * weights[k] for k in range(2)) for i in range(4)]
            pairs = [(i, k) for i in range(2) for k in range(2)]
            power = sum(weights[i] * weights[k] * _relu_pair(others[i, :], others[k, :]) for i, k in pairs)
            values, vectors = mp.eigsy(covariance)
            c = [sum(vectors[j, i] * overlap[j] for j in range(4)) / values[i] for i in range(4)]
            unit = mp.mpf(noise) ** 2 + power - sum(values[i] * c[i] ** 2 for i in range(4))
            truth = _inverted(list(values), c, n, unit, times, 4)
        yield found.curves, found.numerical_error, truth


def _relu_pair(u, v):
    inner, size = (u * v.T)[0], mp.sqrt((u * u.T)[0] * (v * v.T)[0])
    cosine = max(mp.mpf(-1), min(mp.mpf(1), inner / size))
    angle = mp.acos(cosine)
    return size * (mp.sin(angle) + (mp.pi - angle) * cosine) / (2 * mp.pi)


def _inverted(l, c, n, unit, times, modes):
    """The transforms as they are written in 50 digits, where nothing cancels that matters, on 36 points."""
    with mp.workdps(50):
        l, c, n, unit = [mp.mpf(v) for v in l], [mp.mpf(v) for v in c], mp.mpf(n), mp.mpf(unit)
        rows = [_one_time(l, c, n, unit, mp.mpf(t), modes) for t in times]
    return {name: [float(row[i]) for row in rows] for i, name in enumerate(("train_loss", "test_loss", "weight_norm"))}


def _one_time(l, c, n, unit, time, modes):
    points, power = 36, [a * b * b for a, b in zip(l, c, strict=True)]
    a, b, shift, d = mp.mpf("0.5017"), mp.mpf("0.6407"), mp.mpf("0.6122"), mp.mpf("0.2645")

    def contour(theta):
        cot = mp.cot(b * theta)
        return points * (a * theta * cot - shift + 1j * d * theta), points * (
            a * cot - a * b * theta / mp.sin(b * theta) ** 2 + 1j * d
        )

    def walked(big):
        """(p, weight e^(pT), kappa) along the upper half; kappa continued from the positive real root."""
        nodes, found, before = [(2 * j + 1) * mp.pi / points for j in range(points // 2)], [], mp.mpf("1e-9")
        p = contour(before)[0].real / big
        low, high = mp.mpf(0), p + sum(l) / n + p
        for _ in range(400):
            kappa = (low + high) / 2
            low, high = (kappa, high) if kappa * (1 - sum(v / (v + kappa) for v in l) / n) < p else (low, kappa)
        kappa = mp.mpc(kappa)
        for theta in nodes:
            for part in range(1, 6):
                p = contour(before + (theta - before) * part / 5)[0] / big
                for _ in range(6):
                    rest = kappa * (1 - sum(v / (v + kappa) for v in l) / n) - p
                    kappa -= rest / (1 - sum((v / (v + kappa)) ** 2 for v in l) / n)
            value, slope = contour(theta)
            found.append((value / big, 2 * slope / points * mp.exp(value), kappa))
            before = theta
        return found

    once, twice = n * time, 2 * n * time
    first, second = walked(once), walked(twice)

    def fit(kappa):
        return unit / kappa + sum(w / (v + kappa) for w, v in zip(power, l, strict=True))

    def spread(p, kappa):
        return unit / n * kappa / p**2 * sum(v / (v + kappa) for v in l)

    def back(path, big, transform):
        return sum((weight * transform(p, kappa)).imag for p, weight, kappa in path) / big

    train = back(second, twice, lambda p, k: fit(k))
    variance = 2 * back(first, once, spread) - back(second, twice, spread)
    norm = 2 * back(first, once, lambda p, k: fit(k) / p) - back(second, twice, lambda p, k: fit(k) / p)
    half = [(weight * k / p / once, k) for p, weight, k in first]
    whole = half + [(-mp.conj(weight), mp.conj(k)) for weight, k in half]
    bias = mp.mpf(0)
    for weight, k in half:
        g = [1 / (v + k) for v in l]
        for other, m in whole:
            h = [1 / (v + m) for v in l]
            gamma = sum(v * v * x * y for v, x, y in zip(l, g, h, strict=True)) / n
            top = sum(w * x * y for w, x, y in zip(power, g, h, strict=True))
            bias -= (weight * other * top / (1 - gamma)).real / 2
    return train, unit + bias + variance, norm / modes
