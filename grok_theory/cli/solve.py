"""`grok-theory solve`: the theory's curves for any public Problem."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from .outputs import AsJson, Plot, checked_outputs
from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem


def command(
    problem: Annotated[
        str | None, typer.Argument(help="WING.PROBLEM; alone: its fields; a WING: its problems; without it: all.")
    ] = None,
    fields: Annotated[
        list[str] | None, typer.Argument(help="field=value of the problem, and of `solve` (temperature=1).")
    ] = None,
    times: Annotated[
        str,
        typer.Option(
            "--times", "--x", help="low:high:count (logs), low:high:count:linear, ...:steps, or a list 0,1,2.5."
        ),
    ] = "0.1:10:20",
    dynamics: Annotated[
        str | None, typer.Option(help='How weights are trained, for example "GradientDescent(0.1)"; x is then steps.')
    ] = None,
    method: Annotated[str | None, typer.Option(help='How to solve, for example "Population".')] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed, where theory begins as a run does (li2); 0 if left out.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Save to this file: .npz (all of it) or .csv (curves).")
    ] = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Solve a theory: grok-theory solve linear.TeacherStudent samples_per_dim=0.5 snr=5 --times 0.1:10:60

    A solution that failed is exit code 4; it is written as JSON, with its status, and into no file.
    """
    from .precision import use_float64

    use_float64()
    from ..errors import BadValue
    from ..progress import waiting
    from ..rooms import WINGS
    from .curves_picture import draw
    from .problems import find_problem, make_problem, public_names, verbs_of
    from .values import read_axis, read_objects

    if problem is None or problem in WINGS:
        _list(as_json, WINGS if problem is None else [problem])
        return
    wing, cls = find_problem(problem)
    (solve,) = verbs_of(wing, "solve")
    if not fields:
        _describe(wing, cls, as_json)
        return
    made, (more,) = make_problem(wing, cls, fields or [], solve)
    more |= read_objects(public_names(wing), solve, dynamics=dynamics, method=method)
    if seed is not None and not takes_key(solve):
        raise BadValue(f"seed is {seed}, but {problem} is solved without a draw and takes none. Leave --seed out.")
    axis = read_axis(times)
    places = checked_outputs(as_json, plot, out, (".npz", ".csv"))
    with waiting(f"solving {problem}{by(method)}", usual=20.0):
        solution = solve(made, axis, **more, **seeded(solve, seed or 0), **without_throwing(solve, as_json))
    failed = solution.status.name == "failed"
    if places.file is not None and not failed:
        _save(solution, places.file)
    if as_json:
        from .as_json import write_json

        write_json({"kind": "solution", **described(solution)})
    else:
        _show(solution)
    leave_if_failed(solution)
    places.draw(lambda path: draw(solution, None, list(solution.curves), problem, path))


def by(method: str | None) -> str:
    """The method in the name of a wait: another one takes another time."""
    return "" if method is None else f" by {method[:40]}"


def takes_key(verb: Any) -> bool:
    """Whether a verb draws: `simulate` does, and a `solve` that begins as a run does."""
    import inspect

    return "key" in inspect.signature(verb).parameters


def seeded(solve: Any, seed: int) -> dict[str, Any]:
    """The key of that seed for a `solve` that takes one."""
    import jax

    from .values import read_seed

    return {"key": jax.random.key(read_seed("seed", seed))} if takes_key(solve) else {}


def without_throwing(solve: Any, as_json: bool) -> dict[str, bool]:
    """With --json a failed solution is written too, with its status; otherwise its sentence is all there is."""
    import inspect

    return {"throw": False} if as_json and "throw" in inspect.signature(solve).parameters else {}


def leave_if_failed(solution: Any) -> None:
    """Exit code 4 with the status text on stderr, whatever has been written."""
    if solution.status.name == "failed":
        print(solution.status.text, file=sys.stderr)
        raise typer.Exit(4)


def described(solution: Any) -> dict[str, Any]:
    """A Solution as a dict for JSON, without its two-time fields."""
    return {
        "problem": solution.problem,
        "dynamics": None if solution.dynamics is None else repr(solution.dynamics),
        "conditions": str(solution.conditions),
        "method": repr(solution.method),
        "status": status_of(solution),
        "x_name": solution.x_name,
        "x_unit": solution.x_unit,
        "x": solution.x,
        "curves": solution.curves,
        "numerical_error": solution.numerical_error,
        "stats": solution.stats,
    }


def status_of(result: Any) -> dict[str, str]:
    """The status of a Solution or an Ensemble for JSON."""
    return {"level": result.status.name, "text": result.status.text}


def _save(solution: Any, path: Path) -> None:
    if path.suffix.lower() != ".csv":
        solution.save(path)
        return
    import csv
    import io

    import numpy as np

    from ..storage import write_whole

    columns = {solution.x_name: solution.x, **solution.curves}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    rows = zip(*(np.asarray(column, float).tolist() for column in columns.values()), strict=True)
    writer.writerows([repr(number) for number in row] for row in rows)
    write_whole(path, text.getvalue().encode())
    if solution.status.text:
        # A table of curves has no place for it.
        print(f"{solution.status}", file=sys.stderr)


def _show(solution: Any) -> None:
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    print(solution)
    table = Table(box=None, pad_edge=False)
    for name in (solution.x_name, *solution.curves):
        table.add_column(name, justify="right")
    columns = [np.asarray(column, float) for column in (solution.x, *solution.curves.values())]
    if all(column.ndim == 1 for column in columns):
        for row in zip(*columns, strict=True):
            table.add_row(*(f"{value:.6g}" for value in row))
        # Into a pipe or file the table is never cut.
        console = Console() if sys.stdout.isatty() else Console(width=40 + 24 * len(columns))
        console.print()
        console.print(table)


def _describe(wing: Any, cls: type, as_json: bool) -> None:
    from .problem_fields import also, described, listed

    if as_json:
        from .as_json import write_json

        write_json(described(cls))
    else:
        print("\n".join([*listed(cls), *also(wing, ("solve",))]))


def _list(as_json: bool, wings: Iterable[str]) -> None:
    import dataclasses
    from importlib import import_module

    from ..fields import problems_of

    found, sentences = {}, {}
    for wing_name in wings:
        wing = import_module(f"grok_theory.{wing_name}")
        for name, cls in problems_of(wing).items() if hasattr(wing, "solve") else ():
            fields = [
                f.name + ("" if f.default is f.default_factory is dataclasses.MISSING else f"={f.default}")
                for f in dataclasses.fields(cls)
            ]
            found[f"{wing_name}.{name}"] = fields
            sentences[f"{wing_name}.{name}"] = (cls.__doc__ or "").strip().partition("\n")[0]
    if as_json:
        from .as_json import write_json

        write_json(found)
        return
    for name, fields in found.items():
        print(name, *fields)
        print(f"    {sentences[name]}")
    print("Each by itself, `grok-theory solve WING.PROBLEM`, says what its fields are.")
