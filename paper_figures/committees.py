"""What figures of committees share: theory and drawn networks of one Problem as plain arrays, held against each other.

The theory is the limit of infinite dimension, and networks of finite D leave it by terms of order 1/D (late in
training by factors). So networks are drawn at two sizes, and what `compare` judges is their extrapolation to 1/D = 0,
run by run, with the interval that the spread of the runs gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import extrapolated

PARTS = ("variance", "misalignment", "linear_power")
LOSSES = ("train_loss", "test_loss")
CURVES = (*LOSSES, *PARTS)
HALF = 0.375  # half of a centred committee's test loss at the start, 3/4
COLORS = {"test_loss": "black", "variance": "C0", "misalignment": "C2", "linear_power": "C1"}
Arrays = Mapping[str, np.ndarray]


def method_of(parameters: Any) -> Any:
    """The DMFT of a figure whose Parameters have paths, grid_points and scrambles."""
    from grok_theory.lazy_rich import DMFT

    return DMFT(
        paths=parameters.paths, grid_points=parameters.grid_points, scrambles=parameters.scrambles, field_points=0
    )


def predicted(problem: Any, x: Any, method: Any, dynamics: Any = None) -> dict[str, np.ndarray]:
    """The curves of the theory and, as `error NAME`, what bounds their numerical errors."""
    from grok_theory import GradientFlow
    from grok_theory.lazy_rich import solve

    found = solve(problem, x, dynamics=dynamics or GradientFlow(), method=method)
    curves = {name: np.asarray(values) for name, values in found.curves.items()}
    return curves | {f"error {name}": np.asarray(values) for name, values in found.numerical_error.items()}


def drawn(problem: Any, x: Any, *, method: Any = None, curves: Sequence[str] = CURVES, **sizes: Any) -> dict:
    """The curves of drawn networks (run, x); by default the exact reduction from a start as the theory has it."""
    from grok_theory.lazy_rich import ExactReduction, simulate

    method = ExactReduction(tolerance=1e-3, orthogonal_start=True) if method is None else method
    runs = simulate(problem, x, method=method, **sizes)
    return {name: np.asarray(runs[name]) for name in curves}


def line(problem: Any, x: Any, theory: Arrays, dynamics: Any = None) -> Any:
    """The Solution that `predicted` was read from."""
    from grok_theory import GradientFlow, Solution

    dynamics = dynamics or GradientFlow()
    curves = {name: theory[name] for name in CURVES}
    errors = {name: theory[f"error {name}"] for name in CURVES if f"error {name}" in theory}
    return Solution(problem, x, curves, dynamics.x_name, dynamics, None, x_unit=dynamics.x_unit, numerical_error=errors)


def points(problem: Any, x: Any, runs: Arrays, dynamics: Any = None) -> Any:
    """The Ensemble of drawn networks."""
    from grok_theory import Ensemble, GradientFlow

    dynamics = dynamics or GradientFlow()
    return Ensemble(problem, np.asarray(x), dict(runs), dynamics.x_name, dynamics, dynamics.x_unit)


def theory_and_runs(name: str, problem: Any, x: Any, parameters: Any, **more: Any) -> dict[str, Any]:
    """Steps `theory NAME`, `runs NAME D=...` at the two `dims` of the parameters, `runs` at each from their `key`."""
    import jax

    key = jax.random.key(parameters.key)
    made: dict[str, Any] = {f"theory {name}": lambda: predicted(problem, x, method_of(parameters))}
    for dim in parameters.dims:
        sizes = {"dim": dim, "runs": parameters.runs, "key": jax.random.fold_in(key, dim)}
        made[f"runs {name} D={dim}"] = lambda sizes=sizes: drawn(problem, x, **sizes, **more)
    return made


def gathered(name: str, problem: Any, x: Any, parameters: Any, data: Mapping[str, Arrays]) -> tuple[Any, Any, Any]:
    """Of such steps: the Solution, the Ensemble of the greater size, the Ensemble extrapolated to 1/D = 0."""
    small, large = (data[f"runs {name} D={dim}"] for dim in parameters.dims)
    ideal = extrapolated(small, large, parameters.dims)
    return line(problem, x, data[f"theory {name}"]), points(problem, x, large), points(problem, x, ideal)


def named(parameters: Any) -> str:
    """What is judged, in words."""
    small, large = parameters.dims
    return f"runs of D = {small} and {large}, extrapolated to infinite D by 1/D,"


def margins(solution: Any, *, train: float, test: float) -> dict[str, float]:
    """Of every curve; a part of the test loss gets 0.4 of its greatest value by theory, from 0.04 to `test`.

    With the margin of the whole loss the small parts could be zero or twice as large, and agree.
    """
    parts = {name: float(np.clip(0.4 * np.max(solution[name]), 0.04, test)) for name in PARTS}
    return {"train_loss": train, "test_loss": test, **parts}


def agreement_claim(
    what: str,
    solution: Any,
    ensemble: Any,
    margin: Mapping[str, float],
    where: tuple[float, float] | None = None,
) -> Claim:
    """The verdict of `compare` as a claim: it holds if every interval of every gap lies within the margin."""
    from grok_theory import Absolute, compare

    margins = {name: Absolute(size) for name, size in margin.items()}
    found = compare(solution, ensemble, margin=margins, where=where)
    allowed = ", ".join(f"{name.replace('_', ' ')} to {size:.2g}" for name, size in margin.items())
    return Claim(f"{what} agree with the theory: {allowed} (compare, 99 %)", found.verdict == "agrees", said(found))


def said(agreement: Any) -> str:
    """Verdict of every curve, with gap, interval and numerical error where they come nearest to the margin."""
    lines = []
    for name, curve in agreement.curves.items():
        numerical = np.nan_to_num(curve.numerical)
        i = int(np.argmax(np.maximum(-curve.low, curve.high) + numerical))
        interval = f"{curve.low[i]:+.3f} to {curve.high[i]:+.3f}, numerical {numerical[i]:.3f}"
        lines.append(f"{name.replace('_', ' ')} {curve.verdict}: {curve.gap[i]:+.3f} ({interval}) at {curve.x[i]:.3g}")
    return f"{agreement.runs} runs; gap to the theory: " + "; ".join(lines)


def sketch(ax: Any, solution: Any, name: str, *, color: Any, label: str | None = None, style: str = "-") -> None:
    """The theory's line; dashed ones are thin."""
    from grok_theory.plot import curves

    before = len(ax.lines)
    curves(solution, None, name, ax=ax, color=color, label=label or "_")
    ax.lines[before].set(linestyle=style, linewidth=1.3 if style == "-" else 0.9)


def mark(ax: Any, x: Any, runs: np.ndarray, *, color: Any, shape: str = "o", full: bool = True, every: int = 3) -> None:
    """The mean of runs (run, x) at every so many x, with one standard error."""
    kept = slice(None, None, every)
    mean = runs.mean(0)
    error = runs.std(0, ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.zeros_like(mean)
    look = {"ms": 2.6 if full else 2.8, "mfc": color if full else "white", "mew": 0.6, "lw": 0.7, "zorder": 3}
    ax.errorbar(np.asarray(x)[kept], mean[kept], error[kept], fmt=shape, color=color, **look)


def sketch_parts(ax: Any, theory: Any, runs: Any, ideal: Any) -> None:
    """Train loss, test loss and its parts: theory, runs, and as diamonds the test loss at 1/D = 0."""
    for name, color in {**COLORS, "train_loss": "0.5"}.items():
        full = name != "train_loss"
        sketch(ax, theory, name, color=color, label=name.replace("_", " "), style="-" if full else "--")
        mark(ax, theory.x, runs[name], color=color, full=full)
    mark(ax, theory.x, ideal["test_loss"], color="black", shape="D", full=False, every=6)
