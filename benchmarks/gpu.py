"""Every wing on each device of this machine, side by side: seconds, and whether the numbers agree.

One process and the same calls on all devices: first (with compiling) and warm, in wall seconds until all of it is
there. With an accelerator the sizes are those where one could pay; without one they are small, and the table is a
trial of the script. Under 6 minutes; a device that has used up its share of them leaves the rest of its calls out.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.calls import CALLS, LENGTH, done
from benchmarks.report import Headline, Rows, publish

# Of all devices together; a call under way is not cut off.
SECONDS = 240.0
# The march last: on a busy machine it alone takes the time of all others.
ORDER = (*(name for name in CALLS if name != "dmft"), "dmft")
# Sizes by call, in units of those of `benchmarks.calls`.
LARGE = {"correlated": 10, "regressions": 8, "particles": 8, "committees": 4, "ascent": 4, "networks": 6, "kernel": 30}


def devices() -> list[jax.Device]:
    """The first device of each kind that JAX can use here, the CPU first."""
    found = {device.platform: device for device in reversed([*jax.devices("cpu"), *jax.devices()])}
    return sorted(found.values(), key=lambda device: device.platform != "cpu")


def measured(name: str, device: jax.Device, scale: int) -> tuple[dict[str, Any], Any]:
    """Seconds of one call on one device, and its result."""
    with jax.default_device(device):
        first, result = _timed(name, 0.0, scale)
        warm, _ = _timed(name, 0.2, scale)
        if warm < 1.0:
            warm = min(warm, *(_timed(name, 0.2, scale)[0] for _ in range(2)))
    return {"first [s]": first, "warm [s]": warm}, result


def _timed(name: str, number: float, scale: int) -> tuple[float, Any]:
    began = time.perf_counter()
    result = done(CALLS[name].make(number, LENGTH, scale))
    return time.perf_counter() - began, result


def largest_difference(result: Any, reference: Any) -> float:
    """The largest difference of two results' arrays, relative to the largest number of each array; nan without one."""
    pairs = zip(_arrays(result), _arrays(reference), strict=True)
    gaps = [np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-300) for a, b in pairs if a.size and a.shape == b.shape]
    return float(np.nanmax(gaps)) if gaps else np.nan


def _arrays(result: Any) -> list[np.ndarray]:
    curves = getattr(result, "curves", None)
    leaves = jax.tree_util.tree_leaves(result if curves is None else curves)
    arrays = (np.asarray(leaf) for leaf in leaves if hasattr(leaf, "dtype"))
    return [array.astype(float) for array in arrays if np.issubdtype(array.dtype, np.number)]


def rows(names: list[str], seconds: float = SECONDS) -> Rows:
    """One row a call and device; a call that fails on a device says so and the others go on."""
    there = devices()
    large = len(there) > 1
    left = dict.fromkeys(there, seconds / len(there))
    made = []
    for name in names:
        scale, reference, slow = LARGE.get(name, 1) if large else 1, None, None
        for device in there:
            row: dict[str, Any] = {"call": CALLS[name].what, "scale": scale, "device": device.device_kind}
            row |= {"first [s]": np.nan, "warm [s]": np.nan, "CPU / this": np.nan, "difference": np.nan, "said": ""}
            if left[device] <= 0:
                row["said"] = "no time left"
            else:
                began = time.perf_counter()
                try:
                    timed, result = measured(name, device, scale)
                    row |= timed
                    if reference is None:
                        reference, slow = result, timed["warm [s]"]
                    elif slow:
                        row["CPU / this"] = slow / timed["warm [s]"]
                        row["difference"] = largest_difference(result, reference)
                except Exception as error:  # a device that lacks an operation is a finding
                    row["said"] = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
                left[device] -= time.perf_counter() - began
            made.append(row)
    return made


def main(out: Path, *, quick: bool = False) -> None:
    names = ["teacher", "regressions"] if quick else list(ORDER)
    publish("gpu_calls", "gpu: every wing on each device, seconds", rows(names), out)


def _ratios(found: Rows) -> str:
    timed = [row for row in found if row["CPU / this"] == row["CPU / this"]]
    if not timed:
        kinds = {row["device"] for row in found}
        return (
            f"{sum(not row['said'] for row in found)} calls on {', '.join(sorted(kinds))} alone: no accelerator there"
        )
    return "; ".join(f"{row['call'].split(',')[0]} {row['CPU / this']:.2g}x ({row['difference']:.0e})" for row in timed)


HEADLINES = (Headline("CPU seconds over an accelerator's, and the largest difference", "gpu_calls", _ratios),)
