"""The register of closed forms: every formula of the package once, with its source and what it is held against.

`grok-theory formulas` lists them, `grok-theory formulas NAME` shows one and verifies it on the spot; `register()` and
`find(name)` do the same in Python, `corrections()` computes where the literature is wrong. One file a wing holds the
entries and their oracles, which need mpmath, sympy and hypothesis.
"""

from ..rooms import show_public_names
from .correction import Correction
from .entries import find, register
from .expressions import latex_of
from .formula import Draw, Formula, Printed, Range
from .literature import corrections

__all__ = ["Correction", "Draw", "Formula", "Printed", "Range", "corrections", "find", "latex_of", "register"]

show_public_names(globals())
