"""The gallery: every figure with its caption, and its picture if `make figures` has drawn it."""

from __future__ import annotations

from pathlib import Path

from paper_figures.figure import catalogue

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "out" / "figures"


def gallery_page() -> str:
    """Thumbnails first, then each figure under an anchor of its own name; one not drawn yet says how to draw it."""
    labels = sorted(catalogue().values(), key=lambda label: (label.wing, label.name))
    drawn = [label for label in labels if (PICTURES / f"{label.name}.png").exists()]
    parts = [
        "# Gallery",
        "Every figure is one file in `paper_figures/`, with its parameters, its numbers and the claims that are "
        "checked each time it is built. `make figures` draws all of them and writes a page of its own with verdicts "
        "and data, `out/figures/index.html`; how, is told in [Figures](../figures.md).",
    ]
    if drawn:
        cards = "\n".join(_card(label) for label in drawn)
        parts.append(f"::::{{grid}} 2 3 4 4\n:gutter: 2\n{cards}\n::::")
    wing = ""
    for label in labels:
        if label.wing != wing:
            wing = label.wing
            parts.append(f"## {wing}")
        after = label.paper if label.paper.startswith("beyond") else f"after {label.paper}"
        shown = f"Not drawn yet: `python -m paper_figures {label.name}`."
        if label in drawn:
            shown = f"![{label.title}](../../out/figures/{label.name}.png)"
        file = f"{{download}}`{label.name} <../../paper_figures/{label.name}.py>`"
        parts += [f"({label.name})=\n### {label.title}", shown, f"{label.caption}\n\n{file}, {after}."]
    return "\n\n".join(parts) + "\n"


def _card(label) -> str:
    picture = f"../../out/figures/{label.name}.png"
    return f":::{{grid-item-card}} {label.title}\n:img-top: {picture}\n:link: {label.name}\n:link-type: ref\n:::"
