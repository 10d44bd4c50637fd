"""lazy_rich, mean field: what the theory costs beside one trained network, and how large its errors are.

Processor seconds over all threads, not wall time, so that a busy machine does not enter; compilation is not counted.
Ratios are between timings of this run, the least of three each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks import report
from grok_theory.lazy_rich import LinearMoments, MeanFieldNetwork, Particles, TangentLimit, simulate, solve

TIMES = np.array([0.5, 2.0, 6.0])
GIVEN = {  # reference values
    "linear": ([0.2758985689, 0.2280877447, 0.2280583015], [0.9244705651, 1.3385317940, 1.3522778466]),
    "tanh": ([0.40055, 0.25767, 0.23939], [0.60239, 0.95718, 1.17225]),
}


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `lazy_rich_mean_field_*.json` below `out`."""
    for name, title, table in (
        ("accuracy", "MeanFieldNetwork: largest gaps against given numbers and exact cases", _accuracy),
        ("error", "Particles: true and printed error against their number (linear activation)", _errors),
        ("lazy", "Particles against the tangent limit (erf): the gamma0^2 law", _lazy),
        ("width", "Networks against particles (tanh, richness 1, tau = 0.5): scatter and bias", _widths),
        ("gradient", "Gradient in richness against central differences", _gradients),
        ("cost", "Cost beside training one network of the same width, processor seconds", _cost),
    ):
        report.publish(f"lazy_rich_mean_field_{name}", title, table(quick), out)


def small(richness: float, activation: str) -> MeanFieldNetwork:
    """The specification's data set."""
    row, column = np.arange(9)[:, None], np.arange(2)[None]
    inputs = np.sqrt(2) * np.sin(0.7 + 1.3 * row + 2.1 * (column + 1) * (row + 1))
    targets = np.cos(1.1 * np.arange(9))
    return MeanFieldNetwork(inputs[:4], targets[:4], richness, activation, inputs[4:], targets[4:])


def _gap(found: Any, expected: Any) -> str:
    return f"{np.max(np.abs(np.asarray(found) - np.asarray(expected))):.1e}"


def _accuracy(quick: bool) -> list[dict[str, Any]]:
    method = Particles(count=1024 if quick else 4096)
    rows = []
    for name, how in (("linear", LinearMoments()), ("linear", method), ("tanh", method)):
        found = solve(small(1.0, name), TIMES, method=how)
        train, test = GIVEN[name]
        rows.append(
            {
                "activation": name,
                "method": type(how).__name__,
                "train": _gap(found["train_loss"], train),
                "printed, train": _gap(found.numerical_error["train_loss"], 0.0),
                "test": _gap(found["test_loss"], test),
                "printed, test": _gap(found.numerical_error["test_loss"], 0.0),
            }
        )
    return rows


def _errors(quick: bool) -> list[dict[str, Any]]:
    exact = solve(small(1.0, "linear"), TIMES)
    rows, seeds = [], range(4 if quick else 20)
    for count in (256, 1024) if quick else (256, 1024, 4096, 16384):
        found = [
            solve(small(1.0, "linear"), TIMES, method=Particles(count=count, seed=seed, tolerance=1e-6))
            for seed in seeds
        ]
        row: dict[str, Any] = {"particles a flow": count, "seeds": len(seeds)}
        for name in ("train_loss", "test_loss"):
            gaps = np.stack([np.abs(np.asarray(one[name]) - np.asarray(exact[name])) for one in found])
            printed = np.stack([np.asarray(one.numerical_error[name]) for one in found])
            row[f"{name}, rms"] = f"{np.sqrt(np.mean(gaps**2, 0)).max():.1e}"
            row[f"{name}, printed"] = f"{np.median(printed, 0).max():.1e}"
            row[f"{name}, covered"] = f"{np.mean(gaps <= printed):.0%}"
        rows.append(row)
    return rows


def _lazy(quick: bool) -> list[dict[str, Any]]:
    method = Particles(count=1024 if quick else 4096, tolerance=1e-6)
    limit = solve(small(1.0, "erf"), TIMES, method=TangentLimit())
    reference = solve(small(1e-3, "erf"), TIMES, method=method)
    rows = []
    for richness in (1.0, 0.3, 0.1, 0.03):
        found = solve(small(richness, "erf"), TIMES, method=method)
        row: dict[str, Any] = {"richness": richness}
        for name in ("train_loss", "test_loss"):
            row[f"{name} - limit"] = _gap(found[name], limit[name])
            row[f"{name} - same particles at 1e-3"] = _gap(found[name], reference[name])
        rows.append(row)
    return rows


def _widths(quick: bool) -> list[dict[str, Any]]:
    theory = np.asarray(
        solve(small(1.0, "tanh"), TIMES, method=Particles(count=1024 if quick else 16384))["train_loss"]
    )
    rows = []
    for width in (64, 256) if quick else (64, 256, 1024, 4096):
        runs = 64 if quick else 256
        found = simulate(small(1.0, "tanh"), TIMES, width=width, runs=runs, key=jax.random.key(width))["train_loss"]
        scatter = found[:, 0].std(ddof=1)
        bias, error = found[:, 0].mean() - theory[0], scatter / np.sqrt(runs)
        rooted, spread = np.sqrt(width) * scatter, np.sqrt(width) * scatter / np.sqrt(2 * runs)
        rows.append(
            {
                "N": width,
                "runs": runs,
                "sqrt(N) scatter, train": f"{rooted:.3f}({spread:.3f})",
                "N bias, train": f"{width * bias:.2f}({width * error:.2f})",
            }
        )
    return rows


def _gradients(quick: bool) -> list[dict[str, Any]]:
    rows = []
    cases: list[tuple[str, str, Any]] = [("linear", "LinearMoments", LinearMoments())]
    cases += [(name, "Particles", Particles(count=256 if quick else 1024, scrambles=2)) for name in ("tanh", "erf")]
    for activation, name, method in cases[: 2 if quick else 3]:

        def loss(richness: Any, activation: str = activation, method: Any = method) -> Any:
            return solve(small(richness, activation), TIMES, method=method, throw=False)["test_loss"]

        slope, step = np.asarray(jax.jacrev(loss)(1.0)), 1e-3
        # Central differences of fourth order.
        by_difference = 8 * (loss(1 + step) - loss(1 - step)) - (loss(1 + 2 * step) - loss(1 - 2 * step))
        by_difference = np.asarray(by_difference) / (12 * step)
        rows.append(
            {
                "activation": activation,
                "method": name,
                "d test loss / d gamma0": np.array2string(slope, precision=5),
                "worst relative gap": f"{np.max(np.abs(slope / by_difference - 1)):.1e}",
            }
        )
    return rows


def _digits(samples: int, fresh: int, richness: float) -> MeanFieldNetwork:
    from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    images = images - images.mean(0)
    images /= np.sqrt(np.mean(np.sum(images**2, axis=1)) / images.shape[1])
    order = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(digits, (3, 8))))[: samples + fresh]
    targets = np.where(digits[order] == 3, 1.0, -1.0)
    return MeanFieldNetwork(
        images[order[:samples]], targets[:samples], richness, "tanh", images[order[samples:]], targets[samples:]
    )


def _least(call: Callable[[], Any], repeats: int) -> float:
    call()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _cost(quick: bool) -> list[dict[str, Any]]:
    rows, width, repeats = [], 256 if quick else 4096, 1 if quick else 3
    cases: list[tuple[str, Any, Any, tuple[float, ...], int]] = [
        ("4 inputs, 2 dimensions", small, TIMES, (0.1, 1.0, 10.0), repeats),
        ("40 digits, 64 dimensions", lambda g, _: _digits(40, 100, g), np.geomspace(0.1, 100, 10), (1.0,), 1),
    ]
    for name, make, times, several, repeats in cases:
        for richness in several:
            problem = make(richness, "tanh")
            run = _least(lambda: simulate(problem, times, width=width, runs=1, key=jax.random.key(0)), repeats)  # noqa: B023
            one, default, quickest = (
                _least(lambda: solve(problem, times, method=method), repeats)  # noqa: B023
                for method in (
                    Particles(count=width, scrambles=1),
                    Particles(count=width),
                    Particles(count=width // 4, scrambles=2),
                )
            )
            rows.append(
                {
                    "data": name,
                    "gamma0": richness,
                    f"network of {width}, s": round(run, 3),
                    f"Particles({width}, scrambles=1) / network": round(one / run, 2),
                    f"Particles({width}) / network": round(default / run, 2),
                    f"Particles({width // 4}, scrambles=2) / network": round(quickest / run, 2),
                }
            )
    return rows
