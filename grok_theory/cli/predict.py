"""`grok-theory predict WING.PROBLEM`: the band of one run, and when it gets somewhere."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .outputs import AsJson, Out, Plot, checked_outputs
from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem


def command(
    problem: Annotated[str, typer.Argument(help="WING.PROBLEM, as `grok-theory solve` lists them.")],
    fields: Annotated[
        list[str] | None, typer.Argument(help="field=value of the problem, and of the run (dim=100, width=500).")
    ] = None,
    times: Annotated[str, typer.Option("--times", "--x", help="As in `grok-theory solve`.")] = "0.1:10:40",
    threshold: Annotated[
        list[str] | None, typer.Option(help="When a curve gets there: 0.1, or train_loss=0.1 (repeatable).")
    ] = None,
    fraction: Annotated[
        list[str] | None, typer.Option(help="The same of the run's own start: 0.5, or train_loss=0.1 (repeatable).")
    ] = None,
    delay: Annotated[
        str | None, typer.Option(metavar="TRAIN:TEST", help="How much later the test loss gets to TEST: 0.1:0.5.")
    ] = None,
    level: Annotated[float, typer.Option(help="Share of runs inside.")] = 0.9,
    draws: Annotated[int | None, typer.Option(help="How many runs are drawn.")] = None,
    test_samples: Annotated[int | None, typer.Option(help="How many samples the test loss is measured on.")] = None,
    dynamics: Annotated[
        str | None, typer.Option(help='How weights are trained, for example "GradientDescent(0.1)"; x is then steps.')
    ] = None,
    method: Annotated[str | None, typer.Option(help='How to forecast, for example "Interpolated".')] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Forecast one run: grok-theory predict linear.TeacherStudent samples_per_dim=2 snr=5 dim=100 --threshold 2.5

    Exit code: 0 good, 2 bad input, 4 no theory.
    """
    from .precision import use_float64

    use_float64()
    import jax

    from ..progress import waiting
    from .forecast_bands import draw_forecast
    from .problems import find_problem, make_problem, public_names, verbs_of
    from .solve import by
    from .values import read_axis, read_objects, read_seed

    places = checked_outputs(as_json, plot, out)
    wing, cls = find_problem(problem)
    (forecast,) = verbs_of(wing, "forecast")
    made, (more,) = make_problem(wing, cls, fields or [], forecast)
    more |= read_objects(public_names(wing), forecast, dynamics=dynamics, method=method)
    given = {"level": level, "draws": draws, "test_samples": test_samples}
    more |= taken_by(forecast, {name: value for name, value in given.items() if value is not None}, problem)
    asked = [("threshold", *_read(word, "threshold")) for word in threshold or []]
    asked += [("fraction", *_read(word, "fraction")) for word in fraction or []]
    ends = None if delay is None else _ends(delay)
    with waiting(f"forecasting a run of {problem}{by(method)}", usual=30.0):
        told = forecast(made, read_axis(times), key=jax.random.key(read_seed("seed", seed)), **more)
    found = [told.crossing(name or _first(told), **{kind: value}) for kind, name, value in asked]
    if ends is not None:
        found.append(told.delay(*ends))
    places.save(told)
    places.say(lambda: {"kind": "forecast", **_described(told), "times": [_time(each) for each in found]}, told, *found)
    places.draw(lambda path: draw_forecast(told, path, shades=_shades(told, found, asked)))


def taken_by(verb: Any, words: dict[str, Any], problem: str) -> dict[str, Any]:
    """The options as the verb's keywords; `BadValue` for one that it does not take."""
    import inspect

    from ..errors import BadValue

    known = inspect.signature(verb).parameters
    for name, value in words.items():
        if name not in known:
            option = name.replace("_", "-")
            raise BadValue(f"{option} is {value}, but a forecast of {problem} takes none. Leave --{option} out.")
    return words


def _read(word: str, option: str) -> tuple[str | None, float]:
    """CURVE=VALUE or VALUE."""
    from ..errors import BadValue
    from .shown_number import number

    name, equals, text = word.rpartition("=")
    value = number(text.strip())
    if value is None or (equals and not name.strip()):
        raise BadValue(f"{option} is {word!r}, but it must be VALUE or CURVE=VALUE. Write --{option} test_loss=0.1.")
    return (name.strip() or None), value


def _ends(text: str) -> tuple[float, float]:
    from ..errors import BadValue
    from .shown_number import number

    values = [number(part.strip()) for part in text.split(":")]
    if len(values) != 2 or None in values:
        raise BadValue(f"delay is {text!r}, but it must be TRAIN:TEST, two losses. Write --delay 0.1:0.5.")
    return values[0], values[1]  # type: ignore[return-value]


def _first(told: Any) -> str:
    return "test_loss" if "test_loss" in told.curves else next(iter(told.curves))


def _described(told: Any) -> dict[str, Any]:
    return {
        "problem": told.problem,
        "dynamics": None if told.dynamics is None else repr(told.dynamics),
        "status": {"level": told.status.name, "text": told.status.text},
        "dim": told.dim,
        "width": told.width,
        "level": told.level,
        "made_from": told.made_from,
        "draws": told.count,
        "x_name": told.x_name,
        "x_unit": told.x_unit,
        "x": told.x,
        "curves": {name: band._asdict() for name, band in told.curves.items()},
        "pointwise": {name: band._asdict() for name, band in told.pointwise.items()},
        "numerical_error": told.numerical_error,
    }


def _time(each: Any) -> dict[str, Any]:
    """A time for JSON; an open end is null."""
    names = ("what", "low", "median", "high", "probability", "horizon", "level", "unit", "remark")
    return {name: getattr(each, name) for name in names} | {
        "factor": None if each.factor is None else {n: getattr(each.factor, n) for n in ("low", "median", "high")}
    }


def _shades(told: Any, found: list[Any], asked: list[Any]) -> list[Any]:
    """(curve, time, threshold or None) of what was asked for."""
    return [
        (curve or _first(told), time, value if kind == "threshold" else None)
        for (kind, curve, value), time in zip(asked, found, strict=False)
    ]
