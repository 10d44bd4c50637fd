"""Generalization bounds beside the gap they bound: value, true gap, whether assumptions hold, whether it is vacuous."""

from ..rooms import show_public_names
from .bound import Bound, table
from .fitted_hypotheses import inductive_bias
from .hypothesis_law import LossLaw, loss_law
from .leave_one_out import leave_one_out_estimate
from .model_agnostic import harmonics_count, quoted_difficulty
from .norms import displacement_norm, norm_bound, rademacher_ball
from .pac_bayes import gaussian_kl, gaussian_process_kl, pac_bayes_bound
from .regression import regression_bounds
from .ridge_stability import ridge_stability_bound
from .stability import (
    coherence_bound,
    pair_distance,
    pair_stability_bound,
    stability_along_training,
)
from .tail_methods import Contour, Saddlepoint
from .truncated_loss import truncated_squared_loss

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("population:Features", "population:Isotropic", "quadratic_losses:QuadraticLoss")

__all__ = [
    "Bound",
    "Contour",
    "LossLaw",
    "Saddlepoint",
    "coherence_bound",
    "displacement_norm",
    "gaussian_kl",
    "gaussian_process_kl",
    "harmonics_count",
    "inductive_bias",
    "leave_one_out_estimate",
    "loss_law",
    "norm_bound",
    "pac_bayes_bound",
    "pair_distance",
    "pair_stability_bound",
    "quoted_difficulty",
    "rademacher_ball",
    "regression_bounds",
    "ridge_stability_bound",
    "stability_along_training",
    "table",
    "truncated_squared_loss",
]

show_public_names(globals())
