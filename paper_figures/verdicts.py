"""The verdict of `compare` under a figure: kept with the numbers of a step, and said as a claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from paper_figures.figure import Claim


def judged(theory: Any, runs: Any, *, margin: Any, label: str = "", **policies: Any) -> dict[str, np.ndarray]:
    """What `compare` says of each judged curve, as arrays of a step: "LABEL verdict NAME", "LABEL gap NAME", ..."""
    from grok_theory import compare

    found = compare(theory, runs, margin=margin, **policies)
    kept = {}
    for name, curve in found.curves.items():
        low, high = curve.simultaneous_low, curve.simultaneous_high
        # The interval that comes nearest to the margin, or leaves it by most.
        worst = int(np.argmax(np.maximum(np.abs(low), np.abs(high))))
        where = [curve.gap[worst], low[worst], high[worst], curve.margin, float(curve.in_logs), curve.x[worst]]
        kept[f"{label} verdict {name}".strip()] = np.array(curve.verdict)
        kept[f"{label} gap {name}".strip()] = np.array([*where, found.runs, np.sum(curve.x == curve.x)], float)
    return kept


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


def shifted(theory: Any, shift: Mapping[str, Any]) -> Any:
    """The same Solution with the first term in 1/N, `linear.fluctuations(...).mean_shift`, on top of its curves."""
    curves = {name: np.asarray(theory[name]) + np.asarray(shift[name]) for name in shift if name in theory.curves}
    return dataclasses.replace(theory, curves={**theory.curves, **curves})


def to_infinite_size(small: Any, large: Any, sizes: tuple[float, float]) -> Any:
    """What runs of two sizes say of an infinite one, where they leave it as one over the size: run i with run i.

    The two are drawn apart, so any pairing of their runs has the spread of the difference.
    """
    ratio = sizes[1] / sizes[0]
    curves = {name: (ratio * np.asarray(large[name]) - np.asarray(small[name])) / (ratio - 1) for name in large.curves}
    return dataclasses.replace(large, curves=curves)


def until(found: Any, end: float) -> Any:
    """The Solution or Ensemble with its x up to `end`: what comes later is not seen by `compare` at all."""
    kept = np.asarray(found.x) <= end
    parts = {name: getattr(found, name, None) for name in ("curves", "numerical_error", "valid")}
    cut = {part: {n: np.asarray(a)[..., kept] for n, a in held.items()} for part, held in parts.items() if held}
    return dataclasses.replace(found, x=np.asarray(found.x)[kept], **cut)
