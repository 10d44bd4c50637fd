"""The companion on corrupted labels: a network that adds modulo p by construction, phases, and pruning.

After D. Doshi, A. Das, T. He, A. Gromov, *To grok or not to grok*, arXiv 2310.13061, and A. Gromov, arXiv 2301.02679.
Memorizing and generalizing neurons are told apart by how few frequencies their weights have.
"""

from ...rooms import show_public_names
from .network import ModularNetwork, exact_network, exact_network_accuracy, network_of_run
from .participation import inverse_participation_ratio
from .phases import Phase, phase
from .pruning import HIGHEST_FIRST, LOWEST_FIRST, RANDOM, PruneCurve, prune_curve

__all__ = [
    "HIGHEST_FIRST",
    "LOWEST_FIRST",
    "RANDOM",
    "ModularNetwork",
    "Phase",
    "PruneCurve",
    "exact_network",
    "exact_network_accuracy",
    "inverse_participation_ratio",
    "network_of_run",
    "phase",
    "prune_curve",
]

show_public_names(globals())
