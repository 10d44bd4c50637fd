"""The gallery: every figure with its caption, and its picture if `make figures` has drawn it."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

from docs.making.pages import ROOT, Page
from paper_figures.figure import catalogue

PICTURES = ROOT / "out" / "figures"


def gallery_page() -> Page:
    """The page in Markdown; pictures are put in by `with_pictures`."""
    parts = [
        "# Gallery",
        "Every figure is one file in `paper_figures/`, with its parameters, its numbers and the claims that are "
        "checked each time it is built. `make figures` draws all of them and writes a page of its own with verdicts "
        "and data, `out/figures/index.html`; how, is told in [Figures](figures.md).",
    ]
    wing = ""
    for label in sorted(catalogue().values(), key=lambda label: (label.wing, label.name)):
        if label.wing != wing:
            wing = label.wing
            parts.append(f"## {wing}")
        after = label.paper if label.paper.startswith("beyond") else f"after {label.paper}"
        parts += [f"### {label.title}", f"[picture {label.name}]", f"{label.caption}\n\n`{label.name}`, {after}."]
    return Page("gallery.html", "Gallery", "\n\n".join(parts), group="Trust")


def with_pictures(body: str, out: Path) -> str:
    """Puts pictures where the page has room for them, copied beside it; a picture not drawn yet is said to be so."""
    for label in catalogue().values():
        picture = PICTURES / f"{label.name}.png"
        shown = f"<p class=quiet>Not drawn yet: <code>python -m paper_figures {label.name}</code>.</p>"
        if picture.exists():
            (out / "figures").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, out / "figures" / picture.name)
            shown = f'<img class="figure" src="figures/{picture.name}" alt="{html.escape(label.title)}" loading="lazy">'
        body = body.replace(f"<p>[picture {label.name}]</p>", shown)
    return body
