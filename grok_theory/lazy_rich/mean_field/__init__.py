"""A general two-layer network with trained readouts on given data, from its tangent kernel to strong feature learning.

`problem` what is studied - `data` the arrays of it, `readings` what is read off neurons - `particles` the infinitely
wide network, `linear_moments` its exact case, `tangent_limit` its lazy end - `derivatives` batches and gradients -
`experiment` networks of finite width - `solve` which method is used.
"""

from .linear_moments import LinearMoments
from .particles import Particles
from .problem import MeanFieldNetwork
from .runs import simulate_mean_field
from .tangent_limit import TangentLimit
from .verbs import solve_mean_field

__all__ = [
    "LinearMoments",
    "MeanFieldNetwork",
    "Particles",
    "TangentLimit",
    "simulate_mean_field",
    "solve_mean_field",
]
