"""Pairs per element at which half of the population maxima stay maxima: by order, method and degree.

The tables of docs/li2_evidence.md.

Around each expected half point nine numbers of pairs, 48 random subsets each; two laws fitted to the half points.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.report import publish
from grok_theory import li2
from paper_figures.li2_groups import group_of

ORDERS = (11, 17, 23, 31, 47, 67, 97)
# Group, row of local_maxima, expected half point; M near 60. A_5: rows of degree 3, 3, 4, 5.
DEGREES = (
    ("Z_2^6", 0, 19.4),
    ("Z_59", 0, 28.4),
    ("D_29", 1, 28.5),
    ("A_5", 0, 34.5),
    ("A_5", 1, 34.5),
    ("A_5", 2, 38.0),
    ("A_5", 3, 40.8),
)


def main(out: Path, *, quick: bool = False) -> None:
    halves, fits = _orders(quick)
    publish("li2_sample_threshold_orders", "li2: half points of the energy", halves, out)
    publish("li2_sample_threshold_fits", "li2: growth of the half points", fits, out)
    publish("li2_sample_threshold_degrees", "li2: half points by real degree, M near 60", _degrees(quick), out)


def _half_point(group: li2.groups.Group, guess: float, spread: tuple[float, float], quick: bool, **which: Any) -> Any:
    levels = guess * np.linspace(*spread, 5 if quick else 9)
    levels = np.unique(np.round(levels[levels <= group.order] * group.order)) / group.order
    return li2.sample_threshold(group, levels, subsets=16 if quick else 48, key=jax.random.key(0), **which)


def _words(found: Any) -> str:
    return "{:.1f} ({:.1f}-{:.1f})".format(found.half_success, *found.half_success_interval)


def _orders(quick: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    orders, halves, fits = (7, 11) if quick else ORDERS, [], []
    ways = {
        "full energy": (li2.FullEnergy(), 0.98, 0.82, (0.65, 1.35)),
        "cross term": (li2.CrossTerm(), 1.05, 0.58, (0.5, 1.6)),
    }
    for name, (method, factor, power, spread) in ways.items():
        found = [_half_point(li2.groups.cyclic(m), factor * m**power, spread, quick, method=method) for m in orders]
        halves.append({"energy": name} | {f"M = {m}": _words(f) for m, f in zip(orders, found, strict=True)})
        widths = [(f.half_success_interval[1] - f.half_success_interval[0]) / (2 * 1.96) for f in found]
        fit = li2.threshold_scaling(orders, [f.half_success for f in found], widths)
        fits.append(
            {
                "energy": name,
                "exponent": f"{fit.exponent:.3f} +- {fit.exponent_error:.3f}",
                "chi2/dof, power": fit.power_misfit,
                "slope": f"{fit.slope:.2f} +- {fit.slope_error:.2f}",
                "intercept": fit.intercept,
                "chi2/dof, log": fit.log_misfit,
            }
        )
    return halves, fits


def _degrees(quick: bool) -> list[dict[str, Any]]:
    rows = []
    for name, row, guess in (("Z_13", 0, 8.0),) if quick else DEGREES:
        group = group_of(name)
        table = li2.local_maxima(li2.GroupTask(group))
        found = _half_point(group, guess, (0.7, 1.3), quick, row=row)
        rows.append({"group": name, "real degree": int(table.real_degree[row]), "half point": _words(found)})
    return rows
