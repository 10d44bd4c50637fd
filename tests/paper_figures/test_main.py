"""`python -m paper_figures` from outside: exit codes, one-sentence errors, crashes and kills."""

import importlib.util
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zlib

import pytest
from typer.testing import CliRunner

from paper_figures.__main__ import app
from paper_figures.figure import HOME, catalogue
from paper_figures.making.browser import BrowserFailed, find_browser
from paper_figures.making.choice import Choice
from paper_figures.papers import ROWS


@pytest.fixture
def command(figures, tmp_path):
    return [
        sys.executable, "-m", "paper_figures", "--from", str(figures), "--out", str(tmp_path / "out"),
        "--cache", str(tmp_path / "cache"),
    ]  # fmt: skip


@pytest.fixture
def run(command):
    def call(*words):
        return subprocess.run([*command, *words], cwd=HOME.parent, capture_output=True, text=True, timeout=120)

    return call


@pytest.fixture
def here(command):
    """The command in this process, for what ends before anything is built."""
    return lambda *words: CliRunner().invoke(app, [*command[3:], *words])


def test_a_build_of_good_and_bad_figures(run, write, tmp_path):
    """One build sees all: a failing figure and a crashing one stop no other, and the exit code tells."""
    write("broken", drawing="raise ValueError('no ink')")
    write("crash", delay="import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    done = run("--set", "wide.height=3", "--size", "quick")
    assert done.returncode == 3
    assert "failed broken: ValueError: no ink" in done.stdout
    assert "failed crash: The process that built it was killed by SIGSEGV." in done.stdout
    assert "built  small" in done.stdout
    assert re.search(r"FAILS The greatest is at most 1\. \[3\]", done.stdout)
    page = (tmp_path / "out" / "index.html").read_text()
    assert all(f'id="{name}"' in page for name in ("small", "wide", "broken", "crash"))
    # With --check a claim that fails is an exit code of its own, also when nothing has to be built.
    assert run("wide", "--set", "wide.height=3", "--size", "quick", "--check").returncode == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["smal"], "There is no figure 'smal'; the nearest: small."),
        (["zzz"], "There is no figure 'zzz'; `--list` shows them all."),
        (["--size", "huge"], "--size is 'huge', but it must be one of quick, default, full."),
        (["--paper", "kumer"], "--paper is 'kumer', but no paper is called so; the nearest: kumar."),
        (
            ["--paper", "zzz"],
            "--paper is 'zzz', but no paper is called so; there are advani, kumar, tian, halder.",
        ),
        (["--paper", "kumar", "--figure", "99"], "--figure is '99', but kumar has no such figure; the nearest: 9, 19."),
        (["--figure", "3z"], "--figure is '3z', but no paper has such a figure; the nearest: 3, 3e, 3b."),
        (["--wing", "linaer"], "--wing is 'linaer', but no figure is of it; the nearest: linear."),
        (
            ["--paper", "kumar", "--json", "--figure", "4a"],
            "--figure is '4a', but kumar has no such figure; the nearest: 4, 7a, 6a.",
        ),
        (["--set", "points=2.5"], "points is '2.5', but it must be a whole number."),
        (["--set", "pints=2"], "None of the chosen figures has a parameter 'pints'; did you mean 'points'?"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_2(here, words, sentence):
    done = here(*words)
    assert done.exit_code == 2
    assert done.stderr.strip() == sentence


def test_a_figure_without_a_quick_size_is_shown_at_the_default_size_only(here, write):
    path = write("long")
    path.write_text(path.read_text().replace('"quick": {"points": 5}', '"full": {"points": 99}'))
    done = here("long", "--size", "quick")
    assert done.exit_code == 2
    assert done.stderr.strip() == "long cannot be shown at --size quick (default only); write --size default."


@pytest.mark.parametrize("option", ["--out", "--cache"])
def test_a_folder_that_is_a_file_is_refused_before_anything_is_computed(figures, write, tmp_path, option):
    write("one")
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        folders = {"--out": tmp_path / "out", "--cache": tmp_path / "cache", option: place}
        words = [str(word) for pair in folders.items() for word in pair]
        done = CliRunner().invoke(app, ["--from", str(figures), *words, "--size", "quick"])
        assert done.exit_code == 2
        assert done.stderr.startswith(f"{option} is {str(place)!r}, but it cannot be a folder")
    assert (tmp_path / "file").read_text() == "mine"


def test_the_list_names_figures_and_papers(here):
    done = here("--list")
    assert done.exit_code == 0
    assert re.search(r"small +Powers in small +A\. & B\. 2020", done.stdout)


def test_a_paper_and_a_number_choose_the_files_that_show_them(here, write):
    """Rows are listed as JSON or as a table; a number stands for its panels, and a reason for what is not there."""
    for name, figures, states in (("one", '("3a", "4")', '{"4": "P: no theory line"}'), ("two", '("3",)', "{}")):
        path = write(name, paper="Kumar et al. 2023")
        path.write_text(path.read_text().replace("\nWING", f"\nFIGURES = {figures}\nSTATES = {states}\nWING"))
    rows = {row["figure"]: row for row in json.loads(here("--paper", "Kumar", "--json").stdout)}
    assert set(rows) == {row.number for row in ROWS if row.paper == "kumar"}
    assert rows["3a"]["files"] == ["one", "two"]
    assert rows["3e"]["files"] == ["two"]
    assert (rows["3b"]["state"], rows["4"]["state"], rows["19"]["state"]) == ("R", "P", "none")
    assert (rows["4"]["reason"], rows["4"]["seconds"]) == ("no theory line", None)
    assert {row["figure"] for row in json.loads(here("--figure", "3", "--json").stdout)} == {"3", "3a", "3b", "3e"}
    assert [row["figure"] for row in json.loads(here("one", "--json").stdout)] == ["3a", "4"]
    assert json.loads(here("--wing", "best_of_k", "--json").stdout) == []
    known = catalogue(path.parent)
    assert [label.name for label in Choice.of((), "kumar", "3A", None).figures(known)] == ["one", "two"]
    assert [label.name for label in Choice.of((), None, "4", "linear").figures(known)] == ["one"]
    table = here("--paper", "kumar", "--figure", "4", "--list").stdout
    assert re.search(r"4 +P +\? +loss with its decomposition +one +no theory line", table)
    assert table.endswith("builds them; or name some: grok-theory figures one.\n")
    done = here("--paper", "kumar", "--figure", "14")
    assert done.exit_code == 2
    assert done.stderr.startswith("Of --paper kumar --figure 14 there is no figure here: ")
    done = here("--paper", "kumar", "--wing", "best_of_k")
    assert done.stderr.startswith("No figure is all of this: --paper kumar --wing best_of_k.")


def test_a_folder_without_figures_is_named(here, figures):
    for path in figures.glob("*.py"):
        path.unlink()
    done = here()
    assert done.exit_code == 2
    assert "holds no figure files" in done.stderr


def killed_builds(command, figures, cache, computed, kills):
    """Kill the build at random moments; returns the (finished, lost) steps over all kills."""
    moments = random.Random(zlib.crc32(b"killed builds"))
    finished = lost = 0
    for _ in range(kills):
        before = len(computed())
        process = subprocess.Popen(
            [*command, "many"], cwd=HOME.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        wanted = before + moments.randint(1, 3)
        deadline = time.monotonic() + 60
        while len(computed()) < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.06))
        kept = set(cache.glob("many/*.npz"))
        process.kill()
        process.wait()
        # The process that builds notices that nobody waits for it any more.
        while time.monotonic() < deadline:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail("the worker outlived its parent")
        finished += len(kept)
        lost += len(kept - set(cache.glob("many/*.npz")))
    return finished, lost


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)], ids=["two kills", "twenty kills"])
def test_kill_9_loses_nothing_that_was_finished(command, run, write, figures, computed, tmp_path, kills):
    steps = 4 * kills
    write("many", steps=steps, delay="__import__('time').sleep(0.05)")
    cache = tmp_path / "cache"
    _, lost = killed_builds(command, figures, cache, computed, kills)
    assert lost == 0
    kept = {path.name.split("-")[0] for path in cache.glob("many/*.npz")}
    before = len(computed())
    done = run("many")
    assert done.returncode == 0
    assert "checksum" not in done.stdout, "a kill left a file that is not whole under its final name"
    # What was on disk is not computed again, and everything is there in the end.
    again = [f"power_{line.split()[1]}" for line in computed()[before:]]
    assert not kept & set(again)
    assert len(again) == steps - len(kept)
    # The pictures and numbers are those of a build nobody disturbed.
    undisturbed = tmp_path / "undisturbed"
    quiet = [*command[:-4], "--out", str(undisturbed), "--cache", str(tmp_path / "other")]
    if kills == 20:
        subprocess.run([*quiet, "many"], cwd=HOME.parent, check=True, capture_output=True, timeout=300)
        for kind in ("png", "pdf", "npz"):
            assert (undisturbed / f"many.{kind}").read_bytes() == (tmp_path / "out" / f"many.{kind}").read_bytes()


def test_ctrl_c_is_exit_code_130_and_keeps_what_is_finished(command, write, computed, tmp_path):
    write("many", steps=40, delay="__import__('time').sleep(0.05)")
    process = subprocess.Popen(
        [*command, "many"], cwd=HOME.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(computed()) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "The same command resumes" in said
    assert "Traceback" not in said
    assert len(list((tmp_path / "cache" / "many").glob("*.npz"))) >= 2


@pytest.mark.slow
def test_the_claims_of_all_figures_hold_at_quick_size(tmp_path):
    words = ["--size", "quick", "--check", "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-m", "paper_figures", *words], cwd=HOME.parent, capture_output=True, text=True, timeout=3000
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="`make browser` installs playwright")
def test_the_page_in_a_browser(run, tmp_path):
    try:
        find_browser()
    except BrowserFailed as none:
        pytest.skip(str(none))
    assert run().returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "paper_figures.making.browser", str(tmp_path / "out")],
        cwd=HOME.parent, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_browser_or_a_page_there_is_one_sentence(tmp_path):
    def browser(**changes):
        changes = {"PATH": os.environ["PATH"], "CHROME_PATH": ""} | changes
        return subprocess.run(
            [sys.executable, "-m", "paper_figures.making.browser", str(tmp_path)],
            cwd=HOME.parent, capture_output=True, text=True, timeout=60, env=os.environ | changes,
        )  # fmt: skip

    done = browser()
    assert done.returncode == 2
    assert "build it first with `make figures`" in done.stderr
    (tmp_path / "index.html").write_text("<!doctype html>")
    for changes, sentence in (
        ({"PATH": str(tmp_path)}, "No browser found: none of chromium, chromium-browser, google-chrome is on the PATH"),
        ({"CHROME_PATH": "/no/chrome"}, "CHROME_PATH is '/no/chrome', but no program is there"),
        # Any program does where the driver is missing; with the driver, this one is no browser.
        ({"CHROME_PATH": sys.executable}, ("The browser is driven by playwright", "The browser /")),
    ):
        done = browser(**changes)
        assert done.returncode == 2
        assert done.stderr.startswith(sentence)
        assert len(done.stderr.strip().splitlines()) == 1
