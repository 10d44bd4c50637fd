"""`python -m paper_figures.making.cpu_seconds [FOLDER]`: keep what the builds found there have taken, for the lists.

Without a folder: that of `make figures`. CPU seconds of one core go into `cpu_seconds.json`, by figure and size; what
was not built anew stays as it was, and what is no figure any more goes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from paper_figures.figure import HOME, Label, catalogue
from paper_figures.making.figure_map import SECONDS, measured_seconds
from paper_figures.making.gallery import known_records

Times = dict[str, dict[str, float]]


def kept(before: Times, records: list[dict[str, Any]], labels: dict[str, Label]) -> Times:
    """The table with the times of these records in it, of these figures and their sizes alone; settings are no size."""
    table = {name: dict(before.get(name, {})) for name in labels}
    for record in records:
        if record["status"] == "built" and not record["settings"]:
            table[record["name"]][record["size"]] = round(record["cpu_seconds"], 1)
    for name, times in table.items():
        if not labels[name].has_quick:
            times.pop("quick", None)
    return {name: times for name, times in sorted(table.items()) if times}


def main(arguments: list[str]) -> int:
    """Rewrite the table; the exit code: 2 where the folder holds no record."""
    out = Path(arguments[0]) if arguments else HOME.parent / "out" / "figures"
    records = known_records(out, HOME)
    if not records:
        print(f"There is no record of a figure in {out}; build some first with `make figures`.", file=sys.stderr)
        return 2
    table = kept(measured_seconds(), records, catalogue())
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(times)}" for name, times in table.items())
    SECONDS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{SECONDS}: {len(records)} figures of {len(table)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
