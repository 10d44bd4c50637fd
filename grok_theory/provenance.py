"""What a number depends on besides its problem: this package's sources, the libraries that compute, machine, settings.

An editable install keeps its version while its sources change, so a version alone would serve old numbers. JAX is not
imported at the top: asking for versions is quick.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# These make the numbers (equinox and lineax inside diffrax and optimistix; opt_einsum orders JAX's contractions).
COMPUTING = (
    *("jax", "jaxlib", "numpy", "scipy", "diffrax", "optimistix", "optax", "equinox", "lineax"),
    *("opt_einsum", "ml_dtypes"),
)
# These are loaded whenever something computes: what is loaded counts, also after an upgrade while the process runs.
_LOADED = ("jax", "jaxlib", "numpy")
# Settings of JAX under which the same program gives other numbers: other random streams, other rounding.
SETTINGS = (
    *("jax_default_prng_impl", "jax_threefry_partitionable", "jax_random_seed_offset", "jax_high_dynamic_range_gumbel"),
    *("jax_default_matmul_precision", "jax_disable_most_optimizations", "jax_optimization_level", "jax_disable_jit"),
)
# What only shows numbers: a change there leaves every number as it was.
_SHOWING = ("cli", "plot", "style.mplstyle")
_PACKAGE = Path(__file__).resolve().parent


def versions() -> dict[str, str]:
    """The versions of this package and of the libraries that compute; one that is not installed is left out."""
    found = {name: _installed(name) for name in ("grok_theory", *COMPUTING)}
    found |= {name: getattr(sys.modules.get(name), "__version__", found[name]) for name in _LOADED}
    return {name: number for name, number in found.items() if number}


@functools.cache
def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def settings() -> dict[str, str | int | bool]:
    """JAX's `SETTINGS` as they are now; workers do not inherit them."""
    import jax

    # Most are attributes (which know the context managers of this thread), the others only values.
    found = {name: getattr(jax.config, name, jax.config.values.get(name)) for name in SETTINGS}
    return {name: value for name, value in found.items() if value is not None}


def circumstances() -> dict[str, str]:
    """All on which a number depends besides its problem, by name.

    Raises
    ------
    BadValue
        Where the sources of this package are not those that this process runs.
    """
    return {"sources of grok_theory": sources_hash(), "grok_theory": _installed("grok_theory"), **surroundings()}


def surroundings() -> dict[str, str]:
    """What of `circumstances` is not this package."""
    import jax

    device = jax.config.jax_default_device
    return {
        **{name: number for name, number in versions().items() if name in COMPUTING},
        "python": ".".join(platform.python_version_tuple()[:2]),
        "machine": f"{platform.system()} {platform.machine()}",
        "backend of jax": str(getattr(device, "platform", device or jax.default_backend())),
        **{name: str(value) for name, value in settings().items()},
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
    }


def made_by(found: dict[str, str]) -> str:
    """SHA-256 of `circumstances`: two processes with the same ones compute the same numbers."""
    said = "\n".join(f"{name} {value}" for name, value in sorted(found.items()))
    return hashlib.sha256(said.encode()).hexdigest()


def sources_hash() -> str:
    """SHA-256 over what this package is made of and computes with; read once a process (some milliseconds).

    Raises
    ------
    BadValue
        Where there is nothing to read, or files were changed since this process began to run them.
    """
    if _stamps() != _AT_IMPORT:
        raise _bad(
            "The sources of grok_theory have been changed since this process imported them, so nothing says which of "
            "them makes its numbers, and no cache can keep these. Start the process again, or pass cache=None."
        )
    return _hash_of(_PACKAGE)


@functools.cache
def _hash_of(package: Path) -> str:
    digest = hashlib.sha256()
    for path in _sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package.parent).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources() -> list[Path]:
    """Every file of the package that computes; where it was imported from an archive, the archive."""
    archive = next((path for path in _PACKAGE.parents if path.is_file()), None)
    found = [archive] if archive else sorted(_files(_PACKAGE))
    if not found:
        raise _bad(
            f"The sources of grok_theory cannot be read at {str(_PACKAGE)!r}, so a cache could not tell its versions "
            "apart. Install it as files, or pass cache=None."
        )
    return found


def _bad(sentence: str) -> Exception:
    from .errors import BadValue

    return BadValue(sentence)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name == "__pycache__" or path.name.startswith(".") or path.name.endswith("~"):
            continue  # also what editors leave
        if folder == _PACKAGE and path.name in _SHOWING:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _stamps() -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every source: a millisecond, where reading them takes ten."""
    found = []
    for path in _sources():
        about = path.stat()
        found.append((str(path), about.st_size, about.st_mtime_ns))
    return tuple(found)


try:
    _AT_IMPORT = _stamps()
except Exception:  # `sources_hash` says it to whom it concerns
    _AT_IMPORT = ()
