"""How a curve is computed. Leaving it out picks the best one, and the Solution says which."""

from ..checks import check_integer
from ..errors import BadValue
from ..pytrees import record

__all__ = ["DeterministicEquivalent", "Exact", "MonteCarlo", "SpectralQuadrature", "the_method"]


@record()
class DeterministicEquivalent:
    """`LinearAttention` fitted by ridge regression: closed in one root, the effective ridge."""


@record()
class SpectralQuadrature:
    """`LinearAttention` under the population flow: sums over the Marchenko-Pastur law of the tasks' covariance."""


@record()
class Exact:
    """`TaskMixture` without a draw: curves of the rule and bounds, not those of memory, which are not closed.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import in_context
    >>> mixture = in_context.TaskMixture(tasks=2, family=in_context.Urns(2))
    >>> bounds = in_context.solve(mixture, [8], method=Exact())
    >>> print(f"{bounds['gap_bound_low'][0]:.3f} {bounds['gap_bound_high'][0]:.3f}")
    0.073 0.515
    """


@record(static=("draws", "seed"))
class MonteCarlo:
    """`TaskMixture` and `Strategies`: what memory predicts as a mean over drawn tasks and contexts, with its error.

    The draws belong to the method: the same numbers give the same curves, and `numerical_error` is their bound at 99 %.

    Parameters
    ----------
    draws : int, default 1024
        How many lists of tasks are drawn; from 64 (of fewer no error could be told) to 10^6. Errors fall with its root.
    seed : int, default 0
        Another one gives independent draws; >= 0.

    Raises
    ------
    BadValue
        For a number out of range.
    """

    draws: int = 1024
    seed: int = 0

    def __post_init__(self):
        remedy = "Pass how many lists of tasks are drawn, for example 4096."
        object.__setattr__(self, "draws", check_integer("draws", self.draws, 64, remedy, high=10**6))
        object.__setattr__(self, "seed", check_integer("seed", self.seed, 0, "Pass seed=0.", high=2**31 - 1))


def the_method(own: object, method: object) -> object:
    """The method that solves here, `own`; refuses any other."""
    if method is not None and method != own:
        raise BadValue(f"method is {method!r}, but this is solved by {own!r}. Leave method out.")
    return own
