"""Every problem and function has one address, whatever may change its number another."""

import enum
import os
import subprocess
import sys
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest
from sweep_work import points, sweep

import grok_theory as gt
from grok_theory.sweeps import addresses

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
    assert addresses.text_of([1, 2]) == addresses.text_of([1.0, np.float64(2.0)])
    assert addresses.text_of([1, 2]) != addresses.text_of((1, 2))


def test_runs_that_are_methods_objects_or_built_in_have_addresses():
    runs = [Tripled(), Tripled(2.0), Tripled().halved, Tripled(2.0).halved, abs, np.sqrt, float]
    assert len({addresses.fingerprint(run) for run in runs}) == len(runs)
    assert addresses.fingerprint(Tripled().halved) == addresses.fingerprint(Tripled(3).halved)
    assert addresses.name_of(Tripled()) == "Tripled"


def test_what_has_no_address_is_named(tmp_path):
    with pytest.raises(gt.BadValue, match=r"problem\.inside is object, but a cache needs an address.*or cache=None"):
        sweep(lambda problem: 1.0, [Opaque(object())], cache=tmp_path, batch=1)
    assert sweep(lambda problem: 1.0, [Opaque(object())], batch=1)[0] == 1.0


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
        # Both texts are of one size, and may be of one second: then Python would take the bytecode of the first.
        words = [sys.executable, "-B", "-c", script, str(tmp_path)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()

    before = said()
    (tmp_path / "of_mine.py").write_text("class Law:\n    power = 3\n")
    after = said()
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_answers_to_other_widths_are_not_taken(tmp_path):
    problems = [{"a": np.array([200], np.uint8)}, {"a": np.array([200.0])}]
    found = gt.sweep(lambda p: float((p["a"] + 100).sum()), problems, cache=tmp_path, version="1", workers=1, batch=1)
    assert [*found] == [44.0, 300.0]


def test_a_masked_array_is_no_problem():
    masked = {"a": np.ma.array([1.0, 2.0], mask=[0, 1])}
    with pytest.raises(gt.BadValue, match="MaskedArray, but a cache needs an address"):
        addresses.text_of(addresses.canonical(masked))
