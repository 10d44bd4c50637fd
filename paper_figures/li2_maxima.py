"""The maxima of the energy and the Hessian at them, for many groups: one law for all types of representation.

Caption: Left: energies reached by gradient ascent from random starts on the unit sphere (points, by the type of the
real irrep they end in) against the real degree D, for ten groups; lines: E* = M/(2D), groups side by side; crosses: the
printed values, where there are any. Right: eigenvalues of the Riemannian Hessian at such points, in units of 4E*
(points), against the closed form (steps): only 0, -1 and -2 occur. The zeros are the dimension of the family of maxima;
there are none for D = 1, so a group with more than two elements need not have flat directions (Corollary 1 of
the paper says it has).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.li2_groups import group_of

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"
SPECTRA = (("S_3", 0), ("A_4", 0), ("A_4", 1), ("Q_8", 3))


@dataclass(frozen=True)
class Parameters:
    names: tuple[str, ...] = ("Z_7", "Z_8", "S_3", "S_4", "A_4", "A_5", "Q_8", "SL(2,3)", "F_21", "F_20")
    starts: int = 60  # of ascent, for each group
    key: int = 0


SIZES = {"full": {"starts": 400}}


def steps(parameters):
    named = {f"ascent on {name}": lambda name=name: _ascent(parameters, name) for name in parameters.names}
    return {**named, "spectra": lambda: _spectra(parameters)}


def _ascent(parameters, name):
    import jax

    from grok_theory import li2

    group = group_of(name)
    task = li2.GroupTask(group)
    found, table = (
        li2.ascend(task, key=jax.random.key(parameters.key), starts=parameters.starts),
        li2.local_maxima(task),
    )
    return {
        "energy": found.energy / group.order,
        "degree": table.real_degree[found.irrep],
        "kind": table.frobenius_schur[found.irrep],
        "error": np.abs(found.energy - table.energy[found.irrep]),
        "printed": table.printed_energy / group.order,
        "degrees": table.real_degree,
    }


def _chosen(parameters):
    return [pair for pair in SPECTRA if pair[0] in parameters.names]


def _spectra(parameters):
    import jax

    from grok_theory import li2

    found = {}
    for name, row in _chosen(parameters):
        group = group_of(name)
        task = li2.GroupTask(group)
        table = li2.local_maxima(task)
        node = li2.random_features(group, row, count=1, key=jax.random.key(parameters.key))[0]
        found[f"{name} {row} measured"] = np.asarray(li2.hessian_spectrum(task, node)) / (4 * table.energy[row])
        counts = [table.minus_two[row], table.minus_one[row], table.zero[row]]
        found[f"{name} {row} theory"] = np.repeat([-2.0, -1.0, 0.0], counts)
    return found


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7))
    for degree in range(1, 7):
        label = "E* = M/(2D)" if degree == 1 else None
        left.plot(degree + np.array([-0.4, 0.4]), 2 * [1 / (2 * degree)], color="black", linewidth=0.9, label=label)
    looks = {1: ("o", "C0", "real"), 0: ("s", "C1", "complex"), -1: ("^", "C2", "quaternionic")}
    seen = set()
    for i, name in enumerate(parameters.names):
        d = data[f"ascent on {name}"]
        # Groups stand side by side, so that equal values do not hide each other.
        shift = 0.06 * (i - len(parameters.names) / 2)
        for kind, (marker, color, label) in looks.items():
            here = d["kind"] == kind
            _, first = np.unique(d["degree"][here], return_index=True)
            left.plot(
                d["degree"][here][first] + shift,
                d["energy"][here][first],
                marker,
                color=color,
                linestyle="none",
                label=None if kind in seen or not here.any() else label,
            )
            seen |= {kind} if here.any() else set()
        printed = ~np.isnan(d["printed"])
        unique = np.unique(np.stack([d["degrees"][printed], d["printed"][printed]]), axis=1)
        left.plot(unique[0] + shift, unique[1], "x", color="0.55", label="printed" if i == 0 else None, markersize=3)
    left.set(xlabel="real degree D", ylabel="energy / M", title="a  Where ascent ends", yscale="log", xlim=(0.5, 6.5))
    left.set_yticks([0.5, 0.25, 0.125, 0.0625, 0.03125], ["1/2", "1/4", "1/8", "1/16", "1/32"])
    left.minorticks_off()
    left.legend(ncols=2, loc="upper right")
    kinds = {
        ("S_3", 0): "S$_3$ sign, D=1",
        ("A_4", 0): "A$_4$ complex, D=2",
        ("A_4", 1): "A$_4$ real, D=3",
        ("Q_8", 3): "Q$_8$ quaternionic, D=4",
    }
    for i, (name, row) in enumerate(_chosen(parameters)):
        measured, theory = data["spectra"][f"{name} {row} measured"], data["spectra"][f"{name} {row} theory"]
        share = (np.arange(len(theory)) + 0.5) / len(theory)
        offset = 0.06 * i  # drawn apart; all lie on 0, -1, -2
        right.step(share, theory + offset, where="mid", color=f"C{i}", linewidth=0.8)
        right.plot(share, measured + offset, "o", color=f"C{i}", markersize=2.4, label=kinds[name, row])
    right.set(
        xlabel="share of the 2M - 1 directions",
        ylabel="eigenvalue / 4E*",
        title="b  Hessian at the maxima (drawn apart)",
    )
    right.set(yticks=[-2, -1, 0], xlim=(0, 1), ylim=(-2.2, 0.5))
    right.legend(loc="lower right")
    return figure


def claims(parameters, data):
    worst = max(float(data[f"ascent on {name}"]["error"].max()) for name in parameters.names)
    gaps = [
        float(np.abs(data["spectra"][f"{n} {r} measured"] - data["spectra"][f"{n} {r} theory"]).max())
        for n, r in _chosen(parameters)
    ]
    return [
        Claim("Every ascent ends at M/(2D) of its irrep.", worst < 1e-10, f"largest error {worst:.1e}"),
        Claim(
            "The Hessian has the eigenvalues 0, -1, -2 with the stated multiplicities.",
            max(gaps) < 1e-8,
            f"{max(gaps):.1e}",
        ),
    ]
