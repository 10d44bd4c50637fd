"""Steps of figures, kept on disk by content: what has been computed once is not computed again.

The address of a step is a hash of everything its numbers depend on; the value is one checksummed whole file. A file
that is damaged is named, removed and computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from grok_theory import storage
from grok_theory.errors import DamagedFile

# Of one step, so many addresses are kept: three sizes and some settings tried; the oldest goes first.
_KEPT = 8


@dataclass(frozen=True)
class Step:
    """What one step of a figure gave: its arrays, the seconds it took, when, and whether it came from disk."""

    arrays: dict[str, np.ndarray]
    seconds: float
    cpu_seconds: float
    computed: str
    address: str
    cached: bool


@dataclass(frozen=True)
class StepCache:
    """The steps below one folder; `warn` is told in one sentence about every damaged file."""

    folder: Path
    warn: Callable[[str], None]

    def path(self, figure: str, step: str, address: str) -> Path:
        return self.folder / figure / f"{file_name(step)}-{address[:20]}.npz"

    def get(self, figure: str, step: str, address: str) -> Step | None:
        """The step at `address`, or None where it is not there or not whole."""
        path = self.path(figure, step, address)
        try:
            found = storage.unpack(path.read_bytes(), source=str(path))
            if (found["figure"], found["step"], found["address"]) != (figure, step, address):
                raise DamagedFile(f"{path} holds step {found['step']!r} of {found['figure']!r}: it was swapped.")
            arrays = plain_arrays(figure, step, found["arrays"])
            took = float(found["seconds"]), float(found["cpu_seconds"])
            return Step(arrays, *took, str(found["computed"]), address, cached=True)
        except FileNotFoundError:
            return None
        except (DamagedFile, OSError, KeyError, TypeError, ValueError) as error:
            self.warn(f"{error} Computing it again.")
            with contextlib.suppress(OSError):  # a read-only folder: the new file will say so
                path.unlink(missing_ok=True)
            return None

    def put(
        self, figure: str, step: str, address: str, arrays: dict[str, np.ndarray], seconds: float, cpu_seconds: float
    ) -> Step:
        """Keep a finished step; the oldest addresses of the same step are forgotten."""
        computed = datetime.now(UTC).isoformat(timespec="seconds")
        value = {
            "figure": figure,
            "step": step,
            "address": address,
            "arrays": arrays,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "computed": computed,
        }
        path = self.path(figure, step, address)
        storage.write_whole(path, storage.pack(value))
        siblings = sorted(path.parent.glob(f"{file_name(step)}-*.npz"), key=lambda each: each.stat().st_mtime)
        for old in siblings[:-_KEPT]:
            old.unlink(missing_ok=True)
        return Step(arrays, seconds, cpu_seconds, computed, address, cached=False)


def address_of(**parts: Any) -> str:
    """SHA-256 of named parts, written as canonical JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def plain_arrays(figure: str, step: str, values: Any) -> dict[str, np.ndarray]:
    """What a step returned, as NumPy arrays; TypeError names the entry that is not one."""
    if not isinstance(values, dict):
        raise TypeError(
            f"Step {step!r} of {figure} returned a {type(values).__name__}; it must return a dict of arrays."
        )
    arrays = {}
    for name, value in values.items():
        array = np.asarray(value)
        if array.dtype.kind not in "biufcU":
            raise TypeError(
                f"Step {step!r} of {figure} returned {name!r} as {type(value).__name__}; "
                "it must be an array of numbers."
            )
        arrays[str(name)] = array
    return arrays


def file_name(step: str) -> str:
    """A step's name as part of a file name and of a link."""
    return "".join(c if c.isalnum() or c in "._" else "_" for c in step)
