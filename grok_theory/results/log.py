"""What a user's runs say: each on its own times, as they were logged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..tables.names import plain_name

CURVES = ("train", "test")


@dataclass(frozen=True)
class Record:
    """One curve of one run at the times where it was logged.

    Parameters
    ----------
    x : ndarray
        (T,) strictly increasing times.
    values : ndarray
        (T,) values at these times; nan where that is what was logged.
    """

    x: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Log:
    """A user's runs as they were logged, each on its own times.

    Parameters
    ----------
    runs : dict[str, dict[str, Record]]
        Name of the run -> curve ("train", "test") -> `Record`.
    columns : dict[str, str or None]
        The columns that were read: "x", "train", "test", "run" (None: the file is one run).
    guessed : tuple[str, ...], default ()
        Those among them that were not named.
    left_out : dict[str, str], optional
        Name of the run -> why it is not among `runs`.
    notes : tuple[str, ...], default ()
        What was passed over, in sentences.
    rivals : tuple[str, ...], default ()
        Pairs of curves of another kind that the file holds beside the guessed ones.
    """

    runs: dict[str, dict[str, Record]]
    columns: dict[str, str | None]
    guessed: tuple[str, ...] = ()
    left_out: dict[str, str] | None = None
    notes: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "left_out", dict(self.left_out or {}))

    @property
    def x_name(self) -> str:
        """Name of the column of times."""
        return str(self.columns["x"])

    def __str__(self) -> str:
        """One line: the columns, which of them were guessed, and the notes."""
        shown = [
            f"{role} = {plain_name(column)}" + (" (guessed)" if role in self.guessed else "")
            for role, column in self.columns.items()
            if column
        ]
        return "columns: " + ", ".join(shown) + "".join(f"; {note}" for note in self.notes)
