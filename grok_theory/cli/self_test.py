"""Compare jit with NumPy on the shapes the theories use, and time two things; one JSON line a check.

Run in a process of its own.
"""

from __future__ import annotations

import json
import time

import jax
import jax.numpy as jnp
import numpy as np


def main() -> None:
    """Print one line a check and device: name, good, measured."""
    # The CPU too where an accelerator is the default: the solvers use whatever they are placed on.
    devices = dict.fromkeys([*jax.devices(), *jax.devices("cpu")])
    for device in devices:
        with jax.default_device(device):
            _check(f"{device.platform}:{device.id}")


def _check(device: str) -> None:
    _tell("float64", device, jnp.ones(1).dtype == jnp.float64, str(jnp.ones(1).dtype))
    rng = np.random.default_rng(0)
    eigenvalues, times = rng.uniform(0.1, 3.0, 400), np.geomspace(1e-2, 1e2, 60)
    # Broadcast, multiply, reduce: the fusion in which jaxlib 0.10.2 and 0.11.0 crash.
    _compare("decay sums", device, _decay, eigenvalues, times)
    _compare("two-time products", device, _two_time, rng.normal(size=(50, 7)), rng.normal(size=(50, 50)))
    matrix = rng.normal(size=(60, 60))
    _compare("linear solve", device, _solve, matrix @ matrix.T + np.eye(60), rng.normal(size=60))
    gradient = jax.jit(jax.grad(lambda scale: _decay(jnp, eigenvalues * scale, times).sum()))(1.0)
    decays = np.exp(-2 * eigenvalues * times[:, None])
    exact = (2 * eigenvalues**2 * (1 - eigenvalues * times[:, None]) * decays).mean(axis=1).sum()
    error = abs(float(gradient) / exact - 1)
    _tell("gradient", device, error < 1e-12, f"relative error {error:.1e}")
    _speed(device)


def _speed(device: str) -> None:
    """What decides where theory is quick: float64 against float32 in a product, and the price of a dependent step."""
    matrix = np.random.default_rng(0).normal(size=(600, 600))
    product = jax.jit(lambda a: a @ a)
    ratio = _seconds(product, jax.device_put(matrix)) / _seconds(product, jax.device_put(matrix.astype(np.float32)))
    steps = 2000
    # Dependent, and of a length that is known only when it runs: unrolled or fused, it would be no step.
    chain = jax.jit(lambda x: jax.lax.while_loop(lambda s: s[0] < steps, lambda s: (s[0] + 1, jnp.sin(s[1])), (0, x)))
    step = _seconds(chain, jax.device_put(np.ones(8))) / steps
    measured = f"float64 {ratio:.1f} times float32, {1e6 * step:.2f} us a small dependent step"
    _tell("speed", device, True, measured, **{"float64 over float32": ratio, "seconds a step": step})


def _seconds(function, argument) -> float:
    """Least of five calls, compiled beforehand."""
    found = []
    for _ in range(6):
        began = time.perf_counter()
        jax.block_until_ready(function(argument))
        found.append(time.perf_counter() - began)
    return min(found[1:])


def _decay(xp, eigenvalues, times):
    return (eigenvalues**2 * xp.exp(-2 * eigenvalues * times[:, None])).mean(axis=1)


def _two_time(xp, left, kernel):
    return (left[:, None, :] * left[None, :, :] * kernel[:, :, None]).sum(axis=(1, 2))


def _solve(xp, matrix, right):
    return xp.linalg.solve(matrix, right)


def _compare(name, device, function, *arrays):
    expected = function(np, *arrays)
    found = np.asarray(jax.jit(lambda *a: function(jnp, *a))(*map(jnp.asarray, arrays)))
    error = float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))
    _tell(f"jit against NumPy, {name}", device, error < 1e-10, f"relative error {error:.1e}")


def _tell(name: str, device: str, good: bool, measured: str, **numbers: float) -> None:
    print(json.dumps({"name": f"{name} on {device}", "good": bool(good), "measured": measured} | numbers), flush=True)


if __name__ == "__main__":
    main()
