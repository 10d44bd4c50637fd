"""How the network is trained: optimizers whose weight decay says where it acts.

Coupled decay is L2: `weight_decay` times the weight is added to the gradient of the mean loss, before the optimizer
rescales it; with it the read-out feels the ridge eta = n wd / 2 of the theory. Decoupled decay shrinks the weight by
learning_rate * weight_decay beside the step, as in AdamW; no objective belongs to it under a rescaling optimizer.
"""

from __future__ import annotations

from typing import Any

import jax
import optax

from ..errors import BadValue, check_between, check_choice, check_positive, is_traced
from ..observables import orthogonal_gradient
from ..pytrees import record

_RATE = "Pass the step size, for example 0.005."


@record()
class GradientDescent:
    """Full-batch descent on the mean loss; decay coupled. A step of rate lr is a time 2 lr / n of the flow of J."""

    learning_rate: Any
    decay = "coupled"

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, "Pass the step size, for example 0.5.")

    def transformation(self, weight_decay: Any) -> optax.GradientTransformation:
        """The optax transformation, decay included."""
        return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(self.learning_rate))


@record(static=("betas",))
class Adam:
    """Adam with coupled decay (L2 in the gradient), as `weight_decay` of torch.optim.Adam."""

    learning_rate: Any
    betas: Any = (0.9, 0.999)
    decay = "coupled"

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, _RATE)
        _check_betas(self.betas)

    def transformation(self, weight_decay: Any) -> optax.GradientTransformation:
        return optax.chain(optax.add_decayed_weights(weight_decay), optax.adam(self.learning_rate, *self.betas))


@record(static=("betas",))
class AdamW:
    """Adam with decoupled decay: each step also shrinks the weights by learning_rate * weight_decay."""

    learning_rate: Any
    betas: Any = (0.9, 0.999)
    decay = "decoupled"

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, _RATE)
        _check_betas(self.betas)

    def transformation(self, weight_decay: Any) -> optax.GradientTransformation:
        return optax.adamw(self.learning_rate, *self.betas, weight_decay=weight_decay)


@record()
class Muon:
    """Orthogonalised momentum on the hidden layer (decay decoupled), Adam on the read-out (decay coupled).

    The update of the hidden layer is the polar factor of its momentum (five Newton-Schulz steps, Nesterov, beta .95,
    times sqrt(max(1, K / 2M))): `optax.contrib.muon`. `readout_learning_rate` is Adam's.
    """

    learning_rate: Any
    readout_learning_rate: Any = 0.005
    decay = "decoupled on the hidden layer, coupled on the read-out"

    def __post_init__(self) -> None:
        check_positive("learning_rate", self.learning_rate, "Pass the step size, for example 0.02.")
        check_positive("readout_learning_rate", self.readout_learning_rate, _RATE)

    def transformation(self, weight_decay: Any) -> optax.GradientTransformation:
        from optax.contrib import MuonDimensionNumbers, muon

        # A node is a row of the hidden layer: axis 1 is its input, axis 0 its output.
        axes = MuonDimensionNumbers(reduction_axis=1, output_axis=0)
        hidden = muon(
            self.learning_rate,
            weight_decay=weight_decay,
            muon_weight_dimension_numbers=lambda layers: jax.tree.map(lambda _: axes, layers),
        )
        readout = Adam(self.readout_learning_rate).transformation(weight_decay)
        return optax.partition({"hidden": hidden, "readout": readout}, lambda layers: {name: name for name in layers})


@record(static=("optax_transformation", "decay"))
class Custom:
    """Any optax transformation, with what becomes of the task's weight decay said aloud.

    - `optax_transformation`: acts on {"hidden": (K, 2M), "readout": (K, M)}; its updates are added to the weights.
    - `decay`: "coupled": L2 is added to the gradient before it; "own": it decays by itself as it likes, and nothing is
      added.
    """

    optax_transformation: Any
    decay: Any = "coupled"

    def __post_init__(self) -> None:
        check_choice("decay", self.decay, ("coupled", "own"), "Say what becomes of the task's weight_decay.")
        if not isinstance(self.optax_transformation, optax.GradientTransformation):
            raise BadValue(
                f"optax_transformation is {self.optax_transformation!r}, but it must be one of optax, for example "
                "optax.sgd(0.1, momentum=0.9). Pass one."
            )

    def transformation(self, weight_decay: Any) -> optax.GradientTransformation:
        if self.decay == "own":
            return self.optax_transformation
        return optax.chain(optax.add_decayed_weights(weight_decay), self.optax_transformation)


@record(static=("rescale", "per_leaf"))
class OrthogonalGradient:
    """Another optimizer, fed with gradients whose part along the weights is taken out (observables.remedies)."""

    optimizer: Any
    rescale: bool = True
    per_leaf: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, (GradientDescent, Adam, AdamW, Muon, Custom)):
            raise BadValue(
                f"optimizer is {self.optimizer!r}, but it must be one of this wing, for example Adam(0.005). "
                "Wrap an optax transformation in Custom(...)."
            )

    @property
    def decay(self) -> str:
        """Where the inner optimizer's decay acts."""
        return self.optimizer.decay

    def transformation(self, weight_decay: Any) -> optax.GradientTransformation:
        first = orthogonal_gradient(rescale=self.rescale, per_leaf=self.per_leaf)
        return optax.chain(first, self.optimizer.transformation(weight_decay))


OPTIMIZERS = (GradientDescent, Adam, AdamW, Muon, Custom, OrthogonalGradient)


def as_optimizer(optimizer: Any, weight_decay: Any) -> Any:
    """An optimizer of this wing; a bare optax transformation is taken where no decay asks how to be applied."""
    if isinstance(optimizer, OPTIMIZERS):
        return optimizer
    if isinstance(optimizer, optax.GradientTransformation):
        if is_traced(weight_decay) or float(weight_decay) != 0:
            raise BadValue(
                f"optimizer is a bare optax transformation, which does not say how weight_decay = {weight_decay} acts. "
                "Pass Custom(transformation, decay='coupled'), Custom(transformation, decay='own') if it decays by "
                "itself, or a task with weight_decay=0."
            )
        return Custom(optimizer, decay="own")
    raise BadValue(
        f"optimizer is {optimizer!r}, but it must be Adam(...), GradientDescent(...), AdamW(...), Muon(...), "
        "OrthogonalGradient(...) or an optax transformation. For example Adam(learning_rate=0.005)."
    )


def _check_betas(betas: Any) -> None:
    if not isinstance(betas, tuple) or len(betas) != 2:
        raise BadValue(f"betas is {betas!r}, but it must be a pair of numbers. Pass for example (0.9, 0.98).")
    for beta in betas:
        check_between("betas", beta, 0.0, 1.0, "Pass for example (0.9, 0.98).", include_high=False)
