"""Theories of when and why neural networks generalize late: solved, checked against real runs, drawn.

A Problem has a prediction (`solve`) and an experiment (`simulate`); both are made from the same Problem and compared
on named curves (`compare`). Names are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .rooms import WINGS, no_such_name

__version__ = "0.1.0"

# Rooms that are modules of this name, and public names with the module they live in.
_ROOMS = (*WINGS, "bounds", "formulas", "kernels", "observables", "plot", "verify")
_NAMES = {
    "Absolute": "comparison",
    "Adam": "dynamics",
    "AdamW": "dynamics",
    "Agreement": "agreement",
    "Applicability": "applicability",
    "AtMost": "designs",
    "BadValue": "errors",
    "Conditions": "conditions",
    "CurveAt": "designs",
    "DamagedFile": "errors",
    "DelayBetween": "designs",
    "Design": "designs",
    "Ensemble": "results",
    "Fit": "fits",
    "FittedParameter": "fits",
    "Float64Required": "errors",
    "Forecast": "results",
    "FreeValue": "designs",
    "Front": "designs",
    "GradientDescent": "dynamics",
    "GradientFlow": "dynamics",
    "GrokTheoryError": "errors",
    "Least": "designs",
    "Log": "results",
    "Muon": "dynamics",
    "Overlay": "overlays",
    "Ranking": "ranking",
    "Record": "results",
    "Relative": "comparison",
    "SGD": "dynamics",
    "SeenTogether": "fits",
    "Solution": "results",
    "SolveFailed": "errors",
    "Status": "status",
    "TimeForecast": "results",
    "TooLarge": "errors",
    "applies": "judged_runs",
    "compare": "comparison",
    "find": "designs",
    "fit": "fits",
    "keep_compilations": "compilations",
    "rank": "ranking",
    "sweep": "sweeps",
    "refine": "refinement",
    "Axis": "refinement",
    "SizeLaw": "size_law",
    "load": "saved_results",
    "overlay": "overlays",
    "read_log": "results",
}

__all__ = ["__version__", *_ROOMS, *_NAMES]  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from . import best_of_k, bounds, formulas, in_context, kernels, lazy_rich, li2, linear, observables, plot, verify
    from .agreement import Agreement
    from .applicability import Applicability
    from .comparison import Absolute, Relative, compare
    from .compilations import keep_compilations
    from .conditions import Conditions
    from .designs import AtMost, CurveAt, DelayBetween, Design, FreeValue, Front, Least, find
    from .dynamics import SGD, Adam, AdamW, GradientDescent, GradientFlow, Muon
    from .errors import BadValue, DamagedFile, Float64Required, GrokTheoryError, SolveFailed, TooLarge
    from .fits import Fit, FittedParameter, SeenTogether, fit
    from .judged_runs import applies
    from .overlays import Overlay, overlay
    from .ranking import Ranking, rank
    from .refinement import Axis, refine
    from .results import Ensemble, Forecast, Log, Record, Solution, TimeForecast, read_log
    from .saved_results import load
    from .size_law import SizeLaw
    from .status import Status
    from .sweeps import sweep


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise no_such_name(__name__, name, __all__)


def __dir__() -> list[str]:
    return sorted(__all__)
