"""A file whose checksum fits may be another version's, a fault's or a stranger's: refused, or what it says it is."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_results import TIMES, agreement, ensemble, load, log, solution

import grok_theory as gt
from benchmarks import forgeries, forging
from grok_theory import storage
from grok_theory.results import Ensemble


def agreeing():
    curves = {"test_loss": np.exp(-TIMES) * (1 + 1e-3 * np.cos(np.arange(20.0)))[:, None]}
    return gt.compare(solution(), dataclasses.replace(ensemble(), curves=curves), margin=0.5)


GOOD = storage.pack(solution())


FORGED = dict(forgeries.solutions(GOOD))


def test_what_is_forged_here_is_good_before(tmp_path):
    assert forging.sealed(forging.members_of(GOOD)) != GOOD  # another program's archive, the same content
    assert load(forging.sealed(forging.members_of(GOOD)), tmp_path) == solution()
    assert load(forging.edited(GOOD, lambda whole: None), tmp_path) == solution()


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_solution_is_refused_in_one_sentence(name, tmp_path):
    with pytest.raises(gt.DamagedFile, match=r"result\.npz.*(again|wrote it)") as told:
        load(FORGED[name], tmp_path)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("without x", "value is a Solution that lacks the field 'x'; this version's has problem, x, curves"),
        ("a field more", "has a field 'confidence' too many"),
        ("a field more in the problem", "value.problem is a TeacherStudent that has a field 'extra' too many"),
        ("curves of f2", r"curves\['test_loss'\] is float16, but it must be float64"),
        ("curves of c16", r"curves\['test_loss'\] is complex128, but it must be float64"),
        ("nan with status good", r"curves\['test_loss'\] is nan somewhere, but its status is good"),
        ("a curve of shape (5,)", r"has shape \(5,\), but it must have one value for each of 4 x"),
        ("level 3", "status.level is .*, but it must be 0"),
        ("an unknown member", "is Phase.frozen, but this version has only"),
        ("an array nobody uses", "holds the array 'array99', which no part of it uses"),
        ("a missing array", "lacks the array 'array0'"),
        ("an array claims '<f8' (1000000000000000,)", "which is 8000000000000000 bytes, but it holds 8"),
        ("a zip bomb", "compressed, which no result is"),
    ],
)
def test_the_difference_is_named(name, words, tmp_path):
    with pytest.raises(gt.DamagedFile, match=words):
        load(FORGED[name], tmp_path)


def test_another_version_that_wrote_a_file_is_named(tmp_path):
    def edit(whole):
        whole["versions"]["grok_theory"] = "0.0.9"
        whole["value"]["fields"]["extra"] = {"plain": None}

    with pytest.raises(gt.DamagedFile, match=r"Read it with the version that wrote it \(grok_theory 0\.0\.9\)"):
        load(forging.edited(GOOD, edit), tmp_path)


def judged(part, values):
    """The saved agreement with another array, number or text in its one curve."""
    good = storage.pack(agreeing())
    if isinstance(values, np.ndarray):
        return forging.with_array(good, forging.array(values), "curves", "test_loss", part)

    def edit(whole):
        forging.node(whole, "curves", "test_loss")["fields"][part] = values

    return forging.edited(good, edit)


def test_one_agreement_agrees():
    assert agreeing().verdict == "agrees"


AGREEMENTS = {
    "verdict says otherwise": lambda: judged("verdict", {"plain": "disagrees"}),
    "verdict is 'agrees', but its intervals": lambda: judged("high", np.full(4, 9.0)),
    "gap is nan": lambda: judged("gap", np.full(4, np.nan)),
    "gap is infinite": lambda: judged("gap", np.full(4, np.inf)),
    "low is nan": lambda: judged("low", np.full(4, np.nan)),
    "numerical is -1": lambda: judged("numerical", np.full(4, -1.0)),
    "x falls": lambda: judged("x", np.arange(4.0)[::-1]),
    "x is inf": lambda: judged("x", np.full(4, np.inf)),
    "x is float16": lambda: judged("x", np.arange(4, dtype=np.float16)),
    "margin is": lambda: judged("margin", {"int": "9" * 400}),
    "runs_needed is": lambda: judged("runs_needed", {"float": (-1.0).hex()}),
    "runs is": lambda: forging.edited(
        storage.pack(agreement()), lambda whole: whole["value"]["fields"].update(runs={"int": "9" * 400})
    ),
}


@pytest.mark.parametrize("words", AGREEMENTS)
def test_a_forged_agreement_is_refused_in_one_sentence(words, tmp_path):
    with pytest.raises(gt.DamagedFile, match=words.replace(" says otherwise", ".*say otherwise")) as told:
        load(AGREEMENTS[words](), tmp_path)
    assert len(str(told.value)) < 600


def test_bytes_of_another_machine_are_read_as_numbers(tmp_path):
    """Big-endian arrays are the same numbers, and JAX takes none."""
    curve = np.exp(-TIMES).astype(">f8")
    found = load(forging.with_array(GOOD, forging.array(curve), "curves", "test_loss"), tmp_path)
    assert found == solution()
    assert found["test_loss"].dtype.isnative
    mine = dataclasses.replace(solution(), stats={"kept": curve})
    assert load(storage.pack(mine), tmp_path).stats["kept"].dtype.isnative


def sound(result):
    """What a result must be, said without the package: only then may a changed file be read."""
    assert set(vars(result)) == {field.name for field in dataclasses.fields(result)}
    level = np.asarray(result.status.level)
    assert level.dtype.kind == "i"
    assert set(level.ravel().tolist()) <= {0, 1, 2}
    assert isinstance(result.x_name, str)
    assert result.curves
    for name, values in result.curves.items():
        values = np.asarray(values)
        assert isinstance(name, str)
        assert values.dtype == np.float64 or isinstance(result, Ensemble)
        assert values.shape[-1] == np.shape(result.x)[-1]
        assert level.any() or not np.isnan(values).any()
    assert dataclasses.is_dataclass(result.problem)
    assert str(result)


def refused_or_sound(content, tmp_path):
    try:
        result = load(content, tmp_path)
    except gt.DamagedFile:
        return 1
    if isinstance(result, gt.Agreement):
        assert result.verdict in ("agrees", "disagrees", "underpowered")
        assert str(result)
    elif isinstance(result, gt.Log):
        assert str(result)
        for part in result.runs.values():
            assert set(part) <= {"train", "test"}
            assert all(r.x.shape == r.values.shape and (np.diff(r.x) > 0).all() for r in part.values())
    else:
        sound(result)
    return 0


@pytest.mark.parametrize("make", [solution, ensemble, agreement, log])
def test_hundreds_of_changed_structures_are_refused_or_sound(make, tmp_path):
    changed = list(forging.random_parts(storage.pack(make()), 250, seed=1))
    refused = sum(refused_or_sound(content, tmp_path) for content in changed)
    assert refused > 0.8 * len(changed)  # another name, unit or remark is as good as the true one


@pytest.mark.parametrize("make", [solution, agreement, log])
@pytest.mark.parametrize("changes", [forging.random_bytes, forging.random_members])
def test_hundreds_of_changed_bytes_are_refused_or_sound(make, changes, tmp_path):
    changed = list(changes(storage.pack(make()), 250, seed=2))
    refused = sum(refused_or_sound(content, tmp_path) for content in changed)
    assert refused > 0.5 * len(changed)  # bytes of numbers and texts may be any others


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)


json_values = st.recursive(
    scalars,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=6,
)


words = st.sampled_from(
    (
        *("plain", "int", "float", "complex", "class", "member", "fields", "items"),
        *("dict", "list", "tuple", "key", "impl", "array", "scalar"),
    )
)


tagged = st.recursive(
    scalars | st.sampled_from(["array0", "array1", "grok_theory.status:Status", "fry", "0x1p0"]),
    lambda part: st.dictionaries(words, part, max_size=3) | st.lists(part, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(json_values | tagged)
def test_any_json_is_a_value_or_damaged(value):
    content = forging.sealed(
        [("structure.npy", b""), ("array0.npy", forging.array(TIMES)), ("array1.npy", forging.array(np.int8(0)))]
    )
    members = forging.with_structure(forging.members_of(content), {"format": storage.FORMAT, "value": value})
    try:
        found = storage.unpack(forging.sealed(members))
    except gt.DamagedFile:
        return
    assert storage.unpack(storage.pack(found)) is not None or found is None


def with_bytes(at, new, after=b"PK\x01\x02"):
    """The file with other bytes at a place of its first entry in the directory, or of its first local header."""
    begin = GOOD.index(after) + at
    return forging.resealed(GOOD[:begin] + new + GOOD[begin + len(new) :])


ARCHIVES = {
    "something before it": forging.resealed(b"junk" * 10 + GOOD),
    "a link": with_bytes(38, (0o120777 << 16).to_bytes(4, "little")),
    "encrypted": with_bytes(8, b"\x01"),
    "encrypted, as its own header says": with_bytes(6, b"\x01", after=b"PK\x03\x04"),
    "another checksum": with_bytes(16, b"\0\0\0\0"),
    "another size": with_bytes(24, b"\xfe\xff\xff\x7f"),
    "a size elsewhere": with_bytes(20, b"\xff" * 8),
    "beyond its end": with_bytes(42, b"\xff\xff\xff\x7f"),
    "a long name": forging.sealed([*forging.members_of(GOOD), ("a" * 60_000 + ".npy", forging.array(TIMES))]),
    "a path": forging.sealed([*forging.members_of(GOOD), ("../../etc/a.npy", forging.array(TIMES))]),
    "a structure in rows": forging.sealed(
        [
            (name, forging.array(np.frombuffer(part[128:], np.uint8)[None]) if name == "structure.npy" else part)
            for name, part in forging.members_of(GOOD)
        ]
    ),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_none_of_ours_is_refused(name, tmp_path):
    with pytest.raises(gt.DamagedFile) as told:
        load(ARCHIVES[name], tmp_path)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31m", "\udc80", "\0"])
def test_names_have_no_control_characters(text, tmp_path):
    """They would be printed: a terminal obeys them."""
    for edit in (
        lambda fields: fields.update(x_name={"plain": text}),
        lambda fields: fields.update(x_unit={"plain": text}),
        lambda fields: fields["curves"]["dict"].update({text: fields["curves"]["dict"]["train_loss"]}),
        lambda fields: fields["status"]["fields"].update(noted={"plain": text.replace("\n", "\0")}),
    ):
        with pytest.raises(gt.DamagedFile) as told:
            load(forging.edited(GOOD, lambda whole, edit=edit: edit(whole["value"]["fields"])), tmp_path)
        assert text not in str(told.value)


def test_a_claimed_size_takes_no_memory(tmp_path):
    huge = [name for name in FORGED if "claims" in name or "bomb" in name or "deep" in name or "huge" in name]
    assert len(huge) > 10
    for name in huge:
        tracemalloc.start()
        with pytest.raises(gt.DamagedFile):
            load(FORGED[name], tmp_path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 12e6 + 10 * len(FORGED[name]), name
