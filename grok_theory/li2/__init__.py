"""Feature emergence on group arithmetic: the Li_2 framework (Tian, arXiv 2509.21519), exact for every finite group.

Ground floor to roof: `groups` (multiplication tables), `irreps` and `real_irreps` (representations from the table
alone), `problem` (GroupTask), `energy`, `maxima` (closed form) and `ascent` (numerical), `lazy_gradient` (stage I),
`interaction` and `discovery` (stage III), `reconstruction`, `sample_threshold`. Real training: `losses`, `optimizers`,
`starts`, `training`, `experiment` (simulate); beside it `stages` (solve), `trained_features`, `roles`; `companion`
(corrupted labels).
"""

from .ascent import Ascent, ascend
from .companion import (
    HIGHEST_FIRST,
    LOWEST_FIRST,
    RANDOM,
    ModularNetwork,
    Phase,
    PruneCurve,
    exact_network,
    exact_network_accuracy,
    inverse_participation_ratio,
    network_of_run,
    phase,
    prune_curve,
)
from .discovery import DiscoveryTimes, feature_discovery_times
from .feature_energy import energy, energy_by_irrep, energy_gradient
from .groups.fourier import irrep_share
from .groups.group import (
    Group,
    alternating,
    cyclic,
    dihedral,
    direct_product,
    from_cayley_table,
    from_generators,
    quaternion,
    symmetric,
)
from .groups.real_representations import RealIrrep, isotypic_basis, real_irreps
from .groups.representations import Irrep, fourier_transform, inverse_fourier_transform, irreps
from .interaction import MuonColumn, Repulsion, missing_feature_energy, muon_column, repulsion
from .lazy_stage import LazyGradient, lazy_gradient
from .maxima import LocalMaxima, feature, hessian_spectrum, local_maxima, random_features
from .problem import GroupTask
from .reconstructed_table import (
    Reconstruction,
    mirrored_features,
    mirrored_residual,
    reconstruction,
    structured_features,
)
from .runs.found_features import TrainedFeatures, trained_features
from .runs.role_table import Role, Roles, roles
from .runs.trained import simulate
from .sample_thresholds import CrossTerm, FullEnergy, SampleThreshold, sample_threshold
from .stages import FeatureAscent, Lazy, solve
from .threshold_law import ThresholdScaling, threshold_scaling
from .training.losses import CrossEntropy, SquaredLoss, StableMaxCrossEntropy
from .training.optimizers import Custom, Decay, OrthogonalGradient, decay_of
from .training.starts import Gaussian, Start, TorchUniform, ZeroReadout, start_of_run

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("lazy_stage:Modes", "training.starts:Samples")

__all__ = [
    "HIGHEST_FIRST",
    "LOWEST_FIRST",
    "RANDOM",
    "Ascent",
    "CrossEntropy",
    "CrossTerm",
    "Custom",
    "Decay",
    "DiscoveryTimes",
    "FeatureAscent",
    "FullEnergy",
    "Gaussian",
    "Group",
    "GroupTask",
    "Irrep",
    "Lazy",
    "LazyGradient",
    "LocalMaxima",
    "ModularNetwork",
    "MuonColumn",
    "OrthogonalGradient",
    "Phase",
    "PruneCurve",
    "RealIrrep",
    "Reconstruction",
    "Repulsion",
    "Role",
    "Roles",
    "SampleThreshold",
    "SquaredLoss",
    "StableMaxCrossEntropy",
    "Start",
    "ThresholdScaling",
    "TorchUniform",
    "TrainedFeatures",
    "ZeroReadout",
    "alternating",
    "ascend",
    "cyclic",
    "decay_of",
    "dihedral",
    "direct_product",
    "energy",
    "energy_by_irrep",
    "energy_gradient",
    "exact_network",
    "exact_network_accuracy",
    "feature",
    "feature_discovery_times",
    "fourier_transform",
    "from_cayley_table",
    "from_generators",
    "hessian_spectrum",
    "inverse_fourier_transform",
    "inverse_participation_ratio",
    "irrep_share",
    "irreps",
    "isotypic_basis",
    "lazy_gradient",
    "local_maxima",
    "mirrored_features",
    "mirrored_residual",
    "missing_feature_energy",
    "muon_column",
    "network_of_run",
    "phase",
    "prune_curve",
    "quaternion",
    "random_features",
    "real_irreps",
    "reconstruction",
    "repulsion",
    "roles",
    "sample_threshold",
    "simulate",
    "solve",
    "start_of_run",
    "structured_features",
    "symmetric",
    "threshold_scaling",
    "trained_features",
]
