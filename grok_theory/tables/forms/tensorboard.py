"""What TensorBoard calls a curve: a run's folder and a tag. Its CSV export has one curve a file, named by the file."""

from __future__ import annotations

import re
from pathlib import PurePath

from ..names import TEST_WORDS, TRAIN_WORDS, part
from ..table import Table

_COLUMNS = {"Wall time", "Step", "Value"}
_FILE = re.compile(r"(?:run-(?P<run>.*?)-tag-)?(?P<tag>.*?)(?: ?\(\d+\))?")


def metric_from_file_name(table: Table) -> Table | None:
    """The curve of a file `run-RUN-tag-TAG.csv` with the columns `Wall time`, `Step`, `Value`, called by its tag.

    None where the columns are others. A file of another name is called by that.
    """
    if set(table.cells) != _COLUMNS:
        return None
    stem = PurePath(table.source).name
    for ending in (".gz", ".csv", ".json"):
        stem = stem.removesuffix(ending)
    match = _FILE.fullmatch(stem)
    run, tag = run_and_tag(match["run"] or "", match["tag"]) if match else ("", stem)
    cells = {"Step": table.cells["Step"], tag: table.cells["Value"]}
    if run:
        cells = {"run": [run] * len(table.places), **cells}
    return table.as_read(cells, table.places, "TensorBoard's scalars, called by their files", apart=True)


def run_and_tag(run: str, tag: str) -> tuple[str, str]:
    """Run and tag, with the part of the data in the tag where the run's folder says it.

    Keras and others write `train/epoch_loss` and `validation/epoch_loss` as two runs: they are two curves of one.
    """
    rest, last = re.fullmatch(r"(?:(.*)[/\\_.\-])?(.*?)", run.rstrip("/\\"), re.DOTALL).groups()  # type: ignore[union-attr]
    if last in (*TRAIN_WORDS, *TEST_WORDS) and part(tag) is None:
        return rest or "", f"{last}/{tag}"
    return ("" if run == "." else run), tag
