"""`grok-theory judge`: what best of k, pass@k and a vote give of recorded answers, and how many to draw."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from .outputs import AsJson


def command(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV, JSON lines or JSON, as one: a row an answer, lists of them, or wide tables."),
    ],
    prompt: Annotated[str | None, typer.Option(help="Column that names the prompt; guessed if left out.")] = None,
    score: Annotated[str | None, typer.Option(help="Column of the judge's scores; guessed if left out.")] = None,
    value: Annotated[str | None, typer.Option(help="Column of what an answer is worth; guessed if left out.")] = None,
    answer: Annotated[
        str | None, typer.Option(help="Column of what was answered, for the vote; guessed if left out.")
    ] = None,
    failed: Annotated[
        str, typer.Option(help="Answers without a score: drop (as if not drawn) or lowest (ranked last).")
    ] = "drop",
    encoding: Annotated[str | None, typer.Option(help="Of the files, where not UTF-8: latin-1 ...")] = None,
    samples: Annotated[
        str | None,
        typer.Option(help="Numbers of answers, as 1,4,16; by default all up to 16, then powers of 2 and the most."),
    ] = None,
    temperature: Annotated[
        str, typer.Option(help="Temperatures in score points, as 0,0.5,1; inf: no selection.")
    ] = "0",
    cost: Annotated[float, typer.Option(help="Cost of one answer, in units of value.")] = 0.0,
    confidence: Annotated[float, typer.Option(help="Of the intervals over prompts.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Which prompts choose the setting and which report it.")] = 0,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Picture to write (.png, .pdf, .svg); FILES.png by default.")
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Best of k, pass@k and the vote: grok-theory judge scores.csv --samples 1,4,16,64 --temperature 0,0.5,1"""
    from .precision import use_float64

    use_float64()
    import jax

    from ..best_of_k.answer_files import read_answers
    from ..best_of_k.record_report import report
    from ..progress import waiting
    from .picture import picture_path
    from .values import read_seed

    random = jax.random.key(read_seed("seed", seed))
    drawn = (Path(files[0].name).with_suffix(".png") if files[0].stem else "judge.png") if plot is None else plot
    picture = None if no_plot else picture_path(drawn, "plot")
    asked = _numbers("samples", samples) if samples else None
    columns = {"prompt": prompt, "score": score, "value": value, "answer": answer}
    with waiting("judging the answers", usual=20.0):
        read = read_answers(files, columns, encoding=encoding)
        found = report(
            read.records,
            samples=asked,
            temperatures=_numbers("temperature", temperature),
            failed=failed,
            cost_per_answer=cost,
            confidence=confidence,
            key=random,
        )
    if picture is not None:
        _draw(found, confidence, picture)
    if as_json:
        _write_json(read, found, failed, picture)
    else:
        _show(read, found, failed, confidence, picture)


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


def _show(read, found, failed, confidence, picture) -> None:
    from rich.console import Console
    from rich.table import Table

    print(read.records)
    named = {role: column for role, column in read.columns.items() if column}
    print(
        "columns: "
        + ", ".join(f"{role} = {col}{' (guessed)' if role in read.guessed else ''}" for role, col in named.items())
    )
    for note in read.notes:
        print(f"Noted: {note}.")
    if found.best_of_k and read.records.failed:
        print(f"Noted: {_said_of_failed(read.records, failed)}.")
    table = Table(title=f"with {confidence:.0%} intervals over prompts", title_justify="left", box=None, pad_edge=False)
    table.add_column("samples", justify="right")
    curves = found.curves
    for name in curves:
        table.add_column(name, justify="right")
    absent = _absent(read.records, found)
    for title in absent:
        table.add_column(title, justify="right")
    for k in sorted({k for curve in curves.values() for k in curve.x.tolist()}):
        cells = [_cell(curve, k) for curve in curves.values()]
        table.add_row(f"{k:.0f}", *cells, *(f"{counts.get(k, '')}" for counts in absent.values()))
    # Into a pipe or file the table is never cut.
    console = Console() if sys.stdout.isatty() else Console(width=40 + 34 * (len(curves) + 1 + len(absent)))
    console.print(table)
    print()
    for text in dict.fromkeys(curve.status.text for curve in curves.values() if curve.status.text):
        print(f"Noted: {text}")
    for name, why in found.missing.items():
        print(f"{_ABSENT[name]}: {why}")
    choice = found.best
    if choice:
        print(choice.text)
    if choice and choice.rivals:
        print(
            "Not told from it: "
            + ", ".join(f"k = {k} at T = {t:g}" for k, t in choice.rivals[:6])
            + _more(choice.rivals)
        )
    if picture is not None:
        print(f"drawn in {picture}")


_ABSENT = {
    "best_of_k": "No best of k",
    "pass_at_k": "No pass@k",
    "majority_vote": "No majority vote",
    "best": "No setting is named",
}


def _said_of_failed(records, failed) -> str:
    many = f"{records.failed} answers have no score"
    if failed == "lowest":
        return f"{many}: they rank last (--failed lowest)"
    left = len(records.prompts) - len(records.judged("drop").prompts)
    gone = f", and {left} prompts have none" if left else ""
    return f"{many}{gone}: best of k is without them (--failed drop), pass@k and the vote with them"


def _left_out(records, curve) -> dict[float, int]:
    """How many of all prompts a curve is without at each k: those of fewer answers (best of k: with a score) than k."""
    unjudged = len(records.prompts) - len(next(iter(curve.curves.values())))
    return {k: int(left) + unjudged for k, left in zip(curve.x.tolist(), curve.stats["left_out"])}


def _absent(records, found) -> dict[str, dict[float, int]]:
    """The columns of prompts left out: one where all curves agree, else one for every count of its own."""
    # Whatever the temperature, best of k is of the same prompts.
    named = {name.split(",")[0]: _left_out(records, curve) for name, curve in found.curves.items()}
    counted = {k: left for counts in named.values() for k, left in counts.items()}
    if all(counted[k] == left for counts in named.values() for k, left in counts.items()):
        return {"prompts left out": counted} if any(counted.values()) else {}
    alike: list[tuple[list[str], dict[float, int]]] = []
    for name, counts in named.items():
        same = next((names for names, known in alike if known == counts), None)
        same.append(name) if same is not None else alike.append(([name], counts))
    return {f"left out: {', '.join(names)}": counts for names, counts in alike}


def _cell(curve, k) -> str:
    at = curve.x.tolist().index(k) if k in curve.x else None
    if at is None:
        return ""
    mean, low, high = (curve.stats[name][at] for name in ("mean", "low", "high"))
    return f"{mean:.4g} [{low:.4g}, {high:.4g}]" if low == low else f"{mean:.4g} [no interval]"


def _more(rivals) -> str:
    return f" and {len(rivals) - 6} more." if len(rivals) > 6 else "."


def _write_json(read, found, failed, picture) -> None:
    from .as_json import write_json

    rows = partial(_rows, read.records)
    judged = [row | {"temperature": t} for t, curve in found.best_of_k.items() for row in rows(curve)]
    write_json(
        {
            "kind": "judge",
            "columns": read.columns,
            "guessed": list(read.guessed),
            "notes": list(read.notes),
            "prompts": len(read.records.prompts),
            "answers": read.records.answers,
            "failed": {"answers": read.records.failed, "policy": failed},
            "best_of_k": judged or None,
            "pass_at_k": None if found.pass_at_k is None else rows(found.pass_at_k),
            "majority_vote": None if found.majority_vote is None else rows(found.majority_vote),
            "missing": found.missing,
            "status": {name: str(curve.status) for name, curve in found.curves.items()},
            "best": found.best,
            "plot": str(picture) if picture else None,
        }
    )


def _rows(records, curve) -> list[dict[str, Any]]:
    columns = (*(curve.stats[name] for name in ("mean", "low", "high")), _left_out(records, curve).items())
    return [
        {"k": int(k), "value": mean, "interval": [low, high], "left_out": left}
        for mean, low, high, (k, left) in zip(*columns)
    ]


def _draw(found, confidence, path: Path) -> None:
    import numpy as np

    from .picture import pyplot, write_picture

    plt = pyplot()
    from ..plot import STYLE

    with plt.style.context(STYLE):
        figure, ax = plt.subplots()
        for i, (name, curve) in enumerate(found.curves.items()):
            mean, low, high = (curve.stats[key] for key in ("mean", "low", "high"))
            (line,) = ax.plot(curve.x, mean, marker="osD^vP"[i % 6], label=name)
            ax.fill_between(curve.x, low, high, color=line.get_color(), alpha=0.18, linewidth=0)
        choice = found.best
        if choice:
            ax.errorbar(
                choice.samples, choice.value, [[choice.value - choice.low], [choice.high - choice.value]],
                fmt="*", color="black", markersize=8, zorder=5, label="best, on held-out prompts",
            )  # fmt: skip
        ax.set_xscale("log", base=2)
        ticks = np.unique(np.concatenate([curve.x for curve in found.curves.values()]))
        powers = ticks[np.log2(ticks) % 1 == 0]
        ticks = powers if ticks.size > 9 and powers.size > 1 else ticks
        ax.set_xticks(ticks, [f"{k:.0f}" for k in ticks])
        ax.minorticks_off()
        ax.set_xlabel("answers per prompt, k")
        ax.set_ylabel(f"mean value kept ({confidence:.0%} band)")
        ax.legend()
        write_picture(figure, path)
