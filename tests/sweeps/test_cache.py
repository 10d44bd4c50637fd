"""Every damaged file is noticed, named and computed again; what is finished is never lost nor computed twice."""

import os
import pickle
from pathlib import Path

import jax
import numpy as np
import pytest
from sweep_work import digits, points, square, sweep

import grok_theory as gt
from grok_theory import provenance, storage
from grok_theory.sweeps import batch as batches
from grok_theory.sweeps import cache


@pytest.fixture(autouse=True)
def fresh():
    yield
    provenance._installed.cache_clear()
    provenance._hash_of.cache_clear()


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
