"""Stability bounds along training: how much one exchanged sample can change what is learned."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from ..checks import (
    check_between,
    check_finite,
    check_integer,
    check_non_negative,
    check_positive,
    is_traced,
    require_float64,
)
from ..errors import BadValue
from ..numerics.magnitude import unit_of
from .bound import IN_EXPECTATION, Bound, check_loss, make_bound
from .norms import INDEPENDENT

_CURVES = (
    "the loss of every sample is Lipschitz and smooth in the weights with the given constants",
    "full-batch descent on the mean loss with these learning rates",
)


def pair_distance(gradients: PyTree, fresh_gradients: PyTree) -> Float[Array, ""]:
    """Mean of norm(g_z - g_z') over training samples z and fresh samples z', at the same weights.

    The m x m' distances are formed from inner products, good to 1e-8 of the gradients.

    Parameters
    ----------
    gradients : PyTree
        Per-example gradients of the training samples, example axis first: m examples.
    fresh_gradients : PyTree
        The same of m' fresh samples: gradients of the same parameters.

    Returns
    -------
    Array
        () in the unit of the gradients.

    Raises
    ------
    BadValue
        For gradients that differ in structure, hold no example or are not finite.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> print(pair_distance(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])))
    5.0
    """
    rows = [jax.tree_util.tree_leaves(tree) for tree in (gradients, fresh_gradients)]
    if len(rows[0]) != len(rows[1]) or any(np.shape(a)[1:] != np.shape(b)[1:] for a, b in zip(*rows)):
        raise BadValue(
            "gradients and fresh_gradients differ in structure, but they must be gradients of the same parameters. "
            "Pass both from jax.vmap(jax.grad(loss), (None, 0))."
        )
    sizes = [{np.shape(leaf)[0] if np.ndim(leaf) else 0 for leaf in leaves} for leaves in rows]
    if any(len(size) != 1 or 0 in size for size in sizes):
        raise BadValue(
            f"gradients have shapes {[np.shape(leaf) for leaves in rows for leaf in leaves]}, but each must have a "
            "first axis of length >= 1. Pass per-example gradients, the example axis first."
        )
    for name, leaves in (("gradients", rows[0]), ("fresh_gradients", rows[1])):
        for leaf in leaves:
            check_finite(name, leaf, "Drop or mend these examples.")
    unit = unit_of(*(jnp.asarray(leaf, float) for leaves in rows for leaf in leaves))
    left, right = (
        [jnp.asarray(leaf, float).reshape(np.shape(leaf)[0], -1) / unit for leaf in leaves] for leaves in rows
    )
    own = [sum(jnp.sum(leaf**2, axis=1) for leaf in side) for side in (left, right)]
    cross = sum(a @ b.T for a, b in zip(left, right))
    return unit * jnp.mean(jnp.sqrt(jnp.maximum(own[0][:, None] + own[1][None, :] - 2 * cross, 0.0)))


def stability_along_training(
    distance: ArrayLike, learning_rates: ArrayLike, *, smoothness: ArrayLike, samples: ArrayLike, convex: bool = False
) -> Float[Array, " steps"]:
    """How far the weights can move if one sample is exchanged: (1/m) sum_t eta_t d_t prod_{k>t}(...) after each step.

    The product is of (1 + eta_k smoothness), or 1 if `convex` and every eta <= 2/smoothness. Times the Lipschitz
    constant of the loss it bounds the mean gap. Outside convex problems it grows exponentially, and is soon useless
    (inf beyond 1e308).

    Parameters
    ----------
    distance : array_like
        (steps,) norm(g_z - g_z') or a bound on its mean, at the weights *before* each step.
    learning_rates : array_like
        A number or (steps,).
    smoothness : array_like
        Largest curvature of one sample's loss in the weights, >= 0.
    samples : array_like
        m, the number of training samples.
    convex : bool, default False
        The product becomes 1; needs every learning rate <= 2/smoothness.

    Returns
    -------
    Array
        (steps,) in units of the weights.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(stability_along_training([2.0, 1.0], 0.1, smoothness=1.0, samples=100, convex=True).round(4))
    [0.002 0.003]
    """
    rates = _check_descent(distance, "distance", learning_rates, smoothness, samples, convex)
    distance = jnp.asarray(distance, float)
    growth = jnp.ones_like(rates) if convex else 1 + rates * smoothness
    return jax.lax.scan(_exchange, jnp.zeros(()), (rates, distance, growth))[1] / samples


def _exchange(moved, now):
    """One step; at the top of the module, or every call would compile it anew."""
    rate, distance, growth = now
    # Nothing that has not moved grows, also where the growth is infinite.
    moved = jnp.where(moved > 0, growth * jnp.where(moved > 0, moved, 1.0), 0.0) + rate * distance
    return moved, moved


def coherence_bound(
    coherence: ArrayLike,
    learning_rates: ArrayLike,
    *,
    lipschitz: ArrayLike,
    smoothness: ArrayLike,
    samples: ArrayLike,
    convex: bool = False,
    assumptions_hold: bool = False,
    loss_range: ArrayLike = np.inf,
    train_loss: ArrayLike = np.nan,
    test_loss: ArrayLike = np.nan,
    name: str = "coherence",
) -> Bound:
    """Bound the mean gap by the coherence of gradients along training.

    With beta the smoothness and L the Lipschitz constant,

        abs(E gap) <= (L^2/m) sum_t eta_t prod_{k>t}(1 + eta_k beta) sqrt(2 (1 - alpha_t)).

    In the form in which we know it. The step that replaces the distance of two gradients by L sqrt(2 (1 - alpha)) needs
    both samples independent of the weights, and one of them was trained on: we could not close it. So
    `assumptions_hold` is False unless the caller vouches; `pair_stability_bound` is provable.

    Parameters
    ----------
    coherence : array_like
        (steps,) alpha before each step (`observables.gradient_coherence(...).alpha`).
    learning_rates : array_like
        A number or (steps,).
    lipschitz : array_like
        L of every sample's loss in the weights: its largest gradient norm, > 0.
    smoothness : array_like
        beta of every sample's loss in the weights: its largest curvature, >= 0.
    samples : array_like
        m, the number of training samples.
    convex : bool, default False
        The product becomes 1; needs every learning rate <= 2/smoothness.
    assumptions_hold : bool, default False
        Whether the caller vouches for the assumptions.
    loss_range : array_like, default inf
        The largest possible loss, for vacuity.
    train_loss, test_loss : array_like, default nan
        Mean losses between 0 and `loss_range`, for the gap; nan where unknown.
    name : str, default 'coherence'
        What the bound is called in a table.

    Returns
    -------
    Bound
        Of kind "in expectation", in units of the loss.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    References
    ----------
    Chatterjee & Zielinski (2022).

    Examples
    --------
    >>> bool(coherence_bound([0.5, 0.9], 0.1, samples=100, lipschitz=1.0, smoothness=1.0).assumptions_hold)
    False
    """
    require_float64("grok_theory.bounds.coherence_bound")
    remedy = "Pass alpha of observables.gradient_coherence, in [0, 1], one number a step."
    check_between("coherence", coherence, 0, 1 + 1e-12, remedy)
    check_positive("lipschitz", lipschitz, "Pass the largest gradient norm of one sample's loss.")
    alpha = jnp.minimum(jnp.asarray(coherence, float), 1.0)
    distance = lipschitz * jnp.sqrt(2 * (1 - alpha))
    path = stability_along_training(distance, learning_rates, smoothness=smoothness, samples=samples, convex=convex)
    unproved = "the pair distance is below L sqrt(2 (1 - alpha)), though one sample of each pair was trained on"
    return _in_expectation(
        name, lipschitz * path[-1], (*_CURVES, unproved), assumptions_hold, loss_range, train_loss, test_loss
    )


def pair_stability_bound(
    pair_distance: ArrayLike,
    learning_rates: ArrayLike,
    *,
    lipschitz: ArrayLike,
    smoothness: ArrayLike,
    samples: ArrayLike,
    convex: bool = False,
    assumptions_hold: bool = False,
    loss_range: ArrayLike = np.inf,
    train_loss: ArrayLike = np.nan,
    test_loss: ArrayLike = np.nan,
    name: str = "pair stability",
) -> Bound:
    """Bound the mean gap by the distance of pairs of gradients along training.

    With beta the smoothness, L the Lipschitz constant and D_t the mean over z in the training set and fresh z' of
    norm(g_z - g_z') at the weights before step t (`pair_distance`),

        abs(E gap) <= E (L/m) sum_t eta_t prod_{k>t}(1 + eta_k beta) D_t.

    Proof: exchange z for z'. Both trainings see the same gradient map, which expands by 1 + eta beta at most (not at
    all if convex), and differ by (eta/m)(g_z - g_z') at the weights of the first.

    Parameters
    ----------
    pair_distance : array_like
        (steps,) D_t, >= 0, for example by `pair_distance`.
    learning_rates : array_like
        A number or (steps,).
    lipschitz : array_like
        L, the largest gradient norm of one sample's loss, > 0; may be that of the loss the gap is measured in, if it is
        another than the one trained on.
    smoothness : array_like
        beta of every sample's loss in the weights: its largest curvature, >= 0.
    samples : array_like
        m, the number of training samples.
    convex : bool, default False
        The product becomes 1; needs every learning rate <= 2/smoothness.
    assumptions_hold : bool, default False
        Whether the caller vouches for the assumptions.
    loss_range : array_like, default inf
        The largest possible loss, for vacuity.
    train_loss, test_loss : array_like, default nan
        Mean losses between 0 and `loss_range`, for the gap; nan where unknown.
    name : str, default 'pair stability'
        What the bound is called in a table.

    Returns
    -------
    Bound
        Of kind "in expectation", in units of the loss.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> bound = pair_stability_bound([2.0, 1.0], 0.1, lipschitz=1.0, smoothness=1.0, samples=100, convex=True)
    >>> print(f"{bound.value:.4f}")
    0.0030
    """
    require_float64("grok_theory.bounds.pair_stability_bound")
    check_non_negative("pair_distance", pair_distance, "Pass one mean distance a step, for example by pair_distance.")
    check_positive("lipschitz", lipschitz, "Pass the largest gradient norm of one sample's loss.")
    path = stability_along_training(
        pair_distance, learning_rates, smoothness=smoothness, samples=samples, convex=convex
    )
    assumptions = (*_CURVES, "distances are to fresh samples")
    return _in_expectation(name, lipschitz * path[-1], assumptions, assumptions_hold, loss_range, train_loss, test_loss)


def _in_expectation(name, value, assumptions, holds, loss_range, train_loss, test_loss) -> Bound:
    check_positive("loss_range", jnp.where(jnp.isinf(loss_range), 1.0, loss_range), "Pass the largest possible loss.")
    check_loss("train_loss", train_loss, loss_range, "Pass a mean loss between 0 and loss_range.")
    check_loss("test_loss", test_loss, loss_range, "Pass a mean loss between 0 and loss_range.")
    return make_bound(
        name,
        value,
        kind=IN_EXPECTATION,
        assumptions=(INDEPENDENT, *assumptions),
        holds=holds,
        loss_range=loss_range,
        train_loss=train_loss,
        test_loss=test_loss,
    )


def _check_descent(path, name, learning_rates, smoothness, samples, convex) -> Float[Array, " steps"]:
    if np.ndim(path) != 1 or np.shape(path)[0] == 0:
        raise BadValue(f"{name} has shape {np.shape(path)}, but it must be (steps,). Pass one number a step.")
    check_non_negative(name, path, "Pass one number a step.")
    check_integer("samples", samples, 1, "Pass the number of training samples.")
    check_positive("learning_rates", learning_rates, "Pass the rate of descent on the mean loss.")
    check_non_negative("smoothness", smoothness, "Pass the largest curvature of one sample's loss.")
    if np.ndim(learning_rates) and np.shape(learning_rates) != np.shape(path):
        raise BadValue(
            f"learning_rates has shape {np.shape(learning_rates)}, but it must be a number or {np.shape(path)}. "
            "Pass one rate a step."
        )
    if convex and not is_traced(learning_rates) and not is_traced(smoothness):
        largest = float(np.max(np.asarray(learning_rates, float)) * np.asarray(smoothness, float))
        if not largest <= 2 * (1 + 1e-12):
            raise BadValue(
                f"learning_rates times smoothness reaches {largest:.6g}, but it must be at most 2 for convex=True. "
                "Pass a smaller learning rate, or convex=False."
            )
    return jnp.broadcast_to(jnp.asarray(learning_rates, float), np.shape(path))
