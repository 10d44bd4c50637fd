"""`grok-theory fit LOG WING.PROBLEM`: the numbers of a Problem that make a log likely, and what it cannot tell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .log_options import (
    Accuracies,
    Config,
    Encoding,
    LoggedLoss,
    Pattern,
    Repeats,
    RunColumn,
    ScaleX,
    StepsOf,
    SummedSamples,
    TestColumn,
    TrainColumn,
    XColumn,
    XUnit,
)
from .outputs import AsJson, Out, Plot, checked_outputs
from .overlay import EXIT_CODES
from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem


def command(
    log: Annotated[Path, typer.Argument(help="As `grok-theory delay` reads it.")],
    problem: Annotated[str, typer.Argument(help="WING.PROBLEM, as `grok-theory solve` lists them.")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(help="field=value of the problem (where it is free: where to begin), and dim=100, width=500."),
    ] = None,
    free: Annotated[
        list[str] | None, typer.Option(help="A number to fit: snr, learning_rate ... (repeatable).")
    ] = None,
    x: XColumn = None,
    x_unit: XUnit = None,
    train: TrainColumn = None,
    test: TestColumn = None,
    run: RunColumn = None,
    rising: Accuracies = False,
    steps_of: StepsOf = None,
    scale_x: ScaleX = None,
    loss: LoggedLoss = "mean",
    samples: SummedSamples = None,
    config: Config = None,
    dynamics: Annotated[
        str | None, typer.Option(help='How the runs are trained, for example "GradientDescent(0.1)"; x is then steps.')
    ] = None,
    test_samples: Annotated[
        int | None, typer.Option(help="How many samples the runs' test loss is measured on.")
    ] = None,
    curves: Annotated[list[str] | None, typer.Option(help="A loss to fit (repeatable); both if left out.")] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.9,
    draws: Annotated[int | None, typer.Option(help="How many runs are drawn where theory tells no scatter.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of these draws.")] = 0,
    repeats: Repeats = "last",
    encoding: Encoding = None,
    pattern: Pattern = None,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Fit a theory to a log: grok-theory fit log.csv linear.TeacherStudent samples_per_dim=2 snr=1 dim=100 --free snr

    Exit code: 0 the fitted theory applies, 1 it does not, 3 cannot tell, 2 bad input, 4 no theory.
    """
    from .precision import use_float64

    use_float64()
    import jax

    from .. import fit
    from ..errors import BadValue
    from ..progress import waiting
    from .forecast_bands import draw_forecast
    from .problems import find_problem, make_problem, public_names
    from .recorded_runs import in_units_of, read_recorded
    from .values import read_object, read_seed

    if not free:
        raise BadValue("free is not given, but a fit needs at least one number that is free. Write --free snr.")
    places = checked_outputs(as_json, plot, out)
    wing, cls = find_problem(problem)
    forecast = getattr(wing, "forecast", None)  # where there is none, `fit` names what the wing has instead
    made, taken = make_problem(wing, cls, fields or [], *([] if forecast is None else [forecast]))
    options: dict[str, Any] = {"test_samples": test_samples, "draws": draws}
    for more in taken:
        options |= more
    public = public_names(wing)
    if dynamics is not None:
        options["dynamics"] = read_object("dynamics", dynamics, public, forecast or fit)
    found = read_recorded(
        log, config or [], scale_x, x=x, x_unit=x_unit, train=train, test=test, run=run, rising=rising,
        repeats=repeats, encoding=encoding, pattern=pattern,
    )  # fmt: skip
    found = in_units_of(found, made, steps_of, loss, samples, public)
    with waiting(f"fitting {problem}", usual=60.0):
        answer = fit(
            made, found, free=free, curves=curves, confidence=confidence, key=jax.random.key(read_seed("seed", seed)),
            **{name: value for name, value in options.items() if value is not None},
        )  # fmt: skip
    places.save(answer)
    read = {"columns": found.columns, "guessed": found.guessed, "notes": found.notes}
    places.say(lambda: {"kind": "fit", **_described(answer), **read}, found.recognised, answer)
    places.draw(lambda path: draw_forecast(answer.forecast, path, runs=found))
    raise typer.Exit(EXIT_CODES[answer.applicability.verdict])


def _described(answer: Any) -> dict[str, Any]:
    judged = answer.applicability
    return {
        "verdict": judged.verdict,
        "reason": judged.reason,
        "problem": answer.problem,
        "dynamics": repr(answer.dynamics),
        "parameters": answer.parameters,
        "together": list(answer.together),
        "identified": answer.identified,
        "log_likelihood": answer.log_likelihood,
        "runs": answer.runs,
        "points": answer.points,
        "confidence": answer.confidence,
    }
