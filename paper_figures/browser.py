"""`python -m paper_figures.browser [FOLDER]`: open the page of figures in a headless Chromium and check it.

At desktop and phone width, in light and in dark: nothing in the console, every picture loaded, nothing asked of a
network, no sideways scrolling, text and marks in readable contrast. Screenshots are saved beside the page.
Exit codes: 0 all good; 1 a check failed; 2 no page or no browser.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

from paper_figures.devtools import Browser, BrowserFailed, Tab, open_browser
from paper_figures.figure import HOME

WIDTHS = {"desktop": (1280, 900, False), "phone": (390, 844, True)}
SCHEMES = ("light", "dark")
# Taller pictures than this are cut into several files, so that they can be looked at.
_SLICE = 3200

_WAIT_FOR_PICTURES = "Promise.all([...document.images].map(i => i.decode().then(() => true, () => false)))"
FACTS = Path(__file__).with_name("page_facts.js").read_text(encoding="utf-8")


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


def opened(browser: Browser, page: Path, width_name: str, scheme: str) -> Tab:
    """A tab that shows the page at this width and in this colour scheme, and has told what it heard so far."""
    width, height, mobile = WIDTHS[width_name]
    tab = browser.tab()
    for domain in ("Page", "Runtime", "Log", "Network"):
        tab.call(f"{domain}.enable")
    tab.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1 + mobile, mobile=mobile
    )
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    tab.call("Page.navigate", url=page.resolve().as_uri())
    tab.wait_for("Page.loadEventFired")
    return tab


def _look(browser: Browser, page: Path, width_name: str, scheme: str, shots: Path) -> tuple[list[str], dict[str, Any]]:
    tab = opened(browser, page, width_name, scheme)
    tab.evaluate(_WAIT_FOR_PICTURES)
    facts = tab.evaluate(FACTS)
    save_screenshots(tab, WIDTHS[width_name][0], facts["height"], shots / f"{width_name}-{scheme}")
    found = _judge(facts, scheme) + reported(tab)
    tab.call("Page.close")
    return found, facts


def _judge(facts: dict[str, Any], scheme: str) -> list[str]:
    wrong = [f"the picture {source} did not load." for source in facts["missing"]]
    wrong += [f"the picture {source} has no text beside it." for source in facts["unnamed"]]
    wrong += [f"{where} {text!r} has contrast {ratio:.1f}, below 4.5." for ratio, where, text in facts["faint"][:5]]
    if facts["scroll"] > facts["width"]:
        wide = ", ".join(facts["far"][:5])
        wrong.append(f"the page is {facts['scroll']} px wide in a window of {facts['width']} px ({wide}).")
    if facts["dark"] != (scheme == "dark"):
        wrong.append("the browser did not take the colour scheme.")
    if not facts["articles"]:
        wrong.append("the page shows no figure.")
    return wrong


def reported(tab: Tab) -> list[str]:
    """What the page said to the console, threw, or asked of a network."""
    wrong = []
    for said in tab.events("Runtime.consoleAPICalled"):
        words = " ".join(str(part.get("value", part.get("description"))) for part in said["args"])
        wrong.append(f"the console says ({said['type']}): {words}")
    wrong += [f"a script failed: {e['exceptionDetails'].get('text')}" for e in tab.events("Runtime.exceptionThrown")]
    wrong += [f"the log says: {entry['entry'].get('text')}" for entry in tab.events("Log.entryAdded")]
    asked = [event["request"]["url"] for event in tab.events("Network.requestWillBeSent")]
    return wrong + [f"the page asks a network for {url}." for url in asked if not url.startswith(("file:", "data:"))]


def save_screenshots(tab: Tab, width: int, height: int, stem: Path) -> None:
    """The whole page as `stem`-01.png, -02.png ...; older ones of that name go."""
    for old in stem.parent.glob(f"{stem.name}-*.png"):
        old.unlink()
    for number, top in enumerate(range(0, height, _SLICE), start=1):
        clip = {"x": 0, "y": top, "width": width, "height": min(_SLICE, height - top), "scale": 1}
        shot = tab.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        stem.with_name(f"{stem.name}-{number:02d}.png").write_bytes(base64.b64decode(shot["data"]))


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
