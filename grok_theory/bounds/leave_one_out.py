"""Leave-one-out as what it is: an estimate of the test loss that promises nothing."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_shape
from ..errors import BadValue
from ..kernels import flow_leave_one_out, gradient_flow, leave_one_out
from ..numerics.gram import eigenbasis, rounding, shrunk
from .bound import ESTIMATE, Bound, make_bound


def leave_one_out_estimate(
    kernel: ArrayLike,
    targets: ArrayLike,
    *,
    ridge: ArrayLike | None = None,
    times: ArrayLike | None = None,
    train_loss: ArrayLike | None = None,
    test_loss: ArrayLike = np.nan,
    name: str = "leave one out",
) -> Bound:
    """Mean square leave-one-out residual minus train loss in the plain squared loss: of kernel ridge regression,
    or along gradient flow.

    Unbiased for the test loss of training sets with one sample less; no guarantee is offered, so `assumptions_hold` is
    False always.

    Parameters
    ----------
    kernel : array_like
        (P, P) Gram matrix of the training inputs.
    targets : array_like
        (P,) labels.
    ridge : array_like, optional
        As in K + ridge I, >= 0; 0 is the interpolator of least norm. Either this or `times`.
    times : array_like, optional
        (T,) times of gradient flow of (1/2) sum r^2 from zero, as in `kernels.gradient_flow`; the estimate is then an
        array, one entry a time.
    train_loss : array_like, optional
        Mean square residual of the machine, () or (T,); computed where left out.
    test_loss : array_like, default nan
        Mean square error on fresh samples, () or (T,), for the gap; nan where unknown.
    name : str, default 'leave one out'
        What the estimate is called in a table.

    Returns
    -------
    Bound
        Of kind "estimate": its value may be negative.

    Raises
    ------
    BadValue
        For a kernel that is not square, finite and symmetric, and what `kernels.leave_one_out` and
        `kernels.flow_leave_one_out` refuse; where both or none of `ridge` and `times` are given.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> estimate = leave_one_out_estimate(np.eye(2) + 1.0, [1.0, 2.0], ridge=1.0)
    >>> print(f"{estimate.value:.4f} {estimate.kind}")
    1.2413 estimate
    """
    check_shape("targets", targets, np.shape(kernel)[:1], "Pass one target for every row of the kernel.")
    if (ridge is None) == (times is None):
        raise BadValue(
            f"ridge is {ridge} and times is {times}, but exactly one of them must be given. Pass ridge= for kernel "
            "ridge regression, or times= for gradient flow."
        )
    if times is not None:
        left_out_loss = jnp.mean(jnp.square(flow_leave_one_out(kernel, targets, times)), axis=1)
        if train_loss is None:
            outputs = gradient_flow(kernel, targets, kernel, times)[0]
            train_loss = jnp.mean(jnp.square(jnp.asarray(targets, float)[None] - outputs), axis=1)
        gap = left_out_loss - train_loss
    else:
        left_out = leave_one_out(kernel, targets, ridge=ridge)
        if train_loss is None:
            # The residual is what the ridge shrinks, not y minus a fit that may agree with it in every digit.
            basis = eigenbasis(kernel, eps=rounding(kernel))
            shrinkage = shrunk(basis.values, jnp.asarray(ridge, float) / basis.unit)
            train_loss = jnp.mean((basis.vectors @ (shrinkage * (basis.vectors.T @ jnp.asarray(targets, float)))) ** 2)
            # One residual is (1 - leverage) times the other. At a large ridge their squares agree in every digit.
            gap = jnp.mean(jnp.square(left_out.residuals) * left_out.leverage * (2 - left_out.leverage))
        else:
            gap = left_out.loss - train_loss
    return make_bound(
        name,
        gap,
        kind=ESTIMATE,
        assumptions=("none: it promises nothing",),
        holds=False,
        loss_range=jnp.inf,
        train_loss=train_loss,
        test_loss=test_loss,
    )
