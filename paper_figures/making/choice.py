"""Which figures are meant: by their own names, by a paper and its numbers, by a wing; what is unknown is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grok_theory.errors import BadValue
from paper_figures.figure import Label
from paper_figures.making.figure_map import Shown, shown_rows
from paper_figures.papers import PAPERS, ROWS, covers


@dataclass(frozen=True)
class Choice:
    """Names, a paper, a number in it, a wing: each narrows what is meant, and none means all."""

    names: tuple[str, ...] = ()
    paper: str | None = None
    figure: str | None = None
    wing: str | None = None

    @classmethod
    def of(cls, names: Sequence[str], paper: str | None, figure: str | None, wing: str | None) -> Choice:
        """What was written on the command line; papers are found in any case."""
        return cls(tuple(names), paper.lower() if paper else paper, figure, wing)

    @property
    def by_number(self) -> bool:
        """Whether a paper or a number in it was asked for."""
        return self.paper is not None or self.figure is not None

    def rows(self, known: dict[str, Label]) -> list[Shown]:
        """The rows of the papers that are meant, with the files that show them."""
        rows = [shown for shown in shown_rows(known.values()) if self._is_meant(shown)]
        if self.names:
            rows = [shown for shown in rows if {label.name for label in shown.files} & set(self.names)]
        if self.wing is not None:
            rows = [shown for shown in rows if any(label.wing == self.wing for label in shown.files)]
        return rows

    def figures(self, known: dict[str, Label]) -> list[Label]:
        """The files that are meant, in the order of `names`, else of the catalogue."""
        chosen = [known[name] for name in dict.fromkeys(self.names)] if self.names else list(known.values())
        if self.wing is not None:
            chosen = [label for label in chosen if label.wing == self.wing]
        if self.by_number:
            shown = {label.name for row in self.rows(known) for label in row.files}
            chosen = [label for label in chosen if label.name in shown]
        return chosen

    def check(self, known: dict[str, Label], folder: Path) -> None:
        """BadValue says in one sentence what of it is unknown and what is near."""
        if not known:
            raise BadValue(f"{folder} holds no figure files (a figure file assigns PAPER at top level).")
        for name in self.names:
            if name not in known:
                raise BadValue(f"There is no figure {name!r}; {_near(name, known, '`--list` shows them all')}")
        wings = sorted({label.wing for label in known.values()})
        if self.wing is not None and self.wing not in wings:
            raise BadValue(f"--wing is {self.wing!r}, but no figure is of it; {_near(self.wing, wings)}")
        if self.paper is not None and self.paper not in PAPERS:
            raise BadValue(f"--paper is {self.paper!r}, but no paper is called so; {_near(self.paper, PAPERS)}")
        if self.figure is not None:
            self._check_figure(self.figure)

    def check_there(self, known: dict[str, Label]) -> None:
        """BadValue says why nothing can be built of what is meant."""
        if self.figures(known):
            return
        reasons = dict.fromkeys(shown.missing for shown in self.rows(known) if not shown.files)
        if reasons:
            raise BadValue(f"Of {self} there is no figure here: {' '.join(reasons)}")
        raise BadValue(f"No figure is all of this: {self}. Leave one of them out; `--list` shows them all.")

    def _is_meant(self, shown: Shown) -> bool:
        if self.paper is not None and shown.row.paper != self.paper:
            return False
        return self.figure is None or covers(self.figure, shown.row.number)

    def _check_figure(self, figure: str) -> None:
        of = [row for row in ROWS if self.paper in (None, row.paper)]
        if any(covers(figure, row.number) for row in of):
            return
        numbers = list(dict.fromkeys(number for row in of for number in (row.figure, row.number)))
        whose = f"{self.paper} has no such figure" if self.paper else "no paper has such a figure"
        raise BadValue(f"--figure is {figure!r}, but {whose}; {_near(figure, numbers)}")

    def __str__(self) -> str:
        said = {"": " ".join(self.names), "--paper": self.paper, "--figure": self.figure, "--wing": self.wing}
        return " ".join(f"{option} {value}".strip() for option, value in said.items() if value)


def _near(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The names most like a word, or what to do without any; ends the sentence."""
    known = list(known)
    lowered = {name.lower(): name for name in reversed(known)}
    near = [lowered[each] for each in difflib.get_close_matches(word.lower(), lowered, n=3, cutoff=0.4)]
    if near:
        return f"the nearest: {', '.join(near)}."
    return f"{otherwise or 'there are ' + ', '.join(known)}."
