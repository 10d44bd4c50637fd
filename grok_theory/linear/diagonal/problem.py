"""What is studied: a diagonal network on given data, and on a drawn sparse teacher in high dimension."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jax.typing import ArrayLike

from ...checks import check_shape
from ...drawn import GaussianEntries, Span
from ...dynamics import GradientDescent
from ...errors import BadValue
from ...fields import array, check_fields, number, problem
from ...ranges import Finite, Interval, NonNegative, Positive

__all__ = ["DiagonalNetwork", "SparseTask"]

_START = {
    "symbol": "alpha = u(0) = v(0)",
    "meaning": "where all u_j and v_j begin; the scale beta begins at its square",
    "remedy": "Pass a positive start, for example 3.0.",
}
_DECAY = {
    "symbol": "lambda",
    "unit": "1/time",
    "meaning": "weight decay, of u and v; 0 keeps the scale beta for ever",
    "remedy": "Pass the weight decay, for example 0.001.",
}


def _tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
    """How much time a step u <- u - eta (dL/du + lambda u) is worth: eta, exactly as eta -> 0.

    Parameters
    ----------
    dynamics : GradientDescent
        Whose steps are counted.

    Returns
    -------
    array_like
        Its learning rate eta.
    """
    return dynamics.learning_rate


@problem
class DiagonalNetwork:
    """A network of two layers with diagonal weights, w_j = u_j^2 - v_j^2, on given data, under weight decay.

    Gradient flow of |X w - y|^2/2 + (lambda/2) (|u|^2 + |v|^2) from u_j = v_j = alpha:

        du/dt = -2 g u - lambda u,   dv/dt = 2 g v - lambda v,   g = X^T (X w - y).

    u_j v_j = beta(t) = alpha^2 exp(-2 lambda t) whatever the data, and while the train loss is small w is the
    interpolator of least Q_beta: of least Euclid norm for a large beta, of least l1 norm for a small one.

    Curves: `train_loss` = |X w - y|^2/samples (no factor 1/2, without the penalty), `l1_norm` = sum |w_j|/dim, `scale`
    = beta; with a `teacher` also `weight_error` = |w - teacher|^2/dim and `test_loss` = |w - teacher|^2/samples, that
    on fresh inputs of entries N(0, 1/samples) without noise. Field `weights` (time, dim).

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory import linear
    >>> network = linear.DiagonalNetwork(np.eye(2, 4), [1.0, -1.0], start=0.1, weight_decay=0.01)
    >>> print(linear.diagonal_interpolator(network.inputs, network.targets, 0.1).round(3))
    [ 1. -1.  0.  0.]
    """

    inputs: ArrayLike | Sequence = array(
        Finite(),
        symbol="X",
        meaning="the data, a row a sample; fewer samples than columns can be fitted",
        axes=("samples", "dim"),
        remedy="Pass the (samples, dim) inputs.",
        drawn=GaussianEntries((3, 6)),
    )
    targets: ArrayLike | Sequence = array(
        Finite(),
        symbol="y",
        unit="label",
        meaning="a label a sample",
        axes=("samples",),
        remedy="Pass one label a row of inputs.",
        drawn=GaussianEntries((3,)),
    )
    start: ArrayLike = number(Positive(), **_START, drawn=Span(0.1, 10.0, (1.0,)))
    weight_decay: ArrayLike = number(NonNegative(), **_DECAY, drawn=Span(1e-3, 0.1, (0.01, 0.0)))
    teacher: ArrayLike | Sequence | None = array(
        Finite(),
        symbol="w*",
        unit="label per input",
        meaning="the weights that the test error is measured from; left out, there is no test error",
        axes=("dim",),
        remedy="Pass one weight a column of inputs.",
        default=None,
    )

    def check(self) -> None:
        """Refuse what is out of range and arrays that do not fit."""
        check_fields(self)
        shape = np.shape(self.inputs)
        if len(shape) == 2:
            if 0 in shape:
                raise BadValue(f"inputs has shape {shape}, but it must hold at least one number. Pass the data.")
            if np.ndim(self.targets) == 1:
                check_shape("targets", self.targets, shape[:1], "It has one label for every row of inputs.")
            if self.teacher is not None and np.ndim(self.teacher) == 1:
                check_shape("teacher", self.teacher, shape[1:], "It has one weight for every column of inputs.")

    tau_per_step = _tau_per_step


@problem
class SparseTask:
    """Diagonal networks on a sparse teacher in high dimension: samples, dim -> inf at a fixed ratio below one.

    Inputs N(0, 1/samples), a teacher's weight is +1 or -1 with probability `density`/2 each and 0 otherwise, labels
    have noise of standard deviation `noise`. The theory is that of the interpolator at the scale beta(t) = alpha^2
    exp(-2 lambda t), by state evolution: what the network is once its train loss has fallen, up to terms of order
    lambda.

    Curves: `train_loss` (0 for an interpolator), `test_loss` = noise^2 + weight_error/samples_per_dim on fresh noisy
    labels, `weight_error` = E (w_j - w*_j)^2, `l1_norm` = E |w_j|, `scale` = beta, `proximal_weight` = gamma.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> task = linear.SparseTask(0.4, 0.05, start=30.0, weight_decay=1e-3)
    >>> print(f"{linear.solve(task, [5000.0])['weight_error'][0]:.4f}")
    0.0165
    """

    samples_per_dim: ArrayLike = number(
        Interval(0.0, 1.0, include_low=False, include_high=False),
        symbol="delta = n/d",
        unit="samples per weight",
        meaning="training samples per weight, below one",
        remedy="Pass samples / dim, for example 0.4.",
        drawn=Span(0.1, 0.9, (0.4,)),
    )
    density: ArrayLike = number(
        Interval(0.0, 1.0, include_low=False),
        symbol="rho",
        unit="share",
        meaning="share of the teacher's weights that are not zero",
        remedy="Pass a share, for example 0.05.",
        drawn=Span(0.01, 1.0, (0.05,)),
    )
    start: ArrayLike = number(Positive(), **_START, drawn=Span(0.1, 10.0, (1.0,)))
    weight_decay: ArrayLike = number(NonNegative(), **_DECAY, drawn=Span(1e-3, 0.1, (0.01, 0.0)))
    noise: ArrayLike = number(
        NonNegative(),
        symbol="s",
        unit="label",
        meaning="standard deviation of the label noise",
        remedy="It is the standard deviation of the label noise, for example 0.1.",
        drawn=Span(1e-2, 1.0, (0.0, 0.1)),
        default=0.0,
    )

    tau_per_step = _tau_per_step
