"""All formulas, by name."""

from __future__ import annotations

import difflib
from functools import lru_cache
from importlib import import_module

from ..errors import BadValue
from ..rooms import WINGS
from .formula import Formula

# Files of entries beside this one, in the order of the house.
ROOMS = (
    *("numerics", "kernels", "kernel_flow", "observables", "forecasts", *WINGS),
    *("diagonal_networks", "one_pass", "in_context_tasks", "recorded_answers", "bounds"),
)


@lru_cache(maxsize=1)
def register() -> dict[str, Formula]:
    """Name -> formula, in the order of the house; imports JAX and every wing.

    Returns
    -------
    dict[str, Formula]
        Every closed form under its full name, such as "numerics.stieltjes". The same dict every time: do not write into
        it.

    Examples
    --------
    >>> print("linear.scale_time" in register(), "in_context.transience_threshold" in register())
    True True
    """
    found: dict[str, Formula] = {}
    for room in ROOMS:
        found |= {formula.name: formula for formula in entries_of(room)}
    return found


def entries_of(room: str) -> list[Formula]:
    """The formulas of one file, from top to bottom: its oracles, each made an entry where it is defined."""
    names = vars(import_module(f"{__package__}.{room}"))
    return [entry for entry in names.values() if isinstance(entry, Formula)]


def find(name: str) -> Formula:
    """The formula `name`, with or without its wing.

    Parameters
    ----------
    name : str
        Full name, or the part after the wing where only one formula has it.

    Returns
    -------
    Formula
        The entry of the register.

    Raises
    ------
    BadValue
        Where no formula, or more than one, has this name; names the nearest ones.

    Examples
    --------
    >>> find("stieltjes").name
    'numerics.stieltjes'
    """
    known = register()
    if name in known:
        return known[name]
    short = [full for full in known if full.partition(".")[2] == name]
    if len(short) == 1:
        return known[short[0]]
    if short:
        raise BadValue(f"name is {name!r}, but there are {' and '.join(short)}. Pass one of them with its wing.")
    near = _nearest(name, list(known))
    hint = f"Did you mean {' or '.join(near)}?" if near else "Pass no name to see all of them."
    raise BadValue(f"name is {name!r}, but the register has no such formula. {hint}")


def _nearest(name: str, known: list[str]) -> list[str]:
    """Up to three names alike, by the whole name or by the part after the wing."""
    by_end = {full.partition(".")[2]: full for full in known}
    last = name.rpartition(".")[2]
    alike = [by_end[end] for end in difflib.get_close_matches(last, list(by_end), n=3, cutoff=0.6)]
    alike += [full for full in known if last and last in full]
    return list(dict.fromkeys(alike))[:3]
