"""`python -m docs.making.browser [SITE] [PAGES]`: read the built site in a headless Chromium.

Every page at desktop and phone width, in light and in dark: nothing in the console, pictures loaded, nothing asked of a
network, no sideways scrolling, readable contrast, no mark of Markdown or LaTeX left in the text. Every link is followed
to its page and anchor, the search is used as a reader uses it, and the sliders of the explorer are moved: its curves
must be those of the code beside them. Screenshots are saved in out/screenshots.
Exit codes: 0 all good; 1 a check failed; 2 no site or no browser.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urlparse

from docs.making.explorer import ALLOWED, differences
from paper_figures.making.browser import (
    FACTS,
    SCHEMES,
    WAIT_FOR_PICTURES,
    WIDTHS,
    BrowserFailed,
    open_browser,
    opened,
    save_screenshots,
    unreadable,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "out" / "screenshots"
_SITE_FACTS = Path(__file__).with_name("site_facts.js").read_text(encoding="utf-8")
# Words a reader would type, and the page that must be among the results.
QUERIES = {"double descent": "linear.html", "effective ridge": "formulas.html", "optimal_stopping": "api_linear.html"}
# Moves the sliders of a model to a share of their way, each to another, and tells what is then shown.
_MOVED = """([model, share]) => {
  const section = document.querySelector(`[data-model=${model}]`);
  const move = (input, n) => { input.value = Math.round(input.max * ((share + 0.37 * n) % 1)); };
  section.querySelectorAll('input').forEach(move);
  section.dispatchEvent(new Event('input'));
  const frame = () => new Promise(requestAnimationFrame);
  return frame().then(frame).then(() => explorer.shown[model]);
}"""
# Asks by the form of every page, which a phone keeps in a drawer.
_ASKED = (
    """query => { const word = document.querySelector('input[name=q]'); word.value = query; word.form.submit(); }"""
)
# A page taller than this many pixels is seen well enough by its beginning; pictures of long pages take minutes.
_TALL = 9600
# Screenshots to look at: both widths and both schemes, without four of each page.
SHOWN = (("desktop", "light"), ("phone", "dark"))


def check_site(site: Path, names: list[str]) -> list[str]:
    """Everything wrong with the pages named, one sentence each."""
    wrong, anchors, links = [], {}, {}
    SHOTS.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for name in names:
            before = len(wrong)
            for width in WIDTHS:
                for scheme in SCHEMES:
                    found, facts = _look(browser, site / name, width, scheme)
                    wrong += [f"{name}, {width}, {scheme}: {sentence}" for sentence in found]
                    anchors[name], links[name] = set(facts["anchors"]), facts["links"]
            print(f"{name}: {facts['formulas']} formulas, {facts['pictures']} pictures, {len(wrong) - before} wrong")
        wrong += [f"search, {width}: {sentence}" for width in WIDTHS for sentence in _search(browser, site, width)]
        if "explorer.html" in names:
            wrong += [f"explorer.html: {sentence}" for sentence in _explorer(browser, site)]
    return wrong + dead_links(site, links, anchors)


def _look(browser: Browser, page: Path, width: str, scheme: str) -> tuple[list[str], dict[str, Any]]:
    with opened(browser, page, width, scheme) as tab:
        # Pictures further down load when they are looked at; here they all are.
        tab.page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager'; })")
        tab.page.evaluate(WAIT_FOR_PICTURES)
        facts = tab.page.evaluate(FACTS) | tab.page.evaluate(_SITE_FACTS)
        if (width, scheme) in SHOWN:
            save_screenshots(
                tab, WIDTHS[width][0], min(facts["height"], _TALL), SHOTS / f"{page.stem}-{width}-{scheme}"
            )
        return _judge(facts) + tab.reported, facts


def _judge(facts: dict[str, Any]) -> list[str]:
    wrong = unreadable(facts) + [f"a mark is left in {text!r}." for text in facts["raw"][:10]]
    if facts["scroll"] > facts["width"] or facts["wide"]:
        where = "; ".join(facts["wide"][:5])
        wrong.append(f"the page is {facts['scroll']} px wide in a window of {facts['width']} px ({where}).")
    if facts["empty"]:
        wrong.append(f"{facts['empty']} formulas are empty.")
    if not facts["navigation"]:
        wrong.append("there is no way to the other pages.")
    return wrong


def _explorer(browser: Browser, site: Path) -> list[str]:
    """Move the sliders, and hold what is drawn to the package, by the code that the page shows."""
    wrong = []
    with opened(browser, site / "explorer.html", "desktop", "light") as tab:
        for model in ALLOWED:
            for share in (0.0, 0.3, 0.62):
                wrong += differences(model, tab.page.evaluate(_MOVED, [model, share]))
            print(f"explorer, {model}: {len(wrong)} wrong")
        return wrong + tab.reported


def _search(browser: Browser, site: Path, width: str) -> list[str]:
    """Ask each query as the form of every page does: its page is among the results."""
    wrong = []
    for query, page in QUERIES.items():
        with opened(browser, site / "search.html", width, "light") as tab:
            with tab.page.expect_navigation():
                tab.page.evaluate(_ASKED, query)
            tab.page.wait_for_function(
                "/found|did not match/.test(document.querySelector('.search-summary')?.textContent)"
            )
            found = [link.get_attribute("href") or "" for link in tab.page.locator("#search-results li a").all()]
            print(f"search for {query!r}, {width}: {len(found)} results, first {found[:1]}")
            if page not in [Path(urlparse(address).path).name for address in found]:
                wrong.append(f"{query!r} does not find {page} but {found}.")
            save_screenshots(tab, *WIDTHS[width][:2], SHOTS / f"search-{width}")
            wrong += tab.reported
    return wrong


def dead_links(site: Path, links: dict[str, list[str]], anchors: dict[str, set[str]]) -> list[str]:
    """Links to files that are not there or to anchors that their page does not have."""
    wrong = []
    for name, targets in links.items():
        for target in targets:
            address, anchor = urldefrag(target)
            if urlparse(address).scheme != "file":
                continue
            path = Path(unquote(urlparse(address).path))
            if not path.exists():
                wrong.append(f"{name}: {path} does not exist.")
            elif anchor and anchor not in anchors.get(_within(path, site), {anchor}):
                wrong.append(f"{name}: {path.name} has no #{anchor}.")
    return wrong


def _within(path: Path, site: Path) -> str:
    return str(path.relative_to(site)) if path.is_relative_to(site) else ""


def written(site: Path) -> list[str]:
    """The pages of a site but for the listings of sources, by their place in it."""
    names = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(str(name) for name in names if not name.parts[0].startswith("_"))


def main(arguments: list[str]) -> int:
    """Check the site in the folder named first, by default that of `make docs`; the exit code."""
    site = Path(arguments[0] if arguments else ROOT / "site").resolve()
    names = arguments[1:] or written(site)
    if not names:
        print(f"There is no site in {site}; build it first with `make docs`.", file=sys.stderr)
        return 2
    try:
        wrong = check_site(site, names)
    except BrowserFailed as error:
        print(error, file=sys.stderr)
        return 2
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{len(names)} pages, {len(wrong)} wrong; screenshots: {SHOTS}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
