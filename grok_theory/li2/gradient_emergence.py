"""Stage I, exactly: the read-out learns by gradient flow, the hidden layer is frozen, and its gradient G_F emerges.

F~ = P sigma(X W), Y~ = P Y, A = F~^T F~ + eta I, V_r = A^-1 F~^T Y~, V(t) = V_r + e^{-A t} (V(0) - V_r), and

    G_F(t) = -dJ/dF = (Y~ - F~ V(t)) V(t)^T        (with centring by classes Y and V are centred over the classes).

For V(0) = 0: G_F(t) = t Y~ Y~^T F~ (1 + O(t lambda_max(A))), and at the end G_F = eta (F~F~^T + eta I)^-1 Y~ Y~^T F~
(F~^T F~ + eta I)^-1, which is Y~ Y~^T F~ / eta only where eta >> s_max(F~)^2; Lemma 1 of Tian, arXiv 2509.21519 (v5),
claims the direction Y~ Y~^T F~ more widely.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_finite, check_memory, check_times, is_traced, require_float64
from ..errors import BadValue
from ..fields import check_single
from ..numerics.magnitude import guarded_root
from ..numerics.padding import any_traced, cut, repeated
from ..numerics.programs import compiled
from ..pytrees import as_arrays, record
from .lazy_modes import mean_cosine, modes, safe_rate
from .network import centred_features
from .problem import GroupTask


@record()
class LazyGradient:
    """The back-propagated gradient of a frozen hidden layer; rows are the training pairs in order, columns the K nodes.

    Parameters
    ----------
    gradient : Array
        (T, n, K), G_F at `times`.
    fixed_point : Array
        (n, K), G_F at t = infinity.
    leading : Array
        (n, K), Y~ Y~^T F~, the direction every node would follow up its own energy.
    norm : Array
        (T,), Frobenius norm of G_F.
    alignment : Array
        (T,), mean over the nodes of the cosine between the columns of `gradient` and `leading`; nan where a column
        vanishes, as all do at t = 0 from a zero read-out.
    fixed_alignment : Array
        (), the alignment at t = infinity.
    largest_rate : Array
        (), lambda_max(A); the small-time form needs t lambda_max << 1.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, groups, lazy_gradient
    >>> task, nodes = GroupTask(groups.cyclic(5)), np.random.default_rng(0).normal(size=(8, 10))
    >>> told = lazy_gradient(task, nodes, [0.0, 1e-4])
    >>> print(bool(told.alignment[1] > 0.99))  # early, the gradient points along the energy
    True
    """

    gradient: jax.Array
    fixed_point: jax.Array
    leading: jax.Array
    norm: jax.Array
    alignment: jax.Array
    fixed_alignment: jax.Array
    largest_rate: jax.Array


def lazy_gradient(
    task: GroupTask, hidden: ArrayLike, times: ArrayLike | Sequence, *, readout: ArrayLike | None = None
) -> LazyGradient:
    """G_F(t) of a frozen hidden layer under gradient flow of J + (eta/2) norm(V)^2.

    From one singular value decomposition. Memory 8 T n K bytes.

    Parameters
    ----------
    task : GroupTask
        Any activation, subset, labels and centring; eta is `task.ridge`. Differentiable in `weight_decay`.
    hidden : array_like
        (K, 2M), one node a row.
    times : array_like
        (T,) >= 0, non-decreasing: gradient-flow times of J; a descent step of rate r on the mean loss is 2 r / n.
    readout : array_like, optional
        (K, M), V(0); None for zeros.

    Returns
    -------
    LazyGradient
        Relative error below 1e-12 where V(0) = 0, however small eta: residuals are formed without cancellation.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for pairs that were not drawn.
    Float64Required
        Where JAX computes in float32.
    TooLarge
        Where the gradients do not fit into memory.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.li2 import GroupTask, groups
    >>> task, nodes = GroupTask(groups.cyclic(5)), np.random.default_rng(0).normal(size=(8, 10))
    >>> print(lazy_gradient(task, nodes, [0.0, 1.0]).gradient.shape)
    (2, 25, 8)
    """
    require_float64("lazy_gradient")
    check_single(task)
    check_times(times)
    times = jnp.asarray(times, float) if any_traced(times) else np.asarray(times, float)
    hidden, readout = _checked_layers(task, hidden, readout)
    pairs, labels = task.pairs_and_labels("lazy_gradient")
    check_memory(
        f"The gradient at {times.size} times, {task.samples} pairs and {len(hidden)} nodes",
        24.0 * times.size * task.samples * len(hidden),
        "Pass fewer times or nodes.",
    )
    features, targets = centred_features(task, hidden, pairs, labels)
    if task.centering == "classes":
        readout = readout - readout.mean(axis=1, keepdims=True)
    count = times.size
    if not any_traced(times, task, features, readout):
        times = repeated(times, shortest=4)  # a time is n K numbers
    moving, fixed, leading, norm, alignment, *rest = _flow(features, targets, readout, as_arrays(task.ridge), times)
    if count < norm.size:
        moving, norm, alignment = cut((moving, norm, alignment), count)
    return LazyGradient(moving, fixed, leading, norm, alignment, *rest)


def _checked_layers(task: GroupTask, hidden: ArrayLike, readout: ArrayLike | None) -> tuple[jax.Array, jax.Array]:
    order = task.group.order
    hidden = hidden if is_traced(hidden) else np.asarray(hidden)
    if hidden.ndim != 2 or hidden.shape[1] != 2 * order or hidden.shape[0] == 0:
        raise BadValue(
            f"hidden has shape {hidden.shape}, but it must have shape (K, 2M) = (any, {2 * order}). "
            "Pass one node [u; v] a row."
        )
    if np.iscomplexobj(hidden):
        raise BadValue("hidden is complex, but stage I is a real network. Pass hidden.real, or see reconstruction.")
    if not is_traced(hidden):
        check_finite("hidden", np.asarray(hidden), "Pass finite weights.")
    if readout is None:
        readout = np.zeros((hidden.shape[0], order))
    readout = jnp.asarray(readout, float) if any_traced(readout) else np.asarray(readout, float)
    if readout.shape != (hidden.shape[0], order):
        raise BadValue(
            f"readout has shape {readout.shape}, but it must have shape (K, M) = ({hidden.shape[0]}, {order}). "
            "Pass V(0), or None for zeros."
        )
    return as_arrays(hidden), readout


@compiled
def _flow(
    features: jax.Array, targets: jax.Array, readout: jax.Array, ridge: jax.Array, times: jax.Array
) -> tuple[jax.Array, ...]:
    here = modes(features, targets, readout, ridge)

    def at(time):
        rest, weights = here.flowed(time)
        return rest @ weights.T

    end = jnp.where(here.rate > 0, 1 / safe_rate(here.rate), 0.0)
    # Without ridge the part of V(0) that the features do not see stays for ever.
    rest, weights = here.at(jnp.where(here.rate > 0, 0.0, 1.0), end, jnp.where(ridge > 0, 0.0, 1.0))
    fixed = rest @ weights.T
    leading = targets @ (targets.T @ features)
    moving = jax.lax.map(at, times)
    norm = guarded_root(jnp.sum(moving**2, axis=(1, 2)))
    alignment = jax.vmap(mean_cosine, (0, None))(moving, leading)
    return moving, fixed, leading, norm, alignment, mean_cosine(fixed, leading), jnp.max(here.rate)
