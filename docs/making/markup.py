"""Markdown to the inside of a page: headings with anchors, formulas, coloured code, links of the site.

Formulas are written as GitHub reads them: a block fenced as ```math, and $`...`$ in a line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs.making.mathematics import BadMathematics, drawn

__all__ = ["BadMathematics", "DeadLink", "coloured", "rendered", "slug"]


class DeadLink(Exception):
    """A link that leads nowhere."""


def slug(text: str, taken: set[str]) -> str:
    """The anchor of a heading, as GitHub makes it; repeated ones are numbered."""
    plain = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") or "section"
    name, number = plain, 1
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name


def rendered(text: str, link: Callable[[str], str]) -> tuple[str, list[tuple[int, str, str]]]:
    """HTML of a page and its headings (level, words, anchor); `link` turns a target into one of the site."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Comments are marks for commands that write into a page.
    tokens = parser.parse(re.sub(r"^<!--.*-->$", "", text, flags=re.M))
    headings, taken = [], set()
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            words = _words(tokens[number + 1])
            anchor = slug(words, taken)
            token.attrSet("id", anchor)
            headings.append((int(token.tag[1]), words, anchor))
        if token.type == "inline":
            token.children = _with_mathematics(token.children or [])
            for child in token.children:
                if child.type == "link_open":
                    child.attrSet("href", link(str(child.attrGet("href"))))
                if child.type == "image":
                    _inline_drawing(child, link)
    parser.add_render_rule("fence", _fence)
    body = parser.renderer.render(tokens, parser.options, {})
    # Wide tables scroll by themselves; the page does not.
    return body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>"), headings


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _with_mathematics(children: list[Token]) -> list[Token]:
    """$`...`$: a code span between two dollars becomes a formula."""
    for number in range(1, len(children) - 1):
        before, code, after = children[number - 1 : number + 2]
        if code.type != "code_inline" or not (before.content.endswith("$") and after.content.startswith("$")):
            continue
        if before.type == after.type == "text":
            before.content, after.content = before.content[:-1], after.content[1:]
            code.type, code.content = "html_inline", drawn(code.content)
    return children


def _inline_drawing(image: Token, link: Callable[[str], str]) -> None:
    """An SVG of ours stands in the page itself, so that it takes the colours of light and dark."""
    target = str(image.attrGet("src"))
    if target.endswith(".svg") and "://" not in target:
        source = Path(link("file:" + target)).read_text()
        image.type, image.content = "html_inline", f'<span class="drawing">{source.strip()}</span>'


def _fence(self, tokens, number, options, env) -> str:
    token = tokens[number]
    language = token.info.split()[0] if token.info.strip() else ""  # a page's test may read more behind it
    if language == "math":
        lines = [line for line in token.content.strip().splitlines() if line.strip()]
        # Fractions at full size where there is room for them.
        shown = [drawn(line.replace(r"\frac", r"\dfrac")) for line in lines]
        return "".join(f'<div class="formula">{svg}</div>' for svg in shown) + "\n"
    if language == "python":
        return f"<pre><code>{coloured(token.content)}</code></pre>\n"
    return f"<pre><code>{html.escape(token.content)}</code></pre>\n"


def coloured(code: str) -> str:
    """Python with its comments, texts, numbers and keywords marked."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
