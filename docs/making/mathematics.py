"""LaTeX to inline SVG with matplotlib's own mathematics: no network, no fonts to install, the colour of the text."""

from __future__ import annotations

import html
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

_EM = 100  # units of the drawing
_PADDING = 4


class BadMathematics(Exception):
    """A formula that matplotlib cannot draw."""


@lru_cache(maxsize=4096)
def drawn(latex: str) -> str:
    """One line of mathematics as an <svg>: sized in em, sitting on the baseline, its LaTeX as the text for readers."""
    font = FontProperties(size=_EM, math_fontfamily="cm")
    source = " ".join(latex.split())
    try:
        width, height, depth = TextToPath().get_text_width_height_descent(f"${source}$", font, ismath=True)
        vertices, codes = TextToPath().get_text_path(font, f"${source}$", ismath=True)
    except ValueError as error:
        raise BadMathematics(f"matplotlib cannot draw {source}: {str(error).splitlines()[-1]}") from error
    box = (-_PADDING, -(height - depth) - _PADDING, width + 2 * _PADDING, height + 2 * _PADDING)
    view = " ".join(f"{number:.0f}" for number in box)
    style = f"width:{box[2] / _EM:.2f}em;height:{box[3] / _EM:.2f}em;vertical-align:{-(depth + _PADDING) / _EM:.2f}em"
    return (
        f'<svg class="math" role="img" aria-label="{html.escape(source)}" viewBox="{view}" style="{style}">'
        f'<path d="{_path(vertices, codes)}"/></svg>'
    )


# Matplotlib's codes: move, line, quadratic, cubic, close; how many points each takes.
_LETTERS = {1: ("M", 1), 2: ("L", 1), 3: ("Q", 2), 4: ("C", 3)}


def _path(vertices, codes) -> str:
    words, at = [], 0
    while at < len(codes):
        if codes[at] == 79:
            words.append("Z")
            at += 1
            continue
        letter, count = _LETTERS[codes[at]]
        points = vertices[at : at + count]
        words.append(letter + " ".join(f"{x:.0f} {-y:.0f}" for x, y in points))
        at += count
    return "".join(words)
