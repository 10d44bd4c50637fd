"""One statement of the literature beside what holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Correction:
    """One statement beside what holds.

    Parameters
    ----------
    wing, where : str
        Room of the package; paper and statement.
    form : str
        What it prints.
    holds : str
        What is true.
    measure : str
        What the numbers are.
    printed, corrected : float
        The two numbers.
    oracle : float, default nan
        The third, which decides, or nan where the corrected number is itself a measured error or a brute-force result.
    """

    wing: str
    where: str
    form: str
    holds: str
    measure: str
    printed: float
    corrected: float
    oracle: float = float("nan")
