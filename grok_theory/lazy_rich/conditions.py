"""What a training of the committee can differ in beside Problem and dynamics, and what theory takes for granted."""

from __future__ import annotations

from ..conditions import Conditions

__all__ = ["PLAIN"]

# The start of the Problem times 1, hidden weights trained alone, the Problem's own activation and teacher.
PLAIN = Conditions(start=1.0, trained=("hidden",), activation="the Problem's", labels="the Problem's", linearised=False)
