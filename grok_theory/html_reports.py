"""Results as a notebook shows them: the report as a small table with a sparkline in every row."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from . import reports
from .checks import is_traced
from .sparklines import gauge, sparkline, strip

# Lines drawn behind one curve, and rows listed of what may be long.
_LINES, _ROWS = 20, 20


class _Drawing(str):
    """A cell that is markup already."""


def solution(self: Any) -> str:
    """What a notebook shows of a Solution."""
    rows = []
    for name, values in self.curves.items():
        error = self.numerical_error.get(name)
        told = "not estimated" if error is None else reports.largest_error(error)
        rows.append((name, *reports.four_values(values), told, _lines(self.x, values)))
    head = ("curve", "first", "last", "least", "greatest", "numerical error", "")
    facts = [("status", self.status), ("method", reports.short_text(self.method)), *_of_training(self)]
    return _document(f"Solution of {reports.short_text(self.problem)}", facts, head, rows)


def ensemble(self: Any) -> str:
    """What a notebook shows of an Ensemble."""
    rows = []
    for name, values in self.curves.items():
        if is_traced(values):
            rows.append((name, *reports.four_values(values), "", ""))
            continue
        values = np.asarray(values, float)
        spread = f"{values[:, -1].std(ddof=1):.3g}" if self.runs > 1 and values.shape[1] else "one run"
        mean = values.mean(0)
        rows.append((name, *reports.four_values(mean), spread, _lines(self.x, mean, values[:_LINES])))
    head = ("mean of the runs", "first", "last", "least", "greatest", "spread at the end", "")
    return _document(
        f"Ensemble of {self.runs} runs of {reports.short_text(self.problem)}",
        [("status", self.status), *_of_training(self)],
        head,
        rows,
    )


def forecast(self: Any) -> str:
    """What a notebook shows of a Forecast."""
    rows = []
    for name, band in self.curves.items():
        low, median, high = (np.asarray(part, float) for part in (band.low, band.median, band.high))
        ends = [f"{low[i]:.4g} to {high[i]:.4g}" if low.size else "" for i in (0, -1)]
        middle = [f"{median[i]:.6g}" if median.size else "" for i in (0, -1)]
        rows.append((name, *middle, *ends, _Drawing(sparkline(self.x, [median], band=(low, high)))))
    size = ", ".join(f"{name} {value}" for name, value in (("dim", self.dim), ("width", self.width)) if value)
    facts = [
        ("status", self.status),
        *_of_training(self),
        ("size", size or "as the Problem says"),
        ("band", f"{self.level:.0%} of runs stay inside along the whole curve"),
    ]
    head = ("curve", "median: first", "last", "band: first", "last", "")
    return _document(f"Forecast of one run of {reports.short_text(self.problem)}", facts, head, rows)


def agreement(self: Any) -> str:
    """What a notebook shows of an Agreement."""
    rows = []
    for name, curve in self.curves.items():
        low, high = (np.asarray(end, float) for end in (curve.simultaneous_low, curve.simultaneous_high))
        gap, i = np.asarray(curve.gap, float), curve.worst
        drawing = _Drawing(sparkline(curve.x, [gap], band=(low, high), level=0.0))

        def shown(value: float, in_logs: bool = curve.in_logs) -> str:
            return reports.relative_change(value) if in_logs else f"{value:+.3g}"

        where = f"{float(np.asarray(curve.x)[i]):.4g}"
        needed = "" if curve.verdict != "underpowered" else f"{curve.runs_needed:.0f}"
        rows.append((name, curve.verdict, shown(gap[i]), where, shown(curve.margin)[1:], needed, drawing))
    head = ("curve", "verdict", "worst gap", f"at {self.x_name}", "margin", "runs needed", "")
    title = f"{self.verdict}: {self.runs} runs of {reports.short_text(self.problem)}, confidence {self.confidence:g}"
    remarks = [curve.reason for curve in self.curves.values() if curve.reason]
    return _document(title, [("", text) for text in (*remarks, *self.remarks)], head, rows)


def applicability(self: Any) -> str:
    """What a notebook shows of an Applicability; the bars are p-values."""
    rows = []
    for name, curve in self.curves.items():
        first = f"{curve.first:.4g}" if np.isfinite(curve.first) else ""
        outside = f"{curve.outside} of {curve.runs}"
        p = (f"{curve.p_value:.2g}", _Drawing(gauge(curve.p_value)))
        rows.append((name, outside, f"{curve.band:.0%}", first, f"{curve.z:.3g}", *p))
    head = ("curve", "runs outside", "band", f"first at {reports.named_x(self)}", "largest z", "p", "")
    facts = [("problem", reports.short_text(self.problem))]
    return _document(f"{self.verdict}: {self.reason}", facts, head, rows)


def log(self: Any) -> str:
    """What a notebook shows of a Log."""
    rows = []
    for label, part in list(self.runs.items())[:_ROWS]:
        for name, record in part.items():
            ends = (f"{record.x[0]:g}", f"{record.x[-1]:g}") if record.x.size else ("", "")
            values = reports.four_finite(record.values)
            rows.append((label or "-", name, str(record.x.size), *ends, *values, _lines(record.x, record.values)))
    head = ("run", "curve", "records", f"{reports.named_x(self)} from", "to", "first", "last", "least", "greatest", "")
    facts = [("", self.recognised), *(("converted", said) for said in self.conversions)]
    facts += [("left out", f"run {label}: {why}") for label, why in list(self.left_out.items())[:_ROWS]]
    count = len(self.runs)
    return _document(f"Log of {count} run{'' if count == 1 else 's'}", facts, head, rows, count - _ROWS)


def size_law(self: Any) -> str:
    """What a notebook shows of a SizeLaw."""
    sizes, gaps, errors = (np.asarray(part, float) for part in (self.sizes, self.gaps, self.errors))
    order = np.argsort(sizes)
    band = (gaps[order] - errors[order], gaps[order] + errors[order])
    drawing = _Drawing(sparkline(sizes[order], [gaps[order]], band=band, level=0.0))
    rows = [(f"{n:g}", f"{gap:+.4g}", f"{error:.2g}") for n, gap, error in zip(sizes, gaps, errors, strict=True)]
    facts = [("gap against size", drawing), *([("", self.text)] if self.text else [])]
    return _document("Gap of runs to theory at each size", facts, ("size", "gap", "standard error"), rows)


def sweep(self: Any) -> str:
    """What a notebook shows of a Sweep; a tick a problem, higher where it is noted, highest where it failed."""
    states = np.zeros(len(self), int)
    states[[note.index for note in self.notes]] = 1
    states[[failure.index for failure in self.failures]] = 2
    head, *lines = str(self).split("\n")
    facts = [("problems", _Drawing(strip(states.tolist()))), *(("", line.strip()) for line in lines)]
    counts = (self.computed, self.reused, len(self.failures), len(self.notes), len(self.damaged))
    names = ("computed", "from the cache", "failed", "noted", "damaged files")
    return _document(head.partition(":")[0], facts, names, [tuple(map(str, counts))])


def certificate(self: Any) -> str:
    """What a notebook shows of a Certificate; the bar is the worst error over the allowed one."""
    place = ", ".join(filter(None, (self.worst_at, self.worst_place)))
    facts = [("domain", self.domain), ("points", f"{self.points} in {self.seconds:.2f} s"), ("worst at", place)]
    bar = _Drawing(gauge(self.worst / self.allowed if self.allowed else float(self.worst > 0)))
    row = (self.unit, f"{self.worst:.3g}", f"{self.allowed:.3g}", bar)
    return _document(f"holds: {self.claim}", facts, ("error", "worst", "allowed", ""), [row])


def _of_training(self: Any) -> list[tuple[str, object]]:
    facts = [] if self.dynamics is None else [("dynamics", reports.short_text(self.dynamics))]
    given = [("given", self.conditions)] if str(self.conditions) else []
    return [*facts, *given, ("x", reports.x_range(self))]


def _lines(x: Any, values: Any, faint: Iterable[Any] = ()) -> _Drawing:
    """A curve, or some of a batch of them; nothing of what is traced."""
    if is_traced(x) or is_traced(values) or np.ndim(x) == 0:
        return _Drawing()
    x, values = np.asarray(x, float), np.asarray(values, float)
    if values.ndim > 1:
        x = x.reshape(-1, x.shape[-1])[0]
        values = values.reshape(-1, values.shape[-1])
        return _Drawing(sparkline(x, values[:_LINES]) if x.size == values.shape[-1] else "")
    return _Drawing(sparkline(x, [values], faint=list(faint)) if x.shape == values.shape else "")


def _document(
    title: str,
    facts: Sequence[tuple[str, object]],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    more: int = 0,
) -> str:
    said = "".join(
        f'<div style="opacity:.8">{html.escape(name)} {_cell(text)}</div>' for name, text in facts if str(text)
    )
    lines = [_row(head, "th"), *(_row(row, "td") for row in rows)]
    if more > 0:
        said += f"<div>and {more} more runs</div>"
    # A table wider than a phone's window is moved in its own box; without it the whole page would be.
    return (
        f'<div class="grok-theory" style="overflow-x:auto"><div><strong>{html.escape(title)}</strong></div>{said}'
        f'<table style="border-collapse:collapse">{"".join(lines)}</table></div>'
    )


def _row(cells: Sequence[str], tag: str) -> str:
    style = ' style="text-align:left;padding:.15em .7em"'
    return "<tr>" + "".join(f"<{tag}{style}>{_cell(cell)}</{tag}>" for cell in cells) + "</tr>"


def _cell(text: object) -> str:
    return text if isinstance(text, _Drawing) else html.escape(str(text))
