"""A step for stiff gradient flows of moderate size: the Rosenbrock-Wanner method Rodas5P, as a solver of diffrax.

The implicit methods of diffrax iterate, and where the Jacobian is that of exponentials their iterations fail unless
steps are short. A Rosenbrock step solves eight linear systems with one matrix and nothing else: with J the Jacobian and
f' the time derivative at the start of a step h,

    (1/(gamma h) - J) k_i = f(t + c_i h, y + sum_j a_ij k_j) + sum_j C_ij k_j/h + d_i h f',

of order 5 with an embedded order 4, stable at any stiffness, and without loss of order where the solution follows a
slow manifold (Steinebach, BIT Numerical Mathematics 63, 2023, whose coefficients these are).
"""

from collections.abc import Callable
from typing import ClassVar

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

__all__ = ["Rodas5P"]

STAGES = 8
_GAMMA = 0.21193756319429014
_TIMES = np.array([0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0])
_SLOPES = np.array(
    [0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0, 0, 0]
)


def _lower(rows: list[list[float]]) -> np.ndarray:
    """The strictly lower triangle (stages, stages) of these rows, from the second on."""
    table = np.zeros((STAGES, STAGES))
    for i, row in enumerate(rows, start=1):
        table[i, : len(row)] = row
    return table


_LAST = [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946]
_STAGES = _lower(
    [
        [3.0],
        [2.849394379747939, 0.45842242204463923],
        [-6.954028509809101, 2.489845061869568, -10.358996098473584],
        [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
        _LAST,
        [*_LAST, 1.0],
        [*_LAST, 1.0, 1.0],
    ]
)
_COUPLINGS = _lower(
    [
        [-14.155112264123755],
        [-17.97296035885952, -2.859693295451294],
        [147.12150275711716, -1.41221402718213, 71.68940251302358],
        [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
        [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
        [
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ],
        [
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ],
    ]
)


class Rodas5P(diffrax.AbstractAdaptiveSolver):
    """A solver for one array y (n,) whose A = -J is symmetric and has no negative eigenvalue.

    Parameters
    ----------
    linearised : callable
        `linearised(t, y)` is A (n, n) and the time derivative (n,) of the slope.
    """

    linearised: Callable[[Array, Array], tuple[Array, Array]]

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar = diffrax.LocalLinearInterpolation

    def order(self, terms) -> int:
        """Of the step."""
        return 5

    def error_order(self, terms) -> float:
        """Of the step's error estimate."""
        return 5.0

    def init(self, terms, t0, t1, y0, args) -> None:
        """Nothing is kept from step to step."""

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        """One step, as in diffrax."""
        h = t1 - t0
        matrix, drift = self.linearised(t0, y0)
        factor = jnp.linalg.cholesky(jnp.eye(y0.size) + _GAMMA * h * matrix)

        def solved(right):
            half = jax.lax.linalg.triangular_solve(factor, right[:, None], left_side=True, lower=True)
            whole = jax.lax.linalg.triangular_solve(factor, half, left_side=True, lower=True, transpose_a=True)
            return whole[:, 0]

        def stage(i, k):
            slope = terms.vf(t0 + jnp.asarray(_TIMES)[i] * h, y0 + jnp.asarray(_STAGES)[i] @ k, args)
            right = h * slope + jnp.asarray(_COUPLINGS)[i] @ k + jnp.asarray(_SLOPES)[i] * h**2 * drift
            return k.at[i].set(_GAMMA * solved(right))

        k = jax.lax.fori_loop(0, STAGES, stage, jnp.zeros((STAGES, y0.size)))
        error = k[-1]
        y1 = y0 + jnp.asarray(_STAGES[-1]) @ k + error
        good = jnp.all(jnp.isfinite(y1))
        y1 = jnp.where(good, y1, y0)
        error = jnp.where(good, error, 1e6 * (1 + jnp.abs(y0)))  # refused, and tried again much shorter
        return y1, error, {"y0": y0, "y1": y1}, None, diffrax.RESULTS.successful

    def func(self, terms, t0, y0, args):
        """The slope."""
        return terms.vf(t0, y0, args)
