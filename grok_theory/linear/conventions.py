"""Other people's units and back: mean losses, halved losses, inputs of another variance.

Here: inputs of variance 1/N, flow of half the *summed* square error, penalty g of
norm(y - wX)^2 + g norm(w)^2. A `Convention` holds the factors "number there / number here"; two of them multiply.
"""

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_positive
from ..errors import BadValue
from ..pytrees import record

__all__ = ["Convention", "halved_mean_loss", "mean_loss", "unit_inputs"]

_KINDS = ("time", "learning_rate", "weight_decay", "weights", "eigenvalues")


@record()
class Convention:
    """Factors from the numbers of this wing to those of another convention; `to` there, `back` again.

    Each factor is "number there / number here"; the product of two conventions is both at once.

    Parameters
    ----------
    time : array_like, default 1.0
        Factor of times.
    learning_rate : array_like, default 1.0
        Factor of learning rates.
    weight_decay : array_like, default 1.0
        Factor of penalties.
    weights : array_like, default 1.0
        Factor of weights.
    eigenvalues : array_like, default 1.0
        Factor of eigenvalues of the inputs' covariance.

    Examples
    --------
    >>> there = halved_mean_loss(samples=200)
    >>> print(there.to(time=3.0, weight_decay=0.2))
    {'time': 600.0, 'weight_decay': 0.001}
    >>> print(there.back(time=600.0))
    {'time': 3.0}
    """

    time: ArrayLike = 1.0
    learning_rate: ArrayLike = 1.0
    weight_decay: ArrayLike = 1.0
    weights: ArrayLike = 1.0
    eigenvalues: ArrayLike = 1.0

    def to(self, **values: ArrayLike) -> dict[str, ArrayLike]:
        """Convert quantities of this wing into the other convention.

        Parameters
        ----------
        **values : array_like
            Any of time, learning_rate, weight_decay, weights, eigenvalues, in the units of this wing.

        Returns
        -------
        dict[str, array_like]
            The same names, in the units of the other convention.

        Raises
        ------
        BadValue
            For another name: losses are the same everywhere.
        """
        return {name: _plain(np.asarray(value) * self._factor(name)) for name, value in values.items()}

    def back(self, **values: ArrayLike) -> dict[str, ArrayLike]:
        """Convert quantities of the other convention into the units of this wing.

        Parameters
        ----------
        **values : array_like
            Any of time, learning_rate, weight_decay, weights, eigenvalues, in the units of the other convention.

        Returns
        -------
        dict[str, array_like]
            The same names, in the units of this wing.

        Raises
        ------
        BadValue
            For another name: losses are the same everywhere.
        """
        return {name: _plain(np.asarray(value) / self._factor(name)) for name, value in values.items()}

    def __mul__(self, other: "Convention") -> "Convention":
        """Both at once, for example a mean loss on inputs of unit variance."""
        return Convention(*(getattr(self, name) * getattr(other, name) for name in _KINDS))

    def _factor(self, name: str) -> ArrayLike:
        if name not in _KINDS:
            raise BadValue(
                f"{name} is not converted; it must be one of {', '.join(_KINDS)}. Losses are the same everywhere."
            )
        return getattr(self, name)


def halved_mean_loss(samples: ArrayLike) -> Convention:
    """Training on (1/2P) norm(y - wX)^2 + (penalty/2) norm(w)^2: time P t, learning rate P eta, penalty g/P.

    Parameters
    ----------
    samples : array_like
        P, the number of training samples; > 0.

    Returns
    -------
    Convention
        Factors from this wing to that loss.

    Raises
    ------
    BadValue
        For samples that are not positive and finite.

    Examples
    --------
    >>> torch_like = halved_mean_loss(samples=200)
    >>> print({name: round(value, 6) for name, value in torch_like.to(learning_rate=0.1, weight_decay=0.02).items()})
    {'learning_rate': 20.0, 'weight_decay': 0.0001}
    """
    check_positive("samples", samples, "Pass the number of training samples.")
    return Convention(time=samples, learning_rate=samples, weight_decay=1 / samples)


def mean_loss(samples: ArrayLike) -> Convention:
    """Training on (1/P) norm(y - wX)^2 + penalty norm(w)^2: time P t/2, learning rate P eta/2, penalty g/P.

    The penalty is that in the loss (Keras `l2`). The `weight_decay` of SGD is added to the gradient and is twice it:
    pass half of it to `back`.

    Parameters
    ----------
    samples : array_like
        P, the number of training samples; > 0.

    Returns
    -------
    Convention
        Factors from this wing to that loss.

    Raises
    ------
    BadValue
        For samples that are not positive and finite.

    Examples
    --------
    >>> mean_loss(100)
    Convention(time=50.0, learning_rate=50.0, weight_decay=0.01, weights=1.0, eigenvalues=1.0)
    """
    check_positive("samples", samples, "Pass the number of training samples.")
    return Convention(time=samples / 2, learning_rate=samples / 2, weight_decay=1 / samples)


def unit_inputs(dim: ArrayLike) -> Convention:
    """Convert to inputs of variance 1 instead of 1/N.

    Eigenvalues and penalty are times N, times and learning rates over N, weights over sqrt(N).

    Parameters
    ----------
    dim : array_like
        N, the number of weights; > 0.

    Returns
    -------
    Convention
        Factors from this wing to those inputs.

    Raises
    ------
    BadValue
        For a dim that is not positive and finite.

    Examples
    --------
    >>> print(unit_inputs(dim=400).to(learning_rate=0.1))
    {'learning_rate': 0.00025}
    """
    check_positive("dim", dim, "Pass the number of weights.")
    return Convention(1 / dim, 1 / dim, dim, dim**-0.5, dim)


def _plain(value: ArrayLike) -> ArrayLike:
    """A Python number for a number: it prints as one."""
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value
