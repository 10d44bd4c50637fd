"""How many hidden nodes represent the target, and which (Theorem 3 of Tian, arXiv 2509.21519 (v5), and beyond).

On the full table with the square activation, products u(g1) v(g2) come as differences of two nodes,
(u + v)^2 - (u - v)^2 = 4 u v. Real nodes at maxima of the energy suffice. Counting two nodes for each product: one
product for D = 1; d^3, 3 d^3, 2 d^3 products for an irrep of real, complex, quaternionic type; for Z_M with odd M that
is 3 (M - 1) nodes. The printed real ansatz [u; +-P u] cannot tell h from h^-1 and keeps the residual of
`mirrored_residual`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_finite, check_integer, check_key, check_memory, require_float64
from ..errors import BadValue
from ..fields import check_single
from ..pytrees import record
from .features import feature
from .groups.group import Group
from .groups.real_representations import RealIrrep, isotypic_basis, real_irreps
from .network import centred_features
from .problem import GroupTask

RANK_TOLERANCE = 1e-11  # of the largest singular value


@record(static=("width", "rank"))
class Reconstruction:
    """How well hidden nodes represent the target with the best read-out.

    Parameters
    ----------
    width : int
        K, the number of nodes.
    rank : int
        Numerical rank of F~ (singular values above 1e-11 of the largest).
    residual : float
        norm(Y~ - F~ V) / norm(Y~), Frobenius, at the least-squares V; 0 exact, 1 useless.
    readout : ndarray
        (K, M), that V, the one of smallest norm; complex for complex nodes.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import GroupTask, groups, reconstruction, structured_features
    >>> task = GroupTask(groups.cyclic(5))
    >>> found = reconstruction(task, structured_features(task.group)[:2])
    >>> print(found.width, bool(found.residual > 0.1))  # two nodes are not enough
    2 True
    """

    width: int
    rank: int
    residual: float
    readout: np.ndarray


def reconstruction(task: GroupTask, hidden: ArrayLike) -> Reconstruction:
    """Represent the centred target by hidden nodes, in least squares.

    Exact representations come out below 1e-14 for the groups tried. The weight decay plays no part. Memory 16 n K
    bytes.

    Parameters
    ----------
    task : GroupTask
        Any activation, subset, labels and centring.
    hidden : array_like
        (K, 2M); complex only with "square".

    Returns
    -------
    Reconstruction
        Residual, rank and read-out of the best fit.

    Raises
    ------
    BadValue
        For `hidden` of another shape, not finite, or complex where that is not allowed, and for pairs that were not
        drawn.
    Float64Required
        Where JAX computes in float32.
    TooLarge
        Where the least-squares problem does not fit into memory.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import GroupTask, groups, structured_features
    >>> task = GroupTask(groups.cyclic(5))
    >>> found = reconstruction(task, structured_features(task.group))
    >>> print(bool(found.residual < 1e-12))
    True
    """
    require_float64("reconstruction")
    check_single(task)
    hidden, order = np.asarray(hidden), task.group.order
    if hidden.ndim != 2 or hidden.shape[1] != 2 * order or hidden.shape[0] == 0:
        raise BadValue(
            f"hidden has shape {hidden.shape}, but it must have shape (K, 2M) = (any, {2 * order}). "
            "Pass one node [u; v] a row."
        )
    if np.iscomplexobj(hidden) and task.activation != "square":
        raise BadValue(f"hidden is complex, but activation {task.activation!r} is for real numbers. Pass hidden.real.")
    pairs, labels = task.pairs_and_labels("reconstruction")
    check_memory(
        f"The least-squares problem of {task.samples} pairs and {len(hidden)} nodes",
        5 * 16.0 * task.samples * (len(hidden) + order),
        "Pass fewer nodes or a subset of the pairs.",
    )
    # Only now, for checking the weights copies them.
    for part in (hidden.real, hidden.imag) if np.iscomplexobj(hidden) else (hidden,):
        check_finite("hidden", part, "Pass finite weights.")
    dtype = np.complex128 if np.iscomplexobj(hidden) else np.float64
    features, targets = map(np.asarray, centred_features(task, jnp.asarray(hidden.astype(dtype)), pairs, labels))
    # LAPACK's SVD on a tall matrix is safest after a QR step, and then no larger than K x K.
    # Every node in its own unit, a power of two: a node with small weights spans as much as one with large weights.
    sizes = np.abs(features).max(axis=0)
    units = np.ldexp(1.0, np.frexp(np.where(sizes > 0, sizes, 1.0))[1])
    basis, triangle = np.linalg.qr(features / units)
    left, scale, right = np.linalg.svd(triangle, full_matrices=False)
    rank = int(np.sum(scale > RANK_TOLERANCE * max(scale[0], 1e-300)))
    seen = left[:, :rank].conj().T @ (basis.conj().T @ targets)
    readout = right[:rank].conj().T @ (seen / scale[:rank, None]) / units[:, None]
    residual = float(np.linalg.norm(targets - features @ readout) / np.linalg.norm(targets))
    return Reconstruction(len(hidden), rank, residual, readout)


def structured_features(group: Group) -> np.ndarray:
    """Real nodes, each a maximum of the energy, that represent the whole table exactly (square activation).

    Parameters
    ----------
    group : Group
        Of at least 2 elements.

    Returns
    -------
    ndarray
        (K, 2M), K = 2 times the number of products: 1 for D = 1, else d^3, 3 d^3, 2 d^3 for real, complex, quaternionic
        type. For Z_M that is 3 (M - 1) (odd M) or 3 (M - 2) + 2. Not minimal: of the six nodes of a frequency one is
        redundant.

    Raises
    ------
    BadValue
        For what is no Group of at least 2 elements.
    SolveFailed, TooLarge
        As `groups.irreps`.

    Examples
    --------
    >>> from grok_theory.li2.groups import symmetric
    >>> structured_features(symmetric(3)).shape
    (18, 12)
    """
    nodes = [_products(group, row, irrep) for row, irrep in enumerate(real_irreps(group))]
    if not nodes:
        raise BadValue(f"group is {group!r}, but it must have at least 2 elements. Pass for example cyclic(23).")
    plus = np.concatenate(nodes)
    minus = np.concatenate([plus[:, : group.order], -plus[:, group.order :]], axis=1)
    return np.stack([plus, minus], axis=1).reshape(-1, 2 * group.order)


def _products(group: Group, row: int, irrep: RealIrrep) -> np.ndarray:
    """Maxima whose products u(g1) v(g2) span R_il(g1 g2) for the first D / beta rows i and all l."""
    size = irrep.real_degree
    unit = np.eye(size)
    if irrep.frobenius_schur != 0:
        # sum_j R_ij(g1) R_jl(g2) = R_il(g1 g2), one product for each j.
        i, j, l = np.meshgrid(np.arange(size // irrep.algebra_dimension), *2 * [np.arange(size)], indexing="ij")
        return feature(group, row, unit[i.ravel()], unit[j.ravel()], unit[l.ravel()])
    # Re(e^{ia} A) Re(e^{ib} B) = Re(e^{i(a+b)} A B) / 2 + Re(e^{i(a-b)} A conj B) / 2: with one difference a - b three
    # sums a + b give Re A B and Im A B, and the unwanted term is the same in all three.
    d = irrep.degree
    thirds = np.exp(2j * np.pi * np.arange(3) / 3)
    i, j, l, s = (a.ravel() for a in np.meshgrid(*3 * [np.arange(d)], np.arange(3), indexing="ij"))
    complex_unit = np.eye(d, dtype=complex)
    # u = Re(conj(x) A y), v = Re(conj(y) B z): phases of x and z move a and b alike, so a - b stays.
    phase = np.sqrt(thirds[s])[:, None]
    return feature(group, row, _real(complex_unit[i] / phase), _real(complex_unit[j]), _real(complex_unit[l] * phase))


def _real(vectors: np.ndarray) -> np.ndarray:
    """A complex vector as coordinates of the realification [[Re, -Im], [Im, Re]]."""
    return np.concatenate([vectors.real, vectors.imag], axis=-1)


def mirrored_features(group: Group, *, pairs: int, key: jax.Array) -> np.ndarray:
    """The printed real ansatz: nodes [u; P u] and [u; -P u], (P u)(g) = u(g^-1).

    u is random in every isotypic component.

    Parameters
    ----------
    group : Group
        Of at least 2 elements.
    pairs : int
        How many random u in each nontrivial real component; >= 1.
    key : Array
        Typed JAX key.

    Returns
    -------
    ndarray
        (2 pairs rows, 2M), unit norm. Such nodes are not maxima in general, and however many there are their residual
        stays at or above `mirrored_residual(group)`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    SolveFailed, TooLarge
        As `groups.irreps`.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import groups
    >>> print(mirrored_features(groups.cyclic(5), pairs=3, key=jax.random.key(0)).shape)
    (12, 10)
    """
    check_key(key)
    pairs = check_integer("pairs", pairs, 1, "Pass how many random functions to draw in each component.")
    basis, row = isotypic_basis(group)
    nodes = []
    for which in range(len(real_irreps(group))):
        columns = basis[:, row == which]
        draws = np.asarray(jax.random.normal(jax.random.fold_in(key, which), (pairs, columns.shape[1])), float)
        u = draws @ columns.T
        mirrored = u[:, group.inverse]
        nodes += [np.concatenate([u, mirrored], axis=1), np.concatenate([u, -mirrored], axis=1)]
    nodes = np.concatenate(nodes)
    return nodes / np.linalg.norm(nodes, axis=1, keepdims=True)
