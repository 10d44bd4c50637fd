"""Times that come again in a log: a run that was resumed from a checkpoint wrote some of its records twice."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from ..errors import BadValue, check_choice
from ..tables import Table

POLICIES = ("last", "first", "refuse")


def without_repeats(
    table: Table, x: str, times: np.ndarray, rows: Mapping[str, list[int]], repeats: str
) -> tuple[dict[str, list[int]], int]:
    """The rows of one run, curve by curve, so that times increase; and how many records were passed over for that.

    **Arguments:**
    - `times`: x of every row of the table. `rows`: curve -> its rows, in the order of the file.
    - `repeats`: "last" takes what a resumed run wrote last (from the time it went back to on, of both curves); "first"
      what was there before; "refuse" raises.

    Raises `BadValue` naming the line where times do not increase and that is no resumption: "refuse" is said, or the
    time goes back to where the run began, which is more likely another run.
    """
    check_choice("repeats", repeats, POLICIES)
    back = sorted(i for part in rows.values() for before, i in pairwise(part) if not times[i] > times[before])
    if not back:
        return dict(rows), 0
    start = min(times[part[0]] for part in rows.values() if part)
    for i in back:
        if repeats == "refuse" or times[i] <= start:
            before = max(times[j] for part in rows.values() for j in part if j < i)
            raise BadValue(
                f"{table.where(i)}: {x} is {times[i]:g} after {before:g}, but within a run it must increase. "
                "Name the column that tells runs apart with --run, or drop repeated lines."
            )
    kept = {}
    for which, part in rows.items():
        if repeats == "last":
            kept[which] = [j for j in part if not any(j < i and times[j] >= times[i] for i in back)]
        else:
            highest = np.maximum.accumulate([-np.inf, *times[part]])
            kept[which] = [j for j, before in zip(part, highest) if times[j] > before]
    return kept, sum(len(part) - len(kept[which]) for which, part in rows.items())
