"""What a theory says and what runs say: frozen, labelled, printable, saved without pickle."""

from ..saved_results import load
from .ensemble import Ensemble
from .log import Log, Record
from .log_reading import read_log
from .solution import Solution

__all__ = ["Ensemble", "Log", "Record", "Solution", "load", "read_log"]
