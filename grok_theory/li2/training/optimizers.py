"""What a training step does to the weights: the optax transformation of every dynamics, weight decay included.

Coupled decay is L2: `weight_decay` times the weight is added to the gradient of the mean loss, before the optimizer
rescales it; with it the read-out feels the ridge eta = n wd / 2 of the theory. Decoupled decay shrinks the weight by
learning_rate * weight_decay beside the step, as in AdamW; no objective belongs to it under a rescaling optimizer.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import optax
from jax.typing import ArrayLike

from ...checks import check_choice, is_traced
from ...dynamics import SGD, Adam, AdamW, GradientDescent, Muon, Stepped
from ...errors import BadValue
from ...observables import orthogonal_gradient
from ...pytrees import record

COUPLED, DECOUPLED, OWN = "coupled", "decoupled", "own"


@record(static=("optax_transformation", "decay"))
class Custom(Stepped):
    """Any optax transformation, with what becomes of the task's weight decay said aloud.

    Parameters
    ----------
    optax_transformation : optax.GradientTransformation
        Acts on {"hidden": (K, 2M), "readout": (K, M)}; its updates are added to the weights.
    decay : str, default 'coupled'
        "coupled": L2 is added to the gradient before it; "own": it decays by itself as it likes, and nothing is added.

    Raises
    ------
    BadValue
        For another word, or what is no transformation of optax.
    """

    optax_transformation: optax.GradientTransformation
    decay: str = COUPLED

    def __post_init__(self) -> None:
        check_choice("decay", self.decay, (COUPLED, OWN), "Say what becomes of the task's weight_decay.")
        if not isinstance(self.optax_transformation, optax.GradientTransformation):
            raise BadValue(
                f"optax_transformation is {self.optax_transformation!r}, but it must be one of optax, for example "
                "optax.sgd(0.1, momentum=0.9). Pass one."
            )


@record(static=("rescale", "per_leaf"))
class OrthogonalGradient(Stepped):
    """Another dynamics, fed with gradients whose part along the weights is taken out.

    By `observables.orthogonal_gradient`.

    Parameters
    ----------
    dynamics : GradientDescent or SGD or Adam or AdamW or Muon or Custom
        What makes the step of the gradient that is left.
    rescale : bool, default True
        Whether the norm of the gradient is restored.
    per_leaf : bool, default True
        Whether each layer is treated by itself; False: the two together.

    Raises
    ------
    BadValue
        For what is no dynamics by steps.

    Examples
    --------
    >>> from grok_theory import Adam
    >>> print(OrthogonalGradient(Adam(0.01)).dynamics)
    Adam(learning_rate=0.01, betas=(0.9, 0.999))
    """

    dynamics: GradientDescent | SGD | Adam | AdamW | Muon | Custom
    rescale: bool = True
    per_leaf: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.dynamics, (GradientDescent, SGD, Adam, AdamW, Muon, Custom)):
            raise BadValue(
                f"dynamics is {self.dynamics!r}, but it must be one by steps, for example Adam(0.005). "
                "Wrap an optax transformation in Custom(...)."
            )


Optimizer = GradientDescent | SGD | Adam | AdamW | Muon | Custom | OrthogonalGradient
OPTIMIZERS = (GradientDescent, SGD, Adam, AdamW, Muon, Custom, OrthogonalGradient)


class Decay(NamedTuple):
    """Where weight decay acts, for each layer.

    Parameters
    ----------
    hidden, readout : str
        "coupled" (L2 in the gradient), "decoupled" (beside the step) or "own" (a `Custom` that decays by itself).

    Examples
    --------
    >>> from grok_theory import Muon
    >>> from grok_theory.li2.training import decay_of
    >>> print(decay_of(Muon(0.02)))
    Decay(hidden='decoupled', readout='coupled')
    """

    hidden: str
    readout: str


def decay_of(dynamics: Optimizer) -> Decay:
    """Where the weight decay of this dynamics acts.

    Parameters
    ----------
    dynamics : GradientDescent or SGD or Adam or AdamW or Muon or Custom or OrthogonalGradient
        A dynamics by steps.

    Returns
    -------
    Decay
        One word for each layer.

    Examples
    --------
    >>> from grok_theory import Adam, AdamW
    >>> print(decay_of(Adam(0.01)).hidden, decay_of(AdamW(0.01)).hidden)
    coupled decoupled
    """
    if isinstance(dynamics, OrthogonalGradient):
        return decay_of(dynamics.dynamics)
    if isinstance(dynamics, Custom):
        return Decay(dynamics.decay, dynamics.decay)
    if isinstance(dynamics, Muon):
        return Decay(DECOUPLED, COUPLED)
    return Decay(DECOUPLED, DECOUPLED) if isinstance(dynamics, AdamW) else Decay(COUPLED, COUPLED)


def transformation(dynamics: Optimizer, weight_decay: ArrayLike) -> optax.GradientTransformation:
    """The optax transformation of {"hidden": (K, 2M), "readout": (K, M)}, decay included."""
    if isinstance(dynamics, OrthogonalGradient):
        first = orthogonal_gradient(rescale=dynamics.rescale, per_leaf=dynamics.per_leaf)
        return optax.chain(first, transformation(dynamics.dynamics, weight_decay))
    if isinstance(dynamics, Muon):
        return _muon(dynamics, weight_decay)
    if isinstance(dynamics, AdamW):
        return optax.adamw(dynamics.learning_rate, *dynamics.betas, weight_decay=weight_decay)
    if isinstance(dynamics, Custom):
        step = dynamics.optax_transformation
    elif isinstance(dynamics, Adam):
        step = optax.adam(dynamics.learning_rate, *dynamics.betas)
    else:
        step = optax.sgd(dynamics.learning_rate)
    return step if decay_of(dynamics).readout == OWN else optax.chain(optax.add_decayed_weights(weight_decay), step)


def _muon(dynamics: Muon, weight_decay: ArrayLike) -> optax.GradientTransformation:
    from optax.contrib import MuonDimensionNumbers, muon

    # A node is a row of the hidden layer: axis 1 is its input, axis 0 its output.
    axes = MuonDimensionNumbers(reduction_axis=1, output_axis=0)
    hidden = muon(
        dynamics.learning_rate,
        weight_decay=weight_decay,
        muon_weight_dimension_numbers=lambda layers: jax.tree.map(lambda _: axes, layers),
    )
    readout = transformation(Adam(dynamics.readout_learning_rate), weight_decay)
    return optax.partition({"hidden": hidden, "readout": readout}, lambda layers: {name: name for name in layers})


def as_optimizer(dynamics: object, weight_decay: ArrayLike) -> Optimizer:
    """A dynamics by steps; a bare optax transformation is taken where no decay asks how to be applied."""
    if isinstance(dynamics, OPTIMIZERS):
        return dynamics
    if isinstance(dynamics, optax.GradientTransformation):
        if is_traced(weight_decay) or float(weight_decay) != 0:
            raise BadValue(
                f"dynamics is a bare optax transformation, which does not say how weight_decay = {weight_decay} acts. "
                "Pass Custom(transformation, decay='coupled'), Custom(transformation, decay='own') if it decays by "
                "itself, or a task with weight_decay=0."
            )
        return Custom(dynamics, decay=OWN)
    raise BadValue(
        f"dynamics is {dynamics!r}, but it must be Adam(...), GradientDescent(...), SGD(...), AdamW(...), Muon(...), "
        "OrthogonalGradient(...) or an optax transformation. For example Adam(learning_rate=0.005)."
    )
