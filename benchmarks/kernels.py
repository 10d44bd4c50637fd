"""kernels: accuracy of duals, kernels, effective ridge (beside a plain bisection) and leave-one-out; CPU seconds.

The plain bisection is what a published solver does: bisect sum l/(l + kappa) + ridge/kappa - n to an absolute 2e-12.
Exact values come from bisection of the same equation in 320 digits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np

from benchmarks import report
from benchmarks.report import Headline, Rows, largest, worst
from grok_theory.kernels import (
    FullyConnected,
    Quadratic,
    effective_regularization,
    gradient_descent,
    gradient_flow,
    kernel_ridge,
    leave_one_out,
    ntk,
)
from grok_theory.numerics import gaussian


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `kernels_effective_ridge.json`, `kernels_accuracy.json`, `kernels_speed.json`."""
    report.publish("kernels_effective_ridge", "effective ridge: relative errors", _effective_ridge(), out)
    report.publish("kernels_accuracy", "kernels: worst errors", _accuracy(10 if quick else 100), out)
    report.publish("kernels_speed", "kernels: speed, ratios within this run", _speed(quick), out)


def _spectra() -> dict[str, tuple[np.ndarray, float, float]]:
    i = np.arange(1, 301.0)
    long = np.arange(1, 2001.0) ** -1.5
    return {
        "i^-1.5, 300 modes, n = 10": (i**-1.5, 10.0, 0.0),
        "i^-1.5, 300 modes, n = 299": (i**-1.5, 299.0, 0.0),
        "i^-1.5, 300 modes, n = 300 - 1e-4": (i**-1.5, 300 - 1e-4, 0.0),
        "i^-1.5, 300 modes, n = 400, ridge 1e-6": (i**-1.5, 400.0, 1e-6),
        "i^-1.5, 2000 modes, n = 1999": (long, 1999.0, 0.0),
        "i^-1.5, 2000 modes, n = 3000, ridge 1e-6": (long, 3000.0, 1e-6),
        "exp(-3i), 200 modes, n = 100": (np.exp(-3.0 * np.arange(200)), 100.0, 0.0),
        "1e10 and 1e-130, 2 x 5 modes, n = 5": (np.repeat([1e10, 1e-130], 5), 5.0, 0.0),
    }


def _effective_ridge() -> list[dict[str, Any]]:
    rows = []
    for name, (eigenvalues, samples, ridge) in _spectra().items():
        exact = _exact(eigenvalues, samples, ridge)
        ours = float(effective_regularization(eigenvalues, samples, ridge=ridge))
        plain = _plain_bisection(eigenvalues, samples, ridge)
        rows.append(
            {
                "spectrum": name,
                "kappa": float(exact),
                "grok_theory": _relative(ours, exact),
                "plain bisection": _relative(plain, exact),
            }
        )
    return rows


def _relative(ours: float, exact: Any) -> float:
    with mp.workdps(50):
        return abs(float(mp.mpf(ours) / exact - 1))


def _exact(eigenvalues: np.ndarray, samples: float, ridge: float) -> Any:
    with mp.workdps(320):
        modes = [mp.mpf(float(l)) for l in eigenvalues]
        samples, ridge = mp.mpf(samples), mp.mpf(ridge)
        low, high = mp.mpf(10) ** -200, (sum(modes) + ridge) / samples
        for _ in range(75):
            middle = mp.sqrt(low * high)
            if sum(l / (l + middle) for l in modes) + ridge / middle > samples:
                low = middle
            else:
                high = middle
        return low


def _plain_bisection(eigenvalues: np.ndarray, samples: float, ridge: float) -> float:
    low, high = 0.0, (eigenvalues.sum() + ridge) / samples
    while high - low > 2e-12:
        middle = (low + high) / 2
        if np.sum(eigenvalues / (eigenvalues + middle)) + ridge / middle > samples:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _accuracy(trials: int) -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    worst = {"relu dual": 0.0, "erf dual": 0.0, "relu tangent kernel, 1 layer, inputs 1 to 1e-12 apart": 0.0}
    with mp.workdps(30):
        for _ in range(trials):
            a, b = (float(v) for v in 10 ** generator.uniform(-3, 3, 2))
            c = float(generator.uniform(-0.999, 0.999) * np.sqrt(a * b))
            size = mp.sqrt(mp.mpf(a) * mp.mpf(b))
            angle = mp.acos(mp.mpf(c) / size)
            # In polar coordinates, over the directions where both are positive.
            exact = size / mp.pi * mp.quad(lambda t, q=angle: mp.cos(t) * mp.cos(t - q), [angle - mp.pi / 2, mp.pi / 2])
            worst["relu dual"] = max(
                worst["relu dual"], abs(float(float(gaussian.relu_dual(a, c, b)) - exact) / float(size))
            )
            integral = mp.quad(lambda q, a=a, b=b: _erf_slope(a, q, b), mp.linspace(0, mp.mpf(c), 4))
            worst["erf dual"] = max(worst["erf dual"], abs(float(float(gaussian.erf_dual(a, c, b)) - integral)))
            x, step = generator.standard_normal((2, 4))
            y = x + 10 ** generator.uniform(-12, 0) * step
            ours = float(ntk(FullyConnected("relu"), x[None], y[None])[0, 0])
            error = abs(ours - _relu_tangent(x, y)) / (np.linalg.norm(x) * np.linalg.norm(y))
            name = "relu tangent kernel, 1 layer, inputs 1 to 1e-12 apart"
            worst[name] = max(worst[name], float(error))
    rows = [{"quantity": name, "points": trials, "worst error over its scale": value} for name, value in worst.items()]
    for ridge in (0.0, 1e-6, 1.0):
        features, y = generator.standard_normal((40, 60)), generator.standard_normal(40)
        kernel = features @ features.T
        ours = np.asarray(leave_one_out(kernel, y, ridge=ridge).residuals)
        refit = _refits(kernel, y, ridge)
        rows.append(
            {
                "quantity": f"leave-one-out against 40 refits, ridge {ridge:g}",
                "points": 40,
                "worst error over its scale": float(np.abs(ours - refit).max() / np.abs(refit).max()),
            }
        )
    return rows + _predictions(generator, max(2, trials // 5)) + _two_layer(generator, trials)


def _predictions(generator: np.random.Generator, trials: int) -> list[dict[str, Any]]:
    """Flow by the matrix exponential, descent by its iteration, both in 60 digits; kernels of full and of low rank."""
    worst = {"gradient flow": 0.0, "gradient descent": 0.0, "ridge": 0.0}
    n, tests, steps = 8, 3, 60
    with mp.workdps(60):
        for trial in range(trials):
            features = generator.standard_normal((n + tests, 12 if trial % 2 else 4))
            gram, y = features @ features.T, generator.standard_normal(n)
            kernel, cross = gram[:n, :n], gram[n:, :n]
            exact_kernel, exact_cross = mp.matrix(kernel.tolist()), mp.matrix(cross.tolist())
            start, size = mp.matrix(y.tolist()), float(np.abs(y).max())
            # Residual and test outputs together: (r, f)' = (-K r, K_* r).
            march = mp.matrix(n + tests, n + tests)
            march[:n, :n], march[n:, :n] = -exact_kernel, exact_cross
            time, rate = 10 ** float(generator.uniform(-2, 0.5)), 1.5 / float(np.linalg.eigvalsh(kernel)[-1])
            end = mp.expm(march * time)[:, :n] * start
            inside, outside = gradient_flow(kernel, y, cross, [time])
            ours = np.concatenate([y - np.asarray(inside[0]), np.asarray(outside[0])])
            worst["gradient flow"] = max(worst["gradient flow"], _gap(ours, end) / size)
            residual, reached = start.copy(), mp.zeros(tests, 1)
            for _ in range(steps):
                reached += mp.mpf(rate) * (exact_cross * residual)
                residual -= mp.mpf(rate) * (exact_kernel * residual)
            inside, outside = gradient_descent(kernel, y, cross, [float(steps)], step_size=rate)
            ours = np.concatenate([y - np.asarray(inside[0]), np.asarray(outside[0])])
            exact = mp.matrix([*residual, *reached])
            worst["gradient descent"] = max(worst["gradient descent"], _gap(ours, exact) / size)
            ridge = 10 ** float(generator.uniform(-3, 1))
            exact = exact_cross * mp.lu_solve(exact_kernel + ridge * mp.eye(n), start)
            ours = np.asarray(kernel_ridge(kernel, y, cross, ridge=ridge))
            worst["ridge"] = max(worst["ridge"], _gap(ours, exact) / size)
    domain = "8 samples, rank 8 and 4"
    return [
        {"quantity": f"{name}, {domain}", "points": trials, "worst error over its scale": value}
        for name, value in worst.items()
    ]


def _two_layer(generator: np.random.Generator, trials: int) -> list[dict[str, Any]]:
    """Tangent kernel of the quadratic two-layer network, trained readouts, against its polynomial in 30 digits."""
    worst = 0.0
    with mp.workdps(30):
        for _ in range(trials):
            x, z, curvature = generator.standard_normal(4), generator.standard_normal(4), float(generator.uniform(0, 1))
            ours = float(ntk(FullyConnected(Quadratic(curvature)), x[None], z[None])[0, 0])
            s, xx, zz = (sum(mp.mpf(float(p)) * mp.mpf(float(q)) for p, q in zip(*w)) for w in ((x, z), (x, x), (z, z)))
            e = mp.mpf(curvature)
            exact = 2 * s + 3 * e**2 / 2 * s**2 + e**2 / 4 * xx * zz
            scale = 2 * mp.sqrt(xx * zz) + 7 * e**2 / 4 * xx * zz
            worst = max(worst, abs(float((ours - exact) / scale)))
    return [{"quantity": "two-layer quadratic tangent kernel", "points": trials, "worst error over its scale": worst}]


def _gap(ours: np.ndarray, exact: Any) -> float:
    return max(abs(float(mp.mpf(float(a)) - b)) for a, b in zip(ours, exact))


def _erf_slope(a: float, q: Any, b: float) -> Any:
    """E[phi' phi'] of erf: (4/pi) / sqrt(det(1 + 2 Q))."""
    return 4 / mp.pi / mp.sqrt((1 + 2 * mp.mpf(a)) * (1 + 2 * mp.mpf(b)) - 4 * q * q)


def _relu_tangent(x: np.ndarray, y: np.ndarray) -> Any:
    x, y = ([mp.mpf(float(v)) for v in w] for w in (x, y))
    xx, xy, yy = (sum(p * q for p, q in zip(a, b)) for a, b in ((x, x), (x, y), (y, y)))
    size = mp.sqrt(xx * yy)
    angle = mp.acos(xy / size)
    return ((mp.pi - angle) * xy * 2 + size * mp.sin(angle)) / (2 * mp.pi)


def _refits(kernel: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    residuals = []
    for i in range(y.size):
        keep = np.delete(np.arange(y.size), i)
        dual = np.linalg.solve(kernel[np.ix_(keep, keep)] + ridge * np.eye(keep.size), y[keep])
        residuals.append(y[i] - kernel[i, keep] @ dual)
    return np.array(residuals)


def _speed(quick: bool) -> list[dict[str, Any]]:
    generator, n = np.random.default_rng(1), 100 if quick else 300
    features, y = generator.standard_normal((n, 2 * n)), generator.standard_normal(n)
    kernel = features @ features.T
    inputs, network = generator.standard_normal((200 if quick else 1000, 20)), FullyConnected("relu", hidden_layers=3)
    once = jax.jit(lambda k, t: leave_one_out(k, t, ridge=0.1).residuals)
    eigenvalues = jnp.arange(1, 301.0) ** -1.5
    samples = jnp.linspace(2.0, 280.0, 200)
    root = jax.jit(lambda n: effective_regularization(eigenvalues, n))
    cases = {
        f"leave-one-out, n = {n}, against {n} refits": (lambda: once(kernel, y), lambda: _refits(kernel, y, 0.1)),
        "effective ridge at 200 sizes, one call against a loop": (
            lambda: effective_regularization(eigenvalues, samples),
            lambda: [effective_regularization(eigenvalues, m) for m in samples],
        ),
        "the same, both compiled beforehand": (lambda: root(samples), lambda: [root(m) for m in samples]),
        f"ntk, relu, 3 layers, n = {len(inputs)}, against the textbook recursion": (
            lambda: ntk(network, inputs),
            lambda: textbook_tangent_kernel(inputs, 3),
        ),
    }
    return [{"what": name, **_ratio(fast, slow)} for name, (fast, slow) in cases.items()]


def textbook_tangent_kernel(inputs: np.ndarray, layers: int) -> np.ndarray:
    """The recursion in the cosine, as one would type it; next to coincident inputs it has half of the digits."""
    variance, covariance = np.sum(inputs * inputs, 1), inputs @ inputs.T
    tangent = covariance
    for _ in range(layers):
        size = np.sqrt(np.outer(variance, variance))
        cosine = np.clip(covariance / size, -1, 1)
        opening = np.pi - np.arccos(cosine)
        covariance = size * (np.sqrt(1 - cosine * cosine) + opening * cosine) / (2 * np.pi)
        tangent = covariance + tangent * opening / (2 * np.pi)
        variance = variance / 2
    return tangent


def _ratio(fast: Callable, slow: Callable) -> dict[str, float]:
    jax.block_until_ready(fast())
    jax.block_until_ready(slow())  # compiled before the clock starts
    seconds = []
    for function in (fast, slow):
        times = []
        for _ in range(3):
            start = time.process_time()
            jax.block_until_ready(function())
            times.append(time.process_time() - start)
        seconds.append(min(times))
    return {"seconds": seconds[0], "seconds, plain way": seconds[1], "ratio": seconds[1] / seconds[0]}


def _ridge_in_words(rows: Rows) -> str:
    ours, plain = worst(rows, "grok_theory"), worst(rows, "plain bisection")
    return f"{ours['grok_theory']:.1e} ({ours['spectrum']}); a plain bisection {plain['plain bisection']:.1e}"


HEADLINES = (
    Headline(
        "Kernels, errors over their scale",
        "kernels_accuracy",
        lambda rows: largest(rows, "worst error over its scale", "quantity"),
    ),
    Headline("Effective ridge, relative error", "kernels_effective_ridge", _ridge_in_words),
    Headline(
        "kernels: one call against the plain way",
        "kernels_speed",
        lambda rows: "; ".join(f"{row['what']}: {row['ratio']:.0f} times" for row in rows),
    ),
)
