"""What is asked of a design: quantities of a Problem, and targets made of them."""

from __future__ import annotations

from ..checks import check_between, check_kind, check_non_negative, check_positive
from ..errors import BadValue
from ..pytrees import record


@record(static=("curve",))
class CurveAt:
    """The value of a curve.

    Parameters
    ----------
    curve : str
        Such as "test_loss".
    x : float, optional
        Where, in tau or steps (or what x is in the wing); left out where x is what is free.
    probability : float, optional
        Then the value that one run of a given size stays below with this probability (above 1/2), from its forecast;
        left out, the mean over runs of theory.

    Examples
    --------
    >>> CurveAt("test_loss", 3.0)
    CurveAt(curve='test_loss', x=3.0, probability=None)
    >>> CurveAt("test_loss", 3.0, probability=0.9)  # below this in 90 % of runs
    CurveAt(curve='test_loss', x=3.0, probability=0.9)
    """

    curve: str
    x: float | None = None
    probability: float | None = None

    def __post_init__(self):
        check_kind("curve", self.curve, str, 'Pass the name of a curve, for example "test_loss".')
        if self.x is not None:
            check_non_negative("x", self.x, "Pass where the curve is read, for example 10.0.")
        check_probability(self.probability)

    def __str__(self) -> str:
        where = "" if self.x is None else f" at {self.x:g}"
        return f"{self.curve}{where}{said(self.probability)}"


@record()
class DelayBetween:
    """How much later the test loss falls to its threshold than the train loss.

    Parameters
    ----------
    train_threshold, test_threshold : float
        Losses, positive.
    last : float
        The largest x that is looked at; a threshold that is not passed by then makes the delay infinite.
    first : float, optional
        The smallest x that is told apart from 0; last/1e4 if left out.
    probability : float, optional
        As of a CurveAt.

    Examples
    --------
    >>> DelayBetween(train_threshold=0.1, test_threshold=0.1, last=1e4)
    DelayBetween(train_threshold=0.1, test_threshold=0.1, last=10000.0, first=None, probability=None)
    """

    train_threshold: float
    test_threshold: float
    last: float
    first: float | None = None
    probability: float | None = None

    def __post_init__(self):
        for name in ("train_threshold", "test_threshold", "last"):
            check_positive(name, getattr(self, name), "Pass a positive number.")
        if self.first is not None:
            check_between("first", self.first, 0, self.last, "Pass less than last.", include_low=False)
        check_probability(self.probability)

    def __str__(self) -> str:
        which = f"test loss {self.test_threshold:g} after train loss {self.train_threshold:g}"
        return f"delay ({which}){said(self.probability)}"


@record()
class FreeValue:
    """The value of what is free itself: what a design costs.

    Examples
    --------
    >>> from grok_theory import CurveAt, Front
    >>> Front(FreeValue(), CurveAt("test_loss", 3.0))  # what it costs against what it brings
    Front(first=FreeValue(), second=CurveAt(curve='test_loss', x=3.0, probability=None))
    """

    def __str__(self) -> str:
        return "the free value"


Quantity = CurveAt | DelayBetween | FreeValue


@record()
class AtMost:
    """The smallest free value at which a quantity is no larger than a bound.

    Parameters
    ----------
    quantity : CurveAt or DelayBetween
        What is bounded.
    bound : float
        In the unit of the quantity.

    Examples
    --------
    >>> from grok_theory import CurveAt
    >>> AtMost(CurveAt("test_loss", 3.0), 1.5)  # the smallest free value whose test loss at x = 3 is no more than 1.5
    AtMost(quantity=CurveAt(curve='test_loss', x=3.0, probability=None), bound=1.5)
    """

    quantity: CurveAt | DelayBetween
    bound: float

    def __post_init__(self):
        check_quantity("quantity", self.quantity)
        check_between("bound", self.bound, -float("inf"), float("inf"), "Pass a number.", include_low=False)

    def __str__(self) -> str:
        return f"{self.quantity} <= {self.bound:g}"


@record()
class Least:
    """The free value at which a quantity is least, perhaps with a condition on another.

    Parameters
    ----------
    quantity : CurveAt or DelayBetween
        What is made small.
    subject_to : AtMost, optional
        What has to hold.

    Examples
    --------
    >>> from grok_theory import AtMost, CurveAt
    >>> fitted = AtMost(CurveAt("train_loss", 3.0), 0.5)
    >>> Least(CurveAt("test_loss", 3.0), subject_to=fitted).quantity
    CurveAt(curve='test_loss', x=3.0, probability=None)
    """

    quantity: CurveAt | DelayBetween
    subject_to: AtMost | None = None

    def __post_init__(self):
        check_quantity("quantity", self.quantity)
        if self.subject_to is not None:
            check_kind("subject_to", self.subject_to, AtMost, "Pass AtMost(quantity, bound) or nothing.")

    def __str__(self) -> str:
        return f"least {self.quantity}" + ("" if self.subject_to is None else f" with {self.subject_to}")


@record()
class Front:
    """The designs of which none is better in both of two quantities.

    Parameters
    ----------
    first, second : CurveAt or DelayBetween or FreeValue
        What is to be small.
    """

    first: CurveAt | DelayBetween | FreeValue
    second: CurveAt | DelayBetween | FreeValue

    def __post_init__(self):
        for name in ("first", "second"):
            if not isinstance(getattr(self, name), FreeValue):
                check_quantity(name, getattr(self, name))

    def __str__(self) -> str:
        return f"front of {self.first} and {self.second}"


Target = AtMost | Least | Front


def check_quantity(name: str, value: object) -> None:
    if not isinstance(value, (CurveAt, DelayBetween)):
        raise BadValue(
            f'{name} is {value!r}, but it must be CurveAt(...) or DelayBetween(...). Pass CurveAt("test_loss", 9).'
        )


def check_probability(value: float | None) -> None:
    if value is not None:
        remedy = "Pass for example 0.9, or nothing for the mean over runs."
        check_between("probability", value, 0.5, 1, remedy, include_low=False, include_high=False)


def said(probability: float | None) -> str:
    return "" if probability is None else f" with probability {probability:g}"
