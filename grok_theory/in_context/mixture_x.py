"""The x of `TaskMixture`, checked: how many symbols a context has. Theory and runs ask the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_at_least, check_shape, check_times, is_traced
from ..errors import BadValue
from .families import Family, GaussianRegression, MarkovChains, Urns
from .urn_forms import LONGEST

__all__ = ["CONTEXT", "check_contexts", "check_family_single", "refuse_settings"]

CONTEXT = "context"
_LONGEST_CHAIN = 1024  # its counts are looked up among all pairs of symbols
_REMEDY = "Pass whole numbers of symbols in increasing order, for example [1, 8, 32]."


def check_contexts(x: ArrayLike, family: Family) -> np.ndarray:
    """The x as whole numbers >= 1; refused where they are traced, and beyond what a table of moments has room for."""
    if is_traced(x):
        raise BadValue(
            f"{CONTEXT} is traced, but lengths of contexts must be known. Pass them outside of jit and vmap."
        )
    check_times(x, name=CONTEXT, remedy=_REMEDY)
    check_at_least(CONTEXT, x, 1, _REMEDY)
    lengths = np.asarray(x, float)
    broken = np.flatnonzero(lengths != np.round(lengths))
    if broken.size:
        raise BadValue(f"{CONTEXT}[{broken[0]}] is {lengths[broken[0]]}, but it must be a whole number. {_REMEDY}")
    most = LONGEST if isinstance(family, Urns) else _LONGEST_CHAIN if isinstance(family, MarkovChains) else 10**9
    if lengths[-1] > most:
        raise BadValue(
            f"{CONTEXT}[{lengths.size - 1}] is {lengths[-1]:g}, but with {type(family).__name__} it must be at most "
            f"{most}. Pass shorter contexts."
        )
    return lengths.astype(int)


def check_family_single(family: Family) -> None:
    """Refuse a stack of regressions."""
    if isinstance(family, GaussianRegression):
        check_shape("noise", family.noise, (), "One family has one noise: map over several with jax.vmap.")


def refuse_settings(kind: str, **settings: Any) -> None:
    """Refuse what other Problems of the wing are given and this one has no use for."""
    for name, value in settings.items():
        if value is not None:
            raise BadValue(f"{name} is {value!r}, but a {kind} has none. Leave it out.")
