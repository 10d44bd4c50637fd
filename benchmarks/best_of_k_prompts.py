"""Best of k over prompts: how often the interval of a mean over prompts misses the mean over all prompts.

The values of a prompt lie in [0, 1] (right and wrong); prompts are drawn from a population whose mean is known, and a
prompt's answers are drawn too, so a prompt's own estimate varies. Student's interval stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.report import publish
from grok_theory.best_of_k.recorded_curves import intervals

# Pass rates of prompts, and the mean over the population of 1 - (1 - rate)^k.
POPULATIONS: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], Callable[[int], float]]] = {
    "most solved, a tenth never": (
        lambda rng, n: np.where(rng.uniform(size=n) < 0.9, 0.8, 0.0),
        lambda k: 0.9 * (1 - 0.2**k),
    ),
    "a twentieth can be solved": (
        lambda rng, n: np.where(rng.uniform(size=n) < 0.05, 0.5, 0.0),
        lambda k: 0.05 * (1 - 0.5**k),
    ),
    "solved or not, half each": (lambda rng, n: (rng.uniform(size=n) < 0.5).astype(float), lambda k: 0.5),
    "rates all over (uniform)": (lambda rng, n: rng.uniform(size=n), lambda k: k / (k + 1)),
    "hard, log-uniform to 1e-3": (
        lambda rng, n: 1e-3 ** rng.uniform(size=n),
        lambda k: float(np.mean(1 - (1 - 1e-3 ** ((np.arange(100_000) + 0.5) / 100_000)) ** k)),
    ),
}


def coverage(tries: int, prompts: Sequence[int], samples: int = 16, ks: Sequence[int] = (1, 4, 16)) -> list[dict]:
    """Misses of the 95 % interval of `from_records` at k of `samples` answers, where the judge knows."""
    rows = []
    for name, (draw, truth) in POPULATIONS.items():
        for count in prompts:
            rng = np.random.default_rng(count)
            missed, plain, width = (np.zeros(len(ks)) for _ in range(3))
            mean = np.array([truth(k) for k in ks])
            for _ in range(tries):
                right = rng.binomial(samples, draw(rng, count))
                values = np.stack([_pass_at(right, samples, k) for k in ks], axis=1)
                estimate, low, high, _ = intervals(values, 0.95, (0.0, 1.0))
                missed += (mean < low - 1e-12) | (mean > high + 1e-12)
                half = stats.t.isf(0.025, count - 1) * values.std(0, ddof=1) / np.sqrt(count)
                plain += np.abs(estimate - mean) > half + 1e-12
                width += high - low
            worst = int(np.argmax(missed))
            ends = stats.binomtest(int(missed[worst]), tries).proportion_ci(0.99)
            rows.append(
                {
                    "pass rates": name,
                    "prompts": count,
                    "missed %, worst k": 100 * missed[worst] / tries,
                    "99 % interval": f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}",
                    "Student's %, worst k": 100 * plain.max() / tries,
                    "width (mean)": float(width.mean() / tries),
                    "at most 5 %": "yes" if ends[0] <= 0.05 else "no",
                }
            )
    return rows


def _pass_at(right: np.ndarray, samples: int, k: int) -> np.ndarray:
    """Chance that one of k of the answers, drawn without replacement, is right (a hypergeometric tail)."""
    return stats.hypergeom.sf(0, samples, right, k)


def main(out: Path, *, quick: bool = False) -> None:
    rows = coverage(50, (5,)) if quick else coverage(2000, (5, 20, 100))
    publish("best_of_k_prompts", "Best of k: coverage of the 95 % interval over prompts", rows, out)
