"""One statement of the literature beside what holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Correction:
    """One statement beside what holds.

    - `wing`, `where`: paper and statement. `form`: what it prints. `holds`: what is true.
    - `measure`: what the numbers are. `printed`, `corrected`: the two numbers; `oracle`: the third, which decides, or
      nan where the corrected number is itself a measured error or a brute-force result.
    """

    wing: str
    where: str
    form: str
    holds: str
    measure: str
    printed: float
    corrected: float
    oracle: float = float("nan")
