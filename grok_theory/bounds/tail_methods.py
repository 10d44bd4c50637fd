"""How the distribution of a mean square of Gaussians is computed: a contour integral, or its saddle point alone."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float

from ..checks import check_integer
from ..numerics.roots import halve
from ..pytrees import record
from .quadratic_losses import QuadraticLoss

# The asymptotes of the contour lean this much to the left; up to 45 degrees the integrand is largest at the vertex.
LEAN = np.pi / 6
# What is left of the integrand where the contour is cut: e^-38.
CUT = 38.0


@record(static=("nodes",))
class Contour:
    """The exact law: the inverse Laplace transform on a hyperbola through the saddle point.

    F(e) = (1/2 pi i) int e^{s e} E[e^{-s Q}] ds/s, with everything divided by its size at the saddle s_0, so that no
    depth of the tail is out of reach. On s = s_0 + R (i cos a sinh w - sin a (cosh w - 1)), a = 30 degrees, R from the
    direction of steepest descent, the integrand is nowhere larger than at w = 0: in abs(x) <= abs(y), x <= 0, each mode
    and the pole contribute at most -ln abs(1 + z) + Re z <= 0 or Re [1/(1 + z) - 1 + z] <= 0. Beyond two standard
    deviations above the mean 1 - F is integrated instead.

    Parameters
    ----------
    nodes : int, default 48
        Of the midpoint rule, from 16 to 100000. See the table of measured errors in the documentation.
    """

    nodes: int = 48

    def __post_init__(self) -> None:
        check_integer("nodes", self.nodes, 16, "Pass how many nodes the rule has, for example 48.", high=100_000)

    def log_cdf(self, loss: QuadraticLoss, excess: Array) -> Float[Array, ""]:
        """Logarithm of P(Q <= excess), for one excess > 0.

        Parameters
        ----------
        loss : QuadraticLoss
            Q, its null modes left out.
        excess : Array
            () the loss above its floor, > 0.

        Returns
        -------
        Array
            () <= 0, in nats.
        """
        return _contour(loss, excess, self.nodes)


@record()
class Saddlepoint:
    """Lugannani and Rice's law as ln Phi(w + ln(u/w)/w), after Barndorff-Nielsen; within .03 nats.

    With s_0 where the mean of the tilted law is eps, w = sgn(s_0) sqrt(2 (-s_0 eps - K)) and u = s_0 sqrt(K''), signs
    of a lower tail. At eps = E Q, where this is 0/0, its limit is taken.
    """

    def log_cdf(self, loss: QuadraticLoss, excess: Array) -> Float[Array, ""]:
        """Logarithm of P(Q <= excess) for one excess > 0, approximately.

        Parameters
        ----------
        loss : QuadraticLoss
            Q, its null modes left out.
        excess : Array
            () the loss above its floor, > 0.

        Returns
        -------
        Array
            () <= 0, in nats.
        """
        return _saddlepoint(loss, excess)


def _saddle(loss, excess, above, pole):
    """ln q of the saddle: q = s below, q = s + 1/max(a) `above`; with the factor 1/s counted where `pole` is 1."""
    steep = jnp.sum(jnp.where(loss.rates > 0, loss.squares / jnp.where(loss.rates > 0, loss.rates, 1.0), 0.0)) / 4
    modes = loss.outputs * loss.rates.size / 2
    # Each part of -K' is below its own multiple of 1/s: the sum is excess at the right end at the latest.
    low = jnp.log(jnp.where(above, loss.outputs / 2, 1.0)) - jnp.log(excess)
    top = jnp.where(loss.largest > 0, loss.largest, 1.0)
    high = jnp.where(above, -jnp.log(top), jnp.log(jnp.minimum(1 + modes + steep, 1e300)) - jnp.log(excess))

    def is_before(log_q):
        q = jnp.exp(log_q)
        return loss.slope(loss.factors(q, above)) + excess - jnp.where(above, 0.0, pole / q) < 0

    return low, high, is_before


def _contour(loss, excess, nodes):
    frozen, at = jax.lax.stop_gradient((loss, excess))
    above = at > frozen.mean + 2 * jnp.sqrt(frozen.variance)
    low, high, is_before = _saddle(frozen, at, above, 1.0)
    # Where the contour crosses the axis changes no digit of the integral: a rough saddle is enough, and constant.
    low, high = halve(is_before, low, high, 20)
    q = jnp.exp((low + high) / 2)
    top = jnp.where(frozen.largest > 0, frozen.largest, 1.0)
    s = jnp.where(above, q - 1 / top, q)
    second, third = frozen.curvatures(frozen.factors(q, above))
    second, third = second + jnp.where(above, 0.0, 1 / q**2), third - jnp.where(above, 0.0, 2 / q**3)
    # The parabola of steepest descent, x = y^2 K'''/(6 K''), is followed at the vertex.
    radius = -3 * second / third * np.sin(LEAN) / np.cos(LEAN) ** 2

    def moved(w):
        # cosh w - 1 without cancellation.
        return -radius * np.sin(LEAN) * 2 * jnp.sinh(w / 2) ** 2, radius * np.cos(LEAN) * jnp.sinh(w)

    def fallen(log_w):
        x, y = moved(jnp.exp(log_w))
        real, _ = frozen.change(frozen.factors(q, above), x, y)
        return real + at * x - jnp.where(above, 0.0, jnp.log(jnp.hypot(1 + x / q, y / q))) > -CUT

    widest = jnp.arccosh(1 + 2 * CUT * q / (radius * np.sin(LEAN)))
    narrowest = jnp.minimum(1 / (radius * np.cos(LEAN) * jnp.sqrt(second)), widest)
    ends = halve(fallen, jnp.log(narrowest), jnp.log(widest), 8)
    width = jnp.exp(ends[1])

    w = width * (jnp.arange(nodes, dtype=float) + 0.5) / nodes
    x, y = moved(w)
    factors = loss.factors(q, above)
    real, imaginary = loss.change(factors, x, y)
    size, turn = jnp.exp(real + excess * x), imaginary + excess * y
    # s'(w)/s, with the sign of what is integrated; then Im [e^{i turn} s'/s].
    along, up = -radius * np.sin(LEAN) * jnp.sinh(w), radius * np.cos(LEAN) * jnp.cosh(w)
    left = s + x
    over = left**2 + y**2
    first, other = (along * left + up * y) / over, (up * left - along * y) / over
    total = jnp.sum(size * (jnp.sin(turn) * first + jnp.cos(turn) * other)) * width / (nodes * np.pi)
    total = jnp.where(above, -total, total)
    tail = loss.log_transform(factors, s) + excess * s + jnp.log(total)
    rest = jnp.log1p(-jnp.exp(jnp.where(above, tail, -1.0)))
    return jnp.where(above, rest, jnp.minimum(tail, 0.0))


def _saddlepoint(loss, excess):
    at, frozen = jax.lax.stop_gradient((excess, loss))
    above = at > frozen.mean
    low, high, is_before = _saddle(frozen, at, above, 0.0)
    # Without the pole the saddle moves to s = 0 at the mean: there it is found from the other side of nothing.
    low = jnp.where(above, low, -jnp.log(at) - 700.0)
    low, high = halve(is_before, low, high, 60)
    q = jnp.exp((low + high) / 2)
    top = jnp.where(frozen.largest > 0, frozen.largest, 1.0)
    s = jnp.where(above, q - 1 / top, q)
    # Two steps of Newton from there: all digits where s is small beside 1/max(a), and the derivatives.
    for _ in range(2):
        factors = 1 + loss.rates * s
        s = s - (loss.slope(factors) + excess) / loss.curvatures(factors)[0]
    factors = 1 + loss.rates * s
    second, third = loss.curvatures(factors)
    u = s * jnp.sqrt(second)
    near = jnp.abs(u) < 1e-4
    depth = loss.log_transform(factors, s) + s * excess
    w = jnp.sign(s) * jnp.sqrt(jnp.where(near, 1.0, -2 * depth))
    skewness = third / second**1.5
    # ln(u/w)/w tends to a sixth of the skewness of the tilted law; for the lower tail w and u are negative.
    far = -w + jnp.log(jnp.where(near, 1.0, u / jnp.where(near, 1.0, w))) / jnp.where(near, 1.0, -w)
    return log_ndtr(jnp.where(near, -u - skewness / 6, far))
