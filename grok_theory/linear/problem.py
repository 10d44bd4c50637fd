"""What is studied: the problems of the linear wing, in the conventions of Advani & Saxe (arXiv:1710.03667)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_finite, check_integer, check_non_negative, check_positive, check_shape
from ..drawn import Entries, GaussianEntries, Span, WholeSpan
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..fields import array, check_fields, number, problem, quantities, structure
from ..numerics.relu_moments import relu_pairs
from ..numerics.spectra import spectral_edges
from ..ranges import INF, NAN, AtLeastOne, Finite, NonNegative, Positive, Told, Whole

__all__ = ["CorrelatedInputs", "DeepLinear", "RandomFeatures", "TeacherStudent"]

_SAMPLES = {
    "symbol": "alpha = P/N",
    "unit": "samples per weight",
    "meaning": "training samples per input dimension; 1 is allowed",
}
_NOISE = {"symbol": "se", "unit": "label", "meaning": "standard deviation of the label noise"}
_ALPHAS, _SNRS, _NOISES = Span(0.05, 20.0, (1.0, 0.5, 2.0)), Span(1e-3, 1e3, (1.0, 0.0, 5.0)), Span(1e-2, 1e2, (1.0,))
_LISTS = "Pass an array, one number a mode."
_COUNT = "Pass how many training samples there are."


@problem
class TeacherStudent:
    """A linear student with N weights learns a noisy linear teacher from P samples; N, P -> inf at fixed P/N.

    X is N x P with independent N(0, 1/N) entries, y = wbar X + eps, wbar_i ~ N(0, sw^2), eps ~ N(0, se^2), the student
    is yhat = w X with w_i(0) ~ N(0, s0^2), trained by tau dw/dt = (y - wX) X^T - g w.

    Every loss and the weight norm scale with `noise`^2. Curves: `train_loss` = mean square error on the training set
    (no factor 1/2, without the penalty), `test_loss` = expected square error on a fresh *noisy* label, `weight_norm` =
    w.w/N, `test_bias` and `test_variance` (test_loss = noise^2 + bias + variance; the first from teacher and initial
    weights, the second from label noise), `train_bias` (the part of train_loss from teacher and initial weights).
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
        **_NOISE,
        remedy="It is the standard deviation of the label noise; for a noiseless learner keep noise=1 and read the "
        "curves test_bias and train_bias, which hold nothing of the label noise.",
        drawn=_NOISES,
        default=1.0,
    )
    weight_decay: ArrayLike = number(
        NonNegative(),
        symbol="g",
        unit="eigenvalues of X X^T",
        meaning="penalty of |y - wX|^2 + g |w|^2",
        remedy="Pass the penalty g, for example 0.0.",
        drawn=Span(1e-4, 10.0, (0.0, 1.0)),
        default=0.0,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element."""
        check_fields(self)

    def tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
        """How much tau a step w <- w + eta [(y - wX) X^T - g w] is worth: eta, exactly as eta -> 0.

        Parameters
        ----------
        dynamics : GradientDescent
            TODO.

        Returns
        -------
        array_like
            TODO
        """
        return dynamics.learning_rate

    def largest_stable_learning_rate(self) -> ArrayLike:
        """2/(l+ + g), l+ = (1 + sqrt(alpha))^2; from there on descent diverges.

        Returns
        -------
        array_like
            TODO
        """
        upper = spectral_edges(jnp.asarray(self.samples_per_dim, float))[1]
        return 2 / (upper + self.weight_decay)


@problem
class DeepLinear:
    """A linear network of `depth` weight matrices, scalar output and aligned start, on the task of TeacherStudent.

    W_1 = r_1 a^T, W_l = u r_l r_(l-1)^T, last layer u r^T with unit vectors r, so the network computes w = u^(D-1) a.
    Flow of half the summed square error per N in canonical units: inputs N(0, 1), teacher weights N(0, SNR se^2/N),
    a_i(0) ~ N(0, first_norm^2/N), u(0) = upper_norm. At depth 1 it is TeacherStudent with INR = first_norm^2/se^2.

    The dynamics is not scale-free: `noise` is no overall factor. Curves: `train_loss`, `test_loss`, `weight_norm` =
    w.w, `upper_norm` = u(t).
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
        **_NOISE,
        remedy="It is the standard deviation of the label noise; pass a small one, say 1e-3.",
        drawn=_NOISES,
        default=1.0,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element."""
        check_fields(self)
        if self.depth >= 2:
            check_positive("upper_norm", self.upper_norm, quantities(DeepLinear)["upper_norm"].remedy)
        else:
            check_non_negative("upper_norm", self.upper_norm, "At depth 1 it is not used; pass 1.0.")


@problem
class CorrelatedInputs:
    """Linear regression on Gaussian inputs with any covariance: x ~ N(0, diag(spectrum)), y = target . x + noise.

    `samples` such pairs, flow of half the summed square error from w(0) = 0. Read arrays in the eigenbasis of the
    covariance. spectrum = ones(N)/N with |target|^2 = N SNR is TeacherStudent with samples_per_dim = samples/N.
    A spectrum is not empty, and `simulate` takes a whole number of samples.

    Curves: `train_loss` and `test_loss` (noise included) in label units squared, `weight_norm` = w.w/modes.
    """

    spectrum: ArrayLike | Sequence = array(
        NonNegative(),
        symbol="l_i",
        unit="input variance",
        meaning="variance of an input along mode i",
        axes=("modes",),
        lists=_LISTS,
        remedy="Pass the eigenvalues of the inputs' covariance.",
        drawn=Entries(Span(0.01, 10.0, (1.0, 0.0)), 3),
    )
    target: ArrayLike | Sequence = array(
        Finite(),
        symbol="c_i",
        unit="label per input",
        meaning="weight of the teacher along mode i",
        axes=("modes",),
        lists=_LISTS,
        remedy="Pass the teacher's weight along every eigenvector.",
        drawn=Entries(Span(-3.0, 3.0, (1.0, 0.0)), 3),
    )
    samples: ArrayLike = number(
        AtLeastOne(),
        symbol="n",
        unit="samples",
        meaning="training samples",
        remedy=_COUNT,
        drawn=Span(1.0, 30.0, (3.0, 2.0)),
    )
    noise: ArrayLike = number(
        NonNegative(),
        **_NOISE,
        remedy="It is the standard deviation of the label noise.",
        drawn=_NOISES,
        default=1.0,
    )

    def check(self) -> None:
        """Refuse what is out of range, element by element."""
        check_fields(self)
        if np.size(self.spectrum) == 0:
            raise BadValue("spectrum is empty, but it must hold at least one eigenvalue. Pass the input variances.")
        if (
            np.ndim(self.spectrum) >= 1
            and np.ndim(self.target) >= 1
            and np.shape(self.spectrum) != np.shape(self.target)
        ):
            raise BadValue(
                f"target has shape {np.shape(self.target)}, but spectrum has shape {np.shape(self.spectrum)}, and they "
                "must be equal. Pass one teacher weight for every eigenvalue."
            )

    @classmethod
    def from_data(cls, inputs: ArrayLike, targets: ArrayLike, *, samples: ArrayLike, noise: ArrayLike | None = None):
        """The problem that has the second moments of a data set: its spectrum, its best linear teacher, its misfit.

        The spectrum has one entry a column. Directions that the columns, brought to one unit, do not have (a constant
        zero, one column a sum of others: below rounding) get the variance 0, and `solve` counts them in its status: a
        column in other units changes the spectrum, but not the rank, the noise or the end of a least-squares fit.

        Parameters
        ----------
        inputs : array_like
            (points, dim), not centred here; add a constant column for an intercept.
        targets : array_like
            (points,).
        samples : array_like
            N, how many of such points are trained on.
        noise : array_like, optional
            Standard deviation of what no linear function explains; left out, it comes from the least-squares residual
            over the whole set, sqrt(residual^2/(points - rank)).

        Raises
        ------
        BadValue
            Where the points do not determine the noise (points <= rank) and it is not given.
        """
        from scipy.linalg import qr

        from .units import equilibrated, graded_svd

        x, y = np.asarray(inputs, float), np.asarray(targets, float)
        check_shape("inputs", x, (None, None), "Pass one row a point.")
        check_shape("targets", y, (x.shape[0],), "Pass one number a row of inputs.")
        check_finite("inputs", x, "Remove or fill what is missing.")
        check_finite("targets", y, "Remove or fill what is missing.")
        points, dim = x.shape
        columns, units = equilibrated(x)
        basis, upper, pivots = qr(columns, mode="economic", pivoting=True)  # type: ignore[assignment]
        sizes = np.abs(np.diag(upper))
        rank = int(np.sum(sizes > max(x.shape) * np.finfo(float).eps * max(sizes[0], 1e-300)))
        basis, upper = basis[:, :rank], upper[:rank, np.argsort(pivots)]
        seen = y @ basis
        left, scale = graded_svd(upper * units)
        if noise is None:
            if points <= rank:
                raise BadValue(
                    f"noise is None, but {points} points of rank {rank} are fitted exactly and do not determine it. "
                    "Pass noise=..., or more points."
                )
            noise = float(np.linalg.norm(y - basis @ seen) / np.sqrt(points - rank))
        unseen = np.zeros(dim - rank)
        return cls(
            np.concatenate([(scale / np.sqrt(points)) ** 2, unseen]),
            np.concatenate([(seen @ left) / scale, unseen]),
            samples,
            noise,
        )


@problem
class RandomFeatures:
    """A two-layer ReLU network whose output weights alone are trained, on labels of another ReLU network.

    h = relu(features x), x ~ N(0, I), label = readout . relu(teacher x) + noise, flow of half the summed square error
    in the output weights from zero. Solved by its equivalent CorrelatedInputs: an approximation (Gaussian equivalence),
    whose limits stand in docs/linear.md; the covariance of the features is exact.

    Curves: `train_loss`, `test_loss` (label units squared), `weight_norm` = w.w/width.
    """

    features: ArrayLike | Sequence = array(
        Finite(),
        symbol="-",
        meaning="first-layer weights, kept as they are",
        axes=("width", "dim"),
        remedy="Pass the (width, dim) first-layer weights.",
        drawn=GaussianEntries((4, 3)),
    )
    teacher: ArrayLike | Sequence = array(
        Finite(),
        symbol="-",
        meaning="first-layer weights of the teacher",
        axes=("teacher_width", "dim"),
        remedy="Pass the teacher's (teacher_width, dim) first-layer weights.",
        drawn=GaussianEntries((2, 3)),
    )
    readout: ArrayLike | Sequence = array(
        Finite(),
        symbol="-",
        unit="label",
        meaning="output weights of the teacher",
        axes=("teacher_width",),
        remedy="Pass the teacher's output weights.",
        drawn=GaussianEntries((2,)),
    )
    samples: ArrayLike = number(
        AtLeastOne(),
        symbol="P",
        unit="samples",
        meaning="training samples",
        remedy=_COUNT,
        drawn=Span(1.0, 30.0),
    )
    noise: ArrayLike = number(
        NonNegative(),
        **_NOISE,
        remedy="It is the standard deviation of the label noise.",
        drawn=_NOISES,
        default=1.0,
    )

    def check(self) -> None:
        """Refuse what is out of range and arrays that do not fit."""
        check_fields(self)
        shapes = np.shape(self.features), np.shape(self.teacher), np.shape(self.readout)
        if tuple(map(len, shapes)) == (2, 2, 1):
            check_shape("teacher", self.teacher, (None, shapes[0][1]), "Its columns are those of features.")
            check_shape("readout", self.readout, (shapes[1][0],), "It has one weight for every row of teacher.")

    @classmethod
    def draw(cls, *, dim: Any, width: Any, samples: ArrayLike, teacher_width: Any, snr: float, key: Any):
        """Gaussian features and teacher: entries N(0, 1/dim), readout N(0, 1/teacher_width), noise by `snr`.

        `snr` = E f(x)^2/noise^2 with f the drawn teacher; `float("inf")`: no noise.

        Parameters
        ----------
        dim
            TODO.
        width
            TODO.
        samples : array_like
            TODO.
        teacher_width
            TODO.
        snr : float
            TODO.
        key
            TODO.
        """
        import jax

        from ..checks import check_key

        check_key(key)
        sizes = {"dim": dim, "width": width, "teacher_width": teacher_width}
        dim, width, teacher_width = (
            check_integer(name, size, 1, "Pass a whole number of units.") for name, size in sizes.items()
        )
        if snr != np.inf:
            check_positive("snr", snr, 'Pass teacher power / noise variance; float("inf") for no noise.')
        keys = jax.random.split(key, 3)
        features = jax.random.normal(keys[0], (width, dim)) / np.sqrt(dim)
        teacher = jax.random.normal(keys[1], (teacher_width, dim)) / np.sqrt(dim)
        readout = jax.random.normal(keys[2], (teacher_width,)) / np.sqrt(teacher_width)
        noise = float(np.sqrt(teacher_power(teacher, readout) / snr))
        return cls(features, teacher, readout, samples, noise)


def teacher_power(teacher: Any, readout: Any):
    """E f(x)^2 of the teacher f = readout . relu(teacher x), x ~ N(0, I), exactly."""
    return readout @ relu_pairs(teacher, teacher) @ readout
