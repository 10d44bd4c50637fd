"""Where Tian, arXiv 2509.21519 (v5), errs in what is no closed form; theorems of the register are corrected there.

Every number is computed on groups of at most 23 elements, with fixed keys. The printed trace form of the energy is
absent: the table in docs/li2_evidence.md quotes its ratio, 0.20 to 0.25.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ..li2.closed_forms import local_maxima, muon_column
from ..li2.discovery import feature_discovery_times
from ..li2.feature_energy import energy, energy_gradient, hessian_spectrum
from ..li2.features import random_features
from ..li2.gradient_emergence import lazy_gradient
from ..li2.groups.group import Group, cyclic, symmetric
from ..li2.groups.made_groups import direct_product
from ..li2.groups.real_representations import isotypic_basis
from ..li2.groups.representations import irreps
from ..li2.network import centred_features
from ..li2.problem import GroupTask
from ..li2.sample_thresholds import CrossTerm, FullEnergy, sample_threshold
from .correction import Correction


def _statement(where: str, form: str, holds: str, measure: str, printed: float, corrected: float) -> Correction:
    return Correction("li2", f"Tian, arXiv 2509.21519 (v5), {where}", form, holds, measure, printed, corrected)


def _maximal_nodes() -> Correction:
    group = symmetric(3)
    task, row = GroupTask(group), 1
    basis, rows = isotypic_basis(group)
    u = np.random.default_rng(0).normal(size=(32, int(np.sum(rows == row)))) @ basis[:, rows == row].T
    printed = np.concatenate([u, u[:, group.inverse]], axis=1)
    ours = random_features(group, row, count=32, key=jax.random.key(0))
    return _statement(
        "Theorem 2, maximisers",
        "any u in the component with v = +-P u",
        "uhat = x y*, vhat = y z*: rank one with the same inner y; x, z free",
        "S_3, 2-dim irrep, largest tangential gradient over 4E",
        _criticality(task, printed),
        _criticality(task, ours),
    )


def _criticality(task: GroupTask, nodes: np.ndarray) -> float:
    nodes = nodes / np.linalg.norm(nodes, axis=1, keepdims=True)
    slope = np.asarray(energy_gradient(task, nodes))
    radial = np.sum(nodes * slope, axis=1, keepdims=True)
    return float((np.linalg.norm(slope - radial * nodes, axis=1) / radial[:, 0]).max())


def _flat_directions() -> Correction:
    group = direct_product(cyclic(2), cyclic(2))
    task = GroupTask(group)
    spectrum = np.asarray(hessian_spectrum(task, random_features(group, 0, count=1, key=jax.random.key(0))[0]))
    scale = 4 * local_maxima(task).energy[0]
    return _statement(
        "Corollary 1",
        "M > 2 implies flat maxima (at least one zero eigenvalue)",
        "flat if and only if D >= 2",
        "Z_2 x Z_2, number of zero eigenvalues",
        1.0,
        float(np.sum(np.abs(spectrum) < 1e-6 * scale)),
    )


def _fewer_samples() -> Correction:
    found = [
        sample_threshold(cyclic(11), [5.0], subsets=32, key=jax.random.key(0), method=method).success[0]
        for method in (CrossTerm(), FullEnergy())
    ]
    return _statement(
        "Theorem 4",
        "about d^2 M log M pairs keep the maxima, from the cross term 2uv alone",
        "dropping u^2 + v^2 is exact on the full table only; the full energy needs two to three times more pairs",
        "Z_11, 5 pairs per element, share of 32 subsets that keep a feature: cross term, full energy",
        float(found[0]),
        float(found[1]),
    )


def _memorisation() -> Correction:
    group = cyclic(5)
    pairs = np.array([(a, (3 - a) % 5) for a in range(5)])
    task = GroupTask(group, train_pairs=pairs)
    w = np.random.default_rng(0).normal(size=10)
    uncentred = 0.5 * np.sum((w[pairs[:, 0]] + w[5 + pairs[:, 1]]) ** 2) ** 2
    return _statement(
        "Theorem 5",
        "on a single target the energy's maximum memorises",
        "true of the uncentred energy; with one target Y~ = 0 and E = 0 identically",
        "Z_5, one target, E of a random node, uncentred and as defined",
        float(uncentred),
        float(energy(task, w)),
    )


def _missing_features() -> Correction:
    group = symmetric(3)
    characters = [(r.degree, r.character) for r in irreps(group)[1:]]
    printed = sum(d / group.order * np.outer(c, c.conj()) for d, c in characters)
    quotient = group.table[group.inverse]  # [h', h] -> h'^-1 h
    ours = sum(d / group.order * c[quotient] for d, c in characters)
    true = np.eye(group.order) - 1 / group.order  # nothing learned: everything but the mean is missing
    return _statement(
        "Theorem 7",
        "residual map sum_k Phi_k Phi_k*, Phi_k = sqrt(d_k/M) chi_k",
        "kernel sum_k (d_k/M) chi_k(h'^-1 h), a projector; equal only if all d = 1",
        "S_3, nothing learned, largest error of an entry",
        float(np.abs(printed - true).max()),
        float(np.abs(ours - true).max()),
    )


def _lazy_task(group: Group) -> tuple[GroupTask, np.ndarray]:
    task = GroupTask(group, train_fraction=0.4).split(jax.random.key(0))
    return task, np.random.default_rng(0).normal(size=(task.samples, 2 * group.order)) / np.sqrt(2 * group.order)


def _gradient_direction() -> Correction:
    task, hidden = _lazy_task(cyclic(23))
    features, _ = centred_features(task, jnp.asarray(hidden), *task.pairs_and_labels("printed"))
    mean_square = float(jnp.sum(features**2)) / (task.samples - 1)
    cosines = []
    for share in (1e-4, 100.0):
        strong = dataclasses.replace(task, weight_decay=2 * share * mean_square / task.samples)
        cosines.append(float(lazy_gradient(strong, hidden, [0.0]).fixed_alignment))
    return _statement(
        "Lemma 1",
        "G_F at the end of stage I points along Y~Y~^T F~",
        "exact for eta >> s_max(F~)^2 only",
        "Z_23, K = n, cosine with that direction at eta = 1e-4 and at 100 mean squared singular values",
        cosines[0],
        cosines[1],
    )


def _small_start() -> Correction:
    task, hidden = _lazy_task(cyclic(23))
    features, targets = centred_features(task, jnp.asarray(hidden), *task.pairs_and_labels("printed"))
    start = 1e-3 * np.random.default_rng(1).normal(size=(len(hidden), 23))
    growing = float(jnp.linalg.norm(targets @ (targets.T @ features)))
    largest = float(jnp.linalg.norm(features, 2)) ** 2
    ratio = float(jnp.linalg.norm(targets @ start.T)) / (growing * 1e-2 / largest)
    return _statement(
        "Stage I, start",
        "a small start (alpha << 1) does not matter",
        "it must satisfy alpha ||Y~|| << t ||Y~Y~^T F~||",
        "Z_23, entries 1e-3, t lambda_max = 1e-2: start over growing part, claimed (<< 1) and measured",
        0.0,
        ratio,
    )


def _discovery_bound() -> Correction:
    modes = 20
    found = feature_discovery_times(np.ones(modes), 2.0)
    harmonic = float(np.sum(1 / np.arange(1, modes + 1)))
    return _statement(
        "Theorem 8, lower bound",
        "T_0 >= max(1/min p, H_L)",
        "T_0 >= max(1/min p, L H_L), an equality for equal modes",
        "20 equal modes, T_0 over the bound",
        float(found.sgd) / max(modes, harmonic),
        float(found.sgd / found.lower_bound),
    )


def _suppressed_discovery() -> Correction:
    # An exact Markov chain over the set of learned modes, for comparison with the closed form.
    strengths, tail = np.linspace(0.3, 1.0, 8), 2.0
    exact = _chain(strengths**tail, 0.5**tail)
    found = feature_discovery_times(strengths, tail)
    return _statement(
        "Theorem 8, Muon",
        "no exact value",
        "T_a = s^a T_0 + (1 - s^a) L",
        "8 modes, tail 2: relative difference of T_0 and of T_a from an exact Markov chain on subsets",
        float(found.sgd) / exact - 1,
        float(found.muon) / exact - 1,
    )


def _chain(weights: np.ndarray, kept: float) -> float:
    """Expected draws until all modes are learned; a learned mode's weight is multiplied by `kept`."""
    expected = np.zeros(2 ** len(weights))
    bits = 2 ** np.arange(len(weights))
    for learned in range(2 ** len(weights) - 2, -1, -1):
        new = (learned & bits) == 0
        total = np.sum(np.where(new, weights, kept * weights))
        chances = weights[new] / total
        expected[learned] = (1 + chances @ expected[learned | bits[new]]) / chances.sum()
    return float(expected[0])


def _muon_error() -> Correction:
    draws = np.random.default_rng(0)
    columns = np.linalg.qr(draws.normal(size=(12, 5)))[0]
    along, across = columns[:, :4] @ draws.normal(size=4), columns[:, 4]
    along = along / np.linalg.norm(along)

    def error(par: float, perp: float) -> float:
        found = muon_column(columns[:, :4], par * along + perp * across)
        return float(jnp.linalg.norm(found.exact - found.first_order))

    return _statement(
        "Lemma 9",
        "error O(||v_perp||^2)",
        "error O(||v_par||^2)",
        "logarithmic slope of the error against ||v_perp|| (v_par fixed) and against ||v_par||",
        float(np.log(error(1e-3, 0.2) / error(1e-3, 0.1)) / np.log(2)),
        float(np.log(error(2e-3, 0.2) / error(1e-3, 0.2)) / np.log(2)),
    )


CORRECTIONS: tuple[Callable[[], Correction], ...] = (
    _maximal_nodes,
    _flat_directions,
    _fewer_samples,
    _memorisation,
    _missing_features,
    _gradient_direction,
    _small_start,
    _discovery_bound,
    _suppressed_discovery,
    _muon_error,
)
