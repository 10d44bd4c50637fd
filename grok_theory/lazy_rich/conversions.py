"""From somebody's training script to a Problem and its times.

A script trains f(x) = (a / N) sum_i [u_i + (e/2) u_i^2], u_i = w_i . x, on targets y = k (b . x)^2, with inputs of its
own scale, starting weights of its own scale, a loss with or without the 1/2, and a learning rate of its own. All of
these are units: the network is a QuadraticCommittee for other values of alpha and eps, at other times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float

from ..checks import check_choice, check_integer, check_positive, check_times
from ..dynamics import GradientDescent
from .problem import QuadraticCommittee

_LOSSES = ("mean", "half_mean", "sum", "half_sum")


class Converted(NamedTuple):
    """A script's training run in this wing's units.

    Parameters
    ----------
    problem : QuadraticCommittee
        The network and its data in this wing's units.
    learning_rate : float
        The script's, as eta_hat: tau = epochs * eta_hat.
    loss_unit : float
        What one unit of this wing's losses is in the script's: squared target units, times the script's 1/2, or its
        sum over samples.

    Examples
    --------
    >>> from grok_theory.lazy_rich import from_paper
    >>> script = from_paper(output_scale=8.0, curvature=0.25, dim=20, samples=120)
    >>> print(script.times([0, 100]))
    [0. 5.]
    """

    problem: QuadraticCommittee
    learning_rate: float  # eta_hat; tau = epochs * eta_hat
    loss_unit: float  # one unit of our losses is this much of the script's; times its 1/2, or its sum over samples

    @property
    def dynamics(self) -> GradientDescent:
        """Descent by the script's steps: epochs of full batches are its x."""
        return GradientDescent(self.learning_rate)

    def times(self, epochs: ArrayLike) -> Float[np.ndarray, " times"]:
        """The tau of full-batch epochs (steps): the x of a gradient flow.

        Parameters
        ----------
        epochs : array_like
            (times,) step counts, >= 0, non-decreasing.

        Returns
        -------
        array (times,)
            Times in tau, `epochs` times `learning_rate`.

        Raises
        ------
        BadValue
            For epochs that are not sorted, finite and >= 0.
        """
        check_times(epochs, name="epochs", remedy="Pass sorted step counts.")
        return np.asarray(epochs, dtype=np.float64) * self.learning_rate


def from_training_code(
    *,
    dim: int,
    samples: int,
    width: int,
    output_scale: float,
    curvature: float,
    learning_rate: float,
    loss: str = "mean",
    input_deviation: float | None = None,
    weight_deviation: float = 1.0,
    teacher_norm: float | None = None,
    target_factor: float = 0.5,
    teacher_overlap: float = 0.0,
    centred: bool = True,
) -> Converted:
    """The Problem, eta_hat and unit of loss of a full-batch training script (see the module's first lines).

    With x = s x', w = v w', b = norm(b) b'/sqrt(D) and Y = 2 k norm(b)^2 s^2 / D: alpha = a v s / Y, eps = e v s,
    eta_hat = learning_rate l a^2 s^2 / (N D), l the factor of the loss against the mean; losses are in units l Y^2.

    Parameters
    ----------
    dim : int
        Number D of input dimensions.
    samples : int
        Training inputs.
    width : int
        Number N of neurons.
    output_scale, curvature : float
        The script's a and e.
    learning_rate : float
        Of plain gradient descent on every weight.
    loss : str, default 'mean'
        "mean" or "sum" of squares over the samples, or "half_mean", "half_sum" with a factor 1/2.
    input_deviation : float, optional
        Standard deviation of each entry of x; default 1/sqrt(dim), so that norm(x)^2 is about 1.
    weight_deviation : float, default 1.0
        Standard deviation of each starting weight.
    teacher_norm : float, optional
        The norm of b; default sqrt(dim).
    target_factor : float, default 0.5
        The script's k; 1/2 in the paper, 1 in a public rerun of it.
    teacher_overlap : float, default 0.0
        As in the Problem, in units of `weight_deviation`.
    centred : bool, default True
        As in the Problem: whether the output at the start is subtracted.

    Returns
    -------
    Converted
        The Problem, the learning rate and the unit of the losses.

    Raises
    ------
    BadValue
        For a number out of its range, a count that is no integer, or another word for `loss`.

    Examples
    --------
    >>> run = from_training_code(dim=100, samples=550, width=500, output_scale=1.0, curvature=0.25, learning_rate=500.0)
    >>> print(f"{run.learning_rate:.3f} {run.loss_unit:.1f}")
    0.010 1.0
    """
    for name, value in (("dim", dim), ("samples", samples), ("width", width)):
        check_integer(name, value, 1, "Pass the script's own number.")
    scale = 1 / np.sqrt(dim) if input_deviation is None else input_deviation
    norm = np.sqrt(dim) if teacher_norm is None else teacher_norm
    for name, value in (
        ("output_scale", output_scale),
        ("learning_rate", learning_rate),
        ("input_deviation", scale),
        ("weight_deviation", weight_deviation),
        ("teacher_norm", norm),
        ("target_factor", target_factor),
    ):
        check_positive(name, value, "Pass the script's own number.")
    check_choice("loss", loss, _LOSSES)
    factor = (0.5 if loss.startswith("half") else 1.0) * (samples if loss.endswith("sum") else 1)
    stretch = scale * np.sqrt(dim)  # 1 for |x|^2 about 1
    target_unit = 2 * target_factor * norm**2 * stretch**2 / dim
    problem = QuadraticCommittee(
        output_scale=float(output_scale * weight_deviation * stretch / target_unit),
        curvature=float(curvature * weight_deviation * stretch),
        samples_per_dim=samples / dim,
        teacher_overlap=teacher_overlap,
        centred=centred,
    )
    rate = learning_rate * factor * output_scale**2 * stretch**2 / (width * dim)
    return Converted(problem, float(rate), float(factor * target_unit**2))


def from_paper(
    *,
    output_scale: float,
    curvature: float,
    dim: int,
    samples: int,
    paper_learning_rate: float = 1.0,
    centred: bool = True,
) -> Converted:
    """The Problem in the conventions of Kumar, Bordelon, Gershman, Pehlevan: eta = eta0 N / alpha^2.

    One epoch is eta0 / dim of tau. Target with norm(beta)^2 = D and the factor 1/2, loss the mean of squares.

    Parameters
    ----------
    output_scale : float
        The paper's alpha.
    curvature : float
        The paper's eps.
    dim : int
        Number D of input dimensions.
    samples : int
        Training inputs.
    paper_learning_rate : float, default 1.0
        The paper's eta0.
    centred : bool, default True
        Whether the output at the start is subtracted.

    Returns
    -------
    Converted
        The Problem, the learning rate eta0 / dim and the unit of the losses, 1.

    Raises
    ------
    BadValue
        For a number that is not positive, or a count that is no integer.

    References
    ----------
    Kumar, Bordelon, Gershman, Pehlevan, arXiv 2310.06110.

    Examples
    --------
    >>> script = from_paper(output_scale=8.0, curvature=0.25, dim=20, samples=120)
    >>> print(script.learning_rate, script.problem.samples_per_dim)
    0.05 6.0
    """
    check_positive("output_scale", output_scale, "Pass alpha.")
    return from_training_code(
        dim=dim,
        samples=samples,
        width=1,
        output_scale=output_scale,
        curvature=curvature,
        learning_rate=paper_learning_rate / output_scale**2,
        centred=centred,
    )


def rescaled_start(problem: QuadraticCommittee, init_scale: float) -> QuadraticCommittee:
    """The Problem whose network is the given one with all starting weights multiplied by `init_scale` = sigma.

    w = sigma w' turns (alpha, eps) into (alpha sigma, eps sigma), at the same tau and with the same losses: exact, not
    a limit. So the initialization scale is no parameter of its own. The quadratic part sees alpha eps sigma^2.

    Parameters
    ----------
    problem : QuadraticCommittee
        The network before.
    init_scale : float
        The factor sigma on all starting weights; > 0.

    Returns
    -------
    QuadraticCommittee
        The same data, start and centring; alpha and eps times sigma.

    Raises
    ------
    BadValue
        For an `init_scale` that is not positive and finite.

    Examples
    --------
    >>> from grok_theory.lazy_rich import QuadraticCommittee
    >>> wide = rescaled_start(QuadraticCommittee(2.0, curvature=0.3, samples_per_dim=3.0), 2.0)
    >>> print(wide.output_scale, wide.curvature)
    4.0 0.6
    """
    check_positive("init_scale", init_scale, "Pass the factor on the starting weights, for example 0.5.")
    return QuadraticCommittee(
        output_scale=problem.output_scale * init_scale,
        curvature=problem.curvature * init_scale,
        samples_per_dim=problem.samples_per_dim,
        teacher_overlap=problem.teacher_overlap,
        centred=problem.centred,
    )
