"""What this wing studies: a wide two-layer network of slightly curved neurons on a quadratic target."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ..checks import as_array, check_between, check_integer, check_non_negative, check_positive, check_single
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..pytrees import problem

_NUMBERS = ("output_scale", "curvature", "samples_per_dim", "teacher_overlap")


@problem(static=("centred",))
class QuadraticCommittee:
    """A committee of N neurons phi(h) = h + (eps/2) h^2 that learns a quadratic target by its mean squared error.

    Network     f(x) = (alpha/N) sum_i phi(w_i . x), readouts fixed to 1; trained is f(x) - f(x; start) if `centred`
    Data        P = kappa D inputs x ~ N(0, I_D / D), targets y = (1/2) (beta . x)^2 with |beta|^2 = D, so E y^2 = 3/4
    Start       w_i = s_i m0 beta + sqrt(1 - m0^2) g_i, g_i ~ N(0, I_D), signs s_i = +1, -1 in equal numbers
    Loss        mean of squares, without 1/2
    Time        tau = steps * eta_hat, where every weight's learning rate is eta = eta_hat N D / alpha^2

    | symbol | field | meaning | unit | range |
    |---|---|---|---|---|
    | alpha | `output_scale` | scale of the output; large is lazy, small is rich | target units | > 0 |
    | eps | `curvature` | second derivative of a neuron; 0 is linear and never fits this target | - | >= 0 |
    | kappa | `samples_per_dim` | training points per input dimension, P/D | - | > 0; tested for >= 1 |
    | m0 | `teacher_overlap` | overlap of every neuron with the teacher at the start, up to sign | - | [0, 1) |
    | - | `centred` | subtract the network's own output at the start | - | True or False |

    Source: Kumar, Bordelon, Gershman, Pehlevan, arXiv 2310.06110 (network, target, loss); the start with overlap m0 and
    the time unit tau are this package's. Raises BadValue, naming field, value and remedy.

    >>> QuadraticCommittee(output_scale=1.0, curvature=0.5, samples_per_dim=2.0, teacher_overlap=0.4).centred
    True
    """

    output_scale: Any
    curvature: Any
    samples_per_dim: Any
    teacher_overlap: Any = 0.0
    centred: Any = True

    def __post_init__(self):
        for name in _NUMBERS:
            object.__setattr__(self, name, as_array(name, getattr(self, name), "Pass one number."))
        self.check()

    def check_single(self) -> None:
        """Refuse a batch where one problem is wanted, and what `check` refuses."""
        check_single(self, _NUMBERS)
        self.check()

    def check(self) -> None:
        """Refuse values outside the table above; traced values pass."""
        check_positive("output_scale", self.output_scale, "Pass alpha, for example 1.0; large alpha is lazy.")
        check_non_negative("curvature", self.curvature, "Pass eps, for example 0.5.")
        check_positive("samples_per_dim", self.samples_per_dim, "Pass samples / dim, for example 550 / 100.")
        check_between(
            "teacher_overlap",
            self.teacher_overlap,
            0.0,
            1.0,
            "Pass the overlap of the starting weights with the teacher; 0 is a start that knows nothing.",
            include_high=False,
        )
        if not isinstance(self.centred, bool):
            raise BadValue(
                f"centred is {self.centred!r}, but it must be True or False. True subtracts the start's output."
            )

    def tau_per_step(self, dynamics: GradientDescent) -> Any:
        """How much tau a step of descent is worth: eta_hat."""
        return dynamics.learning_rate

    def in_range(self) -> Any:
        """The conditions of `check` as an array of booleans: for solvers, where numbers are traced."""
        overlap = jnp.asarray(self.teacher_overlap)
        scales = (jnp.asarray(self.output_scale) > 0) & (jnp.asarray(self.samples_per_dim) > 0)
        return scales & (jnp.asarray(self.curvature) >= 0) & (overlap >= 0) & (overlap < 1)

    def dressed(self, dim: int) -> QuadraticCommittee:
        """The problem as a network of `dim` inputs meets it: m0 -> sqrt(m0^2 + (1 - m0^2) / dim).

        Isotropic weights have, by chance, a share 1/dim of their square along the teacher. In the theory of infinite
        dimension that share is missing; giving it to the overlap removes about half of the finite-size error of the
        test loss (not of the train loss). Essential where m0^2 is not much larger than 1/dim.
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
