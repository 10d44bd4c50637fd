"""What is studied: networks that learn from their prompt.

arXiv:2405.11751 (linear attention). A variance of the papers is a standard deviation here, as everywhere in this house.
"""

from __future__ import annotations

from jax.typing import ArrayLike

from ..drawn import Span
from ..fields import number, problem
from ..ranges import NonNegative, Positive

__all__ = ["LinearAttention"]

_CONTEXTS = Span(0.1, 50.0, (1.0, 2.0))
_NOISES = Span(1e-2, 3.0, (0.0, 1.0))


@problem
class LinearAttention:
    """Linear attention learns to do regression from a prompt, trained on a finite set of tasks; d -> inf.

    A prompt holds l = alpha d pairs (x_i, y_i = w.x_i + eps_i), x_i ~ N(0, I/d), eps_i ~ N(0, rho), of one of
    k = kappa d tasks w ~ N(0, I) that are drawn once, and a query x. The prediction is x^T G b, with
    b = (d/l) sum_i y_i x_i and one d x d matrix G. It is fitted to n = tau d^2 such sequences with the objective
    sum (y - x^T G b)^2 + (n/d) lambda norm(G)^2, or by one-pass gradient descent on fresh ones.

    Curves: `idg_loss`, the mean square error on new prompts of the training tasks (in-distribution generalization), and
    `icl_loss`, that on prompts of fresh tasks (in-context learning); both with the noise of the label.
    """

    context_per_dim: ArrayLike = number(
        Positive(),
        symbol="alpha = l/d",
        unit="pairs per dimension",
        meaning="length of a training prompt",
        remedy="Pass pairs of a prompt / dim, for example 2.0.",
        drawn=_CONTEXTS,
    )
    tasks_per_dim: ArrayLike = number(
        Positive(),
        symbol="kappa = k/d",
        unit="tasks per dimension",
        meaning="training tasks",
        remedy="Pass tasks / dim, for example 1.0.",
        drawn=Span(0.05, 20.0, (0.25, 1.0)),
    )
    noise: ArrayLike = number(
        NonNegative(),
        symbol="sqrt(rho)",
        unit="label",
        meaning="standard deviation of the label noise",
        remedy="It is the standard deviation of the label noise, the root of the papers' rho.",
        drawn=_NOISES,
    )
    ridge: ArrayLike = number(
        NonNegative(),
        symbol="lambda",
        meaning="penalty of the objective above",
        remedy="Pass the penalty lambda, for example 0.01.",
        drawn=Span(1e-3, 10.0, (0.0, 0.1)),
        default=0.0,
    )
    test_context_per_dim: ArrayLike | None = number(
        Positive(),
        symbol="alpha'",
        unit="pairs per dimension",
        meaning="length of the prompts of fresh tasks; None: as in training",
        remedy="Pass pairs of a test prompt / dim, or leave it out.",
        default=None,
    )
    test_noise: ArrayLike | None = number(
        NonNegative(),
        symbol="sqrt(rho')",
        unit="label",
        meaning="standard deviation of the label noise in prompts of fresh tasks; None: as in training",
        remedy="It is the standard deviation of the label noise at test, or leave it out.",
        default=None,
    )

    def prompt_noise(self) -> ArrayLike:
        """c = (1 + rho)/alpha: the variance per direction that a training prompt of a unit task adds to b.

        Returns
        -------
        array_like
            c, dimensionless; > 0.
        """
        return (1 + self.noise**2) / self.context_per_dim

    def test_label_noise(self) -> ArrayLike:
        """sqrt(rho'): the label noise in prompts of fresh tasks, `noise` unless told otherwise.

        Returns
        -------
        array_like
            A standard deviation, in label units.
        """
        return self.noise if self.test_noise is None else self.test_noise

    def test_prompt_noise(self) -> ArrayLike:
        """c' = (1 + rho')/alpha': what `prompt_noise` is in prompts of fresh tasks.

        Returns
        -------
        array_like
            c', dimensionless; > 0.
        """
        context = self.context_per_dim if self.test_context_per_dim is None else self.test_context_per_dim
        return (1 + self.test_label_noise() ** 2) / context
