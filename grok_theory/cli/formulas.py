"""`grok-theory formulas`: every closed form of the package, and one of them verified on the spot."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from .as_json import write_json
from .outputs import AsJson


def command(
    name: Annotated[
        str | None, typer.Argument(help="A formula, as linear.late_test_loss or its last part; or a wing, to list it.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="With a list: verify every formula of it.")] = False,
    examples: Annotated[int, typer.Option(help="Arguments drawn to verify a formula.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the closed forms, or show one and hold it against its oracle. Exit code 1 if a formula fails."""
    from .precision import use_float64

    use_float64()
    from ..checks import check_integer
    from ..formulas import find, register

    check_integer("examples", examples, 1, "Write for example --examples 50.", high=100_000)
    wings = {formula.wing for formula in register().values()}
    if name is None or name in wings:
        chosen = [formula for formula in register().values() if name in (None, formula.wing)]
        held = _list(chosen, examples if check else None, as_json)
    else:
        held = _show(find(name), examples, as_json)
    if not held:
        raise typer.Exit(1)


def _verified(formula: Any, examples: int) -> dict[str, Any]:
    """What the check found, whether it holds or not."""
    from ..verify import CounterExample

    try:
        found = formula.verify(examples)
    except CounterExample as wrong:
        return {"holds": False, "worst": wrong.error, "at": repr(wrong.argument), "text": str(wrong)}
    return {"holds": True, "worst": found.worst, "at": found.worst_at, "points": found.points, "text": str(found)}


def _plain(formula: Any) -> dict[str, Any]:
    from ..formulas import latex_of

    return {
        "name": formula.name,
        "says": formula.says,
        "latex": latex_of(formula),
        "sympy": formula.expression or None,
        "domain": {argument: str(part) for argument, part in formula.domain.items()},
        "source": formula.source,
        "status": formula.status,
        "note": formula.note,
        "oracle": formula.by,
        "relative_error_allowed": formula.rtol,
        "printed": [{"where": p.where, "form": p.form, "holds": p.holds} for p in formula.printed],
    }


def _list(chosen: list[Any], examples: int | None, as_json: bool) -> bool:
    from ..progress import counted

    results = [_verified(each, examples) if examples else {"holds": True} for each in counted(chosen, "formulas")]
    if as_json:
        rows = [_plain(formula) | (result if examples else {}) for formula, result in zip(chosen, results)]
        write_json(rows)
        return all(result["holds"] for result in results)
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("formula", "status", "worst error, at" if examples else "what it is"):
        table.add_column(column, overflow="fold")
    for formula, result in zip(chosen, results):
        last = formula.says
        if examples:
            verdict = "" if result["holds"] else "FAILS: "
            last = f"{verdict}{result['worst']:.1e}, {result['at']}"
        colour = "" if result["holds"] else "bold red"
        table.add_row(Text(formula.name), Text(formula.status), Text(last, style=colour))
    console = Console()
    console.print(table)
    console.print(Text(f"{len(chosen)} formulas; `grok-theory formulas NAME` shows one and verifies it."))
    for result in results:
        if not result["holds"]:
            console.print(Text(result["text"], style="red"))
    return all(result["holds"] for result in results)


def _show(formula: Any, examples: int, as_json: bool) -> bool:
    from ..progress import waiting

    with waiting(f"verifying {formula.name}", usual=20.0):
        result = _verified(formula, examples)
    if as_json:
        write_json(_plain(formula) | result)
        return result["holds"]
    plain = _plain(formula)
    print(f"{formula.name}: {formula.says}")
    print(f"  formula   {_readable(formula)}")
    for argument, span in plain["domain"].items():
        print(f"  {argument:<9} {span}" if len(argument) < 10 else f"  {argument}\n            {span}")
    print(f"  source    {formula.source}")
    print(f"  status    {formula.status}" + (f"; {formula.note}" if formula.note else ""))
    for printed in formula.printed:
        print(f"  printed   {printed.form}\n  holds     {printed.holds}")
        ours, truth = printed.read(formula(*printed.at)), printed.read(formula.oracle(*printed.at))
        print(f"            {printed.measure}:")
        print(f"            printed {printed.value(*printed.at):.6g}, here {ours:.6g}, oracle {truth:.6g}")
    print(f"  oracle    {formula.by}")
    print(result["text"])
    return result["holds"]


def _readable(formula: Any) -> str:
    """Sympy's text drawing where there is an expression, LaTeX otherwise; later lines are indented."""
    from ..formulas import latex_of
    from ..formulas.expressions import expression_of

    if not formula.expression:
        return latex_of(formula)
    import sympy

    return sympy.pretty(expression_of(formula), use_unicode=_has("⎧√≤")).replace("\n", "\n            ")


def _has(characters: str) -> bool:
    """Can stdout write them? In words, a drawing of brackets and roots would fall apart."""
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
