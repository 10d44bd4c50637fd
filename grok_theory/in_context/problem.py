"""What is studied: networks that learn from their prompt.

arXiv:2405.11751 (linear attention), arXiv:2506.17859 (strategies). A variance of the papers is a standard deviation
here, as everywhere in this house.
"""

from __future__ import annotations

from typing import Any

from jax.typing import ArrayLike

from ..checks import check_non_negative, check_shape
from ..drawn import Among, Span, WholeSpan
from ..errors import BadValue
from ..fields import array, data, number, problem, structure
from ..ranges import AtLeastOne, NonNegative, Positive, Told, Whole
from .families import Family, GaussianRegression, Urns, check_family

__all__ = ["LinearAttention", "Strategies", "TaskMixture"]

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
        """The blur c = (1 + rho)/alpha: the variance per direction that a training prompt of a unit task adds to b.

        Returns
        -------
        array_like
            c, dimensionless; > 0.
        """
        return (1 + self.noise**2) / self.context_per_dim

    def test_label_noise(self) -> ArrayLike:
        """The label noise sqrt(rho') in prompts of fresh tasks, `noise` unless told otherwise.

        Returns
        -------
        array_like
            A standard deviation, in label units.
        """
        return self.noise if self.test_noise is None else self.test_noise

    def test_prompt_noise(self) -> ArrayLike:
        """The blur c' = (1 + rho')/alpha': what `prompt_noise` is in prompts of fresh tasks.

        Returns
        -------
        array_like
            c', dimensionless; > 0.
        """
        context = self.context_per_dim if self.test_context_per_dim is None else self.test_context_per_dim
        return (1 + self.test_label_noise() ** 2) / context


@problem
class TaskMixture:
    """Contexts of tasks from a finite list, predicted by memory (which knows the list) and by the rule (the prior).

    D tasks theta are drawn once from the prior of a family. The rule predicts with p_G(x) = E p(x; theta) over the
    prior, memory with p_M(x) = (1/D) sum_d p(x; theta_d) over the list. With I the information of a context about its
    task, the log loss of the rule above that of memory, summed over a context of a training task and averaged over
    lists, lies between max(0, I - ln D) and E ln(1 + (e^i - 1)/D): beyond D* = e^I tasks memory is of no use.

    Curves over the context x, in nats: `information` I(x) and the bounds `gap_bound_low`, `gap_bound_high` of the gap
    are totals of x symbols; `generalizing_seen`, `generalizing_fresh`, `memorizing_seen`, `memorizing_fresh` are the
    expected losses of symbol x on training and on fresh tasks (for regressions square losses of y).

    Examples
    --------
    >>> from grok_theory.in_context import Urns
    >>> TaskMixture(32, Urns(4)).family.symbols
    4
    """

    tasks: ArrayLike = number(
        AtLeastOne(),
        symbol="D",
        unit="tasks",
        meaning="how many training tasks there are",
        remedy="Pass how many training tasks there are, for example 32.",
        drawn=Span(1.0, 1e6, (1.0, 2.0)),
    )
    family: Family = data(
        Told("Urns, GaussianRegression or MarkovChains", check_family, ("urns", 4)),
        symbol="p(x | theta)",
        meaning="what a task is, and its prior",
        remedy="Pass for example in_context.Urns(symbols=4).",
        drawn=Among((Urns(2), Urns(4), GaussianRegression(8, 0.5))),
    )


def _check_mixture(name: str, value: Any, remedy: str) -> None:
    if type(value) is not object and not isinstance(value, TaskMixture):
        raise BadValue(f"{name} is {value!r}, but it must be a TaskMixture. {remedy}")


def _check_lengths(name: str, value: Any, remedy: str) -> None:
    """A pair K_M, K_G of bits, none negative."""
    if type(value) is object:
        return
    check_non_negative(name, value, remedy)
    check_shape(name, value, (2,), remedy)


@problem
class Strategies:
    """Which of the two a network follows in training: evidence against simplicity (rational analysis).

    After N steps the log odds of memory against the rule are

        gamma N^(1-a) DeltaL - ln 2 (K_M^b - K_G^b),

    DeltaL the gap a symbol of `mixture` at this context, K_M and K_G the description lengths in bits; the share of
    memory is their sigmoid, and the network predicts with share p_M + (1 - share) p_G.

    Curves over training steps: `log_odds`, `memorizing_share`, and the losses a symbol of such a network, `train_loss`
    on training tasks and `test_loss` on fresh ones.
    """

    mixture: TaskMixture = data(
        Told("a TaskMixture", _check_mixture, (4, "urns")),
        symbol="-",
        meaning="the tasks",
        remedy="Pass for example in_context.TaskMixture(32, in_context.Urns(4)).",
        drawn=Among(lambda: (TaskMixture(8, Urns(2)), TaskMixture(32, Urns(4)))),
    )
    context: int = structure(
        Whole(1),
        symbol="C",
        unit="symbols",
        meaning="length of a context in training",
        remedy="Pass how many symbols a context has, for example 32.",
        drawn=WholeSpan(1, 32),
    )
    rate: ArrayLike = number(
        Positive(),
        symbol="gamma",
        unit="per nat",
        meaning="how much evidence the first step counts",
        remedy="Pass gamma, for example 10.0.",
        drawn=Span(1e-2, 1e2, (1.0,)),
    )
    learning_exponent: ArrayLike = number(
        NonNegative(),
        symbol="a",
        meaning="how fast later steps count less; from 1 on evidence does not grow",
        remedy="Pass a, for example 0.3.",
        drawn=Span(0.0, 0.9, (0.0, 0.5)),
    )
    complexity_exponent: ArrayLike = number(
        NonNegative(),
        symbol="b",
        meaning="how description lengths count",
        remedy="Pass b, for example 1.0.",
        drawn=Span(0.1, 1.5, (1.0,)),
    )
    description_lengths: ArrayLike | None = array(
        Told("None, or two numbers >= 0", _check_lengths, ([1.0], [-1.0, 0.0], [float("nan"), 1.0])),
        symbol="(K_M, K_G)",
        unit="bits",
        meaning="description lengths of memory and of the rule; None: D I/ln 2 and 0, what it takes to store D tasks "
        "as finely as a context tells them apart",
        axes=("strategy",),
        lists="Pass two numbers of bits, or leave it out.",
        remedy="Pass two numbers of bits, or leave it out.",
        default=None,
    )
