"""Files are whole, exact to the bit, and notice damage."""

import hashlib
import io
import json
import re
import zipfile
from collections import namedtuple

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import jax
import numpy as np
import pytest
from hypothesis import given

from grok_theory import storage
from grok_theory.best_of_k.closed_forms import Gaps
from grok_theory.dynamics import GradientDescent
from grok_theory.errors import BadValue, DamagedFile
from grok_theory.named_axes import Field

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | arrays.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.complex128, bool]), arrays.array_shapes(min_side=0)
    )
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner)
    ),
    max_leaves=8,
)


def identical(left, right):
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, dict):
        return list(left) == list(right) and all(identical(left[k], right[k]) for k in left)
    if isinstance(left, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(identical, left, right))
    return type(left) is type(right) and (left == right or left != left)


@given(trees)
def test_what_is_packed_comes_back_to_the_bit(tree):
    assert identical(storage.unpack(storage.pack(tree)), tree)


def test_records_and_keys_come_back():
    field = Field(np.arange(6.0).reshape(2, 3), axes=("time", "lag"))
    packed = storage.pack({"field": field, "dynamics": GradientDescent(0.1), "key": jax.random.key(7)})
    back = storage.unpack(packed)
    assert back["field"] == field
    assert back["field"].axes == ("time", "lag")
    assert back["dynamics"] == GradientDescent(0.1)
    assert jax.random.bits(back["key"]) == jax.random.bits(jax.random.key(7))


def test_a_named_tuple_comes_back_with_its_names_and_a_foreign_one_is_refused():
    back = storage.unpack(storage.pack([Gaps(1.5, np.float64(0.5), -2.0, True), (1, 2)]))
    assert type(back[0]) is Gaps
    assert (back[0].judge, float(back[0].product), back[0].reward, back[0].population) == (1.5, 0.5, -2.0, True)
    assert back[1] == (1, 2)
    with pytest.raises(BadValue, match=r"only classes of grok_theory can be saved"):
        storage.pack(namedtuple("Mine", "loss")(1.0))


def test_the_file_is_an_ordinary_npz():
    packed = storage.pack({"curve": np.arange(3.0)})
    seal = hashlib.sha256(packed[:-71]).hexdigest()
    assert zipfile.ZipFile(io.BytesIO(packed)).comment == b"sha256:" + seal.encode()
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        assert json.loads(bytes(file["structure"]))["format"] == storage.FORMAT
        np.testing.assert_array_equal(file["array0"], np.arange(3.0))


def test_every_flipped_bit_and_every_truncation_is_noticed():
    packed = storage.pack({"curve": np.linspace(0, 1, 5)})
    for at in range(len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 1 << (at % 8)
        with pytest.raises(DamagedFile, match=r"run 3 .*Make it again"):
            storage.unpack(bytes(damaged), source="run 3")
    for length in range(0, len(packed), 7):
        with pytest.raises(DamagedFile, match="Make it again"):
            storage.unpack(packed[:length])


def forged(structure):
    """A file with a right checksum and any structure: what a stranger could send."""
    buffer = io.BytesIO()
    np.savez(buffer, structure=np.frombuffer(json.dumps(structure).encode(), np.uint8))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"sha256:" + b"0" * 64
    body = buffer.getvalue()[:-71]
    return body + b"sha256:" + hashlib.sha256(body).hexdigest().encode()


def test_another_version_is_named():
    with pytest.raises(DamagedFile, match="format 'grok_theory 99', but this version reads"):
        storage.unpack(forged({"format": "grok_theory 99", "value": None}))


FOREIGN = [
    "os:system",
    "subprocess:Popen",
    "grok_theory_evil:Thing",
    "grok_theory.refinement:os",
    "grok_theory.comparison:np",
    "grok_theory.storage:Path",
    "grok_theory.results:Nothing",
    "grok_theory.nowhere:Thing",
    "grok_theory.results:load",
    # Harmless kinds of class, but not ours: a dataclass, an enum, a named tuple.
    "pstats:FunctionProfile",
    "http:HTTPStatus",
    "urllib.parse:SplitResult",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_only_records_of_this_package_are_restored(name):
    with pytest.raises(DamagedFile, match="is no record of this version"):
        storage.unpack(forged({"format": storage.FORMAT, "value": {"class": name, "fields": {}}}))


@pytest.mark.parametrize("value", [lambda x: x, {1: 2}, np.array([object()]), {"inner": [print]}, open])
def test_what_cannot_be_saved_is_named(value):
    with pytest.raises(BadValue, match="can be saved"):
        storage.pack(value)


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"", "has no checksum"),
        (b"sha256:", "does not match its checksum"),  # nothing but the start of one
        (b"sha256:" + b"0" * 63, "does not match its checksum"),
        (b"x" * 70, "has no checksum"),
        (b"x" * 71, "has no checksum"),
        (b"sha256:" + b"0" * 64, "does not match its checksum"),
        (b"x" * 30 + b"sha256:" + b"0" * 64, "does not match its checksum"),
        (b"sha256:" + b"0" * 65, "has no checksum"),
    ],
)
def test_a_file_of_a_few_bytes_is_damaged(tmp_path, tail, words):
    path = tmp_path / "short.npz"
    path.write_bytes(tail)
    for attempt in (lambda: storage.read(path), lambda: storage.unpack(tail)):
        with pytest.raises(DamagedFile, match=words):
            attempt()


def test_reading_asks_for_three_times_the_file(tmp_path, monkeypatch):
    path = storage.write_whole(tmp_path / "result.npz", storage.pack(np.arange(100.0)))
    asked = []
    monkeypatch.setattr(storage, "check_host_memory", lambda what, bytes_needed, remedy: asked.append(bytes_needed))
    np.testing.assert_array_equal(storage.read(path), np.arange(100.0))
    assert asked == [3 * path.stat().st_size]


def test_what_strangers_wrote_is_shown_only_in_part(monkeypatch):
    """Names in messages are cut, so that a sentence stays one: at 300 a path, at 60 what is none, at 40 a format."""
    long = "".join(chr(ord("a") + i % 26) for i in range(400))
    assert storage._shown(long[:300]) == repr(long[:300])
    assert storage._shown(long[:301]) == repr(long[:60]) + "..."
    for wrong, shown in (([long], str([long])[:60]), (long[:80] + "\0", long[:60])):
        with pytest.raises(BadValue, match=rf"^path is {re.escape(repr(shown))}, but it must be a path"):
            storage.destination(wrong, (".npz",))
    with pytest.raises(DamagedFile, match=rf"has format '{long[:40]}', but"):
        storage.unpack(forged({"format": long, "value": None}))
    versions = storage._written_by({"jax": "0", long: long, **dict.fromkeys("pqrstu", 1)})
    assert versions == f"jax 0, {long[:20]} {long[:20]}, p 1, q 1, r 1"
    assert storage._written_by([long]) == ""
    today = json.loads(bytes(np.load(io.BytesIO(storage.pack(None)))["structure"]))["versions"]
    assert storage._written_by(today) == ""

    def stumbles(content, source):
        raise RuntimeError(long)

    monkeypatch.setattr(storage, "_opened", stumbles)
    with pytest.raises(DamagedFile, match=rf"\(RuntimeError: {long[:120]}\)\. Make it again"):
        storage.unpack(storage.pack(None))
