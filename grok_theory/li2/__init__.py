"""Feature emergence on group arithmetic: the Li_2 framework (Tian, arXiv 2509.21519), exact for every finite group.

The theory is here; around it are four rooms: `groups` (multiplication tables and representations), `training` (losses,
starts, optimizers), `comparison` (trained networks beside theory), `companion` (corrupted labels).
"""

from ..rooms import show_public_names
from . import companion, comparison, groups, training
from .ascent import Ascent, ascend
from .closed_forms import (
    LocalMaxima,
    MuonColumn,
    local_maxima,
    mirrored_residual,
    muon_column,
)
from .discovery import DiscoveryTimes, feature_discovery_times
from .feature_energy import energy, energy_by_irrep, energy_gradient, hessian_spectrum
from .features import feature, random_features
from .gradient_emergence import LazyGradient, lazy_gradient
from .interaction import Repulsion, repulsion
from .methods import CrossTerm, FeatureAscent, FullEnergy, Lazy, Trainings
from .problem import GroupTask
from .reconstructed_table import Reconstruction, mirrored_features, reconstruction, structured_features
from .sample_thresholds import SampleThreshold, sample_threshold
from .threshold_law import ThresholdScaling, threshold_scaling
from .verbs import forecast, simulate, solve

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("lazy_modes:Modes",)

__all__ = [
    "Ascent",
    "CrossTerm",
    "DiscoveryTimes",
    "FeatureAscent",
    "FullEnergy",
    "GroupTask",
    "Lazy",
    "LazyGradient",
    "LocalMaxima",
    "MuonColumn",
    "Reconstruction",
    "Repulsion",
    "SampleThreshold",
    "ThresholdScaling",
    "Trainings",
    "ascend",
    "companion",
    "comparison",
    "energy",
    "energy_by_irrep",
    "energy_gradient",
    "feature",
    "feature_discovery_times",
    "forecast",
    "groups",
    "hessian_spectrum",
    "lazy_gradient",
    "local_maxima",
    "mirrored_features",
    "mirrored_residual",
    "muon_column",
    "random_features",
    "reconstruction",
    "repulsion",
    "sample_threshold",
    "simulate",
    "solve",
    "structured_features",
    "threshold_scaling",
    "training",
]

show_public_names(globals())
