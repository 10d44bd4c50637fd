"""What this wing studies: a wide two-layer network of slightly curved neurons on a quadratic target."""

from __future__ import annotations

import jax.numpy as jnp
from jax.typing import ArrayLike

from ..checks import check_integer
from ..drawn import Among, Span
from ..dynamics import GradientDescent
from ..fields import number, problem, structure
from ..ranges import Interval, NonNegative, Positive, Switch


@problem
class QuadraticCommittee:
    """A committee of N neurons phi(h) = h + (eps/2) h^2 that learns a quadratic target by its mean squared error.

    Network
        f(x) = (alpha/N) sum_i phi(w_i . x), readouts fixed to 1; trained is f(x) - f(x; start) if `centred`.
    Data
        P = kappa D inputs x ~ N(0, I_D / D), targets y = (1/2) (beta . x)^2 with norm(beta)^2 = D, so E y^2 = 3/4.
    Start
        w_i = s_i m0 beta + sqrt(1 - m0^2) g_i, g_i ~ N(0, I_D), signs s_i = +1, -1 in equal numbers.
    Loss
        Mean of squares, without 1/2.
    Time
        tau = steps * eta_hat, where every weight's learning rate is eta = eta_hat N D / alpha^2.

    Raises
    ------
    BadValue
        For a field out of its range, naming field, value and remedy.

    References
    ----------
    Kumar, Bordelon, Gershman, Pehlevan, arXiv 2310.06110: network, target, loss. The start with overlap m0 and the time
    unit tau are this package's.

    Examples
    --------
    >>> QuadraticCommittee(output_scale=1.0, curvature=0.5, samples_per_dim=2.0, teacher_overlap=0.4).centred
    True
    """

    output_scale: ArrayLike = number(
        Positive(),
        symbol="alpha",
        unit="target units",
        meaning="scale of the output; large is lazy, small is rich",
        remedy="Pass alpha, for example 1.0; large alpha is lazy.",
        drawn=Span(0.05, 50.0, (1.0,)),
    )
    curvature: ArrayLike = number(
        NonNegative(),
        symbol="eps",
        meaning="second derivative of a neuron; 0 is linear and never fits this target",
        remedy="Pass eps, for example 0.5.",
        drawn=Span(1e-2, 3.0, (1.0, 0.0, 0.5)),
    )
    samples_per_dim: ArrayLike = number(
        Positive(),
        symbol="kappa = P/D",
        unit="samples per input dimension",
        meaning="training points per input dimension; tested for >= 1",
        remedy="Pass samples / dim, for example 550 / 100.",
        drawn=Span(1.0, 20.0, (1.0, 2.0)),
    )
    teacher_overlap: ArrayLike = number(
        Interval(0.0, 1.0, include_high=False),
        symbol="m0",
        meaning="overlap of every neuron with the teacher at the start, up to sign",
        remedy="Pass the overlap of the starting weights with the teacher; 0 is a start that knows nothing.",
        drawn=Span(1e-3, 0.95, (0.0, 0.5)),
        default=0.0,
    )
    centred: bool = structure(
        Switch(),
        symbol="-",
        meaning="subtract the network's own output at the start",
        remedy="True subtracts the start's output.",
        drawn=Among((False, True)),
        default=True,
    )

    def tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
        """How much tau a step of descent is worth: eta_hat.

        Parameters
        ----------
        dynamics : GradientDescent
            The descent asked about.

        Returns
        -------
        array_like
            Its `learning_rate`, which is eta_hat in this wing.
        """
        return dynamics.learning_rate

    def dressed(self, dim: int) -> QuadraticCommittee:
        """The problem as a network of `dim` inputs meets it: m0 -> sqrt(m0^2 + (1 - m0^2) / dim).

        Isotropic weights have, by chance, a share 1/dim of their square along the teacher. In the theory of infinite
        dimension that share is missing; giving it to the overlap removes about half of the finite-size error of the
        test loss (not of the train loss). Essential where m0^2 is not much larger than 1/dim.

        Parameters
        ----------
        dim : int
            Number of input dimensions; at least 2.

        Returns
        -------
        QuadraticCommittee
            The same but for `teacher_overlap`.

        Raises
        ------
        BadValue
            For a `dim` that is no integer of at least 2.
        """
        dim = check_integer("dim", dim, 2, "Pass the number of input dimensions, for example 100.")
        square = jnp.square(self.teacher_overlap)
        return QuadraticCommittee(
            output_scale=self.output_scale,
            curvature=self.curvature,
            samples_per_dim=self.samples_per_dim,
            teacher_overlap=jnp.sqrt(square + (1.0 - square) / dim),
            centred=self.centred,
        )
