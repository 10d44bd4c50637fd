"""The problems of the linear wing that arrays describe: regression on any covariance, and on random ReLU features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_finite, check_integer, check_positive, check_shape
from ..drawn import Entries, GaussianEntries, Span
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..fields import array, check_fields, number, problem
from ..numerics.relu_moments import relu_pairs
from ..ranges import AtLeastOne, AtLeastOneOrInfinite, Finite, NonNegative
from .problem import NOISE, NOISES

__all__ = ["CorrelatedInputs", "RandomFeatures"]

_LISTS = "Pass an array, one number a mode."
_COUNT = "Pass how many training samples there are."


@problem
class CorrelatedInputs:
    """Linear regression on Gaussian inputs with any covariance: x ~ N(0, diag(spectrum)), y = target . x + noise.

    `samples` such pairs, flow of half the summed square error from w(0) = 0. Read arrays in the eigenbasis of the
    covariance. spectrum = ones(N)/N with target.target = N SNR is TeacherStudent with samples_per_dim = samples/N.
    A spectrum is not empty, and `simulate` takes a whole number of samples. With samples = inf every step draws its own
    samples: that is `OnePass`, the only dynamics that takes it (docs/online_sgd.md).

    Curves: `train_loss` and `test_loss` (noise included) in label units squared, `weight_norm` = w.w/modes.

    Examples
    --------
    >>> import numpy as np
    >>> problem = CorrelatedInputs(spectrum=[2.0, 1.0, 0.5], target=[1.0, 1.0, 1.0], samples=5)
    >>> np.shape(problem.spectrum)
    (3,)
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
        AtLeastOneOrInfinite(),
        symbol="n",
        unit="samples",
        meaning="training samples; inf under OnePass, which draws every sample afresh, and nowhere else",
        remedy=_COUNT,
        drawn=Span(1.0, 30.0, (3.0, 2.0)),
    )
    noise: ArrayLike = number(
        NonNegative(),
        **NOISE,
        remedy="It is the standard deviation of the label noise.",
        drawn=NOISES,
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

    def tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
        """How much tau a step of descent on half the summed square error is worth: eta, exactly as eta -> 0.

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

    @classmethod
    def from_data(cls, inputs: ArrayLike, targets: ArrayLike, *, samples: ArrayLike, noise: ArrayLike | None = None):
        """Make the problem that has the second moments of a data set: its spectrum, best linear teacher and misfit.

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

        Returns
        -------
        CorrelatedInputs
            In the eigenbasis of the second moments of the inputs.

        Raises
        ------
        BadValue
            Where the points do not determine the noise (points <= rank) and it is not given; for shapes that do not fit
            and numbers that are not finite.
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
    whose limits stand in docs/linear_evidence.md; the covariance of the features is exact.

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
        **NOISE,
        remedy="It is the standard deviation of the label noise.",
        drawn=NOISES,
        default=1.0,
    )

    def check(self) -> None:
        """Refuse what is out of range and arrays that do not fit."""
        check_fields(self)
        shapes = np.shape(self.features), np.shape(self.teacher), np.shape(self.readout)
        if tuple(map(len, shapes)) == (2, 2, 1):
            check_shape("teacher", self.teacher, (None, shapes[0][1]), "Its columns are those of features.")
            check_shape("readout", self.readout, (shapes[1][0],), "It has one weight for every row of teacher.")

    tau_per_step = CorrelatedInputs.tau_per_step

    @classmethod
    def draw(cls, *, dim: Any, width: Any, samples: ArrayLike, teacher_width: Any, snr: float, key: Any):
        """Draw Gaussian features and teacher: entries N(0, 1/dim), readout N(0, 1/teacher_width), noise by `snr`.

        Parameters
        ----------
        dim : int
            Dimension of the inputs, at least 1.
        width : int
            How many features, at least 1.
        samples : array_like
            How many training samples, at least 1.
        teacher_width : int
            How many hidden units of the teacher, at least 1.
        snr : float
            E f(x)^2/noise^2 with f the drawn teacher; `float("inf")`: no noise.
        key : Array
            A `jax.random.key`.

        Returns
        -------
        RandomFeatures
            The drawn problem.

        Raises
        ------
        BadValue
            For an argument out of its range, named with what is allowed.
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
