"""What keeps cross-entropy from collapsing: StableMax, and gradients without their naive direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_finite, check_numbers, is_traced
from ..errors import BadValue
from ..numerics.magnitude import unit_of

if TYPE_CHECKING:
    import optax
from .softmax_collapse import check_labels


def stablemax(logits: ArrayLike, axis: int = -1) -> Array:
    """StableMax probabilities, s(x)/sum s(x) with s(x) = x + 1 for x >= 0 and 1/(1 - x) below.

    The softmax of sign(x) ln(1 + abs(x)): the order of logits is kept, but it is not shift-invariant.

    Parameters
    ----------
    logits : array_like
        Of any shape; -inf masks a class, nan and +inf are refused.
    axis : int, default -1
        The axis of the classes.

    Returns
    -------
    Array
        Of the shape of `logits`, summing to 1 along the axis.

    Raises
    ------
    BadValue
        For logits that are nan, +inf or no numbers.

    References
    ----------
    Prieto et al. 2025.

    Examples
    --------
    >>> print(stablemax([[2.0, 0.0, -1.0]]).round(4))
    [[0.6667 0.2222 0.1111]]
    """
    return jax.nn.softmax(_log_map(_checked(logits)), axis=axis)


def stablemax_cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Float[Array, " n"]:
    """Cross-entropy -log stablemax of the label, for each sample.

    Parameters
    ----------
    logits : array_like
        (n, classes); -inf masks a class, nan and +inf are refused.
    labels : array_like
        (n,) integers, the index of the right class of each sample.

    Returns
    -------
    Array
        (n,) losses, >= 0.

    Raises
    ------
    BadValue
        For logits of another shape, nan or +inf, and for labels that are no index of a class.

    Examples
    --------
    >>> print(stablemax_cross_entropy([[2.0, 0.0, -1.0]], [0]).round(4))
    [0.4055]
    """
    logits, labels = _checked(logits), jnp.asarray(labels)
    if logits.ndim != 2:
        raise BadValue(f"logits has shape {logits.shape}, but it must be (n, classes). Pass one row a sample.")
    if not is_traced(labels):
        check_labels(np.asarray(labels), logits.shape)
    logarithms = jax.nn.log_softmax(_log_map(logits), axis=-1)
    return -jnp.take_along_axis(logarithms, labels[:, None], axis=-1)[:, 0]


def _checked(logits):
    """Floating logits; a class that is masked by -inf has probability zero, nan and +inf are refused."""
    if not is_traced(logits):
        check_numbers("logits", logits, "Pass one row of logits a sample.")
        values = np.asarray(logits, float)
        remedy = "Look at the network before it diverged; -inf masks a class."
        check_finite("logits", np.where(np.isneginf(values), 0.0, values), remedy)
    logits = jnp.asarray(logits)
    return logits if jnp.issubdtype(logits.dtype, jnp.inexact) else logits.astype(float)


def _log_map(x):
    # sign(x) log1p(|x|), each branch guarded where it is not used, or its gradient at x = 1 would be nan. By `where`:
    # the gradient of a maximum at its tie, x = 0, would be one half of what it should be.
    up = x >= 0
    return jnp.where(up, jnp.log1p(jnp.where(up, x, 0)), -jnp.log1p(jnp.where(up, 0, -x)))


def orthogonal_gradient(*, rescale: bool = True, per_leaf: bool = True) -> optax.GradientTransformation:
    """Take from each gradient its part along the parameters, g - (w.g / w.w) w: put it before the optimizer in a chain.

    The defaults are those of the published code; the paper's equation is `rescale=False, per_leaf=False`. Where w.w =
    0 the gradient passes unchanged; where nothing is left of it, zero.

    Parameters
    ----------
    rescale : bool, default True
        Whether to restore the norm of the gradient.
    per_leaf : bool, default True
        Whether to project each tensor by itself; False: over the whole tree.

    Returns
    -------
    optax.GradientTransformation
        Without a state; its `update` needs the parameters.

    Raises
    ------
    BadValue
        From `update`, where it is called without the parameters.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> take = orthogonal_gradient(rescale=False)
    >>> w, g = jnp.array([1.0, 0.0]), jnp.array([3.0, 4.0])
    >>> print(take.update(g, take.init(w), w)[0])
    [0. 4.]
    """

    import optax

    def project(gradients, params):
        # Sums of squares leave half precision at 65504, and float32 at 1e-23: in single precision at least, and in
        # powers of two near the largest entries.
        wide = [(g.astype(_at_least_single(g)), w.astype(_at_least_single(g))) for g, w in zip(gradients, params)]
        unit, weight = unit_of(*(g for g, _ in wide)), unit_of(*(w for _, w in wide))
        pulls, weights = [g / unit.astype(g.dtype) for g, _ in wide], [w / weight.astype(w.dtype) for _, w in wide]
        inner = sum((jnp.vdot(w, g) for g, w in zip(pulls, weights)), start=0.0)
        square = sum((jnp.vdot(w, w) for w in weights), start=0.0)
        some = square > 0
        along = jnp.where(some, inner / jnp.where(some, square, 1), 0)
        rest = [g - along.astype(g.dtype) * w for g, w in zip(pulls, weights)]
        if rescale:
            before, after = (jnp.sqrt(sum((jnp.vdot(g, g) for g in part), start=0.0)) for part in (pulls, rest))
            # Below this, what is left is the round-off of the subtraction: no direction to be blown up. Of the type
            # computed in: numbers stored in half precision are exact, and what they leave is a direction.
            eps = max(float(jnp.finfo(g.dtype).eps) for g in pulls)
            left = after > 8 * eps * before
            factor = jnp.where(left, before / jnp.where(left, after, 1), 0)
            rest = [factor.astype(g.dtype) * g for g in rest]
        return [(r * unit.astype(r.dtype)).astype(g.dtype) for r, g in zip(rest, gradients)]

    def update(updates, state, params=None):
        if params is None:
            raise BadValue(
                "params is None, but orthogonal_gradient needs the parameters. Call update(gradients, state, params)."
            )
        leaves, structure = jax.tree_util.tree_flatten(updates)
        weights = jax.tree_util.tree_leaves(params)
        if per_leaf:
            leaves = [project([g], [w])[0] for g, w in zip(leaves, weights, strict=True)]
        else:
            leaves = project(leaves, weights)
        return jax.tree_util.tree_unflatten(structure, leaves), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _at_least_single(x):
    return x.dtype if jnp.finfo(x.dtype).bits >= 32 else jnp.float32
