"""`grok-theory overlay LOG WING.PROBLEM`: a theory on the axis of a log; the exit code is the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem
EXIT_CODES = {"applies": 0, "does not apply": 1, "cannot tell": 3}


def command(
    log: Annotated[Path, typer.Argument(help="As `grok-theory delay` reads it.")],
    problem: Annotated[str, typer.Argument(help="WING.PROBLEM, as `grok-theory solve` lists them.")],
    fields: Annotated[list[str] | None, typer.Argument(help="field=value of the problem, and of `solve`.")] = None,
    x: Annotated[str | None, typer.Option(help="Column of times or steps; guessed if left out.")] = None,
    x_unit: Annotated[str | None, typer.Option(help="Unit of that column, where its name does not say: tau.")] = None,
    train: Annotated[str | None, typer.Option(help="Column of the train curve; guessed if left out.")] = None,
    test: Annotated[str | None, typer.Option(help="Column of the test curve; guessed if left out.")] = None,
    run: Annotated[str | None, typer.Option(help="Column that tells runs apart; guessed if left out.")] = None,
    rising: Annotated[bool, typer.Option("--rising", help="Take accuracies where both are there.")] = False,
    steps_of: Annotated[
        str | None, typer.Option(help='The log\'s steps are of "GradientDescent(0.01)": converted to tau.')
    ] = None,
    scale_x: Annotated[
        str | None, typer.Option(metavar="FACTOR:NAME[:UNIT]", help="x times FACTOR is NAME: 500:step, 0.01:time:tau.")
    ] = None,
    loss: Annotated[
        str, typer.Option(help="Of the squares, what is logged: mean, halved mean, sum, halved sum.")
    ] = "mean",
    samples: Annotated[int | None, typer.Option(help="How many samples a summed loss sums over.")] = None,
    config: Annotated[
        list[str] | None,
        typer.Option(help="What is known of the training: a JSON file, or name=value (repeatable): batch_size=32."),
    ] = None,
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
    repeats: Annotated[
        str, typer.Option(help="Where a resumed run wrote times again: last, first or refuse.")
    ] = "last",
    encoding: Annotated[str | None, typer.Option(help="Of the file, where it is not UTF-8: latin-1 ...")] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Regular expression for a log of text; its named groups are the columns.")
    ] = None,
    plot: Annotated[str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
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
    from ..results import read_log
    from ..results.log_units import check_axis
    from .picture import picture_path
    from .predict import taken_by
    from .problems import find_problem, make_problem, public_names, verbs_of
    from .solve import by, leave_if_failed, seeded, status_of, without_throwing
    from .values import read_object

    path = None if plot is None else picture_path(plot, "plot")
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
    for name, text in (("dynamics", dynamics), ("method", method)):
        if text is not None:
            more[name] = read_object(name, text, public, solve)
    up = (rising or None, rising or None)
    options = {"x": x, "x_unit": x_unit, "train": train, "test": test, "run": run, "rising": up, "repeats": repeats}
    with waiting("reading the log", usual=5.0):
        found = read_log(log, **options, config=_config(config or []), encoding=encoding, pattern=pattern)
    found = _converted(_scaled(found, scale_x), made, steps_of, loss, samples, public)
    if hasattr(made, "tau_per_step"):
        of_theory = more.get("dynamics") or GradientFlow()
        check_axis(found, of_theory.x_name, of_theory.x_unit)  # before what may take long
    with waiting(f"{'forecasting a run of' if sizes else 'solving'} {problem}{by(method)}", usual=20.0):
        solution = solve(made, x_of(found), **more, **seeded(solve, seed), **without_throwing(solve, as_json))
    if solution.status.name == "failed":
        if as_json:
            from .as_json import write_json

            write_json({"kind": "overlay", "verdict": None, "status": status_of(solution)})
        leave_if_failed(solution)
    answer = overlay(found, solution)
    if as_json:
        from .as_json import write_json

        write_json({"kind": "overlay", **_described(answer), "status": status_of(solution)})
    else:
        print(found.recognised)
        print(answer)
    if path is not None:
        _draw(answer, path)
        if not as_json:
            print(f"drawn in {path}")
    raise typer.Exit(EXIT_CODES[answer.verdict])


def _config(words: list[str]) -> dict[str, Any]:
    """Files and name=value words as one mapping; the later says it."""
    from ..errors import BadValue
    from ..results.log_config import known_config
    from .shown_number import number

    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            found |= known_config(word)
            continue
        if not name.strip() or not text.strip():
            raise BadValue(f"config is {word!r}, but it must be name=value or a JSON file. Write batch_size=32.")
        value = number(text.strip())
        found |= known_config({name.strip(): text.strip() if value is None else value})
    return found


def _scaled(found: Any, scale: str | None) -> Any:
    """The log with x as `--scale-x` says."""
    from ..errors import BadValue
    from .shown_number import number

    if scale is None:
        return found
    factor, *named = (part.strip() for part in scale.split(":"))
    by = number(factor)
    if by is None or len(named) not in (1, 2) or not named[0]:
        raise BadValue(f"scale-x is {scale!r}, but it must be FACTOR:NAME or FACTOR:NAME:UNIT. Write 0.01:time:tau.")
    return found.scaled(x=(by, named[0], named[1] if len(named) == 2 else ""))


def _converted(found: Any, made: Any, steps_of: str | None, loss: str, samples: int | None, public: Any) -> Any:
    """The log in tau if `--steps-of` says how, and its losses as means of squares."""
    from ..results.log_units import loss_factors
    from .values import read_value

    if steps_of is not None:
        said = read_value("steps-of", steps_of, public, remedy='Write --steps-of "GradientDescent(0.01)".')
        return found.in_units_of(made, said, loss=loss, samples=samples)
    factors = loss_factors(found, loss, samples)
    return found.scaled(curves=factors) if factors else found


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
