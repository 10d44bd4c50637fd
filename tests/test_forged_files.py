"""A file whose checksum fits may be another version's, a fault's or a stranger's: refused, or what it says it is."""

import dataclasses
import importlib
import inspect
import pkgutil
import subprocess
import sys
import tracemalloc

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grok_theory as gt
from benchmarks import forgeries, forging
from grok_theory import record_classes, saved_results, storage, structures
from grok_theory.named_axes import Field
from grok_theory.results import Ensemble, Solution
from grok_theory.status import Status

TIMES = np.array([0.0, 0.5, 2.0, 7.0])


def solution():
    problem = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
    return Solution(
        problem,
        TIMES,
        {"test_loss": np.exp(-TIMES), "train_loss": np.exp(-2 * TIMES)},
        "time",
        gt.GradientFlow(),
        gt.linear.SpectralQuadrature(),
        x_unit="tau",
        numerical_error={"test_loss": 1e-15 * np.exp(-TIMES)},
        fields={"memory": Field(np.ones((4, 4)), ("time", "earlier"))},
        status=Status(np.int8(0), noted="Far out.", failed="Not converged."),
        stats={"nodes": 12, "source": "by hand"},
    )


def ensemble():
    curves = {"test_loss": np.exp(-TIMES) * np.array([[1.0], [1.1], [0.9]])}
    return Ensemble(solution().problem, TIMES, curves, "time", gt.GradientFlow(), "tau")


def agreement():
    return gt.compare(solution(), ensemble(), margin=0.5, curves=["test_loss"])


def log():
    runs = {
        f"seed {i}": {"train": gt.Record(TIMES, np.exp(-i - TIMES)), "test": gt.Record(TIMES, TIMES)} for i in (0, 1)
    }
    columns = {"x": "step", "train": "loss", "test": "val_loss", "run": "seed"}
    return gt.Log(
        runs,
        columns,
        ("x",),
        {"seed 2": "nan"},
        ("a note",),
        x_name="time",
        x_unit="tau",
        config={"batch_size": 32},
        dynamics=gt.GradientDescent(0.1),
        conversions=("time [tau] = 0.1 x step",),
    )


def agreeing():
    curves = {"test_loss": np.exp(-TIMES) * (1 + 1e-3 * np.cos(np.arange(20.0)))[:, None]}
    return gt.compare(solution(), dataclasses.replace(ensemble(), curves=curves), margin=0.5)


GOOD = storage.pack(solution())
FORGED = dict(forgeries.solutions(GOOD))


def load(content, tmp_path):
    path = tmp_path / "result.npz"
    path.write_bytes(content)
    return gt.load(path)


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


def test_reading_a_file_imports_and_runs_no_module_it_names():
    """The classes a stranger names lie in modules that would be imported, and one that would run the command."""
    script = (
        "import sys; from benchmarks import forging; from grok_theory import storage; import grok_theory as gt\n"
        "before = set(sys.modules)\n"
        "for name in sys.argv[1:]:\n"
        "    text = {'format': storage.FORMAT, 'value': {'class': name, 'fields': {}}}\n"
        "    content = forging.sealed(forging.with_structure([('structure.npy', b'')], text))\n"
        "    try: storage.unpack(content)\n"
        "    except gt.DamagedFile: continue\n"
        "    sys.exit(f'{name} was restored')\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    found = [module.name for module in pkgutil.walk_packages(gt.__path__, "grok_theory.")]
    outside = [name for name in found if name.partition(".")[2] not in record_classes.ROOMS]
    names = [f"{name}:Thing" for name in (*outside, "antigravity", "this", "benchmarks.sweep", "paper_figures.build")]
    assert "grok_theory.cli.__main__:Thing" in names
    done = subprocess.run([sys.executable, "-c", script, *names], capture_output=True, text=True, check=True)
    assert not [name for name in done.stdout.split() if not name.startswith(("encodings", "zipfile"))]


def test_importing_the_command_s_module_runs_nothing():
    for name in ("grok_theory.cli.__main__", "paper_figures.__main__", "benchmarks.__main__"):
        importlib.import_module(name)


def records_of_the_package():
    for module in pkgutil.walk_packages(gt.__path__, "grok_theory."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if record_classes.is_record(thing) and thing.__module__ == module.name and not name.startswith("_"):
                yield thing


# Below the results: what is made there is never part of one.
INSIDE = ("numerics",)


def test_every_record_of_the_package_can_stand_in_a_file():
    """A record that no room declares could be part of a result that cannot be saved."""
    found = [cls for cls in records_of_the_package() if hasattr(cls, "_static")]
    records = [cls for cls in found if cls.__module__.split(".")[1] not in INSIDE]
    assert len(records) > 60
    lost = [f"{cls.__module__}:{cls.__qualname__}" for cls in records if record_classes.name_of(cls) is None]
    assert not lost, f"Make these public in their room, or name them in its _IN_FILES: {lost}"
    for cls in records:
        assert record_classes.class_named(record_classes.name_of(cls)) is cls


def test_a_name_in_a_file_is_the_public_room_and_the_class():
    """Moving a class to another file of its room changes no file that was saved."""
    for cls, name in (
        (gt.linear.TeacherStudent, "grok_theory.linear:TeacherStudent"),
        (gt.li2.GroupTask, "grok_theory.li2:GroupTask"),
        (gt.li2.groups.Group, "grok_theory.li2.groups:Group"),
        (gt.li2.training.starts.Samples, "grok_theory.li2.training:Samples"),
        (gt.SGD, "grok_theory.dynamics:SGD"),
        (gt.Solution, "grok_theory.results:Solution"),
    ):
        assert record_classes.name_of(cls) == name
        assert record_classes.class_named(name) is cls
    for elsewhere in (TIMES.__class__, dataclasses.Field):
        assert record_classes.name_of(elsewhere) is None


def test_every_check_of_a_result_is_found_by_the_name_of_its_class():
    """A key that names no class would be a check that is never asked."""
    found = [record_classes.class_named(name) for name in saved_results._CHECKS]
    assert found == [Solution, Ensemble, gt.Agreement, gt.Log]
    assert all(map(saved_results.is_result, (solution(), ensemble(), agreement(), log())))


def test_what_a_public_record_holds_can_stand_in_a_file_too():
    """Fields annotated with a class of the package, and what a room declares, are restored by the name they get."""
    for room in record_classes.ROOMS:
        module = importlib.import_module(f"grok_theory.{room}")
        for place in getattr(module, "_IN_FILES", ()):
            inside, _, name = place.partition(":")
            cls = getattr(importlib.import_module(f"grok_theory.{room}.{inside}"), name)
            assert name not in module.__all__, f"{name} is public in {room} and needs no place"
            assert record_classes.name_of(cls) == f"grok_theory.{room}:{name}"
    undeclared = {cls.__name__ for cls in records_of_the_package() if record_classes.name_of(cls) is None}
    for cls in records_of_the_package():
        if hasattr(cls, "_static"):
            for field in dataclasses.fields(cls):
                assert not undeclared & set(str(field.type).replace("|", " ").split()), (cls, field.name)


def test_what_is_saved_passes_what_reading_asks():
    """nan that calls itself good, float16, a wrong size, an unknown level: refused when saved, with the reason."""
    good = solution()
    for change, words in (
        ({"curves": {"test_loss": np.full(4, np.nan)}, "numerical_error": {}}, "nan somewhere, but its status is good"),
        ({"curves": {"test_loss": np.ones(4, np.float16)}, "numerical_error": {}}, "float16, but it must be float64"),
        ({"curves": {"test_loss": np.ones(3)}, "numerical_error": {}}, "one value for each of 4 x"),
        ({"status": Status(np.int8(3))}, "must be 0 \\(good\\)"),
    ):
        with pytest.raises(gt.BadValue, match=f"This Solution cannot be saved: .*{words}"):
            dataclasses.replace(good, **change).save("never.npz")


def test_a_trace_cannot_be_saved(tmp_path):
    def traced(scale):
        dataclasses.replace(solution(), curves={"test_loss": scale * TIMES}, numerical_error={}).save(
            tmp_path / "a.npz"
        )
        return scale

    with pytest.raises(gt.BadValue, match="is traced"):
        jax.jit(traced)(2.0)
    assert not (tmp_path / "a.npz").exists()


def test_a_batch_keeps_the_level_of_every_member(tmp_path):
    def solve(scale, level):
        status = Status(level.astype(jnp.int8), noted="Far out.", failed="It did not converge.")
        curves = {"test_loss": jnp.where(level == 2, jnp.nan, scale * jnp.exp(-TIMES))}
        return dataclasses.replace(solution(), curves=curves, numerical_error={}, fields={}, status=status)

    batch = jax.vmap(solve)(jnp.ones(3), jnp.array([0, 2, 1]))
    back = gt.load(batch.save(tmp_path / "batch.npz"))
    assert np.asarray(back.status.level).tolist() == [0, 2, 1]
    assert str(back.status) == str(batch.status) == "failed: In the batch, member 1 failed. It did not converge."
    lying = dataclasses.replace(batch, status=dataclasses.replace(batch.status, level=np.zeros(3, np.int8)))
    with pytest.raises(gt.BadValue, match="nan somewhere, but its status is good"):
        lying.save(tmp_path / "lying.npz")


def test_a_saved_status_comes_back(tmp_path):
    for level, text in ((0, "good"), (1, "noted: Far out."), (2, "failed: Not converged.")):
        status = dataclasses.replace(solution().status, level=np.int8(level))
        back = gt.load(dataclasses.replace(solution(), status=status).save(tmp_path / "a.npz"))
        assert str(back.status) == text


def test_text_among_numbers_stays_structure(tmp_path):
    """A Solution that was read can be mapped like one that was solved."""
    good = solution()
    back = gt.load(good.save(tmp_path / "a.npz"))
    assert jax.tree_util.tree_structure(back) == jax.tree_util.tree_structure(good)
    assert back == good


def test_members_of_enums_come_back_as_members():
    phases = list(gt.li2.companion.Phase)
    assert [type(phase) for phase in storage.unpack(storage.pack(phases))] == [gt.li2.companion.Phase] * len(phases)
    assert inspect.isclass(gt.li2.companion.Phase)


def test_numpy_scalars_and_whole_numbers_of_any_length_come_back():
    values = [np.int64(3), np.float32(0.1), np.bool_(True), 10**3999, -(10**3999)]
    back = storage.unpack(storage.pack(values))
    assert [type(value) for value in back] == [type(value) for value in values]
    assert back == values
    with pytest.raises(gt.BadValue, match="more than 4000 digits"):
        storage.pack(10**4000)


def test_what_is_too_deep_is_refused_when_packed():
    nested = []
    for _ in range(structures.DEEPEST + 1):
        nested = [nested]
    with pytest.raises(gt.BadValue, match="at most 64 can be saved"):
        storage.pack(nested)
    circle = []
    circle.append(circle)
    with pytest.raises(gt.BadValue, match="at most 64 can be saved"):
        storage.pack(circle)


def test_a_group_from_a_file_is_a_group(tmp_path):
    """The constructor of a Group checks nothing; a table that is none, or another identity, comes from files alone."""
    task = gt.li2.GroupTask(gt.li2.groups.cyclic(5), train_fraction=0.8)
    curves = {"test_loss": np.exp(-TIMES)}
    good = Solution(task, TIMES, curves, "time", gt.GradientFlow(), None)
    assert gt.load(good.save(tmp_path / "a.npz")) == good
    table = np.array(task.group.table)
    table[0, 0] = table[0, 1]
    for change in ({"table": table}, {"table": -np.array(task.group.table)}, {"identity": 1}):
        wrong = dataclasses.replace(task.group, **change)
        forged = storage.pack(dataclasses.replace(good, problem=dataclasses.replace(task, group=wrong)))
        with pytest.raises(gt.DamagedFile, match="holds no Solution of this version"):
            load(forged, tmp_path)
