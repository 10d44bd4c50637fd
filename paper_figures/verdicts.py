"""The verdict of `compare` under a figure: kept with the numbers of a step, and said as a claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from paper_figures.figure import Claim

Arrays = Mapping[str, Any]


def judged(theory: Any, runs: Any, *, margin: Any, label: str = "", **policies: Any) -> dict[str, np.ndarray]:
    """What `compare` says of each judged curve, as arrays of a step: "LABEL verdict NAME", "LABEL gap NAME", ..."""
    from grok_theory import compare

    found = compare(theory, runs, margin=margin, **policies)
    kept = {}
    for name, curve in found.curves.items():
        kept[f"{label} verdict {name}".strip()] = np.array(curve.verdict)
        kept[f"{label} gap {name}".strip()] = np.array([*_worst(curve), found.runs, curve.x.size], float)
    return kept


def judged_over(
    x_name: str, x: Any, theory: Arrays, runs: Arrays, *, margin: Any, errors: Arrays | None = None
) -> dict[str, np.ndarray]:
    """The same for plain arrays: kept by other steps, or over what no Problem is solved over (widths, depths).

    `theory` has (x,), `runs` (run, x) of each name, `errors` the numerical errors of the theory (x,) where known.
    """
    from grok_theory import Ensemble, GradientFlow, Solution

    x, flow = np.asarray(x, float), GradientFlow()
    curves = {name: np.asarray(values) for name, values in theory.items()}
    known = {name: np.asarray(values) for name, values in (errors or {}).items()}
    told = Solution(x_name, x, curves, x_name, flow, None, numerical_error=known)
    drawn = Ensemble(x_name, x, {name: np.asarray(values) for name, values in runs.items()}, x_name, flow)
    return judged(told, drawn, margin=margin)


def judged_differences(x_name: str, x: Any, theory: Arrays, runs: Arrays, **policies: Any) -> dict[str, np.ndarray]:
    """The same of runs less theory, against zero: margins are then `Absolute`.

    `theory` has (x,), or (run, x) where it is of each run's own data. The fall and the plateau of a course that all
    runs follow look to `compare` like two levels; less the theory they are gone. Runs that jump at times of their own
    part in the differences too, and are allowed for (tests/paper_figures/test_verdicts.py).
    """
    zeros = {name: np.zeros(np.shape(values)[-1]) for name, values in theory.items()}
    gaps = {name: np.asarray(runs[name]) - np.asarray(values) for name, values in theory.items()}
    return judged_over(x_name, x, zeros, gaps, **policies)


def judged_apart(
    theory: Any, runs: Any, *, margin: Mapping[str, float], label: str = "", end: float = np.inf
) -> dict[str, np.ndarray]:
    """The same with every x up to `end` judged by itself, at a confidence shared out among them (Bonferroni).

    For curves that are smooth in what is drawn, so that no run can be on another level than the others: seen as a whole
    their fall and their plateau look like such levels, for which `compare` allows.
    """
    from grok_theory import Relative, compare

    kept = {}
    for name, size in margin.items():
        looks = np.flatnonzero(runs.is_valid(name) & (np.asarray(runs.x) <= end))
        found = []
        for look in looks:
            one = compare(
                _picked(theory, [look]),
                _picked(runs, [look]),
                margin={name: Relative(size)},
                confidence=1 - 0.01 / len(looks),
            )
            found.append((one[name].verdict, _worst(one[name]), one.runs))
        verdicts = {verdict for verdict, _, _ in found}
        verdict = next((v for v in ("disagrees", "underpowered") if v in verdicts), "agrees")
        # The interval that comes nearest to the margin, or leaves it by most.
        _, worst, count = max(found, key=lambda one: max(abs(one[1][1]), abs(one[1][2])))
        kept[f"{label} verdict {name}".strip()] = np.array(verdict)
        kept[f"{label} gap {name}".strip()] = np.array([*worst, count, len(looks)], float)
    return kept


def _worst(curve: Any) -> list[float]:
    """[gap, its low and high end, margin, whether in logs, x] where an interval leaves the margin by most."""
    low, high = curve.simultaneous_low, curve.simultaneous_high
    at = int(np.argmax(np.maximum(np.abs(low), np.abs(high))))
    return [curve.gap[at], low[at], high[at], curve.margin, float(curve.in_logs), curve.x[at]]


def verdict_claim(text: str, step: Mapping[str, Any], name: str, *, label: str = "") -> Claim:
    """The claim that `compare` finds agreement; what was measured is its verdict, the margin and the worst interval."""
    verdict = str(step[f"{label} verdict {name}".strip()])
    gap, low, high, margin, in_logs, x, runs, looks = step[f"{label} gap {name}".strip()].tolist()
    said = (lambda value: f"{np.expm1(value):+.1%}") if in_logs else (lambda value: f"{value:+.3g}")
    ends = f", {said(low)} to {said(high)}" if low < high else ""
    measured = (
        f"compare: {verdict}; margin {said(margin).lstrip('+')}, {runs:.0f} run{'s' * (runs != 1)}, "
        f"{looks:.0f} points; worst gap {said(gap)}{ends} at x = {x:.4g}"
    )
    return Claim(text, verdict == "agrees", measured)


def ratio_interval(ratios: np.ndarray, confidence: float = 0.95) -> np.ndarray:
    """(geometric mean of ratios over runs, low and high end of its interval), by Student's t of their logarithms."""
    from scipy import stats

    logs = np.log(ratios)
    half = stats.t.ppf((1 + confidence) / 2, len(logs) - 1) * np.std(logs, ddof=1) / np.sqrt(len(logs))
    return np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])


def shifted(theory: Any, shift: Mapping[str, Any]) -> Any:
    """The same Solution with the first term in 1/N, `linear.fluctuations(...).mean_shift`, on top of its curves."""
    curves = {name: np.asarray(theory[name]) + np.asarray(shift[name]) for name in shift if name in theory.curves}
    return dataclasses.replace(theory, curves={**theory.curves, **curves})


def to_infinite_size(small: Any, large: Any, sizes: tuple[float, float]) -> Any:
    """The Ensemble that runs of two sizes say of an infinite one."""
    return dataclasses.replace(large, curves=extrapolated(small.curves, large.curves, sizes))


def extrapolated(
    small: Mapping[str, Any], large: Mapping[str, Any], sizes: tuple[float, float]
) -> dict[str, np.ndarray]:
    """What curves of two sizes, (run, x), say of an infinite one, where they leave it as one over the size.

    Run i with run i: the two are drawn apart, so any pairing of their runs has the spread of the difference.
    """
    ratio = sizes[1] / sizes[0]
    return {name: (ratio * np.asarray(large[name]) - np.asarray(small[name])) / (ratio - 1) for name in large}


def until(found: Any, end: float) -> Any:
    """The Solution or Ensemble with its x up to `end`: what comes later is not seen by `compare` at all."""
    return _picked(found, np.flatnonzero(np.asarray(found.x) <= end))


def _picked(found: Any, which: Any) -> Any:
    parts = {name: getattr(found, name, None) for name in ("curves", "numerical_error", "valid")}
    picked = {part: {n: np.asarray(a)[..., which] for n, a in held.items()} for part, held in parts.items() if held}
    return dataclasses.replace(found, x=np.asarray(found.x)[which], **picked)
