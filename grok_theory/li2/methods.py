"""The methods of this wing: what `solve` and `sample_threshold` are told to follow."""

from __future__ import annotations

from jax.typing import ArrayLike

from ..checks import check_positive
from ..pytrees import record


@record()
class Lazy:
    """Stage I: the read-out learns, the hidden layer is frozen; exact by one singular value decomposition.

    Under descent it matches `simulate(..., train_hidden=False)` to rounding; a hidden layer that learns leaves it.
    """


@record()
class FeatureAscent:
    """Stage II: dw/dt = grad_T E(w) / (4 max_k E*_k) for every node by itself, on norm(w) = 1.

    Near the highest maximum of the full table the distance shrinks like e^-t.

    Parameters
    ----------
    tolerance : array_like, default 1e-08
        Of the integrator, relative; > 0.

    Raises
    ------
    BadValue
        For a tolerance that is not > 0.
    """

    tolerance: ArrayLike = 1e-8

    def __post_init__(self) -> None:
        check_positive("tolerance", self.tolerance, "Pass a relative tolerance, for example 1e-8.")


@record(static=("iterations", "centering"))
class FullEnergy:
    """Ascend the empirical energy of the square activation, (u + v)^2 on every pair.

    Parameters
    ----------
    iterations : int, default 300
        Steps of ascent, >= 1; near the threshold convergence is slow, and 800 instead of 300 move the half-success
        point by about 3 %.
    centering : str, default 'samples'
        "samples" or "classes", as in `GroupTask`.
    """

    iterations: int = 300
    centering: str = "samples"


@record(static=("iterations", "centering"))
class CrossTerm:
    """Ascend what the paper's proof keeps, 2 u v on every pair.

    Parameters
    ----------
    iterations : int, default 300
        Steps of ascent, >= 1; as in `FullEnergy`.
    centering : str, default 'samples'
        "samples" or "classes", as in `GroupTask`.
    """

    iterations: int = 300
    centering: str = "samples"


@record()
class Trainings:
    """Forecast one training from draws of such trainings, each with its own split of the table and its own start."""
