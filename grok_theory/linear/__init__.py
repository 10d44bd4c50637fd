"""Linear regression in high dimension: exact learning curves, their finite-size bands, and the runs they predict.

Advani, Saxe & Sompolinsky, arXiv:1710.03667 (Neural Networks 132, 2020); conventions and limits in docs/linear.md.
"""

from .finite_size import Fluctuations, fluctuations
from .grokking import GrokkingTime, grokking_time
from .methods import GradientDescent, GradientFlow
from .problem import TeacherStudent
from .ridge import Losses, OptimalRidge, optimal_ridge
from .stopping import OptimalStopping, optimal_stopping
from .verbs import limits, ridge, simulate, solve

__all__ = [
    "Fluctuations",
    "GradientDescent",
    "GradientFlow",
    "GrokkingTime",
    "Losses",
    "OptimalRidge",
    "OptimalStopping",
    "TeacherStudent",
    "fluctuations",
    "grokking_time",
    "limits",
    "optimal_ridge",
    "optimal_stopping",
    "ridge",
    "simulate",
    "solve",
]
