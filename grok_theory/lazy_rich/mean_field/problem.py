"""What is studied: a two-layer network of any smooth neuron, all weights trained, on a data set you bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ...checks import check_choice, check_shape
from ...drawn import Among, GaussianEntries, Span
from ...dynamics import GradientDescent
from ...errors import BadValue
from ...fields import array, check_fields, number, problem, structure
from ...kernels.activations import Activation, Erf, Identity, Neuron, Relu, as_activation
from ...ranges import Finite, Positive, Told

# One object a name, made once: JAX compiles by the identity of the functions inside.
ACTIVATIONS = {
    "linear": Identity(),
    "tanh": Activation(jnp.tanh, lambda h: 1 - jnp.square(jnp.tanh(h))),
    "erf": Erf(),
    "relu": Relu(),
}


def _check_activation(name: str, value: Any, remedy: str) -> None:
    if isinstance(value, str):
        check_choice(name, value, list(ACTIVATIONS), remedy)
    else:
        as_activation(value)


_INPUTS, _TARGETS = "Drop or mend these inputs.", "Drop or mend these targets."


@problem
class MeanFieldNetwork:
    """N neurons with trained readouts on a given data set, from lazy (small richness) to rich.

    Network
        f(x) = (1/(gamma0 N)) sum_i a_i phi(h_i(x)),  h_i = w_i . x / sqrt(D); trained is f - f(start).
    Start
        a_i, w_i standard normal.
    Loss
        L = (1/P) sum_mu (y_mu - f(x_mu))^2, summed over outputs, without 1/2.
    Time
        tau, with d theta / d tau = -gamma0^2 N grad L, for w and a alike.

    `test_inputs` and `test_targets` come together or not at all. `directions=None` follows the span of inputs^T
    targets, the first direction in which the weights learn. The name "mean-field" says how the output is scaled: by
    1/N, so that features move at any width.

    Raises
    ------
    BadValue
        For a field out of its range, or shapes that do not fit each other; naming field, value and remedy.

    References
    ----------
    Mei, Montanari, Nguyen (2018): the output scaled by 1/N. Chizat, Oyallon, Bach (2019): the richness.

    Examples
    --------
    >>> MeanFieldNetwork([[1.0, 0.5], [0.3, -1.0]], [1.0, -1.0], richness=1.0).activation
    'tanh'
    """

    inputs: ArrayLike | Sequence = array(
        Finite(),
        symbol="x_mu",
        meaning="training inputs (P, D); K_x = x . x' / D, so that entries of order one are natural",
        axes=("P", "D"),
        remedy=_INPUTS,
        drawn=GaussianEntries((4, 2)),
    )
    targets: ArrayLike | Sequence = array(
        Finite(),
        symbol="y_mu",
        meaning="(P,), one number an input, or (P, C), where a neuron's readout is a vector",
        axes=None,
        remedy=_TARGETS,
        drawn=GaussianEntries((4,)),
    )
    richness: ArrayLike = number(
        Positive(),
        symbol="gamma0",
        meaning="small is lazy (frozen kernel), large is rich",
        remedy="Pass gamma0, for example 1.0; small is lazy.",
        drawn=Span(0.03, 30.0, (1.0,)),
    )
    activation: str | Neuron = structure(
        Told('"linear", "tanh", "erf", "relu", or an object of kernels.activations', _check_activation, ("rleu", 3)),
        symbol="phi",
        meaning="the neuron",
        remedy="Pass an object of kernels.activations, such as Activation(jnp.sin), for anything else.",
        drawn=Among(tuple(ACTIVATIONS)),
        default="tanh",
    )
    test_inputs: ArrayLike | Sequence | None = array(
        Finite(),
        symbol="-",
        meaning="(M, D), for the test loss",
        axes=None,
        remedy=_INPUTS,
        drawn=GaussianEntries((5, 2)),
        default=None,
    )
    test_targets: ArrayLike | Sequence | None = array(
        Finite(),
        symbol="-",
        meaning="(M,) or (M, C), like targets, for the test loss",
        axes=None,
        remedy=_TARGETS,
        drawn=GaussianEntries((5,)),
        default=None,
    )
    directions: ArrayLike | Sequence | None = array(
        Finite(),
        symbol="b",
        meaning="(D,) or (D, k), directions whose share in the weights' power is followed",
        axes=None,
        remedy="Pass finite directions, or None for inputs^T targets.",
        default=None,
    )

    def tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
        """How much tau a step of descent is worth: its learning rate, in the units of the Problem.

        Parameters
        ----------
        dynamics : GradientDescent
            With the learning rate eta/(gamma0^2 N), eta that of steps theta <- theta - eta grad L.

        Returns
        -------
        array_like
            That learning rate.
        """
        return dynamics.learning_rate

    def check(self) -> None:
        """Refuse values out of range and arrays that do not fit; traced values pass.

        Raises
        ------
        BadValue
            For a field out of its range, or shapes that do not fit each other; naming field, value and remedy.
        """
        check_fields(self, "activation", "richness")
        if type(self.inputs) is object:
            return  # a pytree under construction
        check_shape("inputs", self.inputs, (None, None), "Pass one row an input, (P, D).")
        check_fields(self, "inputs")
        self._check_targets("targets", self.targets, np.shape(self.inputs)[0])
        if (self.test_inputs is None) != (self.test_targets is None):
            there, missing = ("inputs", "targets") if self.test_targets is None else ("targets", "inputs")
            raise BadValue(
                f"test_{missing} is None, but test_{there} is given, and the test loss needs both. "
                f"Pass test_{missing}=..., or leave test_{there} out."
            )
        if self.test_inputs is not None:
            dim = np.shape(self.inputs)[1]
            check_shape("test_inputs", self.test_inputs, (None, dim), "Pass (M, D) with the D of inputs.")
            check_fields(self, "test_inputs")
            self._check_targets("test_targets", self.test_targets, np.shape(self.test_inputs)[0])
            if np.shape(self.test_targets)[1:] != np.shape(self.targets)[1:]:
                raise BadValue(
                    f"test_targets has shape {np.shape(self.test_targets)}, but targets has shape "
                    f"{np.shape(self.targets)}, and both must have the same number of outputs. Pass the same columns."
                )
        if self.directions is not None:
            shape = (np.shape(self.inputs)[1], None)[: max(1, np.ndim(self.directions))]
            check_shape("directions", self.directions, shape, "Pass (D,), or (D, k) with one column a direction.")
            check_fields(self, "directions")

    def _check_targets(self, name: str, value: Any, samples: int) -> None:
        shape = (samples, None)[: 2 if np.ndim(value) > 1 else 1]
        check_shape(name, value, shape, "Pass one row for every input: (P,), or (P, C) for C outputs.")
        check_fields(self, name)

    @property
    def phi(self) -> Neuron:
        """The activation as an object of `kernels.activations`."""
        return ACTIVATIONS[self.activation] if isinstance(self.activation, str) else self.activation

    @property
    def outputs(self) -> int:
        """C, the number of outputs."""
        return 1 if np.ndim(self.targets) == 1 else int(np.shape(self.targets)[1])
