"""The folder of compiled programs: where it is, for which machine, what it holds, and its bound on the disk.

    <cache of the user>/grok_theory/compiled/<versions>-<machine>/<program>-cache

The files are JAX's (https://docs.jax.dev/en/latest/persistent_compilation_cache.html); this file only chooses their
folder and takes away what is damaged or too much. Versions of this package, of JAX and jaxlib, the processor's
instructions and XLA_FLAGS are in the folder's name: a program is machine code and runs where it was made.
Imports no JAX, so that the command line can tell of the folder at once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# All programs of a user together. A first DMFT solve leaves 1 MB, all figures and tests some hundred.
LIMIT = 1 << 30
# What is left after trimming, and how many seconds apart: not every process has to.
_KEPT, _APART = 0.9, 60.0
# JAX's own names: a program, and when it was last read (written only where JAX itself bounds the folder).
_ENDINGS = ("-cache", "-atime")
_LOOKED_AT, _TIDIED_AT = "looked-at", "tidied-at"
# A file this young may still be under way in another process.
_SETTLED = 2.0
# What one start reads at most in search of damage: a process that is killed spoils the file it writes, a late one.
_LOOKED_THROUGH = 16 << 20


@dataclass(frozen=True)
class Program:
    """A stored program: its file, bytes, when it was written, and when it was last written or read."""

    path: Path
    size: int
    written: float
    used: float


def user_folder() -> Path | None:
    """Where this user's programs are kept: XDG_CACHE_HOME, or the system's usual place; None without a home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # the standard: a relative one is as good as none
        return Path(named, "grok_theory", "compiled")
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local, "grok_theory", "compiled") if local else None
    if os.environ.get("HOME") == "":  # expanduser would make it the root of the disk
        return None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    inner = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return home / inner / "grok_theory" / "compiled"


def folder_name() -> str:
    """Versions, and a hash of what the compiler sees of this machine: the folder's name below `user_folder`."""
    versions = "-".join(f"{name}-{_version(name)}" for name in ("grok_theory", "jax", "jaxlib"))
    seen = "\n".join((_instructions(), os.environ.get("XLA_FLAGS", ""), os.environ.get("LIBTPU_INIT_ARGS", "")))
    return f"{versions}-{hashlib.sha256(seen.encode()).hexdigest()[:12]}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # sources on the path, not installed
        return "source"


def _instructions() -> str:
    """The processor and its instruction sets; where the system does not tell them, the machine's own name."""
    about = f"{platform.system()} {platform.machine()}"
    wanted = ("vendor_id", "cpu family", "model", "model name", "flags", "Features", "CPU part", "CPU implementer")
    with suppress(OSError):
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
        rows = [line for line in first.splitlines() if line.split(":")[0].strip() in wanted]
        if rows:
            return "\n".join((about, *rows))
    return f"{about} {platform.processor()} {platform.node()}"


def unusable(folder: Path) -> str:
    """Why programs cannot be read from `folder`, which is made if it can be; empty if they can."""
    try:
        # Only its owner may put machine code there that others' processes of this user will run.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.scandir(folder):
            pass
    except (OSError, ValueError) as error:
        return f"{folder} cannot be a folder ({getattr(error, 'strerror', None) or error})"
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        return f"{folder} belongs to another user, whose programs are not run"
    return ""


def programs(root: Path) -> Iterator[Program]:
    """All programs below `root`, of every version and machine."""
    for folder in _listed(root):
        if folder.is_dir(follow_symlinks=False):
            for entry in _listed(Path(folder.path)):
                if entry.name.endswith(_ENDINGS) and entry.is_file(follow_symlinks=False):
                    with suppress(OSError):  # another process took it away meanwhile
                        found = entry.stat(follow_symlinks=False)
                        used = max(found.st_atime, found.st_mtime)
                        yield Program(Path(entry.path), found.st_size, found.st_mtime, used)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def tidy_now_and_then(root: Path) -> None:
    """`tidy`, unless it was done less than a minute ago: looking through ten thousand files takes a moment."""
    mark = root / _TIDIED_AT
    with suppress(OSError):
        if 0 <= time.time() - mark.stat().st_mtime < _APART:
            return
    with suppress(OSError):
        mark.touch()
        tidy(root)


def tidy(root: Path, limit: int = LIMIT) -> None:
    """Take away programs that are damaged and, beyond `limit` bytes, those not used for longest."""
    found = list(programs(root))
    for folder in {program.path.parent for program in found}:
        _drop_damaged(folder, [program for program in found if program.path.parent == folder])
    total = sum(program.size for program in found)
    if total > limit:
        for program in sorted(found, key=lambda program: program.used):
            _remove(program.path)
            total -= program.size
            if total <= _KEPT * limit:
                break
        _drop_empty(root)


def clear(root: Path) -> tuple[int, int]:
    """Take away all programs below `root`: how many they were, and their bytes. Nothing else is touched."""
    found = list(programs(root))
    for program in found:
        _remove(program.path)
    _drop_empty(root)
    return sum(program.path.name.endswith(_ENDINGS[0]) for program in found), sum(program.size for program in found)


def _drop_damaged(folder: Path, found: list[Program]) -> None:
    """JAX writes in place and never over a file: what a killed process left half would be met again for ever."""
    mark, now = folder / _LOOKED_AT, time.time()
    try:
        since = mark.stat().st_mtime
    except OSError:
        since = 0.0
    read = 0
    for program in sorted(found, key=lambda program: -program.written):
        read += program.size
        if program.written <= since or read > _LOOKED_THROUGH:
            break
        if program.path.name.endswith(_ENDINGS[0]) and program.written < now - _SETTLED and _damaged(program.path):
            _remove(program.path)
    with suppress(OSError):
        mark.touch()
        os.utime(mark, (now, now - _SETTLED))


def _damaged(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if content[:4] == b"\x28\xb5\x2f\xfd":  # zstd, where it is there (Python 3.14): JAX looks through it at loading
        return False
    try:
        zlib.decompress(content)
    except zlib.error:
        return True
    return False


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _drop_empty(root: Path) -> None:
    for folder in _listed(root):
        if folder.is_dir(follow_symlinks=False):
            inside = _listed(Path(folder.path))
            if [entry.name for entry in inside] in ([], [_LOOKED_AT]):
                _remove(Path(folder.path, _LOOKED_AT))
                with suppress(OSError):
                    os.rmdir(folder.path)
