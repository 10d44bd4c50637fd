"""How the error of the kept answer is computed: exactly, or by one of three limits to hold beside it."""

from __future__ import annotations

from ..checks import check_between, check_integer
from ..errors import BadValue
from ..pytrees import record


@record(static=("nodes", "rtol"))
class Exact:
    """Quadrature at any k and temperature; the default.

    A Solution whose own error estimate exceeds `rtol` is `noted`, above 1e-6 `failed`.

    Parameters
    ----------
    nodes : int, optional
        Gauss-Legendre nodes a panel of the outer quadrature, 4 to 200; the inner one has half as many again. Left out,
        20; a population takes 18: its mean over prompts is good to 1e-9, and the cost is four fifths.
    rtol : float, default 1e-12
        Relative error above which a Solution is `noted`, in (0, 1e-6]; a thousand times that for a population.

    Raises
    ------
    BadValue
        For nodes or a tolerance out of range.

    Examples
    --------
    >>> from grok_theory.best_of_k import Prompt, solve
    >>> print(solve(Prompt(1.0, 0.5), [1, 16], temperature=1.0, method=Exact())['error'].round(4))
    [2.     0.7987]
    """

    nodes: int | None = None
    rtol: float = 1e-12

    def __post_init__(self):
        if self.nodes is not None:
            object.__setattr__(self, "nodes", check_integer("nodes", self.nodes, 4, "20 keep all digits.", high=200))
        check_between(
            "rtol", self.rtol, 0.0, 1e-6, "Pass the relative error you accept, for example 1e-9.", include_low=False
        )


@record()
class LargeK:
    """Two terms at large k, delta_inf + a1/k, at fixed temperature > 0.

    The remainder is O(k^-2), and k must be far above rho(t).

    Examples
    --------
    >>> from grok_theory.best_of_k import Prompt, solve
    >>> print(solve(Prompt(1.0, 0.5), [256], temperature=1.0, method=LargeK())['error'].round(4))
    [0.779]
    """


@record(static=("order", "as_published"))
class HighTemperature:
    """Series in 1/t = 2 s^2/T to `order` 1, 2 or 3; the remainder is O(t^-(order+1)).

    Parameters
    ----------
    order : int, default 2
        The highest power of 1/t kept: 1, 2 or 3.
    as_published : bool, default False
        True takes the third order of the authors' scripts, which is right at k = inf only.

    Raises
    ------
    BadValue
        For an order other than 1, 2 or 3, and where `as_published` is neither True nor False.
    """

    order: int = 2
    as_published: bool = False

    def __post_init__(self):
        object.__setattr__(self, "order", check_integer("order", self.order, 1, "Pass order=2.", high=3))
        if self.as_published not in (True, False):
            raise BadValue(f"as_published is {self.as_published!r}, but it must be True or False. Leave it out.")


@record()
class BestOfK:
    """The 1/((k+1)(k+2)) law of T = 0 at large k; over prompts it exists only for v_R < s^2/2."""


Method = Exact | LargeK | HighTemperature | BestOfK
