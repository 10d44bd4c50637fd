"""What each shell runs to complete a line: it asks `grok-theory completion --line`, and offers what that prints."""

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
