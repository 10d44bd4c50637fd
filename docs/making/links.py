"""Every address a built page uses, and every anchor it has: a link to a heading that has gone is named."""

from __future__ import annotations

from html.parser import HTMLParser

from docs.making.markup import DeadLink


class Links(HTMLParser):
    """`used`: addresses of links and pictures; `anchors`: what can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.used: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.used += [given[name] for name in ("href", "src") if given.get(name)]
        if given.get("id"):
            self.anchors.add(given["id"])


def check_anchors(pages: dict[str, str]) -> None:
    """Follow every #anchor among `pages` (address -> HTML); raises `DeadLink` with page and target."""
    links = {address: Links(text) for address, text in pages.items()}
    for address, page in links.items():
        for target in page.used:
            where, _, anchor = target.partition("#")
            there = links.get(where or address)
            if anchor and there is not None and anchor not in there.anchors:
                raise DeadLink(f"{address} links to {target}, but there is no such heading.")
