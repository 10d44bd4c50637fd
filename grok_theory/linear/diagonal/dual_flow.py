r"""The flow of a diagonal network as one equation a sample, exactly, for every decay.

u_j v_j = beta(t) whatever the data, and s = ln(u/v) moves in the span of the samples alone:

    w = 2 beta sinh(s),    s = X^T nu,    dnu/dt = -4 (X w - y),    nu(0) = 0.

Its rates are 8 beta times the eigenvalues of X X^T at the start, then it follows a slow manifold for a time of order
1/lambda: a stiff method is needed. It is integrated in z = 2 (beta + b) nu, of order one from the first time to the
last, so that one absolute tolerance serves both; the matrix of its linearisation stays symmetric.
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .hyperbolic import weights_and_spread

__all__ = ["MOST_STEPS", "flow_weights"]

MOST_STEPS = 50_000


def flow_weights(
    inputs: Float[Array, "samples dim"],
    targets: Float[Array, " samples"],
    start: Array,
    decay: Array,
    times: Float[Array, " times"],
    tolerance: ArrayLike,
    stops: Float[Array, " stops"],
) -> tuple[Float[Array, "times dim"], Array, Array]:
    """Weights at the times (>= 0, sorted), the steps it took, and whether it ended. A step ends at each of the `stops`.

    Rows and columns of zeros change nothing.
    """
    import diffrax  # takes as long to import as many a solve
    import optimistix

    from ...numerics.rosenbrock import Rodas5P

    # In units in which a row of inputs has norm one: time is then in units of that squared.
    size = jnp.sqrt(jnp.max(jnp.sum(inputs**2, axis=1)))
    unit = jnp.where(size > 0, size, 1.0)
    x, y, rate = inputs / unit, targets / unit, decay / unit**2
    first = 2 * jnp.log(start)
    # About where |w| is: above it s is w/(2 beta), below it a logarithm.
    largest = jnp.max(jnp.abs(y))
    turn = 0.3 * jnp.where(largest > 0, largest, 1.0)

    def at(time, z):
        log_scale = first - 2 * rate * time
        scale = jnp.exp(log_scale)
        s = (z / (2 * (scale + turn))) @ x
        return scale, scale / (scale + turn), s, *weights_and_spread(log_scale, s)

    def slope(time, z, _):
        scale, share, _, w, _ = at(time, z)
        return -8 * (scale + turn) * (x @ w - y) - 2 * rate * share * z

    def linearised(time, z):
        scale, share, s, w, spread = at(time, z)
        matrix = 4 * (x * spread[None, :]) @ x.T + 2 * rate * share * jnp.eye(z.size)
        moved = 2 * rate * (share * s * spread - w)  # of w, as beta falls and z stays
        drift = 16 * rate * scale * (x @ w - y) - 8 * (scale + turn) * (x @ moved)
        return matrix, drift + 4 * rate**2 * share * (1 - share) * z

    clock = unit**2 * times
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        Rodas5P(linearised),
        t0=jnp.zeros(()),
        t1=jnp.where(clock[-1] > 0, clock[-1], 1.0),
        dt0=None,
        y0=jnp.zeros_like(y),
        saveat=diffrax.SaveAt(ts=clock),
        # Among the stops is every time asked for: dense output between steps would be of another order.
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=tolerance, atol=tolerance * turn, norm=optimistix.max_norm),
            step_ts=unit**2 * stops,
        ),
        max_steps=MOST_STEPS,
        throw=False,
    )
    assert solution.ys is not None  # SaveAt(ts=...) saves them
    log_scale = first - 2 * rate * clock
    s = (solution.ys / (2 * (jnp.exp(log_scale) + turn))[:, None]) @ x
    weights, _ = weights_and_spread(log_scale[:, None], s)
    return weights, solution.stats["num_steps"], solution.result == diffrax.RESULTS.successful
