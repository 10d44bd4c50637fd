"""`python -m grok_theory.cli`: the command without its installed script."""

from . import main

main()
