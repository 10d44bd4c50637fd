"""Doors where files come in: logs, runs, recorded answers. Every spoiled file must be refused at all three."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

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
    "underflow.csv": "prompt,score,value\n0,1e-400,2\n1,2,1\n",
    "underflow.jsonl": '{"prompt": 0, "score": 1e-400, "value": 2}\n{"prompt": 1, "score": 1, "value": 2}\n',
    "one_number.csv": "prompt,score,value\n0,9007199254740992,2\n1,9007199254740993,1\n",
    "point_for_thousands.csv": "prompt;score;value\n0;1.500;0,5\n1;2.250;1,5\n",
    "comment_first.jsonl": '# a run\n{"prompt": 0, "score": 1, "value": 2}\n',
    "value_and_object.jsonl": '{"prompt": 0, "score": 1, "value": 2}\n{"prompt": 1, "score": {"x": 1}, "value": 2}\n',
    "spaces_apart.jsonl": '{"prompt": 0, "score": 1, "value": 2}\n{"prompt": 1, "score ": 1, "value": 2}\n',
    "no_rows.json": "{}",
    "spaces_short.txt": "prompt score value\n0 1 2\n1 2\n",
    "sheet.xlsx": b"PK\x03\x04\x14\x00\x06\x00",
    "packed.csv.xz": b"\xfd7zXZ\x00\x00\x04",
    "cut.csv.gz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "printed.txt": "step 0: train loss 1, val loss 2\nstep 1: train loss 4,41, val loss 2\n",
    "two_tables.json": '{"a": [{"prompt": 0, "score": 1, "value": 2}], "b": [{"prompt": 0, "score": 1, "value": 2}]}',
}
# What only the names of prompts feel.
MERGED = {
    "two_kinds.jsonl": '{"prompt": "1", "score": 1, "value": 2}\n{"prompt": 1, "score": 2, "value": 1}\n',
    "two_spellings.csv": "prompt,score,value\n1,1,2\n01,2,1\n",
    "text_of_a_float.jsonl": '{"prompt": 1.0, "score": 1, "value": 2}\n{"prompt": "1.0", "score": 2, "value": 1}\n',
    "nan_prompt.jsonl": '{"prompt": NaN, "score": 1, "value": 2}\n{"prompt": NaN, "score": 2, "value": 1}\n',
    "no_prompt.jsonl": '{"prompt": null, "score": 1, "value": 2}\n{"prompt": "null", "score": 2, "value": 1}\n',
}
# Tables that are well formed, and whose delay would be of something else.
LOGS = {
    "per_cent.csv": "step,train_acc,test_acc\n0,0,0\n1,90,10\n2,100,99\n",
    "one_in_per_cent.csv": "step,train_acc,test_acc\n0,0,0\n1,.9,10\n2,1,99\n",
    "error_in_per_cent.csv": "step,train_error,test_error\n0,90,90\n1,5,80\n2,.1,3\n",
    "falls.csv": "step,train_acc,test_acc\n0,1,1\n1,.5,.5\n2,.1,.1\n",
    "past_from_the_start.csv": "step,train_acc,test_acc\n0,1,1\n20,1,1\n40,1,1\n",
    "unsorted.csv": "step,train_loss,test_loss\n0,2,2\n20,1,2\n10,.5,2\n30,.1,.1\n",
    "two_runs.csv": "step,train_loss,test_loss\n0,2,2\n10,1,2\n0,2,2\n10,1,2\n",
    "two_models.csv": "model,step,train_loss,test_loss\na,0,2,2\na,10,1,2\na,20,1,1\nb,10,1,2\nb,20,1,2\n",
    "nan_between.csv": "step,train_loss,test_loss\n0,2,2\n10,.5,nan\n20,.5,.5\n30,.5,nan\n40,.5,.5\n",
    "two_kinds.csv": "step,train_acc,test_loss\n0,0,2\n1,1,1\n",
    "two_pairs.csv": "step,train_a_loss,test_a_loss,train_b_loss,test_b_loss\n0,2,2,2,2\n1,1,1,1,1\n",
    "a_run_a_row.csv": "run,step,train_loss,test_loss\na,0,2,2\nb,10,1,1\n",
}
# Times to read runs at that are none, or that no run reaches over.
GRIDS = [[], [[0.0, 1.0]], [1.0, 0.0], [0.0, float("nan")], [-1.0, 1.0], [0.0, 9.0], "0,1"]


def doors() -> list[Door]:
    folder = Path(tempfile.mkdtemp(prefix="doors_"))
    paths = {name: _written(folder / name, content) for name, content in (BAD_FILES | MERGED).items()}
    bad = [*(paths[name] for name in BAD_FILES), folder, folder / "none.csv", "", 3, None]
    good = _written(folder / "good.csv", GOOD)
    student = gt.linear.TeacherStudent(0.5, 5.0)
    encodings = {"encoding": ["latin-l", "base64", ""]}
    says = {"path": "/", "train": "column", "x": "column"}
    steps = np.arange(0.0, 60.0, 10.0)
    rising = {
        "in per cent": [0, 50, 90, 100, 100, 100],
        "falling": [0.9, 0.5, 0.1, 0.05, 0.01, 0],
        "past and back": [1, 0.9, 0.5, 0.3, 0.2, 0.1],
    }
    logs = {name: _written(folder / name, content) for name, content in LOGS.items()}

    def log(path, train="score", **more):
        return gt.read_log(path, x="prompt", train=train, test="value", **more)

    def runs(path, x="prompt", **more):
        return gt.Ensemble.from_log(
            path, problem=student, dynamics=gt.GradientFlow(), x=x, curves=["score", "value"], **more
        )

    def delay(train_threshold=1.0, test_threshold=1.0, **more):
        thresholds = {"train_threshold": train_threshold, "test_threshold": test_threshold}
        return observables.log_delay(log(good), **thresholds, **more)

    # Names and places are told by file; a cell is shown by itself, so the path stands for the value.
    return [
        Door("tables.read_table", _read_all, {"path": good}, {}, {"path": [*bad, [], [good, good]], **encodings}, says),
        Door(
            "read_log",
            log,
            {"path": good},
            {},
            {"path": bad, "train": ["scor"], "repeats": ["lasst", 3, None], **encodings},
            says,
        ),
        Door(
            "Ensemble.from_log",
            runs,
            {"path": good},
            {},
            {"path": bad, "x": ["promp"], "grid": GRIDS, **encodings},
            says,
        ),
        Door(
            "best_of_k.read_records",
            best_of_k.read_records,
            {"path": good},
            {},
            {
                "path": [*bad, *(paths[name] for name in MERGED)],
                "score": ["scor"],
                "value": ["valu"],
                "answer": ["x"],
                **encodings,
            },
            says,
        ),
        Door(
            "observables.grokking_delay of rising curves",
            lambda train: observables.grokking_delay(
                steps, train, [0, 0, 0, 0, 0.5, 1], train_threshold=0.99, test_threshold=0.95, rising=True
            ),
            {"train": [0, 0.5, 0.99, 1, 1, 1]},
            {},
            {"train": list(rising.values())},
        ),
        Door(
            "observables.log_delay of a file",
            lambda path: observables.log_delay(
                gt.read_log(path), train_threshold=0.99, test_threshold=0.95, patience=15
            ),
            {"path": _written(folder / "right.csv", "step,train_acc,test_acc\n0,0,0\n10,1,.5\n20,1,1\n40,1,1\n")},
            {},
            {"path": list(logs.values())},
            {"path": " "},  # what is wrong is not the path
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
