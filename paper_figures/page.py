"""The page that shows all figures."""

from __future__ import annotations

import html
from typing import Any


def write_page(records: list[dict[str, Any]]) -> str:
    """One self-contained HTML page."""
    parts = [f"<h2>{html.escape(r['title'])}</h2><img src='{r['name']}.png' width='600'>" for r in records]
    return "<!doctype html><meta charset='utf-8'><title>Figures</title>" + "\n".join(parts)
