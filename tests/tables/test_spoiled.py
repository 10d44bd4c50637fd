"""Tables with a few characters spoiled: refused, or every cell is what a strict reading with other code says it is."""

import csv
import io
import json
import re

import numpy as np
import pytest

from grok_theory.errors import BadValue
from grok_theory.tables import read_table

BITS = [
    *'",;\t| \n\r_.eE+-019%',
    '""',
    "\r\n",
    "nan",
    "inf",
    "NA",
    "null",
    "true",
    "é",
    "0x",
    "1_0",
    "step",
    '"a,b"',
    '"a\nb"',
]
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def spoiled(rng, text):
    for _ in range(rng.integers(1, 4)):
        at, bit, cut = rng.integers(len(text) + 1), str(rng.choice(BITS)), rng.integers(0, 3)
        text = text[:at] + (bit if rng.random() < 0.7 else "") + text[at + cut :]
    return text


def strict(cell):
    """None, or the number in the cell; ValueError for what is neither."""
    if cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool)):
        return cell
    cell = cell.strip()
    if cell.lower() in ("", "na", "n/a", "null", "none"):
        return None
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity") or NUMBER.fullmatch(cell):
        return float(cell)
    raise ValueError(cell)


def from_csv(text):
    rows = [
        row for row in csv.reader(io.StringIO(text), strict=True, skipinitialspace=True) if any(map(str.strip, row))
    ]
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < len(names) or any(len(row) != len(names) for row in rows):
        raise ValueError
    rows = [row for row in rows[1:] if [cell.strip() for cell in row] != names]
    return {name: [strict(row[i]) for row in rows] for i, name in enumerate(names) if name or any(r[i] for r in rows)}


def from_json_lines(text):
    def once(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    rows = [json.loads(line, object_pairs_hook=once) for line in text.split("\n") if line.strip()]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name.strip(): [strict(row.get(name)) for row in rows] for name in names}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_read_of_a_spoiled_table_is_what_stands_there(tmp_path, form):
    rng, accepted = np.random.default_rng(18), 0
    for _ in range(400):
        rows = [{"step": 10 * i, "train": round(2 / (1 + i), 3), "test": i} for i in range(rng.integers(1, 5))]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        if form == "csv":
            text = "step,train,test\n" + "".join(",".join(map(str, row.values())) + "\n" for row in rows)
        path = tmp_path / "log"
        path.write_bytes((text := spoiled(rng, text)).encode())
        try:
            table = read_table(path)
            found = {name: table.numbers(name) for name in table.names}
        except BadValue:
            continue
        accepted += 1
        whole = (from_csv if form == "csv" else from_json_lines)(re.sub("\r\n|\r", "\n", text))
        assert list(found) == list(whole), text
        for name, (values, logged) in found.items():
            assert logged.tolist() == [cell is not None for cell in whole[name]], text
            np.testing.assert_array_equal(values[logged], [c for c in whole[name] if c is not None], err_msg=text)
    assert 80 < accepted < 350
