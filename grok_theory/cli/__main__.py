"""`python -m grok_theory.cli`: the command without its installed script."""

from . import main

if __name__ == "__main__":
    main()
