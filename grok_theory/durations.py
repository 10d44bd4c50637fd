"""How long things took the last time on this machine: what a wait's estimate is made of.

One small file, `durations.json`, beside the folder of compiled programs. Where there is no home or it cannot be
written, there are no estimates, and all goes on without.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

MOST = 200  # things remembered; the oldest go


def expected(what: str) -> float | None:
    """Seconds that it took the last time, or None.

    Parameters
    ----------
    what : str
        As it was called then.

    Returns
    -------
    float or None
        Seconds by the clock.
    """
    return _known().get(what)


def learn(what: str, seconds: float) -> None:
    """Keep how long it took.

    Parameters
    ----------
    what : str
        How it is called.
    seconds : float
        By the clock, >= 0.
    """
    path = _path()
    if path is None:
        return
    known = _known()
    known.pop(what, None)
    kept = dict(list({**known, what: round(seconds, 2)}.items())[-MOST:])
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(kept), encoding="utf-8")
        unfinished.replace(path)


def _path() -> Path | None:
    from .compiled_programs import user_folder

    folder = user_folder()
    return None if folder is None else folder.with_name("durations.json")


def _known() -> dict[str, float]:
    """What is in the file, as far as it is what was written."""
    path = _path()
    try:
        found = json.loads(path.read_bytes()) if path is not None else {}
        return {str(what): float(seconds) for what, seconds in found.items() if 0 <= float(seconds) < 1e9}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
