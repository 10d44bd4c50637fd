"""`python -m docs.making.newcomer`: from `git clone` to a formula of one's own verified, timed.

Does what docs/tutorials/verify_your_formula.md tells a newcomer to do, in a fresh clone in a temporary folder with an
environment of its own, and prints each command with its seconds.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = "docs/tutorials/verify_your_formula.md"


def timed(command: list[str], folder: Path) -> tuple[float, str]:
    """Seconds and output of a command, as somebody without our settings would run it."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_", "PYTHON"))}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=theirs, check=False)
    seconds = time.perf_counter() - began
    print(f"{seconds:6.1f} s  {' '.join(command)}", flush=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return seconds, done.stdout


def main() -> None:
    """The path, its seconds, and what the formula's file printed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        total, _ = timed(["git", "clone", "--quiet", str(ROOT), "grok_theory"], folder)
        clone = folder / "grok_theory"
        blocks = re.findall(r"^```python\n(.*?)^```", (clone / PAGE).read_text(), re.M | re.S)
        (clone / "mine.py").write_text("\n".join(blocks))
        printed = ""
        for command in (
            ["python3", "-m", "venv", ".venv"],
            [".venv/bin/pip", "install", "--quiet", ".", "hypothesis", "mpmath", "sympy"],
            [".venv/bin/python", "mine.py"],
        ):
            seconds, printed = timed(command, clone)
            total += seconds
        print(f"{total:6.1f} s  together\n\n{printed}")


if __name__ == "__main__":
    sys.exit(main())
