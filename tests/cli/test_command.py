"""The command `grok-theory`: quick help, exit codes that mean something, one sentence for an error."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import grok_theory as gt
from grok_theory import cli
from grok_theory.errors import BadValue

ROOT = Path(__file__).parents[2]
LINEAR = ["linear.TeacherStudent", "samples_per_dim=0.5", "snr=5"]


def test_help_does_not_import_jax_or_numpy():
    code = (
        "import sys; from grok_theory import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('jax', 'numpy', 'matplotlib', 'scipy')))"
    )
    for words in (["--help"], ["solve", "--help"], ["doctor", "--help"], ["--version"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr


def test_every_command_says_what_it_does(run):
    code, out, _ = run("--help")
    assert code == 0
    for name in ("solve", "validate", "figures", "doctor"):
        assert re.search(rf"│ {name} +\w", out)


def test_version(run):
    assert run("--version") == (0, f"grok-theory {gt.__version__}\n", "")


def test_unknown_commands_and_options_are_exit_code_2(run):
    assert run("slove")[0] == 2
    assert run("solve", "--tims", "1")[0] == 2


def test_debug_shows_the_traceback(capsys):
    with pytest.raises(BadValue, match="noise is -1"):
        cli.main(["solve", *LINEAR, "noise=-1", "--debug"])


def test_what_is_not_foreseen_is_one_sentence_too(run, monkeypatch):
    monkeypatch.setattr(gt.linear, "solve", lambda problem, times: 1 / 0)
    code, _, err = run("solve", *LINEAR)
    assert code == 2
    assert err == "ZeroDivisionError: division by zero (this is not foreseen; --debug shows where).\n"


def test_figures_lists_them_and_says_what_is_missing(run, monkeypatch):
    code, out, err = run("figures", "--list")
    assert (code, err) == (0, "")
    assert "linear_spectrum" in out
    code, out, err = run("figures", "--paper", "halder", "--figure", "1")
    assert (code, err) == (0, "")
    assert "best_of_k_overshoot" in out
    monkeypatch.setitem(sys.modules, "paper_figures.making.command", None)
    code, out, err = run("figures", "--list")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "pip install 'grok_theory[figures]'" in err


def test_ctrl_c_is_exit_code_130():
    code = (
        "import sys, time\n"
        "import grok_theory as gt\n"
        "from grok_theory import cli\n"
        "gt.linear.solve = lambda problem, times: (print('solving', flush=True), time.sleep(60))\n"
        "cli.main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "solve", *LINEAR], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "solving\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error():
    line = f"{sys.executable} -m grok_theory.cli solve | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, cwd=ROOT, env=os.environ)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)
