"""Logs of OpenMMLab: mmengine's scalars.json, and the older log.json of mmcv."""

from __future__ import annotations

from itertools import pairwise

from ..cells import is_missing, is_number
from ..table import Table


def steps_of_mmengine(table: Table) -> Table | None:
    """mmengine's scalars, with validation at the training step it was done at and called `val/...`.

    Training rows have `iter` and `step`. Rows of validation have no `iter`, and their `step` is the epoch where
    training goes by epochs: on one axis with the steps of training it would be far too early. None where it is no
    such log.
    """
    cells = table.cells
    if not {"step", "iter"} <= set(cells):
        return None
    steps, iters = cells["step"], cells["iter"]
    rows = range(len(table.places))
    training = [not is_missing(iters[i]) and iters[i] == steps[i] for i in rows]
    validating = [is_missing(iters[i]) and not is_missing(steps[i]) for i in rows]
    if not any(validating) or any(not is_missing(iters[i]) and not training[i] for i in rows):
        return None
    written = {n: any(cells[n][i] is not None for i in rows if validating[i]) for n in cells}
    names = [name for name, some in written.items() if some and name not in ("step", "epoch")]
    epochs, moved, before = cells.get("epoch", [None] * len(steps)), list(steps), None
    for i in rows:
        if training[i]:
            before = i
        elif validating[i] and before is not None and steps[i] != steps[before]:
            if steps[i] != epochs[before]:
                return None
            moved[i] = steps[before]
    out = {**cells, "step": moved}
    for name in names:
        own = [cells[name][i] if validating[i] else None for i in rows]
        rest = [None if validating[i] else cells[name][i] for i in rows]
        del out[name]
        if any(cell is not None for cell in rest):
            out[name] = rest
        out[f"val/{name}"] = own
    note = "mmengine's scalars"
    if moved != steps:
        note += ", with validation at the training step before it"
    return table.as_read(out, table.places, note)


def one_record_an_epoch(table: Table) -> Table | None:
    """mmcv's log, with the last record of every epoch in each mode; None where it is no such log.

    Its `iter` begins anew in every epoch, and that of validation counts other batches, so that epochs are the one axis
    that training and validation share.
    """
    cells = table.cells
    if not {"mode", "epoch", "iter"} <= set(cells) or {"step", "global_step"} & set(cells):
        return None
    numbers = [
        (cells["mode"][i], float(cells["epoch"][i]), float(cells["iter"][i]), i)
        for i in range(len(table.places))
        if all(is_number(cells[name][i]) for name in ("epoch", "iter")) and cells["mode"][i] is not None
    ]
    back = any(a[0] == b[0] and b[1] > a[1] and b[2] <= a[2] for a, b in pairwise(numbers))
    last = {}
    for mode, epoch, _, i in numbers:
        last[mode, epoch] = i
    if not back and not any(m == "val" for m, *_ in numbers):
        return None
    kept = sorted(last.values())
    if not kept:
        return None
    out = {name: [column[i] for i in kept] for name, column in cells.items() if name != "iter"}
    out = {name: column for name, column in out.items() if any(cell is not None for cell in column)}
    lost = len(numbers) - len(kept)
    note = f"mmcv's log: {lost} records before the last of their epoch are not used"
    return table.as_read(out, [table.places[i] for i in kept], note)
