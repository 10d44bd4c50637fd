"""What is studied: the problems of the linear wing that numbers describe, in the conventions of Advani & Saxe.

arXiv:1710.03667. Those that arrays describe are in `regression_problem`.
"""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_non_negative, check_positive, is_traced
from ..drawn import Span, WholeSpan
from ..dynamics import GradientDescent
from ..fields import check_fields, number, problem, quantities, structure
from ..numerics.spectra import spectral_edges
from ..ranges import INF, NAN, NonNegative, Positive, Told, Whole

__all__ = ["DeepLinear", "TeacherStudent"]

_SAMPLES = {
    "symbol": "alpha = P/N",
    "unit": "samples per weight",
    "meaning": "training samples per input dimension; 1 is allowed",
}
NOISE = {"symbol": "se", "unit": "label", "meaning": "standard deviation of the label noise"}
_ALPHAS, _SNRS, NOISES = Span(0.05, 20.0, (1.0, 0.5, 2.0)), Span(1e-3, 1e3, (1.0, 0.0, 5.0)), Span(1e-2, 1e2, (1.0,))


@problem
class TeacherStudent:
    """A linear student with N weights learns a noisy linear teacher from P samples; N, P -> inf at fixed P/N.

    X is N x P with independent N(0, 1/N) entries, y = wbar X + eps, wbar_i ~ N(0, sw^2), eps ~ N(0, se^2), the student
    is yhat = w X with w_i(0) ~ N(0, s0^2), trained by tau dw/dt = (y - wX) X^T - g w.

    Every loss and the weight norm scale with `noise`^2. Curves: `train_loss` = mean square error on the training set
    (no factor 1/2, without the penalty), `test_loss` = expected square error on a fresh *noisy* label, `weight_norm` =
    w.w/N, `test_bias` and `test_variance` (test_loss = noise^2 + bias + variance; the first from teacher and initial
    weights, the second from label noise), `train_bias` (the part of train_loss from teacher and initial weights).

    Examples
    --------
    >>> problem = TeacherStudent(samples_per_dim=0.5, snr=5.0)
    >>> from grok_theory.linear import solve
    >>> print(solve(problem, [0.0, 1.0])['test_loss'].round(4))
    [6.     4.3303]
    """

    samples_per_dim: ArrayLike = number(
        Positive(),
        **_SAMPLES,
        remedy="Pass samples / dim, for example 400 / 200.",
        drawn=_ALPHAS,
    )
    snr: ArrayLike = number(
        NonNegative(),
        symbol="SNR = sw^2/se^2",
        unit="noise variances",
        meaning="variance of a teacher's weight over that of the label noise",
        remedy="Pass the teacher's weight variance over the noise variance, for example 5.0.",
        drawn=_SNRS,
    )
    inr: ArrayLike = number(
        NonNegative(),
        symbol="INR = s0^2/se^2",
        unit="noise variances",
        meaning="variance of an initial weight over that of the label noise",
        remedy="Pass the initial weight variance over the noise variance, for example 0.0.",
        drawn=Span(1e-3, 1e2, (0.0, 1.0)),
        default=0.0,
    )
    noise: ArrayLike = number(
        Positive(),
        **NOISE,
        remedy="It is the standard deviation of the label noise; for a noiseless learner keep noise=1 and read the "
        "curves test_bias and train_bias, which hold nothing of the label noise.",
        drawn=NOISES,
        default=1.0,
    )
    weight_decay: ArrayLike = number(
        NonNegative(),
        symbol="g",
        unit="eigenvalues of X X^T",
        meaning="penalty of the summed square error + g w.w",
        remedy="Pass the penalty g, for example 0.0.",
        drawn=Span(1e-4, 10.0, (0.0, 1.0)),
        default=0.0,
    )

    def tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
        """How much tau a step w <- w + eta [(y - wX) X^T - g w] is worth: eta, exactly as eta -> 0.

        Parameters
        ----------
        dynamics : GradientDescent
            Whose steps are counted.

        Returns
        -------
        array_like
            Its learning rate eta.
        """
        return dynamics.learning_rate

    def largest_stable_learning_rate(self) -> ArrayLike:
        """The learning rate from which on descent diverges: 2/(l+ + g), l+ = (1 + sqrt(alpha))^2.

        Returns
        -------
        array_like
            One number a problem.
        """
        alpha = self.samples_per_dim
        upper = spectral_edges(alpha if is_traced(alpha) else np.asarray(alpha, float))[1]
        return 2 / (upper + self.weight_decay)


@problem
class DeepLinear:
    """A linear network of `depth` weight matrices, scalar output and aligned start, on the task of TeacherStudent.

    W_1 = r_1 a^T, W_l = u r_l r_(l-1)^T, last layer u r^T with unit vectors r, so the network computes w = u^(D-1) a.
    Flow of half the summed square error per N in canonical units: inputs N(0, 1), teacher weights N(0, SNR se^2/N),
    a_i(0) ~ N(0, first_norm^2/N), u(0) = upper_norm. At depth 1 it is TeacherStudent with INR = first_norm^2/se^2.

    The dynamics is not scale-free: `noise` is no overall factor. Curves: `train_loss`, `test_loss`, `weight_norm` =
    w.w, `upper_norm` = u(t).

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> network = linear.DeepLinear(2.0, 5.0, depth=2, upper_norm=0.1, first_norm=0.1)
    >>> print(linear.limits(network).test_loss.round(3))
    2.0
    """

    samples_per_dim: ArrayLike = number(
        Positive(), **_SAMPLES, remedy="Pass samples / dim, for example 400 / 200.", drawn=_ALPHAS
    )
    snr: ArrayLike = number(
        NonNegative(),
        symbol="SNR = sw^2/se^2",
        unit="noise variances",
        meaning="variance of a teacher's weight over that of the label noise",
        remedy="Pass teacher weight variance / noise variance, for example 5.0.",
        drawn=_SNRS,
    )
    depth: int = structure(
        Whole(1),
        symbol="D",
        unit="weight matrices",
        meaning="how many weight matrices are multiplied; no number to differentiate",
        remedy="Pass the number of weight matrices, for example 2.",
        drawn=WholeSpan(1, 4),
    )
    upper_norm: ArrayLike = number(
        Told("> 0; >= 0 at depth 1, where it is not used", outside=(0.0, -1.0, NAN, INF, -INF)),
        symbol="u(0)",
        unit="canonical weights",
        meaning="norm of every layer above the first at the start",
        remedy="From 0 the upper layers never move, however large the network: pass a small norm, for example 0.1.",
        drawn=Span(0.1, 3.0, (1.0,)),
    )
    first_norm: ArrayLike = number(
        NonNegative(),
        symbol="f, f^2 = E a(0).a(0)",
        unit="canonical weights",
        meaning="root mean square norm of the first layer at the start",
        remedy="Pass the norm of the first layer, for example 0.1.",
        drawn=Span(0.1, 3.0, (1.0,)),
    )
    noise: ArrayLike = number(
        Positive(),
        **NOISE,
        remedy="It is the standard deviation of the label noise; pass a small one, say 1e-3.",
        drawn=NOISES,
        default=1.0,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element."""
        check_fields(self)
        if self.depth >= 2:
            check_positive("upper_norm", self.upper_norm, quantities(DeepLinear)["upper_norm"].remedy)
        else:
            check_non_negative("upper_norm", self.upper_norm, "At depth 1 it is not used; pass 1.0.")
