"""Do bands of one run hold what they say? Forecasts against runs of plain NumPy codes: own, planted and foreign."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from scipy import stats

import grok_theory as gt
from benchmarks import plain_runs
from benchmarks.report import Headline, Rows, publish

STEPS = np.unique(np.round(np.geomspace(1, 300, 31)))
BOUNDS = (0.84, 0.98)


def linear_settings(count: int, seed: int) -> list[dict[str, Any]]:
    """Settings of a linear student with the last time that its train loss allows."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        alpha = float(rng.choice([0.3, 0.5, 0.8, 1.5, 2.0, 4.0]))
        found.append(
            {
                "dim": int(rng.choice([40, 60, 100, 150])),
                "samples_per_dim": alpha,
                "snr": float(rng.choice([0.5, 2.0, 5.0])),
                "inr": float(rng.choice([0.0, 1.0])),
                "weight_decay": float(rng.choice([0.0, 0.1])),
            }
        )
    return found


def linear_forecast(setting: dict[str, Any], **more: Any) -> Any:
    """The forecast of a setting, up to the last time that is not refused."""
    fields = {name: value for name, value in setting.items() if name != "dim"}
    for last in (30.0, 10.0, 4.0, 1.5):
        x = np.geomspace(0.03, last, 60)
        try:
            return gt.linear.forecast(gt.linear.TeacherStudent(**(fields | more)), x, dim=setting["dim"])
        except gt.BadValue:
            continue
    raise AssertionError(setting)


def committee_settings(count: int, seed: int) -> list[dict[str, Any]]:
    rng, found = np.random.default_rng(seed), []
    sizes = [(32, 4.0), (48, 3.0), (64, 2.5), (40, 6.0)]
    for i in range(count):
        dim, kappa = sizes[i % len(sizes)]
        found.append(
            {
                "dim": dim,
                "width": int(rng.choice([40, 80, 120])),
                "rate": float(rng.choice([0.05, 0.1])),
                "output_scale": float(rng.choice([0.3, 0.5, 1.0, 2.0])),
                "curvature": float(rng.choice([0.3, 0.5, 1.0])),
                "samples_per_dim": kappa,
                "teacher_overlap": float(rng.choice([0.0, 0.2, 0.4])),
            }
        )
    return found


def committee_forecast(setting: dict[str, Any], **more: Any) -> Any:
    """The forecast of a setting; the rate is halved (in the setting) until no draw diverges."""
    for _ in range(4):
        try:
            return _committee_forecast(setting, **more)
        except gt.BadValue:
            setting["rate"] /= 2
    raise AssertionError(setting)


def _committee_forecast(setting: dict[str, Any], **more: Any) -> Any:
    names = ("output_scale", "curvature", "samples_per_dim", "teacher_overlap")
    fields = {name: setting[name] for name in names} | more
    return gt.lazy_rich.forecast(
        gt.lazy_rich.QuadraticCommittee(**fields),
        STEPS,
        dim=setting["dim"],
        width=setting["width"],
        dynamics=gt.GradientDescent(setting["rate"]),
        test_samples=plain_runs.TEST_SAMPLES,
    )


WINGS = {
    "linear": (linear_settings, linear_forecast, plain_runs.regression),
    "committee": (committee_settings, committee_forecast, plain_runs.committee),
}


def _first(x: np.ndarray, curve: np.ndarray, level: float) -> float:
    at = int(np.argmax(curve <= level))
    if curve[at] > level:
        return np.inf
    if at == 0:
        return float(x[0])
    share = np.log(curve[at - 1] / level) / np.log(curve[at - 1] / curve[at])
    return float(x[at - 1] + share * (x[at] - x[at - 1]))


def _holds(told: Any, time: float) -> bool:
    """Whether a time lies in an interval; one that was not reached lies wherever the interval goes beyond the end."""
    return told.low <= time <= told.high if np.isfinite(time) else told.high > told.horizon


def coverage(settings: int, runs: int) -> tuple[list[dict], dict[str, list]]:
    """One row a setting: shares of runs inside, widths, times; and settings with their forecasts for what follows."""
    rows, kept = [], {}
    for wing, (make, forecast, run) in WINGS.items():
        kept[wing] = []
        for i, setting in enumerate(make(settings, 11)):
            began = time.process_time()
            told = forecast(setting)
            cost = time.process_time() - began
            kept[wing].append((setting, told))
            rng = np.random.default_rng([7, i, len(wing)])
            x = np.asarray(told.x)
            curves = [run(rng, np.concatenate([[0.0], x]), **setting) for _ in range(runs)]
            row: dict[str, Any] = {"wing": wing, "setting": str(setting), "runs": runs, "CPU seconds": cost}
            for which, name in enumerate(("train_loss", "test_loss")):
                band, own = told[name], np.array([curve[which][1:] for curve in curves])
                seen = np.ones(x.size, bool)
                if which == 0:
                    seen = band.median > 1e-3 * np.mean(told.starts[name])
                inside = ((own >= band.low) & (own <= band.high))[:, seen].all(axis=1)
                row[f"{name} inside"] = int(inside.sum())
                row[f"{name} width"] = float(np.median((band.high / band.low)[seen]))
                if wing == "committee":
                    row[f"{name} left out"] = _left_out(told, name, seen)
            for what, name in (("test time", "test_loss"), ("train time", "train_loss")):
                # Half the way that the median goes, in logarithms.
                part = float(np.sqrt(np.median(told.draws[name].min(axis=1) / told.starts[name])))
                said = told.crossing(name, fraction=part)
                which = 0 if name == "train_loss" else 1
                times = [_first(x, curve[which][1:], part * curve[which][0]) for curve in curves]
                row[f"{what} inside"] = sum(_holds(said, t) for t in times)
                row[f"{what} width"] = said.high / max(said.low, x[0])
            rows.append(row)
            print({name: value for name, value in row.items() if name != "setting"}, flush=True)
    return rows, kept


def _left_out(told: Any, name: str, seen: np.ndarray) -> float:
    """Share of draws inside the band that the others make."""
    logs = np.log(told.draws[name][:, seen])
    count, inside = len(logs), 0
    from grok_theory.results.excursions import band_factor

    factor = band_factor(told.level, count - 1, told.excursions[name])
    for i in range(count):
        others = np.delete(logs, i, axis=0)
        spread = np.maximum(others.std(axis=0, ddof=1), 1e-3)
        inside += bool((np.abs(logs[i] - others.mean(axis=0)) <= factor * spread).all())
    return inside / count


def summed(rows: Rows) -> list[dict]:
    """A row a wing and quantity: coverage, its interval over resampled settings, median width, endless ones."""
    found = []
    for wing in WINGS:
        mine = [row for row in rows if row["wing"] == wing]
        for what in ("train_loss", "test_loss", "train time", "test time"):
            shares = np.array([row[f"{what} inside"] / row["runs"] for row in mine])
            widths = np.array([row[f"{what} width"] for row in mine])
            rng = np.random.default_rng(0)
            means = [shares[rng.integers(0, len(shares), len(shares))].mean() for _ in range(4000)]
            low, high = np.quantile(means, [0.005, 0.995])
            row = {
                "wing": wing,
                "of": what,
                "settings": len(mine),
                "runs": sum(row["runs"] for row in mine),
                "inside %": 100 * shares.mean(),
                "99 % interval": f"{100 * low:.1f} to {100 * high:.1f}",
                "median width": float(np.median(widths[np.isfinite(widths)])) if np.isfinite(widths).any() else np.inf,
                "endless %": 100 * float(np.mean(~np.isfinite(widths))),
                "in bounds": "yes" if BOUNDS[0] <= shares.mean() <= BOUNDS[1] else "no",
            }
            if wing == "committee" and "loss" in what:
                row["left out inside %"] = 100 * float(np.mean([row[f"{what} left out"] for row in mine]))
            found.append(row)
    return found


RELU = (lambda h: np.maximum(h, 0.0), lambda h: (h > 0) * 1.0)
FOREIGN: dict[str, dict[str, Any]] = {
    "minibatches": {"batch": 8},
    "momentum 0.8": {"momentum": 0.8},
    "label noise 1": {"noise": 1.0},
    "rectified neurons": {"activation": RELU},
    "two teachers": {"teachers": 2},
    "start times 2": {"start": 2.0},
    "read-out trained": {"readout": True},
    "weight decay 0.03 a step": {"decay": 0.03},
}
# Three of them weaker: what one log cannot always tell at these sizes.
MILD: dict[str, dict[str, Any]] = {
    "mild: label noise 0.5": {"noise": 0.5},
    "mild: start times 1.5": {"start": 1.5},
    "mild: weight decay 0.01 a step": {"decay": 0.01},
}


def verdicts(kept: dict[str, list], logs: int, nulls: int) -> list[dict]:
    """Single logs: their own theory, theories with a planted factor, and foreign networks against a forecast."""
    rows = []

    def judge(kind: str, wing: str, pairs: list[tuple[Any, Any, np.ndarray]]) -> None:
        said = [gt.overlay(_log(told, curves), told).verdict for told, curves, _ in pairs]
        counts = {verdict: said.count(verdict) for verdict in ("applies", "does not apply", "cannot tell")}
        rows.append({"kind": kind, "wing": wing, "logs": len(said), **counts})
        print(rows[-1], flush=True)

    def _log(told: Any, curves: Any) -> Any:
        return plain_runs.log_of(curves, np.asarray(told.x), told.x_name, told.x_unit)

    for wing, (_, forecast, run) in WINGS.items():
        rng = np.random.default_rng(23)
        own = [kept[wing][i % len(kept[wing])] for i in range(nulls)]
        curves = [run(rng, np.asarray(told.x), **setting) for setting, told in own]
        judge("its own theory", wing, [(told, c, told.x) for (_, told), c in zip(own, curves, strict=True)])
        planted = {"linear": "noise", "committee": "output_scale"}[wing]
        wrong = {}
        for setting, told in own[:10]:
            if id(told) not in wrong:
                wrong[id(told)] = forecast(dict(setting), **{planted: 1.3 * setting.get(planted, 1.0)})
        pairs = [
            (wrong[id(told)], c, told.x)
            for (_, told), c in zip(own[:10], curves[:10], strict=True)
            if np.array_equal(wrong[id(told)].x, told.x)
        ]
        judge(f"{planted} times 1.3", wing, pairs)
    for kind, changed in (FOREIGN | MILD).items():
        rng = np.random.default_rng(29)
        pairs = []
        for i in range(logs):
            setting, told = kept["committee"][i % len(kept["committee"])]
            with np.errstate(over="ignore", invalid="ignore"):
                pairs.append((told, plain_runs.committee(rng, np.asarray(told.x), **(setting | changed)), told.x))
        judge(kind, "committee", pairs)
    return rows


def null(settings: int, runs: int) -> list[dict]:
    """Simulated runs of the package inside the linear forecast."""
    inside, looked = {"train_loss": 0, "test_loss": 0}, 0
    for i, setting in enumerate(linear_settings(settings, 3)):
        told = linear_forecast(setting)
        real = gt.linear.simulate(told.problem, told.x, dim=setting["dim"], runs=runs, key=jax.random.key(i))
        looked += runs
        for name in inside:
            values = np.asarray(real[name])
            inside[name] += int(((values >= told[name].low) & (values <= told[name].high)).all(axis=1).sum())
    rows = []
    for name, count in inside.items():
        low, high = stats.binomtest(count, looked).proportion_ci(0.99)
        said = f"{100 * low:.1f} to {100 * high:.1f}"
        rows.append({"curve": name, "runs": looked, "inside %": 100 * count / looked, "99 % interval": said})
    return rows


def interpolated(settings: int, runs: int, dim: int) -> list[dict]:
    """The cheap mode against runs of the exact reduction of its own size, under flow."""
    rows, x = [], np.geomspace(0.5, 100.0, 40)
    rng = np.random.default_rng(5)
    for i in range(settings):
        problem = gt.lazy_rich.QuadraticCommittee(
            output_scale=float(rng.choice([0.5, 1.0, 2.0])),
            curvature=float(rng.choice([0.5, 1.0])),
            samples_per_dim=4.0,
            teacher_overlap=float(rng.choice([0.1, 0.3])),
        )
        seconds = {}
        for mode, method in (("own size", None), ("interpolated", gt.lazy_rich.Interpolated())):
            began = time.process_time()
            told = gt.lazy_rich.forecast(problem, x, dim=dim, method=method, draws=24 if method else runs)
            seconds[mode] = time.process_time() - began
            if method is None:
                truth = told
        row: dict[str, Any] = {"setting": repr(problem), "runs": runs}
        for name in ("train_loss", "test_loss"):
            values, band = truth.draws[name], told[name]
            seen = band.median > 1e-3 * np.mean(truth.starts[name]) if name == "train_loss" else np.ones(x.size, bool)
            row[f"{name} inside %"] = 100 * ((values >= band.low) & (values <= band.high))[:, seen].all(axis=1).mean()
            row[f"{name} width"] = float(np.median((band.high / band.low)[seen]))
        row |= {
            "seconds": seconds["interpolated"],
            "of the cost": seconds["interpolated"] / seconds["own size"] * runs / 48,
        }
        row["first"] = i == 0
        rows.append(row)
        print(row, flush=True)
    return rows


def cost(dim: int, last: float) -> list[dict]:
    """CPU seconds of a forecast, first and warm, in this process."""
    rows = []
    x = np.geomspace(0.1, 20.0, 60)
    late = np.geomspace(1.0, last, 60)
    committee = gt.lazy_rich.QuadraticCommittee(1.0, 0.5, 6.0, 0.3)
    ways = {
        "linear, dim 100": lambda: gt.linear.forecast(gt.linear.TeacherStudent(2.0, 5.0), x, dim=100),
        f"committee, dim {dim}, to tau {last:g}": lambda: gt.lazy_rich.forecast(committee, late, dim=dim),
        "the same, interpolated": lambda: gt.lazy_rich.forecast(
            committee, late, dim=dim, method=gt.lazy_rich.Interpolated(), draws=24
        ),
    }
    for what, way in ways.items():
        seconds = []
        for _ in range(2):
            began = time.process_time()
            way()
            seconds.append(time.process_time() - began)
        rows.append({"forecast": what, "first, CPU s": seconds[0], "warm, CPU s": seconds[1]})
        print(rows[-1], flush=True)
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    size = "quick" if quick else ""
    publish(
        "forecast_null",
        f"forecast: runs of the package inside the band, nominal 90 % {size}",
        null(*((4, 20) if quick else (40, 50))),
        out,
    )
    rows, kept = coverage(*((2, 3) if quick else (20, 8)))
    publish("forecast_settings", f"forecast: runs of a plain code, setting by setting {size}", rows, out)
    publish(
        "forecast_coverage", f"forecast: runs of a plain code inside the band, nominal 90 % {size}", summed(rows), out
    )
    publish(
        "forecast_verdicts",
        f"forecast: verdicts on single logs {size}",
        verdicts(kept, *((1, 2) if quick else (10, 25))),
        out,
    )
    publish(
        "forecast_interpolated",
        f"forecast: the cheap mode {size}",
        interpolated(*((1, 8, 20) if quick else (6, 24, 60))),
        out,
    )
    publish("forecast_cost", f"forecast: what it costs {size}", cost(*((20, 20.0) if quick else (100, 500.0))), out)


def _coverage(rows: Rows) -> str:
    worst = min(rows, key=lambda row: row["inside %"])
    return (
        f"{worst['inside %']:.0f} % (least, {worst['wing']}, {worst['of']}) to "
        f"{max(row['inside %'] for row in rows):.0f} % of {sum(row['runs'] for row in rows) // 4} runs of "
        f"{sum(row['settings'] for row in rows) // 4} settings"
    )


def _verdicts(rows: Rows) -> str:
    own = [row for row in rows if row["kind"] == "its own theory"]
    foreign = [row for row in rows if row["kind"] in FOREIGN]
    return (
        f"{sum(row['does not apply'] for row in own)} of {sum(row['logs'] for row in own)} own logs refused, "
        f"{sum(row['does not apply'] for row in foreign)} of {sum(row['logs'] for row in foreign)} foreign ones"
    )


def _cost(rows: Rows) -> str:
    found = {row["forecast"]: row["warm, CPU s"] for row in rows}
    return "; ".join(f"{what} {seconds:.2g} CPU s" for what, seconds in found.items())


HEADLINES = (
    Headline("forecast: runs inside bands and times, nominal 90 %", "forecast_coverage", _coverage),
    Headline("forecast: verdicts on single logs", "forecast_verdicts", _verdicts),
    Headline("forecast: what it costs, warm", "forecast_cost", _cost),
)
