"""`grok-theory completion SHELL`: the script that lets a shell complete commands, problems, fields and options."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

SCRIPTS = {
    "bash": """\
# bash: put into ~/.bashrc:  eval "$(grok-theory completion bash)"
_grok_theory() {
  local IFS=$'\\n'
  COMPREPLY=($(grok-theory completion --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _grok_theory grok-theory
""",
    "zsh": """\
#compdef grok-theory
# zsh: put into ~/.zshrc, behind compinit:  eval "$(grok-theory completion zsh)"
_grok_theory() {
  local -a found
  found=("${(@f)$(grok-theory completion --line "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  found=(${found:#})
  if (( ! $#found )); then _files; return; fi
  compadd -S '' -- ${(M)found:#*=}
  compadd -- ${found:#*=}
}
compdef _grok_theory grok-theory
""",
    "fish": """\
# fish: put into ~/.config/fish/config.fish:  grok-theory completion fish | source
complete -c grok-theory -a '(grok-theory completion --line (commandline -cp | string collect) 2>/dev/null)'
""",
}


def command(
    shell: Annotated[str | None, typer.Argument(help="bash, zsh or fish.")] = None,
    line: Annotated[
        str | None,  # what the scripts ask with
        typer.Option(metavar="TEXT", hidden=True, help="What is typed so far: print what its last word may become."),
    ] = None,
) -> None:
    """Print the script that lets a shell complete: eval "$(grok-theory completion bash)" in ~/.bashrc."""
    if line is not None:
        from .known_words import candidates

        print("\n".join(candidates(line)))
        return
    if shell not in SCRIPTS:
        said = "is not said" if shell is None else f"is {shell!r}"
        print(f"shell {said}, but it must be bash, zsh or fish. Write grok-theory completion bash.", file=sys.stderr)
        raise typer.Exit(2)
    print(SCRIPTS[shell], end="")
