"""Training of the li2 wing: stage I, runs per minute, roles of the ingredients, features against their prediction.

Speed: M = 31, K = 512, 2000 steps, processor time in one process (give it one thread): runs as `simulate` makes them,
`simulate` called once a run, eight runs side by side by vmap, and the same full-batch Adam in plain NumPy (float32,
gathers and one-hot products).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

import grok_theory as gt
from benchmarks.report import Headline, Rows, publish
from grok_theory import li2


def main(out: Path, *, quick: bool = False) -> None:
    publish("li2_training_stage_one", "li2: stage I against a frozen and a learning hidden layer", _stage_one(), out)
    publish("li2_training_speed", "li2: runs per minute", _speed(quick), out)
    publish("li2_training_roles", "li2: roles, runs and stage I", _roles(quick), out)
    publish("li2_training_features", "li2: trained features and their prediction", _features(quick), out)


def _speed(quick: bool) -> list[dict[str, Any]]:
    order, width, steps, runs = (11, 32, 50, 4) if quick else (31, 512, 2000, 4)
    task = li2.GroupTask(li2.groups.cyclic(order), train_fraction=0.45, weight_decay=2e-4, centering="classes")
    key = jax.random.key(0)

    def simulated(count, **how):
        return lambda: li2.simulate(task, [steps], width=width, runs=count, key=key, **how)

    # A few steps of each compile everything: the number of steps is no structure.
    for how in ({}, {"batch": 8}):
        li2.simulate(task, [1], width=width, runs=1, key=key, **how)
    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "simulate, runs together (default)": (simulated(runs), runs),
        "simulate, one call a run": (lambda: [simulated(1)() for _ in range(runs)], runs),
        "simulate, 8 by vmap": (simulated(8, batch=8), 8),
        "plain NumPy": (lambda: numpy_run(task, width, steps, key), 1),
    }
    rows, repeats = [], 2
    best = dict.fromkeys(ways, np.inf)
    for _ in range(repeats):  # in turns, so that a busy machine hits all of them
        for name, (call, count) in ways.items():
            begun = time.process_time()
            call()
            best[name] = min(best[name], (time.process_time() - begun) / count)
    for name, seconds in best.items():
        slower = seconds / best["simulate, runs together (default)"]
        rows.append({"way": name, "runs a minute": 60 / seconds, "seconds a run": seconds, "times as long": slower})
    return rows


def numpy_run(task: li2.GroupTask, width: int, steps: int, key: Any, classes: int | None = None) -> float:
    """Full-batch Adam with coupled decay on the squared loss centred over classes, by hand; the last loss.

    `classes`: columns of that many, the last of them empty, which fill whole vectors of the processor.
    """
    start, order = li2.training.start_of_run(task, width=width, key=key), task.group.order
    pairs, labels = (np.asarray(a) for a in start.task.pairs_and_labels("benchmark"))
    first, second, n = pairs[:, 0], order + pairs[:, 1], len(labels)
    w, v = start.hidden.T.astype(np.float32).copy(), start.readout.astype(np.float32)
    y = np.eye(order, dtype=np.float32)[labels] - np.float32(1 / order)
    empty = (classes or order) - order
    w, v, y = np.pad(w, ((0, 2 * empty), (0, 0))), np.pad(v, ((0, 0), (0, empty))), np.pad(y, ((0, 0), (0, empty)))
    real = np.pad(np.ones(order, np.float32), (0, empty))
    x = np.zeros((n, 2 * (order + empty)), np.float32)
    x[np.arange(n), first] = x[np.arange(n), second] = 1
    decay, rate = np.float32(task.weight_decay), np.float32(0.005)
    moments = [[np.zeros_like(p), np.zeros_like(p)] for p in (w, v)]
    for count in range(1, steps + 1):
        inner = w[first] + w[second]
        nodes = inner**2
        out = nodes @ v
        rest = y - (out - out.sum(axis=1, keepdims=True) / np.float32(order)) * real
        back = (rest @ v.T) * inner
        slopes = (np.float32(-4 / n) * (x.T @ back) + decay * w, np.float32(-2 / n) * (nodes.T @ rest) + decay * v)
        for p, slope, (mean, square) in zip((w, v), slopes, moments, strict=True):
            mean *= np.float32(0.9)
            mean += np.float32(0.1) * slope
            square *= np.float32(0.999)
            square += np.float32(0.001) * slope**2
            scale = np.sqrt(square / np.float32(1 - 0.999**count)) + np.float32(1e-8)
            p -= rate * (mean / np.float32(1 - 0.9**count)) / scale
    return float(np.sum(rest**2) / n)


def _stage_one() -> list[dict[str, Any]]:
    """Z_11, 60 %, K = 32, descent at rate 2, 200 steps from a zero read-out: largest relative gap to the prediction."""
    task, steps, key = (
        li2.GroupTask(li2.groups.cyclic(11), train_fraction=0.6),
        np.arange(0, 201, 10),
        jax.random.key(0),
    )
    descent, start, rows = gt.GradientDescent(2.0), li2.training.ZeroReadout(), []
    forms = {"discrete": (steps, descent), "flow": (steps * task.tau_per_step(descent), gt.GradientFlow())}
    for form, (x, dynamics) in forms.items():
        theory = li2.solve(task, x, dynamics=dynamics, width=32, key=key, initial=start)
        for layer, dtype in (("frozen", "float64"), ("frozen", "float32"), ("learning", "float64")):
            how = {"dynamics": descent, "initial": start, "dtype": dtype}
            found = li2.simulate(task, steps, width=32, runs=1, key=key, train_hidden=layer == "learning", **how)
            gaps = {c: np.abs(found[c][0, 1:] / theory[c][1:] - 1) for c in ("train_loss", "gradient_norm")}
            rows.append(
                {
                    "prediction": form,
                    "hidden layer": f"{layer}, {dtype}",
                    "train loss": float(gaps["train_loss"].max()),
                    "gradient norm": float(gaps["gradient_norm"].max()),
                    "predicted over measured loss, last": float(theory["train_loss"][-1] / found["train_loss"][0, -1]),
                }
            )
    return rows


def _roles(quick: bool) -> list[dict[str, Any]]:
    order, width, last, runs = (11, 16, 60, 2) if quick else (23, 128, 3000, 8)
    task = li2.GroupTask(li2.groups.cyclic(order), train_fraction=0.6, weight_decay=2e-4, centering="classes")
    settings: dict[str, dict[str, Any]] = {"usual (wd 2e-4, Adam .005)": {}}
    if not quick:
        settings |= {f"wd {d:g}": {"weight_decay": d} for d in (0.0, 5e-5, 1e-3, 4e-3)}
        settings |= {f"Adam {r:g}": {"dynamics": gt.Adam(r)} for r in (0.001, 0.002, 0.02)}
        settings |= {"wd 0, zero read-out": {"weight_decay": 0.0, "initial": li2.training.ZeroReadout()}}
        settings |= {f"K = {k}": {"width": k} for k in (48, 256)}
        settings |= {"AdamW .005, wd .5 decoupled": {"dynamics": gt.AdamW(0.005), "weight_decay": 0.5}}
    settings |= {"zero read-out": {"initial": li2.training.ZeroReadout()}, "Muon .02": {"dynamics": gt.Muon(0.02)}}
    looks = np.unique(np.rint(np.geomspace(5, last, 60)).astype(int))
    table = li2.comparison.roles(task, settings, looks, width=width, runs=runs, key=jax.random.key(1))
    print(table)
    rows = []
    for role in table.roles:
        test = np.where(np.isnan(role.delay.test_time), np.inf, role.delay.test_time)
        rows.append(
            {
                "setting": role.name,
                "train step": float(np.median(role.delay.train_time)),
                "test step": float(np.median(test)),
                "delay interval": f"{role.delay.interval[0]:.0f} .. {role.delay.interval[1]:.0f}",
                "generalise": f"{role.generalised:.2f} ({role.interval[0]:.2f}-{role.interval[1]:.2f})",
                "purity": float(np.median(role.purity)),
                "irreps": float(np.median(role.irreps)),
                "eta": role.ridge,
                "early alignment": role.early_alignment,
                "fixed alignment": role.fixed_alignment,
                "fixed |G_F|": role.fixed_norm,
            }
        )
    return rows


def _features(quick: bool) -> list[dict[str, Any]]:
    groups = (
        {"Z_11": li2.groups.cyclic(11)} if quick else {"Z_23": li2.groups.cyclic(23), "Z_31": li2.groups.cyclic(31)}
    )
    rows = []
    for name, group in groups.items():
        for share in (0.8,) if quick else (0.8, 0.5):
            for words, initial in (("usual", li2.training.TorchUniform()), ("zero", li2.training.ZeroReadout())):
                task = li2.GroupTask(group, train_fraction=share, weight_decay=2e-4, centering="classes")
                last, runs = (100, 2) if quick else (2000, 6)
                found = li2.simulate(task, [last], width=128, runs=runs, key=jax.random.key(2), initial=initial)
                seen = li2.comparison.trained_features(found)
                rate, low, high = seen.interval("rate")
                full, full_low, full_high = seen.interval("rate_full")
                rows.append(
                    {
                        "task": f"{name}, {100 * share:.0f} %, {words}",
                        "test accuracy": float(found["test_accuracy"][:, -1].mean()),
                        "purity": float(np.median(seen.purity[seen.alive])),
                        "energy / E*": float(np.median(seen.energy_ratio[seen.alive])),
                        "irreps": f"{seen.found.sum(axis=1).mean():.1f} of {seen.found.shape[1]}",
                        "predicted, own pairs": f"{rate:.3f} ({low:.3f}-{high:.3f})",
                        "predicted, full table": f"{full:.3f} ({full_low:.3f}-{full_high:.3f})",
                        "chance": float(seen.chance.mean()),
                    }
                )
    return rows


def _li2_training(rows: Rows) -> str:
    return "; ".join(f"{row['way']}: {row['times as long']:.1f} times as long" for row in rows[1:])


HEADLINES = (Headline("li2: trained together, others' time over ours", "li2_training_speed", _li2_training),)
