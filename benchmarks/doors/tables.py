"""Doors where files come in: logs, runs, recorded answers. Every spoiled file must be refused at all three."""

from __future__ import annotations

import tempfile
from pathlib import Path

import grok_theory as gt
from benchmarks.doors.door import Door
from grok_theory import best_of_k, observables
from grok_theory.tables import read_table

GOOD = "prompt,score,value\n0,1.5,2\n1,0.5,1\n2,0.25,0.5\n"
BAD_FILES = {
    "surplus.csv": "prompt,score,value\n0,1.5,2,3\n1,0.5,1\n",
    "short.csv": "prompt,score,value\n0,1.5\n1,0.5,1\n",
    "short_after_quotes.csv": 'prompt,score,value\n"0\n1",1.5\n',
    "same_name.csv": "prompt,score,value,score\n0,1.5,2,3\n",
    "no_name.csv": "prompt,score,value,\n0,1.5,2,3\n",
    "no_header.csv": "0,1.5,2\n1,0.5,1\n",
    "only_header.csv": "prompt,score,value\n",
    "empty.csv": "",
    "blank.csv": "\n\n",
    "underscores.csv": "prompt,score,value\n0,1_0,2\n1,2,1\n",
    "hexadecimal.csv": "prompt,score,value\n0,0x10,2\n1,2,1\n",
    "other_digits.csv": "prompt,score,value\n0,\u0661,2\n1,2,1\n",
    "thousands.csv": "prompt;score;value\n0;1,500;2\n1;2,250;1\n",
    "two_marks.csv": "prompt;score;value\n0;1,5;2\n1;2.5;1\n",
    "beyond.csv": "prompt,score,value\n0,1e999,2\n1,2,1\n",
    "text.csv": "prompt,score,value\n0,much,2\n1,2,1\n",
    "open_quote.csv": 'prompt,score,value\n0,"1.5,2\n1,2,1\n',
    "text_after_quote.csv": 'prompt,score,value\n0,"1"5,2\n1,2,1\n',
    "comment_or_row.csv": "prompt,score,value\n0,1,2\n#1,2,1\n",
    "zero_byte.csv": "prompt,score,value\n0,1,\x002\n",
    "latin_1.csv": "prompt,score,value\n0,1,2\n1,2,\u00e9\n".encode("latin-1"),
    "picture.png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff",
    "no_json.jsonl": '{"prompt": 0, "score": 1, "value": 2}\nnonsense\n',
    "cut.jsonl": '{"prompt": 0, "score": 1, "value": 2}\n{"prompt": 1, "sco',
    "same_key.jsonl": '{"prompt": 0, "score": 1, "score": 3, "value": 2}\n{"prompt": 1, "score": 1, "value": 2}\n',
    "deep.jsonl": '{"prompt": 0, "score": 1, "value": 2}\n{"prompt": 1, "score": ' + "[" * 100_000 + "}\n",
    "huge.jsonl": '{"prompt": 0, "score": 1, "value": 2}\n{"prompt": 1, "score": 1' + "0" * 400 + ', "value": 1}\n',
    "uneven.json": '{"prompt": [0, 1], "score": [1], "value": [1, 2]}',
    "one_object.json": '{\n "prompt": 0,\n "score": 1,\n "value": 2\n}',
    "two_tables.json": '{"a": [{"prompt": 0, "score": 1, "value": 2}], "b": [{"prompt": 0, "score": 1, "value": 2}]}',
}
# What only the names of prompts feel.
MERGED = {
    "two_kinds.jsonl": '{"prompt": "1", "score": 1, "value": 2}\n{"prompt": 1, "score": 2, "value": 1}\n',
    "no_prompt.jsonl": '{"prompt": null, "score": 1, "value": 2}\n{"prompt": "null", "score": 2, "value": 1}\n',
}


def doors() -> list[Door]:
    folder = Path(tempfile.mkdtemp(prefix="doors_"))
    paths = {name: _written(folder / name, content) for name, content in (BAD_FILES | MERGED).items()}
    bad = [*(paths[name] for name in BAD_FILES), folder, folder / "none.csv", "", 3, None]
    good = _written(folder / "good.csv", GOOD)
    student = gt.linear.TeacherStudent(0.5, 5.0)
    encodings = {"encoding": ["latin-l", "base64", ""]}
    says = {"path": "/", "train": "column", "x": "column"}

    def log(path, train="score", **more):
        return observables.read_log(path, x="prompt", train=train, test="value", **more)

    def runs(path, x="prompt", **more):
        return gt.Ensemble.from_csv(
            path, problem=student, dynamics=gt.Dynamics("gradient flow"), x=x, curves=["score", "value"], **more
        )

    def delay(train_threshold=1.0, test_threshold=1.0, **more):
        thresholds = {"train_threshold": train_threshold, "test_threshold": test_threshold}
        return observables.log_delay(log(good), **thresholds, **more)

    # Names and places are told by file; a cell is shown by itself, so the path stands for the value.
    return [
        Door("tables.read_table", _read_all, {"path": good}, {}, {"path": bad, **encodings}, says),
        Door(
            "observables.read_log",
            log,
            {"path": good},
            {},
            {"path": bad, "train": ["scor"], "repeats": ["lasst", 3, None], **encodings},
            says,
        ),
        Door("Ensemble.from_csv", runs, {"path": good}, {}, {"path": bad, "x": ["promp"], **encodings}, says),
        Door(
            "best_of_k.read_records",
            best_of_k.read_records,
            {"path": good},
            {},
            {"path": [*bad, *(paths[name] for name in MERGED)], "score": ["scor"], "value": ["valu"], **encodings},
            says,
        ),
        Door(
            "observables.log_delay",
            delay,
            {"train_threshold": 1.0, "test_threshold": 1.0},
            {"train_threshold": "finite", "test_threshold": "finite", "confidence": "confidence"},
            {"patience": [-1.0, float("nan"), "1", None, (1, 2, 3)]},
        ),
    ]


def _read_all(path, encoding=None):
    """The table with every column read as what it is for."""
    table = read_table(path, encoding=encoding)
    return [*(table.numbers(name) for name in ("score", "value")), table.labels("prompt")]


def _written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
