"""Many Problems with one function: batched, then parallel, kept on disk as they finish, resumed where they stopped."""

from .record import Failure, Note, Sweep
from .verb import sweep

__all__ = ["Failure", "Note", "Sweep", "sweep"]
