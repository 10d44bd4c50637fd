"""Doors of the command line: an option or a field a door, with the texts that people mistype."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import grok_theory as gt
from benchmarks.doors.door import Door
from grok_theory.cli.answers import answer
from grok_theory.cli.commands import app

LINEAR = ("linear.TeacherStudent", "samples_per_dim=0.5", "snr=5")
NO_NUMBER = ["", "x", "nan", "1_0", "0x10", "1,5", "1e400", "1e-400", "0.5x", "1 2", "10**2", "٣", "\udcff", "--", "("]
NO_COUNT = [*NO_NUMBER, "2.5", "1e3", "-1", "inf"]
NO_OBJECT = ["", "nan", "x", "1_0", "GradientDecent(0.1)", "GradientDescent(", "GradientDescent(1,2,3)", "[", "2**9"]
NO_OBJECT += ["GradientDescent(learning_rate=0.1,learning_rate=0.2)"]
NO_TIMES = [
    "", "x", "nan", "1,nan", "0,inf", "1,2,", ",1", "1;2", "2,1", "-1,1", "0.1:10", "0.1:10:60x", "0.1:10:60:log:7",
    "0.1:10:60:lin", "10:0.1:60", "0:10:60:log", "0.1:10:0", "0.1:10:2.5", "0.1:inf:60", "1_0:20:5", "0.1:10:1_0",
    "0.1:10:1000000000000", "0.1:10:10^12", "::", "\udcff",
]  # fmt: skip


def told(words: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = answer(app, words, "grok-theory")
    return code, out.getvalue(), err.getvalue()


def _door(name: str, words: Sequence[str], good: str, bad: list[str], said: str = "") -> Door:
    """`name` is an option, `--times`, or a field, `snr=`; its text is put behind it, the last of the words.

    `said`: the name in the message, where it is another one, or where the message shows the value as it was read.
    """

    def call(**texts: str) -> None:
        (text,) = texts.values()
        code, out, err = told([*words, f"{name}{'=' if name.startswith('--') else ''}{text}"])
        if code in (0, 1, 3):
            return
        if "not foreseen" in err or len(err.strip().splitlines()) != 1 or (code == 2 and out):
            raise RuntimeError(f"exit code {code}: {out}{err}")
        raise gt.BadValue(err.strip())

    argument = name.strip("-=").replace("-", "_")
    return Door(f"{words[0]} {name}", call, {argument: good}, {}, {argument: bad}, {argument: said} if said else {})


@lru_cache(maxsize=1)
def _made() -> tempfile.TemporaryDirectory:
    """A training log and recorded answers, for as long as this process runs."""
    folder = tempfile.TemporaryDirectory()
    log = "".join(f"{i},{1 / (1 + i)},{2 / (2 + i / 9)}\n" for i in range(200))
    answers = "".join(f"{p},{p * s % 7},{s % 2}\n" for p in range(1, 9) for s in range(8))
    (Path(folder.name) / "log.csv").write_text("step,train_loss,test_loss\n" + log)
    (Path(folder.name) / "answers.csv").write_text("prompt,score,value\n" + answers)
    return folder


def _folder() -> Path:
    return Path(_made().name)


def doors() -> list[Door]:
    log, answers = (str(_folder() / name) for name in ("log.csv", "answers.csv"))
    solve = ("solve", *LINEAR, "--times=1,2")
    validate = ("validate", *LINEAR, "dim=20", "--runs=2", "--times=1,2")
    few = tuple(word for word in validate if word != "--runs=2")
    delay = ("delay", log, "--no-plot")
    both = (*delay, "--train-threshold=0.1", "--test-threshold=0.3")
    judge = ("judge", answers, "--no-plot")
    found = [
        _door(
            "snr=",
            ("solve", LINEAR[0], LINEAR[1], "--times=1,2"),
            "5",
            [t for t in NO_NUMBER if t != "1,5"] + ["-1", "none", "GradientFlow()", "[[1],[2,3]]"],
            "snr",
        ),
        _door("--times", ("solve", *LINEAR), "0.1:10:3", NO_TIMES, "times"),
        _door("--dynamics", solve, "GradientFlow", NO_OBJECT),
        _door("--method", solve, "SpectralQuadrature", NO_OBJECT),
        _door(
            "dim=",
            ("validate", *LINEAR, "--runs=2", "--times=1,2"),
            "20",
            [*(t for t in NO_COUNT if t != "1e3"), "21", "1e308", "9" * 30],
            "dim",
        ),
        _door("--runs", few, "2", [*NO_COUNT, "0", "1000000000000"]),
        _door("--seed", validate, "0", [*NO_COUNT, "100000000000000000000"]),
        _door("--margin", validate, "0.05", [*NO_NUMBER, "0", "-1", "inf"]),
        _door("--confidence", validate, "0.9", [*NO_NUMBER, "0", "1", "-1", "inf"]),
        _door(
            "--where",
            validate,
            "1:2",
            ["", "x", "1", "1:2:3", "nan:1", "2:1", "1_0:20", "1:", "\udcff", "5:6"],
            "where",
        ),
        _door("--curve", validate, "test_loss", ["x", "\udcff"]),
        _door("--dynamics", validate, "GradientFlow", NO_OBJECT),
        _door("--train-threshold", (*delay, "--test-threshold=0.3"), "0.1", [*NO_NUMBER, "inf"], "threshold"),
        _door("--test-threshold", (*delay, "--train-threshold=0.1"), "0.3", [*NO_NUMBER, "inf"], "threshold"),
        _door("--patience", both, "1", [*NO_NUMBER, "-1"]),
        _door("--confidence", both, "0.9", [*NO_NUMBER, "0", "1", "-1", "inf"]),
        _door("--train", both, "train_loss", ["", "x", "\udcff"]),
        _door(
            "--samples", judge, "1,4", [*(t for t in NO_NUMBER if t != "1,5"), "0", "2.5", "1,", "1;2", "1000", "inf"]
        ),
        _door("--failed", judge, "lowest", ["", "worst", "nan", "drop,lowest", "\udcff"]),
        *(
            _door(f"--{role}", judge, role, ["", "x", "prompt,score", "\udcff"])
            for role in ("prompt", "score", "value")
        ),
        _door("--answer", judge, "score", ["", "x", "prompt,score", "\udcff"]),
        _door("--temperature", judge, "0,1", [*(t for t in NO_NUMBER if t != "1,5"), "-1", "0,", "0;1"]),
        _door("--cost", judge, "0", [*NO_NUMBER, "-1", "inf"]),
        _door("--confidence", judge, "0.9", [*NO_NUMBER, "0", "1", "-1", "inf"]),
        _door("--seed", judge, "0", [*NO_COUNT, "100000000000000000000"]),
        _door("--examples", ("formulas", "linear.late_test_loss"), "1", [*NO_COUNT, "0", "100000000000000000000"]),
        _door("--seconds", ("doctor",), "60", [*NO_NUMBER, "0", "-1", "inf"]),
        _door("--workers", ("figures", "--list"), "1", [*NO_COUNT, "0"]),
    ]
    return [*found, _repeated()]


def _repeated() -> Door:
    """What is said twice counts once, and nobody knows which."""

    def call(twice: Any) -> None:
        code, _, said = told(["solve", *LINEAR, *twice])
        if code:
            raise gt.BadValue(said.strip()) if len(said.strip().splitlines()) == 1 else RuntimeError(said)

    twice = [["snr=6"], ["samples_per_dim=0.5"], ["--times=1", "--times=1"], ["--times=1", "--x=2"]]
    twice += [
        ["--dynamics=GradientFlow", "--dynamics=GradientFlow"],
        ["--out=a.csv", "--out=b.csv"],
        ["noise=1", "noise=1"],
    ]
    return Door("solve, twice", call, {"twice": ["noise=1"]}, {}, {"twice": twice}, {"twice": "more than once"})
