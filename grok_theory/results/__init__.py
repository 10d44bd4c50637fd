"""What a theory says and what runs say: frozen, labelled, printable, saved without pickle."""

from ..saved_results import load
from .ensemble import Ensemble
from .forecast import Band, Forecast
from .log import Log, Record
from .log_reading import read_log
from .solution import Solution
from .time_forecast import TimeForecast

__all__ = ["Band", "Ensemble", "Forecast", "Log", "Record", "Solution", "TimeForecast", "load", "read_log"]
