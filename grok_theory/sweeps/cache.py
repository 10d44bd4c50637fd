"""Finished results on disk: one whole, checksummed file an address.

Several processes may share one folder: files appear whole or not at all, and equal addresses hold equal content, so
whoever writes last changes nothing. A damaged file is never removed, only overwritten by the result computed anew:
between noticing and removing, another process could have replaced it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import storage
from ..errors import BadValue, DamagedFile

# A temporary file this old belongs to nobody: results are written in one go, in far less time.
_STRAY_SECONDS = 600.0


@dataclass(frozen=True)
class Cache:
    """The results below `folder`."""

    folder: str

    def path(self, address: str) -> Path:
        return Path(self.folder) / address[:2] / f"{address[:40]}.npz"

    def has(self, address: str) -> bool:
        return self.path(address).exists()

    def get(self, address: str) -> Any:
        """The result at `address`. Raises KeyError where there is none, `DamagedFile` where it is not whole or ours."""
        path = self.path(address)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise KeyError(address) from None
        except OSError as error:
            raise DamagedFile(f"{path} cannot be read: {error.strerror}. Make it again.") from error
        return opened(content, address, str(path))

    def put(self, address: str, content: bytes) -> None:
        """Keep a sealed result. Raises `BadValue` with one sentence where the disk is full or read-only."""
        storage.write_whole(self.path(address), content)

    def prepare(self) -> int:
        """Make the folder, see that it can be written to, remove what killed processes left; returns how many."""
        probe = Path(self.folder) / ".writable"
        storage.write_whole(probe, b"")
        probe.unlink(missing_ok=True)
        strays = [*Path(self.folder).glob("??/.*.part"), *Path(self.folder).glob(".*.part")]
        removed = 0
        for stray in strays:
            try:
                if time.time() - stray.stat().st_mtime > _STRAY_SECONDS:
                    stray.unlink()
                    removed += 1
            except FileNotFoundError:  # another sweep was faster
                continue
            except OSError as error:
                raise BadValue(
                    f"cache holds {str(stray)!r}, left by a killed process, which cannot be removed: {error.strerror}. "
                    "Remove it by hand or choose another cache."
                ) from error
        return removed


def sealed(result: Any, address: str, about: dict[str, str], seconds: float) -> bytes:
    """The bytes of a result file; `about` says in words what it is the result of."""
    return storage.pack({"address": address, "about": about, "seconds": seconds, "result": result})


def opened(content: bytes, address: str, source: str) -> Any:
    """The result in a file's bytes; raises `DamagedFile` where they are damaged or belong to another address."""
    found = storage.unpack(content, source=source)
    if not isinstance(found, dict) or found.get("address") != address:
        raise DamagedFile(f"{source} holds the result of another problem, function or version. Make it again.")
    return found["result"]
