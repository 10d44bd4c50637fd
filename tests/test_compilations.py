"""Compiled programs kept on disk: the next process loads them, silent, bounded, harmless, off where JAX is told so."""

import json
import os
import re
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import compiled_programs
from grok_theory.cli.cache import command
from grok_theory.compilations import kept_here

ROOT = Path(__file__).parents[1]
# What a user would write, with a small program for a solve; it counts what JAX says of its cache.
SCRIPT = """
import json, sys
import jax, jax.numpy as jnp
import grok_theory as gt
gt.Solution, gt.BadValue
before = jax.config.jax_compilation_cache_dir
counts = {"cache_hits": 0, "cache_misses": 0, "compiled": 0}
def count(name, **more):
    if name.startswith("/jax/compilation_cache/cache_"):
        counts[name.rsplit("/", 1)[1]] += 1
def compiled(name, seconds, **more):
    counts["compiled"] += "backend_compile" in name
jax.monitoring.register_event_listener(count)
jax.monitoring.register_event_duration_secs_listener(compiled)
folder = gt.keep_compilations(*sys.argv[1:])
x = jax.jit(lambda n: jnp.sort(jnp.sin(jnp.arange(100.0) * n)) @ jnp.ones((100, 3)))(2.0)
print(json.dumps(counts | {"before": before, "folder": folder and str(folder), "x": [float(v).hex() for v in x]}))
"""


def start(*words, **changes):
    """Begin the script in an environment that keeps nothing of this process; a change to None takes a variable out."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XLA_", "TF_", "XDG_", "PYTHON"))}
    changes = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"} | changes
    environment = {name: value for name, value in (kept | changes).items() if value is not None}
    command_line = [sys.executable, "-c", SCRIPT, *map(str, words)]
    return subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def answer(process):
    """What the script counted; it must have said nothing on stderr."""
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert said == ""
    return json.loads(out)


def test_a_second_process_loads_what_the_first_compiled_and_is_silent(tmp_path):
    first = answer(start(XDG_CACHE_HOME=str(tmp_path)))
    second = answer(start(XDG_CACHE_HOME=str(tmp_path)))
    assert first["cache_hits"] == 0 < first["cache_misses"]
    assert second["cache_misses"] == 0 < second["cache_hits"]
    # Whoever counts compilations counts loaded programs too.
    assert second["compiled"] == first["compiled"] == second["cache_hits"]
    assert second["x"] == first["x"]
    assert first["before"] is None, "importing the package switches nothing on"
    folder = Path(second["folder"])
    assert folder.parent == tmp_path / "grok_theory" / "compiled"
    assert re.fullmatch(rf"grok_theory-.*-jax-{jax.__version__}-jaxlib-.*-[0-9a-f]{{12}}", folder.name)
    assert folder.stat().st_mode & 0o077 == 0

    # Damaged as by a process that was killed while it wrote: compiled again, not a word, and mended by the next.
    old = time.time() - 60
    for program in folder.glob("*-cache"):
        program.write_bytes(program.read_bytes()[:-7])
        os.utime(program, (old, old))
    (folder.parent / "tidied-at").unlink()
    third = answer(start(XDG_CACHE_HOME=str(tmp_path)))
    assert (third["cache_hits"], third["x"]) == (0, first["x"])
    for program in folder.glob("*-cache"):
        zlib.decompress(program.read_bytes())


def test_programs_of_diffrax_call_no_python_and_can_be_kept():
    """The tests' own process keeps all its programs; JAX stores none that calls Python."""
    assert os.environ["EQX_ON_ERROR"] == "off"
    method = gt.lazy_rich.Population()

    def curve(curvature):
        problem = gt.lazy_rich.QuadraticCommittee(1.0, curvature, 2.0, 0.4)
        return gt.lazy_rich.solve(problem, [1.0, 2.0], method=method)["test_loss"]

    program = jax.jit(curve).lower(0.5).as_text()
    assert "while" in program
    assert "callback" not in program


def test_two_processes_at_once_and_a_folder_of_ones_own(tmp_path):
    both = [start(tmp_path / "mine") for _ in range(2)]
    first, second = map(answer, both)
    assert first["x"] == second["x"]
    assert first["folder"] == second["folder"] == str(tmp_path / "mine" / compiled_programs.folder_name())


@pytest.fixture
def nothing_kept_yet():
    """As in a process that has not called `keep_compilations`; where nothing is switched on, nothing else changes."""
    before = jax.config.jax_compilation_cache_dir, jax.config.jax_enable_compilation_cache
    jax.config.update("jax_compilation_cache_dir", None)
    jax.config.update("jax_enable_compilation_cache", True)
    yield
    jax.config.update("jax_compilation_cache_dir", before[0])
    jax.config.update("jax_enable_compilation_cache", before[1])


@pytest.mark.parametrize(
    ("home", "cache"),
    [("", None), ("", "relative/is/none"), ("/dev/null", None), (None, "/dev/null/none")],
    ids=["no home", "a relative cache folder", "a home that cannot be written", "a cache folder that cannot be"],
)
def test_where_nothing_can_be_kept_all_goes_on(nothing_kept_yet, monkeypatch, home, cache):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    for name, value in (("HOME", home), ("XDG_CACHE_HOME", cache)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert gt.keep_compilations() is None
    assert jax.config.jax_compilation_cache_dir is None
    assert kept_here().folder is None
    assert "XDG_CACHE_HOME" in kept_here().said or "/dev/null" in kept_here().said


def test_what_jax_was_told_is_honoured(nothing_kept_yet, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
    assert gt.keep_compilations() == tmp_path / "theirs"
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "theirs")
    jax.config.update("jax_enable_compilation_cache", False)
    assert gt.keep_compilations() is None
    assert gt.keep_compilations(tmp_path / "mine") is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("path", "words"), [("", "path is ''"), (3, "path is 3"), (b"x", "path is b'x'")])
def test_a_path_that_is_none(path, words):
    with pytest.raises(gt.BadValue, match=words):
        gt.keep_compilations(path)


def test_a_file_is_no_folder(tmp_path):
    if not jax.config.jax_enable_compilation_cache:
        pytest.skip("JAX keeps nothing here")
    (tmp_path / "file").write_text("")
    with pytest.raises(gt.BadValue, match=r"path is .*file.*cannot be a folder.*Name a folder of yours"):
        gt.keep_compilations(tmp_path / "file")


def stored(root, folder, count, size, age=1000.0):
    """Programs in `folder` below `root`, the first used longest ago."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    rng, now = np.random.default_rng(0), time.time()
    made = []
    for i in range(count):
        path = root / folder / f"jit_f{i}-cache"
        path.write_bytes(zlib.compress(rng.bytes(size), 0))
        os.utime(path, (now - age - count + i, now - age - count + i))
        made.append(path)
    return made


def test_the_disk_is_bounded_and_what_was_used_last_stays(tmp_path):
    old, new = stored(tmp_path, "old version", 10, 1000, age=5000), stored(tmp_path, "this version", 10, 1000)
    (tmp_path / "old version" / "notes.txt").write_text("mine")
    compiled_programs.tidy(tmp_path, limit=12_000)
    left = {program.path for program in compiled_programs.programs(tmp_path)}
    assert left == set(new)  # .9 of the limit: the ten newest, 10 110 bytes
    assert not any(path.exists() for path in old)
    assert (tmp_path / "old version" / "notes.txt").exists()
    compiled_programs.tidy(tmp_path, limit=12_000)
    assert {program.path for program in compiled_programs.programs(tmp_path)} == left


def test_damage_is_taken_away_and_what_is_being_written_is_not(tmp_path):
    late, fine = stored(tmp_path, "v", 2, 1000)
    spoilt = zlib.compress(b"x" * 1000, 0)[:-3]
    late.write_bytes(spoilt)
    compiled_programs.tidy(tmp_path)
    assert late.exists(), "written this moment: another process may be at it"
    os.utime(late, (time.time() - 10,) * 2)
    (tmp_path / "v" / "looked-at").unlink()
    compiled_programs.tidy(tmp_path)
    assert not late.exists()
    assert fine.exists()


def test_the_folder_names_version_processor_and_flags(monkeypatch):
    here = compiled_programs.folder_name()
    assert here == compiled_programs.folder_name()
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=AVX2")
    flagged = compiled_programs.folder_name()
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setattr(compiled_programs, "_instructions", lambda: "another processor")
    elsewhere = compiled_programs.folder_name()
    monkeypatch.setattr(compiled_programs, "version", lambda name: "9.9")
    newer = compiled_programs.folder_name()
    assert len({here, flagged, elsewhere, newer}) == 4


def test_the_command_shows_and_removes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.delenv("JAX_ENABLE_COMPILATION_CACHE", raising=False)
    root = tmp_path / "grok_theory" / "compiled"
    stored(root, compiled_programs.folder_name(), 3, 2**20)
    stored(root, "grok_theory-0.0.1", 2, 2**20)
    command(clear=False, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["programs"], found["programs_of_this_version_and_machine"]) == ("kept", 5, 3)
    assert found["folder"] == str(root / compiled_programs.folder_name())
    command(clear=True, as_json=False)
    assert "removed: 5 programs, 5.0 MB" in capsys.readouterr().out
    assert not list(root.iterdir())
    command(clear=True, as_json=False)  # nothing there
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "0")
    command(clear=False, as_json=False)
    assert "JAX_ENABLE_COMPILATION_CACHE is false" in capsys.readouterr().out


def test_a_folder_of_jax_is_never_cleared(tmp_path, monkeypatch, capsys):
    stored(tmp_path, "theirs", 2, 100)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "theirs"))
    monkeypatch.delenv("JAX_ENABLE_COMPILATION_CACHE", raising=False)
    command(clear=True, as_json=False)
    assert "never removed" in capsys.readouterr().out
    assert len(list((tmp_path / "theirs").iterdir())) == 2


def test_a_program_that_cannot_be_read_is_no_warning():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gt.keep_compilations()
        warnings.warn("Error reading persistent compilation cache entry for 'jit_f': damaged", stacklevel=1)
    if jax.config.jax_enable_compilation_cache:
        assert not caught
