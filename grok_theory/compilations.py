"""Compile once a machine: JAX's store of compiled programs, switched on for this process and those it starts."""

from __future__ import annotations

import atexit
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from . import compiled_programs
from .errors import BadValue

# Also the programs of one operation, each compiled in .01 s: a first solve has up to thirty of them.
_WORTH_SECONDS = 0.0


def keep_compilations(path: str | os.PathLike[str] | None = None) -> Path | None:
    """Keep what XLA compiles on disk: a later process loads it, and starts in a third of the time or less.

    Call it once, early in a script or notebook; whatever is compiled afterwards is stored. The command line, the
    figures and the benchmarks call it themselves; importing the package never does. It sets JAX's own options
    (https://docs.jax.dev/en/latest/persistent_compilation_cache.html), here and in the environment of processes that
    this one starts. `grok-theory cache` shows the folder, `grok-theory cache --clear` empties it.

    Programs of another version of this package, JAX or jaxlib, of another processor or other XLA_FLAGS stand in folders
    of their own. Together they take at most 1 GiB; those not used for longest go first. Several processes may share the
    folder. What XLA's C++ side logs about stored programs is silenced, unless TF_CPP_MIN_LOG_LEVEL or
    JAX_LOGGING_LEVEL asks for more.

    Parameters
    ----------
    path : str or PathLike, optional
        Folder for the programs of all versions and machines; made where it is missing. Default:
        `grok_theory/compiled` in XDG_CACHE_HOME or ~/.cache. Where JAX_COMPILATION_CACHE_DIR or `jax.config` already
        names a folder, that is used as it stands, and nothing is ever removed from it.

    Returns
    -------
    Path or None
        The folder in use. None where nothing is kept: JAX_ENABLE_COMPILATION_CACHE is false, or without a `path` there
        is no home that can be used.

    Raises
    ------
    BadValue
        If `path` is no name of a folder, or cannot be one.

    Examples
    --------
    >>> import tempfile
    >>> import grok_theory as gt
    >>> folder = gt.keep_compilations(tempfile.mkdtemp())
    >>> folder.name.startswith("grok_theory-")
    True
    """
    import jax

    root = None if path is None else _checked(path)
    if not jax.config.jax_enable_compilation_cache:  # type: ignore[attr-defined]
        return None
    named = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if root is None and named:
        if Path(named).name == compiled_programs.folder_name():  # of this function, here or in a parent process
            _keep_quiet()
        return Path(named)
    root = root or compiled_programs.user_folder()
    if root is None:
        return None
    folder = root / compiled_programs.folder_name()
    if why := compiled_programs.unusable(folder):
        if path is None:
            return None
        raise BadValue(f"path is {str(path)!r}, but {why}. Name a folder of yours, or none for the usual one.")
    _switch_on(folder)
    compiled_programs.tidy_now_and_then(root)
    atexit.register(compiled_programs.tidy_now_and_then, root)
    return folder


def keep_all_compilations(path: str | os.PathLike[str] | None = None) -> Path | None:
    """`keep_compilations` of a process that runs this package alone: the programs of its diffrax solves are kept too.

    Equinox, on which diffrax stands, checks inside a program by calling Python, and JAX stores no such program. What it
    would check is checked at the doors, or told by a status; but a script may rely on it for code of its own, so
    `keep_compilations` leaves EQX_ON_ERROR alone. Equinox reads it when it is imported.
    """
    os.environ.setdefault("EQX_ON_ERROR", "off")
    return keep_compilations(path)


def _checked(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path) or isinstance(os.fspath(path), bytes):
        raise BadValue(f"path is {path!r}, but it must be the name of a folder. Leave it out for the usual one.")
    return Path(path).expanduser().absolute()


def _switch_on(folder: Path) -> None:
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    _keep_quiet()
    compilation_cache.reset_cache()  # JAX would go on with a folder it has begun to use
    settings: dict[str, str | float] = {"jax_compilation_cache_dir": str(folder)}
    if not os.access(folder, os.W_OK):
        settings["jax_persistent_cache_min_compile_time_secs"] = float("inf")  # read only
    elif "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        settings["jax_persistent_cache_min_compile_time_secs"] = _WORTH_SECONDS
    for name, value in settings.items():
        jax.config.update(name, value)
        os.environ[name.upper()] = str(value)


def _keep_quiet() -> None:
    """No word about stored programs: one that cannot be read is compiled again, and that is all there is to it."""
    import jax

    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
    # On many processors each loaded program brings an error line of XLA that is none: the compiler's preferences
    # (+prefer-no-gather) are missing among the instructions (https://github.com/openxla/xla/issues/44565). XLA has read
    # its environment when JAX was imported; JAX's option reaches it later too. 1 is what JAX itself sets.
    level = jax.config.jax_logging_level  # type: ignore[attr-defined]
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "1") == "1" and level in (None, "NOTSET"):
        jax.config.update("jax_logging_level", "CRITICAL")
        jax.config.update("jax_logging_level", level)  # XLA stays where it is, Python's loggers go back
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


@dataclass(frozen=True)
class Kept:
    """What a process that keeps its compilations would do here: folder (None: nothing is kept) and why."""

    folder: Path | None
    root: Path | None
    said: str


def kept_here() -> Kept:
    """Where programs would be kept, from the environment alone: JAX is not imported, no folder is made."""
    if os.environ.get("JAX_ENABLE_COMPILATION_CACHE", "true").lower() in ("0", "false", "f", "n", "no", "off"):
        return Kept(None, compiled_programs.user_folder(), "off: JAX_ENABLE_COMPILATION_CACHE is false")
    name = compiled_programs.folder_name()
    if named := os.environ.get("JAX_COMPILATION_CACHE_DIR", ""):
        folder = Path(named)
        if folder.name == name:
            return Kept(folder, folder.parent, "kept")
        return Kept(folder, None, "kept where JAX_COMPILATION_CACHE_DIR says, and never removed")
    root = compiled_programs.user_folder()
    if root is None:
        return Kept(None, None, "not kept: there is no home folder; set XDG_CACHE_HOME to one that can be written")
    there = next(place for place in (root / name, *(root / name).parents) if place.exists())
    if there == root / name and (why := compiled_programs.unusable(there)):
        return Kept(None, root, f"not kept: {why}")
    if not (there.is_dir() and os.access(there, os.W_OK)):
        if there == root / name:
            return Kept(there, root, "read, but nothing new is kept: the folder cannot be written")
        return Kept(None, root, f"not kept: {there} cannot be written; set XDG_CACHE_HOME to a folder that can")
    return Kept(root / name, root, "kept")
