"""What a sweep gives back: every result that could be had, and a sentence for every one that could not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ..errors import SolveFailed
from ..results import FAILED, Status


@dataclass(frozen=True)
class Failure:
    """Problem number `index` has no trustworthy result, and why."""

    index: int
    problem: Any
    reason: str

    def __str__(self) -> str:
        return f"problem {self.index}, {self.problem}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Sweep:
    """The results of `run` for every problem, in the order of the problems.

    **Fields:**
    - `results`: one each; None where `run` raised, and what it returned where that says of itself that it failed.
    - `failures`: one `Failure` for each of those two kinds. `sweep[i]` raises `SolveFailed` for them.
    - `computed`, `reused`: how many were computed now, and how many came from the cache.
    - `damaged`: a sentence for every damaged cache file that was noticed and computed again.
    """

    problems: tuple[Any, ...]
    results: tuple[Any, ...]
    failures: tuple[Failure, ...]
    computed: int
    reused: int
    damaged: tuple[str, ...]
    seconds: float

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
        """`number(result)` of every problem as one float64 array; nan where the problem failed."""
        failed = {failure.index for failure in self.failures}
        values = [None if i in failed else np.asarray(number(self.results[i]), float) for i in range(len(self))]
        shape = next((value.shape for value in values if value is not None), ())
        return np.stack([np.full(shape, np.nan) if value is None else value for value in values])

    def __str__(self) -> str:
        head = (
            f"Sweep of {len(self)} problems in {self.seconds:.1f} s: {self.computed} computed, {self.reused} from the "
            f"cache, {len(self.failures)} failed, {len(self.damaged)} damaged files noticed"
        )
        shown = [f"  {failure}" for failure in self.failures[:10]]
        more = [f"  and {len(self.failures) - 10} more"] if len(self.failures) > 10 else []
        return "\n".join([head, *shown, *more, *(f"  {sentence}" for sentence in self.damaged[:10])])


def own_failure(result: Any) -> str | None:
    """What a result says of itself where a `Status` in it is failed; None where it is good."""
    for part in jax.tree_util.tree_leaves(result, is_leaf=lambda part: isinstance(part, Status)):
        if isinstance(part, Status) and np.any(np.asarray(part.level) == FAILED):
            return part.text
    return None
