"""Theory and runs: `curves`; the band of one run: `band`; a quantity over two parameters: `heatmap`; a log: `recorded`.

All draw into `ax`, or into a new one in the style of the package, and return the axes: everything about the picture
can still be changed. Labels and units come from what is drawn. Colours are told apart by colour-blind eyes (Okabe & Ito
2008) and in grey.
"""

from ..rooms import show_public_names
from .bands import band
from .canvas import STYLE
from .cells import heatmap
from .lines import BANDS, curves
from .logged import recorded

__all__ = ["BANDS", "STYLE", "band", "curves", "heatmap", "recorded"]

show_public_names(globals())
