"""What the tasks of a mixture are: urns, chains or regressions, each with its prior."""

from __future__ import annotations

from typing import Any

from jax.typing import ArrayLike

from ..checks import check_integer, check_positive
from ..errors import BadValue
from ..pytrees import record

__all__ = ["Family", "GaussianRegression", "MarkovChains", "TokenFamily", "Urns", "check_family"]

_SYMBOLS = "Pass how many symbols there are, for example 4."
# Beyond this a table of tasks is larger than the arrays a machine has room for.
_MOST = 4096


@record(static=("symbols",))
class Urns:
    """A task is an urn: V symbols drawn independently with probabilities theta ~ Dirichlet(1).

    Parameters
    ----------
    symbols : int
        V, how many symbols there are; from 2 to 4096.

    Raises
    ------
    BadValue
        For fewer or more symbols.

    Examples
    --------
    >>> Urns(4).symbols
    4
    """

    symbols: int

    def __post_init__(self):
        object.__setattr__(self, "symbols", check_integer("symbols", self.symbols, 2, _SYMBOLS, high=_MOST))


@record(static=("symbols",))
class MarkovChains:
    """A task is a chain: one urn a previous symbol, each row of the transition matrix ~ Dirichlet(1).

    The first symbol of a context is uniform, whatever the task: there is nothing to learn from it.

    Parameters
    ----------
    symbols : int
        V, how many symbols there are; from 2 to 256.

    Raises
    ------
    BadValue
        For fewer or more symbols.

    Examples
    --------
    >>> MarkovChains(3).symbols
    3
    """

    symbols: int

    def __post_init__(self):
        object.__setattr__(self, "symbols", check_integer("symbols", self.symbols, 2, _SYMBOLS, high=256))


@record(static=("dim",))
class GaussianRegression:
    """A task is a regression: y = w.x + noise, x ~ N(0, I/d) and w ~ N(0, I); a symbol of a context is a pair (x, y).

    Parameters
    ----------
    dim : int
        d, dimension of the inputs; from 1 to 4096.
    noise : float or array
        Standard deviation of the label noise, > 0 (its square is the s2 of the formulas).

    Raises
    ------
    BadValue
        For a field out of range.

    Examples
    --------
    >>> GaussianRegression(8, 0.5).dim
    8
    """

    dim: int
    noise: ArrayLike

    def __post_init__(self):
        remedy = "Pass the dimension of the inputs, for example 8."
        object.__setattr__(self, "dim", check_integer("dim", self.dim, 1, remedy, high=_MOST))
        check_positive("noise", self.noise, "Pass the standard deviation of the label noise, for example 0.5.")


TokenFamily = Urns | MarkovChains
Family = Urns | MarkovChains | GaussianRegression


def check_family(name: str, value: Any, remedy: str) -> None:
    """Refuse what is no family of tasks."""
    if type(value) is not object and not isinstance(value, Family):
        raise BadValue(f"{name} is {value!r}, but it must be Urns, GaussianRegression or MarkovChains. {remedy}")
