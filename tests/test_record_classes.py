"""Which classes may stand in a file: a fixed list, by public rooms; reading runs nothing that a file names."""

import dataclasses
import importlib
import pkgutil
import subprocess
import sys

from made_results import TIMES, agreement, ensemble, forecast, log, solution

import grok_theory as gt
from grok_theory import record_classes, saved_results
from grok_theory.observables import DelayForecast, Table, default_table
from grok_theory.results import Ensemble, Solution


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
    names = [
        f"{name}:Thing" for name in (*outside, "antigravity", "this", "benchmarks.sweep", "paper_figures.making.build")
    ]
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
    assert None not in found
    results = {
        Solution,
        Ensemble,
        gt.Agreement,
        gt.Log,
        gt.Forecast,
        gt.TimeForecast,
        gt.Applicability,
        gt.Overlay,
        gt.Fit,
        gt.Design,
    }
    assert results | {DelayForecast, Table} <= set(found)
    made = (solution(), ensemble(), agreement(), log(), forecast(), default_table())
    assert all(map(saved_results.is_result, made))


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
