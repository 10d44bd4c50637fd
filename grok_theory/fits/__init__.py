"""Fits of Problems to logs: `fit` and what it hands back."""

from .fitted import Fit, FittedParameter, SeenTogether
from .verb import fit

__all__ = ["Fit", "FittedParameter", "SeenTogether", "fit"]
