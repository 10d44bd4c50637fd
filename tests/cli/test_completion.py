"""Completion: the words read from sources are those of the package, and each shell's script is a script."""

import dataclasses
import shutil
import subprocess
import sys
from importlib import import_module

import pytest

from grok_theory.cli import known_words
from grok_theory.cli.commands import COMMANDS
from grok_theory.cli.shell_scripts import SCRIPTS
from grok_theory.fields import problems_of
from grok_theory.formulas import register
from grok_theory.rooms import WINGS


def test_problems_fields_and_formulas_are_those_of_the_package():
    true = {
        f"{wing}.{name}": [field.name for field in dataclasses.fields(cls)]
        for wing in WINGS
        for name, cls in problems_of(import_module(f"grok_theory.{wing}")).items()
    }
    assert known_words.problems() == true
    assert set(known_words.formula_names()) == set(register())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("grok-theory so", ["solve"]),
        ("grok-theory --v", ["--version"]),
        ("grok-theory solve linear.Te", ["linear.TeacherStudent"]),
        ("grok-theory solve linear.TeacherStudent s", ["samples_per_dim=", "snr="]),
        ("grok-theory solve linear.TeacherStudent snr=5 s", ["samples_per_dim="]),
        ("grok-theory validate linear.TeacherStudent --pl", ["--plot"]),
        ("grok-theory solve linear.TeacherStudent --plot ", []),  # a file: the shell knows them
        ("grok-theory overlay 'my log.csv' li2.", ["li2.GroupTask"]),
        ("grok-theory formulas linear.late_te", ["linear.late_test_loss"]),
        ("grok-theory figures linear_spec", ["linear_spectrum"]),
        ("grok-theory figures --che", ["--check"]),
        ("grok-theory completion ", ["bash", "fish", "zsh"]),
        ("grok-theory nothing ", []),
        ('grok-theory solve "', sorted(known_words.problems())),
        ("grok-theory", []),
        ("", []),
    ],
)
def test_a_word_is_completed_by_what_stands_before_it(line, found):
    assert known_words.candidates(line) == found


def test_every_command_is_offered_with_its_options():
    assert known_words.candidates("grok-theory ") == sorted(COMMANDS)
    for command in COMMANDS:
        assert "--help" in known_words.candidates(f"grok-theory {command} --"), command


def test_completion_imports_no_jax():
    code = (
        "import sys; from grok_theory import cli\n"
        "try: cli.main(['completion', '--line', 'grok-theory solve linear.TeacherStudent s'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('jax', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "samples_per_dim=\nsnr=\n")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_is_printed(run, shell):
    assert run("completion", shell) == (0, SCRIPTS[shell], "")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_shell_reads_its_script(shell):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    assert subprocess.run([shell, "-n"], input=SCRIPTS[shell], text=True, timeout=60, check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_gets_its_words(tmp_path):
    program = tmp_path / "grok-theory"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m grok_theory.cli "$@"\n')
    program.chmod(0o755)
    asked = (
        f"PATH={tmp_path}:$PATH\n{SCRIPTS['bash']}\n"
        "COMP_LINE='grok-theory solve linear.TeacherStudent s'; COMP_POINT=${#COMP_LINE}\n"
        '_grok_theory; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=120)
    assert done.stdout == "samples_per_dim= snr=\n"


def test_another_shell_is_one_sentence(run):
    for words, said in ((["tcsh"], "shell is 'tcsh'"), ([], "shell is not said")):
        code, out, err = run("completion", *words)
        assert (code, out) == (2, "")
        assert err.startswith(f"{said}, but it must be bash, zsh or fish.")
