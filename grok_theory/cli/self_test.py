"""Compare jit with NumPy on the shapes the theories use; one JSON line a check. Run in a process of its own."""

from __future__ import annotations

import json

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


def _tell(name: str, device: str, good: bool, measured: str) -> None:
    print(json.dumps({"name": f"{name} on {device}", "good": bool(good), "measured": measured}), flush=True)


if __name__ == "__main__":
    main()
