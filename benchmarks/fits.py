"""Do intervals of fits hold what was planted? One log each, of runs that no fit has seen; nominal 90 %."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from scipy import stats

import grok_theory as gt
from benchmarks.report import publish

# Of a planted Problem: itself, the template, what is free, where it is logged, and size and draws.
Planted = tuple[Any, Any, list[str], np.ndarray, dict[str, Any], dict[str, Any]]


def _told(true: Any, free: list[str], guess: dict[str, float]) -> Any:
    return dataclasses.replace(true, **{name: guess[name] for name in free})


def linear(count: int) -> Iterator[Planted]:
    rng, x = np.random.default_rng(77), np.geomspace(0.05, 20.0, 40)
    guess = {"snr": 5.0, "inr": 1.0, "noise": 1.0, "weight_decay": 0.3}
    kinds = (["snr", "weight_decay"], ["snr", "inr"], ["snr", "noise"], ["weight_decay"])
    for i in range(count):
        alpha, snr = float(rng.choice([0.5, 1.5, 2.0, 3.0])), float(np.exp(rng.uniform(0, 3)))
        decay, inr, noise = (float(np.exp(rng.uniform(*ends))) for ends in ((-3, 0), (-1, 1.5), (-1, 1)))
        free = kinds[i % 4]
        true = gt.linear.TeacherStudent(
            alpha, snr, inr if "inr" in free else 0.0, noise if "noise" in free else 1.0, weight_decay=decay
        )
        yield true, _told(true, free, guess), free, x, {"dim": int(rng.choice([60, 100, 200]))}, {}


def power_laws(count: int) -> Iterator[Planted]:
    rng, x = np.random.default_rng(3), np.geomspace(0.01, 3.0, 30)
    for i in range(count):
        free = ["exponent"] if i % 2 else ["exponent", "target_exponent"]
        exponents = float(rng.uniform(0.6, 2.0)), float(rng.uniform(0.6, 2.2))
        true = gt.linear.PowerLawInputs(60, 100, *exponents, noise=0.3)
        yield true, _told(true, free, {"exponent": 1.2, "target_exponent": 1.2}), free, x, {}, {}


def committees(count: int) -> Iterator[Planted]:
    rng, x = np.random.default_rng(19), np.unique(np.round(np.geomspace(1, 150, 20)))
    guess = {"output_scale": 0.8, "curvature": 0.7, "teacher_overlap": 0.3}
    kinds = (["output_scale"], ["curvature"], ["teacher_overlap"], ["output_scale", "curvature"])
    size = {"dim": 24, "width": 40, "dynamics": gt.GradientDescent(0.04)}
    for i in range(count):
        scale, curvature = float(np.exp(rng.uniform(np.log(0.4), np.log(2)))), float(rng.uniform(0.4, 1))
        true = gt.lazy_rich.QuadraticCommittee(scale, curvature, 4.0, float(rng.uniform(0.15, 0.5)))
        yield true, _told(true, kinds[i % 4], guess), kinds[i % 4], x, size, {"draws": 24}


def mean_fields(count: int) -> Iterator[Planted]:
    rng, x = np.random.default_rng(9), np.geomspace(0.02, 1.5, 8)
    inputs = rng.standard_normal((8, 3))
    targets = np.sin(inputs[:, 0]) + 0.5 * inputs[:, 1] * inputs[:, 2]
    for _ in range(count):
        true = gt.lazy_rich.MeanFieldNetwork(inputs, targets, float(np.exp(rng.uniform(np.log(0.7), np.log(5)))))
        yield true, _told(true, ["richness"], {"richness": 1.5}), ["richness"], x, {"width": 50}, {"draws": 24}


KINDS = {
    "linear": (linear, 100),
    "power law": (power_laws, 24),
    "committee": (committees, 20),
    "mean field": (mean_fields, 20),
}
FIRST_KEY = {"linear": 5000, "power law": 100, "committee": 700, "mean field": 900}


def held(kind: str, count: int) -> list[dict[str, Any]]:
    """A row a parameter: how many of its intervals hold what was planted."""
    planted, _ = KINDS[kind]
    found: dict[str, list[bool]] = {}
    widths: dict[str, list[float]] = {}
    unseen: dict[str, int] = {}
    began = time.process_time()
    for i, (true, template, free, x, size, how) in enumerate(planted(count)):
        wing = gt.linear if kind in ("linear", "power law") else gt.lazy_rich
        runs = wing.simulate(true, x, runs=1, key=jax.random.key(FIRST_KEY[kind] + i), **size)
        fit = gt.fit(template, runs, free=free, **size, **how)
        for name in free:
            own, value = fit[name], float(getattr(true, name))
            found.setdefault(name, []).append(own.low <= value <= own.high)
            widths.setdefault(name, []).append(own.high / own.low if own.low > 0 else np.inf)
            unseen[name] = unseen.get(name, 0) + (not own.identified)
    seconds = (time.process_time() - began) / count
    rows = []
    for name, inside in found.items():
        low, high = stats.binomtest(sum(inside), len(inside)).proportion_ci(0.99)
        rows.append(
            {
                "of": kind,
                "parameter": name,
                "fits": len(inside),
                "held %": 100 * float(np.mean(inside)),
                "99 % interval": f"{100 * low:.0f} to {100 * high:.0f}",
                "median high/low": float(np.median(widths[name])),
                "not identified": unseen[name],
                "CPU seconds a fit": seconds,
            }
        )
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    """All kinds; quick: two fits of the first."""
    rows = held("linear", 2) if quick else [row for kind, (_, count) in KINDS.items() for row in held(kind, count)]
    publish("fits", f"fits: planted values held by 90 % intervals{' (quick)' if quick else ''}", rows, out)
