"""What a training of this wing can differ in, as Solution and Ensemble carry it."""

from __future__ import annotations

from ...conditions import Conditions
from .losses import Loss
from .starts import Initial


def conditions_of(loss: Loss, initial: Initial, *, train_hidden: bool | None) -> Conditions:
    """Loss, start and trained layers; `train_hidden` None is not said."""
    trained = None if train_hidden is None else ("hidden", "readout") if train_hidden else ("readout",)
    return Conditions(loss=loss, start=initial, trained=trained)
