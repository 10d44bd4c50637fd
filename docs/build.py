"""Turn the pages of this folder into a site that needs no network: `python docs/build.py [OUT]`; `make docs`.

Markdown becomes HTML; formulas are drawn, the API reference is read from the sources, the gallery from the figures, and
an index for the search is written. Every link is followed: one that leads nowhere stops the build with page and target.

`python docs/build.py --formulas` first makes docs/formulas.md and docs/literature.md anew from the register: every
formula is verified and every correction computed (some two minutes).
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
if str(ROOT) not in sys.path:  # `python docs/build.py` puts docs itself there
    sys.path.insert(0, str(ROOT))

from docs.making import gallery, links, markup, pages, reference, search  # noqa: E402
from docs.making.pages import Page  # noqa: E402

ASSETS = ("style.css", "search.js")


def all_pages() -> list[Page]:
    """Written, gathered and generated pages, in reading order."""
    found = [*pages.written_pages(), gallery.gallery_page(), *reference.reference_pages()]
    groups = [*pages.GROUPS, "More", "API"]
    return sorted(found, key=lambda page: groups.index(page.group))


def linker(page: Page, known: list[Page]):
    """Targets of links as they are on the site; `DeadLink` for one that leads nowhere."""
    by_path = {other.path.resolve(): other.address for other in known if other.path is not None}
    by_address = {other.address: other.address for other in known}
    folder = page.path.parent if page.path is not None else HERE
    name = page.path.relative_to(ROOT) if page.path is not None else page.address

    def link(target: str) -> str:
        if target.startswith("file:"):
            return str(folder / target.removeprefix("file:"))
        where, _, anchor = target.partition("#")
        if "://" in where or where.startswith("mailto:") or not where:
            return target
        path = (folder / where).resolve()
        tail = f"#{anchor}" if anchor else ""
        if path == ROOT / "README.md":
            return f"index.html{tail}"
        if path in by_path:
            return by_path[path] + tail
        if where in by_address:
            return where + tail
        if path.exists() and ROOT in path.parents:
            return f"../{path.relative_to(ROOT)}"  # a file of the checkout, not a page
        raise markup.DeadLink(f"{name} links to {where}, which is no page and no file.")

    return link


def navigation(page: Page, known: list[Page], headings: list[tuple[int, str, str]]) -> str:
    """The groups of pages; below the current one its own sections."""
    parts, group = [], ""
    for other in known:
        if other.group != group:
            group = other.group
            parts.append(f"<h4>{html.escape(group)}</h4>")
        current = " aria-current=page" if other is page else ""
        parts.append(f'<a href="{other.address}"{current}>{html.escape(short_name(other, known))}</a>')
        if other is page:
            sections = [(words, anchor) for level, words, anchor in headings if level == 2][:24]
            parts += [f'<a class="section" href="#{anchor}">{html.escape(words)}</a>' for words, anchor in sections]
    return "".join(parts)


def short_name(page: Page, known: list[Page]) -> str:
    """What the navigation calls a page: its title up to a colon, or its file's name where two would be called alike."""
    if page.address == "index.html":
        return "Home"
    short = page.title.split(":")[0]
    first = next(p for p in known if p.title.split(":")[0] == short and p.address != "index.html")
    return short if page is first else page.address.removesuffix(".html")


def with_its_formulas(page: Page, known: list[Page]) -> str:
    """A wing's page ends with its closed forms, each a link into the register."""
    register = next((other.text for other in known if other.address == "formulas.html"), "")
    stem = page.address.removesuffix(".html")
    names = re.findall(rf"^### ({re.escape(stem)}\.\w+)$", register, re.M)
    if not names:
        return page.text
    links = [f"[`{name.partition('.')[2]}`](formulas.html#{name.replace('.', '')})" for name in names]
    return (
        f"{page.text}\n\n## In the register\n\nClosed forms with their oracles and worst errors: {', '.join(links)}.\n"
    )


def build(out: Path) -> list[Path]:
    """Write the site below `out`; returns the pages made."""
    known = all_pages()
    out.mkdir(parents=True, exist_ok=True)
    template = (HERE / "template.html").read_text()
    made, index = {}, []
    for page in known:
        body, headings = markup.rendered(with_its_formulas(page, known), linker(page, known))
        if page.address == "gallery.html":
            body = gallery.with_pictures(body, out)
        index += search.sections(page.address, page.title, body)
        text = template
        for mark, value in {
            "TITLE": html.escape(page.title),
            "NAVIGATION": navigation(page, known, headings),
            "KIND": page.address.removesuffix(".html"),
            "CONTENT": body,
        }.items():
            text = text.replace(f"[[{mark}]]", value, 2)
        target = out / page.address
        target.write_text(text)
        made[target] = text
    links.check_anchors({target.name: text for target, text in made.items()})
    search.write_index(index, out)
    for name in ASSETS:
        (out / name).write_text((HERE / name).read_text())
    return list(made)


def main(words: list[str]) -> int:
    """The command; exit code 1 for a dead link, a formula that cannot be drawn, or one that fails its oracle."""
    failed = []
    if "--formulas" in words:
        from docs.making.generated import write_generated

        words = [word for word in words if word != "--formulas"]
        failed = write_generated()
    folder = Path(words[0]) if words else ROOT / "site"
    try:
        made = build(folder)
    except (markup.DeadLink, markup.BadMathematics) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(made)} pages: {folder / 'index.html'}")
    for name in failed:
        print(f"{name} does not equal its oracle: grok-theory formulas {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
