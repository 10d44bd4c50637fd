"""Finished results on disk: one whole, checksummed file an address.

Several processes may share one folder: files appear whole or not at all, and equal addresses hold equal content, so
whoever writes last changes nothing. A damaged file is never removed, only overwritten by the result computed anew:
between noticing and removing, another process could have replaced it. A finished cache may be read-only: it is
written to only when something has to be computed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import storage
from ..errors import DamagedFile

# A temporary file this old belongs to nobody: results are written in one go, in far less time.
_STRAY_SECONDS = 600.0


@dataclass(frozen=True)
class Cache:
    """The results below `folder`."""

    folder: str

    def path(self, address: str) -> Path:
        return Path(self.folder) / address[:2] / f"{address}.npz"

    def has(self, address: str) -> bool:
        return self.path(address).exists()

    def outdated(self, addresses: Iterable[str]) -> int:
        """How many of these questions (`address.address`) have an answer of another maker only."""
        asked = {address.partition("-")[0]: address for address in addresses if not self.has(address)}
        folders = {question[:2] for question in asked}
        answered = {
            path.name.partition("-")[0]
            for folder in folders
            for path in Path(self.folder, folder).glob("*-*.npz")
            if not path.name.startswith(".")
        }
        return len(answered & asked.keys())

    def get(self, address: str) -> Any:
        """The result at `address`.

        Raises
        ------
        KeyError
            Where there is none.
        DamagedFile
            Where it is not whole or ours.
        """
        path = self.path(address)
        try:
            content = storage.content_of(str(path))
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(address) from None
        except OSError as error:
            raise DamagedFile(f"{path} cannot be read: {error.strerror}. Make it again.") from error
        return opened(content, address, str(path))

    def put(self, address: str, content: bytes) -> None:
        """Keep a sealed result.

        Raises
        ------
        BadValue
            Where the disk is full or read-only, in one sentence.
        """
        storage.write_whole(self.path(address), content)

    def prepare(self) -> None:
        """Make the folder and see that it can be written to; `BadValue` says where not."""
        probe = Path(self.folder) / ".writable"
        storage.write_whole(probe, b"")
        probe.unlink(missing_ok=True)

    def remove_strays(self) -> None:
        """Remove what killed processes left, where that may be removed; it takes room and does no other harm."""
        for stray in [*Path(self.folder).glob("??/.*.part"), *Path(self.folder).glob(".*.part")]:
            with contextlib.suppress(OSError):  # another sweep was faster, or the cache is read-only
                if time.time() - stray.stat().st_mtime > _STRAY_SECONDS:
                    stray.unlink()


def sealed(result: object, address: str, about: dict[str, str], seconds: float) -> bytes:
    """The bytes of a result file; `about` says in words what it is the result of."""
    return storage.pack({"address": address, "about": about, "seconds": seconds, "result": result})


def opened(content: bytes, address: str, source: str) -> Any:
    """The result in a file's bytes; raises `DamagedFile` where they are damaged or belong to another address."""
    found = storage.unpack(content, source=source)
    if not isinstance(found, dict) or found.get("address") != address or "result" not in found:
        raise DamagedFile(f"{source} holds the result of another problem, function or version. Make it again.")
    return found["result"]
