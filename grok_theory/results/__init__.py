"""What a theory says and what runs say: frozen, labelled, printable, saved without pickle."""

from ..saved_results import load
from .ensemble import Ensemble
from .solution import Solution

__all__ = ["Ensemble", "Solution", "load"]
