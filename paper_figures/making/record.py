"""What is asked of a build, and the record it leaves: without JAX or NumPy, so that asking is quick."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paper_figures.figure import Label
from paper_figures.making import sources


@dataclass(frozen=True)
class Order:
    """What to build and where to: a size, settings on top, folders of figure files, of results and of steps."""

    folder: Path
    out: Path
    cache: Path
    size: str = "default"
    settings: tuple[str, ...] = ()
    fresh: bool = False


def failed_record(label: Label, order: Order, error: str, reason: str = "") -> dict[str, Any]:
    """The record of a figure that could not be built: one sentence, and the traceback if there is one."""
    record = head_of(label, order) | {"status": "failed", "error": error, "traceback": reason, "claims": []}
    return record | circumstances(0.0, 0.0)


def head_of(label: Label, order: Order) -> dict[str, Any]:
    """What a record begins with: which figure, how large, what it shows."""
    record: dict[str, Any] = {"name": label.name, "size": order.size, "settings": list(order.settings)}
    record |= {key: getattr(label, key) for key in ("title", "caption", "paper", "wing", "states")}
    return record | {"figures": list(label.figures)}


def processor_seconds() -> float:
    """Processor time of this process so far, in all its threads, and of those it started and has waited for."""
    took = os.times()
    return took.user + took.system + took.children_user + took.children_system


def circumstances(seconds: float, cpu_seconds: float) -> dict[str, Any]:
    """When, in what time, with which versions, from which commit and on which machine a figure was made."""
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "built": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": sources.versions(),
        "commit": sources.commit(),
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "architecture": platform.machine()},
    }


_ALWAYS = (
    *("name", "size", "settings", "title", "caption", "paper", "wing", "figures", "states"),
    *("status", "claims", "seconds", "cpu_seconds", "built", "versions", "commit", "machine"),
)
_BY_STATUS = {"failed": ("error", "traceback"), "built": ("parameters", "files", "steps", "checksums", "receipt")}


def is_whole(record: dict[str, Any]) -> bool:
    """Whether a record found on disk says all that this version's records say."""
    more = _BY_STATUS.get(str(record.get("status")))
    return more is not None and all(key in record for key in (*_ALWAYS, *more))
