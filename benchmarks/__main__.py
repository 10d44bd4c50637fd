"""`python -m benchmarks [names] [--quick] [--out DIR]`."""

from grok_theory import interruption

if __name__ == "__main__":
    interruption.take_over()  # before the imports below, which take long enough to be interrupted

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.names import ALONE, NAMES, OF_TESTS, SIDE_BY_SIDE
from grok_theory.cli.answers import answer
from grok_theory.cli.process import alone
from grok_theory.cli.strict import StrictCommand


def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Which of {', '.join(sorted(ALONE + SIDE_BY_SIDE))} (without names: all of these); "
            f"{', '.join(OF_TESTS)} (by `make verify`: an hour or two); or `summary`."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes, into out/benchmarks/quick: does it run at all?")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the JSON files; out/benchmarks.")] = None,
) -> None:
    """Measure, print tables, keep them as JSON; then put the figures into README.md and docs/benchmarks.md."""
    import jax

    from benchmarks import running, summary
    from grok_theory.compilations import keep_all_compilations

    jax.config.update("jax_enable_x64", True)
    keep_all_compilations()  # what is timed is computing; `start` alone times compilers, in processes of its own
    for name in names or []:
        if name not in (*NAMES, "summary"):
            typer.echo(f"{name!r} is no benchmark; there are {', '.join(NAMES)}.", err=True)
            raise typer.Exit(2)
    published = out is None and not quick
    out = out or (Path("out/benchmarks/quick") if quick else Path("out/benchmarks"))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        typer.echo(f"--out is {str(out)!r}, but it cannot be a folder: {error.strerror}. Name another one.", err=True)
        raise typer.Exit(2) from None
    with interruption.telling(lambda: "Interrupted; the tables of the benchmarks that are finished are kept."):
        if names:
            failed = running.run([name for name in names if name != "summary"], out, quick=quick, say=typer.echo)
        else:
            failed = running.run_all(out, quick=quick, say=typer.echo)
    if published or "summary" in (names or []):
        summary.write(out)
    if failed:
        typer.echo(f"Failed: {', '.join(failed)}. What they say stands above; all others are kept.", err=True)
        raise typer.Exit(1)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command(cls=StrictCommand)(run)

if __name__ == "__main__":
    alone(lambda words: answer(app, words, "python -m benchmarks"))
