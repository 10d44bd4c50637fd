"""How the weights are trained: gradient flow, or gradient descent with a step size.

Wing spec `linear`, sections 2 and 6. A mode with eigenvalue l relaxes at the rate r = l + g. Two factors say all:
the share e of an initial weight that is left, and psi = (1 - e)/r, how much of a constant force has been integrated.
Beside them the sensitivity of e: by how many ulps it moves when r moves by one, times e.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from ..errors import BadValue, check_positive, is_traced
from ..numerics.spectra import spectral_edges
from ..pytrees import record
from ..results import Dynamics

__all__ = ["FLOW", "GradientDescent", "GradientFlow", "Method", "Times", "check_method"]

Times = ArrayLike | Sequence


@record()
class GradientFlow:
    """Continuous time: tau dw/dt = (y - wX) X^T - g w, the gradient of half the summed square error.

    `times` are in units of tau, the inverse learning rate of that flow.
    """

    @property
    def dynamics(self) -> Dynamics:
        return Dynamics("gradient flow")

    x_name = "time"
    x_unit = "tau"

    def check(self, problem, times: Times) -> None:
        """Nothing to refuse: any time is allowed."""

    def is_stable(self, problem, times: Array) -> Bool[Array, " times"]:
        return jnp.ones(times.shape, bool)

    def elapsed(self, times: ArrayLike) -> ArrayLike:
        """Times in units of tau."""
        return times

    def sensitivity(self, rate: Float[Array, " modes"], times: Float[Array, " times"]) -> Array:
        """|d e / d log r|, shape (times, modes): r t e."""
        exponent = rate[None, :] * times[:, None]
        return jnp.minimum(exponent, 800.0) * jnp.exp(-exponent)

    def relaxation(self, rate: Float[Array, " modes"], times: Float[Array, " times"]) -> tuple[Array, Array]:
        """(e, psi), each of shape (times, modes): e = exp(-r t), psi = (1 - e)/r, also at r = 0, where psi = t."""
        exponent = -rate[None, :] * times[:, None]
        still = rate[None, :] == 0
        psi = jnp.where(still, times[:, None], -jnp.expm1(exponent) / jnp.where(still, 1.0, rate[None, :]))
        return jnp.exp(exponent), psi


@record()
class GradientDescent:
    """Full-batch steps w <- w + learning_rate [(y - wX) X^T - g w]; `times` are whole numbers of steps.

    Stable for learning_rate < 2/(l+ + g), l+ = (1 + sqrt(alpha))^2. For small rates a step is learning_rate tau.
    """

    learning_rate: ArrayLike

    def __post_init__(self):
        check_positive("learning_rate", self.learning_rate, "Pass a step size, for example 0.1.")

    @property
    def dynamics(self) -> Dynamics:
        return Dynamics("gradient descent", {"learning_rate": self.learning_rate})

    x_name = "step"
    x_unit = ""

    def check(self, problem, times: Times) -> None:
        """Refuse a step size at which descent diverges, and fractions of a step."""
        check_positive("learning_rate", self.learning_rate, "Pass a step size, for example 0.1.")
        traced = any(map(is_traced, (self.learning_rate, problem.samples_per_dim, problem.weight_decay)))
        if not traced:
            largest = float(self._largest_stable(problem))
            if not float(self.learning_rate) < largest:
                raise BadValue(
                    f"learning_rate is {float(self.learning_rate)}, but it must be below {largest:.6g} = 2/(l+ + "
                    "weight_decay), where descent diverges. Pass a smaller learning_rate."
                )
        if not is_traced(times):
            steps = np.asarray(times, float)
            broken = np.flatnonzero(steps != np.round(steps))
            if broken.size:
                raise BadValue(
                    f"times[{broken[0]}] is {steps[broken[0]]}, but with GradientDescent it must be a whole number of "
                    "steps. Round the times, or use GradientFlow()."
                )

    def is_stable(self, problem, times: Array) -> Bool[Array, " times"]:
        return (
            (self.learning_rate < self._largest_stable(problem))
            & (self.learning_rate > 0)
            & (times == jnp.round(times))
        )

    @staticmethod
    def _largest_stable(problem) -> Array:
        return 2 / (spectral_edges(jnp.asarray(problem.samples_per_dim, float))[1] + problem.weight_decay)

    def elapsed(self, times: ArrayLike) -> ArrayLike:
        """Steps in units of tau."""
        return self.learning_rate * times

    def sensitivity(self, rate: Float[Array, " modes"], times: Float[Array, " times"]) -> Array:
        """|d e / d log r| and what the rounding of log |1 - eta r| adds, shape (times, modes)."""
        step = self.learning_rate * rate
        log_shrink, near_one = self._log_shrink(step)
        cost = jnp.abs(log_shrink) + step / jnp.abs(1 - jnp.where(near_one, 0.0, step))
        exponent = times[:, None] * log_shrink[None, :]
        return jnp.where(near_one[None, :], 0.0, jnp.exp(exponent) * jnp.minimum(times[:, None] * cost[None, :], 1e15))

    @staticmethod
    def _log_shrink(step: Array) -> tuple[Array, Array]:
        """log |1 - step|, and where that is -inf (0 is given there)."""
        forward, near_one = step < 1, step == 1
        # Not a float power: it loses k ulps. log1p keeps small steps; beyond a full step the sign alternates.
        return jnp.where(
            forward,
            jnp.log1p(-jnp.where(forward, step, 0.0)),
            jnp.log(jnp.where(forward | near_one, 2.0, step) - 1),
        ), near_one

    def relaxation(self, rate: Float[Array, " modes"], times: Float[Array, " times"]) -> tuple[Array, Array]:
        """(e, psi), each of shape (times, modes): e = (1 - eta r)^k, psi = (1 - e)/r."""
        step = self.learning_rate * rate
        forward = step < 1
        log_shrink, near_one = self._log_shrink(step)
        exponent = times[:, None] * log_shrink[None, :]
        sign = jnp.where(forward[None, :] | (times[:, None] % 2 == 0), 1.0, -1.0)
        started = times[:, None] > 0
        e = jnp.where(near_one[None, :] & started, 0.0, sign * jnp.exp(exponent))
        growth = jnp.where(sign > 0, -jnp.expm1(exponent), 1 - e)
        growth = jnp.where(near_one[None, :] & started, 1.0, growth)
        still = rate[None, :] == 0
        psi = jnp.where(still, self.learning_rate * times[:, None], growth / jnp.where(still, 1.0, rate[None, :]))
        return e, psi


Method = GradientFlow | GradientDescent
FLOW = GradientFlow()  # the default of every verb


def check_method(method: object) -> None:
    """Refuse what is no method of training."""
    if not isinstance(method, (GradientFlow, GradientDescent)):
        raise BadValue(
            f"method is {method!r}, but it must be GradientFlow() or GradientDescent(learning_rate=...). "
            "Pass an object of one of them."
        )
