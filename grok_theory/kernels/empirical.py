"""The tangent kernel of a network as it is: any function of parameters and inputs."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from ..checks import check_memory, is_traced
from ..errors import BadValue


def empirical_ntk(
    f: Callable, params: PyTree, X: ArrayLike, X2: ArrayLike | None = None
) -> Float[Array, "n m"] | Float[Array, "n m c c"]:
    """Inner products of the gradients of f's outputs in `params`, between the inputs `X` and `X2` (or `X`).

    Parameters
    ----------
    f : callable
        Maps (params, inputs) to outputs of shape (n,) or (n, c). Each output must depend on its own input alone: batch
        statistics are refused (outside traces, where there are numbers to see it by).
    params : PyTree
        Pytree of arrays; all its leaves are differentiated.
    X : array_like
        (n, ...) inputs, one a row.
    X2 : array_like, optional
        (m, ...) other inputs; `X` if left out.

    Returns
    -------
    Array
        (n, m), or (n, m, c, c), in the precision of `params`. It may be called inside jit; JAX keeps no results between
        calls outside. Memory: (n + m) c numbers for each parameter; refused before it is made if that does not fit.

    Raises
    ------
    BadValue
        For a network whose outputs have another shape, are not finite or depend on other inputs, and for gradients
        whose products are no numbers.
    TooLarge
        Where the gradients do not fit into the free memory.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> X = jnp.array([[1.0, 2.0], [0.0, 1.0]])
    >>> print(empirical_ntk(lambda w, x: x @ w, jnp.zeros(2), X))  # of a linear model: X X^T
    [[5. 2.]
     [2. 1.]]
    """
    X = jnp.asarray(X)
    one = lambda theta, x: f(theta, x[None])[0]  # noqa: E731
    shape = jax.eval_shape(f, params, X).shape
    if len(shape) not in (1, 2) or shape[0] != X.shape[0]:
        raise BadValue(
            f"f returns shape {shape} for {X.shape[0]} inputs, but it must return ({X.shape[0]},) or "
            f"({X.shape[0]}, c). Pass a function (params, inputs) -> outputs."
        )
    sizes = [np.size(leaf) * jnp.result_type(leaf).itemsize for leaf in jax.tree_util.tree_leaves(params)]
    rows = int(np.prod(shape)) * (1 if X2 is None else 1 + len(X2) / len(X))
    check_memory(f"empirical_ntk with {rows:g} gradients", 2.0 * rows * sum(sizes), "Pass fewer rows of X at a time.")
    if not any(is_traced(leaf) for leaf in jax.tree_util.tree_leaves((params, X))):
        _check_rows(f, one, params, X)
    left = _gradients(one, params, X)
    right = left if X2 is None else _gradients(one, params, jnp.asarray(X2))
    kernel = 0.0
    for a, b in zip(jax.tree_util.tree_leaves(left), jax.tree_util.tree_leaves(right)):
        outputs = len(shape)
        a, b = (g.reshape(*g.shape[:outputs], -1) for g in (a, b))
        kernel = kernel + (jnp.einsum("np,mp->nm", a, b) if outputs == 1 else jnp.einsum("ncp,mdp->nmcd", a, b))
    if not is_traced(kernel) and not bool(jnp.all(jnp.isfinite(kernel))):
        raise BadValue(
            f"f has gradients whose products are no {kernel.dtype} numbers. Look at the network before it diverged, or "
            "pass inputs in a smaller unit."
        )
    return kernel


def _gradients(one, params, X):
    return jax.vmap(jax.jacrev(one), (None, 0))(params, X)


def _check_rows(f, one, params, X):
    together = np.asarray(f(params, X[:8]), float)
    alone = np.asarray(jax.vmap(one, (None, 0))(params, X[:8]), float)
    gap = np.abs(together - alone).max()
    if not np.all(np.isfinite(together)):
        raise BadValue(
            f"f gives {together[~np.isfinite(together)][0]} for one of the inputs, but its outputs must be finite. "
            "Look at the network before it diverged."
        )
    if gap > 1e-4 * np.abs(together).max():
        raise BadValue(
            f"f gives outputs that differ by {gap:.3g} with and without the other inputs, but each output must "
            "depend on its own input alone. Freeze batch statistics and dropout."
        )
