"""Two pages made from the register: all formulas, each verified meanwhile, and where the literature is wrong.

`python docs/build.py --formulas` writes them into docs/, so that they can be read without the site.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
# The pages were made by a command: nobody should mend them by hand.
_MADE = "Made by `python docs/build.py --formulas` from `grok_theory/formulas/` on {date}, commit {commit}."
_WINGS = {
    "numerics": "Ground floor: spectra, Gaussian pairs, the effective ridge",
    "kernels": "Kernels",
    "observables": "Observables",
    "linear": "linear: high-dimensional regression",
    "lazy_rich": "lazy_rich: from lazy to rich",
    "li2": "li2: features on group arithmetic",
    "best_of_k": "best_of_k: selection by a judge",
    "in_context": "in_context: learning from a prompt",
    "bounds": "Generalization bounds",
}


def write_generated(examples: int = 50) -> list[str]:
    """Compute both pages anew and write them; returns the names of formulas that failed."""
    import jax

    jax.config.update("jax_enable_x64", True)
    text, failed = formulas_page(examples)
    (DOCS / "formulas.md").write_text(text)
    (DOCS / "literature.md").write_text(literature_page())
    return failed


def formulas_page(examples: int) -> tuple[str, list[str]]:
    """Markdown of the register with the worst error of each formula, and the names of those that fail."""
    from grok_theory.formulas import register
    from grok_theory.verify import CounterExample

    entries, found, failed = list(register().values()), {}, []
    for formula in entries:
        try:
            found[formula.name] = formula.verify(examples)
        except CounterExample as wrong:
            found[formula.name] = wrong
            failed.append(formula.name)
    counts = {status: sum(f.status == status for f in entries) for status in ("as printed", "corrected", "ours")}
    parts = [
        "# Formulas",
        f"Every closed form of the package once: {len(entries)} of them, {counts['as printed']} as printed in their "
        f"source, {counts['corrected']} corrected ([where the literature is wrong](literature.md)), {counts['ours']} "
        "derived here. Each has an oracle that shares no code with it and a range over which tests compare the two; a "
        "closed form without them fails the build (`tests/formulas`).",
        "`grok-theory formulas` lists them, `grok-theory formulas NAME` shows one and verifies it on the spot. "
        f"The worst errors below are over {examples} drawn arguments each, special values among them; `make verify` "
        "draws 200. How to do the same for a formula of your own: [the tutorial](tutorials/verify_your_formula.md).",
        _MADE.format(**_provenance()),
    ]
    for wing, title in _WINGS.items():
        parts.append(f"## {title}")
        parts += [_entry(formula, found[formula.name]) for formula in entries if formula.wing == wing]
    return "\n\n".join(parts) + "\n", failed


def _entry(formula: Any, found: Any) -> str:
    from grok_theory.formulas import latex_of

    ranges = "; ".join(f"`{name}` {part}" for name, part in formula.domain.items())
    worst = getattr(found, "worst", None)
    if worst is None:
        error = "**FAILS**"
    else:
        at = str(found.worst_at) if len(str(found.worst_at)) < 90 else f"{str(found.worst_at)[:87]}..."
        error = f"{worst:.1e} at `{at}`; allowed {formula.rtol:.0e}" if worst else f"0; allowed {formula.rtol:.0e}"
    says = formula.says[0].upper() + formula.says[1:]
    return "\n".join(
        [
            f"### {formula.name}",
            "",
            f"{says}." + (f" Note: {formula.note}." if formula.note else ""),
            "",
            "```math",
            latex_of(formula),
            "```",
            "",
            f"* **Source**: {formula.source}. **Status**: {formula.status}.",
            f"* **Domain**: {ranges}.",
            f"* **Oracle**: {formula.by}. **Worst relative error**: {error}.",
        ]
    )


def literature_page() -> str:
    """Markdown of every correction with its numbers, computed now."""
    from grok_theory.formulas import corrections

    found = corrections()
    parts = [
        "# Where the literature is wrong",
        f"{len(found)} statements of the papers behind the theories, or of their public code, that do not hold as "
        "printed; each with what holds and the number that shows it, computed while this page was made. The first row "
        "is what the version that we read prints; where we know a statement only by quotation, it says so. Papers are "
        "revised: a correction here may be one there by now. What was looked for and did not come out stands on "
        "[another page](not_reproduced.md).",
        _MADE.format(**_provenance()),
    ]
    for wing, title in _WINGS.items():
        rows = [correction for correction in found if correction.wing == wing]
        if rows:
            parts.append(f"## {title}")
            parts += [_correction(row) for row in rows]
    return "\n\n".join(parts) + "\n"


def _correction(c: Any) -> str:
    lines = [
        f"### {c.where[0].upper()}{c.where[1:]}",
        "",
        "| | statement | number |",
        "|---|---|---|",
        f"| printed | {as_cell(c.form)} | {c.printed:.6g} |",
        f"| holds | {as_cell(c.holds)} | {c.corrected:.6g} |",
    ]
    if c.oracle == c.oracle:
        lines.append(f"| oracle | independent of both | {c.oracle:.6g} |")
    return "\n".join([*lines, "", f"Measured: {c.measure}."])


def as_cell(text: str) -> str:
    """Text that Markdown leaves as it is, in a table."""
    for mark in ("\\", "|", "*", "_", "<", "[", "]", "$"):
        text = text.replace(mark, "\\" + mark)
    return text


def _provenance() -> dict[str, str]:
    import subprocess

    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "commit": commit.stdout.strip() or "unknown"}
