"""Feature emergence on group arithmetic: the Li_2 framework (Tian, arXiv 2509.21519), exact for every finite group.

Ground floor to roof: `groups` (multiplication tables), `irreps` and `real_irreps` (representations from the table
alone), `problem` (GroupTask), `energy`, `maxima` (closed form) and `ascent` (numerical), `lazy_gradient` (stage I),
`interaction` and `discovery` (stage III), `reconstruction`, `sample_threshold`, `printed` (the paper beside what
holds).
"""

from .ascent import Ascent, ascend
from .discovery import DiscoveryTimes, feature_discovery_times
from .energy import energy, energy_by_irrep, energy_gradient
from .fourier import irrep_share
from .groups import (
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
from .interaction import MuonColumn, Repulsion, missing_feature_energy, muon_column, repulsion
from .irreps import Irrep, fourier_transform, inverse_fourier_transform, irreps
from .lazy_gradient import LazyGradient, lazy_gradient
from .maxima import LocalMaxima, feature, hessian_spectrum, local_maxima, random_features
from .printed import Statement, Statements, printed_against_corrected
from .problem import GroupTask
from .real_irreps import RealIrrep, isotypic_basis, real_irreps
from .reconstruction import Reconstruction, mirrored_features, mirrored_residual, reconstruction, structured_features
from .sample_threshold import CrossTerm, FullEnergy, SampleThreshold, sample_threshold
from .threshold_scaling import ThresholdScaling, threshold_scaling

__all__ = [
    "Ascent",
    "CrossTerm",
    "DiscoveryTimes",
    "FullEnergy",
    "Group",
    "GroupTask",
    "Irrep",
    "LazyGradient",
    "LocalMaxima",
    "MuonColumn",
    "RealIrrep",
    "Reconstruction",
    "Repulsion",
    "SampleThreshold",
    "Statement",
    "Statements",
    "ThresholdScaling",
    "alternating",
    "ascend",
    "cyclic",
    "dihedral",
    "direct_product",
    "energy",
    "energy_by_irrep",
    "energy_gradient",
    "feature",
    "feature_discovery_times",
    "fourier_transform",
    "from_cayley_table",
    "from_generators",
    "hessian_spectrum",
    "inverse_fourier_transform",
    "irrep_share",
    "irreps",
    "isotypic_basis",
    "lazy_gradient",
    "local_maxima",
    "mirrored_features",
    "mirrored_residual",
    "missing_feature_energy",
    "muon_column",
    "printed_against_corrected",
    "quaternion",
    "random_features",
    "real_irreps",
    "reconstruction",
    "repulsion",
    "sample_threshold",
    "structured_features",
    "symmetric",
    "threshold_scaling",
]
