"""What a kernel machine predicts on given data: with a ridge, under gradient flow, under gradient descent."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import (
    check_finite,
    check_non_negative,
    check_positive,
    check_shape,
    check_times,
    is_traced,
    require_float64,
)
from ..errors import BadValue
from ..numerics.edges import kinked
from ..numerics.gram import check_cross, check_gram, check_target, eigenbasis, inverted, once, rounding, solve_shifted
from ..numerics.magnitude import exponents, scaled, unit_of


def kernel_ridge(
    kernel_train: ArrayLike,
    y: ArrayLike,
    kernel_test: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
) -> Float[Array, " m"]:
    """Prediction K_test (K + ridge I)^{-1} y, the minimum of sum_i (y_i - f_i)^2 + ridge norm(f)^2.

    For (1/n) sum r^2 + lambda norm(f)^2 pass ridge = n lambda.
    Without a ridge, the interpolator of least norm: directions with eigenvalues below n eps of the largest do not
    count. Where K has such a null space and K_test does not see it but by rounding, as for every kernel of lower rank,
    a small ridge costs no digits. Where rounding of K and K_test alone could move the prediction by more than 1e-6 (in
    single precision 1e-5) of its largest entry, a warning says how many digits are left (outside traces).

    Parameters
    ----------
    kernel_train : array_like
        (n, n) symmetric Gram matrix K of the training inputs.
    y : array_like
        (n,) targets.
    kernel_test : array_like
        (m, n) kernel K_test between test and training inputs.
    ridge : array_like, default 0.0
        Added to the diagonal of K, in its unit; one number, >= 0. Left out, the interpolator of least norm.

    Returns
    -------
    Array
        (m,) predictions at the test inputs, in the unit of `y`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0])[:, None]
    >>> print(kernel_ridge(x @ x.T + 1, x[:, 0], x @ x.T + 1, ridge=1e-9).round(3))
    [1. 2. 3.]
    """
    require_float64("kernel_ridge")
    kernel, y, cross = _checked(kernel_train, y, kernel_test)
    check_shape("ridge", ridge, (), "Pass one number; jax.vmap takes several.")
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    eps = rounding(kernel_train, kernel_test)
    predicted, error = _ridge_prediction(kernel, y, cross, jnp.asarray(ridge, float), jnp.asarray(eps))
    if not is_traced(error) and not is_traced(predicted):
        _warn_of_lost_digits(np.asarray(predicted), np.asarray(error), max(1e-6, 100 * eps))
    return predicted


@jax.custom_jvp
def _ridge_prediction(kernel, y, cross, ridge, eps):
    """The prediction, and how far rounding of the kernels' entries could move it (first order, in standard sizes)."""
    basis = eigenbasis(kernel, name="kernel_train", eps=eps)
    size, (seen, rows) = exponents(unit_of(y)), basis.coupling(cross, eps)
    values, ridge, unit = basis.shifted(ridge)
    weight = inverted(values, ridge)
    dual = weight * (basis.vectors.T @ scaled(y, -size))
    # By rows: what one test input sees of the null space is no reason to keep it for another.
    predicted = seen @ dual
    sees = jnp.any((seen != 0) & basis.null[None], axis=1)
    through = jnp.linalg.norm(seen * weight[None], axis=1)
    size_of = jnp.linalg.norm(jnp.where(sees[:, None] | ~basis.null[None], dual[None], 0.0), axis=1)
    largest, count = jnp.max(basis.values), float(y.size)
    here = exponents(basis.unit) - unit  # from the unit of the kernel to that of the sum
    shaken = scaled(eps * (largest + jnp.sqrt(count) * jnp.max(jnp.abs(kernel / basis.unit))), here)
    # Who sees the null space sees its eigenvalues, and of these nothing is known but that they lie below the cut.
    cut = scaled(count * eps * largest, here)
    known = jnp.maximum(1 - cut / jnp.where(ridge > 0, ridge, jnp.inf), 0.0)
    shaken = jnp.where(sees, cut / known, shaken)
    own = eps * jnp.linalg.norm(scaled(cross, -rows), axis=1)
    error = jnp.where(size_of > 0, (shaken * through + own) * size_of, 0.0)
    back = rows[:, 0] - unit + size
    return scaled(predicted, back), scaled(error, back)


@_ridge_prediction.defjvp
def _ridge_derivative(primals, tangents):
    """df = dK_test a + K_test (K + ridge)^{-1} (dy - dK a - dridge a), a = (K + ridge)^{-1} y: no eigenvector moves.

    For inputs that do not see the null space, at ridges where its share of a is rounding, `_within_the_range`.
    """
    kernel, y, cross, ridge, eps = primals
    d_kernel, d_y, d_cross, d_ridge, _ = tangents
    dual = solve_shifted(kernel, ridge, y)
    change = solve_shifted(kernel, ridge, d_y - d_kernel @ dual - d_ridge * dual)
    # Zero where K + ridge can be inverted; without a ridge, what a pseudo-inverse of constant rank adds.
    missed = jnp.where(ridge == 0, y - kernel @ dual, 0.0)
    turned = solve_shifted(kernel, ridge, solve_shifted(kernel, ridge, d_kernel @ missed))
    predicted, error = _ridge_prediction(*primals)
    full = d_cross @ dual + cross @ (change + turned)
    within, alone = _within_the_range(kernel, y, cross, ridge, eps, d_kernel, d_y, d_cross, d_ridge)
    return (predicted, error), (jnp.where(alone, within, full), jnp.zeros_like(error))


def _within_the_range(kernel, y, cross, ridge, eps, d_kernel, d_y, d_cross, d_ridge):
    """The derivative where kernel and perturbed kernel have one and the same rank, and which rows it is for.

    The null space then turns by -K^+ dK, and K_test with it: what dK_test and K_test (K + ridge)^{-1} dK take from
    the null space's share y_0/ridge of a is K_test (K + ridge)^{-1} K^+ dK y_0, and no large numbers are subtracted.
    """
    basis = jax.lax.stop_gradient(eigenbasis(kernel, name="kernel_train", eps=eps))
    seen, rows = basis.coupling(jax.lax.stop_gradient(cross), eps)
    values, shift, unit = basis.shifted(jax.lax.stop_gradient(ridge))
    size, v, null = exponents(unit_of(y)), basis.vectors, basis.null
    weight, inverse = (jnp.where(null, 0.0, inverted(values, part)) for part in (shift, 0.0))
    ours = v.T @ scaled(jax.lax.stop_gradient(y), -size)
    dual, turned = weight * ours, v.T @ scaled(d_kernel, -unit) @ v
    moved = v.T @ scaled(d_y, -size) - scaled(d_ridge, -unit) * dual - turned @ dual
    moved = moved + inverse * (turned @ jnp.where(null, ours, 0.0))
    change = (scaled(d_cross, -rows) @ v) @ dual + seen @ (weight * moved)
    blind = ~jnp.any((seen != 0) & null[None], axis=1)
    alone = blind & jnp.any(null) & (shift <= 1e-8 * jnp.max(values))
    return once(scaled(change, rows[:, 0] - unit + size), alone), alone


def _warn_of_lost_digits(predicted, error, allowed):
    largest = np.abs(predicted).max()
    if error.max() > allowed * largest:
        digits = max(0, int(-np.log10(error.max() / largest))) if largest > 0 and error.max() < np.inf else 0
        warnings.warn(
            f"kernel_ridge: the kernel is nearly singular at this ridge, and rounding of its entries leaves about "
            f"{digits} digits of the prediction. Raise the ridge, or fit in feature space.",
            stacklevel=3,
        )


def gradient_flow(
    kernel_train: ArrayLike,
    y: ArrayLike,
    kernel_test: ArrayLike,
    times: ArrayLike,
    *,
    initial_train: ArrayLike = 0.0,
    initial_test: ArrayLike = 0.0,
) -> tuple[Float[Array, "T n"], Float[Array, "T m"]]:
    """Training and test outputs under gradient flow of (1/2) sum_i (y_i - f_i)^2 with a fixed kernel.

    f_train(t) = y - e^{-Kt}(y - f0),  f_test(t) = f0_test + K_test K^{-1}(1 - e^{-Kt})(y - f0),  (1 - e^{-lt})/l -> t
    at l = 0. Gradient descent at rate eta for k steps is t = eta k; on (1/n) sum r^2 it is t = 2 eta k/n, on (1/2n)
    sum r^2, eta k/n. Derivatives by the kernel are those of an eigendecomposition: nan where it has equal eigenvalues,
    or is singular (of f_test, then only at inputs whose kernel has a share in the null space).

    Parameters
    ----------
    kernel_train : array_like
        (n, n) symmetric Gram matrix K of the training inputs.
    y : array_like
        (n,) targets.
    kernel_test : array_like
        (m, n) kernel K_test between test and training inputs.
    times : array_like
        (T,) >= 0, non-decreasing; in units of 1/eigenvalue of K.
    initial_train, initial_test : array_like, default 0.0
        Outputs at t = 0, numbers or (n,), (m,).

    Returns
    -------
    tuple[Array, Array]
        (f_train, f_test), of shapes (T, n) and (T, m), in the unit of `y`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import numpy as np
    >>> kernel, to_test = np.diag([1.0, 0.1]), np.array([[0.5, 0.0]])
    >>> train, test = gradient_flow(kernel, np.array([1.0, 1.0]), to_test, times=[1.0, 10.0])
    >>> print(train.round(3))
    [[0.632 0.095]
     [1.    0.632]]
    """
    require_float64("gradient_flow")
    check_times(times)
    eps = rounding(kernel_train), rounding(kernel_test)
    return _relax(kernel_train, y, kernel_test, _flow(times), initial_train, initial_test, eps)


def flow_on_test(kernel: Array, y: Array, cross: Array, times: ArrayLike, eps: ArrayLike) -> Float[Array, "T m"]:
    """f_test of `gradient_flow` from zero, for arrays that were checked and whose entries are rounded to `eps`."""
    return _relax(kernel, y, cross, _flow(times), 0.0, 0.0, (eps, eps))[1]


def _flow(times):
    times = jnp.asarray(times, float)[:, None]

    def decay(basis):
        spent = (times * basis.unit) * basis.values[None]
        return jnp.exp(-spent), -jnp.expm1(-spent), spent, times, exponents(0.0)

    return decay


def gradient_descent(
    kernel_train: ArrayLike,
    y: ArrayLike,
    kernel_test: ArrayLike,
    steps: ArrayLike,
    *,
    step_size: ArrayLike,
    initial_train: ArrayLike = 0.0,
    initial_test: ArrayLike = 0.0,
) -> tuple[Float[Array, "T n"], Float[Array, "T m"]]:
    """Training and test outputs after whole steps of gradient descent, with a fixed kernel.

    As `gradient_flow`, also in its derivatives, on the same loss: e^{-lt} -> (1 - step_size l)^k.

    Where step_size times the largest eigenvalue exceeds 2 descent diverges: refused, in a trace nan.

    Parameters
    ----------
    kernel_train : array_like
        (n, n) symmetric Gram matrix K of the training inputs.
    y : array_like
        (n,) targets.
    kernel_test : array_like
        (m, n) kernel K_test between test and training inputs.
    steps : array_like
        (T,) whole numbers k >= 0, non-decreasing.
    step_size : array_like
        Learning rate; one number in (0, 2 / largest eigenvalue].
    initial_train : array_like, default 0.0
        Outputs on the training inputs before the first step, a number or (n,).
    initial_test : array_like, default 0.0
        Outputs on the test inputs before the first step, a number or (m,).

    Returns
    -------
    tuple[Array, Array]
        (f_train, f_test), of shapes (T, n) and (T, m), in the unit of `y`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and where descent diverges.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> train, test = gradient_descent(np.eye(2), [1.0, 2.0], np.array([[0.5, 0.0]]), [0, 1, 2], step_size=0.5)
    >>> print(train)
    [[0.   0.  ]
     [0.5  1.  ]
     [0.75 1.5 ]]
    """
    require_float64("gradient_descent")
    check_times(steps, name="steps", remedy="Pass whole numbers of steps, for example jnp.arange(0, 100).")
    check_shape("step_size", step_size, (), "Pass one number; jax.vmap takes several.")
    check_positive("step_size", step_size, "Pass the learning rate, below 2 / largest eigenvalue.")
    if not is_traced(steps):
        fractions = np.flatnonzero(np.asarray(steps, float) % 1)
        if fractions.size:
            i = int(fractions[0])
            raise BadValue(f"steps[{i}] is {np.asarray(steps)[i]}, but it must be a whole number. Round it.")
    steps = jnp.asarray(steps, float)[:, None]

    def decay(basis):
        reach = (step_size * basis.unit) * basis.values[None]
        largest = jnp.max(reach)
        if not is_traced(largest) and float(largest) > 2 * (1 + 1e-12):
            raise BadValue(
                f"step_size is {step_size}, {float(largest):.6g} over the largest eigenvalue of kernel_train, but that "
                f"must be at most 2: descent diverges. Pass at most {2 * float(step_size) / float(largest):.6g}."
            )
        reach = jnp.where(largest <= 2 * (1 + 1e-12), jnp.minimum(reach, 2.0), jnp.nan)
        small = reach < 1
        # log1p and expm1 keep the digits of slow modes; the other side has a sign that changes each step.
        rate = jnp.log1p(-jnp.where(small, reach, 0.0))
        fast = jnp.where(small, 0.0, 1 - reach)
        power = jnp.where(steps == 0, 1.0, jnp.power(fast, steps))
        left = jnp.where(small, jnp.exp(steps * rate), power)
        done = jnp.where(small, -jnp.expm1(steps * rate), 1 - power)
        k = exponents(jnp.asarray(step_size, float))
        return left, done, steps * reach, steps * scaled(step_size, -k), k

    eps = rounding(kernel_train), rounding(kernel_test)
    return _relax(kernel_train, y, kernel_test, decay, initial_train, initial_test, eps)


def _relax(kernel_train, y, kernel_test, decay, initial_train, initial_test, eps):
    """`decay` gives, for every time and eigenvalue, what is left, what is done, and their product; then the time, over
    2^k, and k. `eps`: rounding of the entries of both kernels as they came."""
    kernel, y, cross = _checked(kernel_train, y, kernel_test)
    start_train = _start("initial_train", initial_train, kernel.shape[0])
    start_test = _start("initial_test", initial_test, cross.shape[0])
    basis = eigenbasis(kernel, name="kernel_train", eps=eps[0])
    size = exponents(unit_of(y, start_train))
    target, start = (basis.vectors.T @ scaled(part, -size) for part in (y, start_train))
    residual = (target - start)[None]
    left, done, spent, times, k = decay(basis)
    # From the nearer end: neither the start nor the target is a difference of large numbers.
    outputs = jnp.where(jnp.abs(left) < 0.5, target[None] - left * residual, start[None] + done * residual)
    # A null space turns with the kernel, which the derivatives of an eigendecomposition do not see.
    entries = jnp.sum(kernel)
    f_train = scaled(outputs @ basis.vectors.T, size) + kinked(entries, jnp.any(basis.null))
    # t (1 - e^-x)/x early and (1 - e^-x)/l late, for x = l t need not be a number.
    clock, own = k + exponents(times), exponents(basis.unit)
    early, some, slow = clock + own < 0, ~basis.null[None], spent < 1e-30
    share = jnp.where(slow, 1.0, done / jnp.where(slow, 1.0, spent))
    # The mantissa of the time: in the null space the integral is the time itself.
    mantissa = scaled(times, -exponents(times))
    late = jnp.where(some, done / jnp.where(some, basis.values[None], 1.0), scaled(mantissa, clock + own))
    integral, unit = jnp.where(early, mantissa * share, late), jnp.where(early, clock, -own)
    seen, rows = basis.coupling(cross, eps[1])
    outside = jnp.any(basis.null[None] & (seen != 0), axis=1)
    moved = scaled((integral * residual) @ seen.T, unit + size + rows.T) + kinked(entries, outside)[None]
    return f_train, start_test[None] + moved


def _checked(kernel_train, y, kernel_test):
    kernel = check_gram("kernel_train", kernel_train)
    return kernel, check_target("y", y, kernel), check_cross("kernel_test", kernel_test, kernel)


def _start(name, value, size):
    if np.shape(value) not in ((), (size,)):
        raise BadValue(
            f"{name} has shape {np.shape(value)}, but it must be a number or have shape ({size},). "
            "Pass the outputs at the start."
        )
    check_finite(name, value, "Pass the outputs at the start.")
    return jnp.broadcast_to(jnp.asarray(value, float), (size,))
