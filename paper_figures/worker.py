"""One process that builds figures: reads an order and then names on stdin, writes what happens as JSON lines.

Figures are built in processes of their own so that two use two cores, and so that one that crashes (a segfault, the
memory of the machine) is a failed figure and not the end of the build.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from grok_theory import interruption
from paper_figures.figure import catalogue


def main() -> None:
    """Build figure after figure until stdin ends."""
    interruption.take_over(silent=True)  # SIGTERM, from the process that ordered the figures, leaves no half file
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a figure prints must not come between the answers

    def tell(event: str, **said: Any) -> None:
        answers.write(json.dumps({"event": event, **said}) + "\n")

    # The variable is for processes that a figure starts: they do not inherit the setting of this one.
    os.environ["JAX_ENABLE_X64"] = "1"
    import jax

    jax.config.update("jax_enable_x64", True)
    from paper_figures.build import build_figure
    from paper_figures.record import Order

    asked = json.loads(sys.stdin.readline())
    paths = {key: Path(asked.pop(key)) for key in ("folder", "out", "cache")}
    order = Order(**paths, **asked)
    known = catalogue(order.folder)
    for line in sys.stdin:
        name = line.strip()
        # Most quick figures compile longer than they compute: XLA then optimizes less (40 % less processor time). Where
        # a figure says otherwise, that would double its time.
        lightly = order.size == "quick" and not known[name].computes_long
        jax.config.update("jax_disable_most_optimizations", lightly)
        record = build_figure(
            known[name],
            order,
            told=lambda event, step, seconds, name=name: tell(
                "step", name=name, kind=event, step=step, seconds=seconds
            ),
            warn=lambda sentence: tell("warn", sentence=sentence),
        )
        tell("record", record=record)


def _end_with_parent(parent: int) -> None:
    # After kill -9 of the parent nobody else ends this process; finished steps are on disk by then.
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(1)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(130)
