"""Finite groups as multiplication tables: the usual families, direct products, and any table a user has.

A group here is its Cayley table and nothing else: `table[a, b]` is the index of the product a b. Everything the wing
computes (irreducible representations, energies, features) is computed from that table alone, so a shuffled table of a
group gives the same answers under other labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ...checks import check_integer, check_memory
from ...errors import BadValue
from .cayley import checked_table, find_identity, generating_set

Element = TypeVar("Element", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Group:
    """A finite group of M elements, named by the indices 0, ..., M-1.

    Make one with `cyclic`, `dihedral`, `symmetric`, `alternating`, `quaternion`, `direct_product`, `from_generators` or
    `from_cayley_table`; the constructor itself checks nothing. Two groups are equal if their tables are.

    Parameters
    ----------
    table : ndarray
        (M, M) int array, read-only; `table[a, b]` is the product a b.
    identity : int
        Index of the identity.
    inverse : ndarray
        (M,) int array.
    name : str
        For printing only.

    Examples
    --------
    >>> from grok_theory.li2.groups import cyclic
    >>> group = cyclic(5)
    >>> print(group.table[3, 4], group.inverse[2])
    2 3
    """

    table: np.ndarray
    identity: int
    inverse: np.ndarray
    name: str

    @property
    def order(self) -> int:
        """Number M of elements."""
        return len(self.table)

    @cached_property
    def is_abelian(self) -> bool:
        """Whether a b = b a for all elements."""
        return bool(np.array_equal(self.table, self.table.T))

    @cached_property
    def left_division(self) -> np.ndarray:
        """(M, M) int array whose entry [h, x] is x^-1 h: the index table of a convolution."""
        return self.table[self.inverse].T.copy()

    @cached_property
    def conjugacy_classes(self) -> np.ndarray:
        """(M,) int array: the number of each element's class; classes are numbered by their smallest element."""
        smallest = self.table[self.table, self.inverse[:, None]].min(axis=0)  # [g, x] -> g x g^-1, smallest over g
        return np.unique(smallest, return_inverse=True)[1]

    @cached_property
    def element_orders(self) -> np.ndarray:
        """(M,) int array: the smallest n >= 1 with g^n = e."""
        orders, power = np.ones(self.order, int), np.arange(self.order)
        while (power != self.identity).any():
            orders += power != self.identity
            power = np.where(power == self.identity, power, self.table[power, np.arange(self.order)])
        return orders

    @cached_property
    def generators(self) -> list[int]:
        """A small generating set, found greedily (not always the smallest)."""
        return generating_set(self.table)

    @cached_property
    def involutions(self) -> int:
        """I = #{h : h^2 = e}, the identity included."""
        return int(np.sum(self.table[np.arange(self.order), np.arange(self.order)] == self.identity))

    def check_read(self) -> None:
        """Refuse what a file says is a group and is none; those made here are right by construction.

        Raises
        ------
        BadValue
            Naming the entries of the table that are wrong, or for another identity or inverse.
        """
        checked = checked_table(self.table)
        inverse = np.argmax(checked == self.identity, axis=1)
        if self.identity != find_identity(checked) or not np.array_equal(self.inverse, inverse):
            raise BadValue(f"The group {self.name!r} has another identity or inverse than its table. Make it again.")

    @cached_property
    def _bytes(self) -> bytes:
        return np.ascontiguousarray(self.table, np.int32).tobytes()

    @cached_property
    def _hash(self) -> int:
        return hash(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Group({self.name}, order={self.order})"


def from_cayley_table(table: ArrayLike | Sequence, name: str = "") -> Group:
    """The group with this multiplication table; the labelling is kept, and the identity may be any index.

    Parameters
    ----------
    table : array_like
        (M, M) integers, entry [a, b] the index of a b.
    name : str, default ''
        For printing; "" makes one up.

    Returns
    -------
    Group
        With elements numbered as in the table.

    Raises
    ------
    BadValue
        Naming the offending entries where the table is not square, holds anything but integers 0..M-1, is no Latin
        square, has no identity, or is not associative (Light's test over a generating set, O(M^2) for each generator:
        exact, and cheap even at M = 1000).

    Examples
    --------
    >>> from_cayley_table([[1, 0], [0, 1]]).identity
    1
    """
    checked = checked_table(table)
    identity = find_identity(checked)
    return known_group(checked, identity, name or f"group of order {len(checked)}")


def known_group(table: np.ndarray, identity: int, name: str) -> Group:
    """A Group from a table known to be right."""
    table = np.ascontiguousarray(table, np.int32)
    inverse = np.argmax(table == identity, axis=1).astype(np.int32)
    table.setflags(write=False)
    inverse.setflags(write=False)
    return Group(table, int(identity), inverse, name)


def cyclic(n: int) -> Group:
    """Z_n: elements 0..n-1, product (a + b) mod n.

    Parameters
    ----------
    n : int
        Number of elements, >= 1.

    Returns
    -------
    Group
        Of order n.

    Raises
    ------
    BadValue
        For n < 1.
    TooLarge
        Where the table does not fit into memory.

    Examples
    --------
    >>> cyclic(5).order
    5
    >>> int(cyclic(5).table[3, 4])
    2
    """
    n = check_integer("n", n, 1, "Pass the number of elements, for example cyclic(23).")
    check_room(n)
    return known_group(np.add.outer(np.arange(n), np.arange(n)) % n, 0, f"Z_{n}")


def dihedral(n: int) -> Group:
    """D_n, the 2n symmetries of a regular n-gon: element a + n s is r^a f^s with f r f = r^-1.

    Parameters
    ----------
    n : int
        Number of corners, >= 1.

    Returns
    -------
    Group
        Of order 2n.

    Raises
    ------
    BadValue
        For n < 1.
    TooLarge
        Where the table does not fit into memory.

    Examples
    --------
    >>> square = dihedral(4)
    >>> print(square.order, square.name)
    8 D_4
    """
    n = check_integer("n", n, 1, "Pass the number of corners; dihedral(n) has 2n elements.")
    check_room(2 * n)
    turn, flip = np.arange(2 * n) % n, np.arange(2 * n) // n
    turned = (turn[:, None] + np.where(flip, -1, 1)[:, None] * turn[None, :]) % n
    return known_group(turned + n * (flip[:, None] ^ flip[None, :]), 0, f"D_{n}")


def symmetric(n: int) -> Group:
    """S_n: all permutations of n things in lexicographic order, (p q)(i) = p(q(i)).

    Parameters
    ----------
    n : int
        How many things are permuted, 1..12.

    Returns
    -------
    Group
        Of order n!.

    Raises
    ------
    BadValue
        For n < 1 or n > 12.
    TooLarge
        Where the table does not fit into memory.

    Examples
    --------
    >>> print(symmetric(3).order, symmetric(3).is_abelian)
    6 False
    """
    n = check_integer("n", n, 1, "Pass how many things are permuted, for example symmetric(4).", high=12)
    return _permutations(n, f"S_{n}", even_only=False)


def alternating(n: int) -> Group:
    """A_n: the even permutations of n things in lexicographic order.

    Parameters
    ----------
    n : int
        How many things are permuted, 1..12.

    Returns
    -------
    Group
        Of order n!/2, and 1 for n = 1.

    Raises
    ------
    BadValue
        For n < 1 or n > 12.
    TooLarge
        Where the table does not fit into memory.

    Examples
    --------
    >>> print(alternating(4).order, alternating(4).name)
    12 A_4
    """
    n = check_integer("n", n, 1, "Pass how many things are permuted, for example alternating(5).", high=12)
    return _permutations(n, f"A_{n}", even_only=True)


def _permutations(n: int, name: str, *, even_only: bool) -> Group:
    order = int(np.prod(np.arange(1, n + 1), dtype=object))
    check_room(max(1, order // 2) if even_only else order)
    elements = np.array(list(itertools.permutations(range(n))), dtype=np.int64)
    if even_only:
        first, second = np.triu_indices(n, 1)
        elements = elements[(elements[:, first] > elements[:, second]).sum(axis=1) % 2 == 0]
    powers = n ** np.arange(n)[::-1]  # the code of a permutation; lexicographic order keeps the codes sorted
    codes = elements @ powers
    table = np.empty((len(elements), len(elements)), np.int32)
    for a, permutation in enumerate(elements):
        table[a] = np.searchsorted(codes, permutation[elements] @ powers)
    return known_group(table, 0, name)


def quaternion() -> Group:
    """Q_8, the units 1, -1, i, -i, j, -j, k, -k in this order.

    Returns
    -------
    Group
        Of order 8, with an irrep of quaternionic type.

    Examples
    --------
    >>> group = quaternion()
    >>> print(group.table[2, 4], group.table[4, 2])  # i j = k and j i = -k
    6 7
    """
    # Signs and units of i j = k, j k = i, k i = j and i^2 = j^2 = k^2 = -1.
    unit = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
    negative = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 1, 0], [0, 0, 1, 1]])
    which, sign = np.arange(8) // 2, np.arange(8) % 2
    a, b = which[:, None], which[None, :]
    return known_group(2 * unit[a, b] + (negative[a, b] ^ sign[:, None] ^ sign[None, :]), 0, "Q_8")


def check_room(order: int) -> None:
    check_memory(f"The multiplication table of {order} elements", 16.0 * order**2, "Choose a smaller group.")
