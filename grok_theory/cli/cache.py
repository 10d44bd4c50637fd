"""`grok-theory cache`: the compiled programs kept on this machine, shown or removed."""

from __future__ import annotations

from typing import Annotated

import typer

from .as_json import write_json
from .outputs import AsJson


def command(
    clear: Annotated[bool, typer.Option("--clear", help="Remove the programs of every version.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show where compiled programs are kept, so that a later start is quick, and how much of the disk they take."""
    from .. import compiled_programs
    from ..compilations import kept_here

    here = kept_here()
    removed, freed = compiled_programs.clear(here.root) if clear and here.root else (0, 0)
    found = list(compiled_programs.programs(here.root)) if here.root else []
    told = {
        "state": here.said,
        "folder": None if here.folder is None else str(here.folder),
        "programs": len(found),
        "programs_of_this_version_and_machine": sum(program.path.parent == here.folder for program in found),
        "bytes": sum(program.size for program in found),
        "limit_bytes": compiled_programs.LIMIT if here.root else None,
    }
    if clear:
        told |= {"removed": removed, "removed_bytes": freed}
    if as_json:
        write_json(told)
        return
    print(f"compiled programs: {told['state']}")
    if here.folder is not None:
        print(f"folder: {here.folder}")
    if clear:
        print(f"removed: {removed} programs, {megabytes(freed)}")
    if here.root is not None:
        inside = told["programs_of_this_version_and_machine"]
        print(
            f"programs: {len(found)} ({inside} of this version and machine), {megabytes(told['bytes'])} "
            f"of at most {megabytes(compiled_programs.LIMIT)}"
        )
        if found and not clear:
            print("remove them: grok-theory cache --clear")


def megabytes(count: int) -> str:
    """A number of bytes as people say it."""
    return f"{count / 2**20:.1f} MB"
