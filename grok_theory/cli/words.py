"""Characters that the terminal's encoding lacks, in words: tau, +/-, <=, and table rules as - | +."""

from __future__ import annotations

import codecs
import unicodedata

_WORDS = {
    "±": "+/-", "−": "-", "–": "-", "—": "--", "×": "x", "·": "*", "…": "...", "≤": "<=", "≥": ">=", "≠": "!=",
    "≈": "~", "→": "->", "∞": "inf", "√": "sqrt", "∑": "sum", "∫": "int", "∂": "d", "∈": "in", "′": "'", "‘": "'",
    "’": "'", "“": '"', "”": '"', "⋅": "*", "∥": "||", "‖": "||", "⟨": "<", "⟩": ">",
}  # fmt: skip


def register() -> None:
    """Make `errors="in_words"` known to Python's encoders."""
    codecs.register_error("in_words", _handle)


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(in_words, error.object[error.start : error.end])), error.end


def in_words(character: str) -> str:
    """One character in ASCII; what has no words is written by its number."""
    if character in _WORDS:
        return _WORDS[character]
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte of an argument that was not in the encoding
        return f"\\x{ord(character) - 0xDC00:02x}"
    name = unicodedata.name(character, "")
    if name.startswith(("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")):
        word = name.split()[3].lower().replace("lamda", "lambda")
        return word if " SMALL " in name else word.capitalize()
    if name.startswith("BOX DRAWINGS "):
        return "-" if "VERTICAL" not in name and "HORIZONTAL" in name else "|" if "HORIZONTAL" not in name else "+"
    if name.startswith(("SUPERSCRIPT ", "SUBSCRIPT ")):
        return ("^" if name[:5] == "SUPER" else "_") + unicodedata.normalize("NFKD", character)
    return character.encode("ascii", "backslashreplace").decode()
