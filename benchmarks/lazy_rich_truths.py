"""lazy_rich: answers better by far than the solvers', for the benchmark `numerical_error_lazy_rich`.

| solver | truth | shares with the solver |
|---|---|---|
| Population | extended precision (descent), scipy's DOP853 at 3e-14 (flow) | nothing |
| LazyLimit | extended precision: trapezoid in the angle of the law, another contour with 44 points | nothing |
| TangentLimit | mpmath, 40 digits: kernels in closed form (tanh: 160 nodes), eigenvectors | nothing |
| LinearMoments | itself at tolerance 3e-14 | equations |
| Particles | LinearMoments where linear; else 16384 particles, other scrambles, a tenth of the tolerance | equations |
| DMFT | 60 nodes for 40, 2640 paths for 344, 2 other scrambles; fourth order as the solver | equations |
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from grok_theory.lazy_rich import LinearMoments, Particles, solve
from grok_theory.lazy_rich.dmft.curves import curves_of
from grok_theory.lazy_rich.dmft.derivatives import Settings, marcher
from grok_theory.lazy_rich.dmft.grids import backward_difference_grid, flow_nodes
from grok_theory.lazy_rich.dmft.interpolation import lagrange, positions
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations
from grok_theory.lazy_rich.dmft.single_site import Physics

Curves = dict[str, np.ndarray]
Long = np.longdouble
PI = Long("3.14159265358979323846264338327950288")
ORDER, NODES, PATHS, SCRAMBLES, SEED = 4, 60, 2640, 2, 7  # of DMFT


def population(problem: Any, times: np.ndarray, learning_rate: float | None) -> Curves:
    alpha, eps, m0 = (Long(v) for v in (problem.output_scale, problem.curvature, problem.teacher_overlap))
    ae, kept = alpha * eps, Long(1.0 if problem.centred else 0.0)
    rho, q = (_descent if learning_rate else _flow)(alpha, eps, m0, kept, times, learning_rate)
    dr, dq = rho - kept * m0**2, q - kept * (1 - m0**2)
    variance, misalignment = (ae * (dr + dq) - 1) ** 2 / 4, (ae * dr - 1) ** 2 / 2
    total = variance + misalignment
    return {
        "train_loss": total, "test_loss": total, "variance": variance, "misalignment": misalignment,
        "teacher_overlap": np.sqrt(rho), "bulk_power": q,
    }  # fmt: skip


def _descent(alpha, eps, m0, kept, times, learning_rate):
    rho, q = m0**2, 1 - m0**2
    found, ae, step = [], alpha * eps, Long(learning_rate) * eps / alpha
    for _ in range(int(np.rint(times[-1] / learning_rate)) + 1):
        found.append((rho, q))
        dr, dq = rho - kept * m0**2, q - kept * (1 - m0**2)
        rho, q = rho * (1 + step * (3 - ae * (3 * dr + dq))) ** 2, q * (1 + step * (1 - ae * (dr + dq))) ** 2
    return np.array(found)[np.rint(times / learning_rate).astype(int)].T


def _flow(alpha, eps, m0, kept, times, _):
    a, e, m, k = (float(v) for v in (alpha, eps, m0, kept))

    def slope(_, logs):
        rho, q = m**2 * np.exp(logs[0]) if m else 0.0, (1 - m**2) * np.exp(logs[1])
        dr = m**2 * np.expm1(logs[0]) if k and m else rho
        dq = (1 - m**2) * np.expm1(logs[1]) if k else q
        return [bool(m) * 2 * e / a * (3 - a * e * (3 * dr + dq)), 2 * e / a * (1 - a * e * (dr + dq))]

    logs = solve_ivp(slope, (0, times[-1]), [0, 0], "DOP853", t_eval=times, rtol=3e-14, atol=1e-15).y.astype(Long)
    return m0**2 * np.exp(logs[0]), (1 - m0**2) * np.exp(logs[1])


def _law(kappa: float, last: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the law seen by the samples: trapezoid in the angle, 20 times finer than the slowest exp."""
    k = Long(kappa)
    low, high = (1 - np.sqrt(k)) ** 2, (1 + np.sqrt(k)) ** 2
    width = high - low
    edge = 0 if kappa == 1 else 60 / np.sqrt(float(low / width))
    count = int(min(200_000, max(200 + edge, 200 + 8 * np.sqrt(last * float(width) * 2 / kappa))))
    angle = np.arange(1, count, dtype=Long) * (PI / count)
    values = low + width * np.sin(angle / 2) ** 2
    weights = (width / 2) ** 2 * np.sin(angle) ** 2 / (2 * values) / count
    if kappa == 1:
        values, weights = np.append(values, Long(0)), np.append(weights, width / 4 / count)
    return np.append(values, Long(0)), np.append(weights / k, max(1 - 1 / k, Long(0)))


def lazy_limit(problem: Any, times: np.ndarray, learning_rate: float | None) -> Curves:
    last = float(times[-1])
    values, weights = _law(float(problem.samples_per_dim), last)
    way = _lazy_descent if learning_rate else _lazy_flow
    k, square = Long(problem.samples_per_dim), Long(problem.curvature) ** 2
    found = np.array(way(values, weights, k, square, times, learning_rate))
    train, fit, power = found.T
    variance = (Long("0.5") - fit) ** 2
    return {
        "train_loss": train, "test_loss": variance + Long("0.5") + power, "variance": variance, "linear_power": power
    }  # fmt: skip


def _lazy_descent(values, weights, k, square, times, learning_rate):
    a = 2 * Long(learning_rate) / k
    factor, found = 1 - a * (values + square), []
    z, e = np.full_like(values, Long("0.5")), np.full_like(values, np.sqrt(Long("0.5")))
    big_z, big_e, fit = 0 * z, 0 * e, Long(0)
    for _ in range(int(np.rint(times[-1] / learning_rate)) + 1):
        power = k * a * a * np.sum(weights * values * (big_z**2 + big_e**2))
        found.append((np.sum(weights * (z**2 + e**2)), fit, power))
        big_z, big_e = big_z + z, big_e + e
        pull = a * square * k * np.sum(weights * z)
        fit, z, e = fit + pull, factor * z - pull, factor * e
    return np.array(found)[np.rint(times / learning_rate).astype(int)]


def _lazy_flow(values, weights, k, square, times, _):
    rates, found = values + square, []
    points = 44
    angle = (2 * np.arange(points, dtype=Long) + 1) * PI / points - PI
    a, b, c, d = Long("0.6407"), Long("0.5017"), Long("0.6122"), Long("0.2645")
    contour = points * (b * angle / np.tan(a * angle) - c + 1j * d * angle)
    slope = points * (b / np.tan(a * angle) - a * b * angle / np.sin(a * angle) ** 2 + 1j * d)
    factors = np.exp(contour) * slope / (1j * points)
    for time in times:
        scaled = 2 / k * Long(time)
        e = np.exp(-rates * scaled)
        big_e = np.where(rates > 0, -np.expm1(-rates * scaled) / np.where(rates > 0, rates, 1), scaled)
        z, big_z, mean = e, big_e, np.sum(weights * big_e)
        if square > 0 and time > 0:
            z, big_z, mean = np.zeros_like(rates), np.zeros_like(rates), Long(0)
            for point, factor in zip(contour, factors, strict=True):
                bare = 1 / (point + scaled * rates)
                resolved = bare / (1 + square * k * scaled * np.sum(weights * bare))
                z = z + (factor * resolved).real
                big_z = big_z + (factor * scaled / point * resolved).real
                mean = mean + (factor * scaled / point * np.sum(weights * resolved)).real
        train = np.sum(weights * (z**2 / 4 + e**2 / 2))
        power = k * np.sum(weights * values * (big_z**2 / 4 + big_e**2 / 2))
        found.append((train, square * k * mean / 2, power))
    return found


def tangent_limit(problem: Any, times: np.ndarray) -> Curves:
    import mpmath as mp

    mp.mp.dps = 40
    inputs = np.concatenate([problem.inputs, problem.test_inputs])
    targets = np.asarray(problem.targets).reshape(len(problem.inputs), -1)
    fresh = np.asarray(problem.test_targets).reshape(len(problem.test_inputs), -1)
    samples, count = len(targets), len(inputs)
    kernel = mp.matrix(count, count)
    for i in range(count):
        for j in range(i + 1):
            kernel[i, j] = kernel[j, i] = _tangent_entry(problem.activation, inputs[i], inputs[j], i == j)
    block = kernel[:samples, :samples]
    values, vectors = mp.eigsy(block)
    start = vectors.T * mp.matrix(targets.tolist())
    found: dict[str, list[float]] = {"train_loss": [], "test_loss": [], "distance": []}
    for time in times:
        scaled = 2 * mp.mpf(float(time)) / samples
        residual = vectors * mp.diag([mp.exp(-v * scaled) for v in values]) * start
        spent = vectors * mp.diag([_spent(v, scaled) for v in values]) * start
        gap = mp.matrix(fresh.tolist()) - kernel[samples:, :samples] * spent
        moved = spent.T * block * spent
        found["train_loss"].append(float(mp.fsum(r**2 for r in residual) / samples))
        found["test_loss"].append(float(mp.fsum(r**2 for r in gap) / len(fresh)))
        found["distance"].append(float(problem.richness * mp.sqrt(mp.fsum(moved[c, c] for c in range(moved.rows)))))
    plain, wanted = np.array(block.tolist(), float), targets @ targets.T
    alignment = np.sum(plain * wanted) / np.linalg.norm(plain) / np.linalg.norm(wanted)
    return {name: np.array(v) for name, v in found.items()} | {"alignment": np.full(len(times), alignment)}


def _spent(value: Any, scaled: Any) -> Any:
    """The integral of exp(-value t) to `scaled`; inputs fewer than samples leave eigenvalues of zero."""
    import mpmath as mp

    return scaled if abs(value) < mp.mpf(10) ** -30 else -mp.expm1(-value * scaled) / value


def _tangent_entry(activation: str, x: np.ndarray, y: np.ndarray, same: bool) -> Any:
    """E[phi phi'] + K E[phi' phi''] of one pair of inputs."""
    import mpmath as mp

    def inner(a, b):
        return mp.fsum(mp.mpf(float(u)) * mp.mpf(float(v)) for u, v in zip(a, b, strict=True)) / len(a)

    between, first, second = inner(x, y), inner(x, x), inner(y, y)
    if activation == "linear":
        return 2 * between
    if activation == "erf":
        both = (1 + 2 * first) * (1 + 2 * second)
        slopes = 4 / mp.pi / mp.sqrt(both - 4 * between**2)
        return 2 / mp.pi * mp.asin(2 * between / mp.sqrt(both)) + between * slopes
    if activation == "relu":
        angle = mp.mpf(0) if same else mp.acos(between / mp.sqrt(first * second))
        values = mp.sqrt(first * second) * (mp.sin(angle) + (mp.pi - angle) * mp.cos(angle)) / (2 * mp.pi)
        return values + between * (mp.pi - angle) / (2 * mp.pi)
    nodes, weights = np.polynomial.hermite_e.hermegauss(160)
    weights = np.outer(weights, weights) / weights.sum() ** 2
    a, b, c = float(first), float(second), float(between)
    h = np.sqrt(a) * nodes[:, None]
    other = c / np.sqrt(a) * nodes[:, None] + np.sqrt(max(b - c * c / a, 0.0)) * nodes[None]
    values, slopes = np.tanh(h) * np.tanh(other), 1 / (np.cosh(h) * np.cosh(other)) ** 2
    return mp.mpf(float(np.sum(weights * values))) + between * mp.mpf(float(np.sum(weights * slopes)))


def linear_moments(problem: Any, times: np.ndarray) -> Curves:
    return _plain(solve(problem, times, method=LinearMoments(3e-14)))


def particles(problem: Any, times: np.ndarray) -> Curves:
    exact = problem.activation == "linear"
    method = LinearMoments() if exact else Particles(16_384, 4, seed=9, tolerance=1e-6)
    return _plain(solve(problem, times, method=method))


def _plain(solution: Any) -> Curves:
    return {name: np.asarray(curve) for name, curve in solution.curves.items()}


@lru_cache(maxsize=1)
def _march():
    return jax.jit(marcher(Settings(True)))


def dmft(problem: Any, times: np.ndarray) -> Curves:
    """Mean of the marches at `times`, read by six points as the solver does, the train loss in its log."""
    nodes = flow_nodes(float(times[-1]), NODES)
    numbers = (problem.output_scale, problem.curvature, problem.samples_per_dim, problem.teacher_overlap)
    physics = Physics(*(jnp.asarray(number, float) for number in (*numbers, float(problem.centred))))
    quadrature, drawn = backward_difference_grid(nodes, ORDER).quadrature, draw_paths(PATHS, 6)
    found = []
    for scramble in range(SCRAMBLES):
        noise = innovations(PATHS, 6, len(nodes), SEED, scramble)
        one = _march()(physics, quadrature[None], drawn.teacher_field, drawn.weight, noise[None], len(quadrature))
        parts = (one.train_loss, one.overlap, one.common_power, one.odd_power, one.private_power)
        found.append({name: np.asarray(curve)[0] for name, curve in curves_of(physics, *parts).items()})
    mean = {name: np.mean([one[name] for one in found], axis=0) for name in found[0]}
    return {name: read(curve, nodes, times, in_log=name == "train_loss") for name, curve in mean.items()}


def read(curve: np.ndarray, nodes: np.ndarray, times: np.ndarray, *, in_log: bool) -> np.ndarray:
    """A curve (node,) at `times` by six points."""
    stencil, weights = lagrange(positions(nodes, times), len(nodes), 6)
    if in_log:
        return np.exp(np.sum(np.log(np.maximum(curve, 1e-300))[stencil] * weights, axis=1))
    return np.sum(curve[stencil] * weights, axis=1)
