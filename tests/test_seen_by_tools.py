"""Editors, type checkers and documentation read files without running them: what is public has to be there for them."""

import inspect
from importlib import import_module
from pathlib import Path

import griffe
import pytest

import grok_theory

ROOT = Path(__file__).parents[1]
SPACES = [
    "",
    *grok_theory._ROOMS,
    *(
        f"{room}.{name}"
        for room in grok_theory._ROOMS
        for name in getattr(grok_theory, room).__all__
        if inspect.ismodule(getattr(getattr(grok_theory, room), name))
    ),
]


@pytest.fixture(scope="module")
def package():
    return griffe.load("grok_theory", search_paths=[str(ROOT)], resolve_aliases=True)


def seen(package, space):
    """The public objects that a tool finds, aliases followed; a name that leads nowhere is absent."""
    room = package[space] if space else package
    for name in import_module(f"grok_theory.{space}".rstrip(".")).__all__:
        if name in room.members:
            member = room.members[name]
            try:
                yield name, member.final_target if member.is_alias else member
            except griffe.AliasResolutionError:
                continue


def test_rooms_inside_rooms_are_among_them():
    assert {"li2.groups", "li2.training", "li2.comparison", "li2.companion"} <= set(SPACES)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space or "grok_theory")
def test_every_public_name_is_seen_with_its_signature(package, space):
    public = import_module(f"grok_theory.{space}".rstrip(".")).__all__
    found = dict(seen(package, space))
    assert sorted(found) == sorted(public)
    for name, thing in found.items():
        if thing.is_function:
            unsaid = [parameter.name for parameter in thing.parameters if parameter.annotation is None]
            assert not unsaid, f"{name}: no type for {unsaid}"
            assert thing.returns is not None, f"{name} does not say what it returns"
        else:
            assert thing.is_class or thing.is_module or thing.is_attribute, f"{name} is seen as {thing.kind}"


def test_a_name_made_at_run_time_would_not_be_seen(tmp_path):
    room = tmp_path / "made"
    room.mkdir()
    (room / "__init__.py").write_text(
        "from importlib import import_module\n_NAMES = {'solve': 'verbs'}\n__all__ = [*_NAMES]\n"
        "def __getattr__(name):\n    return getattr(import_module(f'made.{_NAMES[name]}'), name)\n"
    )
    (room / "verbs.py").write_text("def solve(problem: int) -> int:\n    return problem\n")
    assert "solve" not in griffe.load("made", search_paths=[str(tmp_path)], resolve_aliases=True).members
