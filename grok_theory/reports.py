"""Results as readable text: the status first, then what made it, then one line a curve."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike

from .checks import is_traced
from .dynamics import GradientDescent
from .tables.names import plain_name

# Of a log with more runs so many are listed.
MOST_RUNS = 20

if TYPE_CHECKING:
    from .agreement import CurveAgreement


def solution(self: Any) -> str:
    """The report `print(solution)` shows."""
    lines = [f"Solution of {short_text(self.problem)}", f"  status    {self.status}"]
    lines += [f"  method    {short_text(self.method)}", *_physics(self)]
    if self.run is not None:
        lines.append(f"  given     run {self.run}")
    lines.append(f"  x         {x_range(self)}")
    rows = [("curve", "first", "last", "least", "greatest", "numerical error")]
    for name, values in self.curves.items():
        error = self.numerical_error.get(name)
        rows.append((name, *four_values(values), "not estimated" if error is None else largest_error(error)))
    lines += table(rows)
    lines += [f"  field {n}: {' x '.join(f.axes)} {np.shape(f.values)}" for n, f in self.fields.items()]
    lines += _stats(self.stats)
    return "\n".join(lines)


def ensemble(self: Any) -> str:
    """The report `print(ensemble)` shows."""
    lines = [f"Ensemble of {self.runs} runs of {short_text(self.problem)}", f"  status    {self.status}"]
    lines += [*_physics(self), f"  x         {x_range(self)}"]
    rows = [("mean of the runs", "first", "last", "least", "greatest", "spread at the end", "valid")]
    for name, values in self.curves.items():
        values = np.asarray(values)
        spread = f"{values[:, -1].std(ddof=1):.3g}" if self.runs > 1 else "one run"
        rows.append((name, *four_values(values.mean(0)), spread, f"{self.is_valid(name).sum()}/{np.size(self.x)}"))
    return "\n".join([*lines, *table(rows), *_stats(self.stats)])


def log(self: Any) -> str:
    """The report `print(log)` shows."""
    count = len(self.runs)
    lines = [f"Log of {count} run{'' if count == 1 else 's'}", f"  {self.recognised}"]
    rows = [("run", "curve", "records", f"{named_x(self)} from", "to", "first", "last", "least", "greatest")]
    for label, part in list(self.runs.items())[:MOST_RUNS]:
        for name, record in part.items():
            ends = (f"{record.x[0]:g}", f"{record.x[-1]:g}") if record.x.size else ("", "")
            shown = repr(label)[1:-1] or "-"
            rows.append((shown, name, str(record.x.size), *ends, *four_finite(record.values)))
    lines += table(rows)
    if count > MOST_RUNS:
        lines.append(f"  and {count - MOST_RUNS} more runs")
    lines += [f"  left out: run {label!r}: {why}" for label, why in self.left_out.items()]
    lines += [f"  converted: {said}" for said in self.conversions]
    if self.config:
        lines.append("  config: " + ", ".join(f"{name} = {value}" for name, value in self.config.items()))
    return "\n".join(map(plain_name, lines))


def overlay(self: Any) -> str:
    """The report `print(overlay)` shows."""
    lines = [f"{self.verdict}: {self.reason}", f"  theory    {short_text(self.theory.problem)}, {self.theory.status}"]
    if self.ranking is not None:
        lines += [f"  {line}" for line in str(self.ranking).splitlines()]
    lines += [f"  x         {named_x(self.log)}", *(f"  converted {said}" for said in self.log.conversions)]
    rows = [("run", "curve", "theory's", "records", "log / theory: first", "median", "last", "least", "greatest")]
    outside = 0
    for name, runs in self.curves.items():
        for label, part in list(runs.items())[:MOST_RUNS]:
            ratio = part.ratio[np.isfinite(part.ratio)]
            shown = (
                [f"{v:.4g}" for v in (ratio[0], np.median(ratio), ratio[-1], ratio.min(), ratio.max())]
                if ratio.size
                else [""] * 5
            )
            rows.append((repr(label)[1:-1] or "-", name, self.names[name], str(part.x.size), *shown))
        outside += sum(part.outside for part in runs.values())
    lines += table(rows)
    if outside:
        lines.append(f"  {outside} records lie outside the solved {self.theory.x_name} and are not used")
    lines += table([("assumption", "", "found"), *((c.name, c.verdict, c.found) for c in self.checks)])
    return "\n".join(map(plain_name, lines))


def forecast(self: Any) -> str:
    """The report `print(forecast)` shows."""
    size = ", ".join(f"{name} {value}" for name, value in (("dim", self.dim), ("width", self.width)) if value)
    lines = [f"Forecast of one run of {short_text(self.problem)}", f"  status    {self.status}"]
    lines += [*_physics(self), f"  x         {x_range(self)}", f"  size      {size or 'as the Problem says'}"]
    if self.test_samples is not None:
        lines.append(f"  tested    on {self.test_samples} samples")
    said = "theory" if self.made_from == "theory" else f"{self.count} runs"
    lines.append(f"  band      from {said}: {self.level:.0%} of runs stay inside along the whole curve")
    rows = [("curve", "median: first", "last", "band: first", "last", "widest, high/low", "one x alone")]
    for name, band in self.curves.items():
        alone, wide = self.pointwise[name], np.asarray
        with np.errstate(divide="ignore", invalid="ignore"):
            widest = [f"x{np.nanmax(wide(each.high) / wide(each.low)):.3g}" for each in (band, alone)]
        ends = [f"{float(band.low[i]):.4g} to {float(band.high[i]):.4g}" for i in (0, -1)]
        rows.append((name, f"{float(band.median[0]):.6g}", f"{float(band.median[-1]):.6g}", *ends, *widest))
    return "\n".join([*lines, *table(rows), *_stats(self.stats)])


def time_forecast(self: Any) -> str:
    """The report `print(time)` shows: one line."""
    unit = f" {self.unit}" if self.unit not in ("", "x") else ""
    high = f"{self.high:.4g}" if np.isfinite(self.high) else "open"
    median = f"{self.median:.4g}{unit}" if np.isfinite(self.median) else f"beyond {self.horizon:.4g}{unit}"
    told = f"{self.what}: {median}, {self.level:.0%} of runs in {self.low:.4g} to {high}"
    text = f"{told}; probability {self.probability:.3g} by {self.horizon:.4g}"
    factor, remark = self.factor, self.remark
    if factor is not None:
        high = f"x{factor.high:.4g}" if np.isfinite(factor.high) else "open"
        text = f"{text}; test time over train time x{factor.median:.4g} (x{factor.low:.4g} to {high})"
        remark = remark or factor.remark
    return f"{text}; {remark}" if remark else text


def applicability(self: Any) -> str:
    """The report `print(applicability)` shows."""
    lines = [f"{self.verdict}: {self.reason}", f"  problem   {short_text(self.problem)}"]
    rows = [("curve", "runs outside", "band", f"first at {named_x(self)}", "largest z", "p")]
    for name, curve in self.curves.items():
        first = f"{curve.first:.4g}" if np.isfinite(curve.first) else ""
        outside = f"{curve.outside} of {curve.runs}"
        rows.append((name, outside, f"{curve.band:.0%}", first, f"{curve.z:.3g}", f"{curve.p_value:.2g}"))
    over = "" if len(self.curves) == 1 else f"  over {len(self.curves)} curves p = {self.p_value:.2g} (Bonferroni)"
    return "\n".join([*lines, *table(rows), *filter(None, [over])])


def agreement(self: Any) -> str:
    """The report `print(agreement)` shows."""
    head = f"{self.verdict}: {self.runs} runs of {short_text(self.problem)}, confidence {self.confidence:g}"
    rows = [("curve", "verdict", "worst gap", f"at {self.x_name}", "interval", "numerical", "margin", "runs needed")]
    for name, curve in self.curves.items():
        i = curve.worst
        shown = relative_change if curve.in_logs else (lambda v: f"{v:+.3g}")
        low, high = float(np.asarray(curve.low)[i]), float(np.asarray(curve.high)[i])
        numerical = float(np.asarray(curve.numerical)[i])
        rows.append(
            (
                name,
                curve.verdict,
                shown(float(np.asarray(curve.gap)[i])),
                f"{float(np.asarray(curve.x)[i]):.4g}",
                f"{shown(low)} to {shown(high)}" if np.isfinite(high) else "unknown",
                shown(numerical)[1:] if numerical == numerical else "unknown",
                shown(curve.margin)[1:],
                "" if curve.verdict != "underpowered" else _runs(curve),
            )
        )
    return "\n".join([head, *table(rows), *_agreement_notes(self)])


def relative_change(gap: float) -> str:
    """In logs a gap of g is a factor e^g; that of the interval of two runs may be beyond floating numbers."""
    with np.errstate(over="ignore"):
        change = float(np.expm1(gap))
    return f"{change:+.2%}" if change < 100 else f"{100 * change:+.1e}%"


def _agreement_notes(self: Any) -> list[str]:
    lost = np.size(self.failed_runs)
    notes = [f"  {name} is underpowered: {curve.reason}" for name, curve in self.curves.items() if curve.reason]
    if lost:
        which = ", ".join(str(int(i)) for i in np.ravel(self.failed_runs)[:8]) + (", ..." if lost > 8 else "")
        notes.append(
            f"  {lost} of {self.runs + lost} runs failed (not finite: run {which}) and {'is' if lost == 1 else 'are'} "
            "left out; the verdict is about runs that do not fail"
        )
    unknown = [name for name, curve in self.curves.items() if np.isnan(np.asarray(curve.numerical, float)).any()]
    if unknown:
        notes.append(
            f"  the theory's own error is unknown for {', '.join(unknown)}: the verdict takes the solution as exact"
        )
    if any(np.any(np.asarray(curve.low) != np.asarray(curve.high)) for curve in self.curves.values()):
        notes.append(
            f"  {self.runs} run{'' if self.runs == 1 else 's'} cannot exclude that a share of up to "
            f"{self.unseen_share:.2g} of all runs behaves in a way that none of them shows"
        )
    return [*notes, *(f"  {remark}" for remark in self.remarks)]


def _physics(self: Any) -> list[str]:
    """How the weights were trained: the dynamics, what a step of it is worth, and what else was said."""
    lines = []
    if self.dynamics is not None:
        worth = getattr(self.problem, "tau_per_step", None)
        step = ""
        if worth is not None and isinstance(self.dynamics, GradientDescent):
            step = f"; a step is {number(worth(self.dynamics))} tau"
        lines.append(f"  dynamics  {short_text(self.dynamics)}{step}")
    if str(self.conditions):
        lines.append(f"  given     {self.conditions}")
    return lines


def short_text(thing: object) -> str:
    text = " ".join(repr(thing).split())
    return text if len(text) <= 110 else text[:107] + "..."


def number(value: ArrayLike) -> str:
    if is_traced(value):
        return "traced"
    return f"{float(value):g}" if np.ndim(value) == 0 else f"array of shape {np.shape(value)}"


def x_range(self: Any) -> str:
    if is_traced(self.x):
        return f"{self.x_name} (traced)"
    x = np.asarray(self.x, float)
    unit = f" [{self.x_unit}]" if self.x_unit else ""
    return f"{self.x_name}{unit}, {x.size} values from {x.min():g} to {x.max():g}" if x.size else f"{self.x_name}, none"


def four_values(values: ArrayLike) -> tuple[str, ...]:
    if is_traced(values):
        return ("traced",) * 4
    values = np.asarray(values, float)
    if values.size == 0:
        return ("",) * 4
    if values.ndim > 1:
        return (f"batch {values.shape}", "", f"{np.nanmin(values):.6g}", f"{np.nanmax(values):.6g}")
    return f"{values[0]:.6g}", f"{values[-1]:.6g}", f"{values.min():.6g}", f"{values.max():.6g}"


def four_finite(values: np.ndarray) -> tuple[str, ...]:
    """First, last, least and greatest of what was logged; the two last of what is finite."""
    finite = values[np.isfinite(values)]
    if not values.size:
        return ("",) * 4
    extremes = (f"{finite.min():.6g}", f"{finite.max():.6g}") if finite.size else ("", "")
    return f"{values[0]:.6g}", f"{values[-1]:.6g}", *extremes


def named_x(self: Any) -> str:
    return f"{self.x_name} [{self.x_unit}]" if self.x_unit else self.x_name


def largest_error(error: ArrayLike) -> str:
    return "traced" if is_traced(error) else (f"<= {np.max(np.asarray(error)):.1e}" if np.size(error) else "")


def _runs(curve: CurveAgreement) -> str:
    if np.isfinite(curve.runs_needed):
        return f"{curve.runs_needed:.0f}"
    return "none suffices" if curve.reason else "unknown: at least 2 runs tell"


def _stats(stats: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in stats.items():
        if isinstance(value, str) or np.ndim(value) == 0:
            is_number = hasattr(value, "dtype") and not is_traced(value) and value.dtype.kind in "biuf"
            shown = f"{value:g}" if is_number else value
            lines.append(f"  {name} = {shown if isinstance(shown, str) else short_text(shown)}")
        else:
            lines.append(f"  {name}: array {np.shape(value)}")
    return lines


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), indent: str = "  ") -> list[str]:
    """Rows of texts as lines with aligned columns, two blanks apart; the columns numbered in `right` end together.

    Parameters
    ----------
    rows : sequence of sequences of str
        All of one length; the first is usually the head.
    right : collection of int
        Columns of numbers.
    indent : str
        What each line begins with.

    Returns
    -------
    list of str
        One line a row, without blanks at the end.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = zip(row, widths, strict=True)
        return "  ".join(cell.rjust(n) if i in right else cell.ljust(n) for i, (cell, n) in enumerate(cells))

    return [(indent + line(row)).rstrip() for row in rows]
