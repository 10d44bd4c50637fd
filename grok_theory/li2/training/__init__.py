"""How networks on group arithmetic are trained: losses, starts, and what a step does to the weights."""

from ...rooms import show_public_names
from .losses import CrossEntropy, SquaredLoss, StableMaxCrossEntropy
from .optimizers import Custom, Decay, OrthogonalGradient, decay_of
from .starts import Gaussian, Start, TorchUniform, ZeroReadout, start_of_run

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("starts:Samples",)

__all__ = [
    "CrossEntropy",
    "Custom",
    "Decay",
    "Gaussian",
    "OrthogonalGradient",
    "SquaredLoss",
    "StableMaxCrossEntropy",
    "Start",
    "TorchUniform",
    "ZeroReadout",
    "decay_of",
    "start_of_run",
]

show_public_names(globals())
