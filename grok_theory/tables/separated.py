"""Tables of separated cells (CSV): commas, semicolons, tabs, bars; quotes with separators and line ends inside.

Columns of numbers set off by spaces are read too, where every row has as many cells as the header has names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import BadValue
from .cells import is_number
from .names import X_NAMES, called
from .text import split_lines

SEPARATORS = (",", ";", "\t", "|")
Rows = list[tuple[int, list[Any]]]


def separated_rows(source: str, text: str) -> tuple[list[str], Rows, list[str]]:
    """Column names, (line, cells) of every row, and notes on what was passed over, from the text of a CSV file.

    The first line that is neither blank nor a comment (`#`) is the header; a first line `sep=;` names the separator,
    otherwise it is the one that fits the header and all rows. Cells without quotes are stripped; empty ones are None.

    Raises
    ------
    BadValue
        Naming file and line for rows with fewer or more cells than the header has names, quotes that do not close,
        names that are missing or given twice.
    """
    lines = split_lines(text)
    start, named = _header_line(lines)
    if start is None:
        raise BadValue(f"{source} has no rows, but at least one is needed. Name a file with data.")
    separator = named or _separator(source, lines, start)
    if named is None and separator not in lines[start]:
        spaced = _spaced_rows(lines, start)
        if spaced is not None:
            lines, separator = spaced, "\t"
    records = _records(source, lines, start, separator)
    line, names = next(records)
    _check_header(source, line, names, commented=start > 0 and lines[start - 1].lstrip().startswith("#"))
    rows, notes = [], []
    for line, cells in records:
        if lines[line - 1].lstrip().startswith("#"):
            if len(cells) == len(names) > 1:
                raise BadValue(
                    f"{source}, line {line}: it begins with #, but has as many cells as the header has names. "
                    "Put the first cell in quotes if it is a row, drop the line if it is a comment."
                )
        elif _bare(cells[0]) == names[0] and [_bare(cell) for cell in cells] == names:
            notes.append(f"the header is repeated in line {line}")
        elif len(cells) != len(names):
            more = "more cells" if len(cells) > len(names) else "fewer cells"
            raise BadValue(
                f"{source}, line {line}: {more} ({len(cells)}) than the header has names ({len(names)}). "
                "Mend the line; put a cell that holds the separator in quotes."
            )
        elif any(cell is not None for cell in cells):
            rows.append((line, cells))
    return (*_without_unnamed(source, start + 1, names, rows), notes)


def _spaced_rows(lines: list[str], start: int) -> list[str] | None:
    """The lines with tabs for spaces, if they are columns of numbers set off by spaces; None if they are not.

    Beside a column called as times are, one column may hold what is no number (`00:05`, as fastai prints it).
    """
    names = lines[start].split()
    count = len(names)
    if count < 2:
        return None
    others: set[int] = set()
    for line in lines[start + 1 :]:
        cells = line.split()
        if not cells or line.lstrip().startswith("#"):
            continue
        if len(cells) != count or not is_number(cells[0]):
            return None
        others |= {i for i, cell in enumerate(cells) if not is_number(cell)}
    named = count > 2 and any(called(name) in X_NAMES for name in names)
    if len(others) > named:
        return None
    return ["\t".join(line.split()) for line in lines]


def _bare(cell: str | None) -> str | None:
    # Files put together keep the byte-order mark of each.
    return cell.lstrip("\ufeff").strip() if cell is not None else None


def _header_line(lines: list[str]) -> tuple[int | None, str | None]:
    """Index of the header's line, and the separator that a line `sep=;` before it names."""
    named = None
    for i, line in enumerate(lines):
        bare = line.strip()
        if named is None and bare.strip('"').lower().startswith("sep=") and len(bare.strip('"')) <= 5:
            named = bare.strip('"')[4:] or "\t"  # a tab may have been stripped
        elif bare and not bare.startswith("#"):
            return i, named
    return None, named


def _separator(source: str, lines: list[str], start: int) -> str:
    header = {s: len(next(_records(source, lines, start, s))[1]) for s in SEPARATORS if s in lines[start]}
    able = [s for s, cells in header.items() if cells > 1]
    if len(able) < 2:
        return able[0] if able else ","
    fitting = [s for s in able if _fits(source, lines, start, s, header[s])]
    if len(fitting) == 1:
        return fitting[0]
    most = sorted(able, key=lambda s: header[s])
    if fitting or header[most[-1]] == header[most[-2]]:
        raise BadValue(
            f"{source}, line {start + 1}: the header {lines[start][:60]!r} may be separated by "
            f"{' or '.join(map(repr, fitting or most))}. Say which with a first line such as sep=;"
        )
    return most[-1]


def _fits(source: str, lines: list[str], start: int, separator: str, cells: int) -> bool:
    try:
        return all(
            len(row) == cells or lines[line - 1].lstrip().startswith("#")
            for line, row in _records(source, lines, start, separator)
        )
    except BadValue:
        return False


def _records(source: str, lines: list[str], start: int, separator: str) -> Iterator[tuple[int, list[Any]]]:
    """(number of its first line, cells) of every record from `start` on; blank lines are none."""
    at = start
    while at < len(lines):
        line, first = lines[at], at
        if '"' in line and not (at > start and line.lstrip().startswith("#")):
            cells, at = _with_quotes(source, lines, at, separator)
        else:
            cells, at = [cell.strip(" \t") or None for cell in line.split(separator)], at + 1
        if len(cells) > 1 or cells[0] is not None:
            yield first + 1, cells


def _with_quotes(source: str, lines: list[str], first: int, separator: str) -> tuple[list[str | None], int]:
    """The cells of the record that begins in line `first`, and the index of the line after it."""
    cells: list[str | None] = []
    at, text, here = first, lines[first], 0
    while True:
        while text[here : here + 1] == " ":
            here += 1
        if text[here : here + 1] != '"':
            end = text.find(separator, here)
            cells.append((text[here:] if end < 0 else text[here:end]).strip(" \t") or None)
        else:
            parts, here = [], here + 1
            while (quote := text.find('"', here)) < 0 or text[quote + 1 : quote + 2] == '"':
                if quote >= 0:  # two quotes stand for one
                    parts.append(text[here : quote + 1])
                    here = quote + 2
                    continue
                at += 1
                if at == len(lines):
                    raise BadValue(
                        f"{source}, line {first + 1}: a quote is opened and never closed. Close it, or double a quote "
                        "that belongs to the text."
                    )
                parts += [text[here:], "\n"]
                text, here = lines[at], 0
            parts.append(text[here:quote])
            end = text.find(separator, quote + 1)
            if (text[quote + 1 :] if end < 0 else text[quote + 1 : end]).strip(" \t"):
                raise BadValue(
                    f"{source}, line {at + 1}: there is text after a closing quote. Double a quote that belongs to "
                    "the text."
                )
            cells.append("".join(parts) or None)
        if end < 0:
            return cells, at + 1
        here = end + 1


def _check_header(source: str, line: int, names: list[Any], commented: bool) -> None:
    """Strip the names in place; refuse a header of numbers and a name given twice."""
    names[:] = [_bare(name) or None for name in names]
    if all(name is None or is_number(name) for name in names):
        hint = f" Line {line - 1} begins with # and is a comment." if commented else ""
        raise BadValue(
            f"{source}, line {line}: the header is missing: {', '.join(map(str, names))[:60]!r} are no names.{hint} "
            "Write the column names in the first line."
        )
    for i, name in enumerate(names):
        if name is not None and name in names[:i]:
            raise BadValue(
                f"{source}, line {line}: columns {names.index(name) + 1} and {i + 1} are both called {name!r}. "
                "Give each its own name."
            )


def _without_unnamed(source: str, line: int, names: list[Any], rows: Rows) -> tuple[list[str], Rows]:
    """A column without a name may be empty, or count the rows (as a data frame's index does); it is dropped then."""
    kept = []
    for i, name in enumerate(names):
        written = [cells[i] for _, cells in rows if cells[i] is not None]
        if name is not None:
            kept.append(i)
        elif written and (i > 0 or written != [str(n) for n in range(len(rows))]):
            raise BadValue(
                f"{source}, line {line}: column {i + 1} has no name, but holds {written[0]!r}. Name it in the header."
            )
    if len(kept) == len(names):
        return names, rows
    return [names[i] for i in kept], [(at, [cells[i] for i in kept]) for at, cells in rows]
