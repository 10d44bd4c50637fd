"""Bad input at every public door: how many tried, refused in a sentence, crashed, accepted without a word.

A refusal counts only if it is an error of this package whose message names the argument, shows the value (or the shape,
or the wrong element) and goes on with a remedy.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

import grok_theory as gt
from benchmarks.doors import (
    arrays,
    best_of_k,
    bounds,
    command_line,
    dynamics,
    far_out,
    files,
    in_context,
    lazy_rich,
    li2,
    linear,
    logs,
    results,
    searches,
    tables,
)
from benchmarks.doors.door import BAD, Door
from benchmarks.report import Headline, Rows, publish

ROOMS = (
    *(dynamics, linear, lazy_rich, li2, best_of_k, in_context, arrays, bounds, far_out),
    *(results, searches, tables, logs, files, command_line),
)
SPEAKS_AS = {"x": "steps", "margin": "curves"}
# Said of a value in words instead of showing it.
STATES = ("is empty", "is given", "is not given", "is complex", "is no table of numbers", "has type")
COUNTS = ("tried", "refused", "unclear", "crashed", "accepted")


def shows(message: str, value: Any) -> bool:
    """Does the message show this value, its shape, its type, or its wrong element?"""
    leaves = list(value.values()) if isinstance(value, dict) else [value]
    parts = [
        value,
        *(part for leaf in leaves if isinstance(leaf, (list, tuple, np.ndarray)) for part in _elements(leaf)),
    ]
    tokens = {str(p) for p in parts} | {repr(p) for p in parts} | {type(value).__name__}
    tokens |= {str(np.shape(leaf)) for leaf in leaves} | {f"{p:g}" for p in parts if isinstance(p, (int, float))}
    tokens |= {str(k) for k in value} if isinstance(value, dict) else set()
    tokens |= {str(value.dtype)} if isinstance(value, np.ndarray) else set()
    return any(token in message for token in tokens) or any(state in message for state in STATES)


def _elements(array: Any) -> list:
    return np.ravel(np.asarray(array, dtype=object)).tolist()


def outcome(door: Door, argument: str, value: Any) -> tuple[str, str]:
    """("refused" | "unclear" | "crashed" | "accepted", what was said)."""
    speaks_as = SPEAKS_AS | door.speaks_as
    try:
        door.call(**{**door.good, argument: value})
    except gt.GrokTheoryError as error:
        message = str(error)
        has_remedy = "must be one of" in message or re.search(r"[.)?:] (\w|`|\[)[^.]*", message.split(" but ", 1)[-1])
        named = argument in message or speaks_as.get(argument, argument) in message
        clear = named and has_remedy and (shows(message, value) or argument in speaks_as)
        return ("refused" if clear else "unclear"), message
    except Exception as error:  # the count of these is the point
        return "crashed", f"{type(error).__name__}: {str(error)[:200]}"
    return "accepted", ""


def survey() -> tuple[list[dict[str, Any]], list[str]]:
    """One row a door, and a line for everything that was not refused clearly."""
    rows, faults = [], []
    for door in (door for room in ROOMS for door in room.doors()):
        door.call(**door.good)  # what is called good is good
        tries = [(a, v) for a, kind in door.kinds.items() for v in BAD[kind]]
        tries += [(a, v) for a, values in door.extra.items() for v in values]
        said = [(argument, value, *outcome(door, argument, value)) for argument, value in tries]
        counts = {kind: sum(s[2] == kind for s in said) for kind in COUNTS[1:]}
        rows.append({"door": door.name, "tried": len(tries), **counts})
        faults += [f"{door.name}({a}={str(v)[:40]}): {kind}: {text}" for a, v, kind, text in said if kind != "refused"]
    total = {"door": f"all {len(rows)}", **{kind: sum(row[kind] for row in rows) for kind in COUNTS}}
    return [*rows, total], faults


def main(out: Path, *, quick: bool = False) -> None:
    rows, faults = survey()
    publish("robustness", "bad inputs at public doors", rows, out)
    for line in faults:
        print(line)


def _doors(rows: Rows) -> str:
    row = rows[-1]
    return (
        f"{row['tried']} at {row['door'].split()[-1]} doors: {row['refused']} refused by name with a remedy, "
        f"{row['unclear']} unclear, {row['crashed']} crashed, {row['accepted']} accepted"
    )


HEADLINES = (Headline("Bad inputs", "robustness", _doors, in_readme=True),)
