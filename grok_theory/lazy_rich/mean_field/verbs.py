"""Which method solves the problem: the exact one where there is one, particles otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from jax.typing import ArrayLike

from ...checks import require_float64
from ...dynamics import Dynamics, GradientFlow, check_dynamics
from ...errors import BadValue
from ...kernels.activations import Identity
from ...results import Solution
from .linear_moments import solve_linear_moments
from .methods import LinearMoments, MeanFieldTheory, Particles, TangentLimit
from .particles import solve_particles
from .problem import MeanFieldNetwork
from .tangent_limit import solve_tangent_limit

_SOLVERS = {Particles: solve_particles, LinearMoments: solve_linear_moments, TangentLimit: solve_tangent_limit}


def solve_mean_field(
    problem: MeanFieldNetwork, x: ArrayLike | Sequence, dynamics: Dynamics, method: MeanFieldTheory | None, throw: bool
) -> Solution:
    """The curves of `readings.NAMES` at `x`; called by `solve`."""
    require_float64("lazy_rich.solve")
    check_dynamics(dynamics, (GradientFlow,), "lazy_rich.solve of a MeanFieldNetwork")
    if method is None:
        method = LinearMoments() if isinstance(problem.phi, Identity) else Particles()
    if type(method) not in _SOLVERS:
        raise BadValue(
            f"method is {method!r}, but for a MeanFieldNetwork it must be Particles(...), LinearMoments(...) or "
            "TangentLimit(). The methods of experiments belong to simulate."
        )
    return _SOLVERS[type(method)](problem, x, method, throw)
