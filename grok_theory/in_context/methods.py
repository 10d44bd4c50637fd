"""How a curve is computed. Leaving it out picks the one method there is, and the Solution says which."""

from ..errors import BadValue
from ..pytrees import record

__all__ = ["DeterministicEquivalent", "SpectralQuadrature", "the_method"]


@record()
class DeterministicEquivalent:
    """`LinearAttention` fitted by ridge regression: closed in one root, the effective ridge."""


@record()
class SpectralQuadrature:
    """`LinearAttention` under the population flow: sums over the Marchenko-Pastur law of the tasks' covariance."""


def the_method(own: object, method: object) -> object:
    """The method that solves here, `own`; refuses any other."""
    if method is not None and method != own:
        raise BadValue(f"method is {method!r}, but this is solved by {own!r}. Leave method out.")
    return own
