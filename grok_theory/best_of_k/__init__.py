"""Inference-time scaling with a judge: draw k answers, score them, keep one. Exact at every k and temperature.

Halder & Pehlevan, arXiv 2512.19905; conventions and limits in docs/best_of_k.md and docs/best_of_k_evidence.md.
"""

from ..rooms import show_public_names
from .answer_files import read_records
from .choice import Choice, best_setting
from .exchange import EqualError, equal_error, samples_needed
from .methods import BestOfK, Exact, HighTemperature, LargeK
from .optima import decay_exponent, optimal_reward, optimal_samples, optimal_temperature
from .optimum import Optimum
from .posterior_gaps import posterior
from .problem import LinearJudge, Posterior, Prompt
from .record_fit import BetaPassRate, Empirical, GaussianJudge, Prediction, RecordFit, fit
from .recorded_curves import from_records, pass_at_k
from .recorded_votes import pass_curve, vote_curve
from .records import Records
from .verbs import simulate, solve
from .votes import beta_majority_at_k, majority, majority_limit, majority_of_counts, majority_rate

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
    "beta_majority_at_k",
    "decay_exponent",
    "equal_error",
    "fit",
    "from_records",
    "majority",
    "majority_limit",
    "majority_of_counts",
    "majority_rate",
    "optimal_reward",
    "optimal_samples",
    "optimal_temperature",
    "pass_at_k",
    "pass_curve",
    "posterior",
    "read_records",
    "samples_needed",
    "simulate",
    "solve",
    "vote_curve",
]

show_public_names(globals())
