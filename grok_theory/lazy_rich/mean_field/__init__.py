"""A general two-layer network with trained readouts on given data, from its tangent kernel to strong feature learning.

`problem` what is studied, `methods` how, `verbs` which file answers - `data` the arrays of it, `readings` what is read
off neurons - `particles` the infinitely wide network, `linear_moments` its exact case, `tangent_limit` its lazy end -
`derivatives` batches and gradients - `runs` networks of finite width.
"""

from .methods import LinearMoments, Particles, TangentLimit
from .problem import MeanFieldNetwork
from .runs import simulate_mean_field
from .verbs import solve_mean_field

__all__ = [
    "LinearMoments",
    "MeanFieldNetwork",
    "Particles",
    "TangentLimit",
    "simulate_mean_field",
    "solve_mean_field",
]
