"""Numerical ascent of the energy on the unit sphere from many random starts at once, for any task."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.tree_util import Partial

from ..checks import check_integer, check_key, check_kind, check_positive, require_float64
from ..fields import check_single
from ..numerics.programs import compiled
from ..pytrees import record
from ..status import FAILED, GOOD, NOTED, Status
from .feature_energy import energy_function
from .groups.fourier import irrep_share
from .groups.group import Group
from .groups.real_representations import real_irreps
from .problem import GroupTask

BATCH = 128  # starts are computed in padded batches of this size, so that start i does not depend on their number
LONGEST_STEP = 2 / 3  # with Hessian {0, -1, -2} times 4E* the error is multiplied by 1, 1/3, -1/3
MOST_ITERATIONS = 3000


@record(static=("group",))
class Ascent:
    """Where ascent from random starts ended.

    Parameters
    ----------
    group : Group
        The group of the task.
    weights : ndarray
        (starts, 2M), unit norm.
    energy : ndarray
        (starts,).
    gradient_norm : ndarray
        (starts,), of the tangential gradient.
    irrep : ndarray
        (starts,) the real irrep, a row of `local_maxima`, that holds most of the node.
    purity : ndarray
        (starts,), the share of the node that it holds, in [0, 1].
    iterations : ndarray
        (starts,), how many were made.
    status : Status
        Noted if some starts missed the tolerance, failed if more than half did.
    """

    group: Group
    weights: np.ndarray
    energy: np.ndarray
    gradient_norm: np.ndarray
    irrep: np.ndarray
    purity: np.ndarray
    iterations: np.ndarray
    status: Status

    def basin_shares(self, confidence: float = 0.99) -> tuple[np.ndarray, np.ndarray]:
        """Share of the starts that ended in each row of `local_maxima`, and its exact binomial interval.

        Parameters
        ----------
        confidence : float, default 0.99
            Of the intervals, between 0 and 1.

        Returns
        -------
        tuple[ndarray, ndarray]
            The shares (rows,), and the ends of their intervals (rows, 2).
        """
        rows, starts = len(real_irreps(self.group)), len(self.irrep)
        counts = np.bincount(self.irrep, minlength=rows)
        intervals = [scipy.stats.binomtest(int(c), starts).proportion_ci(confidence, "exact") for c in counts]
        return counts / starts, np.array([(i.low, i.high) for i in intervals])

    def __str__(self) -> str:
        share, interval = self.basin_shares()
        lines = [f"Ascent on {self.group.name}: {len(self.energy)} starts, status {self.status}"]
        for row, (s, (low, high)) in enumerate(zip(share, interval, strict=True)):
            here = self.irrep == row
            spread = f"energies {self.energy[here].min():.12g} .. {self.energy[here].max():.12g}" if here.any() else ""
            lines.append(f"  row {row}: {s:.3f} of the starts (99 % interval {low:.3f} .. {high:.3f}) {spread}")
        return "\n".join(lines)


def ascend(task: GroupTask, *, key: jax.Array, starts: int, tolerance: float = 1e-12) -> Ascent:
    """Local maxima of the energy on norm(w) = 1, from Gaussian starts.

    w <- normalise(w + s grad_T E / (w . grad E)) with s = 2/3, halved for a start whose energy would fall. On the full
    table with the square activation w . grad E = 4E and the distance to the maximum shrinks threefold an iteration:
    about 50 iterations to 1e-12. On subsets near the threshold of `sample_threshold` convergence is slow; at most 3000
    iterations are made. The energy of "relu" has kinks, and its maxima often lie on one, where no gradient vanishes:
    such starts are told as not converged.

    Parameters
    ----------
    task : GroupTask
        Any activation, subset and centring.
    key : Array
        Typed JAX key.
    starts : int
        How many; start i depends on (key, i) only.
    tolerance : float, default 1e-12
        Stop where norm(grad_T E) <= tolerance (w . grad E); below 1e-14 it counts as 1e-14.

    Returns
    -------
    Ascent
        Where each start ended; starts that do not converge are kept and told in `status`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for pairs that were not drawn.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, groups, local_maxima
    >>> task = GroupTask(groups.cyclic(5))
    >>> found, table = ascend(task, key=jax.random.key(0), starts=4), local_maxima(task)
    >>> print(bool(np.abs(found.energy - table.energy[found.irrep]).max() < 1e-9))
    True
    """
    require_float64("ascend")
    check_kind("task", task, GroupTask, "Build one with GroupTask(cyclic(23), ...).")
    check_key(key)
    starts = check_integer("starts", starts, 1, "Pass how many random starts to make, for example 400.")
    check_positive("tolerance", tolerance, "Pass a relative tolerance, for example 1e-12.")
    check_single(task)
    function = energy_function(task)
    # float64 keeps about 1e-15 of a gradient; asking for less would only use up the iterations.
    tolerance = max(float(tolerance), 1e-14)
    parts = []
    for first in range(0, starts, BATCH):
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(first, first + BATCH))
        draws = jax.vmap(lambda k: jax.random.normal(k, (2 * task.group.order,), jnp.float64))(keys)
        parts.append([np.asarray(a) for a in climb(function, draws, tolerance, MOST_ITERATIONS)])
    weights, energies, norms, radial, iterations = (np.concatenate(p)[:starts] for p in zip(*parts, strict=True))
    share = irrep_share(task.group, weights)
    return Ascent(
        group=task.group,
        weights=weights,
        energy=energies,
        gradient_norm=norms,
        irrep=share.argmax(axis=1),
        purity=share.max(axis=1),
        iterations=iterations,
        status=_status(norms <= tolerance * np.abs(radial), tolerance),
    )


def _status(converged: np.ndarray, tolerance: float) -> Status:
    missed = int(np.sum(~converged))  # NaN compares false, so it counts as missed
    sentence = (
        f"{missed} of {len(converged)} starts did not reach the relative gradient {tolerance:g} in {MOST_ITERATIONS} "
        "iterations. Read gradient_norm, or pass a larger tolerance."
    )
    level = GOOD if missed == 0 else NOTED if 2 * missed <= len(converged) else FAILED
    return Status(level, noted=sentence, failed=sentence)


@compiled
def climb(function: Partial, nodes: jax.Array, tolerance: float, most_iterations: int) -> tuple[jax.Array, ...]:
    """Weights, energy, tangential gradient norm, w . grad E and iterations for (B, 2M) starting nodes; traceable."""
    value_and_slope = jax.value_and_grad(lambda w: (jnp.sum(e := function(w)), e), has_aux=True)

    def look(w):
        (_, value), slope = value_and_slope(w)
        radial = jnp.sum(w * slope, axis=1)
        tangent = slope - radial[:, None] * w
        return w, value, tangent, radial, jnp.linalg.norm(tangent, axis=1)

    def unit(w):
        return w / jnp.linalg.norm(w, axis=1, keepdims=True)

    def climbing(state):
        (_, _, _, radial, norm), _, _, turn = state
        return (turn < most_iterations) & jnp.any(norm > tolerance * jnp.abs(radial))

    def move(state):
        here, step, iterations, turn = state
        w, value, tangent, radial, norm = here
        active = norm > tolerance * jnp.abs(radial)
        scale = jnp.maximum(jnp.abs(radial), norm)
        trial = look(unit(w + (step / scale)[:, None] * tangent))
        # Armijo with room for round-off: near the maximum the rise is below the last digit of the energy.
        room = jnp.where(jnp.isfinite(value), 1e-14 * jnp.abs(value), 0.0)
        better = active & (trial[1] >= value + 1e-3 * step * norm**2 / scale - room)
        chosen = [jnp.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old) for new, old in zip(trial, here)]
        step = jnp.where(active & ~better, step / 2, jnp.minimum(1.5 * step, LONGEST_STEP))
        return tuple(chosen), step, iterations + active.astype(jnp.int32), turn + 1

    # The first move stays in place and only looks: one evaluation to compile instead of two.
    zeros = jnp.zeros(nodes.shape[0], nodes.dtype)
    start = (unit(nodes), zeros - jnp.inf, jnp.zeros_like(nodes), zeros, zeros + 1.0)
    state = (start, zeros + LONGEST_STEP, jnp.full(nodes.shape[0], -1, jnp.int32), 0)
    (w, value, _, radial, norm), _, iterations, _ = jax.lax.while_loop(climbing, move, state)
    return w, value, norm, radial, iterations
