r"""Formulas as MathML, by docutils' converter: no script, network or fonts; they can be selected and read aloud.

The converter knows most of LaTeX's mathematics (aligned, cases, pmatrix, underbrace, operatorname ...), and neither
align nor \dots, \stackrel, \middle, \tag, \big, \color or macros. A formula that it refuses is a warning with page and
line, and a warning stops the build: a page that lacks a formula is never made.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

log = logging.getLogger(__name__)
_LETTER = r"\\(?:bar|hat|tilde)\s*(?:\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z])"
_ACCENT = re.compile(rf"(?:\{{({_LETTER})\}}|({_LETTER}))(?=\s*[_^])")
_FRACTION = re.compile(r"\\[dt]?frac\s*[^{\s].?")


def mathml(latex: str, block: bool) -> str:
    """One formula; the LaTeX it was made of goes with it, for those who copy it."""
    source = " ".join(latex.split())
    if wrong := _FRACTION.search(plain := _as_understood(source)):
        raise MathError(f"{wrong[0]} needs braces around numerator and denominator.")
    drawn = _upright_bars(tex2mathml(plain, as_block=block))
    return drawn.replace("<math ", f'<math alttext="{html.escape(source)}" ', 1)


def _upright_bars(drawn: str) -> str:
    """A closing bar or bracket that carries an exponent: a browser takes it for one that grows, and lowers it."""
    drawn = re.sub(r'<mo class="mathopen">([|‖⟨])</mo>', r'<mo form="prefix" stretchy="false">\1</mo>', drawn)
    return re.sub(
        r"(<m(?:sup|sub|subsup)>\s*)<mo>([|‖⟩])</mo>", r'\1<mo form="postfix" stretchy="false">\2</mo>', drawn
    )


def _as_understood(latex: str) -> str:
    """Three ways of writing that the converter takes for something else without a word, written out."""
    latex = re.sub(r"\\([dt]?frac)\s*([0-9A-Za-z])\s*([0-9A-Za-z])", r"\\\1{\2}{\3}", latex)  # \frac12
    latex = re.sub(r"(\\\\)\[-?[\d.]+(?:ex|em|pt|mm)\]", r"\1", latex)  # space below a row
    # An index of a letter under a bar belongs beside both, and the converter hangs it below a group of one thing.
    return _ACCENT.sub(lambda found: f"{{{{}}{found[1] or found[2]}}}", latex)


def _shown(translator, node: nodes.Element, latex: str, block: bool) -> str:
    try:
        return mathml(latex, block)
    except (MathError, IndexError) as error:  # docutils has no word for an exponent of nothing
        log.warning("the formula %s cannot be drawn: %s", " ".join(latex.split()), error, location=node)
        return f"<code>{html.escape(latex)}</code>"


def visit_inline(translator, node: nodes.math) -> None:
    """A formula in a line."""
    translator.body.append(_shown(translator, node, node.astext(), block=False))
    raise nodes.SkipNode


def visit_block(translator, node: nodes.math_block) -> None:
    """A formula of its own, with its number where the page labels it; an empty line parts two formulas."""
    translator.body.append(f'{translator.starttag(node, "div", CLASS="formula")}<div class="rows">')
    for latex in filter(None, map(str.strip, re.split(r"\n[ \t]*\n", node.astext()))):
        translator.body.append(_shown(translator, node, latex, block=True))
    translator.body.append("</div>")
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> dict[str, bool]:
    """Sphinx's door."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
