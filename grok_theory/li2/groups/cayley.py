"""Is this table a group? Every check names the entries that say no."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ...checks import check_shown
from ...errors import BadValue

REMEDY = "Pass an M x M table of integers 0..M-1 whose entry [a, b] is the index of the product a b."


def checked_table(table: ArrayLike | Sequence) -> np.ndarray:
    """`table` as an int array if it is the Cayley table of a group; raises `BadValue` otherwise."""
    entries = _integers(table)
    _check_latin(entries)
    find_identity(entries)
    _check_associative(entries)
    return entries


def find_identity(table: np.ndarray) -> int:
    """The index e with e x = x e = x for all x; raises `BadValue` if there is none."""
    here = np.arange(len(table))
    both = (table == here).all(axis=1) & (here == table.T).all(axis=1)
    if not both.any():
        left = np.flatnonzero((table == here).all(axis=1))
        if left.size:
            e, x = int(left[0]), int(np.flatnonzero(table[:, left[0]] != here)[0])
            reason = f"{e} is neutral from the left only (table[{x}, {e}] = {table[x, e]})"
        else:
            reason = "no row lists 0..M-1 in order"
        raise BadValue(f"table has no identity: {reason}, but a group has one. {REMEDY}")
    return int(np.flatnonzero(both)[0])


def _integers(table: ArrayLike | Sequence) -> np.ndarray:
    check_shown("table", table, REMEDY)
    try:
        entries = np.asarray(table)
    except ValueError:
        raise BadValue(f"table has rows of different lengths, but it must be square. {REMEDY}") from None
    if entries.ndim != 2 or entries.shape[0] != entries.shape[1] or entries.size == 0:
        raise BadValue(f"table has shape {entries.shape}, but it must be square and not empty. {REMEDY}")
    if entries.dtype.kind not in "iu":
        shown = entries.flat[0]
        if entries.dtype.kind == "f":
            odd = np.flatnonzero(~(entries.ravel() == np.round(entries.ravel())))
            shown = entries.flat[odd[0]] if odd.size else shown
        raise BadValue(f"table holds {shown} of type {entries.dtype}, but entries must be integers. {REMEDY}")
    wrong = np.argwhere((entries < 0) | (entries >= len(entries)))
    if wrong.size:
        a, b = map(int, wrong[0])
        raise BadValue(f"table[{a}, {b}] is {entries[a, b]}, but entries must be 0..{len(entries) - 1}. {REMEDY}")
    return entries.astype(np.int32)


def _check_latin(table: np.ndarray) -> None:
    """In a group a x = b has one solution: no row and no column repeats an entry."""
    for kind, lines in (("row", table), ("column", table.T)):
        ordered = np.sort(lines, axis=1)
        repeated = np.argwhere(ordered[:, 1:] == ordered[:, :-1])
        if repeated.size:
            line, value = int(repeated[0][0]), int(ordered[tuple(repeated[0])])
            first, second = map(int, np.flatnonzero(lines[line] == value)[:2])
            raise BadValue(
                f"table is no Latin square: {kind} {line} holds {value} twice, at {first} and {second}, "
                f"but in a group no {kind} repeats an entry. {REMEDY}"
            )


def _check_associative(table: np.ndarray) -> None:
    """Light's test: (x g) y = x (g y) for all x, y needs checking only for g in a generating set."""
    for g in generating_set(table):
        left, right = table[table[:, g]], table[:, table[g]]
        wrong = np.argwhere(left != right)
        if wrong.size:
            x, y = map(int, wrong[0])
            raise BadValue(
                f"table is not associative: ({x} {g}) {y} = {left[x, y]}, but {x} ({g} {y}) = {right[x, y]} "
                f"({len(wrong)} pairs fail for the middle element {g}). {REMEDY}"
            )


def generating_set(table: np.ndarray) -> list[int]:
    """A small set whose products, taken in any order and bracketing, are all elements; greedy."""
    inside = np.zeros(len(table), bool)
    generators = []
    while not inside.all():
        # The element that is added last in numbering often has high order; any choice is right.
        generators.append(int(np.flatnonzero(~inside)[-1]))
        inside[generators[-1]] = True
        while True:
            members = np.flatnonzero(inside)
            inside[table[np.ix_(members, members)]] = True
            if inside.sum() == len(members):
                break
    return generators
