"""How a `MeanFieldNetwork` is solved, as data."""

from __future__ import annotations

from jax.typing import ArrayLike

from ...checks import check_integer, check_positive
from ...errors import BadValue
from ...pytrees import record

__all__ = ["LinearMoments", "MeanFieldTheory", "Particles", "TangentLimit"]


NEURONS = "neurons"


def check_keep(keep: str | None) -> bool:
    """Whether the neurons are kept; refuses what is neither "neurons" nor None."""
    if keep is not None and keep != NEURONS:
        raise BadValue(f'keep is {keep!r}, but it must be "neurons" or None. Pass keep="neurons" to be handed them.')
    return keep is not None


@record(static=("count", "scrambles", "seed", "keep"))
class Particles:
    """Mean-field theory of `MeanFieldNetwork` by particles.

    Cost of a flow about 4 count P D multiplications an evaluation, a few hundred to a few thousand of them; reading a
    time costs 3 count P^2.

    Parameters
    ----------
    count : int, default 4096
        Particles of one flow, a power of two; half are drawn (scrambled Sobol normals), half are their partners.
    scrambles : int, default 9
        Independent flows; curves are their mean, and their scatter is the greater part of `numerical_error` (with one
        there is none to see, and no `numerical_error`).
    seed : int, default 0
        Of the scrambles. Same seed, same digits.
    tolerance : array_like, default 1e-05
        Local error of a step, in units of the output; > 0.
    keep : str, optional
        "neurons" hands the particles out: fields `neurons` (time, neuron, dim) and `readouts` (time, neuron, output) of
        all scrambles, weighed in memory before they are made.
    start : tuple of array_like, optional
        (weights (N, D), readouts (N,) or (N, C)) of the particles at tau = 0, in place of drawn ones: the end of
        another solve, a mask, another law. One flow starts there, so `numerical_error` is not known; `count`,
        `scrambles` and `seed` play no part. The output is theirs as it is: for one that begins at 0 pass every neuron
        twice, with opposite readouts.

    Raises
    ------
    BadValue
        For a setting out of its range, or a count that is no power of two.
    """

    count: int = 4096
    scrambles: int = 9
    seed: int = 0
    tolerance: ArrayLike = 1e-5
    keep: str | None = None
    start: tuple[ArrayLike, ArrayLike] | None = None

    def __post_init__(self):
        check_keep(self.keep)
        count = check_integer("count", self.count, 4, "4096 is the default.", high=2**22)
        if count & (count - 1):
            raise BadValue(
                f"count is {count}, but it must be a power of two, or the Sobol points are uneven. "
                f"Pass {1 << (count.bit_length() - 1)} or {1 << count.bit_length()}."
            )
        check_integer("scrambles", self.scrambles, 1, "9 is the default; 2 or more show the error.")
        check_integer("seed", self.seed, 0, "Pass any whole number.")
        check_positive("tolerance", self.tolerance, "Pass the local error allowed, for example 1e-5.")


@record()
class LinearMoments:
    """The closed equations of the linear activation: exact, at a cost of (D + C)^2 D an evaluation.

    Parameters
    ----------
    tolerance : array_like, default 1e-10
        Of the ODE, relative; > 0. `numerical_error` is twice the change at a hundred times it, and the tolerance itself
        (where both take the same steps they differ by nothing).

    Raises
    ------
    BadValue
        For a tolerance that is not positive and finite.
    """

    tolerance: ArrayLike = 1e-10

    def __post_init__(self):
        check_positive("tolerance", self.tolerance, "Pass the relative tolerance of the ODE, for example 1e-10.")


@record()
class TangentLimit:
    """The limit richness -> 0 of `MeanFieldNetwork`: flow with the frozen tangent kernel of infinite width.

    Exact up to rounding for "linear", "relu", "erf"; otherwise up to Gauss-Hermite quadrature, whose error is printed
    as the change at half the nodes (so it is an upper bound: it falls geometrically).
    """


MeanFieldTheory = Particles | LinearMoments | TangentLimit
