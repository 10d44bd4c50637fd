"""Kernels of wide networks and what they learn: arrays in, numbers out."""

from .activations import Activation, Erf, Identity, Quadratic, Relu
from .cross_validation import LeaveOneOut, leave_one_out, leave_one_out_influence
from .empirical import empirical_ntk
from .learning_curves import EffectiveRidge, KernelRegression, effective_regularization, solve
from .networks import FullyConnected, nngp, ntk
from .prediction import gradient_descent, gradient_flow, kernel_ridge
from .runs import simulate
from .similarity import alignment, cka, effective_dimension, participation_ratio
from .spectra import Spectrum, hermite_coefficients, sphere_spectrum

__all__ = [
    "Activation",
    "EffectiveRidge",
    "Erf",
    "FullyConnected",
    "Identity",
    "KernelRegression",
    "LeaveOneOut",
    "Quadratic",
    "Relu",
    "Spectrum",
    "alignment",
    "cka",
    "effective_dimension",
    "effective_regularization",
    "empirical_ntk",
    "gradient_descent",
    "gradient_flow",
    "hermite_coefficients",
    "kernel_ridge",
    "leave_one_out",
    "leave_one_out_influence",
    "nngp",
    "ntk",
    "participation_ratio",
    "simulate",
    "solve",
    "sphere_spectrum",
]
