"""Exact formulas of the quadratic committee: test loss and its parts, tangent kernel, spectrum, alignment, escape.

Inputs are x ~ N(0, I_D / D) throughout and the target is y = (1/2) (beta . x)^2. Sections 4.1, 4.2 of Kumar, Bordelon,
Gershman, Pehlevan, arXiv 2310.06110; where the printed constants are wrong these are the corrected ones, see the page
`docs/lazy_rich_evidence.md`. The escape time and the stability rule are this package's.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_integer, check_non_negative
from ..numerics.programs import compiled
from ..pytrees import record
from .problem import QuadraticCommittee


@record()
class LossParts:
    """The test loss and what it is made of; total = variance + misalignment + linear_power.

    A is the gap between the quadratic forms of network and target, see `test_loss_decomposition`.

    Parameters
    ----------
    total : Array
        The mean squared test error, the sum of the parts; a scalar in the squared unit of the target.
    variance : Array
        (1/4)(tr A / D)^2: the network misses the mean of the target.
    misalignment : Array
        norm(A)_F^2 / (2 D^2): its quadratic form points elsewhere.
    linear_power : Array
        alpha^2 norm(wbar - wbar0)^2 / D: it spends output on a linear function that the target does not have; the hump
        of grokking.
    """

    total: Array
    variance: Array
    misalignment: Array
    linear_power: Array


def test_loss_decomposition(
    second_moment: Float[Array, "dim dim"],
    mean_weight: Float[Array, " dim"],
    teacher: Float[Array, " dim"],
    *,
    output_scale: ArrayLike,
    curvature: ArrayLike,
    initial_second_moment: Float[Array, "dim dim"] | None = None,  # noqa: PT028 (no test)
    initial_mean_weight: Float[Array, " dim"] | None = None,  # noqa: PT028
) -> LossParts:
    """Mean squared test error over x ~ N(0, I_D / D), exact for every width and dimension.

    With A = alpha eps (M - M0) - beta beta^T the loss is

        (1/4)(tr A / D)^2 [variance] + norm(A)_F^2 / (2 D^2) [misalignment] + alpha^2 norm(wbar - wbar0)^2 / D [linear]

    Parameters
    ----------
    second_moment : array (dim, dim)
        M = (1/N) sum_i w_i w_i^T; with trained readouts v_i the weighted (1/N) sum_i v_i w_i w_i^T.
    mean_weight : array (dim,)
        The mean wbar = (1/N) sum_i w_i, weighted alike.
    teacher : array (dim,)
        The direction beta of the target (1/2)(beta . x)^2, of any norm.
    output_scale : array_like
        The factor alpha on the mean over neurons.
    curvature : array_like
        The eps of a neuron h + (eps/2) h^2.
    initial_second_moment, initial_mean_weight : array, optional
        M0, wbar0 of a centred network; leave out if it is not centred.

    Returns
    -------
    LossParts
        The loss and its three parts, scalars; exact up to rounding.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> teacher = 10**0.5 * jnp.eye(10)[0]
    >>> parts = test_loss_decomposition(jnp.eye(10), jnp.zeros(10), teacher, output_scale=2.0, curvature=0.5)
    >>> print(f"{parts.total:.3f} = {parts.variance:.3f} + {parts.misalignment:.3f} + {parts.linear_power:.3f}")
    0.450 = 0.000 + 0.450 + 0.000
    """
    dim = teacher.shape[0]
    if initial_second_moment is not None:
        second_moment = second_moment - initial_second_moment
    if initial_mean_weight is not None:
        mean_weight = mean_weight - initial_mean_weight
    gap = output_scale * curvature * second_moment - jnp.outer(teacher, teacher)
    variance = jnp.square(jnp.trace(gap) / dim) / 4
    misalignment = jnp.sum(jnp.square(gap)) / (2 * dim**2)
    linear_power = jnp.square(output_scale) * jnp.sum(jnp.square(mean_weight)) / dim
    return LossParts(variance + misalignment + linear_power, variance, misalignment, linear_power)


# pytest would collect it as a test wherever it is imported.
test_loss_decomposition.__test__ = False  # type: ignore[attr-defined]


def tangent_kernel(
    inputs: Float[Array, "samples dim"],
    other_inputs: Float[Array, "others dim"],
    second_moment: Float[Array, "dim dim"],
    mean_weight: Float[Array, " dim"],
    *,
    curvature: ArrayLike,
) -> Float[Array, "samples others"]:
    """Tangent kernel of the committee with fixed readouts, without its factor alpha^2 / N.

    K(x, x') = s (1 + eps wbar . (x + x') + eps^2 x^T M x'), s = x . x'; at a wide start s + eps^2 s^2.

    Parameters
    ----------
    inputs : array (samples, dim)
        The x, one a row.
    other_inputs : array (others, dim)
        The x', one a row; the same array for a Gram matrix.
    second_moment : array (dim, dim)
        M = (1/N) sum_i w_i w_i^T; the identity at a wide start.
    mean_weight : array (dim,)
        The mean wbar = (1/N) sum_i w_i; zero at a wide start.
    curvature : array_like
        The eps of a neuron h + (eps/2) h^2.

    Returns
    -------
    array (samples, others)
        K(x, x').

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 0.0], [0.6, 0.8]])
    >>> print(tangent_kernel(x, x, jnp.eye(2), jnp.zeros(2), curvature=0.5).round(3))  # s + eps^2 s^2
    [[1.25 0.69]
     [0.69 1.25]]
    """
    overlap = inputs @ other_inputs.T
    linear = (inputs @ mean_weight)[:, None] + (other_inputs @ mean_weight)[None, :]
    return overlap * (1 + curvature * linear + curvature**2 * (inputs @ second_moment @ other_inputs.T))


class Mode(NamedTuple):
    """Eigenvalue of a kernel operator and how many eigenfunctions share it.

    Parameters
    ----------
    eigenvalue : Array
        In the unit of the kernel, with respect to the input distribution.
    multiplicity : int
        How many eigenfunctions have it.
    """

    eigenvalue: Array
    multiplicity: int


class KernelSpectrum(NamedTuple):
    """Spectrum of the wide start's kernel s + eps^2 s^2 over x ~ N(0, I_D / D).

    Parameters
    ----------
    linear : Mode
        Linear functions of x.
    traceless_quadratic : Mode
        Quadratic forms with a matrix of trace zero.
    radial : Mode
        The function norm(x)^2.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.lazy_rich import kernel_spectrum
    >>> print(kernel_spectrum(0.5, dim=10).linear)
    Mode(eigenvalue=0.1, multiplicity=10)
    """

    linear: Mode
    traceless_quadratic: Mode
    radial: Mode


def kernel_spectrum(curvature: ArrayLike, dim: int) -> KernelSpectrum:
    """The eigenvalues of the tangent kernel at a wide start (M = I, wbar = 0) over x ~ N(0, I_D / D).

    - Linear functions: 1/D, D times.
    - Traceless quadratic forms: 2 eps^2 / D^2, D (D + 1) / 2 - 1 times.
    - The radial mode norm(x)^2: (eps^2 / D)(1 + 2/D), once.

    Eigenvalues times multiplicities sum to E K(x, x) = 1 + eps^2 (1 + 2/D) exactly. The paper prints 2 eps / D^2 and
    (1/D)(1 + 2/D) for the last two, which break that sum. A lazy network needs a number of samples of order
    D^2 / (2 eps^2) to see the quadratic target.

    Parameters
    ----------
    curvature : array_like
        The eps of a neuron h + (eps/2) h^2; >= 0.
    dim : int
        Number D of input dimensions; at least 2.

    Returns
    -------
    KernelSpectrum
        Three eigenvalues with their multiplicities.

    Raises
    ------
    BadValue
        For a negative or infinite `curvature`, or a `dim` that is no integer of at least 2.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> spectrum = kernel_spectrum(0.5, dim=10)
    >>> for value, count in (spectrum.linear, spectrum.traceless_quadratic, spectrum.radial):
    ...     print(f"{value:.4f}, {count:g} times")
    0.1000, 10 times
    0.0050, 54 times
    0.0300, 1 times
    """
    check_non_negative("curvature", curvature, "Pass eps, for example 0.5.")
    dim = check_integer("dim", dim, 2, "Pass the number of input dimensions, for example 100.")
    square = curvature * curvature
    return KernelSpectrum(
        Mode(1.0 / dim, dim),
        Mode(2.0 * square / dim**2, dim * (dim + 1) // 2 - 1),
        Mode(square / dim * (1.0 + 2.0 / dim), 1),
    )


def population_alignment(
    second_moment: Float[Array, "dim dim"],
    mean_weight: Float[Array, " dim"],
    teacher: Float[Array, " dim"],
    *,
    curvature: ArrayLike,
) -> Array:
    """Alignment of the tangent kernel with the target over the input distribution, neither of them centred.

    A = <y K y'> / (sqrt(<K^2>) <y^2>) with b2 = norm(beta)^2 and

        <y K y'> = eps^2 / (4 D^4) [b2^2 tr M + 8 b2 beta^T M beta]
        <y^2> = 3 b2^2 / (4 D^2)
        <K^2> = 1/D + 2 eps^2 norm(wbar)^2 (D + 2) / D^3 + eps^4 [(D + 6) tr M^2 + 2 (tr M)^2] / D^4

    The paper's numerator lacks the factor 1/4. The alignment on a data set (Gram form) is `kernels.alignment`.

    Parameters
    ----------
    second_moment : array (dim, dim)
        M = (1/N) sum_i w_i w_i^T of the network whose kernel it is.
    mean_weight : array (dim,)
        The mean wbar = (1/N) sum_i w_i.
    teacher : array (dim,)
        The direction beta of the target (1/2)(beta . x)^2, of any norm.
    curvature : array_like
        The eps of a neuron h + (eps/2) h^2.

    Returns
    -------
    Array
        The alignment A, a scalar; in [0, 1] for the moments of a set of weights.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import jax.numpy as jnp
    >>> start, learned = jnp.eye(10), jnp.diag(jnp.array([9.0] + 9 * [1.0]))
    >>> teacher = 10**0.5 * jnp.eye(10)[0]
    >>> for M in (start, learned):
    ...     print(f"{population_alignment(M, jnp.zeros(10), teacher, curvature=0.5):.3f}")
    0.047
    0.223
    """
    dim = teacher.shape[0]
    b2 = jnp.sum(jnp.square(teacher))
    trace = jnp.trace(second_moment)
    along = teacher @ second_moment @ teacher
    target_kernel_target = curvature**2 / (4 * dim**4) * (b2**2 * trace + 8 * b2 * along)
    target_square = 3 * b2**2 / (4 * dim**2)
    kernel_square = (
        1 / dim
        + 2 * curvature**2 * jnp.sum(jnp.square(mean_weight)) * (dim + 2) / dim**3
        + curvature**4 * ((dim + 6) * jnp.sum(jnp.square(second_moment)) + 2 * trace**2) / dim**4
    )
    return target_kernel_target / (jnp.sqrt(kernel_square) * target_square)


def escape_time(problem: QuadraticCommittee, *, dim: int | None = None) -> Array:
    """Estimated time, in tau, at which the network leaves the lazy plateau: (alpha / (4 eps)) ln(1 / (alpha eps rho0)).

    rho0 = m0^2 is the share of the starting weights along the teacher; with `dim` the share m0^2 + (1 - m0^2) / dim of
    a finite network. It grows at rate 4 eps / alpha once the mean of the target is fitted, up to 1 / (alpha eps).
    0 where the start is beyond that already (no plateau); infinite for eps = 0, and for m0 = 0 without `dim`.
    This is an estimate for many samples per dimension; the delay of a curve is `observables.grokking_delay`.

    Parameters
    ----------
    problem : QuadraticCommittee
        The network and its data; `samples_per_dim` and `centred` do not enter.
    dim : int, optional
        Number of input dimensions of a finite network, at least 2; None is infinitely many.

    Returns
    -------
    Array
        The time in tau, >= 0 or infinite; of the shape of the Problem's fields.

    Raises
    ------
    BadValue
        For a field out of its range, or a `dim` that is no integer of at least 2.

    Examples
    --------
    >>> from grok_theory.lazy_rich import QuadraticCommittee
    >>> problem = QuadraticCommittee(4.0, curvature=0.3, samples_per_dim=3.0, teacher_overlap=0.1)
    >>> print(round(float(escape_time(problem)), 2))
    14.74
    """
    problem.check()
    if dim is not None:
        problem = problem.dressed(dim)
    overlap = jnp.square(problem.teacher_overlap)
    growth = 4 * jnp.asarray(problem.curvature) / problem.output_scale
    full = problem.output_scale * problem.curvature * overlap
    # Inner `where`s keep gradients finite where the answer is 0 or infinite.
    escapes = full > 0
    time = -jnp.log(jnp.where(escapes, full, 1.0)) / jnp.where(escapes, growth, 1.0)
    return jnp.where(escapes, jnp.maximum(time, 0.0), jnp.inf)


@compiled
def largest_stable_learning_rate(problem: QuadraticCommittee, largest_target: ArrayLike) -> Array:
    """Largest eta_hat at which descent is stable both at the start and at the fit, where the largest target is given.

    At the fit a sample of target y has the multiplier 1 - (2 eta_hat / kappa)(1 + c eps^2 + 2 eps y / alpha), c = 1 if
    centred. At the start the kernel matrix has the largest eigenvalue (1 + sqrt kappa)^2 + eps^2, or, once
    eps^2 > 1 + kappa^(-1/2), the constant function's: eps^2 (kappa + 1 + 1 / (eps^2 - 1)) (an outlier leaves the bulk).
    Stable is eta_hat below kappa over the largest of these numbers.

    Parameters
    ----------
    problem : QuadraticCommittee
        The network and its data; `teacher_overlap` does not enter.
    largest_target : array_like
        Largest y in the training set, >= 0; 0 for a linearised network.

    Returns
    -------
    Array
        The bound on eta_hat, of the broadcast shape of the arguments; an estimate for large dimension.

    References
    ----------
    Baik, Ben Arous, Peche (2005): the eigenvalue that leaves the bulk.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.lazy_rich import QuadraticCommittee
    >>> rate = largest_stable_learning_rate(QuadraticCommittee(2.0, curvature=0.3, samples_per_dim=3.0), 5.0)
    >>> print(f"{rate:.3f}")
    0.397
    """
    kappa, square = jnp.asarray(problem.samples_per_dim), jnp.square(jnp.asarray(problem.curvature))
    sample = 1 + square * (1 if problem.centred else 0) + 2 * problem.curvature * largest_target / problem.output_scale
    bulk = jnp.square(1 + jnp.sqrt(kappa)) + square
    leaves = square > 1 + 1 / jnp.sqrt(kappa)
    outlier = square * (kappa + 1 + 1 / (jnp.where(leaves, square, 2.0) - 1))
    return kappa / jnp.maximum(sample, jnp.where(leaves, outlier, bulk))
