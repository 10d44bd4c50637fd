"""The gallery: every figure with its caption, and its picture if `make figures` has drawn it."""

from __future__ import annotations

import ast
import html
import shutil
from pathlib import Path

from docs.making.pages import ROOT, Page

FIGURES = ROOT / "paper_figures"
PICTURES = ROOT / "out" / "figures"


def figure_files() -> list[Path]:
    """Files that say they are figures: they name a PAPER."""
    return [path for path in sorted(FIGURES.glob("*.py")) if "\nPAPER = " in path.read_text()]


def gallery_page() -> Page:
    """The page in Markdown; pictures are put in by `with_pictures`."""
    parts = [
        "# Gallery",
        "Every figure is one file in `paper_figures/`, with its parameters, its numbers and the claims that are "
        "checked each time it is built. `make figures` draws all of them and writes a page of its own with verdicts "
        "and data, `out/figures/index.html`; how, is told in [Figures](figures.md).",
    ]
    wing = ""
    for path in sorted(figure_files(), key=lambda p: (_constant(p, "WING"), p.name)):
        if _constant(path, "WING") != wing:
            wing = _constant(path, "WING")
            parts.append(f"## {wing}")
        title, caption = _caption(path)
        parts.append(f"### {title}")
        parts.append(f"[picture {path.stem}]")
        paper = _constant(path, "PAPER")
        after = paper if paper.startswith("beyond") else f"after {paper}"
        parts.append(f"{caption}\n\n`{path.stem}`, {after}.")
    return Page("gallery.html", "Gallery", "\n\n".join(parts), group="Trust")


def with_pictures(body: str, out: Path) -> str:
    """Puts pictures where the page has room for them, copied beside it; a picture not drawn yet is said to be so."""
    for path in figure_files():
        picture = PICTURES / f"{path.stem}.png"
        title, _ = _caption(path)
        shown = f"<p class=quiet>Not drawn yet: <code>python -m paper_figures {path.stem}</code>.</p>"
        if picture.exists():
            (out / "figures").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, out / "figures" / picture.name)
            shown = f'<img class="figure" src="figures/{picture.name}" alt="{html.escape(title)}" loading="lazy">'
        body = body.replace(f"<p>[picture {path.stem}]</p>", shown)
    return body


def _caption(path: Path) -> tuple[str, str]:
    text = ast.get_docstring(ast.parse(path.read_text())) or path.stem
    title, _, rest = text.partition("\n")
    return title.rstrip("."), rest.strip().removeprefix("Caption:").strip()


def _constant(path: Path, name: str) -> str:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    return ""
