"""How many training pairs keep a feature a maximum of the energy (Theorem 4 of Tian, arXiv 2509.21519 (v5), measured).

Start at a maximum of the full-table energy, ascend the energy of a random subset of n pairs; the feature survives if
more than half of the mass is still in its isotypic component. The paper claims about d^2 M log(M / delta) pairs, from
the cross term 2 u v alone; on a subset the terms u^2 + v^2 do not drop out, and the threshold is two to three times
higher.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ..checks import check_between, check_choice, check_integer, check_key, check_memory, check_positive, check_shape
from ..errors import BadValue
from ..numerics.programs import compiled
from ..numerics.runs import run_batched
from ..pytrees import record
from ..reports import table
from .groups.group import Group
from .groups.real_representations import real_irreps
from .methods import CrossTerm, FullEnergy
from .problem import CENTERINGS


@record()
class SampleThreshold:
    """Share of random subsets that keep a feature, against pairs per element n / M.

    Parameters
    ----------
    pairs_per_element : ndarray
        (L,), n / M with n whole.
    success, standard_error : ndarray
        (L,), share of the subsets that keep the feature, and its binomial standard error.
    interval : ndarray
        (L, 2), exact binomial, of `success`.
    half_success : float
        n / M at 50 % success, interpolated in the isotonic fit; nan if it is not crossed.
    half_success_interval : ndarray
        (2,), from the posterior of the success rates under Jeffreys' prior.
    confidence : float
        Of both intervals.
    """

    pairs_per_element: np.ndarray
    success: np.ndarray
    standard_error: np.ndarray
    interval: np.ndarray
    half_success: float
    half_success_interval: np.ndarray
    confidence: float

    def __str__(self) -> str:
        low, high = self.half_success_interval
        lines = [
            f"half success at n/M = {self.half_success:.3g} ({self.confidence:.0%} interval {low:.3g} .. {high:.3g})"
        ]
        rows = [
            (f"n/M = {c:.3f}", f"success {p:.3f}", f"({a:.3f} .. {b:.3f})")
            for c, p, (a, b) in zip(self.pairs_per_element, self.success, self.interval, strict=True)
        ]
        return "\n".join([*lines, *table(rows)])


def sample_threshold(
    group: Group,
    pairs_per_element: ArrayLike | Sequence,
    *,
    subsets: int,
    key: jax.Array,
    method: FullEnergy | CrossTerm | None = None,
    row: int | None = None,
    confidence: float = 0.95,
) -> SampleThreshold:
    """Success rate of a feature's survival on random subsets, with intervals, at each number of pairs per element.

    float32 inside (enough for a yes or no; x64 not needed). Cost: `iterations` times O(M^2) for each subset and level.

    Parameters
    ----------
    group : Group
        Of at least 2 elements.
    pairs_per_element : array_like
        (L,) increasing n / M in (0, M]; n is rounded.
    subsets : int
        How many; subset i depends on (key, i) only, and its pairs at a larger n contain those at a smaller.
    key : Array
        Typed JAX key.
    method : FullEnergy or CrossTerm, optional
        `FullEnergy()` (default) or `CrossTerm()`.
    row : int, optional
        The real irrep of the feature, a row of `local_maxima`; None draws one for each subset.
    confidence : float, default 0.95
        Of the intervals, between 0 and 1.

    Returns
    -------
    SampleThreshold
        Rates at each level and the half-success point; print it.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; for levels of the same whole n, or so few pairs
        that they have no energy to ascend.
    TooLarge
        For more levels than fit into memory.
    """
    method = FullEnergy() if method is None else method
    levels, rows = _checked(group, pairs_per_element, method, row)
    check_key(key)
    subsets = check_integer("subsets", subsets, 1, "Pass how many random subsets to draw, for example 24.")
    check_between("confidence", confidence, 0.0, 1.0, "Pass for example 0.95.", include_low=False, include_high=False)
    pairs = np.round(levels * group.order).astype(int)
    check_memory(
        f"Eight subsets of {group.name} at {len(levels)} levels",
        8.0 * 40 * len(levels) * group.order**2,
        "Pass fewer levels.",
    )
    mass = np.asarray(
        run_batched(_one_subset(method), key, subsets, arguments=(_arrays(group, pairs, rows),), program=compiled)
    )
    lost = np.flatnonzero(np.isnan(mass).any(axis=0))
    if lost.size:
        raise BadValue(
            f"pairs_per_element[{lost[0]}] is {levels[lost[0]]:g}, but {pairs[lost[0]]} pairs have no energy to "
            "ascend. Pass more pairs per element."
        )
    counts = (mass > 0.5).sum(axis=0)
    success = counts / subsets
    half, half_interval = half_success(pairs / group.order, counts, subsets, confidence)
    exact = [scipy.stats.binomtest(int(c), subsets).proportion_ci(confidence, "exact") for c in counts]
    return SampleThreshold(
        pairs_per_element=pairs / group.order,
        success=success,
        standard_error=np.sqrt(success * (1 - success) / subsets),
        interval=np.array([(i.low, i.high) for i in exact]),
        half_success=half,
        half_success_interval=half_interval,
        confidence=confidence,
    )


def _checked(
    group: Group, pairs_per_element: ArrayLike | Sequence, method: FullEnergy | CrossTerm, row: int | None
) -> tuple[np.ndarray, list[int]]:
    if not isinstance(group, Group) or group.order < 2:
        raise BadValue(
            f"group is {group!r}, but it must be a Group of at least 2 elements. Pass for example cyclic(23)."
        )
    if not isinstance(method, (FullEnergy, CrossTerm)):
        raise BadValue(
            f"method is {method!r}, but it must be FullEnergy() or CrossTerm(). Leave it out for FullEnergy()."
        )
    check_integer("method.iterations", method.iterations, 1, "Pass for example 300.")
    check_choice("method.centering", method.centering, CENTERINGS)
    remedy = f"Pass increasing n / M in (0, M], M = {group.order}."
    check_positive("pairs_per_element", pairs_per_element, remedy)
    levels = np.atleast_1d(np.asarray(pairs_per_element, float))
    check_shape("pairs_per_element", levels, (None,), remedy)
    check_between("pairs_per_element", levels, 0.5 / group.order, group.order, remedy)
    if (np.diff(levels) <= 0).any():
        raise BadValue(f"pairs_per_element is {levels}, but it must increase. {remedy}")
    same = np.flatnonzero(np.diff(np.round(levels * group.order)) == 0)
    if same.size:
        at = int(same[0])
        raise BadValue(
            f"pairs_per_element[{at + 1}] is {levels[at + 1]:g}, but that is the same whole number of pairs as "
            f"pairs_per_element[{at}]. Pass steps of at least 1 / M = {1 / group.order:.3g}."
        )
    available = len(real_irreps(group))
    if row is None:
        return levels, list(range(available))
    return levels, [check_integer("row", row, 0, "Pass a row of local_maxima, or None.", high=available - 1)]


def half_success(levels: np.ndarray, counts: np.ndarray, subsets: int, confidence: float) -> tuple[float, np.ndarray]:
    """The level of 50 % success in the isotonic fit, and its interval over posterior draws of the rates."""
    draws = np.random.default_rng(0)
    posterior = scipy.stats.beta.rvs(counts + 0.5, subsets - counts + 0.5, size=(1000, len(levels)), random_state=draws)
    crossings = _crossings(levels, posterior)
    tail = (1 - confidence) / 2
    if np.isnan(crossings).mean() > tail:
        interval = np.array([np.nan, np.nan])  # the levels do not bracket the crossing surely enough
    else:
        interval = np.quantile(crossings[~np.isnan(crossings)], [tail, 1 - tail])
    return float(_crossings(levels, counts[None] / subsets)[0]), interval


def _crossings(levels: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Where the isotonic fit of each row of `rates` (D, L) crosses one half; nan where it does not."""
    rising = _isotonic(rates)
    # The middle of the stretch that rests at exactly one half, if there is one.
    last_below = np.sum(rising < 0.5, axis=1) - 1
    first_above = np.sum(rising <= 0.5, axis=1)
    found = np.full(len(rates), np.nan)
    for at in np.flatnonzero((rising[:, 0] <= 0.5) & (rising[:, -1] >= 0.5) & (rising[:, 0] < rising[:, -1])):
        low, high = last_below[at], first_above[at]
        if high - low > 1:
            found[at] = (levels[low + 1] + levels[high - 1]) / 2
        else:
            found[at] = np.interp(0.5, rising[at, [low, high]], levels[[low, high]])
    return found


def _isotonic(rates: np.ndarray) -> np.ndarray:
    """Least-squares non-decreasing fit of each row: max over j <= i of min over k >= i of mean(rates[j..k])."""
    count = rates.shape[1]
    sums = np.concatenate([np.zeros((len(rates), 1)), np.cumsum(rates, axis=1)], axis=1)
    j, k = np.arange(count)[:, None], np.arange(count)[None, :]
    means = (sums[:, k + 1] - sums[:, j]) / np.maximum(k - j + 1, 1)
    means = np.where(k >= j, means, np.inf)
    lowest = np.minimum.accumulate(means[:, :, ::-1], axis=2)[:, :, ::-1]  # over k >= i
    return np.stack([lowest[:, : i + 1, i].max(axis=1) for i in range(count)], axis=1)


@record()
class _Arrays:
    """What a run reads, besides its key; handed over as arguments, so that one compilation serves all of one shape."""

    matrices: np.ndarray | jax.Array  # (rows, M, D, D), irreps of smaller degree padded with zeros
    inside: np.ndarray | jax.Array  # (rows, D), one where a vector may live
    mass: (
        np.ndarray | jax.Array
    )  # (rows,), D / (beta M): turns ||sum_g f(g) R(g)||_F^2 into the squared norm inside the component
    into_v: np.ndarray | jax.Array  # (M, M), [h, x] -> x^-1 h
    into_u: np.ndarray | jax.Array  # (M, M), [h, y] -> h y^-1
    pairs: np.ndarray | jax.Array  # (L,), n


def _arrays(group: Group, pairs: np.ndarray, rows: list[int]) -> _Arrays:
    chosen = [real_irreps(group)[row] for row in rows]
    largest = max(irrep.real_degree for irrep in chosen)
    matrices = np.zeros((len(rows), group.order, largest, largest), np.float32)
    inside = np.zeros((len(rows), largest), np.float32)
    for i, irrep in enumerate(chosen):
        matrices[i, :, : irrep.real_degree, : irrep.real_degree] = irrep.matrices
        inside[i, : irrep.real_degree] = 1.0
    return _Arrays(
        matrices=matrices,
        inside=inside,
        mass=np.array([i.real_degree / (i.algebra_dimension * group.order) for i in chosen], np.float32),
        into_v=group.left_division,
        into_u=group.table[:, group.inverse],
        pairs=pairs.astype(np.float32),
    )


@lru_cache(maxsize=16)
def _one_subset(method: FullEnergy | CrossTerm) -> Callable[[jax.Array, _Arrays], jax.Array]:
    """one_run(key, arrays) -> (L,): the mass a feature keeps on this key's subset, at each number of pairs.

    It survives above one half; nan where a subset has no energy to ascend.
    """

    def one_run(key: jax.Array, arrays: _Arrays) -> jax.Array:
        order = arrays.into_v.shape[0]
        here = jnp.arange(order)[None, :]
        row_key, vector_key, pair_key = jax.random.split(key, 3)
        which = jax.random.randint(row_key, (), 0, arrays.mass.shape[0])
        matrices = arrays.matrices[which]
        left, inner, right = (
            jax.random.normal(vector_key, (3, matrices.shape[1]), jnp.float32) * arrays.inside[which][None]
        )
        u = jnp.einsum("i,gij,j->g", left, matrices, inner)
        v = jnp.einsum("i,gij,j->g", inner, matrices, right)
        start = jnp.stack([u / jnp.linalg.norm(u), v / jnp.linalg.norm(v)]) * np.float32(np.sqrt(0.5))
        # The first n pairs of one random order: nested subsets.
        rank = jnp.argsort(jax.random.permutation(pair_key, order**2)).reshape(order, order).astype(jnp.float32)

        def survives(count: jax.Array) -> jax.Array:
            chosen = (rank < count).astype(jnp.float32)
            # [h, x]: is (x, x^-1 h) a training pair?  [h, y]: is (h y^-1, y)?
            subset = (chosen[here, arrays.into_v], chosen[arrays.into_u, here])
            end = _ascended(method, start, subset, arrays, count)
            transform = jnp.einsum("ag,gij->aij", end, matrices)
            return arrays.mass[which] * jnp.sum(transform**2)

        return jax.vmap(survives)(arrays.pairs)

    return one_run


def _ascended(
    method: FullEnergy | CrossTerm,
    start: jax.Array,
    subset: tuple[jax.Array, jax.Array],
    arrays: _Arrays,
    count: jax.Array,
) -> jax.Array:
    """One feature after its ascent, w <- normalise(w + (2/3) grad_T E / (4 E)).

    With gathers only: every sum runs along an axis, none is scattered.
    """
    by_first, by_second = subset
    order = start.shape[1]
    if method.centering == "samples":
        share = jnp.sum(by_first, axis=1) / count
    else:
        share = jnp.full(order, 1 / order, start.dtype)

    def step(_, w):
        u, v = w
        other_v, other_u = v[arrays.into_v], u[arrays.into_u]
        if isinstance(method, CrossTerm):  # 2 u v on each pair, and its slopes
            activity, slope_u, slope_v = 2 * other_v * u[None, :], 2 * other_v, 2 * other_u
        else:
            first = u[None, :] + other_v
            activity, slope_u, slope_v = first**2, 2 * first, 2 * (v[None, :] + other_u)
        sums = jnp.sum(by_first * activity, axis=1)
        centred = sums - share * jnp.sum(sums)
        pull = centred - jnp.sum(share * centred)  # the transpose of the centring
        slope = jnp.stack([pull @ (by_first * slope_u), pull @ (by_second * slope_v)])
        radial = jnp.sum(w * slope)
        w = w + (2 / 3) * (slope - radial * w) / radial
        return w / jnp.linalg.norm(w)

    return jax.lax.fori_loop(0, method.iterations, step, start)
