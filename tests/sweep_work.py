"""What the tests of sweeps sweep: a small function, its problems, and what is compared afterwards."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import grok_theory as gt


def square(problem):
    return {"y": problem["x"] ** 2, "decay": jnp.exp(-problem["x"] * jnp.arange(5.0))}


def points(count):
    return [{"x": 0.1 + 0.37 * i} for i in range(count)]


def sweep(run, problems, **options):
    return gt.sweep(run, problems, **({"version": "1", "workers": 1, "batch": 4} | options))


def digits(result):
    return b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree_util.tree_leaves(result))


def marks(folder):
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in Path(folder).glob("??/*.npz")}
