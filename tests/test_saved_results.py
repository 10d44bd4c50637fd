"""What is saved comes back: levels, texts, enumerations, numbers of any length; what cannot be, is refused."""

import dataclasses
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_results import TIMES, load, solution

import grok_theory as gt
from grok_theory import storage, structures
from grok_theory.results import Solution
from grok_theory.status import Status


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
