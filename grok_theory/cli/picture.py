"""Write a picture where the command was told to, whole or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

ENDINGS = (".png", ".pdf", ".svg")


def picture_path(path: Any, option: str) -> Path:
    """`path` if a picture may be written there, asked before anything is computed; `BadValue` names the option."""
    from ..storage import destination

    return destination(path, ENDINGS, option)


def pyplot() -> Any:
    """matplotlib's pyplot, drawing into files: what MPLBACKEND says is for screens, and may not be there."""
    os.environ["MPLBACKEND"] = "agg"
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot

    return matplotlib.pyplot


def write_picture(figure: Any, path: Path, **options: Any) -> None:
    """Draw a matplotlib figure into the file and close it."""
    import matplotlib.pyplot as plt

    from ..storage import write_whole

    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format=path.suffix.lower().lstrip("."), **options)
    finally:
        plt.close(figure)
    write_whole(path, buffer.getvalue())
