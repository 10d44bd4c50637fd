"""Build several figures, one after the other, and the page that shows them; a figure that fails stops no other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grok_theory import storage
from paper_figures.build import Order, build_figure
from paper_figures.figure import Label, catalogue
from paper_figures.page import write_page
from paper_figures.progress import Reporter


def build_all(labels: Sequence[Label], order: Order, reporter: Reporter) -> list[dict[str, Any]]:
    """The records of the figures in `labels`, built in this order; the page is written at the end in any case."""
    records = []
    try:
        with reporter:
            for label in labels:
                reporter.figure(label.name)
                record = build_figure(label, order, told=reporter.step, warn=reporter.warn)
                reporter.finished(record)
                records.append(record)
    finally:
        if labels:
            folder = labels[0].path.parent
            storage.write_whole(order.out / "index.html", write_page(known_records(order.out, folder)).encode())
    return records


def known_records(out: Path, folder: Path) -> list[dict[str, Any]]:
    """The records of all figures built so far into `out`, in the catalogue's order; unreadable ones are left out."""
    records = []
    for name in catalogue(folder):
        try:
            records.append(json.loads((out / f"{name}.json").read_bytes()))
        except (OSError, ValueError):
            continue
    return records
