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
from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem
EXIT_CODES = {"applies": 0, "does not apply": 1, "cannot tell": 3}


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
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Save all of it to this .npz.")] = None,
    plot: Annotated[str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
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
    from ..storage import destination
    from .forecast_bands import draw_forecast
    from .picture import picture_path
    from .problems import find_problem, make_problem, public_names
    from .recorded_runs import in_units_of, read_recorded
    from .values import read_object, read_seed

    if not free:
        raise BadValue("free is not given, but a fit needs at least one number that is free. Write --free snr.")
    picture = None if plot is None else picture_path(plot, "plot")
    path = None if out is None else destination(out, (".npz",), "out")
    wing, cls = find_problem(problem)
    forecast = getattr(wing, "forecast", None)  # where there is none, `fit` names what the wing has instead
    made, taken = make_problem(wing, cls, fields or [], *([] if forecast is None else [forecast]))
    options: dict[str, Any] = {"test_samples": test_samples, "draws": draws}
    for more in taken:
        options |= more
    public = public_names(wing)
    if dynamics is not None:
        options["dynamics"] = read_object("dynamics", dynamics, public, forecast or fit)
    up = (rising or None, rising or None)
    columns = {"x": x, "x_unit": x_unit, "train": train, "test": test, "run": run, "rising": up, "repeats": repeats}
    found = read_recorded(log, config or [], scale_x, encoding=encoding, pattern=pattern, **columns)
    found = in_units_of(found, made, steps_of, loss, samples, public)
    with waiting(f"fitting {problem}", usual=60.0):
        answer = fit(
            made, found, free=free, curves=curves, confidence=confidence, key=jax.random.key(read_seed("seed", seed)),
            **{name: value for name, value in options.items() if value is not None},
        )  # fmt: skip
    if path is not None:
        answer.save(path)
    if as_json:
        from .as_json import write_json

        write_json({"kind": "fit", **_described(answer)})
    else:
        print(found.recognised)
        print(answer)
    if picture is not None:
        draw_forecast(answer.forecast, picture, runs=found)
        if not as_json:
            print(f"drawn in {picture}")
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
