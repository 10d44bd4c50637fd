"""Inference-time scaling with a judge: draw k answers, score them, keep one. Exact at every k and temperature.

Halder & Pehlevan, arXiv 2512.19905; conventions, corrections and limits in docs/best_of_k.md.
"""

from .choice import Choice, best_setting
from .exchange import EqualError, equal_error, samples_needed
from .methods import BestOfK, Exact, HighTemperature, LargeK
from .optima import decay_exponent, optimal_reward, optimal_samples, optimal_temperature
from .optimum import Optimum
from .posterior_gaps import posterior
from .problem import LinearJudge, Posterior, Prompt
from .record_fit import BetaPassRate, Empirical, GaussianJudge, Prediction, RecordFit, fit
from .recorded_curves import from_records, pass_at_k
from .records import Records, read_records
from .verbs import simulate, solve

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("closed_forms:Gaps",)

__all__ = [
    "BestOfK",
    "BetaPassRate",
    "Choice",
    "Empirical",
    "EqualError",
    "Exact",
    "GaussianJudge",
    "HighTemperature",
    "LargeK",
    "LinearJudge",
    "Optimum",
    "Posterior",
    "Prediction",
    "Prompt",
    "RecordFit",
    "Records",
    "best_setting",
    "decay_exponent",
    "equal_error",
    "fit",
    "from_records",
    "optimal_reward",
    "optimal_samples",
    "optimal_temperature",
    "pass_at_k",
    "posterior",
    "read_records",
    "samples_needed",
    "simulate",
    "solve",
]
