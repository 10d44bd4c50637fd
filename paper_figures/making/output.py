"""Write what a figure gave: its picture (PNG and PDF) and numbers (npz and CSV); the same bytes for the same data."""

from __future__ import annotations

import csv
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np

from grok_theory import storage
from paper_figures.figure import DPI, Figure
from paper_figures.making.cache import file_name
from paper_figures.making.sources import PACKAGE

# Dates and program names would make two equal pictures differ.
_NO_METADATA = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}


def write_picture(figure: Figure, parameters: Any, data: dict[str, dict[str, np.ndarray]], out: Path) -> dict[str, Any]:
    """Draw and save as PNG and PDF; the names of the files and the size of the PNG in pixels."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    style = PACKAGE / "style.mplstyle"
    with plt.style.context([style] if style.exists() else []):
        picture = figure.draw(parameters, data)
        try:
            names: dict[str, Any] = {}
            for kind, metadata in _NO_METADATA.items():
                buffer = io.BytesIO()
                picture.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
                names[kind] = storage.write_whole(out / f"{figure.name}.{kind}", buffer.getvalue()).name
                if kind == "png":
                    names["pixels"] = png_size(buffer.getvalue())
        finally:
            plt.close(picture)
    return names


def png_size(content: bytes) -> list[int]:
    """Width and height in pixels, from the header of a PNG."""
    return list(struct.unpack(">II", content[16:24]))


def write_numbers(name: str, data: dict[str, dict[str, np.ndarray]], out: Path) -> dict[str, Any]:
    """All arrays as one npz (`step/array`), and a CSV for every set of one-dimensional arrays of equal length."""
    buffer = io.BytesIO()
    np.savez(buffer, **{f"{step}/{key}": array for step, arrays in data.items() for key, array in arrays.items()})
    numbers = storage.write_whole(out / f"{name}.npz", buffer.getvalue())
    tables = []
    for step, arrays in data.items():
        columns: dict[int, dict[str, np.ndarray]] = {}
        for key, array in arrays.items():
            if array.ndim == 1 and array.size > 1:
                columns.setdefault(array.size, {})[key] = array
        for length, table in columns.items():
            suffix = f".{length}" if len(columns) > 1 else ""
            tables.append(_write_table(out / f"{name}.{file_name(step)}{suffix}.csv", table))
    return {"npz": numbers.name, "csv": tables}


def _write_table(path: Path, columns: dict[str, np.ndarray]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    # .tolist() gives Python numbers, whose repr reads back to the last bit.
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return storage.write_whole(path, text.getvalue().encode()).name
