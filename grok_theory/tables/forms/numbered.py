"""Histories without a column of times, such as `history.history` of Keras: their order is the time."""

from __future__ import annotations

from collections import Counter

from ..names import SETTING_WORDS, counts_time, part, rises, words
from ..table import Table


def epochs_from_order(table: Table) -> Table | None:
    """The same table with a column `epoch`, from 0 within every run; None where it may hold times of its own.

    Only where every column is called as curves or settings are, and train and test stand in the same rows.
    """
    names = [name for name in table.names if name != "run"]
    curves = [name for name in names if rises(name) is not None or part(name)]
    settings = {*SETTING_WORDS, "learning"}
    if any(map(counts_time, names)):
        return None
    if not all(name in curves or settings & set(words(name)) for name in names):
        return None
    if not any(part(a) == "test" for a in curves) or not all(table.logged(name).all() for name in curves):
        return None
    seen: Counter[object] = Counter()
    epochs = []
    for run in table.cells.get("run", [None] * len(table.places)):
        epochs.append(seen[run])
        seen[run] += 1
    note = "there are no times: epoch counts the rows, from 0"
    return table.as_read({"epoch": epochs, **table.cells}, table.places, note)
