"""`grok-theory overlay LOG WING.PROBLEM`: a theory on the axis of a log; the exit code is the verdict."""

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
from .outputs import AsJson, Plot, checked_outputs
from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem
EXIT_CODES = {"applies": 0, "does not apply": 1, "cannot tell": 3}


def command(
    log: Annotated[Path, typer.Argument(help="As `grok-theory delay` reads it.")],
    problem: Annotated[str, typer.Argument(help="WING.PROBLEM, as `grok-theory solve` lists them.")],
    fields: Annotated[list[str] | None, typer.Argument(help="field=value of the problem, and of `solve`.")] = None,
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
        str | None, typer.Option(help='Of the theory, for example "GradientDescent(0.1)"; x is then steps.')
    ] = None,
    method: Annotated[str | None, typer.Option(help='How to solve, for example "Population".')] = None,
    dim: Annotated[
        int | None, typer.Option(help="Size of the runs: then the band of ONE run tells whether they can be of it.")
    ] = None,
    width: Annotated[int | None, typer.Option(help="Hidden neurons of the runs, with their band.")] = None,
    test_samples: Annotated[
        int | None, typer.Option(help="How many samples the runs' test loss is measured on, with --dim.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed, where theory begins as a run does (li2), or draws runs.")] = 0,
    repeats: Repeats = "last",
    encoding: Encoding = None,
    pattern: Pattern = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Lay a theory over a log: ratios, what the theory assumes of it, and with --dim whether it applies.

    Exit code: 0 applies, 1 does not apply, 3 cannot tell, 2 bad input, 4 no theory.
    """
    from .precision import use_float64

    use_float64()
    from ..dynamics import GradientFlow
    from ..errors import BadValue
    from ..overlays import overlay, x_of
    from ..progress import waiting
    from ..results.log_units import check_axis
    from .predict import taken_by
    from .problems import find_problem, make_problem, public_names, verbs_of
    from .recorded_runs import in_units_of, read_recorded
    from .solve import by, leave_if_failed, seeded, status_of, without_throwing
    from .values import read_objects

    places = checked_outputs(as_json, plot)
    wing, cls = find_problem(problem)
    sizes = {name: value for name, value in (("dim", dim), ("width", width)) if value is not None}
    (solve,) = verbs_of(wing, "forecast" if sizes else "solve")
    if test_samples is not None:
        if not sizes:
            raise BadValue(f"test-samples is {test_samples}, but only a band of one run takes it. Say --dim too.")
        sizes["test_samples"] = test_samples
    named = [f"{name}={value}" for name, value in sizes.items() if name != "test_samples"]
    made, (more,) = make_problem(wing, cls, [*(fields or []), *named], solve)
    more |= taken_by(solve, {name: value for name, value in sizes.items() if name == "test_samples"}, problem)
    public = public_names(wing)
    more |= read_objects(public, solve, dynamics=dynamics, method=method)
    found = read_recorded(
        log, config or [], scale_x, x=x, x_unit=x_unit, train=train, test=test, run=run, rising=rising,
        repeats=repeats, encoding=encoding, pattern=pattern,
    )  # fmt: skip
    found = in_units_of(found, made, steps_of, loss, samples, public)
    if hasattr(made, "tau_per_step"):
        of_theory = more.get("dynamics") or GradientFlow()
        check_axis(found, of_theory.x_name, of_theory.x_unit)  # before what may take long
    with waiting(f"{'forecasting a run of' if sizes else 'solving'} {problem}{by(method)}", usual=20.0):
        solution = solve(made, x_of(found), **more, **seeded(solve, seed), **without_throwing(solve, as_json))
    if solution.status.name == "failed":
        places.say(lambda: {"kind": "overlay", "verdict": None, "status": status_of(solution)})
        leave_if_failed(solution)
    answer = overlay(found, solution)
    places.say(
        lambda: {"kind": "overlay", **_described(answer), "status": status_of(solution)}, found.recognised, answer
    )
    places.draw(lambda path: _draw(answer, path))
    raise typer.Exit(EXIT_CODES[answer.verdict])


def _described(answer: Any) -> dict[str, Any]:
    log = answer.log
    return {
        "verdict": answer.verdict,
        "reason": answer.reason,
        "problem": answer.theory.problem,
        "applicability": _applicability(answer.applicability),
        "dynamics": None if answer.theory.dynamics is None else repr(answer.theory.dynamics),
        "columns": log.columns,
        "guessed": log.guessed,
        "notes": log.notes,
        "left_out": [{"run": label, "reason": why} for label, why in log.left_out.items()],
        "config": log.config,
        "conversions": log.conversions,
        "x_name": log.x_name,
        "x_unit": log.x_unit,
        "theory_curves": answer.names,
        "curves": {
            name: [
                {
                    "run": label,
                    "x": part.x,
                    "recorded": part.recorded,
                    "theory": part.theory,
                    "ratio": part.ratio,
                    "outside": part.outside,
                    "low": part.low,
                    "high": part.high,
                }
                for label, part in runs.items()
            ]
            for name, runs in answer.curves.items()
        },
        "assumptions": [{"name": c.name, "verdict": c.verdict, "found": c.found} for c in answer.checks],
    }


def _applicability(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    names = ("runs", "outside", "band", "first", "first_run", "z", "p_value")
    curves = {name: {part: getattr(curve, part) for part in names} for name, curve in found.curves.items()}
    return {"confidence": found.confidence, "p_value": found.p_value, "runs": found.runs, "curves": curves}


def _draw(answer: Any, path: Path) -> None:
    from .picture import pyplot, write_picture

    pyplot()
    from ..plot import recorded

    axes = recorded(answer)
    axes.set_title(f"{type(answer.theory.problem).__name__}: {answer.verdict}", fontsize=7)
    write_picture(axes.figure, path, dpi=200, bbox_inches="tight")
