"""What is studied: a two-layer network of any smooth neuron, all weights trained, on a data set you bring."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...checks import as_array, check_choice, check_finite, check_positive, check_shape, is_traced
from ...errors import BadValue
from ...kernels.activations import Activation, Erf, Identity, Relu, as_activation
from ...pytrees import problem

# One object a name, made once: JAX compiles by the identity of the functions inside.
ACTIVATIONS = {
    "linear": Identity(),
    "tanh": Activation(jnp.tanh, lambda h: 1 - jnp.square(jnp.tanh(h))),
    "erf": Erf(),
    "relu": Relu(),
}


@problem(static=("activation",))
class MeanFieldNetwork:
    """N neurons with trained readouts on a given data set, from lazy (small richness) to rich.

    Network     f(x) = (1/(gamma0 N)) sum_i a_i phi(h_i(x)),  h_i = w_i . x / sqrt(D);  trained is f - f(start)
    Start       a_i, w_i standard normal
    Loss        L = (1/P) sum_mu (y_mu - f(x_mu))^2, summed over outputs, without 1/2
    Time        tau: d theta / d tau = -gamma0^2 N grad L, for w and a alike

    | symbol | field | meaning | shape | range |
    |---|---|---|---|---|
    | x_mu | `inputs` | training inputs; K_x = x . x' / D, so that entries of order one are natural | (P, D) | finite |
    | y_mu | `targets` | one number an input, or C (then a neuron's readout is a vector) | (P,) or (P, C) | finite |
    | gamma0 | `richness` | small is lazy (frozen kernel), large is rich | number | > 0 |
    | phi | `activation` | "linear", "tanh", "erf", "relu", or an object of `kernels.activations` | static | |
    | | `test_inputs`, `test_targets` | for the test loss; both or neither | (M, D), like `targets` | finite |
    | b | `directions` | directions whose share in the weights' power is followed | (D,) or (D, k) | finite |

    `directions=None` follows the span of inputs^T targets, the first direction in which the weights learn. The name
    "mean-field" says how the output is scaled: by 1/N, so that features move at any width (Mei, Montanari, Nguyen 2018;
    richness as by Chizat, Oyallon, Bach 2019). Raises BadValue, naming field, value and remedy.

    >>> MeanFieldNetwork([[1.0, 0.5], [0.3, -1.0]], [1.0, -1.0], richness=1.0).activation
    'tanh'
    """

    inputs: Any
    targets: Any
    richness: Any
    activation: Any = "tanh"
    test_inputs: Any = None
    test_targets: Any = None
    directions: Any = None

    def __post_init__(self):
        for name in ("inputs", "targets", "test_inputs", "test_targets", "directions"):
            remedy = "Pass an array, all rows of one length."
            object.__setattr__(self, name, as_array(name, getattr(self, name), remedy))
        self.check()

    def check(self) -> None:
        """Refuse values outside the table above; traced values pass."""
        if isinstance(self.activation, str):
            remedy = "Pass an object of kernels.activations, such as Activation(jnp.sin), for anything else."
            check_choice("activation", self.activation, list(ACTIVATIONS), remedy)
        else:
            as_activation(self.activation)
        check_positive("richness", self.richness, "Pass gamma0, for example 1.0; small is lazy.")
        if type(self.inputs) is object:
            return  # a pytree under construction
        check_shape("inputs", self.inputs, (None, None), "Pass one row an input, (P, D).")
        check_finite("inputs", self.inputs, "Drop or mend these inputs.")
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
            check_finite("test_inputs", self.test_inputs, "Drop or mend these inputs.")
            self._check_targets("test_targets", self.test_targets, np.shape(self.test_inputs)[0])
            if np.shape(self.test_targets)[1:] != np.shape(self.targets)[1:]:
                raise BadValue(
                    f"test_targets has shape {np.shape(self.test_targets)}, but targets has shape "
                    f"{np.shape(self.targets)}, and both must have the same number of outputs. Pass the same columns."
                )
        if self.directions is not None:
            shape = (np.shape(self.inputs)[1], None)[: max(1, np.ndim(self.directions))]
            check_shape("directions", self.directions, shape, "Pass (D,), or (D, k) with one column a direction.")
            check_finite("directions", self.directions, "Pass finite directions, or None for inputs^T targets.")

    def _check_targets(self, name: str, value: Any, samples: int) -> None:
        shape = (samples, None)[: 2 if np.ndim(value) > 1 else 1]
        check_shape(name, value, shape, "Pass one row for every input: (P,), or (P, C) for C outputs.")
        check_finite(name, value, "Drop or mend these targets.")

    @property
    def phi(self) -> Any:
        """The activation as an object of `kernels.activations`."""
        return ACTIVATIONS[self.activation] if isinstance(self.activation, str) else self.activation

    @property
    def outputs(self) -> int:
        """C, the number of outputs."""
        return 1 if np.ndim(self.targets) == 1 else int(np.shape(self.targets)[1])

    def in_range(self) -> jax.Array:
        """The conditions of `check` as one boolean: for solvers, where numbers are traced."""
        richness = jnp.asarray(self.richness, float)
        leaves = [leaf for leaf in jax.tree_util.tree_leaves(self) if leaf is not None]
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(jnp.asarray(leaf, float))) for leaf in leaves]))
        return finite & (richness > 0)

    def check_single(self) -> None:
        """Refuse a batch where one problem is wanted."""
        self.check()
        if not is_traced(self.richness) and np.ndim(self.richness):
            raise BadValue(
                f"richness has shape {np.shape(self.richness)}, but one problem has one number. "
                "Map over it with jax.vmap, or loop."
            )
