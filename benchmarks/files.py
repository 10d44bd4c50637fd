"""Result files changed at random and sealed again: refused in a sentence, or read as a result of this version.

Named forgeries are doors of `robustness`. Here nobody chose what to break, so some changes leave a result that is as
good as the old one (another name, another digit): those must come back from being saved and read once more.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grok_theory as gt
from benchmarks.doors.files import sample_agreement, sample_ensemble, sample_solution
from benchmarks.forging import random_bytes, random_members, random_parts
from benchmarks.report import Headline, Rows, publish
from grok_theory import storage


def outcome(content: bytes, folder: Path) -> str:
    """One of the columns of the table."""
    path = folder / "changed.npz"
    path.write_bytes(content)
    try:
        read = gt.load(path)
    except gt.DamagedFile:
        return "refused"
    except Exception as error:  # the count of these is the point
        return f"crashed: {type(error).__name__}"
    try:
        again = gt.load(read.save(folder / "again.npz"))
    except Exception as error:
        return f"read, but not saved again: {type(error).__name__}"
    return "read, and the same once more" if again == read and str(again) == str(read) else "read, but not the same"


def rows(count: int) -> Iterator[dict[str, Any]]:
    made = {"Solution": sample_solution(), "Ensemble": sample_ensemble(), "Agreement": sample_agreement()}
    for name, result in made.items():
        good = storage.pack(result)
        for what, changed in (("parts", random_parts), ("members", random_members), ("bytes", random_bytes)):
            began, counts = time.process_time(), dict.fromkeys(("refused", "read, and the same once more"), 0)
            with tempfile.TemporaryDirectory() as folder:
                for content in changed(good, count, seed=count):
                    said = outcome(content, Path(folder))
                    counts[said] = counts.get(said, 0) + 1
            others = {said: number for said, number in counts.items() if said not in list(counts)[:2]}
            yield {
                "result": name,
                "changed": what,
                "files": count,
                **dict(list(counts.items())[:2]),
                "anything else": others or 0,
                "ms a file": 1e3 * (time.process_time() - began) / count,
                "greatest memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }


def main(out: Path, *, quick: bool = False) -> None:
    publish(
        "files_changed",
        "result files changed at random, with a checksum that fits",
        list(rows(50 if quick else 2000)),
        out,
    )


def _changed_files(rows: Rows) -> str:
    files, refused = (sum(row[column] for row in rows) for column in ("files", "refused"))
    odd = sum(sum((row["anything else"] or {}).values()) for row in rows)
    return f"{files} files: {refused} refused, {files - refused - odd} read and as good as before, {odd} anything else"


HEADLINES = (Headline("Result files changed at random, checksum fitting", "files_changed", _changed_files),)
