"""Other units for a log: steps to the tau of a Problem, halved and summed losses to means."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_choice, check_integer, check_positive
from ..dynamics import GradientDescent, GradientFlow, check_dynamics
from ..errors import BadValue
from ..tables.names import called, plain_name

if TYPE_CHECKING:
    from .ensemble import Ensemble
    from .log import Log

STEPS = ("step", "steps", "global_step", "_step", "iteration", "iterations", "iter", "update", "updates")
LOSSES = ("mean", "halved mean", "sum", "halved sum")


def counts_steps(x_name: str, x_unit: str) -> bool:
    """Whether an x is called like steps of training, and has no unit: `global_step` is what a theory calls step."""
    return not x_unit and called(x_name) in STEPS


def with_unit(name: str, unit: str) -> str:
    return f"{plain_name(name)} [{unit}]" if unit else plain_name(name)


def check_axis(log: Log | Ensemble, x_name: str, x_unit: str) -> None:
    """Refuse a log whose x is another thing than a theory's, with the line that converts it."""
    alike = (log.x_name.lower(), log.x_unit.lower()) == (x_name.lower(), x_unit.lower())
    if alike or (x_name == "step" and not x_unit and counts_steps(log.x_name, log.x_unit)):
        return
    here, there = with_unit(log.x_name, log.x_unit), with_unit(x_name, x_unit)
    if x_unit == GradientFlow.x_unit and counts_steps(log.x_name, log.x_unit):
        line = 'log.in_units_of(problem, gt.GradientDescent(learning_rate)) (--steps-of "GradientDescent(0.01)")'
        line += ", or solve with dynamics=gt.GradientDescent(learning_rate) (--dynamics)"
    else:
        line = f'log.scaled(x=(factor, "{x_name}", "{x_unit}")) (--scale-x), with factor how much {there} one {here} is'
    raise BadValue(
        f"log has x in {here}, but the theory has {there}, and equal numbers of them are not the same. Convert: {line}."
    )


def scaled(log: Log, x: tuple[float, str, str] | None, curves: Mapping[str, float] | None) -> Log:
    """`Log.scaled`."""
    if curves is not None and not isinstance(curves, Mapping):
        raise BadValue(f'curves is {curves!r}, but it must map curves to factors. Pass for example {{"train": 2}}.')
    factors = dict(curves or {})
    if x is None and not factors:
        raise BadValue('x and curves are both None, but something must be scaled. Pass x=(0.01, "time", "tau").')
    if x is not None and (not isinstance(x, tuple) or len(x) != 3 or not all(isinstance(part, str) for part in x[1:])):
        raise BadValue(f'x is {x!r}, but it must be (factor, name, unit). Pass for example (0.01, "time", "tau").')
    here = list(next(iter(log.runs.values())))
    for name, factor in factors.items():
        check_choice("curves", name, here, "Name curves of the log.")
        check_positive(f"curves[{name!r}]", factor, "Pass the factor of its values, for example 2 for a halved loss.")
    factor, x_name, x_unit = x or (1.0, log.x_name, log.x_unit)
    check_positive("x", factor, 'Pass x=(factor, name, unit), for example (0.01, "time", "tau").')
    if not x_name:
        raise BadValue('x has the name \'\', but x must be called something. Pass for example (0.01, "time", "tau").')
    runs = {
        label: {
            name: dataclasses.replace(
                record, x=record.x * float(factor), values=record.values * float(factors.get(name, 1.0))
            )
            for name, record in part.items()
        }
        for label, part in log.runs.items()
    }
    said = [f"{with_unit(x_name, x_unit)} = {float(factor):.6g} x {with_unit(log.x_name, log.x_unit)}"] if x else []
    said += [f"{name} = {float(by):.6g} x {plain_name(log.columns[name] or name)}" for name, by in factors.items()]
    return dataclasses.replace(log, runs=runs, x_name=x_name, x_unit=x_unit, conversions=(*log.conversions, *said))


def in_units_of(log: Log, problem: Any, dynamics: Any, loss: str, samples: int | Mapping[str, int] | None) -> Log:
    """`Log.in_units_of`."""
    worth = getattr(problem, "tau_per_step", None)
    if worth is None:
        raise BadValue(
            f"problem is a {type(problem).__name__}, which has no tau_per_step: its x is no time. Convert by "
            "log.scaled(x=(factor, name, unit))."
        )
    check_dynamics(dynamics, (GradientDescent,), f"tau_per_step of {type(problem).__name__}")
    check_steps(log)
    tau = float(np.asarray(worth(dynamics)))
    factors = loss_factors(log, loss, samples)
    found = scaled(log, (tau, GradientFlow.x_name, GradientFlow.x_unit), factors)
    return dataclasses.replace(found, dynamics=dynamics)


def check_steps(log: Log) -> None:
    """Refuse a log whose x is no count of steps, with the line that makes it one."""
    if counts_steps(log.x_name, log.x_unit):
        return
    here = with_unit(log.x_name, log.x_unit)
    if log.x_unit == GradientFlow.x_unit:
        raise BadValue(f"The log has x in {here} already. Leave in_units_of out, or scale curves by log.scaled.")
    raise BadValue(
        f"The log has x in {here}, but only steps are converted to tau. Say how many steps one is: "
        'log.scaled(x=(steps, "step", "")), for an epoch samples / batch size.'
    )


def loss_factors(log: Log, loss: str, samples: int | Mapping[str, int] | None) -> dict[str, float]:
    """Curve -> the factor that makes a mean of squares of what was logged; without those that stay as they are."""
    check_choice("loss", loss, LOSSES, "Say what was logged of the squares.")
    factor = 2.0 if loss.startswith("halved") else 1.0
    names = [name for name in next(iter(log.runs.values())) if log.is_loss(name)]
    if not loss.endswith("sum"):
        return {name: factor for name in names if factor != 1.0}
    if samples is None:
        raise BadValue(
            f'samples is None, but loss="{loss}" needs how many samples it sums over. Pass samples=400, or '
            'samples={"train": 400, "test": 1000}.'
        )
    counts = dict(samples) if isinstance(samples, Mapping) else dict.fromkeys(names, samples)
    for name in names:
        if name not in counts:
            raise BadValue(
                f"samples is {counts}, which has no {name!r}, but that curve is a {loss} too. "
                "Say how many it sums over."
            )
        check_integer(f"samples[{name!r}]", counts[name], 1, "Pass how many samples the curve sums over.")
    config = log.config or {}
    known = [config[n] for n in ("samples", "batch_size") if isinstance(config.get(n), (int, float))]
    if "train" in names and "samples" in config and known and counts["train"] not in known:
        raise BadValue(
            f"samples is {counts['train']} for the train curve, but the log's config says {config['samples']}. Pass "
            f'samples={{"train": {config["samples"]}, ...}}, or read the log with config={{"samples": '
            f"{counts['train']}}} if it is wrong."
        )
    return {name: factor / counts[name] for name in names}
