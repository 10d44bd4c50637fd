"""The law of the test loss under a Gaussian law of hypotheses, and the information that a small loss needs."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_finite, check_kind, check_numbers, check_shape, is_traced, require_float64
from ..errors import BadValue
from ..numerics.gram import check_gram, eigenbasis, rounding
from ..numerics.magnitude import exponents, scaled, unit_of
from ..numerics.programs import compiled
from ..numerics.roots import rising_root
from ..pytrees import record
from .quadratic_losses import QuadraticLoss
from .tail_methods import Contour, Saddlepoint

EXACT = Contour()
AT_ONCE = 16  # values of eps in one batch: their nodes and modes are in memory together


@record(static=("outputs",))
class LossLaw:
    """The law of Q, mean over points of abs(h - target)^2, h Gaussian: floor + sum_j sum_c (d_jc + sqrt(l_j) z_jc)^2.

    Parameters
    ----------
    variances : Array
        (modes,) l_j >= 0, eigenvalues of the covariance over the number of points; zero for null modes.
    squares : Array
        (modes,) sum_c d_jc^2 >= 0, what the mean misses along the mode; zero for null modes.
    floor : Array
        What the mean misses where no hypothesis moves: no loss lies below it.
    outputs : int
        C, how many independent outputs share the covariance.
    """

    variances: ArrayLike
    squares: ArrayLike
    floor: ArrayLike
    outputs: int = 1

    @property
    def mean(self) -> Float[Array, ""]:
        """E Q, in the unit of the loss.

        Returns
        -------
        Array
            A scalar.
        """
        return self.floor + jnp.sum(self.outputs * jnp.asarray(self.variances) + jnp.asarray(self.squares))

    def log_cdf(self, eps: ArrayLike, *, method: Contour | Saddlepoint | None = None) -> Array:
        """Logarithm of P(Q <= eps); -inf at and below the floor.

        Parameters
        ----------
        eps : array_like
            Losses, of any shape, in the unit of the loss.
        method : Contour or Saddlepoint, optional
            Default `Contour()`, exact; `Saddlepoint()` is within .03 nats.

        Returns
        -------
        Array
            Of the shape of `eps`, at most 0, in nats.

        Raises
        ------
        BadValue
            For an `eps` that is no number, and a method of another kind.
        Float64Required
            Where JAX computes in float32.
        """
        require_float64("LossLaw.log_cdf")
        method = EXACT if method is None else method
        if not isinstance(method, (Contour, Saddlepoint)):
            check_kind("method", method, Contour, "Pass bounds.Contour() or bounds.Saddlepoint().")
        check_numbers("eps", eps, "Pass the test loss that is asked for.")
        if not is_traced(eps) and np.any(np.isnan(np.asarray(eps, float))):
            raise BadValue("eps is nan, but it must be a number. Pass the test loss that is asked for.")
        eps = jnp.asarray(eps, float)
        return _log_cdf(self, eps.ravel(), method).reshape(eps.shape)

    def information(self, eps: ArrayLike, *, method: Contour | Saddlepoint | None = None) -> Array:
        """I(eps) = -ln P(Q <= eps), what a learner must bring beyond this law to reach the loss `eps`.

        Parameters
        ----------
        eps : array_like
            Losses, of any shape, in the unit of the loss.
        method : Contour or Saddlepoint, optional
            As in `log_cdf`.

        Returns
        -------
        Array
            Of the shape of `eps`, in nats (bits: over ln 2); inf at and below the floor.

        Raises
        ------
        BadValue
            For an `eps` that is no number, and a method of another kind.
        Float64Required
            Where JAX computes in float32.
        """
        return -self.log_cdf(eps, method=method)

    def quantile(self, p: ArrayLike) -> Array:
        """The loss below which a share `p` of hypotheses lies.

        Parameters
        ----------
        p : array_like
            Shares in [0, 1], of any shape.

        Returns
        -------
        Array
            Of the shape of `p`, in the unit of the loss; the floor at 0, inf at 1.

        Raises
        ------
        BadValue
            For a share outside [0, 1].
        Float64Required
            Where JAX computes in float32.
        """
        require_float64("LossLaw.quantile")
        check_numbers("p", p, "Pass the share of hypotheses below the loss, for example 0.5.")
        if not is_traced(p) and not np.all((np.asarray(p, float) >= 0) & (np.asarray(p, float) <= 1)):
            raise BadValue(f"p is {np.asarray(p)}, but it must be in [0, 1]. Pass the share below the loss.")
        p = jnp.asarray(p, float)
        return _quantile(self, p.ravel()).reshape(p.shape)


def _modes(law):
    """The modes of Q - floor in a unit of their own, and its exponent."""
    variances, squares = jnp.asarray(law.variances, float), jnp.asarray(law.squares, float)
    k = exponents(unit_of(variances, squares))
    return QuadraticLoss(2 * scaled(variances, -k), scaled(squares, -k), law.outputs), k


@compiled
def _log_cdf(law, eps, method):
    loss, k = _modes(law)
    excess = scaled(eps - law.floor, -k)
    # A law without a mode that moves is one number, the floor.
    fixed = loss.largest == 0
    inside = (excess > 0) & (excess < jnp.inf) & ~fixed
    safe = QuadraticLoss(jnp.where(fixed, 1.0, loss.rates), loss.squares, loss.outputs)
    found = jax.lax.map(lambda e: method.log_cdf(safe, e), jnp.where(inside, excess, 1.0), batch_size=AT_ONCE)
    outside = jnp.where((excess > 0) | (fixed & (excess == 0)), 0.0, jnp.where(jnp.isnan(excess), jnp.nan, -jnp.inf))
    return jnp.where(inside, found, outside)


@compiled
def _quantile(law, shares):
    loss, k = _modes(law)

    def one(p):
        wanted = jnp.log(jnp.where((p > 0) & (p < 1), p, 0.5))

        def missing(log_excess, args):
            loss, wanted = args
            return EXACT.log_cdf(loss, jnp.exp(log_excess)) - wanted

        # Markov's inequality above; below, the smallest excess at which F can still be as large is doubled towards.
        high = jnp.log(loss.mean) - jnp.log1p(-jnp.exp(wanted)) + 1e-9
        down = jax.lax.while_loop(
            lambda step: missing(high - step, (loss, wanted)) > 0, lambda step: 2 * step, jnp.asarray(1.0)
        )
        return jnp.exp(rising_root(missing, high - down, high, (loss, wanted))[0])

    found = law.floor + scaled(jax.lax.map(one, shares, batch_size=AT_ONCE), k)
    known = jnp.where(shares > 0, jnp.where(shares < 1, found, jnp.inf), law.floor)
    return jnp.where(loss.largest > 0, known, law.floor)


def loss_law(mean: ArrayLike, covariance: ArrayLike, target: ArrayLike) -> LossLaw:
    """The law of the test loss of a Gaussian hypothesis h ~ N(mean, covariance) on given points.

    The loss is the mean over points of abs(h - target)^2, summed over outputs, without a factor 1/2. Directions whose
    variance is below n eps of the largest do not move: what the mean misses there is the law's floor.

    Parameters
    ----------
    mean : array_like
        (points,) or (points, outputs), the mean of h; outputs are independent and share the covariance.
    covariance : array_like
        (points, points), symmetric and positive semidefinite.
    target : array_like
        Of the shape of `mean`.

    Returns
    -------
    LossLaw
        `log_cdf`, `information`, `mean`, `quantile`, `floor`. Derivatives in the covariance go through its
        eigenvectors and need distinct eigenvalues.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> law = loss_law(np.zeros(10), np.eye(10), np.zeros(10))  # 10 Q is chi-squared with 10 degrees
    >>> print(f"{law.mean:.1f} {law.information(0.1):.6f} {law.quantile(0.5):.6f}")
    1.0 8.667344 0.934182
    """
    require_float64("grok_theory.bounds.loss_law")
    return law_of(mean, covariance, target, rounding(covariance))


def law_of(mean: ArrayLike, covariance: ArrayLike, target: ArrayLike, eps: ArrayLike) -> LossLaw:
    """`loss_law` with the rounding `eps` of the entries of the covariance, relative to its largest."""
    matrix = check_gram("covariance", covariance)
    points = matrix.shape[0]
    shape = (points,) if np.ndim(mean) < 2 else (points, None)
    check_shape("mean", mean, shape, "Pass the mean of the hypothesis at every point.")
    check_shape("target", target, np.shape(mean), "Pass one target for every entry of the mean.")
    check_finite("mean", mean, "Drop or mend these points.")
    check_finite("target", target, "Drop or mend these points.")
    missed = (jnp.asarray(mean, float) - jnp.asarray(target, float)).reshape(points, -1)
    basis = eigenbasis(matrix, name="covariance", eps=eps)
    squares = jnp.sum(jnp.square(basis.vectors.T @ missed), axis=1) / points
    return LossLaw(
        basis.values * basis.unit / points,
        jnp.where(basis.null, 0.0, squares),
        jnp.sum(jnp.where(basis.null, squares, 0.0)),
        missed.shape[1],
    )
