"""How many bytes can still be allocated: by this process on its host, and on the device that JAX computes on.

The host's own number is wrong inside a container, whose limit is enforced by the kernel's control groups: a process
that passes it is killed, whatever `/proc/meminfo` says. On an accelerator arrays live on the device, and the host says
nothing of them.
"""

from __future__ import annotations

from pathlib import Path

UNKNOWN = 16.0 * 2**30  # where nothing tells, only absurd sizes are refused
UNLIMITED = 2.0**60  # version 1 writes a number near 2^63 for no limit

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def free_on_host(proc: Path = PROC, groups: Path = GROUPS) -> float:
    """Bytes that this process can still take: the least of what the machine and every control group above it leave.

    Parameters
    ----------
    proc, groups : Path
        Where the kernel shows itself.

    Returns
    -------
    float
        16 GiB on systems that tell nothing.
    """
    told = [_of_machine(proc), *_of_groups(proc, groups)]
    return max(0.0, min([bytes for bytes in told if bytes is not None], default=UNKNOWN))


def free_for_arrays() -> float:
    """Bytes for the arrays of JAX: of the default device, or of the host where that is a CPU or tells nothing.

    Returns
    -------
    float
        Limit less what is in use.
    """
    import jax

    device = jax.local_devices()[0]
    told = None if device.platform == "cpu" else device.memory_stats()
    if told and "bytes_limit" in told:
        return max(0.0, float(told["bytes_limit"]) - float(told.get("bytes_in_use", 0)))
    return free_on_host()


def _of_machine(proc: Path) -> float | None:
    for line in _lines(proc / "meminfo"):
        if line.startswith("MemAvailable:"):
            return 1024.0 * int(line.split()[1])
    return None


def _of_groups(proc: Path, groups: Path) -> list[float | None]:
    """What each group from this process's own up to the root leaves; in a container the root is the container's."""
    found: list[float | None] = []
    for line in _lines(proc / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2: one tree
            base, names = groups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):  # version 1
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            base = groups / "memory"
        else:
            continue
        own = base / path.strip().lstrip("/")
        for folder in (own, *own.parents):
            found.append(_left(folder, *names))
            if folder == base:
                break
    return found


def _left(folder: Path, limit: str, used: str, reclaimable: str) -> float | None:
    most, taken = (_number(folder / name) for name in (limit, used))
    if most is None or taken is None or most >= UNLIMITED:
        return None
    # Files in the page cache count as used, and make room when it is needed.
    cached = [line.split()[1] for line in _lines(folder / "memory.stat") if line.startswith(f"{reclaimable} ")]
    return most - taken + (float(cached[0]) if cached else 0.0)


def _number(file: Path) -> float | None:
    lines = _lines(file)
    return float(lines[0]) if lines and lines[0].strip().isdigit() else None  # "max" is no limit


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
