"""Every closed form of the register against its oracle: worst relative error and the argument where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.report import publish
from grok_theory.formulas import register
from grok_theory.verify import CounterExample


def measured(examples: int) -> list[dict[str, Any]]:
    """One row a formula, the worst share of what is allowed first."""
    rows = []
    for formula in register().values():
        try:
            found = formula.verify(examples)
            worst, at, points = found.worst, str(found.worst_at), found.points
        except CounterExample as wrong:
            worst, at, points = wrong.error, f"FAILS at {wrong.argument}", wrong.points
        rows.append(
            {
                "formula": formula.name,
                "points": points,
                "worst error": float(worst),
                "allowed": formula.rtol,
                "share": float(worst) / formula.rtol,
                "at": at[:120],
            }
        )
    return sorted(rows, key=lambda row: -row["share"])


def main(out: Path, *, quick: bool = False) -> None:
    publish("formulas", "closed forms against their oracles, relative errors", measured(3 if quick else 200), out)
