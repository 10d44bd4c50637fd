"""How often `compare` is wrong where runs jump: curves with two levels, mixtures and tails, and the cost elsewhere.

Runs fall from one level to another at times of their own. A right theory is the exact mean over the law of these times;
a false alarm is a verdict "disagrees" at no margin to speak of, a false agreement a verdict "agrees" of a theory that
is off by exactly the margin. Trials are judged through `judged`, which is `compare` for many trials at once;
tests/test_comparison_of_jumps.py holds the two against each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from grok_theory.numerics.level_shares import unseen_share
from grok_theory.numerics.mean_intervals import interval_of_mean, log_of_mean
from grok_theory.numerics.two_levels import Levels, find_levels
from grok_theory.numerics.unseen_runs import widened

MARGIN, TAIL = 0.05, 0.005
# Arrival times by their quantile function.
ARRIVALS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "log-normal 0.5": lambda p: np.exp(0.5 * stats.norm.ppf(p)),
    "log-normal 1": lambda p: np.exp(stats.norm.ppf(p)),
    "uniform": lambda p: 0.5 + p,
    "Gaussian 0.15": lambda p: 1 + 0.15 * stats.norm.ppf(p),
}


@dataclass(frozen=True)
class Shape:
    """How a run looks: width of its jump in spreads of the arrivals, noise (log-normal), its kind, drift of the
    plateaus in logs."""

    width: float
    noise: float
    kind: str
    drift: tuple[float, float] = (0.0, 0.0)

    def mean(self, x: np.ndarray, arrivals: np.ndarray, ratio: float, spread: float) -> np.ndarray:
        """(..., T) runs without noise; `arrivals` (...), times of a law of this `spread`."""
        late = x - arrivals[..., None]
        unarrived = (late < 0).astype(float) if self.width == 0 else special.expit(-late / (self.width * spread))
        low, high = np.exp(self.drift[1] * x / x[-1]), ratio * np.exp(self.drift[0] * x / x[-1])
        return low + (high - low) * unarrived

    def draw(
        self, rng: np.random.Generator, x: np.ndarray, arrivals: np.ndarray, ratio: float, spread: float
    ) -> np.ndarray:
        clean = self.mean(x, arrivals, ratio, spread)
        z = rng.standard_normal(clean.shape)
        if self.kind == "constant":
            z[:] = z[..., :1]
        elif self.kind == "correlated":
            for t in range(1, x.size):
                z[..., t] = 0.95 * z[..., t - 1] + np.sqrt(1 - 0.95**2) * z[..., t]
        return clean * np.exp(self.noise * z - self.noise**2 / 2)


SHAPES = {
    "sharp, noise 0.02": Shape(0.0, 0.02, "fresh"),
    "sharp, noise 0.1, drifts": Shape(0.0, 0.1, "correlated", (0.2, -0.2)),
    "width 0.1, factors 0.1, drifts": Shape(0.1, 0.1, "constant", (-0.2, -0.5)),
    "width 0.3, noise 0.02": Shape(0.3, 0.02, "correlated", (0.2, 0.0)),
    "width 1, noise 0.02": Shape(1.0, 0.02, "correlated"),
}


@dataclass(frozen=True)
class Course:
    """Curves that fall from `ratio` to one at arrival times of a law, and the exact mean over that law.

    `x` (T,) runs to where a share .02 has not arrived; `judged`: single x and windows, indices into it by their name.
    """

    law: str
    shape: Shape
    ratio: float
    x: np.ndarray
    means: np.ndarray
    judged: dict[str, np.ndarray]

    def draw(self, rng: np.random.Generator, trials: int, count: int) -> np.ndarray:
        """(trial, run, T)"""
        arrivals = ARRIVALS[self.law](rng.uniform(size=(trials, count)))
        return self.shape.draw(rng, self.x, arrivals, self.ratio, spread(self.law))


def spread(law: str) -> float:
    """The arrivals' spread: that of a Gaussian law with their quartiles."""
    ends = ARRIVALS[law](np.array([0.25, 0.75]))
    return float((ends[1] - ends[0]) / (2 * stats.norm.ppf(0.75)))


def course(law: str, shape: Shape, ratio: float, left: Sequence[float], points: int = 30, until: float = 0.02):
    """A Course judged where the shares `left` have not arrived, before the first of them, after it, and on all x."""
    quantile = ARRIVALS[law]
    at = np.array([float(quantile(np.array(1 - q))) for q in left])
    first = float(quantile(np.array(1e-3)))
    x = np.unique(np.concatenate([np.linspace(max(first, 0.0), float(quantile(np.array(1 - until))), points), at]))
    nodes = quantile((np.arange(20_000) + 0.5) / 20_000)
    single = np.searchsorted(x, at)
    judged = {f"{q:g} not arrived": np.array([j]) for q, j in zip(left, single, strict=True)}
    judged |= {"early": np.arange(single[0] + 1), "late": np.arange(single[0], x.size), "all x": np.arange(x.size)}
    return Course(law, shape, ratio, x, shape.mean(x, nodes, ratio, spread(law)).mean(0), judged)


def judged(course: Course, runs: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Verdicts of `compare` on every single x and window of a course, for runs (trial, run, T).

    For each: booleans (trial,) `alarm` (a simultaneous interval excludes the right theory: it disagrees whatever the
    margin), `agreement` (agrees, though the theory is off by the margin, up or down), the same two `plain`, without
    levels, and `guarded` (levels were found).
    """
    apart = float(np.log1p(MARGIN))
    levels = [find_levels(r, apart=apart, in_logs=True, tail=TAIL, theory=course.means) for r in runs]
    guarded = np.array([found is not None for found in levels])
    pointwise = _intervals(runs, levels, TAIL)
    found = {}
    for name, at in course.judged.items():
        means, row = course.means[at], {"guarded": guarded}
        plain, ends = (tuple(end[:, at] for end in pair) for pair in pointwise)
        simultaneous = _intervals(runs[:, :, at], levels, TAIL / at.size) if at.size > 1 else (plain, ends)
        for word, (low, high), (lowest, highest) in zip(("plain ", ""), (plain, ends), simultaneous, strict=True):
            row[word + "alarm"] = np.any((lowest > means) | (highest < means), axis=1)
            row[word + "agreement"] = np.zeros(len(runs), bool)
            for factor in (1 + MARGIN, 1 / (1 + MARGIN)):
                inside = (low > means * factor / (1 + MARGIN)) & (high < means * factor * (1 + MARGIN))
                row[word + "agreement"] |= np.all(inside, axis=1)
        found[name] = row
    return found


def _intervals(runs: np.ndarray, levels: Sequence[Levels | None], tail: float):
    """Intervals (low, high), each (trial, T), of the mean of runs (trial, run, T): without levels, and with them."""
    trials, count, times = runs.shape
    with np.errstate(over="ignore"):
        flat = log_of_mean(runs.transpose(1, 0, 2).reshape(count, -1), tail)
        plain = tuple(np.exp(end).reshape(trials, times) for end in flat)
    ends = tuple(end.copy() for end in plain)
    for i in range(trials):
        if (pair := levels[i]) is not None:
            ends[0][i], ends[1][i] = widened(pair, runs[i], plain[0][i], plain[1][i], tail)
    return plain, ends


WRONG = ("alarm", "agreement")


def two_levels(
    trials: int,
    counts: Sequence[int],
    ratios: Sequence[float],
    left: Sequence[float],
    laws: Sequence[str] = tuple(ARRIVALS),
    shapes: Sequence[str] = tuple(SHAPES),
) -> list[dict]:
    """One row a law, shape, ratio and number of runs: the worst single x and window, with and without the guard."""
    rows = []
    for law, name, ratio in itertools.product(laws, shapes, ratios):
        curves = course(law, SHAPES[name], ratio, left)
        for count in counts:
            tally = _tally(curves, trials, count, np.random.default_rng([count, int(ratio)]))
            times = {word: max(tally[where, word] for where in curves.judged if "not" in where) for word in _WORDS}
            windows = {
                word: max(tally[where, word] for where in curves.judged if "not" not in where) for word in _WORDS
            }
            worst = {word: max(times[word], windows[word]) for word in _WORDS}
            lows = [stats.binomtest(worst[word], trials).proportion_ci(0.99)[0] for word in WRONG]
            rows.append(
                {
                    "arrivals": law,
                    "curves": name,
                    "ratio": ratio,
                    "runs": count,
                    "share not excluded": unseen_share(count, TAIL),
                    "false alarms %": 100 * times["alarm"] / trials,
                    "in windows %": 100 * windows["alarm"] / trials,
                    "without levels %": 100 * worst["plain alarm"] / trials,
                    "false agreements %": 100 * worst["agreement"] / trials,
                    "without levels, %": 100 * worst["plain agreement"] / trials,
                    "levels found %": 100 * times["guarded"] / trials,
                    "at most 2 %": "yes" if max(lows) <= 0.02 else "no",
                }
            )
    return rows


_WORDS = ("alarm", "agreement", "plain alarm", "plain agreement", "guarded")


def _tally(curves: Course, trials: int, count: int, rng: np.random.Generator) -> dict[tuple[str, str], int]:
    """How many trials came out so, for every place and word of `judged`."""
    tally = {(where, word): 0 for where in curves.judged for word in _WORDS}
    for part in np.array_split(np.arange(trials), max(1, trials * count * curves.x.size // 3_000_000)):
        for where, row in judged(curves, curves.draw(rng, part.size, count)).items():
            for word in _WORDS:
                tally[where, word] += int(row[word].sum())
    return tally


LAWS: dict[str, tuple[Callable[[np.random.Generator, tuple[int, ...]], np.ndarray], float]] = {
    # Draws, and their mean.
    "share .02 of runs at 30, the others 1 +- .05": (lambda rng, n: _mixture(rng, n, 0.02), 1 + 0.02 * 29),
    "share .1 of runs at 30, the others 1 +- .05": (lambda rng, n: _mixture(rng, n, 0.1), 1 + 0.1 * 29),
    "share .3 of runs at 30, the others 1 +- .05": (lambda rng, n: _mixture(rng, n, 0.3), 1 + 0.3 * 29),
    "Pareto, index 1.5": (lambda rng, n: rng.uniform(size=n) ** (-1 / 1.5), 3.0),
    "Pareto, index 2.5": (lambda rng, n: rng.uniform(size=n) ** (-1 / 2.5), 2.5 / 1.5),
}


def _mixture(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    return np.where(rng.uniform(size=shape) < share, 30.0, 1.0) * (1 + 0.05 * rng.standard_normal(shape))


def one_time(trials: int, counts: Sequence[int]) -> list[dict]:
    """False alarms where a record has a single x: no curve shows what the runs do not. Published, not bounded."""
    rows = []
    for law, (draw, mean) in LAWS.items():
        for count in counts:
            runs = draw(np.random.default_rng(count), (count, trials))
            with np.errstate(over="ignore"):
                low, high = (np.exp(end) for end in log_of_mean(runs, TAIL))
            alarms = int(np.sum((low > mean) | (high < mean)))
            rows.append(
                {
                    "law at one x": law,
                    "runs": count,
                    "false alarms %": 100 * alarms / trials,
                    "99 % interval": "{:.2f} to {:.2f}".format(
                        *(100 * end for end in stats.binomtest(alarms, trials).proportion_ci(0.99))
                    ),
                    "share not excluded": unseen_share(count, TAIL),
                }
            )
    return rows


COURSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "flat": np.ones_like,
    "decay, 1 to .08": lambda x: np.exp(-2.5 * x),
    "slow fall, 3 to 1": lambda x: 1 + 2 / (1 + np.exp((x - 0.5) / 0.08)),
}
NOISES = {"log-normal 0.1": 0.1, "log-normal 0.3": 0.3}


def cost(trials: int, points: int = 50) -> list[dict]:
    """One-humped laws on curves all runs follow: runs until the interval lies inside the margin, with and without."""
    rows, x = [], np.linspace(0.0, 1.0, points)
    for course_name, course in COURSES.items():
        for noise_name, size in NOISES.items():
            for kind in ("correlated", "constant"):
                shape = Shape(0.0, size, kind)
                needed = {
                    guarded: [
                        _runs_needed(shape, course(x), x, np.random.default_rng(i), guarded) for i in range(trials)
                    ]
                    for guarded in (False, True)
                }
                ratio = float(np.median(needed[True]) / np.median(needed[False]))
                rows.append(
                    {
                        "curves": course_name,
                        "noise": f"{noise_name}, {kind}",
                        "runs without levels": float(np.median(needed[False])),
                        "runs": float(np.median(needed[True])),
                        "ratio": ratio,
                        "at most 1.3": "yes" if ratio <= 1.3 else "no",
                    }
                )
    return rows


def _runs_needed(shape: Shape, mean: np.ndarray, x: np.ndarray, rng, guarded: bool) -> float:
    """Least number of runs, from a ladder of factors 1.1, whose pointwise intervals all lie inside the margin."""
    noise = shape.draw(rng, x, np.full(8000, -np.inf), 1.0, 1.0)  # all arrived: the noise alone
    runs = noise * mean
    count = 8.0
    while count <= len(runs):
        part = runs[: int(count)]
        levels = find_levels(part, apart=float(np.log1p(MARGIN)), in_logs=True, tail=TAIL) if guarded else None
        low, high = interval_of_mean(part, TAIL, in_logs=True, levels=levels)
        if np.all((low > np.log(mean) - np.log1p(MARGIN)) & (high < np.log(mean) + np.log1p(MARGIN))):
            return float(int(count))
        count *= 1.1
    return float("inf")
