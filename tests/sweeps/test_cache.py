"""Every problem has one address, and every damaged file is noticed, named and computed again."""

import enum
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sweep_work import digits, points, square, sweep

import grok_theory as gt
from grok_theory import provenance, storage
from grok_theory.sweeps import addresses, cache
from grok_theory.sweeps import batch as batches

SCALE = 3.0


def test_one_number_has_one_address(tmp_path):
    ways = [0.5, np.float64(0.5), np.float32(0.5), jnp.asarray(0.5), np.array(0.5)]
    problems = [gt.linear.TeacherStudent(way, snr) for way, snr in zip(ways, (1, 1.0, np.int64(1), 1, 1), strict=True)]
    assert len({addresses.text_of(addresses.canonical(problem)) for problem in problems}) == 1
    found = sweep(lambda problem: 2 * problem.samples_per_dim, problems, cache=tmp_path)
    assert found.computed == 1
    assert len(found) == 5
    modes = [[0.5, 1.5], (0.5, 1.5), np.array([0.5, 1.5]), jnp.array([0.5, 1.5])]
    assert len({addresses.text_of(addresses.canonical(gt.best_of_k.LinearJudge(1, 1, 1, m))) for m in modes}) == 1


def test_other_numbers_functions_versions_have_other_addresses(tmp_path):
    def times(factor):
        return lambda problem: problem["x"] * factor

    assert sweep(times(2.0), points(3), cache=tmp_path).computed == 3
    assert sweep(times(3.0), points(3), cache=tmp_path).computed == 3  # the closure differs
    assert sweep(times(2.0), points(3), cache=tmp_path).computed == 0
    assert sweep(lambda problem: problem["x"] - 2.0, points(3), cache=tmp_path).computed == 3  # the code differs
    assert sweep(times(2.0), points(3), cache=tmp_path, version="2").computed == 3
    assert sweep(times(2.0), [{"x": np.nextafter(0.1, 1)}], cache=tmp_path).computed == 1


def test_a_global_number_that_changes_is_noticed(tmp_path, monkeypatch):
    def run(problem):
        return problem["x"] * SCALE

    assert sweep(run, points(2), cache=tmp_path).computed == 2
    monkeypatch.setitem(globals(), "SCALE", 4.0)
    assert sweep(run, points(2), cache=tmp_path).computed == 2


def test_addresses_are_the_same_in_every_process():
    script = (
        "from grok_theory.sweeps import addresses\n"
        "def run(p, n=1): return p in {'x', 'y', 'z'}\n"  # a set's order changes with the seed of the process
        "print(addresses.fingerprint(run))"
    )
    found = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert "run" in found.pop()


@dataclass
class Opaque:
    inside: object


@dataclass
class Tripled:
    """A run that is an object: its fields are read as a closure's."""

    factor: float = 3.0

    def __call__(self, problem):
        return self.factor * problem

    def halved(self, problem):
        return self.factor * problem / 2


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def test_everything_a_problem_may_hold_has_its_own_address():
    values = [1, True, None, "1", 1 + 0j, 2j, b"1", Colour.RED, Colour.BLUE, [1, "a"], {"a": 1}, 2**70 + 1, 2.0**70]
    values += [np.array([1, 2]), np.array([1, 3]), np.array([1.5, 2]), Opaque([1, 2]), Opaque((1, "a")), Tripled(2.0)]
    texts = [addresses.text_of(value) for value in values]
    assert len(set(texts)) == len(values)
    assert texts == [addresses.text_of(value) for value in values]
    assert addresses.text_of([1, 2]) == addresses.text_of((1.0, 2.0))


def test_runs_that_are_methods_objects_or_built_in_have_addresses():
    runs = [Tripled(), Tripled(2.0), Tripled().halved, Tripled(2.0).halved, abs, np.sqrt, float]
    assert len({addresses.fingerprint(run) for run in runs}) == len(runs)
    assert addresses.fingerprint(Tripled().halved) == addresses.fingerprint(Tripled(3).halved)
    assert addresses.name_of(Tripled()) == "Tripled"


def test_what_has_no_address_is_named(tmp_path):
    with pytest.raises(gt.BadValue, match=r"problem\.inside is object, but a cache needs an address.*or cache=None"):
        sweep(lambda problem: 1.0, [Opaque(object())], cache=tmp_path, batch=1)
    assert sweep(lambda problem: 1.0, [Opaque(object())], batch=1)[0] == 1.0


def damage(path, kind, draw):
    content = bytearray(path.read_bytes())
    if kind == "bit":
        content[draw.integers(len(content))] ^= 1 << int(draw.integers(8))
    elif kind == "short":
        content = content[: draw.integers(len(content))]
    else:
        content += b"\0"
    path.write_bytes(content)


def test_every_damaged_file_is_noticed_named_and_computed_again(tmp_path):
    draw = np.random.default_rng(5)
    whole = sweep(square, points(24), cache=tmp_path)
    paths = sorted(tmp_path.glob("??/*.npz"))
    for path, kind in zip(paths[:18], ["bit"] * 8 + ["short"] * 5 + ["long"] * 5, strict=True):
        damage(path, kind, draw)
    one, other = paths[18].read_bytes(), paths[19].read_bytes()
    paths[18].write_bytes(other)
    paths[19].write_bytes(one)
    with pytest.warns(RuntimeWarning, match="It is computed again") as told:
        again = sweep(square, points(24), cache=tmp_path)
    assert (again.computed, again.reused, len(again.damaged), len(told)) == (20, 4, 20, 20)
    assert all(any(str(path) in sentence for sentence in again.damaged) for path in paths[:20])
    assert sum("another problem, function or version" in sentence for sentence in again.damaged) == 2
    assert [*map(digits, again)] == [*map(digits, whole)]
    assert sweep(square, points(24), cache=tmp_path).reused == 24


def test_a_full_disk_stops_with_one_sentence_and_keeps_what_is_finished(tmp_path, monkeypatch):
    write, written = storage.write_whole, []

    def fills_up(path, content):
        if len(written) == 4:
            raise gt.BadValue(f"path is {str(path)!r}, but it cannot be written: No space left on device. Free space.")
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(cache.storage, "write_whole", fills_up)
    with pytest.raises(gt.BadValue, match="No space left on device"):
        sweep(square, points(8), cache=tmp_path)
    monkeypatch.undo()
    assert sweep(square, points(8), cache=tmp_path).reused == 3


def test_strays_of_killed_processes_are_swept_and_living_ones_left(tmp_path):
    sweep(square, points(2), cache=tmp_path)
    folder = next(tmp_path.glob("??"))
    old, young = folder / ".a.npz.xyz.part", folder / ".b.npz.xyz.part"
    old.write_bytes(b"half"), young.write_bytes(b"half")
    os.utime(old, (0, 0))
    sweep(square, points(2), cache=tmp_path)
    assert not old.exists()
    assert young.exists()


def test_what_another_process_finished_meanwhile_is_not_computed(tmp_path):
    member = batches.Member(0, 0, {"x": 2.0}, "ab" * 32, {"run": "square"})
    store = cache.Cache(str(tmp_path))
    store.put(member.address, cache.sealed({"y": 7.0}, member.address, member.about, 0.0))
    batch = batches.Batch(pickle.dumps(square), 4, (member,), store, os.getpid())
    (outcome,) = batches.compute(batch)
    assert outcome.reused
    assert cache.opened(outcome.content, member.address, "x") == {"y": 7.0}


def test_an_answer_of_another_version_is_counted_and_not_used(tmp_path, monkeypatch):
    """A fault it would notice: an address without the package's sources, which serves old numbers after an upgrade."""
    old = sweep(square, points(6), cache=tmp_path)
    assert old.outdated == 0
    monkeypatch.setattr(provenance, "version", lambda name: "99.0")
    provenance._installed.cache_clear()
    with pytest.warns(RuntimeWarning, match="6 results of another version of grok_theory or its libraries are in the"):
        new = sweep(square, points(8), cache=tmp_path)
    assert (new.computed, new.reused, new.outdated) == (8, 0, 6)
    assert "6 results of another version of grok_theory or its libraries are in the cache and were not used." in str(
        new
    )
    again = sweep(square, points(8), cache=tmp_path)
    assert (again.reused, again.outdated) == (8, 0)
    monkeypatch.undo()
    provenance._installed.cache_clear()
    assert sweep(square, points(6), cache=tmp_path).reused == 6  # the old ones are kept for who goes back


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


def test_a_worker_of_another_version_is_refused():
    member = batches.Member(0, 0, {"x": 2.0}, "ab" * 32, {})
    asked = provenance.circumstances() | {"jax": "0.0.1"}
    batch = batches.Batch(pickle.dumps(square), 4, (member,), None, os.getpid(), asked)
    with pytest.raises(
        gt.BadValue, match=r"a worker that computes with something else .*\(jax: .* there, 0\.0\.1 here\)"
    ):
        batches.compute(batch)


def test_workers_compute_with_the_settings_of_who_asks():
    """A fault it would notice: random numbers of another generator in the workers than in this process."""

    def run(seed):
        return jax.random.normal(jax.random.key(seed))

    try:
        jax.config.update("jax_default_prng_impl", "rbg")
        here, there = (gt.sweep(run, [1, 2], batch=1, workers=n, version="1") for n in (1, 2))
    finally:
        jax.config.update("jax_default_prng_impl", "threefry2x32")
    assert digits(here.results) == digits(there.results)
    assert digits(here.results) != digits(gt.sweep(run, [1, 2], batch=1, workers=1, version="1").results)


FACTOR = 2.0


def factor():
    return FACTOR


def uses_factor(problem):
    return problem["x"] * factor()


def test_a_function_that_run_calls_counts_too(tmp_path, monkeypatch):
    assert sweep(uses_factor, points(2), cache=tmp_path).computed == 2
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert sweep(uses_factor, points(2), cache=tmp_path).computed == 2
    monkeypatch.setitem(globals(), "factor", lambda: 4.0)
    assert sweep(uses_factor, points(2), cache=tmp_path).computed == 2
    monkeypatch.undo()
    assert sweep(uses_factor, points(2), cache=tmp_path).reused == 2


def test_a_module_of_the_user_s_own_counts_by_its_file(tmp_path, monkeypatch):
    """What `run` calls by way of a module, and a class of it, change with the module's text."""
    (tmp_path / "of_mine.py").write_text("class Law:\n    power = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import of_mine; from of_mine import Law\n"
        "from grok_theory.sweeps import addresses\n"
        "print(addresses.fingerprint(lambda p: p ** of_mine.Law.power))\n"
        "print(addresses.fingerprint(lambda p: p ** Law.power))"
    )

    def said():
        words = [sys.executable, "-c", script, str(tmp_path)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()

    before = said()
    (tmp_path / "of_mine.py").write_text("class Law:\n    power = 3\n")
    after = said()
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.fixture
def read_only(monkeypatch):
    """From here on the operating system writes, makes and removes nothing, as on a read-only disk (root may all)."""

    def refuse(*words, **options):
        raise OSError(30, "Read-only file system")

    def lock():
        real = open

        def only_read(file, mode="r", *more, **options):
            if set(mode) & set("wxa+"):
                raise OSError(30, "Read-only file system", str(file))
            return real(file, mode, *more, **options)

        monkeypatch.setattr("builtins.open", only_read)
        for name in ("mkdir", "unlink", "replace", "rename", "chmod"):
            monkeypatch.setattr(os, name, refuse)
        monkeypatch.setattr(Path, "unlink", refuse)

    return lock


def test_a_read_only_finished_cache_is_read(tmp_path, read_only):
    whole = sweep(square, points(5), cache=tmp_path)
    stray = next(tmp_path.glob("??")) / ".a.part"
    stray.write_bytes(b"half")
    os.utime(stray, (0, 0))
    read_only()
    again = sweep(square, points(5), cache=tmp_path)
    assert (again.reused, again.computed) == (5, 0)
    assert [*map(digits, again)] == [*map(digits, whole)]
    assert stray.exists()
    with pytest.raises(
        gt.BadValue, match=r"cannot be written: Read-only.* cache holds 5 results; 2 are to be computed"
    ):
        sweep(square, points(7), cache=tmp_path)


@pytest.mark.parametrize("folder", ["", "a\0b"])
def test_a_cache_that_is_no_folder_is_named(folder):
    with pytest.raises(gt.BadValue, match=r"cache is .*, but it must be the path of a folder"):
        sweep(square, points(2), cache=folder)


def test_a_sealed_file_of_a_stranger_is_computed_again(tmp_path):
    """Content that no sweep writes, under the right name, with a checksum that fits."""
    whole = sweep(square, points(4), cache=tmp_path)
    paths = sorted(tmp_path.glob("??/*.npz"))
    contents = ({"address": paths[0].stem}, [1], {"result": 1.0}, {"address": 3, "result": 1.0})
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(storage.pack(content))
    with pytest.warns(RuntimeWarning, match="It is computed again"):
        again = sweep(square, points(4), cache=tmp_path)
    assert (again.computed, len(again.damaged)) == (4, 4)
    assert [*map(digits, again)] == [*map(digits, whole)]
