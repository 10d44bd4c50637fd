"""Wing 4: inference-time scaling with a judge (Halder & Pehlevan 2025, arXiv 2512.19905), exact at every k and temperature."""

from .experiment import simulate
from .methods import BestOfK, Exact, HighTemperature, LargeK
from .posterior import posterior
from .problem import LinearJudge, Posterior, Prompt
from .solve import solve

__all__ = ["BestOfK", "Exact", "HighTemperature", "LargeK", "LinearJudge", "Posterior", "Prompt", "posterior", "simulate", "solve"]
