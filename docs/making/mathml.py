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


def mathml(latex: str, block: bool) -> str:
    """One formula; the LaTeX it was made of goes with it, for those who copy it."""
    source = " ".join(latex.split())
    drawn = tex2mathml(source, as_block=block)
    return drawn.replace("<math ", f'<math alttext="{html.escape(source)}" ', 1)


def _shown(translator, node: nodes.Element, latex: str, block: bool) -> str:
    try:
        return mathml(latex, block)
    except MathError as error:
        log.warning("the formula %s cannot be drawn: %s", " ".join(latex.split()), error, location=node)
        return f"<code>{html.escape(latex)}</code>"


def visit_inline(translator, node: nodes.math) -> None:
    """A formula in a line."""
    translator.body.append(_shown(translator, node, node.astext(), block=False))
    raise nodes.SkipNode


def visit_block(translator, node: nodes.math_block) -> None:
    """A formula of its own, with its number where the page labels it; an empty line parts two formulas."""
    label = translator.starttag(node, "div", CLASS="formula")
    translator.body.append(label)
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    for latex in filter(None, map(str.strip, re.split(r"\n[ \t]*\n", node.astext()))):
        translator.body.append(_shown(translator, node, latex, block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> dict[str, bool]:
    """Sphinx's door."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
