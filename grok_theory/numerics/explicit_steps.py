"""One step of an ordinary differential equation by the explicit method of order 8 of Dormand and Prince.

The pair of errors of orders 5 and 3 is Hairer's (Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I,
1993, section II.10, whose coefficients these are). SciPy has the method for NumPy, diffrax one like it; here it is one
loop over the stages, in which the slope is compiled once.
"""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .adaptive_flow import Attempt

__all__ = ["ORDER", "dormand_prince"]

ORDER = 8  # in which the error falls with the step
STAGES = 12


def _table(rows: Sequence[Mapping[int, float]]) -> np.ndarray:
    """(rows, STAGES) from the entries that are not zero."""
    table = np.zeros((len(rows), STAGES))
    for row, entries in zip(table, rows, strict=True):
        row[list(entries)] = list(entries.values())
    return table


_ROWS = [
    {},
    {0: 0.05260015195876773},
    {0: 0.0197250569845379, 1: 0.0591751709536137},
    {0: 0.02958758547680685, 2: 0.08876275643042054},
    {0: 0.2413651341592667, 2: -0.8845494793282861, 3: 0.924834003261792},
    {0: 0.037037037037037035, 3: 0.17082860872947386, 4: 0.12546768756682242},
    {0: 0.037109375, 3: 0.17025221101954405, 4: 0.06021653898045596, 5: -0.017578125},
    {
        0: 0.03709200011850479,
        3: 0.17038392571223998,
        4: 0.10726203044637328,
        5: -0.015319437748624402,
        6: 0.008273789163814023,
    },
    {
        0: 0.6241109587160757,
        3: -3.3608926294469414,
        4: -0.868219346841726,
        5: 27.59209969944671,
        6: 20.154067550477894,
        7: -43.48988418106996,
    },
    {
        0: 0.47766253643826434,
        3: -2.4881146199716677,
        4: -0.590290826836843,
        5: 21.230051448181193,
        6: 15.279233632882423,
        7: -33.28821096898486,
        8: -0.020331201708508627,
    },
    {
        0: -0.9371424300859873,
        3: 5.186372428844064,
        4: 1.0914373489967295,
        5: -8.149787010746927,
        6: -18.52006565999696,
        7: 22.739487099350505,
        8: 2.4936055526796523,
        9: -3.0467644718982196,
    },
    {
        0: 2.273310147516538,
        3: -10.53449546673725,
        4: -2.0008720582248625,
        5: -17.9589318631188,
        6: 27.94888452941996,
        7: -2.8589982771350235,
        8: -8.87285693353063,
        9: 12.360567175794303,
        10: 0.6433927460157636,
    },
]
_STAGES = _table(_ROWS)
_TIMES = _STAGES.sum(axis=1)
# The step, and its errors of order 5 and of order 3.
_ENDS = _table(
    [
        {
            0: 0.054293734116568765,
            5: 4.450312892752409,
            6: 1.8915178993145003,
            7: -5.801203960010585,
            8: 0.3111643669578199,
            9: -0.1521609496625161,
            10: 0.20136540080403034,
            11: 0.04471061572777259,
        },
        {
            0: 0.01312004499419488,
            5: -1.2251564463762044,
            6: -0.4957589496572502,
            7: 1.6643771824549864,
            8: -0.35032884874997366,
            9: 0.3341791187130175,
            10: 0.08192320648511571,
            11: -0.022355307863886294,
        },
        {
            0: -0.18980075407240762,
            5: 4.450312892752409,
            6: 1.8915178993145003,
            7: -5.801203960010585,
            8: -0.4226823213237919,
            9: -0.1521609496625161,
            10: 0.20136540080403034,
            11: 0.02265179219836082,
        },
    ]
)


def dormand_prince(
    slope: Callable[[Array, Array], Array], rtol: ArrayLike, atol: ArrayLike
) -> Callable[[Array, Array, Array], Attempt]:
    """A step of dy/dt = slope(t, y), y (n,), for `adaptive_flow.flow_through`.

    Parameters
    ----------
    slope : callable
        From the time () and y (n,) to dy/dt (n,).
    rtol : array_like
        Error of a step allowed, as a share of each entry of y.
    atol : array_like
        The same, in units of y; added.

    Returns
    -------
    callable
        From the time, the length of the step and y to an `Attempt`.
    """

    def attempt(time: Float[Array, ""], step: Float[Array, ""], y: Float[Array, " n"]) -> Attempt:
        def stage(i, slopes):
            at = y + step * (jnp.asarray(_STAGES)[i] @ slopes)
            return slopes.at[i].set(slope(time + jnp.asarray(_TIMES)[i] * step, at))

        slopes = jax.lax.fori_loop(0, STAGES, stage, jnp.zeros((STAGES, y.size)))
        moved, fifth, third = step * (jnp.asarray(_ENDS) @ slopes)
        after = y + moved
        allowed = atol + rtol * jnp.maximum(jnp.abs(y), jnp.abs(after))
        large, other = jnp.max(jnp.abs(fifth) / allowed), jnp.max(jnp.abs(third) / allowed)
        # large^2/sqrt(large^2 + other^2/100), of which the squares need not be numbers of float64.
        return Attempt(after, large / jnp.sqrt(1 + 0.01 * (other / jnp.where(large > 0, large, 1.0)) ** 2))

    return attempt
