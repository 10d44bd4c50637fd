"""The likelihood of free parameters: the density of the runs under the law of one run, at the points that tell most."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import BadValue, GrokTheoryError
from ..judged_runs import SEEN
from ..run_density import log_density, telling_points
from .coordinates import LEARNING_RATE, Coordinate
from .laws import Law, Laws
from .seen import Seen

# Of a loss: where its logarithm scatters by more, its law is not told.
MOST_VARIANCE = float(np.log1p(0.5))
NOWHERE = -1e9  # where a Problem has no law


class Likelihood:
    """log p(runs | u), u the coordinates of the free parameters.

    Parameters
    ----------
    laws : Laws
        The law of one run.
    problem, dynamics
        The template, and how it is trained.
    free : sequence of Coordinate
        What is free.
    runs : sequence of Seen
        What was logged.
    left, most
        As in `telling_points`.
    """

    def __init__(
        self,
        laws: Laws,
        problem: Any,
        dynamics: Any,
        free: Sequence[Coordinate],
        runs: Sequence[Seen],
        *,
        left: float,
        most: int,
    ):
        self.laws, self.problem, self.dynamics, self.free = laws, problem, dynamics, tuple(free)
        self.all_runs, self.left, self.most = tuple(runs), left, most
        self.choose(self.start)

    @property
    def start(self) -> np.ndarray:
        """The template's own values."""
        return self.inside([c.u(max(min(self._own(c), c.high), c.low)) for c in self.free])

    def inside(self, u: Any) -> np.ndarray:
        """The nearest point of the box."""
        low, high = self.box
        return np.clip(np.asarray(u, float), low, high)

    @property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.array([c.box for c in self.free]).T
        return low, high

    def _own(self, c: Coordinate) -> float:
        return float(np.asarray(getattr(self.dynamics if c.name == LEARNING_RATE else self.problem, c.name)))

    def made(self, u: np.ndarray) -> tuple[Any, Any]:
        """Problem and dynamics with these values of the free parameters."""
        values = {c.name: c.value(part) for c, part in zip(self.free, u, strict=True)}
        rate = values.pop(LEARNING_RATE, None)
        problem = dataclasses.replace(self.problem, **values) if values else self.problem
        return problem, self.dynamics if rate is None else dataclasses.replace(self.dynamics, learning_rate=rate)

    def choose(self, u: np.ndarray) -> None:
        """Choose the points that tell most, by the law at u."""
        x = np.unique(np.concatenate([[0.0], *(run.x for run in self.all_runs)]))
        law = self.laws(*self.made(u), x)
        self.names, self.count = law.names, law.count
        mean, size = law.mean.ravel(), x.size
        variance = np.diagonal(law.covariance)
        good = np.isfinite(mean) & np.isfinite(variance) & (variance > 0) & (variance <= MOST_VARIANCE)
        if "train_loss" in law.names:
            row = law.names.index("train_loss") * size
            # Later a train loss is one eigenvalue's, or an integrator's tolerance.
            low = np.flatnonzero(~(law.mean[law.names.index("train_loss")] >= mean[row] + np.log(SEEN)))
            good[row + (low[0] if low.size else size) : row + size] = False
        groups: dict[tuple[int, ...], list[np.ndarray]] = {}
        for run in self.all_runs:
            at = np.array([law.names.index(name) for name in run.names]) * size + np.searchsorted(x, run.x)
            kept = np.flatnonzero(good[at])
            if kept.size == 0:
                continue
            own = at[kept]
            chosen = telling_points([(mean[own], law.covariance[np.ix_(own, own)])], left=self.left, most=self.most)
            groups.setdefault(tuple(own[chosen]), []).append(run.values[kept][chosen])
        if not groups:
            raise BadValue(
                "log has no point at which the law of a run is told: where a loss scatters by more than 0.7 of its "
                "mean its law is unknown. Log earlier, or fit runs of a larger size."
            )
        used = np.unique([at % size for points in groups for at in points])
        self.x = x[used]
        place = {int(at): i for i, at in enumerate(used)}
        self.groups = [
            (np.array([at // size * used.size + place[at % size] for at in points]), np.stack(values))
            for points, values in groups.items()
        ]
        self.runs = sum(len(values) for _, values in self.groups)
        self.points = sum(values.size for _, values in self.groups)

    def with_free(self, free: Sequence[Coordinate], *, problem: Any, dynamics: Any) -> Likelihood:
        """The same points, other parameters free."""
        other = copy.copy(self)
        other.free, other.problem, other.dynamics = tuple(free), problem, dynamics
        return other

    def held(self, at: int, u: float) -> Likelihood:
        """The same with one parameter held at a value."""
        c = self.free[at]
        value = c.value(u)
        rest = [each for i, each in enumerate(self.free) if i != at]
        if c.name == LEARNING_RATE:
            return self.with_free(
                rest, problem=self.problem, dynamics=dataclasses.replace(self.dynamics, learning_rate=value)
            )
        return self.with_free(
            rest, problem=dataclasses.replace(self.problem, **{c.name: value}), dynamics=self.dynamics
        )

    def with_laws(self, laws: Laws) -> Likelihood:
        """The same points under other laws."""
        other = copy.copy(self)
        other.laws = laws
        return other

    def watched(self, told: Callable[[], None]) -> Likelihood:
        """The same, calling `told` after every law."""

        def laws(problem: Any, dynamics: Any, x: np.ndarray) -> Law:
            law = self.laws(problem, dynamics, x)
            told()
            return law

        return self.with_laws(laws)

    def law(self, u: np.ndarray) -> Law | None:
        """The law at the chosen x; None where there is none (an unstable learning rate, an overflow)."""
        try:
            return self.laws(*self.made(u), self.x)
        except GrokTheoryError:
            return None

    def of(self, law: Law | None) -> float:
        """The log likelihood under a law."""
        if law is None:
            return NOWHERE
        mean, total = law.mean.ravel(), 0.0
        for at, values in self.groups:
            total += log_density(mean[at], law.covariance[np.ix_(at, at)], values, law.count)
        return total if np.isfinite(total) else NOWHERE

    def __call__(self, u: np.ndarray) -> float:
        return self.of(self.law(self.inside(u)))

    def information(self, u: np.ndarray, step: float) -> np.ndarray:
        """Expected (Fisher) information at u, from the means and covariances of the law.

        I_ab = runs (dmu_a S^-1 dmu_b + tr(S^-1 dS_a S^-1 dS_b)/2).
        """
        size = len(u)
        centre = self.law(u)
        ends = [[self.inside(u + sign * step * np.eye(size)[i]) for sign in (-1, 1)] for i in range(size)]
        laws = [[self.law(end) for end in pair] for pair in ends]
        total = np.zeros((size, size))
        if centre is None or any(each is None for pair in laws for each in pair):
            return total
        for at, values in self.groups:
            square = np.ix_(at, at)
            inverse = np.linalg.inv(centre.covariance[square])
            slopes, turns = [], []
            for i, (low, high) in enumerate(laws):
                by = ends[i][1][i] - ends[i][0][i]
                slopes.append((high.mean.ravel()[at] - low.mean.ravel()[at]) / by)  # type: ignore[union-attr]
                turns.append(inverse @ (high.covariance[square] - low.covariance[square]) / by)  # type: ignore[union-attr]
            for a in range(size):
                for b in range(size):
                    both = slopes[a] @ inverse @ slopes[b] + 0.5 * np.trace(turns[a] @ turns[b])
                    total[a, b] += len(values) * both
        return total
