"""Event files that TensorBoard shows (`events.out.tfevents...`), through its own reader: `pip install tensorboard`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import BadValue
from ..table import Table
from .tensorboard import run_and_tag


def event_files(path: Path) -> list[Path]:
    """The event files that a path names: itself, or those below a folder."""
    if path.is_dir():
        return sorted(each for each in path.rglob("*tfevents*") if each.is_file())
    return [path] if "tfevents" in path.name and path.is_file() else []


def events_table(path: Path, files: list[Path]) -> Table:
    """The scalars in event files: columns `Step`, one a tag, and `run` where folders tell runs apart.

    Records are in the order in which they were written. Folders called train, validation ... are parts of one run.

    Raises
    ------
    BadValue
        Where tensorboard is not installed, and for files that hold no scalars.
    """
    scalars = _reader()
    rows: list[tuple[float, str, dict[str, Any]]] = []
    for file in files:
        folder = file.parent.relative_to(path).as_posix() if path.is_dir() else ""
        for number, (time, step, tag, value) in enumerate(scalars(str(file)), start=1):
            run, name = run_and_tag("" if folder == "." else folder, tag)
            rows.append((time, f"{run or file.name} record {number}", {"run": run, "Step": step, name: value}))
    if not rows:
        raise BadValue(f"{path} holds no scalars. Name the folder or event file of a run that logged some.")
    rows.sort(key=lambda row: row[0])
    names = [name for name in dict.fromkeys(name for _, _, row in rows for name in row) if name != "run"]
    cells = {name: [row.get(name) for _, _, row in rows] for name in names}
    runs = [row["run"] for _, _, row in rows]
    if any(runs):
        cells = {"run": [run or "." for run in runs], **cells}
    return Table(str(path), cells, [place for _, place, _ in rows], ("TensorBoard's event files",), apart=True)


def _reader() -> Any:
    try:
        from tensorboard.backend.event_processing import event_file_loader  # type: ignore[import-not-found]
        from tensorboard.util import tensor_util  # type: ignore[import-not-found]
    except ImportError:
        raise BadValue(
            "path names TensorBoard's event files, but tensorboard is not installed. Install it with "
            "pip install 'grok_theory[tensorboard]', or save the curves as CSV from its page."
        ) from None

    def scalars(file: str) -> Iterator[tuple[float, int, str, float]]:
        for event in event_file_loader.EventFileLoader(file).Load():
            for value in event.summary.value:
                # Old writers have plain numbers; the loader turns them and those of TensorFlow 2 into tensors.
                kind = value.WhichOneof("value")
                number = value.simple_value if kind == "simple_value" else None
                if kind == "tensor" and not value.tensor.string_val:
                    array = tensor_util.make_ndarray(value.tensor)
                    number = float(array) if array.ndim == 0 and array.dtype.kind in "fiu" else None
                if number is not None:
                    yield event.wall_time, event.step, value.tag, float(number)

    return scalars
