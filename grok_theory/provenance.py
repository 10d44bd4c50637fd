"""What a number depends on besides its problem: the package's own sources, and the libraries that compute.

An editable install keeps its version while its sources change, so a version alone would serve old numbers.
"""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# These make the numbers (equinox and lineax inside diffrax and optimistix).
COMPUTING = ("jax", "jaxlib", "numpy", "scipy", "diffrax", "optimistix", "optax", "equinox", "lineax")
# Rooms that only show numbers: a change there leaves every number as it was.
_SHOWING = ("cli", "plot.py", "reports.py")
_PACKAGE = Path(__file__).resolve().parent


@functools.cache
def versions() -> dict[str, str]:
    """The versions of this package and of the libraries that compute; one that is not installed is left out."""
    found = {}
    for name in ("grok_theory", *COMPUTING):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@functools.cache
def sources_hash() -> str:
    """SHA-256 over the sources of this package that compute; read once a process (some milliseconds)."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        place = path.relative_to(_PACKAGE)
        if place.parts[0] not in _SHOWING:
            content = path.read_bytes()
            digest.update(f"{place.as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@functools.cache
def made_by() -> str:
    """SHA-256 of `sources_hash` and `versions`: two processes with the same one compute the same numbers."""
    said = "\n".join([sources_hash(), *(f"{name} {number}" for name, number in sorted(versions().items()))])
    return hashlib.sha256(said.encode()).hexdigest()
