"""`grok-theory validate`: theory against runs; the exit code is the verdict."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .outputs import AsJson, Plot
from .problem_fields import HelpOfProblem

if TYPE_CHECKING:
    from ..tables import Table

COMMAND = HelpOfProblem
EXIT_CODES = {"agrees": 0, "disagrees": 1, "underpowered": 3}


def command(
    problem: Annotated[str, typer.Argument(help="WING.PROBLEM, as `grok-theory solve` lists them.")],
    fields: Annotated[
        list[str] | None, typer.Argument(help="field=value of the problem, and of the runs (dim=400).")
    ] = None,
    times: Annotated[
        str | None,
        typer.Option(
            "--times",
            "--x",
            help="As in `grok-theory solve`; 0.1:10:20 by default, or those of --data.",
            show_default=False,
        ),
    ] = None,
    runs: Annotated[int, typer.Option(help="How many independent runs.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the runs.")] = 0,
    margin: Annotated[float, typer.Option(help="Relative difference that would matter.")] = 0.05,
    curve: Annotated[list[str] | None, typer.Option(help="Curve to judge (repeatable); default all both have.")] = None,
    where: Annotated[str | None, typer.Option(help="low:high, the range of x to judge.")] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.99,
    dynamics: Annotated[
        str | None, typer.Option(help='Of theory and runs, for example "GradientDescent(0.1)"; x is then steps.')
    ] = None,
    method: Annotated[str | None, typer.Option(help='How to solve, for example "Population".')] = None,
    run_method: Annotated[str | None, typer.Option(help='How to make the runs: "FrozenKernel" ...')] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Judge the runs in this log instead of simulating (repeatable): columns for x, run, curves."),
    ] = None,
    interpolate: Annotated[
        bool, typer.Option("--interpolate", help="Read the runs of --data at --times, between their records.")
    ] = False,
    repeats: Annotated[
        str, typer.Option(help="Where a resumed run in --data wrote times again: last, first or refuse.")
    ] = "last",
    run: Annotated[str | None, typer.Option(help="Column of --data that tells runs apart, if not guessed.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of --data, where it is not UTF-8: latin-1 ...")] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Regular expression for --data of text; its named groups are the columns.")
    ] = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Hold real runs against the theory. Exit code: 0 agrees, 1 disagrees, 3 underpowered, 2 bad input, 4 no theory."""
    from .precision import use_float64

    use_float64()
    import jax

    from ..checks import check_choice, check_host_memory, check_runs
    from ..comparison import Relative, compare
    from ..errors import BadValue
    from ..progress import waiting
    from ..tables import read_table
    from .picture import picture_path
    from .problems import find_problem, make_problem, public_names, verbs_of
    from .solve import by, leave_if_failed, seeded, status_of, without_throwing
    from .values import read_axis, read_object, read_seed

    picture = None if plot is None else picture_path(plot, "plot")  # before what may take long
    wing, cls = find_problem(problem)
    solve, simulate = verbs_of(wing, "solve", "simulate")
    of_both = (solve,) if data else (solve, simulate)
    made, (of_theory, *of_runs) = make_problem(wing, cls, fields or [], *of_both)
    public = public_names(wing)
    if method is not None:
        of_theory["method"] = read_object("method", method, public, solve)
    for words in of_runs if run_method is not None else ():
        words["method"] = read_object("run-method", run_method, public, simulate)
    for words in (of_theory, *of_runs) if dynamics is not None else ():
        words["dynamics"] = read_object("dynamics", dynamics, public, solve)
    random = jax.random.key(read_seed("seed", seed))
    columns: dict[str, Any] = {}
    guessed: list[str] = []
    table = read_table([str(path) for path in data], encoding=encoding, pattern=pattern) if data else None
    own = times is None and table is not None
    if own and interpolate:
        raise BadValue("interpolate is given without times. Say at which with --times, or leave --interpolate out.")
    if own:
        x_name, said = _columns_of(made, of_theory, solve, seed)
        axis = _axis_of(table, made, of_theory.get("dynamics"), x_name, _asked(curve, said, table), run, repeats)
    else:
        axis = read_axis(times or "0.1:10:20")
    limit, judged = Relative(margin), _range(where)
    if not data:
        check_runs(runs)
        # A float64 for each run and time of at least one curve: what can never fit is refused before any work.
        check_host_memory(f"{runs} runs at {len(axis)} times", 8.0 * runs * len(axis), "Ask for fewer with --runs.")
    with waiting(f"solving {problem}{by(method)}", usual=20.0):
        solution = solve(made, axis, **of_theory, **seeded(solve, seed), **without_throwing(solve, as_json))
    if solution.status.name == "failed":
        # There is nothing to hold runs against; under --json the status says why.
        if as_json:
            from .as_json import write_json

            write_json({"kind": "agreement", "verdict": None, "status": status_of(solution)})
        leave_if_failed(solution)
    for name in curve or []:  # before the runs, which may take long
        check_choice("curve", name, list(solution.curves))
    if table is not None:
        options = {"repeats": repeats, "grid": solution.x if interpolate else None}
        columns, guessed, ensemble = _read_runs(table, solution, _asked(curve, solution.curves, table), run, options)
    else:
        with waiting(f"{runs} runs of {problem}"):
            ensemble = simulate(made, axis, runs=runs, key=random, **of_runs[0])
    agreement = compare(solution, ensemble, margin=limit.size, curves=curve, where=judged, confidence=confidence)
    if picture is not None:
        from .curves_picture import draw

        title = f"{problem}: {agreement.verdict}\nlines: theory; points: {agreement.runs} runs, {confidence:.0%} band"
        remark = draw(solution, ensemble, list(agreement.curves), title, picture, confidence=confidence)
        if remark:
            print(remark, file=sys.stderr)
    if as_json:
        from .as_json import write_json

        write_json(
            {
                "kind": "agreement",
                "verdict": agreement.verdict,
                "status": status_of(solution),
                "status_of_runs": status_of(ensemble),
                **_described(agreement),
                **_described_data(columns, guessed, ensemble),
            }
        )
    else:
        print(agreement)
        if picture is not None:
            print(f"drawn in {picture}")
        if columns:
            print(ensemble.stats["recognised"])
    raise typer.Exit(EXIT_CODES[agreement.verdict])


def _columns_of(made: Any, of_theory: dict[str, Any], solve: Any, seed: int) -> tuple[str, tuple[str, ...]]:
    """What the theory calls its x and its curves; one without times is asked at one x, which is quick."""
    from ..dynamics import GradientFlow
    from .solve import seeded, without_throwing

    dynamics = of_theory.get("dynamics")
    if dynamics or hasattr(made, "tau_per_step"):
        return (dynamics or GradientFlow()).x_name, ("test_loss",)
    probe = solve(made, [1.0], **of_theory, **seeded(solve, seed), **without_throwing(solve, True))
    return probe.x_name, tuple(probe.curves)


def _asked(curve: list[str] | None, said: Iterable[str], table: Table) -> list[str]:
    """The curves that are read: those of --curve, else the test loss, else those of the theory that are columns."""
    from ..errors import BadValue

    if curve or "test_loss" in said:
        return curve or ["test_loss"]
    found = [name for name in said if name in table.names]
    if not found:
        raise BadValue(
            f"{table.source} has no column of the theory's curves, {', '.join(said)}; its columns are "
            f"{', '.join(table.names)}. Name columns as the theory does; --curve says which are judged."
        )
    return found


def _axis_of(
    table: Table, made: Any, dynamics: Any, x_name: str, curves: list[str], run: str | None, repeats: str
) -> Any:
    """The times of the runs in a log, as the axis of the theory: in the column of its name, if there is one."""
    from ..results import Ensemble
    from ..tables.guessing import guess_x

    for name in curves:
        table.column(name, "Name columns as the theory does; --curve says which are judged.")
    x = x_name if x_name in table.names else guess_x(table, curves)
    return Ensemble.from_log(table, made, dynamics, x=x, curves=curves, run=run, repeats=repeats).x


def _read_runs(
    table: Table, solution: Any, curves: list[str], run: str | None, options: dict[str, Any]
) -> tuple[dict[str, Any], list[str], Any]:
    """The columns that are read, those among them that were guessed, and the runs in them."""
    import numpy as np

    from ..errors import BadValue
    from ..results import Ensemble
    from ..tables.guessing import guess_run

    for name in (solution.x_name, *curves, *([run] if run else [])):
        table.column(name, "Name columns as the theory does; --curve says which are judged.")
    guessed = [] if run else ["run"]
    ensemble = Ensemble.from_log(
        table,
        solution.problem,
        solution.dynamics,
        x=solution.x_name,
        x_unit=solution.x_unit,
        curves=curves,
        run=run,
        **options,
    )
    if ensemble.status.name == "failed":
        raise BadValue(ensemble.status.text)
    if ensemble.x.shape != solution.x.shape or not np.allclose(ensemble.x, solution.x, rtol=1e-9, atol=0):
        raise BadValue(
            f"data has {ensemble.x.size} values of {solution.x_name} from {ensemble.x[0]:g} to {ensemble.x[-1]:g}, but "
            f"times asks for {solution.x.size} from {solution.x[0]:g} to {solution.x[-1]:g}. Say --times as the data "
            "has them, or --interpolate to read the runs between their records."
        )
    columns = {"x": solution.x_name, "curves": ", ".join(curves), "run": run or guess_run(table, curves)}
    return columns, guessed, ensemble


def _described_data(columns: dict[str, Any], guessed: list[str], ensemble: Any) -> dict[str, Any]:
    if not columns:
        return {}
    read = {"left_out": ensemble.stats.get("left_out"), "recognised": ensemble.stats["recognised"]}
    return {"columns": columns, "guessed": guessed, **read}


def _range(text: str | None) -> tuple[float, float] | None:
    from ..errors import BadValue
    from .shown_number import number_or_infinity

    if text is None:
        return None
    ends = [number_or_infinity(part.strip()) for part in text.split(":")]
    if len(ends) != 2 or None in ends:
        raise BadValue(f"where is {text!r}, but it must be low:high. Write for example --where 0.1:10.")
    return ends[0], ends[1]


def _described(agreement: Any) -> dict[str, Any]:
    return {
        "problem": agreement.problem,
        "runs": agreement.runs,
        "failed_runs": agreement.failed_runs,
        "unseen_share": agreement.unseen_share,
        "remarks": agreement.remarks,
        "confidence": agreement.confidence,
        "x_name": agreement.x_name,
        "curves": agreement.curves,
    }
