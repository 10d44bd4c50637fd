"""Turn README, CHANGELOG and the pages of this folder into a site that needs no network: `python docs/build.py [OUT]`.

Every link between pages is followed; one that leads nowhere stops the build with its page and target.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

from markdown_it import MarkdownIt

HERE = Path(__file__).parent
ROOT = HERE.parent
# The order in which a newcomer reads; pages not named here follow by name.
ORDER = ["README", "linear", "lazy_rich", "lazy_rich_dmft", "li2", "best_of_k", "kernels", "observables", "compare"]

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · grok_theory</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<details class="menu"><summary>Pages</summary><nav>{navigation}</nav></details>
<nav class="side" aria-label="Pages">{navigation}</nav>
<main>
{content}
</main>
</body>
</html>
"""


def pages() -> list[Path]:
    """All sources, in reading order."""
    found = [ROOT / "README.md", *sorted(HERE.glob("*.md")), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
    rank = {name: number for number, name in enumerate(ORDER)}
    return sorted(found, key=lambda page: rank.get(page.stem, len(ORDER)))


def address(page: Path) -> str:
    return "index.html" if page.stem == "README" else f"{page.stem}.html"


def title(page: Path) -> str:
    found = re.search(r"^# (.+)$", page.read_text(), re.M)
    return found.group(1).replace("`", "") if found else page.stem


def render(page: Path, known: list[Path]) -> str:
    """The page as HTML, its links to other pages turned into links of the site."""
    by_path = {path.resolve(): address(path) for path in known}

    def linked(match: re.Match) -> str:
        target, _, anchor = match.group(1).partition("#")
        if "://" in target or target.startswith("mailto:") or not target:
            return match.group(0)
        path = (page.parent / target).resolve()
        if path in by_path:
            return f'href="{by_path[path]}{"#" + anchor if anchor else ""}"'
        if path.exists() and ROOT in path.parents:
            return f'href="{target}" class="source"'  # a file of the checkout, not a page
        sys.exit(f"{page.relative_to(ROOT)} links to {target}, which is no page and no file.")

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(page.read_text())
    body = re.sub(r'href="([^"]+)"', linked, body)
    # Wide tables and code scroll by themselves; the page does not.
    return body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")


def build(out: Path) -> list[Path]:
    """Write the site below `out`; returns the pages made."""
    known = pages()
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for page in known:
        navigation = "".join(
            f'<a href="{address(other)}"{" aria-current=page" if other == page else ""}>{html.escape(title(other))}</a>'
            for other in known
        )
        target = out / address(page)
        target.write_text(
            TEMPLATE.format(title=html.escape(title(page)), navigation=navigation, content=render(page, known))
        )
        made.append(target)
    (out / "style.css").write_text((HERE / "style.css").read_text())
    return made


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site"
    print(f"{len(build(folder))} pages: {folder / 'index.html'}")
