"""What a network of this wing is trained on: the squared loss of the theory, cross-entropy, and StableMax.

Each is a mean over the training samples. The squared loss is centred as the task says; its objective is 2 J / n. The
two cross-entropies take the outputs as logits, uncentred and without a bias.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from ...observables import stablemax, stablemax_cross_entropy
from ...pytrees import record
from ..problem import GroupTask


@record()
class SquaredLoss:
    """Sum over classes of the squared centred residual: 2J/n on the training set, the loss of the theory."""

    def values(self, predictions: Array, labels: Array) -> Array:
        """The loss of each sample.

        Parameters
        ----------
        predictions : Array
            (n, M), outputs as `predicted` makes them: with their bias, or centred over classes around 1/M.
        labels : Array
            (n,) integers, the class of each sample.

        Returns
        -------
        Array
            (n,), the squared distance from the one-hot label.
        """
        targets = jax.nn.one_hot(labels, predictions.shape[1], dtype=predictions.dtype)
        return jnp.sum((targets - predictions) ** 2, axis=1)

    def probability(self, predictions: Array, labels: Array) -> None:
        """A regression has none.

        Parameters
        ----------
        predictions : Array
            (n, M), not looked at.
        labels : Array
            (n,) integers, the class of each sample.

        Returns
        -------
        None
            There is nothing to tell.
        """
        return None


@record()
class CrossEntropy:
    """Softmax cross-entropy in the precision of the network: it can collapse (Prieto et al. 2025)."""

    def values(self, predictions: Array, labels: Array) -> Array:
        """The loss of each sample.

        Parameters
        ----------
        predictions : Array
            (n, M) logits.
        labels : Array
            (n,) integers, the class of each sample.

        Returns
        -------
        Array
            (n,), minus the logarithm of what softmax gives the label.
        """
        logarithms = jax.nn.log_softmax(predictions, axis=-1)
        return -jnp.take_along_axis(logarithms, labels[:, None], axis=-1)[:, 0]

    def probability(self, predictions: Array, labels: Array) -> Array:
        """What softmax gives the label, as rounded.

        Parameters
        ----------
        predictions : Array
            (n, M) logits.
        labels : Array
            (n,) integers, the class of each sample.

        Returns
        -------
        Array
            (n,) in [0, 1]; exactly 1 means that the sample has stopped teaching.
        """
        return jnp.take_along_axis(jax.nn.softmax(predictions, axis=-1), labels[:, None], axis=-1)[:, 0]


@record()
class StableMaxCrossEntropy:
    """Cross-entropy of StableMax, whose probabilities fall like 1/margin and do not round to 1."""

    def values(self, predictions: Array, labels: Array) -> Array:
        """The loss of each sample.

        Parameters
        ----------
        predictions : Array
            (n, M) logits.
        labels : Array
            (n,) integers, the class of each sample.

        Returns
        -------
        Array
            (n,), minus the logarithm of what StableMax gives the label.
        """
        return stablemax_cross_entropy(predictions, labels)

    def probability(self, predictions: Array, labels: Array) -> Array:
        """What StableMax gives the label.

        Parameters
        ----------
        predictions : Array
            (n, M) logits.
        labels : Array
            (n,) integers, the class of each sample.

        Returns
        -------
        Array
            (n,) in [0, 1].
        """
        return jnp.take_along_axis(stablemax(predictions), labels[:, None], axis=-1)[:, 0]


Loss = SquaredLoss | CrossEntropy | StableMaxCrossEntropy
LOSSES = (SquaredLoss, CrossEntropy, StableMaxCrossEntropy)


def free_bias(task: GroupTask, loss: Loss, outputs: Array, labels: Array) -> Array:
    """Output bias (M,) that centring over samples stands for, b = mean over training samples of Y - F V."""
    order = task.group.order
    if not isinstance(loss, SquaredLoss) or task.centering == "classes":
        return jnp.zeros(order, outputs.dtype)
    return jnp.mean(jax.nn.one_hot(labels, order, dtype=outputs.dtype) - outputs, axis=0)


def predicted(task: GroupTask, loss: Loss, outputs: Array, bias: Array) -> Array:
    """(n, M): outputs F V as the loss sees them: with their bias, or centred over classes around 1/M."""
    if not isinstance(loss, SquaredLoss):
        return outputs
    if task.centering == "classes":
        return outputs - jnp.mean(outputs, axis=1, keepdims=True) + jnp.asarray(1 / task.group.order, outputs.dtype)
    return outputs + bias[None]


def objective(task: GroupTask, loss: Loss, outputs: Array, labels: Array) -> Array:
    """The mean training loss as a function of the outputs (n, M); through it flows every gradient."""
    return jnp.mean(loss.values(predicted(task, loss, outputs, free_bias(task, loss, outputs, labels)), labels))


def output_residual(task: GroupTask, loss: Loss, outputs: Array, labels: Array) -> Array:
    """-dJ/d(outputs) (n, M), J the sum over samples (with the 1/2 of the squared loss): Y~ - F~ V there."""
    factor = len(labels) / (2.0 if isinstance(loss, SquaredLoss) else 1.0)
    slope = jax.grad(lambda o: objective(task, loss, o, labels))(outputs)
    return -jnp.asarray(factor, outputs.dtype) * slope
