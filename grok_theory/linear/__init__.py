"""Linear regression in high dimension: exact learning curves, their finite-size bands, and the runs they predict.

Advani, Saxe & Sompolinsky, arXiv:1710.03667 (Neural Networks 132, 2020); conventions in docs/linear.md, limits in
docs/linear_evidence.md.
"""

from .conventions import Convention, halved_mean_loss, mean_loss, unit_inputs
from .depth import DeepLosses
from .features import approximation_error
from .finite_size import Fluctuations, fluctuations
from .grokking import GrokkingTime, NoiselessDelay, grokking_time, noiseless_delay
from .methods import ContourIntegral, SpectralQuadrature, Trajectory
from .problem import DeepLinear, TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures
from .ridge_regression import Losses, OptimalRidge, optimal_ridge
from .stopping import OptimalStopping, optimal_stopping
from .verbs import forecast, limits, ridge, simulate, solve, stable_below, valid_at

__all__ = [
    "ContourIntegral",
    "Convention",
    "CorrelatedInputs",
    "DeepLinear",
    "DeepLosses",
    "Fluctuations",
    "GrokkingTime",
    "Losses",
    "NoiselessDelay",
    "OptimalRidge",
    "OptimalStopping",
    "RandomFeatures",
    "SpectralQuadrature",
    "TeacherStudent",
    "Trajectory",
    "approximation_error",
    "fluctuations",
    "forecast",
    "grokking_time",
    "halved_mean_loss",
    "limits",
    "mean_loss",
    "noiseless_delay",
    "optimal_ridge",
    "optimal_stopping",
    "ridge",
    "simulate",
    "solve",
    "stable_below",
    "unit_inputs",
    "valid_at",
]
