"""`grok-theory judge`: how many answers to draw, at what temperature, for a recorded judge."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def command(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or JSON: one row an answer.")],
    prompt: Annotated[str, typer.Option(help="Column that names the prompt.")] = "prompt",
    score: Annotated[str, typer.Option(help="Column of the judge's scores.")] = "score",
    value: Annotated[str, typer.Option(help="Column of what an answer is worth.")] = "value",
    encoding: Annotated[str | None, typer.Option(help="Of the file, where it is not UTF-8: latin-1 ...")] = None,
    samples: Annotated[
        str | None, typer.Option(help="Numbers of answers, as 1,4,16; by default powers of 2 up to those recorded.")
    ] = None,
    temperature: Annotated[
        str, typer.Option(help="Temperatures in score points, as 0,0.5,1; inf: no selection.")
    ] = "0",
    cost: Annotated[float, typer.Option(help="Cost of one answer, in units of value.")] = 0.0,
    confidence: Annotated[float, typer.Option(help="Of the intervals over prompts.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Which prompts choose the setting and which report it.")] = 0,
    figure: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw the curves here (.png, .pdf, .svg); by default FILE with ending .png."),
    ] = None,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Draw nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Best-of-k from recorded answers: grok-theory judge scores.csv --samples 1,4,16,64 --temperature 0,0.5,1"""
    from .precision import use_float64

    use_float64()
    import jax
    import numpy as np

    from ..best_of_k import best_setting, from_records, read_records
    from ..errors import BadValue
    from .picture import picture_path
    from .values import read_seed

    random = jax.random.key(read_seed("seed", seed))
    drawn = Path(file.name).with_suffix(".png") if figure is None else figure
    picture = None if no_figure else picture_path(drawn, "figure")
    columns = {"prompt": prompt, "score": score, "value": value}
    records = read_records(file, **columns, encoding=encoding)
    temperatures = _numbers("temperature", temperature)
    counts = _numbers("samples", samples) if samples else 2.0 ** np.arange(1 + int(np.log2(records.answers.max())))
    tables = {t: from_records(records, samples=counts, temperature=t, confidence=confidence) for t in temperatures}
    choice, why_not = None, ""
    try:
        choice = best_setting(records, counts, temperatures, cost_per_answer=cost, key=random)
    except BadValue as error:
        # Too few prompts to choose on one half and report on the other: the table still stands.
        if "at least 4 are needed" not in str(error):
            raise
        why_not = str(error)
    if picture is not None:
        _draw(tables, choice, confidence, picture)
    if as_json:
        _write_json(records, columns, tables, choice, why_not, picture)
    else:
        print("columns: " + ", ".join(f"{role} = {column}" for role, column in columns.items()))
        _show(records, tables, choice, why_not, confidence, picture)


def _numbers(name: str, text: str) -> Any:
    import numpy as np

    from ..errors import BadValue
    from .shown_number import number_or_infinity

    found = [number_or_infinity(part.strip()) for part in text.split(",")]
    if None in found:
        raise BadValue(f"{name} is {text!r}, but it must be a list of numbers. Write for example 0,0.5,1.")
    values = np.array(found)
    if name == "samples":
        return np.unique(values)
    return list(dict.fromkeys(values.tolist()))


def _show(records, tables, choice, why_not, confidence, picture) -> None:
    from rich.console import Console
    from rich.table import Table

    print(records)
    table = Table(
        title=f"mean value kept, with {confidence:.0%} intervals over prompts",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("samples", justify="right")
    for temperature in tables:
        table.add_column(f"T = {temperature:g}", justify="right")
    first = next(iter(tables.values()))
    left_out = first.stats["left_out"]
    if left_out.any():
        table.add_column("prompts left out", justify="right")
    for i, k in enumerate(first.x):
        cells = [_cell(t.stats["mean"][i], t.stats["low"][i], t.stats["high"][i]) for t in tables.values()]
        table.add_row(f"{k:.0f}", *cells, *([f"{left_out[i]}"] if left_out.any() else []))
    # Into a pipe or file the table is never cut.
    console = Console() if sys.stdout.isatty() else Console(width=40 + 32 * (len(tables) + 1))
    console.print(table)
    print()
    if first.status.text:
        print(f"Noted: {first.status.text}")
    print(choice.text if choice else f"No setting is named: {why_not}")
    if choice and choice.rivals:
        print(
            "Not told from it: "
            + ", ".join(f"k = {k} at T = {t:g}" for k, t in choice.rivals[:6])
            + _more(choice.rivals)
        )
    if picture is not None:
        print(f"The curves are drawn in {picture}.")


def _cell(mean, low, high) -> str:
    return f"{mean:.4g} [{low:.4g}, {high:.4g}]" if low == low else f"{mean:.4g} [no interval]"


def _more(rivals) -> str:
    return f" and {len(rivals) - 6} more." if len(rivals) > 6 else "."


def _write_json(records, columns, tables, choice, why_not, picture) -> None:
    from .as_json import write_json
    from .solve import status_of

    write_json(
        {
            "kind": "judge",
            "columns": columns,
            "prompts": len(records.prompts),
            "answers": records.answers,
            "tables": [
                {"temperature": t, "samples": table.x, "status": status_of(table), **table.stats}
                for t, table in tables.items()
            ],
            "best": choice,
            "no_best": why_not or None,
            "figure": str(picture) if picture else None,
        }
    )


def _draw(tables, choice, confidence, path: Path) -> None:
    from .picture import pyplot, write_picture

    plt = pyplot()
    from ..plot import STYLE

    with plt.style.context(STYLE):
        figure, ax = plt.subplots()
        for i, (temperature, table) in enumerate(tables.items()):
            mean, low, high = (table.stats[name] for name in ("mean", "low", "high"))
            (line,) = ax.plot(table.x, mean, marker="osD^vP"[i % 6], label=f"T = {temperature:g}")
            ax.fill_between(table.x, low, high, color=line.get_color(), alpha=0.18, linewidth=0)
        if choice:
            ax.errorbar(
                choice.samples, choice.value, [[choice.value - choice.low], [choice.high - choice.value]],
                fmt="*", color="black", markersize=8, zorder=5, label="best, on held-out prompts",
            )  # fmt: skip
        ax.set_xscale("log", base=2)
        ax.set_xticks(next(iter(tables.values())).x, [f"{k:.0f}" for k in next(iter(tables.values())).x])
        ax.minorticks_off()
        ax.set_xlabel("answers per prompt, k")
        ax.set_ylabel(f"mean value kept ({confidence:.0%} band)")
        ax.legend()
        write_picture(figure, path)
