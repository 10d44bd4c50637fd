"""Two-layer networks between the lazy and the rich regime: grokking without weight decay, computed."""

from importlib import import_module
from typing import Any

_NAMES = {
    "Converted": "conversions",
    "DMFT": "dmft",
    "ExactReduction": "experiment",
    "ExplicitNetwork": "experiment",
    "FrozenKernel": "experiment",
    "KernelEigenvector": "labels",
    "KernelSpectrum": "closed_forms",
    "LazyLimit": "lazy_limit",
    "LinearMoments": "mean_field",
    "LossParts": "closed_forms",
    "MeanFieldNetwork": "mean_field",
    "Particles": "mean_field",
    "Population": "population",
    "QuadraticCommittee": "problem",
    "TangentLimit": "mean_field",
    "escape_time": "closed_forms",
    "from_paper": "conversions",
    "from_training_code": "conversions",
    "kernel_spectrum": "closed_forms",
    "largest_stable_learning_rate": "closed_forms",
    "population_alignment": "closed_forms",
    "rescaled_start": "conversions",
    "simulate": "dispatch",
    "solution_delay": "delay",
    "solve": "dispatch",
    "tangent_kernel": "closed_forms",
    "test_loss_decomposition": "closed_forms",
}

# Not public, but inside public results: they may stand in a file too (`record_classes`).
_IN_FILES = ("closed_forms:Mode",)

__all__ = [*_NAMES]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}.")


def __dir__() -> list[str]:
    return sorted(__all__)
