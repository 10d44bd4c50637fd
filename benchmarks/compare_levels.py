"""How often `compare` is wrong where runs jump: curves with two levels, mixtures and tails, and the cost elsewhere.

Runs fall from one level to another at times of their own. A right theory is the exact mean over the law of these times;
a false alarm is a verdict "disagrees" at no margin to speak of, a false agreement a verdict "agrees" of a theory that
is off by exactly the margin. Trials are judged through `judged_at`, which is `compare` at one x for many trials at
once; tests/benchmarks hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from grok_theory.numerics.mean_intervals import interval_of_mean, log_of_mean
from grok_theory.numerics.two_levels import find_levels
from grok_theory.numerics.unseen_runs import unseen_share, widened

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
    """How a run looks: width of its jump in units of x, noise (log-normal), its kind, drift of the plateaus in logs."""

    width: float
    noise: float
    kind: str
    drift: tuple[float, float] = (0.0, 0.0)

    def mean(self, x: np.ndarray, arrivals: np.ndarray, ratio: float) -> np.ndarray:
        """(..., T) runs without noise; `arrivals` (...)."""
        late = x - arrivals[..., None]
        unarrived = (
            (late < 0).astype(float) if self.width == 0 else 1 / (1 + np.exp(np.clip(late / self.width, -500, 500)))
        )
        low, high = np.exp(self.drift[1] * x / x[-1]), ratio * np.exp(self.drift[0] * x / x[-1])
        return low + (high - low) * unarrived

    def draw(self, rng: np.random.Generator, x: np.ndarray, arrivals: np.ndarray, ratio: float) -> np.ndarray:
        clean = self.mean(x, arrivals, ratio)
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
    "sigmoid 0.03, factors 0.1": Shape(0.03, 0.1, "constant", (-0.2, -0.5)),
    "sigmoid 0.1, noise 0.02": Shape(0.1, 0.02, "correlated", (0.2, 0.0)),
}


def judged_at(runs: np.ndarray, at: Sequence[int], means: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Verdicts of `compare` at the single x[j], j in `at`, for runs (trial, run, T) of a theory `means` (T,).

    For each j: booleans (trial,) `alarm` (the interval excludes the right theory: it disagrees whatever the margin),
    `agreement` (agrees, though the theory is off by the margin, up or down), `guarded` (levels were found), and the
    first two `plain`, without levels.
    """
    trials, apart = len(runs), float(np.log1p(MARGIN))
    levels = [find_levels(r, apart=apart, in_logs=True, tail=TAIL, theory=means) for r in runs]
    found = []
    for j in at:
        here = runs[:, :, j]
        with np.errstate(over="ignore"):
            plain = np.stack([np.exp(end) for end in log_of_mean(here.T, TAIL)])
        ends = plain.copy()
        for i in range(trials):
            if levels[i]:
                ends[:, i] = np.ravel(widened(levels[i], here[i, :, None], *plain[:, i, None], TAIL))
        row: dict[str, Any] = {"guarded": np.array([bool(k) for k in levels])}
        for word, (least, most) in (("", ends), ("plain ", plain)):
            row[word + "alarm"] = (least > means[j]) | (most < means[j])
            row[word + "agreement"] = np.zeros(trials, bool)
            for factor in (1 + MARGIN, 1 / (1 + MARGIN)):
                theory = means[j] * factor
                row[word + "agreement"] |= (least > theory / (1 + MARGIN)) & (most < theory * (1 + MARGIN))
        found.append(row)
    return found


def record(law: str, shape: Shape, ratio: float, left: Sequence[float], points: int = 30, until: float = 0.02):
    """x (T,), indices at which the shares `left` have not arrived, and the exact mean there (T,)."""
    quantile = ARRIVALS[law]
    at = np.array([float(quantile(np.array(1 - q))) for q in left])
    first = float(quantile(np.array(1e-3)))
    x = np.unique(np.concatenate([np.linspace(max(first, 0.0), float(quantile(np.array(1 - until))), points), at]))
    nodes = quantile((np.arange(20_000) + 0.5) / 20_000)
    return x, np.searchsorted(x, at), shape.mean(x, nodes, ratio).mean(0)


def two_levels(
    trials: int,
    counts: Sequence[int],
    ratios: Sequence[float],
    left: Sequence[float],
    laws: Sequence[str] = tuple(ARRIVALS),
) -> list[dict]:
    """One row a law, shape, ratio and number of runs: the worst share left, with and without the guard."""
    rows = []
    for law in laws:
        for shape_name, shape in SHAPES.items():
            for ratio in ratios:
                x, at, means = record(law, shape, ratio, left)
                for count in counts:
                    rng = np.random.default_rng([count, int(ratio)])
                    tallies = [
                        dict.fromkeys(("alarm", "agreement", "plain alarm", "plain agreement", "guarded"), 0)
                        for _ in at
                    ]
                    for part in np.array_split(np.arange(trials), max(1, trials * count * x.size // 3_000_000)):
                        arrivals = ARRIVALS[law](rng.uniform(size=(part.size, count)))
                        for tally, row in zip(
                            tallies, judged_at(shape.draw(rng, x, arrivals, ratio), at, means), strict=True
                        ):
                            for word in tally:
                                tally[word] += int(row[word].sum())
                    worst = {word: max(tally[word] for tally in tallies) for word in tallies[0]}
                    low = [
                        stats.binomtest(worst[word], trials).proportion_ci(0.99)[0] for word in ("alarm", "agreement")
                    ]
                    rows.append(
                        {
                            "arrivals": law,
                            "curves": shape_name,
                            "ratio": ratio,
                            "runs": count,
                            "share not excluded": unseen_share(count, TAIL),
                            "false alarms %": 100 * worst["alarm"] / trials,
                            "without levels %": 100 * worst["plain alarm"] / trials,
                            "false agreements %": 100 * worst["agreement"] / trials,
                            "without levels, %": 100 * worst["plain agreement"] / trials,
                            "levels found %": 100 * tallies[0]["guarded"] / trials,
                            "at most 2 %": "yes" if max(low) <= 0.02 else "no",
                        }
                    )
    return rows


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
    noise = shape.draw(rng, x, np.full(8000, -np.inf), 1.0)  # all arrived: the noise alone
    runs = noise * mean
    count = 8.0
    while count <= len(runs):
        part = runs[: int(count)]
        levels = find_levels(part, apart=float(np.log1p(MARGIN)), in_logs=True, tail=TAIL) if guarded else ()
        low, high = interval_of_mean(part, TAIL, in_logs=True, levels=levels)
        if np.all((low > np.log(mean) - np.log1p(MARGIN)) & (high < np.log(mean) + np.log1p(MARGIN))):
            return float(int(count))
        count *= 1.1
    return float("inf")
