"""What can go wrong: every error this package raises on purpose."""

from __future__ import annotations


class GrokTheoryError(Exception):
    """Every error this package raises on purpose."""


class BadValue(GrokTheoryError, ValueError):
    """An argument outside what is allowed."""


class SolveFailed(GrokTheoryError, RuntimeError):
    """A solver has no trustworthy answer; `throw=False` hands back what there is."""


class TooLarge(GrokTheoryError, MemoryError):
    """An allocation that would not fit, refused before it is made."""


class DamagedFile(GrokTheoryError, ValueError):
    """A file that is truncated, altered, or not ours."""


class Float64Required(GrokTheoryError, RuntimeError):
    """A solver called while JAX computes in float32."""
