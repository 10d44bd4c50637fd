"""What a sweep gives back: every result that could be had, and a sentence for every one that could not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PyTree

from .. import html_reports, saved_results
from ..agreement import Agreement
from ..errors import BadValue, SolveFailed
from ..results import Ensemble, Solution
from ..status import FAILED, NOTED, Status


@dataclass(frozen=True)
class Failure:
    """Problem number `index` has no trustworthy result, and why.

    Parameters
    ----------
    index : int
        Place in the list of problems, from 0.
    problem : PyTree
        The problem as it was given.
    reason : str
        What was raised, or what the result says of itself, in one sentence.
    """

    index: int
    problem: PyTree
    reason: str

    def __str__(self) -> str:
        return f"problem {self.index}, {self.problem}: {self.reason}"


@dataclass(frozen=True)
class Note:
    """The result of problem number `index` holds, with this remark.

    Parameters
    ----------
    index : int
        Place in the list of problems, from 0.
    text : str
        The remark of the result's `Status`.
    """

    index: int
    text: str

    def __str__(self) -> str:
        return f"noted for problem {self.index}: {self.text}"


@dataclass(frozen=True, eq=False)
class Sweep:
    """The results of `run` for every problem, in the order of the problems.

    Parameters
    ----------
    problems : tuple[Any, ...]
        As they were given.
    results : tuple[Any, ...]
        One each; None where `run` raised, and what it returned where that says of itself that it failed.
    failures : tuple[Failure, ...]
        One `Failure` for each of those two kinds. `sweep[i]` raises `SolveFailed` for them.
    computed, reused : int
        How many were computed now, and how many came from the cache.
    damaged : tuple[str, ...]
        A sentence for every damaged cache file that was noticed and computed again.
    seconds : float
        Wall time of the sweep.
    notes : tuple[Note, ...], default ()
        One `Note` for each result that is noted: it can be used, and its remark should be read.
    outdated : int, default 0
        To how many of the problems computed now the cache held an answer of another version of this package or its
        libraries, which was not used.
    """

    problems: tuple[Any, ...]
    results: tuple[Any, ...]
    failures: tuple[Failure, ...]
    computed: int
    reused: int
    damaged: tuple[str, ...]
    seconds: float
    notes: tuple[Note, ...] = ()
    outdated: int = 0

    def __len__(self) -> int:
        return len(self.problems)

    def __getitem__(self, index: int) -> Any:
        index = range(len(self))[index]
        for failure in self.failures:
            if failure.index == index:
                raise SolveFailed(f"The sweep has no result for {failure} (sweep.results[{index}] is what there is.)")
        return self.results[index]

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def read(self, number: Callable[[Any], Any]) -> np.ndarray:
        """`number(result)` of every problem as one float64 array; nan where the problem failed.

        Parameters
        ----------
        number : callable
            From one result to a number, or an array of one shape for all.

        Returns
        -------
        ndarray
            (problems, ...), in the order of the problems.
        """
        failed = {failure.index for failure in self.failures}
        values = [None if i in failed else np.asarray(number(self.results[i]), float) for i in range(len(self))]
        shape = next((value.shape for value in values if value is not None), ())
        return np.stack([np.full(shape, np.nan) if value is None else value for value in values])

    def __str__(self) -> str:
        head = (
            f"Sweep of {len(self)} problems in {self.seconds:.1f} s: {self.computed} computed, {self.reused} from the "
            f"cache, {len(self.failures)} failed, {len(self.notes)} noted, {len(self.damaged)} damaged files noticed"
        )
        lines = [head, *([f"  {sentence_of_outdated(self.outdated)}"] if self.outdated else [])]
        for things in (self.failures, self.notes, self.damaged):
            lines += [f"  {thing}" for thing in things[:10]]
            lines += [f"  and {len(things) - 10} more"] if len(things) > 10 else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html_reports.sweep(self)


def sentence_of_outdated(count: int) -> str:
    """What is said about answers of another version."""
    return (
        f"{count} result{'s' if count > 1 else ''} of another version of grok_theory or its libraries "
        f"{'are' if count > 1 else 'is'} in the cache and {'were' if count > 1 else 'was'} not used."
    )


def own_failure(result: object) -> str | None:
    """What a result says of itself where a `Status` in it is failed, or what is wrong with it; None if it is good."""
    said = _said(result, FAILED)
    if said is not None:
        return said
    for part in _parts(result, (Solution, Ensemble, Agreement)):
        try:
            saved_results.check(part)
        except BadValue as error:
            return f"{type(part).__name__}: {error} Its solver should have said so: report it."
    return None


def own_note(result: object) -> str | None:
    """The remark where a `Status` in a result is noted."""
    return _said(result, NOTED)


def _said(result: object, level: int) -> str | None:
    for part in _parts(result, (Status,)):
        if np.any(np.asarray(part.level) == level):
            return part.text
    return None


def _parts(value: object, kinds: tuple[type, ...]) -> Iterator[Any]:
    """Everything of these kinds in a result, whatever holds it."""
    if isinstance(value, kinds):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _parts(part, kinds)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _parts(part, kinds)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name), kinds)
