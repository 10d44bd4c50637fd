"""Plain text with formulas as captions have them, `q/s^2`, `alpha sigma^2`, `w_T`, as HTML: signs, powers, indices.

Code between backticks stays as it is.
"""

from __future__ import annotations

import re
from html import escape

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eps": "ε", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "Gamma": "Γ",
}  # fmt: skip
_SIGNS = {"-&gt;": "→", "+-": "±", "&gt;=": "≥", "&lt;=": "≤", "&lt;&lt;": "≪", "&gt;&gt;": "≫"}
_WORD = re.compile(rf"(?<![A-Za-z-])({'|'.join(sorted(_GREEK, key=len, reverse=True))})(?![A-Za-z])")
_BASE = r"(?<=[A-Za-z0-9)\]α-ωΑ-Ω|])"
# A number, with a fraction only after a sign: s^2/q is (s^2)/q, d^-1/2 is a root; or a name, or a bracket.
_POWER = re.compile(
    rf"{_BASE}\^(-\d+/\d+|[-+]?\d+(?:\.\d+)?|-?[a-z]+\([^()]*(?:\([^()]*\)[^()]*)*\)|-?\([^()]*\)|-?[A-Za-zα-ω]+)"
)
_INDEX = re.compile(r"(?<![A-WYZa-wyz_])([A-Za-zα-ωΑ-Ω])_(\d+|[A-Za-zα-ω](?![A-Za-z_]))")


def as_html(text: str) -> str:
    """The text as HTML.

    >>> as_html("q = s^2/2, `a^2`, k^-min(2, s^2/q), alpha -> inf")
    'q = s<sup>2</sup>/2, <code>a^2</code>, k<sup>−min(2, s<sup>2</sup>/q)</sup>, α → ∞'
    """
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"<code>{escape(part)}</code>" if i % 2 else _formulas(escape(part)) for i, part in enumerate(parts))


def as_text(text: str) -> str:
    """The same without marks, for what is read aloud or shown as a title."""
    return re.sub(r"</?(?:sup|sub|code)>", "", as_html(text))


def _formulas(text: str) -> str:
    for sign, shown in _SIGNS.items():
        text = text.replace(sign, shown)
    text = _WORD.sub(lambda found: _GREEK[found[1]], text)
    text = re.sub(r"\bsqrt\b(?=\()", "√", text)
    text = re.sub(r"(?<![A-Za-z])inf(?![A-Za-z])", "∞", text)
    text = _INDEX.sub(r"\1<sub>\2</sub>", text)
    return _powers(text)


def _powers(text: str) -> str:
    return _POWER.sub(lambda found: f"<sup>{_powers(_unwrapped(found[1].replace('-', '−', 1)))}</sup>", text)


def _unwrapped(power: str) -> str:
    return power[1:-1] if power.startswith("(") else power
