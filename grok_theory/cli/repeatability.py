"""What of this package has other last digits at every run on this machine: for `grok-theory doctor`. Imports no JAX."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

_FLAG = "--xla_gpu_deterministic_ops"


def unrepeatable_things(checks: Sequence[dict[str, Any]]) -> list[str]:
    """One sentence for each GPU of the self-test, unless XLA is told to add in a fixed order; a CPU always does."""
    if f"{_FLAG}=false" not in (flags := os.environ.get("XLA_FLAGS", "")) and _FLAG in flags:
        return []
    devices = dict.fromkeys(check["name"].rsplit(" on ", 1)[-1] for check in checks)
    return [
        f"{device} adds rows that meet in one place in no fixed order: trainings and energies of li2 are the same to "
        f"rounding only. XLA_FLAGS={_FLAG}=true makes them the same to the bit."
        for device in devices
        if device.startswith(("gpu", "cuda", "rocm"))
    ]
