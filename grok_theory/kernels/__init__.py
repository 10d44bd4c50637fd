"""Kernels of wide networks and what they learn: arrays in, numbers out."""

from ..rooms import show_public_names
from .activations import Activation, Erf, Identity, Quadratic, Relu
from .cross_validation import LeaveOneOut, leave_one_out, leave_one_out_influence
from .empirical import empirical_ntk
from .finite_sets import learning_curve
from .flow_removal import flow_influence, flow_leave_one_out
from .given_data import GivenData, spectrum_of_data
from .learning_curves import effective_regularization
from .methods import EffectiveRidge
from .networks import FullyConnected, nngp, ntk
from .prediction import gradient_descent, gradient_flow, kernel_ridge
from .problem import KernelRegression
from .refitting import refits
from .similarity import alignment, cka, effective_dimension, participation_ratio
from .spectra import Spectrum, hermite_coefficients, sphere_spectrum
from .verbs import simulate, solve

__all__ = [
    "Activation",
    "EffectiveRidge",
    "Erf",
    "FullyConnected",
    "GivenData",
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
    "flow_influence",
    "flow_leave_one_out",
    "gradient_descent",
    "gradient_flow",
    "hermite_coefficients",
    "kernel_ridge",
    "learning_curve",
    "leave_one_out",
    "leave_one_out_influence",
    "nngp",
    "ntk",
    "participation_ratio",
    "refits",
    "simulate",
    "solve",
    "spectrum_of_data",
    "sphere_spectrum",
]

show_public_names(globals())
