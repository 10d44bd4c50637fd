"""Who computes is known by the sources and libraries that run, not by those that lie on disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import provenance


def test_who_computes_is_known_by_sources_and_library_versions(tmp_path, monkeypatch):
    """An editable install keeps its version while its sources change."""
    package = tmp_path / "grok_theory"
    shutil.copytree(Path(gt.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "_PACKAGE", package)

    def made_by(**versions):
        monkeypatch.setattr(provenance, "version", lambda name: versions.get(name, "1.0"))
        monkeypatch.setattr(provenance, "_AT_IMPORT", provenance._stamps())
        for function in (provenance._installed, provenance._hash_of):
            function.cache_clear()
        return provenance.made_by(provenance.circumstances())

    def append(place, text):
        path = package / place
        path.write_text(path.read_text() + text)

    first = made_by()
    assert first == made_by()
    libraries = ["grok_theory", "scipy", "diffrax", "optimistix", "optax", "equinox", "lineax", "opt_einsum"]
    others = [made_by(**{name: "2.0"}) for name in libraries]
    for library in (jax, np):  # what is loaded counts, whatever has been installed since
        with monkeypatch.context() as patch:
            patch.setattr(library, "__version__", "2.0")
            others.append(made_by())
    with monkeypatch.context() as patch:
        patch.setattr(provenance.platform, "machine", lambda: "abacus")
        others.append(made_by())
    with monkeypatch.context() as patch:
        patch.setattr(provenance.platform, "python_version_tuple", lambda: ("4", "0", "0"))
        others.append(made_by())
    with monkeypatch.context() as patch:
        patch.setattr(jax, "default_backend", lambda: "abacus")
        others.append(made_by())
    with jax.default_matmul_precision("bfloat16"):
        others.append(made_by())
    try:
        jax.config.update("jax_default_prng_impl", "rbg")
        others.append(made_by())
    finally:
        jax.config.update("jax_default_prng_impl", "threefry2x32")
    for path in ("linear/ridge_regression.py", "numerics/runs.py", "errors.py", "reports.py", "tables/__init__.py"):
        append(path, "# another number\n")
        others.append(made_by())
    (package / "new_room.py").write_text("X = 1\n")
    others.append(made_by())
    (package / "numerics" / "nodes.csv").write_text("0.5,1.0\n")
    others.append(made_by())
    (package / "linear" / "curves.py").unlink()
    others.append(made_by())
    assert len({first, *others}) == 1 + len(others)
    append("cli/solve.py", "# another word\n")  # only shows numbers
    append("plot/lines.py", "# another colour\n")
    (package / "linear" / ".curves.py.swp").write_text("an editor's")
    assert made_by() == others[-1]


@pytest.fixture(autouse=True)
def fresh():
    yield
    provenance._installed.cache_clear()
    provenance._hash_of.cache_clear()


def test_sources_that_changed_while_they_run_make_no_address(tmp_path, monkeypatch):
    """A fault it would notice: numbers of the code in memory, kept as those of files that were edited since."""
    package = tmp_path / "grok_theory"
    shutil.copytree(Path(gt.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    script = (
        "import sys; import grok_theory as gt; from grok_theory import linear; from pathlib import Path\n"
        "def times():\n"
        "    try: return gt.sweep(abs, [-2.0], cache=sys.argv[1], workers=1, batch=1, version='1').computed\n"
        "    except gt.BadValue as error: return str(error)\n"
        "print(times())\n"
        "path = Path(linear.__file__); assert Path(sys.argv[1]).parent in path.parents\n"
        "path.write_text(path.read_text() + '# edited')\n"
        "print(times())\n"
        "print(gt.sweep(abs, [-2.0], workers=1, batch=1, version='1').computed)"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "JAX_ENABLE_X64": "1"}

    def said():
        words = [sys.executable, "-c", script, str(tmp_path / "cache")]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    first, second, third = said()
    assert (first, third) == ("1", "1")
    assert "have been changed since this process imported them" in second
    assert said()[0] == "1"  # and the files as edited are another maker


def test_a_package_in_an_archive_or_without_sources(tmp_path, monkeypatch):
    for content in (b"one", b"two"):
        (tmp_path / "all.zip").write_bytes(content)
        monkeypatch.setattr(provenance, "_PACKAGE", tmp_path / "all.zip" / "grok_theory")
        monkeypatch.setattr(provenance, "_AT_IMPORT", provenance._stamps())
        provenance._hash_of.cache_clear()
        one = provenance.sources_hash() if content == b"one" else one
    assert provenance.sources_hash() != one
    monkeypatch.setattr(provenance, "_PACKAGE", tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    with pytest.raises(gt.BadValue, match=r"cannot be read at .* Install it as files, or pass cache=None"):
        provenance.sources_hash()


def test_sources_are_hashed_once_a_process():
    """Every member of a sweep asks for its maker; unchanged sources are not read again for it."""
    maker = provenance.made_by(provenance.circumstances())
    read = provenance._hash_of.cache_info().misses
    assert all(provenance.made_by(provenance.circumstances()) == maker for _ in range(10))
    assert provenance._hash_of.cache_info().misses == read
