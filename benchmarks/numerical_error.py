"""How well `numerical_error` is kept: |value - truth| over what is printed, at the worst curve and time of a problem.

It is a bound meant to hold for 99 of 100 problems. Truths are better by far than what is printed; a problem counts
once. Wings with slower truths have their own: `numerical_error_best_of_k` and `numerical_error_lazy_rich`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import truths_arrays, truths_diagonal, truths_linear
from benchmarks.report import Headline, Rows, publish, span

PROBLEMS, QUICK = 200, 6
SOLVERS: dict[str, Callable[[int], Iterable[truths_linear.Case]]] = {
    "linear.TeacherStudent, flow": partial(truths_linear.teacher_student, descent=False),
    "linear.TeacherStudent, descent": partial(truths_linear.teacher_student, descent=True),
    "linear.DeepLinear": truths_linear.deep_linear,
    "linear.CorrelatedInputs": truths_linear.correlated,
    "linear.RandomFeatures": truths_linear.random_features,
    "linear.DiagonalNetwork": truths_diagonal.networks,
    "li2, Lazy": truths_arrays.lazy,
    "li2, FeatureAscent": truths_arrays.ascent,
    "kernels.KernelRegression": truths_arrays.learning_curves,
}


def worst(case: truths_linear.Case) -> float:
    """Largest |value - truth| / printed of one problem; 0/0 is 0, and a truth of nan (no such number) is left out."""
    curves, printed, truth = case
    found = 0.0
    for name, values in curves.items():
        gap = np.abs(np.asarray(values) - np.asarray(truth[name])).astype(float)
        known = ~np.isnan(np.asarray(truth[name], float))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(gap == 0, 0.0, gap / np.asarray(printed[name]))[known]
        if share.size:
            found = max(found, float(np.nanmax(share)) if not np.isnan(share).any() else np.inf)
    return found


def row(solver: str, shares: Iterable[float]) -> dict[str, Any]:
    """One line of the table from the worst shares of each problem."""
    shares = np.asarray(list(shares))
    return {
        "solver": solver,
        "problems": len(shares),
        "violations": int(np.sum(shares > 1)),
        "median": float(np.median(shares)),
        "90 %": float(np.quantile(shares, 0.9)),
        "99 %": float(np.quantile(shares, 0.99)),
        "max": float(np.max(shares)),
    }


def rows(quick: bool) -> list[dict[str, Any]]:
    """One row a solver."""
    count = QUICK if quick else PROBLEMS
    return [row(solver, map(worst, cases(count))) for solver, cases in SOLVERS.items()]


def main(out: Path, *, quick: bool) -> None:
    publish("numerical_error", "true error over numerical_error, worst curve and time of a problem", rows(quick), out)


def in_words(rows: Rows) -> str:
    """The row of the table, from the rows of any file of this kind."""
    found = max(rows, key=lambda row: row["violations"] / row["problems"])
    return (
        f"{len(rows)} solvers, at most {found['violations']} of {found['problems']} random problems above what is "
        f"printed ({found['solver']}); medians {span([row['median'] for row in rows], '{:.2g}')}"
    )


HEADLINES = (Headline("True error over printed: linear, li2, kernels", "numerical_error", in_words, in_readme=True),)
