"""Gradient coherence: do the examples of a training set pull the same way?"""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, PyTree

from ..checks import check_finite, is_traced
from ..errors import BadValue
from ..numerics.gram import rounding
from ..numerics.magnitude import exponents, scaled, unit_of
from ..pytrees import record


@record()
class Coherence:
    """Coherence of m per-example gradients g_i.

    Parameters
    ----------
    alpha : Array
        Squared norm of the mean gradient over the mean squared norm, in [0, 1].
    m_coherence : Array
        m alpha, in [0, m]: 1 for orthogonal gradients, m for identical ones.
    alpha_unbiased : Array
        The unbiased estimate (m alpha - 1)/(m - 1) of the coherence of the population; may be negative; nan at m = 1.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.observables import gradient_coherence
    >>> told = gradient_coherence(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> print(told.alpha)  # orthogonal gradients: one over their number
    0.5
    """

    alpha: Array
    m_coherence: Array
    alpha_unbiased: Array


def gradient_coherence(gradients: PyTree) -> Coherence:
    """Coherence of per-example gradients: any pytree whose leaves have the example axis first.

    Nothing changes if all gradients are rescaled by one factor.

    Parameters
    ----------
    gradients : PyTree
        One gradient an example, for example from jax.vmap(jax.grad(loss), (None, 0)); finite.

    Returns
    -------
    Coherence
        That of the m examples; nan, with a warning, where all gradients are zero.

    Raises
    ------
    BadValue
        For leaves whose first axes differ or are missing, and for gradients that are not finite.

    References
    ----------
    Chatterjee & Zielinski 2022.

    Examples
    --------
    >>> import numpy as np
    >>> print(gradient_coherence({'w': np.array([[1.0, 0.0], [1.0, 0.0]])}).alpha)
    1.0
    """
    leaves = jax.tree_util.tree_leaves(gradients)
    for leaf in leaves:
        check_finite("gradients", leaf, "Drop or mend these examples.")
    # Numbers in NumPy's float64, whatever JAX computes in: 1e-60 is no zero.
    xp: Any = jnp if any(map(is_traced, leaves)) else np
    leaves = [xp.asarray(leaf, float) for leaf in leaves]
    sizes = {leaf.shape[0] if leaf.ndim else 0 for leaf in leaves}
    if len(sizes) != 1 or 0 in sizes:
        raise BadValue(
            f"gradients has leaves with first axes {sorted(sizes)}, but all must share one of length m >= 1. "
            "Pass per-example gradients, for example from jax.vmap(jax.grad(loss), (None, 0))."
        )
    # A common scale first: squares of gradients below 1e-154 would vanish.
    unit = unit_of(*leaves)
    flat = [leaf.reshape(leaf.shape[0], -1) / unit for leaf in leaves]
    mean_square = sum(xp.sum(xp.square(xp.mean(leaf, 0))) for leaf in flat)
    square_mean = sum(xp.mean(xp.sum(xp.square(leaf), 1)) for leaf in flat)
    return _coherence(xp, mean_square, square_mean, sizes.pop(), "gradients")


def kernel_coherence(kernel: ArrayLike, residual: ArrayLike) -> Coherence:
    """Coherence from the tangent kernel, without gradients: alpha = r.K r / (m sum_i r_i^2 K_ii).

    Parameters
    ----------
    kernel : array_like
        (m, m), or (m, m, c, c) for c outputs, as `kernels.empirical_ntk` gives it.
    residual : array_like
        Derivative of each example's loss in its outputs, up to one factor: (m,) y - f for squared loss, or (m, c),
        softmax - onehot for cross-entropy.

    Returns
    -------
    Coherence
        The same as from the gradients themselves; nan, with a warning, where all of them are zero.

    Raises
    ------
    BadValue
        For a kernel and a residual that are not finite or do not fit, and for a kernel that is not symmetric or gives a
        coherence outside [0, 1], as no positive semidefinite one does.

    Examples
    --------
    >>> import numpy as np
    >>> print(round(float(kernel_coherence(np.ones((3, 3)), np.ones(3)).alpha), 3))
    1.0
    """
    check_finite("kernel", kernel, "Drop or mend these examples.")
    check_finite("residual", residual, "Drop or mend these examples.")
    eps = rounding(kernel)
    xp: Any = jnp if is_traced(kernel) or is_traced(residual) else np
    # In NumPy: inside a trace JAX would trace what is known, too.
    given = None if is_traced(kernel) else np.asarray(kernel, float)
    kernel, residual = xp.asarray(kernel, float), xp.asarray(residual, float)
    m = len(residual) if residual.ndim else 0
    shape = (m, m) if residual.ndim == 1 else (m, m, *residual.shape[1:] * 2)
    if residual.ndim not in (1, 2) or m == 0 or kernel.shape != shape:
        raise BadValue(
            f"kernel has shape {kernel.shape}, but it must be (m, m) for a residual (m,), or (m, m, c, c) for (m, c); "
            f"residual has shape {residual.shape}. Pass the kernel of the same examples and outputs."
        )
    if given is not None:
        turned = given.T if residual.ndim == 1 else given.transpose(1, 0, 3, 2)
        skew, largest = (float(np.max(np.abs(part))) for part in (given / 2 - turned / 2, given))
        if skew > max(1e-6, 4 * eps) * largest:
            raise BadValue(
                f"kernel differs from its transpose by {skew / largest:.3g} of its largest entry, but it must be "
                "symmetric. Pass the tangent kernel of these examples."
            )
    # Every example in its own unit: their gradients may differ by hundreds of decades.
    own = xp.diagonal(kernel) if residual.ndim == 1 else xp.max(xp.abs(xp.einsum("iicd->icd", kernel)), (1, 2))
    k = exponents(own) // 2
    pairs = -(k[:, None] + k[None, :])
    kernel = scaled(kernel, pairs if residual.ndim == 1 else pairs[:, :, None, None])
    k = k if residual.ndim == 1 else k[:, None]
    largest = xp.max(xp.where(residual == 0, -5000, exponents(residual) + k))
    r, kernel = scaled(residual, k - largest), kernel / unit_of(kernel)
    if residual.ndim == 1:
        total = r @ kernel @ r
        own = xp.sum(xp.square(r) * xp.diagonal(kernel))
    else:
        total = xp.einsum("ic,ijcd,jd->", r, kernel, r)
        own = xp.einsum("ic,iicd,id->", r, kernel, r)
    return _coherence(xp, total / m**2, own / m, m, "kernel and residual")


def _coherence(xp, mean_square, square_mean, m, name):
    if not is_traced(square_mean) and square_mean == 0 and mean_square == 0:
        warnings.warn(f"{name}: all gradients are zero, and zero gradients have no coherence: nan.", stacklevel=3)
    some = square_mean > 0
    alpha = xp.where(some, mean_square / xp.where(some, square_mean, 1.0), np.nan)
    # Of gradients it lies in [0, 1]; beyond rounding, a kernel that gives another number has none.
    wrong = (alpha < -1e-6) | (alpha > 1 + 1e-6) | (~some & (mean_square != 0)) | (square_mean < 0)
    if not is_traced(wrong) and bool(wrong):
        raise BadValue(
            f"{name} give a coherence of {float(alpha):.6g}, but it must lie in [0, 1]: no positive semidefinite "
            f"kernel of {m} examples gives that, of shape {(m, m)} or (m, m, c, c). Pass the tangent kernel of these."
        )
    alpha = xp.where(wrong, np.nan, xp.clip(alpha, 0.0, 1.0))
    # One example agrees with itself; it says nothing about the population.
    unbiased = (m * alpha - 1) / (m - 1) if m > 1 else xp.full_like(alpha, np.nan)
    return Coherence(*map(jnp.asarray, (alpha, m * alpha, unbiased)))
