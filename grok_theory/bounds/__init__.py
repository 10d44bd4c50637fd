"""Generalization bounds beside the gap they bound: value, true gap, whether assumptions hold, whether it is vacuous."""

from .bound import Bound, table
from .leave_one_out import leave_one_out_estimate
from .norms import displacement_norm, norm_bound, rademacher_ball
from .pac_bayes import gaussian_kl, gaussian_process_kl, pac_bayes_bound
from .regression import regression_bounds
from .stability import (
    coherence_bound,
    pair_distance,
    pair_stability_bound,
    ridge_stability_bound,
    stability_along_training,
)
from .truncated_loss import truncated_squared_loss

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("population:Features", "population:Isotropic")

__all__ = [
    "Bound",
    "coherence_bound",
    "displacement_norm",
    "gaussian_kl",
    "gaussian_process_kl",
    "leave_one_out_estimate",
    "norm_bound",
    "pac_bayes_bound",
    "pair_distance",
    "pair_stability_bound",
    "rademacher_ball",
    "regression_bounds",
    "ridge_stability_bound",
    "stability_along_training",
    "table",
    "truncated_squared_loss",
]
