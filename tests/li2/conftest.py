"""The groups these tests run over: all families, and tables made from matrices, affine maps and words."""

import numpy as np
import pytest

from grok_theory.li2.groups import (
    alternating,
    cyclic,
    dihedral,
    direct_product,
    from_cayley_table,
    from_generators,
    quaternion,
    symmetric,
)


def _matrices_mod(p):
    def multiply(a, b):
        return tuple(tuple(sum(a[i][k] * b[k][j] for k in range(2)) % p for j in range(2)) for i in range(2))

    return multiply


def _affine(p):
    return lambda a, b: ((a[0] * b[0]) % p, (a[0] * b[1] + a[1]) % p)


def _dicyclic(n):
    """Words x^a j^s with x^2n = 1, j^2 = x^n, j x = x^-1 j."""

    def multiply(left, right):
        (a, s), (b, t) = left, right
        return (a + (-b if s else b) + (n if s and t else 0)) % (2 * n), s ^ t

    return from_generators([(1, 0), (0, 1)], multiply, f"Dic_{n}")


MAKERS = {
    "Z_2": lambda: cyclic(2),
    "Z_7": lambda: cyclic(7),
    "Z_8": lambda: cyclic(8),
    "Z_12": lambda: cyclic(12),
    "Z_13": lambda: cyclic(13),
    "Z_97": lambda: cyclic(97),
    "Z_2^3": lambda: direct_product(direct_product(cyclic(2), cyclic(2)), cyclic(2)),
    "S_3": lambda: symmetric(3),
    "S_4": lambda: symmetric(4),
    "S_5": lambda: symmetric(5),
    "A_4": lambda: alternating(4),
    "A_5": lambda: alternating(5),
    "D_4": lambda: dihedral(4),
    "D_5": lambda: dihedral(5),
    "Q_8": quaternion,
    "Dic_3": lambda: _dicyclic(3),
    "Q_16": lambda: _dicyclic(4),
    "Q_8 x Z_3": lambda: direct_product(quaternion(), cyclic(3)),
    "SL(2,3)": lambda: from_generators([((1, 1), (0, 1)), ((1, 0), (1, 1))], _matrices_mod(3), "SL(2,3)"),
    "F_21": lambda: from_generators([(2, 0), (1, 1)], _affine(7), "F_21"),
    "F_20": lambda: from_generators([(2, 0), (1, 1)], _affine(5), "F_20"),
}


def shuffled(group, seed=0):
    """The same group under other labels, as a bare table."""
    order = np.random.default_rng(seed).permutation(group.order)
    back = np.argsort(order)
    return from_cayley_table(order[group.table[np.ix_(back, back)]], f"{group.name} shuffled")


@pytest.fixture(scope="session")
def groups():
    """name -> Group, made when first asked for."""

    class Lazy(dict):
        def __missing__(self, name):
            self[name] = MAKERS[name]()
            return self[name]

    return Lazy()


@pytest.fixture(scope="session")
def relabel():
    return shuffled
