"""What is told of grokking: when the train error has fallen, when the test error has, and the delay between."""

from jax import Array

from ..pytrees import record

__all__ = ["GrokkingTime"]


@record()
class GrokkingTime:
    """Two clocks in units of tau, or steps of descent, and their difference.

    Parameters
    ----------
    train_time : Array
        () last time at which the train error is above its threshold; inf if it stays there, 0 if it never is.
    test_time : Array
        () the same of the test error; nan where its end is infinite.
    delay : Array
        () `test_time` - `train_time`; nan if the train error never falls.
    estimate : Array or None
        () closed form of the test time; None where its logarithm has no meaning (no decay, alpha >= 1, no initial
        weights), and nan instead of None when traced.
    """

    train_time: Array
    test_time: Array
    delay: Array
    estimate: Array | None
