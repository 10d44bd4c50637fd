"""Problems drawn by hypothesis: every field over the range where its theory is meant to hold.

Where a parameter is special (equal numbers of samples and weights, no noise, no decay) that very value is drawn often,
and counter-examples are pulled towards it and towards short decimals.
"""

from __future__ import annotations

import dataclasses
import inspect
import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import BadValue
from ..rooms import WINGS
from .counterexamples import hypothesis_or_sentence

# Field name -> (least, greatest, special values); a class's own entry goes before the one for all.
_FIELDS: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "samples_per_dim": (0.05, 20.0, (1.0, 0.5, 2.0)),
    "snr": (1e-3, 1e3, (1.0, 0.0, 5.0)),
    "inr": (1e-3, 1e2, (0.0, 1.0)),
    "noise": (1e-2, 1e2, (1.0,)),
    "weight_decay": (1e-4, 10.0, (0.0, 1.0)),
    "upper_norm": (0.1, 3.0, (1.0,)),
    "first_norm": (0.1, 3.0, (1.0,)),
    "output_scale": (0.05, 50.0, (1.0,)),
    "curvature": (1e-2, 3.0, (1.0, 0.0, 0.5)),
    "teacher_overlap": (1e-3, 0.95, (0.0, 0.5)),
    "label_noise": (1e-2, 1.0, (0.0,)),
    "teacher_gap": (-5.0, 5.0, (0.0, 1.0)),
    "reward_gap": (-5.0, 5.0, (0.0, 1.0)),
    "spread": (1e-2, 1e2, (1.0,)),
    "teacher_variance": (1e-3, 1e2, (1.0, 0.0)),
    "reward_variance": (1e-3, 1e2, (1.0, 0.0)),
    "examples_per_dim": (0.05, 20.0, (1.0, 2.0)),
    "prior_scale": (0.1, 10.0, (1.0,)),
    "overshoot": (-2.0, 2.0, (0.0,)),
}
_OWN: dict[tuple[str, str], tuple[float, float, tuple[float, ...]]] = {
    ("QuadraticCommittee", "samples_per_dim"): (1.0, 20.0, (1.0, 2.0)),
    ("GroupTask", "weight_decay"): (1e-6, 1e-1, (2e-4, 0.0)),
}


def numbers(low: float, high: float, *, special: tuple[float, ...] = ()) -> Any:
    """Floats in [low, high]: `special` values, short decimals, and any float; evenly in the logarithm if low > 0.

    A counter-example is pulled towards the first special value.
    """
    strategies = hypothesis_or_sentence().strategies
    if low > 0:
        short = strategies.integers(0, 1000).map(
            lambda n: _within(float(f"{low * (high / low) ** (n / 1000):.3g}"), low, high)
        )
        anything = strategies.floats(low, high)
    else:
        # No float between 0 and a thousandth of the range: 1e-300 tests the floats, not the theory.
        short = strategies.integers(0, 1000).map(lambda n: float(f"{low + (high - low) * n / 1000:.6g}"))
        anything = strategies.floats(low, high).map(lambda x: x if abs(x) > 1e-3 * (high - low) else 0.0)
        anything = anything.map(lambda x: _within(x, low, high))
    return strategies.one_of(*([strategies.sampled_from(special)] if special else []), short, anything)


def problems(kind: Any, **fields: Any) -> Any:
    """A hypothesis strategy for Problems of one class.

    **Arguments:**
    - `kind`: the Problem's class, for example `gt.linear.TeacherStudent`.
    - `fields`: for single fields another strategy, or a fixed value.

    Optional fields without a known range keep their default. Raises `BadValue` for a field that is needed and unknown.
    """
    strategies = hypothesis_or_sentence().strategies
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise BadValue(
            f"kind is {kind!r}, but it must be the class of a Problem. Pass for example gt.linear.TeacherStudent."
        )
    names = [field.name for field in dataclasses.fields(kind)]
    odd = [name for name in fields if name not in names]
    if odd:
        raise BadValue(f"{kind.__name__} has no field {odd[0]!r}; its fields are {', '.join(names)}. Name one of them.")
    given = {name: part if _is_strategy(part) else strategies.just(part) for name, part in fields.items()}
    make = _BUILDERS.get(kind.__name__)
    if make is not None and kind.__module__.startswith("grok_theory."):
        return make(kind, given)
    return strategies.builds(_Maker(kind), **(_known(kind, set(given)) | given))


def public_problems() -> dict[str, type]:
    """Every Problem the wings export: "linear.TeacherStudent" -> its class."""
    found = {}
    for wing in WINGS:
        module = import_module(f"grok_theory.{wing}")
        for name in getattr(module, "__all__", dir(module)):
            thing = getattr(module, name)
            if isinstance(thing, type) and dataclasses.is_dataclass(thing) and _checks_itself(thing):
                found[f"{wing}.{name}"] = thing
    return found


def _checks_itself(kind: type) -> bool:
    # A method's check(problem, times) takes more than itself.
    check = kind.__dict__.get("check")
    return callable(check) and len(inspect.signature(check).parameters) == 1


def _known(kind: type, given: set[str]) -> dict[str, Any]:
    """Strategies for the fields that have a range; `BadValue` where a needed one has none."""
    strategies = hypothesis_or_sentence().strategies
    known = {}
    for field in dataclasses.fields(kind):
        if field.name in given:
            continue
        default = field.default
        span = _OWN.get((kind.__name__, field.name)) or _FIELDS.get(field.name)
        if isinstance(default, bool):
            known[field.name] = strategies.booleans()
        elif span is not None and (default is dataclasses.MISSING or isinstance(default, (int, float))):
            known[field.name] = numbers(span[0], span[1], special=span[2])
        elif default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadValue(
                f"{kind.__name__}.{field.name} has no range here, but a value is needed. Pass one: "
                f"problems({kind.__name__}, {field.name}=verify.numbers(0.1, 10.0))."
            )
    return known


@dataclasses.dataclass(frozen=True)
class _Maker:
    """Calls the class and puts Python's random state back: type checkers draw from it, which hypothesis forbids."""

    kind: type

    def __call__(self, **fields: Any) -> Any:
        state = random.getstate()
        try:
            return self.kind(**fields)
        finally:
            random.setstate(state)


def _vectors(entries: Any, size: int) -> Any:
    return hypothesis_or_sentence().strategies.lists(entries, min_size=size, max_size=size).map(np.array)


def _gaussian(*shape: int) -> Any:
    """Gaussian entries from a drawn seed."""
    seeds = hypothesis_or_sentence().strategies.integers(0, 999)
    return seeds.map(lambda seed: np.random.default_rng(seed).normal(size=shape))


def _deep_linear(kind: type, given: dict[str, Any]) -> Any:
    drawn = {"depth": hypothesis_or_sentence().strategies.integers(1, 4)}
    return _built(kind, drawn, given)


def _correlated_inputs(kind: type, given: dict[str, Any]) -> Any:
    """Three modes; the eigenvalues may coincide or vanish."""
    drawn = {
        "spectrum": _vectors(numbers(0.01, 10.0, special=(1.0, 0.0)), 3),
        "target": _vectors(numbers(-3.0, 3.0, special=(1.0, 0.0)), 3),
        "samples": numbers(1.0, 30.0, special=(3.0, 2.0)),
    }
    return _built(kind, drawn, given)


def _random_features(kind: type, given: dict[str, Any]) -> Any:
    """Four features of three inputs, a teacher of two units, Gaussian weights from a drawn seed."""
    drawn = {
        "features": _gaussian(4, 3),
        "teacher": _gaussian(2, 3),
        "readout": _gaussian(2),
        "samples": numbers(1.0, 30.0),
    }
    return _built(kind, drawn, given)


def _mean_field_networks(kind: type, given: dict[str, Any]) -> Any:
    """Four inputs of two dimensions and five for the test, Gaussian from a drawn seed."""
    drawn = {
        "inputs": _gaussian(4, 2),
        "targets": _gaussian(4),
        "test_inputs": _gaussian(5, 2),
        "test_targets": _gaussian(5),
        "richness": numbers(0.03, 30.0, special=(1.0,)),
        "activation": hypothesis_or_sentence().strategies.sampled_from(("linear", "tanh", "erf", "relu")),
    }
    return _built(kind, drawn, given)


def _built(kind: type, drawn: dict[str, Any], given: dict[str, Any]) -> Any:
    parts = _known(kind, set(given) | set(drawn)) | drawn | given
    return hypothesis_or_sentence().strategies.builds(_Maker(kind), **parts)


def _group_tasks(kind: type, given: dict[str, Any]) -> Any:
    from .. import li2

    strategies = hypothesis_or_sentence().strategies
    groups = [*(li2.groups.cyclic(n) for n in (3, 2, 4, 5, 6, 7)), li2.groups.dihedral(3), li2.groups.quaternion()]
    drawn = {
        "group": strategies.sampled_from(groups),
        "activation": strategies.sampled_from(("square", "relu", "tanh", "silu")),
        "train_fraction": strategies.sampled_from((1.0, 0.8, 0.5)),
        "centering": strategies.sampled_from(("samples", "classes")),
    }
    return _built(kind, drawn, given)


def _posteriors(kind: type, given: dict[str, Any]) -> Any:
    """The two gaps of one prompt are as correlated as you like: c = rho sqrt(q v_R), rho in [-1, 1]."""
    return _correlated(kind, given, "covariance", "teacher_variance", "reward_variance")


def _judges(kind: type, given: dict[str, Any]) -> Any:
    """One mode or two; a judge that is the teacher, or one with weights of its own."""
    strategies = hypothesis_or_sentence().strategies
    spectrum = numbers(0.1, 10.0, special=(1.0,))
    power = numbers(0.01, 10.0, special=(1.0, 0.0))
    needed = _known(kind, set(given))
    plain = {"spectrum": spectrum | _vectors(spectrum, 2), "teacher_power": power}
    is_teacher = strategies.builds(_Maker(kind), **(needed | plain | given))
    if given.keys() & {"reward_power", "overlap"}:
        return is_teacher
    own = _correlated(
        kind, needed | plain | {"reward_power": power} | given, "overlap", "teacher_power", "reward_power"
    )
    return is_teacher | own


def _correlated(kind: type, given: dict[str, Any], product: str, left: str, right: str) -> Any:
    strategies = hypothesis_or_sentence().strategies
    parts = _known(kind, {*given, product}) | given

    def make(correlation: float, **fields: Any) -> Any:
        return _Maker(kind)(**{product: correlation * (fields[left] * fields[right]) ** 0.5}, **fields)

    if product in given:
        return strategies.builds(_Maker(kind), **parts)
    return strategies.builds(make, numbers(-1.0, 1.0, special=(1.0, 0.0)), **parts)


_BUILDERS: dict[str, Callable[[type, dict[str, Any]], Any]] = {
    "CorrelatedInputs": _correlated_inputs,
    "DeepLinear": _deep_linear,
    "GroupTask": _group_tasks,
    "Posterior": _posteriors,
    "LinearJudge": _judges,
    "MeanFieldNetwork": _mean_field_networks,
    "RandomFeatures": _random_features,
}


def _is_strategy(part: Any) -> bool:
    return isinstance(part, hypothesis_or_sentence().strategies.SearchStrategy)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
