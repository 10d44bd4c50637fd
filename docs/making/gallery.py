"""The gallery: every figure with its caption, the lines that make its theory, and its picture once it is drawn."""

from __future__ import annotations

from pathlib import Path

from paper_figures.figure import catalogue, load_figure
from paper_figures.making.build import described
from paper_figures.making.mathematics import as_html, as_text
from paper_figures.making.page import IDEAS
from paper_figures.making.parameters import make_parameters
from paper_figures.making.theory_lines import theory_lines

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs"
PICTURES = ROOT / "out" / "figures"


def gallery_page() -> str:
    """Thumbnails first, then each figure under an anchor of its own name; one not drawn yet says how to draw it."""
    order = [*IDEAS, *sorted({label.wing for label in catalogue().values()} - set(IDEAS))]
    labels = sorted(catalogue().values(), key=lambda label: (order.index(label.wing), label.name))
    drawn = [label for label in labels if (PICTURES / f"{label.name}.png").exists()]
    parts = [
        "# Gallery",
        "Every figure is one file in `paper_figures/`, with its parameters, its numbers and the claims that are "
        "checked each time it is built. `make figures` draws all of them and writes a page of its own with verdicts "
        "and data, `out/figures/index.html`; how, is told in [Figures](../figures.md). By paper and number: "
        "[the figures of the papers](papers.md).",
    ]
    if drawn:
        cards = "\n".join(_card(label) for label in drawn)
        parts.append(f"::::{{grid}} 2 3 4 4\n:gutter: 2\n{cards}\n::::")
    wing = ""
    for label in labels:
        if label.wing != wing:
            wing = label.wing
            parts.append(f"## {IDEAS.get(wing, wing)}")
        after = label.paper if label.paper.startswith(("beyond", "ours")) else f"after {label.paper}"
        if label.figures:
            after += f", figure {', '.join(label.figures)}"
        if (PAGES / f"{wing}.md").exists():
            after += f". Read about it: [{wing}](../{wing}.md)"
        shown = f"Not drawn yet: `python -m paper_figures {label.name}`."
        if label in drawn:
            shown = f"![{_title(label)}](../../out/figures/{label.name}.png)"
        file = f"{{download}}`{label.name} <../../paper_figures/{label.name}.py>`"
        caption = as_html(label.caption).replace("*", "\\*")
        parts += [f"({label.name})=\n### {_title(label)}", shown, caption, f"{file}, {after}."]
        written = described(make_parameters(load_figure(label), "default"))
        if lines := theory_lines(label.path, written):
            parts.append(f":::{{dropdown}} The lines that make its theory\n```python\n{lines}\n```\n:::")
    return "\n\n".join(parts) + "\n"


def _title(label) -> str:
    return as_text(label.title).replace("*", "\\*")


def _card(label) -> str:
    shown = f":img-top: ../../out/figures/{label.name}.png\n:img-alt: {as_text(label.title)}"
    return f":::{{grid-item-card}} {_title(label)}\n{shown}\n:link: {label.name}\n:link-type: ref\n:::"
