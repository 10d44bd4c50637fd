"""Regression on inputs whose variances, and whose teacher, fall as powers of the mode: two exponents say it all."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..drawn import Span, WholeSpan
from ..fields import in_range, number, problem, structure
from ..numerics.padding import any_traced
from ..ranges import AtLeastOneOrInfinite, NonNegative, Whole
from .problem import NOISE, NOISES
from .regression_problem import CorrelatedInputs

__all__ = ["PowerLawInputs"]


@problem
class PowerLawInputs:
    """`CorrelatedInputs` with l_i = i^(-a) and a teacher of which mode i makes a share i^(-b)/sum_j j^(-b) of a label.

    x ~ N(0, diag(l)), y = target . x + noise, i = 1 ... modes; target_i^2 l_i = signal i^(-b)/sum_j j^(-b). The largest
    variance is 1, which sets the unit of time: inputs that are c times as large are c^2 times as fast.

    Curves are those of CorrelatedInputs. Both exponents are numbers: `gt.fit` finds them from a log, `jax.grad` goes
    through them.

    References
    ----------
    Caponnetto, De Vito (2007): the capacity of a spectrum and the source of a target as exponents. Bordelon, Canatar,
    Pehlevan, arXiv 2002.02561: learning curves of such spectra.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> same = PowerLawInputs(modes=3, samples=10, exponent=1.0, target_exponent=2.0).correlated()
    >>> print(np.round(same.spectrum, 4), np.round(same.spectrum * same.target**2, 4))
    [1.     0.5    0.3333] [0.7347 0.1837 0.0816]
    """

    modes: int = structure(
        Whole(1),
        symbol="N",
        unit="modes",
        meaning="number of input dimensions",
        remedy="Pass how many input dimensions there are, for example 100.",
        drawn=WholeSpan(1, 12),
    )
    samples: ArrayLike = number(
        AtLeastOneOrInfinite(),
        symbol="n",
        unit="samples",
        meaning="training samples; inf under OnePass, which draws every sample afresh, and nowhere else",
        remedy="Pass how many training samples there are.",
        drawn=Span(1.0, 30.0, (3.0, 2.0)),
    )
    exponent: ArrayLike = number(
        NonNegative(),
        symbol="a, l_i = i^(-a)",
        meaning="power by which the input variance falls with the mode; 0 is isotropic",
        remedy="Pass the exponent of the spectrum, for example 1.5.",
        drawn=Span(0.1, 3.0, (1.0, 0.0)),
    )
    target_exponent: ArrayLike = number(
        NonNegative(),
        symbol="b, c_i^2 l_i ~ i^(-b)",
        meaning="power by which a mode's share of the teacher's variance falls with the mode",
        remedy="Pass the exponent of the teacher's variance by mode, for example 2.0.",
        drawn=Span(0.1, 4.0, (1.0, 0.0)),
    )
    signal: ArrayLike = number(
        NonNegative(),
        symbol="E (c.x)^2",
        unit="label^2",
        meaning="variance of a label without its noise",
        remedy="Pass the variance of the labels that inputs explain, for example 1.0.",
        drawn=Span(0.01, 100.0, (1.0, 0.0)),
        default=1.0,
    )
    noise: ArrayLike = number(
        NonNegative(), **NOISE, remedy="It is the standard deviation of the label noise.", drawn=NOISES, default=1.0
    )

    def correlated(self) -> CorrelatedInputs:
        """The same regression by its arrays.

        Returns
        -------
        CorrelatedInputs
            With `modes` variances, the largest first; nan where a traced number is out of range.
        """
        traced = any_traced(self)
        xp = jnp if traced else np
        logs = xp.log(xp.arange(1.0, self.modes + 1))
        shares = xp.exp(-self.target_exponent * logs)
        # Not the square root of a quotient of two variances that may both underflow.
        target = xp.sqrt(self.signal / xp.sum(shares)) * xp.exp((self.exponent - self.target_exponent) / 2 * logs)
        spectrum = xp.exp(-self.exponent * logs)
        if traced:
            spectrum = jnp.where(in_range(self), spectrum, jnp.nan)
        return CorrelatedInputs(spectrum, target, self.samples, self.noise)

    tau_per_step = CorrelatedInputs.tau_per_step
