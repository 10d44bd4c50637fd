"""Finite groups and their representations, from the multiplication table alone."""

from ...rooms import show_public_names
from .fourier import irrep_share
from .group import (
    Group,
    alternating,
    cyclic,
    dihedral,
    from_cayley_table,
    quaternion,
    symmetric,
)
from .made_groups import direct_product, from_generators
from .real_representations import RealIrrep, isotypic_basis, real_irreps
from .representations import Irrep, irreps

__all__ = [
    "Group",
    "Irrep",
    "RealIrrep",
    "alternating",
    "cyclic",
    "dihedral",
    "direct_product",
    "from_cayley_table",
    "from_generators",
    "irrep_share",
    "irreps",
    "isotypic_basis",
    "quaternion",
    "real_irreps",
    "symmetric",
]

show_public_names(globals())
