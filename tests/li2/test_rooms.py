"""The wing shows its theory; what is around it stands in rooms of its own."""

import inspect

import grok_theory as gt

ROOMS = {name: room for name in gt.li2.__all__ if inspect.ismodule(room := getattr(gt.li2, name))}


def test_a_name_is_public_in_one_place():
    assert set(ROOMS) == {"groups", "training", "comparison", "companion"}
    shown = [name for room in ROOMS.values() for name in room.__all__]
    assert len(shown) == len(set(shown))
    assert not [name for name in shown if hasattr(gt.li2, name)]
