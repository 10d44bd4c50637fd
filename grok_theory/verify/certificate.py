"""What a check leaves behind: a certificate, or the simplest counter-example."""

from __future__ import annotations

from dataclasses import dataclass

from .. import html_reports
from ..errors import GrokTheoryError


class CounterExample(GrokTheoryError, AssertionError):
    """A property does not hold; the message has the simplest argument found, and what went wrong there.

    Attributes
    ----------
    argument : tuple
        The drawn arguments of the simplest failure.
    error : float
        The error there, in the unit of the check.
    points : int
        How many points were tried before.
    seconds : float
        What the search took, making it simpler included.
    """

    argument: tuple = ()
    error: float = float("nan")
    points: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Certificate:
    """What was checked and how well it held.

    Parameters
    ----------
    claim : str
        The property in words.
    domain : str
        The ranges that were really visited.
    points : int
        How many problems were drawn.
    worst : float
        Greatest error among them, in the unit that `allowed` is in.
    worst_at : str
        The problem (or all drawn arguments) with the greatest error, as text.
    worst_place : str
        Where in the result it was, with the values there; "" where none was told.
    allowed : float
        Greatest error that passes.
    unit : str
        What the error is, for example "relative error".
    seconds : float
        What the search took.
    """

    claim: str
    domain: str
    points: int
    worst: float
    worst_at: str
    worst_place: str
    allowed: float
    unit: str
    seconds: float

    def __str__(self) -> str:
        at = f" at {self.worst_at}" if self.worst_at else ""
        place = f", {self.worst_place}" if self.worst_place else ""
        return "\n".join(
            [
                f"holds: {self.claim}",
                f"  domain    {self.domain}",
                f"  points    {self.points} in {self.seconds:.2f} s",
                f"  worst     {self.unit} {self.worst:.3g}{at}{place}",
                f"  allowed   {self.allowed:.3g}",
            ]
        )

    def _repr_html_(self) -> str:
        return html_reports.certificate(self)
