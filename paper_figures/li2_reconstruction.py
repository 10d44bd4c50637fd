"""How many hidden nodes represent the whole table, and which do not, however many there are.

Caption: Residual of the target with the best read-out, square activation. a: nodes of one frequency of Z_M after the
other, for several M; K/(M - 1) nodes for each nontrivial class function. Complex pairs are exact at K = 2(M - 1), real
maxima of the energy with three phases at 3(M - 1); the printed real ansatz, u beside its own mirror image, stays at
1/sqrt 2. Lines: exact laws, the same for all M. b: maxima with random phases, an equal number in every frequency or
frequencies at random: with equal numbers exact from eight a frequency, 4(M - 1). c: with weight decay in the read-out,
full sets of nodes of norm 1: complex pairs eta/(eta + 2), structured maxima eta/(eta + 3/2), at every M; random ones
have small singular values and lose more. d: mirrored nodes, as many as help, in other groups (points), against
sqrt((M - I)/(2(M - 1))), I elements being their own inverse (bars); structured maxima (crosses, at 0) are exact in all.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.li2_groups import group_of

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"
# Nodes for each frequency of Z_M, M odd: what makes one frequency exact (mirrored: as exact as it gets).
FAMILIES = {"complex": 4, "structured": 6, "mirrored": 6}
STRENGTH = {"complex": 2.0, "structured": 1.5}  # squared singular value of a full set of unit nodes on the target
EXACT = 8  # random maxima a frequency from which on they are exact


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (23, 41)  # M of Z_M, odd
    points: int = 6  # widths of the panel on the left
    draws: int = 3  # of nodes with frequencies at random
    each: tuple[int, ...] = (2, 4, 6, 7, 8, 10, 12)  # random maxima a frequency; 7 and 8 among them
    decays: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # eta
    names: tuple[str, ...] = ("S_3", "Z_8", "Q_8", "Z_2^3", "A_4", "F_21", "SL(2,3)")
    key: int = 0


SIZES = {
    "quick": {"orders": (7,), "points": 2, "draws": 1, "each": (7, 8), "names": ("Q_8",)},
    "full": {"orders": (23, 41, 89, 127), "points": 8, "draws": 5},
}


def steps(parameters):
    return {
        **{f"Z_{m}": lambda m=m: _frequencies(parameters, m) for m in parameters.orders},
        **{f"random Z_{m}": lambda m=m: _random(parameters, m) for m in parameters.orders},
        **{f"ridge Z_{m}": lambda m=m: _ridge(parameters, m) for m in parameters.orders},
        **{f"mirrored {name}": lambda name=name: _mirrored(parameters, name) for name in parameters.names},
    }


def _complex_pairs(order):
    """[u; u] and [u; -u], u = exp(2 pi i k a/M)/sqrt(2M), each k beside M - k: four nodes a frequency."""
    ranks = np.stack([np.arange(1, (order + 1) // 2), np.arange(order - 1, order // 2, -1)], axis=1).ravel()
    waves = np.exp(2j * np.pi * np.outer(ranks, np.arange(order)) / order) / np.sqrt(2 * order)
    return np.stack([np.hstack([waves, waves]), np.hstack([waves, -waves])], axis=1).reshape(-1, 2 * order)


def _nodes(parameters, order, family):
    import jax

    from grok_theory import li2

    group = li2.groups.cyclic(order)
    if family == "complex":
        return _complex_pairs(order)
    if family == "structured":
        return li2.structured_features(group)
    return li2.mirrored_features(group, pairs=3, key=jax.random.key(parameters.key))


def _frequencies(parameters, order):
    from grok_theory import li2

    task, count = li2.GroupTask(li2.groups.cyclic(order)), (order - 1) // 2
    taken = np.unique(np.rint(np.linspace(1, count, parameters.points)).astype(int))
    found = {"share": taken / count}
    for family, each in FAMILIES.items():
        nodes = _nodes(parameters, order, family)
        found[family] = np.array([li2.reconstruction(task, nodes[: each * k]).residual for k in taken])
    return found


def _maxima(order, count, key):
    """(count, frequencies, 2M) maxima with random phases."""
    import jax

    from grok_theory import li2

    group = li2.groups.cyclic(order)
    rows = range((order - 1) // 2)
    return np.stack([li2.random_features(group, r, count=count, key=jax.random.fold_in(key, r)) for r in rows], axis=1)


def _random(parameters, order):
    import jax

    from grok_theory import li2

    task, count = li2.GroupTask(li2.groups.cyclic(order)), (order - 1) // 2
    each = np.array(parameters.each)
    found = {"each": each}
    nodes = _maxima(order, each[-1], jax.random.key(parameters.key))
    found["equal"] = np.array([li2.reconstruction(task, nodes[:k].reshape(-1, 2 * order)).residual for k in each])
    anywhere = []
    for draw in range(parameters.draws):
        key = jax.random.key(parameters.key + 1 + draw)
        where = np.random.default_rng(parameters.key + draw).integers(count, size=count * each[-1])
        rank = np.array([np.sum(where[:i] == f) for i, f in enumerate(where)])
        chosen = _maxima(order, int(rank.max()) + 1, key)[rank, where]
        anywhere.append([li2.reconstruction(task, chosen[: k * count]).residual for k in each])
    return found | {"anywhere": np.array(anywhere)}


def _ridge(parameters, order):
    import jax

    sets = {family: _nodes(parameters, order, family) for family in STRENGTH}
    # A third more than the structured ones: just enough to be exact.
    sets["random"] = _maxima(order, EXACT, jax.random.key(parameters.key)).reshape(-1, 2 * order)
    return {"decay": np.array(parameters.decays)} | {
        family: _ridge_residuals(nodes, order, parameters.decays) for family, nodes in sets.items()
    }


def _ridge_residuals(nodes, order, decays):
    """||Y~ - F~ V||/||Y~|| at V = (F~^H F~ + eta I)^-1 F~^H Y~, from one singular value decomposition of F~."""
    first, second = np.divmod(np.arange(order**2), order)
    features = (nodes.T[first] + nodes.T[order + second]) ** 2
    targets = np.eye(order)[(first + second) % order]
    features, targets = features - features.mean(axis=0), targets - targets.mean(axis=0)
    left, scale, _ = np.linalg.svd(features, full_matrices=False)
    parts = left.conj().T @ targets
    seen, whole = np.sum(np.abs(parts) ** 2, axis=1), np.sum(targets**2)
    # Not whole - seen.sum(): rounding of 1e-16 there is 1e-8 of a residual whose square is 2.5e-9 at eta = 1e-4.
    missed = np.sum(np.abs(targets - left @ parts) ** 2)
    return np.sqrt([(np.sum(seen * (eta / (eta + scale**2)) ** 2) + missed) / whole for eta in decays])


def _mirrored(parameters, name):
    import jax

    from grok_theory import li2

    group = group_of(name)
    task = li2.GroupTask(group)
    # u(g1) u(g2^-1) is a symmetric tensor over the component of u: that many random u span all there are.
    table = li2.local_maxima(task)
    size = int(np.max(table.real_degree**2 // np.where(table.frobenius_schur == 1, 1, 2 - 2 * table.frobenius_schur)))
    nodes = li2.mirrored_features(group, pairs=size * (size + 1) // 2, key=jax.random.key(parameters.key))
    exact = li2.reconstruction(task, li2.structured_features(group))
    return {
        "mirrored": np.array(li2.reconstruction(task, nodes).residual),
        "law": np.array(li2.mirrored_residual(group)),
        "structured": np.array(exact.residual),
        "width": np.array(exact.width),
    }


def _law(family, share):
    """Residual with the first `share` of the frequencies represented, at every odd M."""
    return np.sqrt(1 - share * (0.5 if family == "mirrored" else 1.0))


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ((a, b), (c, d)) = plt.subplots(2, 2, figsize=(7.0, 5.4), layout="constrained")
    line = np.linspace(0, 1, 200)
    for i, (family, each) in enumerate(FAMILIES.items()):
        top = each / 2  # K/(M - 1) with all frequencies there
        a.plot(top * line, _law(family, line), "-", color=f"C{i}", label=family)
        for m, marker in zip(parameters.orders, "os^D", strict=False):
            found = data[f"Z_{m}"]
            a.plot(top * found["share"], found[family], marker, color=f"C{i}", markersize=3.5, fillstyle="none")
    a.axhline(np.sqrt(0.5), color="0.6", linestyle=":", linewidth=0.8)
    a.set(xlabel="nodes $K/(M-1)$", ylabel="residual", title="a  One frequency after the other", ylim=(-0.04, 1.04))
    a.legend(loc="lower left")
    for m, marker in zip(parameters.orders, "os^D", strict=False):
        found = data[f"random Z_{m}"]
        b.semilogy(found["each"] / 2, found["equal"], marker + "-", color="C3", markersize=3, label=f"equal, M = {m}")
        for values in found["anywhere"]:
            b.semilogy(found["each"] / 2, values, marker, color="C4", markersize=3, fillstyle="none")
    b.semilogy([], [], "o", color="C4", fillstyle="none", label="at random")
    b.axvline(EXACT / 2, color="0.6", linestyle=":", linewidth=0.8)
    b.set(xlabel="nodes $K/(M-1)$", ylabel="residual", title="b  Maxima with random phases")
    b.legend(fontsize=6)
    eta = np.geomspace(parameters.decays[0], parameters.decays[-1], 200)
    for family, color in (("complex", "C0"), ("structured", "C1"), ("random", "C3")):
        if family in STRENGTH:
            c.loglog(eta, eta / (eta + STRENGTH[family]), "-", color=color, label=family)
        for m, marker in zip(parameters.orders, "os^D", strict=False):
            found = data[f"ridge Z_{m}"]
            # Random nodes have no law: a thin line leads the eye.
            look = marker if family in STRENGTH else marker + ":"
            words = "random, 8 a frequency" if family == "random" and m == parameters.orders[0] else None
            c.loglog(found["decay"], found[family], look, color=color, markersize=3.5, fillstyle="none", label=words)
    c.set(xlabel=r"weight decay $\eta$ of the read-out", ylabel="residual", title="c  Ridge read-out")
    c.legend(fontsize=6)
    place = np.arange(len(parameters.names))
    found = [data[f"mirrored {name}"] for name in parameters.names]
    d.bar(place, [f["law"] for f in found], color="0.85", width=0.7, label="law")
    d.plot(place, [f["mirrored"] for f in found], "o", color="C2", markersize=4, label="mirrored")
    d.plot(place, [f["structured"] for f in found], "x", color="C1", markersize=4, clip_on=False, label="structured")
    names = [f"{_shown(name)}\n$K$={f['width']}" for name, f in zip(parameters.names, found, strict=True)]
    d.set_xticks(place, names, fontsize=6)
    d.set(ylabel="residual", title="d  Other groups", ylim=(0, 0.95))
    d.legend(fontsize=6, ncols=3, loc="upper center")
    return figure


def _shown(name):
    import re

    return re.sub(r"(\w)_(\d+)(\^\d)?", r"$\1_{\2}\3$", name)


def claims(parameters, data):
    cyclic = [data[f"Z_{m}"] for m in parameters.orders]
    off = {f: max(float(np.abs(d[f][:-1] - _law(f, d["share"][:-1])).max()) for d in cyclic) for f in FAMILIES}
    last = {f: max(float(d[f][-1]) for d in cyclic) for f in FAMILIES}
    floor = max(abs(float(d["mirrored"][-1]) - np.sqrt(0.5)) for d in cyclic)
    shown = ", ".join(f"M = {m}" for m in parameters.orders)
    randoms = [data[f"random Z_{m}"] for m in parameters.orders]
    few = min(float(d["equal"][d["each"] == EXACT - 1][0]) for d in randoms)
    enough = max(float(d["equal"][d["each"] >= EXACT].max()) for d in randoms)
    ridges = [data[f"ridge Z_{m}"] for m in parameters.orders]
    ridge = max(
        float(np.abs(d[family] * (d["decay"] + s) / d["decay"] - 1).max())
        for d in ridges
        for family, s in STRENGTH.items()
    )
    worse = min(float(d["random"][0] / d["structured"][0]) for d in ridges)
    others = [data[f"mirrored {name}"] for name in parameters.names]
    law = max(abs(float(d["mirrored"] - d["law"])) for d in others)
    exact = max(float(d["structured"]) for d in others)
    return [
        Claim(f"Structured maxima are exact at K = 3(M - 1), {shown}", last["structured"] < 1e-12,
              f"residual {last['structured']:.0e}"),
        Claim(f"Complex pairs are exact at K = 2(M - 1), {shown}", last["complex"] < 1e-12,
              f"residual {last['complex']:.0e}"),
        Claim("Mirrored nodes keep 1/sqrt 2 with as many nodes", floor < 1e-8, f"off by {floor:.0e}"),
        Claim("Before that, the residual of each is its law in the share of frequencies", max(off.values()) < 1e-8,
              ", ".join(f"{f} off by {v:.0e}" for f, v in off.items())),
        Claim("Equal numbers of random maxima are exact from eight a frequency, and with seven are not",
              enough < 1e-8 < 0.01 < few, f"seven {few:.3f}, eight or more {enough:.0e}"),
        Claim("With ridge: eta/(eta + 2) for complex pairs, eta/(eta + 3/2) for structured maxima", ridge < 1e-10,
              f"relative error {ridge:.0e}"),
        Claim("Eight random maxima a frequency lose over ten times as much to a weak ridge", worse > 10,
              f"{worse:.0f} times at eta = {parameters.decays[0]:g}"),
        Claim("In other groups mirrored nodes end at the law, structured maxima are exact",
              law < 1e-8 and exact < 1e-12, f"off by {law:.0e}; residual {exact:.0e}"),
    ]  # fmt: skip
