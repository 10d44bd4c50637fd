r"""The flow of a diagonal network as one equation a sample, exactly, for every decay.

u_j v_j = beta(t) whatever the data, and s = ln(u/v) moves in the span of the samples alone:

    w = 2 beta sinh(s),    s = X^T nu,    dnu/dt = -4 (X w - y),    nu(0) = 0.

Its rates are 8 beta times the eigenvalues of X X^T at the start, then it follows a slow manifold for a time of order
1/lambda: a stiff method is needed. It is integrated in z = 2 (beta + b) nu, of order one from the first time to the
last, so that one absolute tolerance serves both; the matrix of its linearisation stays symmetric.

It can be differentiated backwards by start, decay and times, and forwards by the data.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...numerics.adaptive_flow import flow_through
from ...numerics.flow_derivatives import differentiable
from ...numerics.rosenbrock import ORDER, rodas5p
from .hyperbolic import weights_and_spread

__all__ = ["MOST_STEPS", "flow_weights"]

MOST_STEPS = 50_000


class _Flow(NamedTuple):
    """One network: its start and decay, inputs (samples, dim) and targets, and what it is made of.

    In units in which a row of inputs has norm one: time is then in units of that squared.
    """

    start: Array
    decay: Array
    inputs: Array
    targets: Array

    def unit(self) -> Array:
        size = jnp.sqrt(jnp.max(jnp.sum(self.inputs**2, axis=1)))
        return jnp.where(size > 0, size, 1.0)

    def rate(self) -> Array:
        return self.decay / self.unit() ** 2

    def turn(self) -> Array:
        """About where |w| is: above it s is w/(2 beta), below it a logarithm."""
        largest = jnp.max(jnp.abs(self.targets / self.unit()))
        return 0.3 * jnp.where(largest > 0, largest, 1.0)

    def at(self, time: Array, z: Array) -> tuple[Array, Array, Array, Array, Array]:
        """beta, its share of beta + b, s, w, and the slope of w in s."""
        log_scale = 2 * jnp.log(self.start) - 2 * self.rate() * time
        scale, turn = jnp.exp(log_scale), self.turn()
        s = (z / (2 * (scale + turn))) @ (self.inputs / self.unit())
        return scale, scale / (scale + turn), s, *weights_and_spread(log_scale, s)

    def slope(self, time: Array, z: Array) -> Array:
        scale, share, _, w, _ = self.at(time, z)
        missed = (self.inputs / self.unit()) @ w - self.targets / self.unit()
        return -8 * (scale + self.turn()) * missed - 2 * self.rate() * share * z

    def linearised(self, time: Array, z: Array) -> tuple[Array, Array]:
        x, y, rate, turn = self.inputs / self.unit(), self.targets / self.unit(), self.rate(), self.turn()
        scale, share, s, w, spread = self.at(time, z)
        matrix = 4 * (x * spread[None, :]) @ x.T + 2 * rate * share * jnp.eye(z.size)
        moved = 2 * rate * (share * s * spread - w)  # of w, as beta falls and z stays
        drift = 16 * rate * scale * (x @ w - y) - 8 * (scale + turn) * (x @ moved)
        return matrix, drift + 4 * rate**2 * share * (1 - share) * z


def _marches(numbers: tuple[Array, Array], rest: tuple[Array, Array, Array], times: Array) -> tuple[Array, Array]:
    """z (marches, times, samples), and the steps each took and whether it ended (marches, 2)."""
    inputs, targets, tolerances = rest
    network = _Flow(*numbers, inputs, targets)
    # One after the other through one compiled march. The second stops half-way between times too: where a step is as
    # long as the time between two times at either tolerance, both would take the same steps and differ by nothing.
    before = jnp.concatenate([jnp.zeros(1), times[:-1]])
    stops = jnp.stack([jnp.repeat(times, 2), jnp.stack([(before + times) / 2, times], axis=1).ravel()])
    none = jnp.zeros_like(targets)
    pull = jnp.max(jnp.abs(network.slope(jnp.zeros(()), none)))

    def one(how):
        tolerance, stops = how
        # z is of order one from the first time to the last: one absolute tolerance serves both.
        atol = tolerance * network.turn()
        flow = flow_through(
            rodas5p(network.slope, network.linearised, tolerance, atol),
            none,
            network.unit() ** 2 * stops,
            first_step=atol / jnp.maximum(pull, 1e-300),
            order=ORDER,
            most_steps=MOST_STEPS,
        )
        work = jnp.stack([jnp.asarray(part).astype(float) for part in (flow.steps, flow.finished)])
        return flow.states[1::2], jax.lax.stop_gradient(work)

    return jax.lax.map(one, (tolerances, stops))


def _along_times(numbers, rest, value, times, tangent):
    network = _Flow(*numbers, *rest[:2])
    z, work = value
    unit = network.unit() ** 2
    slopes = jax.vmap(jax.vmap(network.slope), (None, 0))(unit * times, z)
    return unit * slopes * tangent[None, :, None], jnp.zeros_like(work)


_flows = differentiable(_marches, _along_times)


def flow_weights(
    inputs: Float[Array, "samples dim"],
    targets: Float[Array, " samples"],
    start: Array,
    decay: Array,
    times: Float[Array, " times"],
    tolerances: ArrayLike,
) -> tuple[Float[Array, "marches times dim"], Array, Array]:
    """Weights at the times (>= 0, sorted) by a march with each of the tolerances, their steps, and whether they ended.

    Rows and columns of zeros change nothing.
    """
    z, work = _flows((start, decay), (inputs, targets, jnp.asarray(tolerances)), times)
    network = _Flow(start, decay, inputs, targets)
    weights = jax.vmap(jax.vmap(lambda time, z: network.at(time, z)[3]), (None, 0))(network.unit() ** 2 * times, z)
    return weights, work[:, 0].astype(int), work[:, 1] > 0
