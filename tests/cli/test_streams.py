"""Closed, full, narrow or abandoned outputs: one sentence or none, an exit code that is right, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grok_theory.cli.words import in_words

ROOT = Path(__file__).parents[2]
GROK = f"{sys.executable} -m grok_theory.cli"
SOLVE = f"{GROK} solve linear.TeacherStudent samples_per_dim=0.5 snr=5 --times 1,2"
ASCII = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
BAD = "solve linear.TeacherStudent samples_per_dim=0.5 snr=$'\\xff'"


def shell(line, **environment):
    """(exit code, stdout, stderr) of a line of bash; both outputs as bytes that must be ASCII where that is asked."""
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment
    )
    return done.returncode, done.stdout, done.stderr


def test_a_closed_stdout_is_told_and_a_closed_stderr_leaves_the_code():
    code, out, said = shell(f"{SOLVE} >&-")
    assert (code, out) == (2, b"")
    assert said.startswith(b"stdout is closed")
    assert said.count(b"\n") == 1
    # Nothing meant for stderr may come out on stdout, where a program reads JSON.
    assert shell(f"{SOLVE}x --json 2>&-") == (2, b"", b"")
    assert shell(f"{SOLVE} <&- >&- 2>&-")[0] == 2


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full")
@pytest.mark.parametrize("words", ["--help", "solve", pytest.param("doctor --json", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_sentence(words):
    code, _, said = shell(f"{GROK} {words} > /dev/full")
    assert code == 2
    assert said == (
        b"stdout cannot be written: No space left on device. Free space, or send the answer elsewhere: > FILE.\n"
    )
    assert shell(f"{GROK} {words}x 2> /dev/full")[:2] == (2, b"")


def test_a_reader_that_goes_away_leaves_the_verdict(tmp_path):
    rows = "".join(f"{run},{t},{value}\n" for run in range(4) for t, value in ((1, 9 + run / 99), (2, 9.5 + run / 99)))
    (tmp_path / "runs.csv").write_text("run,time,test_loss\n" + rows)
    line = SOLVE.replace(" solve ", " validate ") + f" --data {tmp_path}/runs.csv --curve test_loss | true"
    code, out, said = shell(f"{line}; exit ${{PIPESTATUS[0]}}")
    assert (code, out, said) == (1, b"", b"")


@pytest.mark.parametrize("environment", [ASCII, C_LOCALE], ids=["ascii", "C locale"])
def test_an_output_that_knows_only_ascii(environment):
    code, out, said = shell(f"{GROK} formulas linear.late_test_loss --examples 1; {GROK} {BAD}", **environment)
    assert code == 2
    assert out.isascii()
    assert said.isascii()
    assert said.startswith(b"snr is '\\udcff', but it must be a number")
    assert said.count(b"\n") == 1


def test_help_and_json_in_ascii():
    code, out, said = shell(f"{GROK} solve --help", **ASCII)
    assert (code, said) == (0, b"")
    assert out.isascii()
    assert b"--times" in out
    code, out, said = shell(f"{SOLVE} --json", **ASCII)
    assert (code, said) == (0, b"")
    assert json.loads(out)["status"]["level"] == "good"


@pytest.mark.parametrize(
    ("character", "words"),
    [("τ", "tau"), ("Λ", "Lambda"), ("±", "+/-"), ("≤", "<="), ("─", "-"), ("│", "|"), ("┼", "+"), ("²", "^2"),
     ("₁", "_1"), ("\udcff", "\\xff"), ("é", "\\xe9"), ("雪", "\\u96ea")],
)  # fmt: skip
def test_characters_in_words(character, words):
    assert in_words(character) == words


def test_surroundings_that_are_not_there(tmp_path):
    """A platform without a driver, a screen without a window: one sentence, or no matter."""
    code, out, said = shell(SOLVE, JAX_PLATFORMS="abacus")
    assert (code, out) == (2, b"")
    assert said.startswith(b"JAX_PLATFORMS is 'abacus', but JAX cannot compute with that here")
    assert said.count(b"\n") == 1
    log = tmp_path / "log.csv"
    log.write_text(
        "step,train_loss,test_loss\n" + "".join(f"{i},{1 / (1 + i)},{2 / (2 + i / 9)}\n" for i in range(200))
    )
    words = f"delay {log} --train-threshold .1 --test-threshold .3 --plot {tmp_path}/a.png"
    assert shell(f"{GROK} {words}", MPLBACKEND="abacus")[::2] == (0, b"")
    assert (tmp_path / "a.png").stat().st_size > 1000
