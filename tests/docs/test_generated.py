"""Pages that a command makes from the register and that are kept in docs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_formulas_pages_are_those_of_the_register():
    """Made by `python docs/build.py --formulas`; this says when to make them again."""
    from grok_theory.formulas import latex_of, register

    text = (ROOT / "docs" / "formulas.md").read_text()
    assert re.findall(r"^### (\S+)$", text, re.M) == [
        f.name for f in sorted(register().values(), key=lambda f: list(_wings()).index(f.wing))
    ]
    literature = (ROOT / "docs" / "literature.md").read_text()
    for formula in register().values():
        assert latex_of(formula) in text, formula.name
        assert f"**Status**: {formula.status}." in text
        for printed in formula.printed:
            assert f"### {printed.where[0].upper()}{printed.where[1:]}\n" in literature
            assert printed.measure in literature
    assert "**FAILS**" not in text
    count = literature.count("\n### ")
    assert literature.partition("\n\n")[2].startswith(f"{count} statements of the papers")
    assert f"(docs/literature.md): {count} statements" in (ROOT / "README.md").read_text()


def _wings():
    from docs.making.generated import _WINGS

    return _WINGS


def test_the_page_of_the_papers_has_every_row_with_its_files():
    from docs.making.generated import as_cell
    from docs.making.papers import papers_page
    from paper_figures.figure import catalogue
    from paper_figures.making.figure_map import shown_rows

    text = papers_page()
    lines = [line for line in text.splitlines() if line.startswith("| ") and line.count(" | ") == 5]
    rows = shown_rows(catalogue().values())
    assert "| all 48 |" in text
    for shown in rows:
        line = next(line for line in lines if line.startswith(f"| {shown.row.number} | {as_cell(shown.row.shows)} |"))
        assert all(f"(#{label.name})" in line for label in shown.files)
        assert shown.files or "not here" in line
