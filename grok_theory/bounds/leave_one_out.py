"""Leave-one-out as what it is: an estimate of the test loss that promises nothing."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_shape
from ..kernels import leave_one_out
from ..numerics.gram import eigenbasis, rounding, shrunk
from .bound import ESTIMATE, Bound, make_bound


def leave_one_out_estimate(
    kernel: ArrayLike,
    targets: ArrayLike,
    *,
    ridge: ArrayLike,
    train_loss: ArrayLike | None = None,
    test_loss: ArrayLike = np.nan,
    name: str = "leave one out",
) -> Bound:
    """Mean square leave-one-out residual minus train loss, of kernel ridge regression and the plain squared loss.

    Unbiased for the test loss of training sets with one sample less; no guarantee is offered, so `assumptions_hold` is
    False always. `train_loss`: computed where left out.

    Parameters
    ----------
    kernel : array_like
        TODO.
    targets : array_like
        TODO.
    ridge : array_like
        TODO.
    train_loss : array_like, optional
        TODO.
    test_loss : array_like, default np.nan
        TODO.
    name : str, default 'leave one out'
        TODO.

    Returns
    -------
    Bound
        TODO
    """
    check_shape("targets", targets, np.shape(kernel)[:1], "Pass one target for every row of the kernel.")
    left_out = leave_one_out(kernel, targets, ridge=ridge)
    if train_loss is None:
        # The residual is what the ridge shrinks, not y minus a fit that may agree with it in every digit.
        basis = eigenbasis(kernel, eps=rounding(kernel))
        shrinkage = shrunk(basis.values, jnp.asarray(ridge, float) / basis.unit)
        train_loss = jnp.mean((basis.vectors @ (shrinkage * (basis.vectors.T @ jnp.asarray(targets, float)))) ** 2)
    return make_bound(
        name,
        left_out.loss - train_loss,
        kind=ESTIMATE,
        assumptions=("none: it promises nothing",),
        holds=False,
        loss_range=jnp.inf,
        train_loss=train_loss,
        test_loss=test_loss,
    )
