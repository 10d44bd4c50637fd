"""Softmax collapse: when a finite precision rounds every other class away and the gradient becomes exactly zero."""

import jax.numpy as jnp
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import DTypeLike
from numpy.typing import ArrayLike

from ..checks import check_between, check_finite, check_integer, check_non_negative, check_numbers
from ..errors import BadValue

MOST_CLASSES = 1e15


def significant_bits(dtype: DTypeLike) -> int:
    """Significant bits p of a floating dtype, the leading one too: float16 11, bfloat16 8, float32 24, float64 53."""
    kind = jnp.dtype(dtype)
    if not jnp.issubdtype(kind, jnp.floating):
        raise BadValue(
            f"dtype is {kind.name!r}, but it must be a floating type. Pass for example 'float32' or 'bfloat16'."
        )
    return int(jnp.finfo(kind).nmant) + 1


def softmax_collapse_fraction(
    logits: ArrayLike, labels: ArrayLike, *, dtype: DTypeLike, smallest_first: bool = True
) -> np.floating | np.ndarray:
    """Share of samples whose softmax in `dtype` gives its label probability exactly 1.

    With margins g_k = z_y - z_k, 1 plus the other terms rounds to 1:
    sum_k e^{-g_k} <= 2^-p if the terms are added smallest first; max_k e^{-g_k} <= 2^-p if one by one, largest first.

    Real reductions follow neither order. Measured on JAX 0.10.1, CPU (docs/observables.md): float16 behaves as
    smallest first; float32 collapses up to one bit earlier.

    Parameters
    ----------
    logits : array_like
        (..., samples, classes) as exact numbers (float64 inside).
    labels : array_like
        (samples,) integers, the index of the right class of each sample.
    dtype : DTypeLike
        Floating type of the softmax, for example "float32" or "bfloat16".
    smallest_first : bool, default True
        Whether the terms are added smallest first, or one by one, largest first.

    Returns
    -------
    np.floating or ndarray
        Share over samples, one for each leading index, in [0, 1]. NumPy; does not need the float64 switch.

    Raises
    ------
    BadValue
        For logits of another shape or not finite, labels that are no index of a class, and a type that is not floating.

    References
    ----------
    Prieto et al. 2025.

    Examples
    --------
    >>> print(softmax_collapse_fraction([[30.0, 0.0], [3.0, 0.0]], [0, 0], dtype="float32"))
    0.5
    """
    margins, bits = _margins(logits, labels), significant_bits(dtype)
    total = scipy.special.logsumexp(-margins, axis=-1) if smallest_first else np.max(-margins, axis=-1)
    return np.mean(total <= -bits * np.log(2), axis=-1)[()]


def margin_time(margin: ArrayLike, classes: int) -> np.ndarray | np.floating:
    """Time to reach `margin` in a closed model: (e^g - 1)/C + (C - 1) g/C.

    The model: C classes, orthonormal inputs, linear logits from 0, gradient flow of cross-entropy at unit rate for each
    sample, so that dg/dt = C/(e^g + C - 1).

    Parameters
    ----------
    margin : array_like
        Lead g of the right logit over the others, 0 to 700; any shape.
    classes : int
        Number of classes C, 2 to 1e15.

    Returns
    -------
    ndarray or np.floating
        Of the shape of `margin`, in units of 1/rate. NumPy; not for tracing.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(f"{margin_time(10.0, 2):.0f}")
    11018
    """
    classes = check_integer("classes", classes, 2, "Pass the number of classes.")
    check_between("classes", classes, 2, MOST_CLASSES, "Pass the number of classes.")
    check_non_negative("margin", margin, "Pass the lead of the right logit over the others.")
    check_between("margin", margin, 0, 700, "Beyond that e^margin is no float64 number; pass a smaller lead.")
    margin = np.asarray(margin, float)
    return (np.expm1(margin) / classes + (classes - 1) / classes * margin)[()]


def collapse_time(classes: int, dtype: DTypeLike, *, smallest_first: bool = True) -> float:
    """Time at which, in the model of `margin_time`, the softmax collapses in `dtype`: at `collapse_margin`.

    Parameters
    ----------
    classes : int
        Number of classes C, 2 to 1e15.
    dtype : DTypeLike
        Floating type of the softmax, for example "float32" or "bfloat16".
    smallest_first : bool, default True
        Whether the terms are added smallest first, or one by one, largest first.

    Returns
    -------
    float
        In the unit of `margin_time`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and a type that is not floating.

    Examples
    --------
    >>> import numpy as np
    >>> print(bool(collapse_time(10, np.float32) < collapse_time(10, np.float64)))
    True
    """
    return float(margin_time(collapse_margin(classes, dtype, smallest_first=smallest_first), classes))


def collapse_margin(classes: int, dtype: DTypeLike, *, smallest_first: bool = True) -> float:
    """Margin at which the softmax collapses: p ln 2, plus ln(C - 1) if the terms are added smallest first.

    p is the number of significant bits of `dtype`, the leading one included.

    Parameters
    ----------
    classes : int
        Number of classes C, 2 to 1e15.
    dtype : DTypeLike
        Floating type of the softmax, for example "float32" or "bfloat16".
    smallest_first : bool, default True
        Whether the terms are added smallest first, or one by one, largest first.

    Returns
    -------
    float
        Lead of the right logit over each other one.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and a type that is not floating.

    Examples
    --------
    >>> print(round(collapse_margin(10, 'float32'), 3))
    18.833
    """
    classes = check_integer("classes", classes, 2, "Pass the number of classes.")
    check_between("classes", classes, 2, MOST_CLASSES, "Pass the number of classes.")
    return significant_bits(dtype) * np.log(2) + (np.log(classes - 1) if smallest_first else 0.0)


def _margins(logits, labels):
    """z_y - z_k over the other classes: (..., samples, classes - 1)."""
    check_numbers("logits", logits, "Pass one row of logits a sample.")
    logits, labels = np.asarray(logits, float), np.asarray(labels)
    if logits.ndim < 2 or logits.shape[-1] < 2 or logits.size == 0:
        raise BadValue(
            f"logits has shape {logits.shape}, but it must be (..., samples, classes) with at least 2 classes. "
            "Pass one row of logits a sample."
        )
    check_finite("logits", logits, "Look at the network before it diverged.")
    check_labels(labels, logits.shape[-2:])
    own = np.take_along_axis(logits, np.broadcast_to(labels[:, None], (*logits.shape[:-1], 1)), -1)
    others = np.arange(logits.shape[-1])[None] != labels[:, None]
    # In quarters: the difference of two large numbers need not be one, and beyond 1e300 its size does not matter.
    margins = 4 * np.clip(own / 4 - logits / 4, -1e300, 1e300)
    return margins[..., others].reshape(*logits.shape[:-1], -1)


def check_labels(labels: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuse labels that are not whole numbers in [0, classes), one a sample; `shape` is (samples, classes)."""
    if labels.shape != shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise BadValue(
            f"labels has shape {labels.shape} and type {labels.dtype}, but it must have shape {shape[:1]} and hold "
            "integers. Pass the index of the right class of each sample."
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= shape[1]))
    if wrong.size:
        raise BadValue(
            f"labels[{wrong[0]}] is {labels[wrong[0]]}, but it must be in [0, {shape[1]}). Pass the index of a class."
        )
