"""Register, wing 3: feature emergence on the multiplication table of a finite group."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import li2 as wing
from ..li2.groups.group import Group, cyclic, dihedral, quaternion, symmetric
from .formula import Draw, Formula, Printed, Range, seeds
from .many_digits import DIGITS, gaussian_mean

PAPER = "Tian, arXiv 2509.21519 (v5)"


@lru_cache(maxsize=1)
def _groups() -> tuple[Group, ...]:
    return (*map(cyclic, (3, 5, 6, 8)), symmetric(3), dihedral(4), quaternion())


def _group() -> Any:
    from ..verify.counterexamples import hypothesis_or_sentence

    return hypothesis_or_sentence().strategies.sampled_from(_groups())


GROUP = Draw("Z_3, Z_5, Z_6, Z_8, S_3, D_4, Q_8", _group)


def _divided(group: Group) -> np.ndarray:
    """[h, y] -> x with x y = h, read off the table by search."""
    table = np.asarray(group.table)
    return np.array([[int(np.flatnonzero(table[:, y] == h)[0]) for y in range(len(table))] for h in range(len(table))])


def _energy(group: Group, w: Any) -> Any:
    """(1/2) sum_h z_h^2 with z_h = sum over pairs with product h of (u(g1) + v(g2))^2, centred; any numbers."""
    order, table = group.order, np.asarray(group.table)
    z = [0 * w[0]] * order
    for a in range(order):
        for b in range(order):
            z[table[a, b]] = z[table[a, b]] + (w[a] + w[order + b]) ** 2
    mean = sum(z) / order
    return sum((one - mean) ** 2 for one in z) / 2


def _top(group: Group) -> float:
    return float(wing.local_maxima(wing.GroupTask(group)).energy.max())


def _printed_top(group: Group) -> float:
    return float(np.nanmax(wing.local_maxima(wing.GroupTask(group)).printed_energy))


@partial(
    Formula,
    name="li2.local_maxima",
    says="highest maximum of the energy on the unit sphere: the nontrivial real irrep of least degree D",
    function=wing.local_maxima,
    domain={"group": GROUP},
    call=_top,
    symbol="E^*",
    latex=r"\frac{M}{2 D}",
    source=PAPER + ", Theorem 2",
    status="corrected",
    by="alternating power iteration from 64 starts, energy by its definition",
    rtol=1e-9,
    printed=(
        Printed(
            PAPER + ", Theorem 2, energies",
            "M/(8d) for real, M/(16d) for complex irreps of degree d; quaternionic not treated",
            "M/(2D), D = d for real, 2d for complex and quaternionic irreps",
            _printed_top,
            (cyclic(5),),
            "highest energy of a node on Z_5",
        ),
    ),
)
def _highest(group: Group) -> float:
    """Alternating power iteration from 64 starts on the sphere; the energy there by its definition."""
    order, divided = group.order, _divided(group)
    draws = np.random.default_rng(0)
    u, v = draws.normal(size=(2, 64, order))
    # Products x y = h as matrices acting on v, and on u (through the columns of the same table).
    for _ in range(400):
        for first in (True, False):
            fixed = u if first else v
            fixed = fixed - fixed.mean(axis=1, keepdims=True)
            if first:
                matrix = fixed[:, divided]
            else:
                matrix = np.zeros((64, order, order))
                for h in range(order):
                    matrix[:, h, divided[h]] += fixed
            moving = v if first else u
            moving = np.einsum("nhi,nh->ni", matrix, np.einsum("nhi,ni->nh", matrix, moving))
            moving = moving - moving.mean(axis=1, keepdims=True)
            moving = moving / np.linalg.norm(moving, axis=1, keepdims=True) / np.sqrt(2)
            u, v = (u, moving) if first else (moving, v)
        u = u / np.linalg.norm(u, axis=1, keepdims=True) / np.sqrt(2)
    return max(float(_energy(group, np.concatenate([a, b]))) for a, b in zip(u, v))


def _node(group: Group, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=2 * group.order)


def _fourier(group: Group, seed: int) -> Any:
    return jnp.sum(wing.energy_by_irrep(wing.GroupTask(group), _node(group, seed)))


@partial(
    Formula,
    name="li2.energy_by_irrep",
    says="energy of a node on the full table, square activation, by its Fourier transform",
    function=wing.energy_by_irrep,
    domain={"group": GROUP, "node": seeds("a drawn node")},
    call=_fourier,
    symbol="E(u, v)",
    latex=r"\frac{2}{M} \sum_k d_k |\hat{u}(\rho_k) \, \hat{v}(\rho_k)|_F^2",
    source=PAPER + ", energy in Fourier form",
    status="corrected",
    by="its definition over all pairs, in fractions",
    rtol=1e-10,
    note="printed with |tr S|^2/d for the Frobenius norm: 0.25 of the energy on Abelian groups, 0.20 to 0.25 else",
)
def _exact_energy(group: Group, seed: int) -> float:
    return float(_energy(group, [Fraction(float(x)) for x in _node(group, seed)]))


@partial(
    Formula,
    name="li2.mirrored_residual",
    says="least residual of real nodes [u; +-P u], however many",
    function=wing.mirrored_residual,
    domain={"group": GROUP},
    symbol="r",
    latex=r"\sqrt{\frac{M - I}{2 (M - 1)}}, \;\; I = \#\{h : h^2 = e\}",
    source=PAPER + ", Theorem 3, real weights",
    status="corrected",
    by="least squares on 3 M^2 drawn nodes",
    rtol=1e-8,
    printed=(
        Printed(
            PAPER + ", Theorem 3, real weights",
            "enough nodes [u; +-P u] represent the table: residual 0",
            "residual sqrt((M - I)/(2(M - 1))); maxima of the energy do represent it",
            lambda group: 0.0,
            (symmetric(3),),
            "relative residual of the table of S_3",
        ),
    ),
)
def _mirrored(group: Group) -> float:
    """Least squares on 3 M^2 drawn nodes [u; +-P u], square activation, centred over samples."""
    order, table = group.order, np.asarray(group.table)
    identity = int(np.flatnonzero((table == np.arange(order)).all(axis=1))[0])
    inverse = np.array([int(np.flatnonzero(row == identity)[0]) for row in table])
    u = np.random.default_rng(1).normal(size=(3 * order**2, order))
    left, right = np.meshgrid(np.arange(order), np.arange(order), indexing="ij")
    fields = [u[:, left.ravel()] + sign * u[:, inverse[right.ravel()]] for sign in (1, -1)]
    features = np.concatenate(fields).T ** 2
    targets = np.eye(order)[table.ravel()]
    features, targets = features - features.mean(0), targets - targets.mean(0)
    readout = np.linalg.lstsq(features, targets, rcond=1e-10)[0]
    return float(np.linalg.norm(targets - features @ readout) / np.linalg.norm(targets))


def _strengths(seed: int) -> list[Fraction]:
    return [Fraction(int(n), 10) for n in np.random.default_rng(seed).integers(3, 11, 5)]


def _discovery(seed: int, tail: int) -> Any:
    found = wing.feature_discovery_times(np.array([float(s) for s in _strengths(seed)]), float(tail))
    return [found.sgd, found.muon]


@partial(
    Formula,
    name="li2.feature_discovery_times",
    says="expected nodes until every mode was won once, without and with suppression of learned modes",
    function=wing.feature_discovery_times,
    domain={"strengths": seeds("5 strengths among 0.3, 0.4 ... 1"), "tail": Range(1, 4, (), "a", whole=True)},
    call=_discovery,
    symbol="T_0, T_a",
    latex=r"\int_0^\infty \left[1 - \prod_l (1 - e^{-p_l t})\right] dt, \;\; s^a T_0 + (1 - s^a) L",
    source=PAPER + ", Theorem 8",
    status="corrected",
    by="Markov chain on all sets of learned modes, in fractions",
    rtol=1e-11,
    note="the printed lower bound max(1/min p, H_L) lacks a factor L; there is no printed T_a",
)
def _chains(seed: int, tail: int) -> list[float]:
    """The Markov chain on sets of learned modes, in fractions; a learned one keeps all, or 2^-tail, of its weight."""
    weights = [s**tail for s in _strengths(seed)]
    answers = []
    for kept in (Fraction(1), Fraction(1, 2**tail)):
        expected = [Fraction(0)] * 2 ** len(weights)
        for learned in range(len(expected) - 2, -1, -1):
            new = [mode for mode in range(len(weights)) if not learned >> mode & 1]
            total = sum(w if mode in new else kept * w for mode, w in enumerate(weights))
            found = sum(weights[mode] for mode in new)
            ahead = sum(weights[mode] * expected[learned | 1 << mode] for mode in new)
            expected[learned] = (total + ahead) / found
        answers.append(float(expected[0]))
    return answers


def _projected(seed: int) -> np.ndarray:
    """Orthonormal columns and one new one."""
    return np.random.default_rng(seed).normal(size=(7, 4))


def _polar_column(seed: int) -> Any:
    draws = _projected(seed)
    columns = np.linalg.qr(draws[:, :3])[0]
    return wing.muon_column(columns, draws[:, 3]).exact


@partial(
    Formula,
    name="li2.muon_column",
    says="where an orthogonalised update sends a new gradient column",
    function=wing.muon_column,
    domain={"columns": seeds("3 orthonormal columns and a drawn one in 7 dimensions")},
    call=_polar_column,
    symbol="q",
    latex=r"\frac{v_\perp}{|v_\perp|} + \frac{v_\parallel}{1 + |v_\perp|} + O(|v_\parallel|^2)",
    source=PAPER + ", Lemma 9",
    status="corrected",
    by="polar factor by Newton's iteration",
    rtol=1e-9,
    note="the exact column is held against the oracle; the printed expansion has O(|v_perp|^2)",
)
def _newton_schulz(seed: int) -> np.ndarray:
    """The polar factor by Newton's iteration X <- (X + X^-T)/2 on an orthonormal basis of its columns."""
    draws = _projected(seed)
    matrix = np.concatenate([np.linalg.qr(draws[:, :3])[0], draws[:, 3:]], axis=1)
    basis, x = np.linalg.qr(matrix)
    for _ in range(60):
        x = (x + np.linalg.inv(x).T) / 2
    return (basis @ x)[:, -1]


def _amplitude(modulus: int, width: int) -> float:
    """c of the network as built: the square sum of a cosine over a whole period is p c^2 / 2."""
    network = wing.companion.exact_network(modulus, width, key=jax.random.key(0))
    return float(np.sqrt(2 / modulus * np.sum(network.left[0] ** 2)))


COMPANION = "Doshi, Das, He & Gromov, arXiv 2310.13061"


def _odd() -> Any:
    from ..verify.counterexamples import hypothesis_or_sentence

    return hypothesis_or_sentence().strategies.sampled_from((3, 5, 11, 23, 53))


_ADDER = {"modulus": Draw("3, 5, 11, 23, 53", _odd), "width": Range(1, 300, (), "N", whole=True)}


@partial(
    Formula,
    name="li2.companion.exact_network",
    says="amplitude of the cosines of a network that adds modulo p, so that the right output is 1 on average",
    function=wing.companion.exact_network,
    domain=_ADDER,
    call=_amplitude,
    symbol="c",
    expression="(2/width)**Rational(1, 3)",
    source=COMPANION,
    status="corrected",
    by="mean over a grid of phases",
    rtol=1e-13,
    printed=(
        Printed(
            COMPANION + ", amplitude",
            "(2/N)^(-1/3)",
            "(2/N)^(1/3); the decisions are the same",
            lambda modulus, width: (2 / width) ** (-1 / 3),
            (23, 128),
            "amplitude at 128 neurons",
        ),
    ),
)
def _unit_amplitude(modulus: int, width: int) -> float:
    """c that makes the right output 1: N c^3 times the mean of (cos a + cos b)^2 cos(a + b) over a grid of phases."""
    phase = 2 * np.pi * np.arange(12) / 12
    a, b = np.meshgrid(phase, phase)
    return float((width * np.mean((np.cos(a) + np.cos(b)) ** 2 * np.cos(a + b))) ** (-1 / 3))


@partial(
    Formula,
    name="li2.companion.exact_network_accuracy",
    says="accuracy of that network if its interference were independent and Gaussian",
    function=wing.companion.exact_network_accuracy,
    domain=_ADDER,
    symbol="A(p, N)",
    latex=r"\int \varphi(x) \, \Phi\left(x + \frac{\sqrt{N}}{2} \frac{p}{p - 1}\right)^{p - 1} dx",
    source="ours",
    status="ours",
    by="30-digit quadrature",
    rtol=1e-12,
    note="an approximation: drawn networks are off by up to 0.08",
)
def _accuracy(modulus: int, width: int) -> float:
    """The right output ahead of p - 1 independent wrong ones, 30 digits."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        gap = mp.sqrt(width) / 2 * modulus / (modulus - 1)
        return float(gaussian_mean(lambda x: mp.ncdf(x + gap) ** (modulus - 1)))
