"""What is studied: the four problems of the linear wing, in the conventions of Advani & Saxe (arXiv:1710.03667)."""

from jax.typing import ArrayLike

from ..errors import check_non_negative, check_positive
from ..pytrees import problem

__all__ = ["TeacherStudent"]


@problem()
class TeacherStudent:
    """A linear student with N weights learns a noisy linear teacher from P samples; N, P -> inf at fixed P/N.

    X is N x P with independent N(0, 1/N) entries, y = wbar X + eps, wbar_i ~ N(0, sw^2), eps ~ N(0, se^2), the student
    is yhat = w X with w_i(0) ~ N(0, s0^2), trained by tau dw/dt = (y - wX) X^T - g w.

    | symbol | field | unit | range |
    |---|---|---|---|
    | alpha = P/N | `samples_per_dim` | samples per weight | > 0; 1 is allowed |
    | SNR = sw^2/se^2 | `snr` | noise variances | >= 0 |
    | INR = s0^2/se^2 | `inr` | noise variances | >= 0 |
    | se | `noise` | standard deviation of the label noise | > 0 |
    | g | `weight_decay` | penalty of \\|\\|y - wX\\|\\|^2 + g \\|\\|w\\|\\|^2 | >= 0 |

    Every loss and the weight norm scale with `noise`^2. Curves: `train_loss` = mean square error on the training set
    (no factor 1/2, without the penalty), `test_loss` = expected square error on a fresh *noisy* label, `weight_norm` =
    w.w/N, `test_bias` and `test_variance` (test_loss = noise^2 + bias + variance; the first from teacher and initial
    weights, the second from label noise), `train_bias` (the part of train_loss from teacher and initial weights).
    """

    samples_per_dim: ArrayLike
    snr: ArrayLike
    inr: ArrayLike = 0.0
    noise: ArrayLike = 1.0
    weight_decay: ArrayLike = 0.0

    def check(self) -> None:
        """Refuse what is out of range, element by element."""
        check_positive("samples_per_dim", self.samples_per_dim, "Pass samples / dim, for example 400 / 200.")
        check_non_negative(
            "snr", self.snr, "Pass the teacher's weight variance over the noise variance, for example 5.0."
        )
        check_non_negative(
            "inr", self.inr, "Pass the initial weight variance over the noise variance, for example 0.0."
        )
        check_positive(
            "noise",
            self.noise,
            "It is the standard deviation of the label noise; for a noiseless learner keep noise=1 and read the curves "
            "test_bias and train_bias, which hold nothing of the label noise.",
        )
        check_non_negative("weight_decay", self.weight_decay, "Pass the penalty g, for example 0.0.")
