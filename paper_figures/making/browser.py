"""`python -m paper_figures.making.browser [FOLDER]`: open the page of figures in a headless Chromium and check it.

At desktop and phone width, in light and in dark: nothing in the console, every picture loaded, nothing asked of a
network, no sideways scrolling, text and marks in readable contrast. Screenshots are saved beside the page.
Exit codes: 0 all good; 1 a check failed; 2 no page or no browser.

Playwright drives the Chromium that is installed: `CHROME_PATH`, or a known name on the PATH. It downloads none.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paper_figures.figure import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # as root, in containers, there is no other way
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = {"desktop": (1280, 900, False), "phone": (390, 844, True)}
SCHEMES = ("light", "dark")
# Taller pictures than this are cut into several files, so that they can be looked at.
_SLICE = 3200

WAIT_FOR_PICTURES = "Promise.all([...document.images].map(i => i.decode().then(() => true, () => false)))"
FACTS = Path(__file__).with_name("page_facts.js").read_text(encoding="utf-8")


class BrowserFailed(Exception):
    """The browser or its driver is missing, has died, or did not answer in time."""


@dataclass(frozen=True)
class Tab:
    """A page that is open, and what it has said to the console, thrown, or asked of a network so far."""

    page: Page
    reported: list[str] = field(default_factory=list)


def find_browser() -> str:
    """The path of a Chromium; BrowserFailed says in one sentence that there is none."""
    named = os.environ.get("CHROME_PATH")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if named:
        raise BrowserFailed(f"CHROME_PATH is {named!r}, but no program is there; name a Chromium, or unset it.")
    raise BrowserFailed(
        f"No browser found: none of {', '.join(NAMES)} is on the PATH and CHROME_PATH names none; install one (Debian: "
        "apt-get install chromium)."
    )


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless browser with a profile of its own; both are gone afterwards."""
    path = find_browser()
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise BrowserFailed(
            "The browser is driven by playwright, which is not installed; run `make browser` or pip install playwright."
        ) from None
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=path, args=_FLAGS)
            yield browser
            browser.close()
    except Error as error:
        raise BrowserFailed(f"The browser {path} failed: {error.message.partition(chr(10))[0]}") from error


@contextmanager
def opened(browser: Browser, page: Path, width_name: str, scheme: str) -> Iterator[Tab]:
    """A tab that shows the page at this width and in this colour scheme."""
    width, height, mobile = WIDTHS[width_name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1 + mobile,
        is_mobile=mobile,
        color_scheme=scheme,
    )
    tab = Tab(context.new_page())
    say = tab.reported.append
    tab.page.on("console", lambda said: say(f"the console says ({said.type}): {said.text}"))
    tab.page.on("pageerror", lambda error: say(f"a script failed: {error}"))
    tab.page.on("request", lambda asked: None if _is_local(asked.url) else say(_asks(asked.url)))
    tab.page.goto(page.resolve().as_uri())
    yield tab
    context.close()


def _is_local(address: str) -> bool:
    return address.startswith(("file:", "data:"))


def _asks(address: str) -> str:
    return f"the page asks a network for {address}."


def check_page(page: Path, shots: Path) -> list[str]:
    """Everything wrong with the page, one sentence each; screenshots are written into `shots`."""
    wrong = []
    shots.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for width_name in WIDTHS:
            for scheme in SCHEMES:
                found, facts = _look(browser, page, width_name, scheme, shots)
                wrong += [f"{width_name}, {scheme}: {sentence}" for sentence in found]
                print(
                    f"{width_name} {scheme}: {facts['articles']} figures, {facts['pictures']} pictures, "
                    f"{facts['width']} x {facts['height']} px, {len(found)} wrong"
                )
    return wrong


def _look(browser: Browser, page: Path, width_name: str, scheme: str, shots: Path) -> tuple[list[str], dict[str, Any]]:
    with opened(browser, page, width_name, scheme) as tab:
        tab.page.evaluate(WAIT_FOR_PICTURES)
        facts = tab.page.evaluate(FACTS)
        save_screenshots(tab, WIDTHS[width_name][0], facts["height"], shots / f"{width_name}-{scheme}")
        return _judge(facts, scheme) + tab.reported, facts


def _judge(facts: dict[str, Any], scheme: str) -> list[str]:
    wrong = unreadable(facts)
    if facts["scroll"] > facts["width"]:
        wide = ", ".join(facts["far"][:5])
        wrong.append(f"the page is {facts['scroll']} px wide in a window of {facts['width']} px ({wide}).")
    if facts["dark"] != (scheme == "dark"):
        wrong.append("the browser did not take the colour scheme.")
    if not facts["articles"]:
        wrong.append("the page shows no figure.")
    return wrong


def unreadable(facts: dict[str, Any]) -> list[str]:
    """Pictures that are not there or have no text, and texts too faint to read, on any page."""
    wrong = [f"the picture {source} did not load." for source in facts["missing"]]
    wrong += [f"the picture {source} has no text beside it." for source in facts["unnamed"]]
    return wrong + [f"{at} {text!r} has contrast {ratio:.1f}, below 4.5." for ratio, at, text in facts["faint"][:5]]


def save_screenshots(tab: Tab, width: int, height: int, stem: Path) -> None:
    """The page down to `height` as `stem`-01.png, -02.png ...; older ones of that name go."""
    for old in stem.parent.glob(f"{stem.name}-*.png"):
        old.unlink()
    # A window as tall as what is wanted: the whole of a page of ten thousand lines takes longer than a browser waits.
    tab.page.set_viewport_size({"width": width, "height": height})
    for number, top in enumerate(range(0, height, _SLICE), start=1):
        clip = {"x": 0, "y": top, "width": width, "height": min(_SLICE, height - top)}
        tab.page.screenshot(path=stem.with_name(f"{stem.name}-{number:02d}.png"), clip=clip)


def main(arguments: list[str]) -> int:
    """Check the page in the folder named first, by default that of `make figures`; the exit code."""
    out = Path(arguments[0]) if arguments else HOME.parent / "out" / "figures"
    page = out / "index.html"
    if not page.exists():
        print(f"There is no page {page}; build it first with `make figures`.", file=sys.stderr)
        return 2
    try:
        wrong = check_page(page, out / "screenshots")
    except BrowserFailed as error:
        print(error, file=sys.stderr)
        return 2
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"screenshots: {out / 'screenshots'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
