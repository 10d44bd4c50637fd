"""li2: irreps, maxima and energies against the dense ways, in one run; 400 starts on every group.

Ratios are between timings of this run on this machine. "One-hot" is the network as one would type it: X (M^2 x 2M),
Y (M^2 x M), dense products in NumPy. "One at a time" is the same compiled ascent with one start a call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import report
from benchmarks.report import Headline, Rows, worst
from grok_theory import li2
from grok_theory.li2.ascent import climb
from grok_theory.li2.feature_energy import energy_function


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `li2_accuracy.json` and `li2_speed.json` below `out`."""
    names = ("S_3", "Q_8", "A_4") if quick else tuple(_MAKERS)
    accuracy = [_accuracy(name, 60 if quick else 400) for name in names]
    speed = _speed(quick)
    report.publish("li2_accuracy", "li2: maxima by closed form and by ascent", accuracy, out)
    report.publish("li2_speed", "li2: speed, ratios within this run", speed, out)


def _matrices(a, b):
    return tuple(tuple(sum(a[i][k] * b[k][j] for k in range(2)) % 3 for j in range(2)) for i in range(2))


def _affine(p: int) -> Callable:
    return lambda a, b: ((a[0] * b[0]) % p, (a[0] * b[1] + a[1]) % p)


def _dicyclic(n: int) -> li2.groups.Group:
    def multiply(left, right):
        (a, s), (b, t) = left, right
        return (a + (-b if s else b) + (n if s and t else 0)) % (2 * n), s ^ t

    return li2.groups.from_generators([(1, 0), (0, 1)], multiply, f"Dic_{n}")


_MAKERS: dict[str, Callable[[], li2.groups.Group]] = {
    "Z_7": lambda: li2.groups.cyclic(7),
    "Z_8": lambda: li2.groups.cyclic(8),
    "Z_12": lambda: li2.groups.cyclic(12),
    "Z_97": lambda: li2.groups.cyclic(97),
    "Z_2^3": lambda: li2.groups.direct_product(
        li2.groups.direct_product(li2.groups.cyclic(2), li2.groups.cyclic(2)), li2.groups.cyclic(2)
    ),
    "S_3": lambda: li2.groups.symmetric(3),
    "S_4": lambda: li2.groups.symmetric(4),
    "S_5": lambda: li2.groups.symmetric(5),
    "A_4": lambda: li2.groups.alternating(4),
    "A_5": lambda: li2.groups.alternating(5),
    "D_4": lambda: li2.groups.dihedral(4),
    "D_5": lambda: li2.groups.dihedral(5),
    "Q_8": li2.groups.quaternion,
    "Dic_3": lambda: _dicyclic(3),
    "Q_16": lambda: _dicyclic(4),
    "Q_8 x Z_3": lambda: li2.groups.direct_product(li2.groups.quaternion(), li2.groups.cyclic(3)),
    "SL(2,3)": lambda: li2.groups.from_generators([((1, 1), (0, 1)), ((1, 0), (1, 1))], _matrices, "SL(2,3)"),
    "F_20": lambda: li2.groups.from_generators([(2, 0), (1, 1)], _affine(5), "F_20"),
    "F_21": lambda: li2.groups.from_generators([(2, 0), (1, 1)], _affine(7), "F_21"),
}


def _accuracy(name: str, starts: int) -> dict[str, Any]:
    group = _MAKERS[name]()
    task, found = li2.GroupTask(group), li2.groups.irreps(group)
    defect = max(
        float(np.abs(r.matrices[a] @ r.matrices - r.matrices[group.table[a]]).max())
        for r in found
        for a in range(group.order)
    )
    table = li2.local_maxima(task)
    ended = li2.ascend(task, key=jax.random.key(0), starts=starts)
    met = np.unique(ended.irrep)
    right = 0
    for row in met:
        node = ended.weights[np.flatnonzero(ended.irrep == row)[0]]
        spectrum = np.asarray(li2.hessian_spectrum(task, node)) / (4 * table.energy[row])
        counted = [int(np.sum(np.abs(spectrum + k) < 1e-6)) for k in (0, 1, 2)]
        right += counted == [table.zero[row], table.minus_one[row], table.minus_two[row]]
    return {
        "group": name,
        "order": group.order,
        "types": " ".join(
            sorted({f"{r.degree}{'+' if r.frobenius_schur == 1 else '-' if r.frobenius_schur else '0'}" for r in found})
        ),
        "homomorphism defect": defect,
        "starts": starts,
        "share pure to 1e-8": float(np.mean(ended.purity > 1 - 1e-8)),
        "largest energy error": float(np.abs(ended.energy - table.energy[ended.irrep]).max()),
        "rows met": f"{len(met)} of {len(table)}",
        "Hessians right": f"{right} of {len(met)}",
        "iterations": int(np.median(ended.iterations)),
    }


def _seconds(call: Callable[[], Any], repeats: int = 5) -> float:
    jax.block_until_ready(call())
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - begun)
    return min(times)


def _speed(quick: bool) -> list[dict[str, Any]]:
    rows = []
    for name, group in (
        (("S_3", li2.groups.symmetric(3)),)
        if quick
        else (("A_5", li2.groups.alternating(5)), ("Z_97", li2.groups.cyclic(97)))
    ):
        rows += _irreps_and_maxima(name, group)
        for nodes in (256, 1000):
            rows.append(_energies(name, group, nodes))
        rows.append(_ascents(name, group))
    return rows


def _row(what: str, ours: float, other_way: str, other: float) -> dict[str, Any]:
    return {"what": what, "seconds": ours, "against": other_way, "its seconds": other, "ratio": other / ours}


def _irreps_and_maxima(name: str, group: li2.groups.Group) -> list[dict[str, Any]]:
    def everything():
        # Their caches are emptied, so that each repeat starts from the table.
        for cached in (li2.groups.irreps, li2.groups.real_irreps, li2.groups.isotypic_basis):
            cached.cache_clear()
        return li2.local_maxima(li2.GroupTask(li2.groups.from_cayley_table(group.table))).energy

    def dense():
        # What a dense way does first: one Hermitian eigenproblem of size M for each irrep found.
        draws = np.random.default_rng(0)
        matrix = draws.normal(size=(group.order, group.order)) + 1j * draws.normal(size=(group.order, group.order))
        return [np.linalg.eigh(matrix + matrix.conj().T) for _ in li2.groups.irreps(group)]

    count = len(li2.groups.irreps(group))
    return [
        _row(
            f"{name}: table checked, irreps, maxima",
            _seconds(everything, 3),
            f"{count} eigh of size M",
            _seconds(dense, 3),
        )
    ]


def _energies(name: str, group: li2.groups.Group, nodes: int) -> dict[str, Any]:
    order = group.order
    first, second = np.indices((order, order)).reshape(2, -1)
    x, y = np.zeros((order**2, 2 * order)), np.zeros((order**2, order))
    x[np.arange(order**2), first] = x[np.arange(order**2), order + second] = 1
    y[np.arange(order**2), group.table.ravel()] = 1
    y -= y.mean(axis=0)
    w = np.random.default_rng(0).normal(size=(nodes, 2 * order))
    task, on_device = li2.GroupTask(group), jnp.asarray(w)
    ours = _seconds(lambda: li2.energy(task, on_device))
    dense = _seconds(lambda: 0.5 * np.sum((y.T @ np.square(x @ w.T)) ** 2, axis=0))
    return _row(f"{name}: energy of {nodes} nodes", ours, "one-hot products", dense)


def _ascents(name: str, group: li2.groups.Group) -> dict[str, Any]:
    function = energy_function(li2.GroupTask(group))
    start = jax.random.normal(jax.random.key(0), (128, 2 * group.order))
    batched = _seconds(lambda: climb(function, start, 1e-12, 3000), 3)

    def single():
        return [climb(function, start[i : i + 1], 1e-12, 3000) for i in range(128)]

    return _row(f"{name}: ascent of 128 starts", batched, "one start at a time", _seconds(single, 1))


def _li2(rows: Rows) -> str:
    right, met = (sum(int(row["Hessians right"].split(" of ")[i]) for row in rows) for i in (0, 1))
    found = worst(rows, "largest energy error")
    error = found["largest energy error"]
    return f"{len(rows)} groups: {right} of {met} Hessian spectra right, energies to {error:.1e} ({found['group']})"


HEADLINES = (Headline("li2: maxima by closed form and by ascent", "li2_accuracy", _li2),)
