"""`python -m benchmarks [names] [--quick] [--out DIR]`."""

import importlib
import pkgutil
from pathlib import Path
from typing import Annotated

import typer

import benchmarks

NAMES = sorted({m.name for m in pkgutil.iter_modules(benchmarks.__path__)} - {"__main__", "report"})


def run(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which of {', '.join(NAMES)}; default: all.")] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes: does it run at all?")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the JSON files.")] = Path("out/benchmarks"),
) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    for name in names or NAMES:
        if name not in NAMES:
            typer.echo(f"{name!r} is no benchmark; there are {', '.join(NAMES)}.", err=True)
            raise typer.Exit(2)
        importlib.import_module(f"benchmarks.{name}").main(out, quick=quick)


if __name__ == "__main__":
    typer.run(run)
