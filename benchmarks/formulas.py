"""Every closed form of the register against its oracle: worst relative error and the argument where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.report import Headline, Rows, publish, worst
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


LIMIT_LAW = 1e-7  # a formula that is allowed more is a limit, or is held against what costs digits


def _formulas(rows: Rows) -> str:
    over = [row["formula"] for row in rows if not row["share"] <= 1]
    exact = [row for row in rows if row["allowed"] < LIMIT_LAW]
    found = worst(exact, "worst error")
    what = f"none of {len(rows)} above its tolerance" if not over else f"ABOVE TOLERANCE: {', '.join(over)}"
    where = f"{found['worst error']:.1e} ({found['formula']} at {found['at']})"
    return f"{what}; largest of the {len(exact)} exact ones {where}"


HEADLINES = (Headline("Closed forms against their oracles, relative errors", "formulas", _formulas, in_readme=True),)
