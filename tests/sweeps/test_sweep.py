"""Results come in order, a failure keeps the rest, and nothing depends on who is computed together."""

import functools
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sweep_work import digits, marks, points, square, sweep

import grok_theory as gt
from grok_theory.dynamics import GradientFlow
from grok_theory.results import Solution
from grok_theory.status import Status
from grok_theory.sweeps import batch as batches
from grok_theory.sweeps import workers


def test_results_come_in_order_and_are_those_of_the_function():
    found = sweep(square, points(10))
    assert len(found) == 10
    assert found.computed == 10
    for result, problem in zip(found, points(10), strict=True):
        np.testing.assert_allclose(result["decay"], np.exp(-problem["x"] * np.arange(5)), rtol=1e-15)
    np.testing.assert_allclose(found.read(lambda result: result["y"]), [p["x"] ** 2 for p in points(10)], rtol=1e-15)


def test_solutions_of_the_linear_wing_stay_solutions(tmp_path):
    times = np.array([0.0, 1.0, 10.0])
    problems = [gt.linear.TeacherStudent(samples_per_dim=a, snr=5.0) for a in (0.5, 1.0, 2.0)]
    run = functools.partial(gt.linear.solve, x=times)
    for _ in range(2):  # computed, then read
        found = sweep(run, problems, cache=tmp_path, batch=3)
        assert isinstance(found[0], Solution)
        assert found[0].problem == problems[0]
        assert found[0].dynamics == GradientFlow()
        np.testing.assert_allclose(found[0]["test_loss"][-1], 4.333484019821, rtol=1e-12)
        assert "status    good" in str(found[0])
    assert found.reused == 3


def test_a_member_s_digits_do_not_depend_on_its_companions():
    draw = np.random.default_rng(0)
    whole = sweep(square, points(8), batch=8)
    for slot in range(8):
        others = [{"x": float(x)} for x in draw.uniform(0, 5, 8)]
        others[slot] = points(8)[slot]
        assert digits(sweep(square, others, batch=8)[slot]) == digits(whole[slot])


def test_a_sweep_interrupted_anywhere_repeats_every_bit(tmp_path):
    whole = sweep(square, points(11), cache=tmp_path / "whole")
    for kept in (1, 2, 5, 10):
        folder = tmp_path / str(kept)
        full = sweep(square, points(11), cache=folder)
        paths = sorted(folder.glob("??/*.npz"))
        for path in paths[kept:]:
            path.unlink()
        before = marks(folder)
        again = sweep(square, points(11), cache=folder)
        assert (again.reused, again.computed) == (kept, 11 - kept)
        assert before.items() <= marks(folder).items()
        assert [*map(digits, again)] == [*map(digits, whole)] == [*map(digits, full)]


def test_a_problem_that_fails_keeps_the_rest(tmp_path):
    def run(problem):
        if problem["x"] > 1:
            raise gt.SolveFailed("It is too large. Take a smaller x.")
        if problem["x"] > 0.8:
            return object()
        return {"y": problem["x"]}

    found = sweep(run, points(5), batch=1, cache=tmp_path)
    assert [failure.index for failure in found.failures] == [2, 3, 4]
    assert "only numbers, texts, arrays" in found.failures[0].reason
    assert found.failures[1].reason == "It is too large. Take a smaller x."
    np.testing.assert_array_equal(np.isnan(found.read(lambda result: result["y"])), [False] * 2 + [True] * 3)
    with pytest.raises(gt.SolveFailed, match=r"no result for problem 4, \{'x': 1\.58\}: It is too large"):
        found[4]
    assert "problem 3" in str(found)
    assert sweep(run, points(5), batch=1, cache=tmp_path).reused == 2  # what raised is tried again


def test_a_result_that_says_it_failed_is_a_failure(tmp_path):
    def run(problem):
        level = jnp.where(problem["x"] > 1, 2, 0).astype(jnp.int8)
        return {"y": jnp.where(level == 2, jnp.nan, 1.0), "status": Status(level, failed="It did not converge.")}

    for _ in range(2):
        found = sweep(run, points(5), cache=tmp_path)
        assert [failure.index for failure in found.failures] == [3, 4]
        assert found.failures[0].reason == "It did not converge."
        assert found.results[3] is not None
    assert found.reused == 5


def test_a_result_that_is_noted_is_listed_and_usable(tmp_path):
    def run(problem):
        level = jnp.where(problem["x"] > 1, 1, 0).astype(jnp.int8)
        return {"y": problem["x"], "status": Status(level, noted="Outside the tested range.")}

    for _ in range(2):
        found = sweep(run, points(5), cache=tmp_path)
        assert [(note.index, note.text) for note in found.notes] == [
            (3, "Outside the tested range."),
            (4, "Outside the tested range."),
        ]
        assert not found.failures
        assert found[3]["y"] == points(5)[3]["x"]
        assert "2 noted" in str(found)
        assert "noted for problem 3: Outside the tested range." in str(found)


def test_a_solution_that_is_none_is_a_failure():
    """nan beside "good", whoever made it: never handed on as a result."""

    def run(problem):
        values = np.array([1.0, np.nan if problem["x"] > 1 else 0.5])
        flow = GradientFlow()
        made = Solution(flow, [0.0, 1.0], {"test_loss": values}, x_name="time", dynamics=flow, method=None)
        return {"inside": [made]}

    found = sweep(run, points(5), batch=1)
    assert [failure.index for failure in found.failures] == [3, 4]
    assert "nan somewhere, but its status is good" in found.failures[0].reason


def test_problems_of_different_structure_are_mixed(tmp_path):
    def run(problem):
        return jnp.sum(jnp.asarray(problem["x"]))

    mixed = [{"x": 1.0}, {"x": np.arange(3.0)}, {"x": 2.0}, {"x": np.arange(4.0)}, {"x": np.arange(3.0) + 1}]
    np.testing.assert_array_equal(sweep(run, mixed).read(float), [1, 3, 2, 6, 6])


def test_keys_go_through(tmp_path):
    problems = [{"key": jax.random.key(i)} for i in range(3)]
    found = sweep(lambda problem: jax.random.uniform(problem["key"]), problems, cache=tmp_path)
    np.testing.assert_array_equal(found.read(float), [float(jax.random.uniform(p["key"])) for p in problems])


def test_what_cannot_be_traced_gets_the_remedy():
    with pytest.raises(gt.BadValue, match=r"run cannot be traced by JAX .*batch is 4.*Pass batch=1"):
        sweep(lambda problem: 1.0 if problem["x"] > 1 else 0.0, points(3))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"version": ""}, "version is '', but it must be a text. Pass"),
        ({"batch": 0}, "batch is 0, but it must be an integer of at least 1. Pass"),
        ({"workers": 0}, "workers is 0, but it must be an integer of at least 1. Pass"),
        ({"backend": "prozesses"}, "backend is 'prozesses'.*Did you mean 'processes'.*or a joblib backend"),
    ],
)
def test_bad_arguments_are_named(wrong, message):
    arguments = {"run": square, "problems": points(2), "version": "1"} | wrong
    with pytest.raises(gt.BadValue, match=message):
        gt.sweep(**arguments)


def test_a_folder_that_cannot_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(gt.BadValue, match=r"cannot be written: .*name a folder you may write to"):
        sweep(square, points(2), cache=tmp_path / "file")


def test_a_task_in_float32_refuses():
    batch = batches.Batch(b"", 4, (), None, os.getpid())
    with jax.enable_x64(False), pytest.raises(gt.Float64Required, match="JAX_ENABLE_X64"):
        batches.compute(batch)


def test_deaths_are_told_apart_from_errors():
    from concurrent.futures.process import BrokenProcessPool

    assert workers._is_death(BrokenProcessPool())
    assert not workers._is_death(gt.BadValue("x"))
