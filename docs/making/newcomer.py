"""`python -m docs.making.newcomer [picture | formula]`: a newcomer's first minutes, timed.

From `git clone` to README's picture of grokking with its theory, or to a formula of one's own verified as
docs/tutorials/verify_your_formula.md tells: in a fresh clone in a temporary folder with an environment of its own,
each command with its seconds.
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
# Path -> the page whose blocks are run, whether only the first, and what has to be installed besides.
PATHS = {
    "picture": ("README.md", True, ()),
    "formula": ("docs/tutorials/verify_your_formula.md", False, ("hypothesis", "mpmath", "sympy")),
}


def timed(command: list[str], folder: Path) -> tuple[float, str]:
    """Seconds and output of a command, as somebody without our settings would run it."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_", "PYTHON"))}
    began, used = time.perf_counter(), os.times()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=theirs, check=False)
    seconds = time.perf_counter() - began
    now = os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    print(f"{seconds:6.1f} s ({cpu:.1f} of the processor)  {' '.join(command)}", flush=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return seconds, done.stdout


def main(name: str) -> None:
    """The path, its seconds, what its file printed and which pictures it saved."""
    page, first, besides = PATHS[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        total, _ = timed(["git", "clone", "--quiet", str(ROOT), "grok_theory"], folder)
        clone = folder / "grok_theory"
        blocks = re.findall(r"^```python\n(.*?)^```", (clone / page).read_text(), re.M | re.S)
        (clone / "mine.py").write_text("\n".join(blocks[:1] if first else blocks))
        printed = ""
        for command in (
            ["python3", "-m", "venv", ".venv"],
            [".venv/bin/pip", "install", "--quiet", ".", *besides],
            [".venv/bin/python", "mine.py"],
        ):
            seconds, printed = timed(command, clone)
            total += seconds
        saved = ", ".join(path.name for path in clone.glob("*.svg"))
        print(f"{total:6.1f} s  together\n\n{printed}" + (f"saved {saved}" if saved else ""))


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] not in PATHS:
        raise SystemExit(f"The path is {sys.argv[1]!r}, but it must be one of {', '.join(PATHS)}.")
    main(sys.argv[1] if sys.argv[1:] else "picture")
