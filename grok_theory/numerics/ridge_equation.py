"""The effective ridge: what a finite sample adds to the explicit ridge, for any spectrum."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import require_float64
from .magnitude import exponents, scaled
from .programs import compiled
from .roots import halve

# log(1e10/1e-130) = 322 and 322 / 2^46 = 5e-12: two Newton steps from there reach round-off.
BISECTIONS = 46
NEWTON_STEPS = 3


def effective_ridge(
    eigenvalues: ArrayLike,
    samples: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
    multiplicities: ArrayLike | None = None,
) -> Float[Array, "*batch"]:
    """The ridge a test point feels: the explicit one plus what the modes that are not learned add.

    Positive root kappa of  sum_i m_i l_i / (l_i + kappa) + ridge / kappa = samples,  the eigenvalues l_i with
    multiplicities m_i (Bordelon, Canatar & Pehlevan 2020; Simon et al. 2023). Without a ridge and with no more modes
    than samples, sum m_i <= samples, there is none and kappa = 0.

    Parameters
    ----------
    eigenvalues : array_like
        (..., modes), any order; >= 0 (a zero mode counts for nothing), in the unit of the kernel.
    samples : array_like
        > 0, not necessarily an integer; its shape broadcasts with the leading axes of `eigenvalues`.
    ridge : array_like, default 0.0
        Added to the Gram matrix as K + ridge I; >= 0, unit of the kernel; broadcasts like `samples`.
    multiplicities : array_like, optional
        (..., modes), >= 0, not necessarily integers; one each if left out.

    Returns
    -------
    array (*batch,)
        kappa, in the unit of the kernel. Relative error below 1e-13 for eigenvalues from 1e-130 to 1e10 (the worst
        measured is in docs/kernels_evidence.md). Any derivative is that of the root (implicit function theorem). A
        nan, an infinity or a negative number among the arguments gives nan; so does samples = 0.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> print(f"{effective_ridge(jnp.arange(1, 301.0) ** -1.5, 10):.14f}")
    0.09362429524313
    """
    require_float64("effective_ridge")
    return _solve(eigenvalues, multiplicities, samples, ridge)


def learned(eigenvalues: ArrayLike, kappa: ArrayLike) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Learned and missed share of each mode, l/(l + kappa) and kappa/(l + kappa); each free of cancellation.

    `kappa` broadcasts against `eigenvalues`. A mode with l = kappa = 0 counts as missed.
    """
    eigenvalues, kappa = jnp.asarray(eigenvalues, float), jnp.asarray(kappa, float)
    # In units of each mode: neither a sum beyond float64 nor, in derivatives, a square below it.
    exponent = -exponents(jnp.maximum(eigenvalues, kappa))
    eigenvalues, kappa = scaled(eigenvalues, exponent), scaled(kappa, exponent)
    total = eigenvalues + kappa
    some = total > 0
    share = eigenvalues / jnp.where(some, total, 1.0)
    return share, jnp.where(some, kappa / jnp.where(some, total, 1.0), 1.0)


def freedom_left(
    eigenvalues: ArrayLike,
    kappa: ArrayLike,
    samples: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
    multiplicities: ArrayLike | None = None,
) -> Float[Array, "*batch"]:
    """samples - sum_i m_i L_i^2, L = l/(l + kappa), at the effective ridge: positive terms only.

    Formed as sum m L (1 - L) + ridge/kappa (samples - sum m where kappa = 0), which loses no digits near interpolation.
    samples / freedom_left is the factor by which the test loss exceeds its bias and noise.
    Shapes as in `effective_ridge`, kappa broadcasting like `samples`.
    """
    return _over_batch(_freedom_left, eigenvalues, multiplicities, kappa, samples, ridge)


def _over_batch(function, eigenvalues, multiplicities, *numbers):
    """`function` of one spectrum and single numbers, over all leading axes, broadcast."""
    eigenvalues = jnp.asarray(eigenvalues, float)
    multiplicities = jnp.ones_like(eigenvalues) if multiplicities is None else jnp.asarray(multiplicities, float)
    numbers = [jnp.asarray(a, float) for a in numbers]
    batch = jnp.broadcast_shapes(eigenvalues.shape[:-1], multiplicities.shape[:-1], *(a.shape for a in numbers))
    spectra = [jnp.broadcast_to(a, batch + eigenvalues.shape[-1:]) for a in (eigenvalues, multiplicities)]
    for _ in batch:
        function = jax.vmap(function)
    return function(*spectra, *(jnp.broadcast_to(a, batch) for a in numbers))


# Compiled as a whole: outside jit, JAX would compile the loops inside anew at every call.
@compiled
def _solve(eigenvalues, multiplicities, samples, ridge):
    return _over_batch(_in_range, eigenvalues, multiplicities, samples, ridge)


def _in_range(eigenvalues, multiplicities, samples, ridge):
    """The root in a unit that keeps clear of 2^1022, where XLA's reciprocals end."""
    over = jnp.maximum(exponents(jnp.maximum(jnp.max(eigenvalues), ridge)) - 1000, 0)
    return scaled(_root(scaled(eigenvalues, -over), multiplicities, samples, scaled(ridge, -over)), over)


def _freedom_left(eigenvalues, multiplicities, kappa, samples, ridge):
    share, missed = learned(eigenvalues, kappa)
    some = kappa > 0
    at_root = jnp.sum(multiplicities * share * missed) + ridge / jnp.where(some, kappa, 1.0)
    # kappa = 0 comes only without a ridge and with sum m <= samples. Shares are 1 there, but fall with kappa.
    at_zero = samples - jnp.sum(multiplicities * share**2)
    return jnp.where(some, at_root, jnp.where(kappa == 0, at_zero, jnp.nan))


@jax.custom_jvp
def _root(eigenvalues, multiplicities, samples, ridge):
    legal = jnp.all(eigenvalues >= 0) & jnp.all(multiplicities >= 0) & (samples > 0) & (ridge >= 0)
    finite = jnp.all(jnp.isfinite(eigenvalues)) & jnp.isfinite(jnp.sum(multiplicities)) & jnp.isfinite(samples + ridge)
    order = jnp.argsort(-eigenvalues)
    eigenvalues = eigenvalues[order]
    multiplicities = jnp.where(eigenvalues > 0, multiplicities[order], 0.0)
    excess = _excess(multiplicities, samples)
    has_root = (excess[-1] > 0) | (ridge > 0)

    # l/(l + kappa) <= l/kappa bounds the root from above; the ridge, or the strongest modes alone, from below.
    # In logarithms: neither the sum nor a quotient need be a number of float64.
    unit = exponents(jnp.maximum(eigenvalues[0], ridge))
    total = jnp.sum(multiplicities * scaled(eigenvalues, -unit)) + scaled(ridge, -unit)
    high = _log(total) + unit.astype(float) * np.log(2.0) - _log(samples)
    low = jnp.maximum(jnp.max(_log(eigenvalues) + _log(excess[1:])), _log(ridge)) - _log(samples)
    # Where there is no root any bracket will do: the answer is replaced below.
    low, high = (jnp.where(has_root & jnp.isfinite(a), jnp.clip(a, -708, 700), 0.0) for a in (low, high))

    def is_weak(middle):
        weak, strong, *_ = _sides(eigenvalues, multiplicities, excess, ridge, jnp.exp(middle))
        return weak > strong

    # Half a unit of slack on either side: the bracket may be exact, and its ends are rounded.
    ends = halve(is_weak, low - 0.5, high + 0.5, BISECTIONS)

    def polish(_, kappa):
        # Multiplicative steps on kappa itself: exp(log kappa) alone would cost |log kappa| units of round-off.
        weak, strong, fall, rise = _sides(eigenvalues, multiplicities, excess, ridge, kappa)
        usable = (weak > 0) & (strong > 0)
        weak, strong = (jnp.where(usable, a, 1.0) for a in (weak, strong))
        step = jnp.log(weak / strong) / (fall / weak + rise / strong)
        return kappa * jnp.exp(jnp.where(usable, jnp.clip(step, -1.0, 1.0), 0.0))

    kappa = jax.lax.fori_loop(0, NEWTON_STEPS, polish, jnp.exp((ends[0] + ends[1]) / 2))
    return jnp.where(legal & finite, jnp.where(has_root, kappa, 0.0), jnp.nan)


def _log(array):
    return jnp.where(array > 0, jnp.log(jnp.where(array > 0, array, 1.0)), -jnp.inf)


def _excess(multiplicities, samples):
    """sum_{i < r} m_i - samples for r = 0 ... modes, rounded once: summed in pairs of floats (Knuth's exact sum)."""

    def add(running, term):
        total, lost = running
        new = total + term
        part = new - total
        lost = lost + ((total - (new - part)) + (term - part))
        return (new, lost), new + lost

    sums = jax.lax.scan(add, (-samples, jnp.zeros_like(samples)), multiplicities)[1]
    return jnp.concatenate([-samples[None], sums])


def _sides(eigenvalues, multiplicities, excess, ridge, kappa):
    """The balance split at kappa, and minus / plus the derivatives of its sides in log kappa.

    With r modes above kappa,  sum_{l <= kappa} m L + ridge/kappa + max(r - n, 0)  against
    sum_{l > kappa} m (1 - L) + max(n - r, 0):  positive terms only, and the log of their ratio has slope at least 1/2,
    so no spectrum is ill-conditioned. The plain sum L - n keeps five digits at sum m - n = 1e-4.
    """
    # Not l/(l + kappa): the sum of two large numbers need not be one.
    share, missed = 1 / (1 + kappa / eigenvalues), 1 / (1 + eigenvalues / kappa)
    above = eigenvalues > kappa
    balance = excess[jnp.sum(above)]
    change = multiplicities * share * missed
    weak = jnp.sum(jnp.where(above, 0.0, multiplicities * share)) + ridge / kappa
    strong = jnp.sum(jnp.where(above, multiplicities * missed, 0.0))
    fall = jnp.sum(jnp.where(above, 0.0, change)) + ridge / kappa
    rise = jnp.sum(jnp.where(above, change, 0.0))
    return weak + jnp.maximum(balance, 0.0), strong + jnp.maximum(-balance, 0.0), fall, rise


@_root.defjvp
def _root_jvp(primals, tangents):
    eigenvalues, multiplicities, samples, ridge = primals
    kappa = _root(*primals)
    share, missed = learned(eigenvalues, kappa)
    stiffness = _freedom_left(eigenvalues, multiplicities, kappa, samples, ridge)
    d_eigenvalues, d_multiplicities, d_samples, d_ridge = tangents
    # kappa = 0 stays zero under every change but that of the ridge; zero modes are missed but cannot feel kappa.
    by_modes = jnp.sum(jnp.where(kappa > 0, multiplicities * missed**2, 0.0) * d_eigenvalues)
    by_counts = kappa * (jnp.sum(share * d_multiplicities) - d_samples)
    return kappa, (by_modes + by_counts + d_ridge) / stiffness
