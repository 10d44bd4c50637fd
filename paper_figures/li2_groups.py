"""Groups by name, for the li2 figures: Z_7, D_5, S_3, A_4, Q_8, SL(2,3), products like Z_2^3 and Z_4xZ_4, and the
Frobenius groups F_20, F_21, F_39, F_42, F_55, F_57 (affine maps x -> a x + b modulo a prime, a in a subgroup).
"""

from functools import reduce

# Name -> prime, generator of the multipliers a.
FROBENIUS = {
    "F_20": (5, 2),
    "F_21": (7, 2),
    "F_39": (13, 3),
    "F_42": (7, 3),
    "F_55": (11, 3),
    "F_57": (19, 7),
}


def group_of(name):
    from grok_theory import li2

    if name == "Q_8":
        return li2.groups.quaternion()
    if name == "SL(2,3)":
        return li2.groups.from_generators([((1, 1), (0, 1)), ((1, 0), (1, 1))], _matrices_mod_3, name)
    if name in FROBENIUS:
        prime, multiplier = FROBENIUS[name]
        return li2.groups.from_generators([(multiplier, 0), (1, 1)], _affine(prime), name)
    if "x" in name:
        return reduce(li2.groups.direct_product, map(group_of, name.split("x")))
    if "^" in name:
        factor, power = name.split("^")
        return reduce(li2.groups.direct_product, int(power) * [group_of(factor)])
    families = {
        "Z": li2.groups.cyclic,
        "D": li2.groups.dihedral,
        "S": li2.groups.symmetric,
        "A": li2.groups.alternating,
    }
    return families[name[0]](int(name[2:]))


def _affine(prime):
    return lambda a, b: ((a[0] * b[0]) % prime, (a[0] * b[1] + a[1]) % prime)


def _matrices_mod_3(a, b):
    return tuple(tuple(sum(a[i][k] * b[k][j] for k in range(2)) % 3 for j in range(2)) for i in range(2))
