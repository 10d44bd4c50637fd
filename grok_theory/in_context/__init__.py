"""Learning from a prompt, by memory or by rule: learning curves of linear attention, and the runs they predict.

Lu, Letey, Zavatone-Veth, Maiti & Pehlevan, arXiv:2405.11751; what is derived here is said in docs/in_context.md.
"""

from ..dynamics import GradientFlow
from .closed_forms import (
    infinite_sequences_loss,
    long_context_loss,
    second_transience_threshold,
    task_resolvent,
    transience_threshold,
)
from .methods import DeterministicEquivalent, SpectralQuadrature
from .problem import LinearAttention
from .verbs import simulate, solve, valid_at

__all__ = [
    "DeterministicEquivalent",
    "GradientFlow",
    "LinearAttention",
    "SpectralQuadrature",
    "infinite_sequences_loss",
    "long_context_loss",
    "second_transience_threshold",
    "simulate",
    "solve",
    "task_resolvent",
    "transience_threshold",
    "valid_at",
]
