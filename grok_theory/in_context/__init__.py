"""Learning from a prompt, by memory or by rule: linear attention, mixtures of tasks, strategies.

Lu, Letey, Zavatone-Veth, Maiti & Pehlevan, arXiv:2405.11751 (linear attention); Wurgaft, Lubana, Park, Tanaka, Reddy &
Goodman, arXiv:2506.17859 (strategies); what is derived here is said in docs/in_context.md
and docs/in_context_memory.md.
"""

from ..dynamics import GradientFlow
from ..rooms import show_public_names
from .closed_forms import (
    infinite_sequences_loss,
    long_context_loss,
    second_transience_threshold,
    task_resolvent,
    transience_threshold,
)
from .families import GaussianRegression, MarkovChains, Urns
from .methods import DeterministicEquivalent, Exact, MonteCarlo, SpectralQuadrature
from .problem import LinearAttention, Strategies, TaskMixture
from .regression_forms import regression_eta, regression_information
from .share_fit import StrategyFit, fit_strategies
from .strategies import SwitchStep, switch_step
from .urn_forms import two_task_gap, urn_information, urn_oracle_loss, urn_rule_loss
from .verbs import simulate, solve, valid_at

__all__ = [
    "DeterministicEquivalent",
    "Exact",
    "GaussianRegression",
    "GradientFlow",
    "LinearAttention",
    "MarkovChains",
    "MonteCarlo",
    "SpectralQuadrature",
    "Strategies",
    "StrategyFit",
    "SwitchStep",
    "TaskMixture",
    "Urns",
    "fit_strategies",
    "infinite_sequences_loss",
    "long_context_loss",
    "regression_eta",
    "regression_information",
    "second_transience_threshold",
    "simulate",
    "solve",
    "switch_step",
    "task_resolvent",
    "transience_threshold",
    "two_task_gap",
    "urn_information",
    "urn_oracle_loss",
    "urn_rule_loss",
    "valid_at",
]

show_public_names(globals())
