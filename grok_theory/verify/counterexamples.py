"""Look for the worst point of a property, and if it fails, for the simplest one."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..errors import BadValue
from ..status import Status
from .certificate import Certificate, CounterExample
from .differences import Finding

# After a failure is found, so many further evaluations, or seconds, are spent on making it simpler.
_SIMPLIFICATIONS, _SECONDS = 300, 30.0


def hypothesis_or_sentence() -> Any:
    """The module hypothesis; `BadValue` with the remedy where it is not installed."""
    try:
        import hypothesis
        import hypothesis.strategies
    except ImportError:
        raise BadValue(
            "grok_theory.verify draws its problems with hypothesis, which is not installed. Install it: "
            "pip install hypothesis."
        ) from None
    return hypothesis


class Fault(Exception):
    """Raised inside a judged function where it cannot be judged: what happened, in words."""


def guarded(function: Callable[..., Any], role: str) -> Callable[..., Any]:
    """`function`, whose exceptions count as an infinite error, as does a result that says of itself that it failed.

    Exceptions that hypothesis itself uses pass.
    """
    hypothesis = hypothesis_or_sentence()

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            result = function(*arguments, **named)
        except hypothesis.errors.HypothesisException:
            raise
        except Exception as error:
            raise Fault(f"{role} raised {type(error).__name__}: {error}") from error
        said = next(filter(None, map(_failure, jax.tree_util.tree_leaves(result, is_leaf=_has_status))), None)
        if said is not None:
            raise Fault(f"{role} failed: {said}")
        return result

    return call


def _has_status(value: Any) -> bool:
    return isinstance(getattr(value, "status", None), Status)


def _failure(value: Any) -> str | None:
    return value.status.text if _has_status(value) and value.status.name == "failed" else None


def search(
    claim: str,
    judge: Callable[..., Finding],
    strategy: Any,
    *,
    allowed: float,
    unit: str,
    examples: int | None = None,
) -> Certificate:
    """Judge drawn arguments; a Certificate if no error exceeds `allowed`, else `CounterExample`.

    `strategy` is one hypothesis strategy, or a tuple of them for several arguments. How many are drawn, and whether
    they are the same every time, is what the loaded hypothesis profile says; `examples` overrides the number.
    """
    hypothesis = hypothesis_or_sentence()
    strategies = strategy if isinstance(strategy, tuple) else (strategy,)
    for part in strategies:
        if not isinstance(part, hypothesis.strategies.SearchStrategy):
            raise BadValue(
                f"strategy is {part!r}, but it must be a hypothesis strategy, or a tuple of them. Pass for example "
                "verify.problems(gt.linear.TeacherStudent)."
            )
    watch = _Watch(judge, allowed)
    attempt = hypothesis.given(hypothesis.strategies.tuples(*strategies))(watch.look)
    attempt = hypothesis.settings(
        max_examples=examples or hypothesis.settings().max_examples,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
    )(attempt)
    try:
        attempt()
    except _Wrong:
        raise watch.counter_example(claim, unit) from None
    return watch.certificate(claim, unit)


class _Wrong(Exception):
    pass


class _Watch:
    """Sees every point a search looks at."""

    def __init__(self, judge: Callable[..., Finding], allowed: float):
        self.judge, self.allowed = judge, allowed
        self.began = time.perf_counter()
        self.points = 0
        self.domain: dict[str, Any] = {}
        self.worst: tuple[Finding, tuple] = (Finding(-1.0), ())
        self.simplest: tuple[Finding, tuple] | None = None
        self.spent, self.found = 0, 0.0

    # Hypothesis reads the name of the only parameter.
    def look(self, arguments: tuple) -> None:
        if self.simplest is not None:
            self.spent += 1
            # Out of patience: only the simplest found so far still fails, so hypothesis stops there.
            tired = self.spent > _SIMPLIFICATIONS or time.perf_counter() - self.found > _SECONDS
            if tired and repr(arguments) != repr(self.simplest[1]):
                return
        try:
            finding = self.judge(*arguments)
        except Fault as fault:
            finding = Finding(np.inf, str(fault))
        if self.simplest is None:
            self.points += 1
            _visit(self.domain, arguments)
        if not finding.error <= self.worst[0].error:
            self.worst = (finding, arguments)
        if not finding.error <= self.allowed:
            self.found = time.perf_counter() if self.simplest is None else self.found
            self.simplest = (finding, arguments)
            raise _Wrong

    def certificate(self, claim: str, unit: str) -> Certificate:
        finding, arguments = self.worst
        return Certificate(
            claim,
            _domain_text(self.domain),
            self.points,
            finding.error,
            _shown(arguments),
            finding.place,
            self.allowed,
            unit,
            time.perf_counter() - self.began,
        )

    def counter_example(self, claim: str, unit: str) -> CounterExample:
        assert self.simplest is not None
        finding, arguments = self.simplest
        seconds = time.perf_counter() - self.began
        error = CounterExample(
            f"does not hold: {claim}\n"
            f"  simplest  {_shown(arguments)}\n"
            f"  there     {finding.place or 'see the error'}\n"
            f"  error     {unit} {finding.error:.3g}, allowed {self.allowed:.3g}\n"
            f"  found     at point {self.points}, made simple in {self.spent} more, {seconds:.2f} s"
        )
        error.argument, error.error, error.points, error.seconds = arguments, finding.error, self.points, seconds
        return error


def _shown(arguments: tuple) -> str:
    return ", ".join(map(repr, arguments))


def _visit(domain: dict[str, Any], arguments: tuple) -> None:
    """Widen the visited range of every number, and the visited set of everything else."""
    for position, argument in enumerate(arguments):
        if dataclasses.is_dataclass(argument) and not isinstance(argument, type):
            parts = {field.name: getattr(argument, field.name) for field in dataclasses.fields(argument)}
        else:
            parts = {f"argument {position + 1}": argument}
        for name, value in parts.items():
            is_number = not isinstance(value, (bool, str)) and np.asarray(value).dtype.kind in "iuf" and np.size(value)
            if value is None or (is_number and np.all(np.isnan(value))):
                continue
            if is_number and not isinstance(domain.get(name), set):
                low, high = domain.get(name, (np.inf, -np.inf))
                domain[name] = (min(low, float(np.min(value))), max(high, float(np.max(value))))
            elif not isinstance(domain.get(name), tuple):
                domain.setdefault(name, set()).add(_name(value))


def _name(value: Any) -> str:
    return str(getattr(value, "name", None) or getattr(value, "__name__", None) or repr(value))


def _domain_text(domain: dict[str, Any]) -> str:
    texts = []
    for name, seen in domain.items():
        if isinstance(seen, tuple):
            same = seen[0] == seen[1]
            texts.append(f"{name} = {seen[0]:.4g}" if same else f"{name} in [{seen[0]:.4g}, {seen[1]:.4g}]")
        else:
            shown = sorted(seen)[:6]
            texts.append(f"{name} in {{{', '.join(shown)}{', ...' if len(seen) > 6 else ''}}}")
    return ", ".join(texts)
