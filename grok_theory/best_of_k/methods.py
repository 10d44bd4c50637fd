"""How the error of the kept answer is computed: exactly, or by one of three limits to hold beside it."""

from __future__ import annotations

from ..checks import check_between, check_integer
from ..errors import BadValue
from ..pytrees import record


@record(static=("nodes", "rtol"))
class Exact:
    """Quadrature at any k and temperature; the default. `nodes`: Gauss-Legendre nodes a panel; left out, 30.

    Left out, a population at T > 0 takes 24: its mean over prompts is good to 1e-9, and the cost is two thirds.

    A Solution whose own error estimate exceeds `rtol` (relative) is `noted`, above 1e-6 `failed`.

    Parameters
    ----------
    nodes : int, optional
        TODO.
    rtol : float, default 1e-12
        TODO.
    """

    nodes: int | None = None
    rtol: float = 1e-12

    def __post_init__(self):
        if self.nodes is not None:
            object.__setattr__(self, "nodes", check_integer("nodes", self.nodes, 4, "30 keep all digits.", high=200))
        check_between(
            "rtol", self.rtol, 0.0, 1e-6, "Pass the relative error you accept, for example 1e-9.", include_low=False
        )


@record()
class LargeK:
    """delta_inf + a1/k at fixed temperature > 0; the remainder is O(k^-2), and k must be far above rho(t)."""


@record(static=("order", "as_published"))
class HighTemperature:
    """Series in 1/t = 2 s^2/T to `order` 1, 2 or 3; the remainder is O(t^-(order+1)).

    `as_published=True` takes the third order of the authors' scripts, which is right at k = inf only.

    Parameters
    ----------
    order : int, default 2
        TODO.
    as_published : bool, default False
        TODO.
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
