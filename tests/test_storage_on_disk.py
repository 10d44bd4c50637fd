"""Where files are written: whole or not at all, and never over what they must not replace."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import grok_theory as gt
from grok_theory import storage
from grok_theory.errors import BadValue, DamagedFile, TooLarge


def test_a_write_that_fails_leaves_the_old_file_and_no_stray_one(tmp_path, monkeypatch):
    path = storage.write_whole(tmp_path / "deep" / "result.npz", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(BadValue, match=r"cannot be written: No space left on device\. Free space"):
        storage.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["result.npz"]


def test_a_missing_file_gets_one_sentence(tmp_path):
    with pytest.raises(BadValue, match="cannot be read: No such file"):
        storage.read(tmp_path / "nothing.npz")
    os.mkfifo(tmp_path / "pipe.npz")  # nobody ever writes to it
    for path, why in ((tmp_path, "Is a directory"), ("/dev/zero", "it is no file"), (tmp_path / "pipe.npz", "no file")):
        with pytest.raises(BadValue, match=rf"cannot be read: .*{why}\. Name an existing result file"):
            storage.read(path)
    for path in ("", "a\0b"):
        with pytest.raises(BadValue, match=r"path is .*, but it must be a path\. Name an existing result file"):
            storage.read(path)


def test_a_file_beyond_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """Sparse files claim terabytes and take no disk: one without a checksum, one that ends in one."""
    path = tmp_path / "huge.npz"
    with open(path, "wb") as file:
        file.truncate(1 << 43)
    with pytest.raises(DamagedFile, match="has no checksum"):
        storage.read(path)
    with open(path, "r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"sha256:" + b"0" * 64)
    with pytest.raises(TooLarge, match=r"Reading .*huge\.npz needs .* GiB, but only .* Free memory"):
        storage.read(path)


def test_what_a_file_would_replace_is_looked_at(tmp_path):
    pipe = tmp_path / "pipe.npz"
    os.mkfifo(pipe)
    (tmp_path / "folder.npz").mkdir()
    for path, kind in (
        (tmp_path, "a folder"),
        (tmp_path / "folder.npz", "a folder"),
        (pipe, "a device or a pipe"),
        ("/dev/null", "a device or a pipe"),
        ("/dev/full", "a device or a pipe"),
    ):
        with pytest.raises(
            BadValue, match=rf"path is '.*', but it cannot be written: it is {kind}\. Name another file"
        ):
            storage.write_whole(path, b"x")
    assert not list((tmp_path / "folder.npz").iterdir())
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.npz", "pipe.npz"]


def test_a_protected_file_is_left_alone(tmp_path, monkeypatch):
    path = storage.write_whole(tmp_path / "kept.npz", b"old")
    access = os.access
    monkeypatch.setattr(os, "access", lambda file, mode: mode != os.W_OK and access(file, mode))  # root may write all
    with pytest.raises(BadValue, match="it is protected against writing"):
        storage.write_whole(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
    target = tmp_path / "there" / "result.npz"
    storage.write_whole(target, b"old")
    target.chmod(0o640)
    link = tmp_path / "link.npz"
    link.symlink_to(target)
    assert storage.write_whole(link, b"new") == link
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    (tmp_path / "round.npz").symlink_to("round.npz")
    with pytest.raises(BadValue, match=r"round\.npz.*cannot be written"):
        storage.write_whole(tmp_path / "round.npz", b"x")


def test_a_new_file_may_be_read_by_whom_the_umask_lets(tmp_path):
    before = os.umask(0o027)
    try:
        path = storage.write_whole(tmp_path / "new.npz", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 251 + ".npz")
    assert storage.write_whole(path, b"x").read_bytes() == b"x"
    longer = tmp_path / ("n" * 300 + ".npz")
    with pytest.raises(BadValue, match="longer than the 255 bytes that this disk takes"):  # before any work
        storage.destination(longer, (".npz",))
    with pytest.raises(BadValue, match="cannot be written: File name too long"):
        storage.write_whole(longer, b"x")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("theory", r"must end in \.npz or \.csv\. Name such a file"),
        ("theory.txt", r"must end in \.npz or \.csv"),
        ("theory.npz.gz", r"must end in \.npz or \.csv"),
        (".npz", r"must end in \.npz or \.csv"),
        ("run1.5", r"must end in \.npz or \.csv"),
        ("folder", r"that is a folder\. Name a file in it that ends in \.npz or \.csv"),
        ("folder.npz", r"that is a folder"),
        ("new.npz/", r"that is a folder"),
        ("", r"that is a folder"),
        ("pipe.npz", r"cannot be written: it is a device or a pipe"),
        ("ring.npz", r"cannot be written: it is a link to itself"),
        ("file.txt/a.npz", r"cannot be written: .*file\.txt is no folder"),
        ("shut/below/a.npz", r"cannot be written: .*shut may not be written to"),
        ("alias.npz", r"it is a link to '.*file\.txt', which does not end so"),
        ("blind.npz", r"it is a link to '.*nowhere', which does not end so"),
        (f"{'x' * 252}.npz", r"a name in it is longer than the 255 bytes"),
        (f"{'x' * 256}/a.npz", r"a name in it is longer than the 255 bytes"),
    ],
)
def test_a_destination_is_where_it_says_or_refused(tmp_path, monkeypatch, name, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "shut").mkdir()
    (tmp_path / "file.txt").write_text("mine")
    (tmp_path / "ring.npz").symlink_to("ring.npz")
    (tmp_path / "alias.npz").symlink_to("file.txt")
    (tmp_path / "blind.npz").symlink_to("nowhere")
    (tmp_path / "good.npz").symlink_to("elsewhere.NPZ")
    monkeypatch.setattr(os, "pathconf", lambda folder, name: 255)
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("shut"))  # root may write anywhere
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    shown = re.escape(f"{tmp_path}/{name}") if len(name) < 200 else ".*"
    with pytest.raises(BadValue, match=f"^out is '{shown}'.*, but.*{words}"):
        storage.destination(f"{tmp_path}/{name}", (".npz", ".csv"), "out")
    assert storage.destination(tmp_path / "good.npz", (".npz", ".csv")) == tmp_path / "good.npz"
    assert storage.destination(tmp_path / "a.NPZ", (".npz", ".csv")) == tmp_path / "a.NPZ"


@pytest.mark.skipif(os.name != "posix", reason="there are no such folders")
@pytest.mark.parametrize("path", ["/dev/full.npz", "/dev/fd/new/a.npz", "/proc/self/a.npz", "/sys/a.npz"])
def test_nothing_is_written_among_devices(path, monkeypatch):
    """Opened nowhere here: whoever breaks this must not write there either."""
    monkeypatch.setattr("builtins.open", lambda *words, **options: pytest.fail("it was opened"))
    monkeypatch.setattr(Path, "mkdir", lambda *words, **options: pytest.fail("a folder was made"))
    with pytest.raises(BadValue, match="holds devices, no files"):
        storage.destination(path, (".npz",), "out")
    with pytest.raises(BadValue, match="cannot be written: devices are there, no files"):
        storage.write_whole(path, b"x")
    with pytest.raises(BadValue, match="holds devices, no files"):
        gt.Solution(None, [1.0], {"test_loss": [1.0]}, "time", None, None).save(path)
    for inside in ("/dev/shm", "/dev/shm/mine/deep", "/tmp", "/tmp/dev/shm", "/home/dev", "/development", "/"):
        assert not storage._is_kernel_s(Path(inside))
    for outside in ("/dev", "/dev/mine/shm", "/proc/shm", "/sys/a/b"):
        assert storage._is_kernel_s(Path(outside))


def test_killed_while_writing_leaves_whole_files(tmp_path):
    """A process that writes without pause is killed at different moments; every file found is whole."""
    script = (
        "import sys, numpy as np; from grok_theory import storage\n"
        "packed = [storage.pack(np.full(20000, float(i))) for i in range(8)]\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    for i, content in enumerate(packed): storage.write_whole(sys.argv[1] + f'/{i % 3}.npz', content)\n"
    )
    for kill in range(3):
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05 + 0.037 * kill)
        process.kill()
        process.wait()
        process.stdout.close()
        found = list(tmp_path.glob("*.npz"))
        assert found
        for path in found:
            values = storage.read(path)
            assert np.all(values == values[0])


@pytest.mark.parametrize("known", [True, False])
def test_the_longest_name_is_the_disks_or_255_bytes(tmp_path, monkeypatch, known):
    longest = 143 if known else 255

    def said(folder, name):
        if known:
            return longest
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "pathconf", said)
    kept = tmp_path / ("n" * (longest - 4) + ".npz")
    assert storage.destination(kept, (".npz",)) == kept
    with pytest.raises(BadValue, match=f"longer than the {longest} bytes"):
        storage.destination(tmp_path / ("n" * (longest - 3) + ".npz"), (".npz",))


def test_a_system_that_cannot_open_at_once_opens_for_reading(tmp_path, monkeypatch):
    path = storage.write_whole(tmp_path / "result.npz", storage.pack("kept"))
    monkeypatch.delattr(os, "O_NONBLOCK")  # as on Windows
    assert storage.read(path) == "kept"
