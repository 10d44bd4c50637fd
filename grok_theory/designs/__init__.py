"""Inverse design: `find`, the targets it takes and the Design it hands back."""

from .design import Design
from .targets import AtMost, CurveAt, DelayBetween, FreeValue, Front, Least
from .verb import find

__all__ = ["AtMost", "CurveAt", "DelayBetween", "Design", "FreeValue", "Front", "Least", "find"]
