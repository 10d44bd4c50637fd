"""Linear regression in high dimension: exact learning curves, their finite-size bands, and the runs they predict.

Advani, Saxe & Sompolinsky, arXiv:1710.03667 (Neural Networks 132, 2020); conventions in docs/linear.md, limits in
docs/linear_evidence.md.
"""

from ..rooms import show_public_names
from .conventions import Convention, halved_mean_loss, mean_loss, unit_inputs
from .depth import DeepLosses
from .diagonal.closed_forms import scale_time
from .diagonal.interpolation import diagonal_interpolator
from .diagonal.methods import DualFlow, Interpolator, StateEvolution
from .diagonal.problem import DiagonalNetwork, SparseTask
from .features import approximation_error
from .finite_size import Fluctuations, fluctuations
from .grokking import NoiselessDelay, grokking_time, noiseless_delay
from .law_of_one_run import LogLossLaw, log_loss_law
from .methods import ContourIntegral, ModeRecursion, SpectralQuadrature, Trajectory
from .one_pass_dynamics import OnePass
from .power_law_problem import PowerLawInputs
from .problem import DeepLinear, TeacherStudent
from .projections import projection_residual, through_projection
from .regression_problem import CorrelatedInputs, RandomFeatures
from .ridge_regression import Losses, OptimalRidge, optimal_ridge
from .stopping import OptimalStopping, optimal_stopping
from .two_clocks import GrokkingTime
from .verbs import forecast, limits, ridge, simulate, solve, stable_below, valid_at

__all__ = [
    "ContourIntegral",
    "Convention",
    "CorrelatedInputs",
    "DeepLinear",
    "DeepLosses",
    "DiagonalNetwork",
    "DualFlow",
    "Fluctuations",
    "GrokkingTime",
    "Interpolator",
    "LogLossLaw",
    "Losses",
    "ModeRecursion",
    "NoiselessDelay",
    "OnePass",
    "OptimalRidge",
    "OptimalStopping",
    "PowerLawInputs",
    "RandomFeatures",
    "SparseTask",
    "SpectralQuadrature",
    "StateEvolution",
    "TeacherStudent",
    "Trajectory",
    "approximation_error",
    "diagonal_interpolator",
    "fluctuations",
    "forecast",
    "grokking_time",
    "halved_mean_loss",
    "limits",
    "log_loss_law",
    "mean_loss",
    "noiseless_delay",
    "optimal_ridge",
    "optimal_stopping",
    "projection_residual",
    "ridge",
    "scale_time",
    "simulate",
    "solve",
    "stable_below",
    "through_projection",
    "unit_inputs",
    "valid_at",
]

show_public_names(globals())
