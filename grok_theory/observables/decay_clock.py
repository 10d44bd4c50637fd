"""Weight decay as a clock: how the delay of one run follows from a run of the same task with another decay."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import check_between, check_non_negative, check_positive
from ..errors import BadValue


@dataclass(frozen=True)
class Sibling:
    """A run of the same task that grokked: same split size, loss, network and kind of optimizer.

    Parameters
    ----------
    delay : float
        > 0, its test minus its train crossing, in the unit of x.
    train_time : float
        > 0, when its train curve crossed.
    decay_rate : float
        > 0, how fast its weights decay, per unit of x: `decay_rate(optimizer, learning_rate, weight_decay)`.
    """

    delay: float
    train_time: float
    decay_rate: float

    def __post_init__(self):
        check_positive("delay", self.delay, "Only runs that grokked after they fitted are siblings. Leave others out.")
        check_positive("train_time", self.train_time, "Pass when the train curve crossed its threshold.")
        check_non_negative("decay_rate", self.decay_rate, "Pass learning rate times weight decay.")


@dataclass(frozen=True)
class Clock:
    """T = median of T_s (decay_s/decay)^decay_exponent (t_mem/t_mem,s)^train_exponent, and how far it is off.

    Parameters
    ----------
    decay_exponent, train_exponent : float
        1 and 0 are the pure clock, right for SGD on a squared loss.
    factors : tuple[tuple[float, int, float, float], ...]
        (confidence, at least so many siblings, low, high): the delay lies between low and high times T.
    source : str
        What the factors were measured on.
    """

    decay_exponent: float
    train_exponent: float
    factors: tuple[tuple[float, int, float, float], ...]
    source: str = ""

    def delay(self, siblings: Sequence[Sibling], train_time: float, decay_rate: float) -> float:
        """The median over siblings.

        Parameters
        ----------
        siblings : Sequence[Sibling]
            At least one.
        train_time, decay_rate : float
            > 0, of the run that is asked about.

        Returns
        -------
        float
            Its delay, in the unit of x.
        """
        each = [
            s.delay
            * (s.decay_rate / decay_rate) ** self.decay_exponent
            * (train_time / s.train_time) ** self.train_exponent
            for s in siblings
        ]
        return float(np.median(each))

    def interval(self, siblings: int, confidence: float) -> tuple[float, float]:
        """The factors for so many siblings: those of the largest number that is not above it.

        Parameters
        ----------
        siblings : int
            How many there are.
        confidence : float
            One of those in `factors`.

        Returns
        -------
        tuple[float, float]
            Low and high.

        Raises
        ------
        BadValue
            For a confidence that was not measured.
        """
        known = sorted({row[0] for row in self.factors})
        rows = [row for row in self.factors if np.isclose(row[0], confidence, rtol=0, atol=1e-9) and row[1] <= siblings]
        if not rows:
            raise BadValue(
                f"confidence is {confidence:g}, but for siblings it must be one of "
                f"{', '.join(f'{c:g}' for c in known)}: the others were not measured. Pass one of these."
            )
        return max(rows, key=lambda row: row[1])[2:]


def decay_rate(optimizer: str, learning_rate: float, weight_decay: float, *, momentum: float = 0.0) -> float:
    """How fast weights decay by themselves, per step: what stands behind the clock of `forecast_delay`.

    Parameters
    ----------
    optimizer : str
        "adamw" and "sgdw" (decoupled): learning rate times weight decay. "sgd" (decay in the gradient): that over
        1 - momentum. "adam" with decay in the gradient has no such rate and is refused.
    learning_rate : float
        > 0, per step.
    weight_decay : float
        >= 0, the optimizer's own coefficient.
    momentum : float, default 0.0
        In [0, 1), of "sgd".

    Returns
    -------
    float
        Per step; 0 without decay.

    Raises
    ------
    BadValue
        For coupled Adam and any other optimizer, named, and for a number out of its range.

    Examples
    --------
    >>> print(decay_rate("adamw", 1e-3, 0.5))
    0.0005
    """
    check_positive("learning_rate", learning_rate, "Pass the optimizer's, for example 1e-3.")
    check_non_negative("weight_decay", weight_decay, "Pass the optimizer's, for example 0.5.")
    check_between("momentum", momentum, 0, 1, "Pass the optimizer's, for example 0.9.", include_high=False)
    name = optimizer_name(optimizer)
    product = float(learning_rate) * float(weight_decay)
    if name.startswith(("adamw", "sgdw")):
        return product
    if name.startswith("sgd"):
        return product / (1 - float(momentum))
    if name.startswith("adam"):
        raise BadValue(
            f"optimizer is {optimizer!r}, but Adam with its decay in the gradient divides it away and has no rate of "
            "decay. Leave the siblings out, or pass 'adamw' if the decay is decoupled."
        )
    raise BadValue(
        f"optimizer is {optimizer!r}, but it must be 'adamw', 'sgdw' or 'sgd': for others no clock was measured. Leave "
        "the siblings out."
    )


def optimizer_name(optimizer: str) -> str:
    """`torch.optim.AdamW` and `adamw_torch_fused` begin with adamw."""
    return str(optimizer).strip().lower().rpartition(".")[2].replace("-", "").replace("_", "")
