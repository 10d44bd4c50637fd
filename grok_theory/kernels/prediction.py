"""What a kernel machine predicts on given data: with a ridge, under gradient flow, under gradient descent."""

import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import (
    BadValue,
    check_finite,
    check_non_negative,
    check_positive,
    check_times,
    is_traced,
    require_float64,
)
from ..numerics.gram import check_cross, check_gram, check_target, eigenbasis


def kernel_ridge(
    kernel_train: ArrayLike,
    y: ArrayLike,
    kernel_test: ArrayLike,
    *,
    ridge: ArrayLike = 0.0,
) -> Float[Array, " m"]:
    """K_test (K + ridge I)^{-1} y, the minimum of sum_i (y_i - f_i)^2 + ridge |f|^2.

    For (1/n) sum r^2 + lambda |f|^2 pass ridge = n lambda.
    Without a ridge, the interpolator of least norm: directions with eigenvalues below n eps of the largest do not
    count.
    """
    require_float64("kernel_ridge")
    kernel, y, cross = _checked(kernel_train, y, kernel_test)
    check_non_negative("ridge", ridge, "Pass 0.0 for the interpolator of least norm.")
    if is_traced(ridge) or np.all(np.asarray(ridge) > 0):
        factor = jsp.linalg.cho_factor(kernel + ridge * jnp.eye(kernel.shape[0]))
        return cross @ jsp.linalg.cho_solve(factor, y)
    values, vectors = eigenbasis(kernel)
    some = values > 0
    return cross @ (vectors @ (jnp.where(some, 1 / jnp.where(some, values, 1.0), 0.0) * (vectors.T @ y)))


def gradient_flow(
    kernel_train: ArrayLike,
    y: ArrayLike,
    kernel_test: ArrayLike,
    times: ArrayLike,
    *,
    initial_train: ArrayLike = 0.0,
    initial_test: ArrayLike = 0.0,
) -> tuple[Float[Array, "T n"], Float[Array, "T m"]]:
    """Outputs on training and test inputs under gradient flow of (1/2) sum_i (y_i - f_i)^2 with a fixed kernel.

    f_train(t) = y - e^{-Kt}(y - f0),  f_test(t) = f0_test + K_test K^{-1}(1 - e^{-Kt})(y - f0),  (1 - e^{-lt})/l -> t
    at l = 0. Gradient descent at rate eta for k steps is t = eta k; on (1/n) sum r^2 it is t = 2 eta k/n, on (1/2n)
    sum r^2, eta k/n.

    **Arguments:**
    - `times`: >= 0, non-decreasing. `initial_train`, `initial_test`: outputs at t = 0, numbers or (n,), (m,).
    """
    require_float64("gradient_flow")
    check_times(times)
    times = jnp.asarray(times, float)[:, None]

    def decay(values):
        return jnp.exp(-times * values), -jnp.expm1(-times * values)

    return _relax(kernel_train, y, kernel_test, times, decay, initial_train, initial_test)


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
    """As `gradient_flow`, after whole numbers of steps on the same loss: e^{-lt} -> (1 - step_size l)^k.

    Diverges where step_size times the largest eigenvalue exceeds 2, as descent does.
    """
    require_float64("gradient_descent")
    check_times(steps, name="steps", remedy="Pass whole numbers of steps, for example jnp.arange(0, 100).")
    check_positive("step_size", step_size, "Pass the learning rate, below 2 / largest eigenvalue.")
    if not is_traced(steps):
        fractions = np.flatnonzero(np.asarray(steps, float) % 1)
        if fractions.size:
            i = int(fractions[0])
            raise BadValue(f"steps[{i}] is {np.asarray(steps)[i]}, but it must be a whole number. Round it.")
    steps = jnp.asarray(steps, float)[:, None]

    def decay(values):
        small = step_size * values < 1
        # log1p and expm1 keep the digits of slow modes; the other side has a sign that changes each step.
        rate = jnp.log1p(-jnp.where(small, step_size * values, 0.0))
        fast = jnp.where(small, 0.0, 1 - step_size * values)
        power = jnp.where(steps == 0, 1.0, jnp.power(fast, steps))
        return jnp.where(small, jnp.exp(steps * rate), power), jnp.where(small, -jnp.expm1(steps * rate), 1 - power)

    return _relax(kernel_train, y, kernel_test, steps * step_size, decay, initial_train, initial_test)


def _relax(kernel_train, y, kernel_test, times, decay, initial_train, initial_test):
    kernel, y, cross = _checked(kernel_train, y, kernel_test)
    start_train = _start("initial_train", initial_train, kernel.shape[0])
    start_test = _start("initial_test", initial_test, cross.shape[0])
    values, vectors = eigenbasis(kernel)
    residual = vectors.T @ (y - start_train)
    values = values[None]
    left, done = decay(values)
    some = values > 0
    integral = jnp.where(some, done / jnp.where(some, values, 1.0), times)
    f_train = y[None] - (left * residual[None]) @ vectors.T
    f_test = start_test[None] + (integral * residual[None]) @ (cross @ vectors).T
    return f_train, f_test


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
