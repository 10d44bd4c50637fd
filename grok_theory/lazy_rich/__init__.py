"""Two-layer networks between the lazy and the rich regime: grokking without weight decay, computed."""

from ..rooms import show_public_names
from .closed_forms import (
    KernelSpectrum,
    LossParts,
    escape_time,
    kernel_spectrum,
    largest_stable_learning_rate,
    population_alignment,
    tangent_kernel,
    test_loss_decomposition,
)
from .conversions import Converted, from_paper, from_training_code, rescaled_start
from .mean_field import LinearMoments, MeanFieldNetwork, Particles, TangentLimit
from .methods import DMFT, ExactReduction, ExplicitNetwork, FrozenKernel, Interpolated, LazyLimit, OwnSize, Population
from .problem import QuadraticCommittee
from .runs.eigenvector_targets import KernelEigenvector
from .verbs import forecast, simulate, solve, stable_below

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("closed_forms:Mode",)

__all__ = [
    "DMFT",
    "Converted",
    "ExactReduction",
    "ExplicitNetwork",
    "FrozenKernel",
    "Interpolated",
    "KernelEigenvector",
    "KernelSpectrum",
    "LazyLimit",
    "LinearMoments",
    "LossParts",
    "MeanFieldNetwork",
    "OwnSize",
    "Particles",
    "Population",
    "QuadraticCommittee",
    "TangentLimit",
    "escape_time",
    "forecast",
    "from_paper",
    "from_training_code",
    "kernel_spectrum",
    "largest_stable_learning_rate",
    "population_alignment",
    "rescaled_start",
    "simulate",
    "solve",
    "stable_below",
    "tangent_kernel",
    "test_loss_decomposition",
]

show_public_names(globals())
