"""What a user's runs say: each on its own times, as they were logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import html_reports, reports
from ..checks import check_shown, hidden_as_nan
from ..dynamics import Dynamics
from ..errors import BadValue
from ..saved_results import save
from ..tables.names import plain_name, rises
from . import log_units

CURVES = ("train", "test")


@dataclass(frozen=True, eq=False)
class Record:
    """One curve of one run at the times where it was logged.

    Parameters
    ----------
    x : ndarray
        (T,) strictly increasing times.
    values : ndarray
        (T,) values at these times; nan where that is what was logged, and what a mask hides.

    Raises
    ------
    BadValue
        For an `x` that a mask hides.

    Examples
    --------
    >>> import numpy as np
    >>> Record(np.array([1.0, 2.0]), np.array([0.5, 0.25])).values
    array([0.5 , 0.25])
    """

    x: np.ndarray
    values: np.ndarray

    def __post_init__(self):
        check_shown("x", self.x, "Leave these records out, of the values too.")
        object.__setattr__(self, "values", hidden_as_nan(self.values))

    @property
    def crashed(self) -> float | None:
        """The x from which on nothing finite was logged; None where the record ends in a number.

        Where nan stand between evaluations, those after the last one are no crash until the next one was due.
        """
        seen = np.flatnonzero(np.isfinite(self.values))
        if not self.x.size or (seen.size and seen[-1] == self.x.size - 1):
            return None
        if not seen.size:
            return float(self.x[0])
        apart = np.diff(self.x[seen])[np.diff(seen) > 1]
        if np.isnan(self.values[seen[-1] + 1 :]).all() and apart.size and self.x[-1] - self.x[seen[-1]] < apart.max():
            return None
        return float(self.x[seen[-1] + 1])

    def check_read(self) -> None:
        """Refuse what no log holds.

        Raises
        ------
        BadValue
            For times and values that are not float64 of one length, and times that do not increase.
        """
        for name, values in (("x", self.x), ("values", self.values)):
            if not isinstance(values, np.ndarray) or values.dtype != np.float64 or values.ndim != 1:
                raise BadValue(f"{name} of a Record is no (T,) float64, but it must be. Pass NumPy arrays.")
        if self.x.shape != self.values.shape:
            raise BadValue(f"A Record has {self.x.size} x and {self.values.size} values. Pass as many of both.")
        if not np.isfinite(self.x).all() or not (np.diff(self.x) > 0).all():
            raise BadValue("x of a Record does not increase, but it must be finite and increase. Sort it.")


@dataclass(frozen=True, eq=False)
class Log:
    r"""A user's runs as they were logged, each on its own times.

    Parameters
    ----------
    runs : dict[str, dict[str, Record]]
        Name of the run -> curve ("train", "test") -> `Record`. A run without a name is "". All runs have the same
        curves: both, or one where the log has no other.
    columns : dict[str, str or None]
        The columns that were read: "x", "train", "test" (None: there is no such curve), "run" (None: the file is one
        run).
    guessed : tuple[str, ...], default ()
        Those among them that were not named.
    left_out : dict[str, str], optional
        Name of the run -> why it is not among `runs`.
    notes : tuple[str, ...], default ()
        What was passed over, in sentences.
    rivals : tuple[str, ...], default ()
        Pairs of curves of another kind that the file holds beside the guessed ones.
    x_name : str, default ''
        What x is: "step", "epoch", "time"; empty takes the column's name.
    x_unit : str, default ''
        The unit of x, such as "tau"; empty for a count, or where the log does not say.
    config : dict[str, Any], optional
        What is known of the training, by the names of `log_config.CONFIG`: "learning_rate", "batch_size", "samples" ...
    dynamics : Dynamics, optional
        What a step of the log is, once `in_units_of` was told.
    conversions : tuple[str, ...], default ()
        What was multiplied, in sentences, in the order in which it was done.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("log.csv").write_text("step,train_loss,test_loss\n1,2.0,2.1\n2,1.0,1.9\n")
    >>> from grok_theory import read_log
    >>> log = read_log("log.csv")
    >>> print(log.x_name, log.columns)
    step {'x': 'step', 'train': 'train_loss', 'test': 'test_loss', 'run': None}
    """

    runs: dict[str, dict[str, Record]]
    columns: dict[str, str | None]
    guessed: tuple[str, ...] = ()
    left_out: dict[str, str] | None = None
    notes: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    x_name: str = ""
    x_unit: str = ""
    config: dict[str, Any] | None = None
    dynamics: Dynamics | None = None
    conversions: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "left_out", dict(self.left_out or {}))
        object.__setattr__(self, "config", dict(self.config or {}))
        object.__setattr__(self, "x_name", self.x_name or str(self.columns["x"]))

    @property
    def recognised(self) -> str:
        """One line: the columns, which of them were guessed, and the notes."""
        shown = [
            f"{role} = {plain_name(column)}" + (" (guessed)" if role in self.guessed else "")
            for role, column in self.columns.items()
            if column
        ]
        return "columns: " + ", ".join(shown) + "".join(f"; {note}" for note in self.notes)

    def is_loss(self, curve: str) -> bool:
        """Whether a curve is a loss: anything whose column is not called an accuracy.

        Parameters
        ----------
        curve : str
            "train" or "test".

        Returns
        -------
        bool
            False for an accuracy.
        """
        return rises(self.columns.get(curve) or curve) is not True

    def named(self, curve: str) -> str:
        """What theories call a curve of this log.

        Parameters
        ----------
        curve : str
            "train" or "test".

        Returns
        -------
        str
            "train_loss", "test_accuracy" ...
        """
        return f"{curve}_{'loss' if self.is_loss(curve) else 'accuracy'}"

    def scaled(self, *, x: tuple[float, str, str] | None = None, curves: Mapping[str, float] | None = None) -> Log:
        """The same runs in other units.

        Parameters
        ----------
        x : tuple[float, str, str], optional
            (factor, name, unit): every x times `factor`, which is then called so, for example (0.01, "time", "tau") or
            (500, "step", "").
        curves : Mapping[str, float], optional
            Curve -> factor of its values, for example {"train": 2, "test": 2} for a halved loss.

        Returns
        -------
        Log
            With the conversion in `conversions`, which `print(log)` shows.

        Raises
        ------
        BadValue
            For a factor that is not positive and finite, a curve that the log has not, and where neither is given.

        Examples
        --------
        >>> record = Record(np.array([0.0, 10.0]), np.array([1.0, 0.5]))
        >>> log = Log({"": {"train": record, "test": record}}, {"x": "step", "train": "a", "test": "b", "run": None})
        >>> log.scaled(x=(0.1, "time", "tau"), curves={"train": 2}).conversions
        ('time [tau] = 0.1 x step', 'train = 2 x a')
        """
        return log_units.scaled(self, x, curves)

    def in_units_of(
        self,
        problem: Any,
        dynamics: Dynamics,
        *,
        loss: str = "mean",
        samples: int | Mapping[str, int] | None = None,
    ) -> Log:
        """The same runs with x in tau, and with losses that are means of squares, as those of every theory here.

        Parameters
        ----------
        problem
            What the runs are taken for: `problem.tau_per_step(dynamics)` says what a step is worth.
        dynamics : Dynamics
            `GradientDescent(learning_rate)` of the runs, the rate in the units of the Problem (its wing's page says how
            one converts it; `linear.halved_mean_loss(samples).back(learning_rate=...)`).
        loss : {'mean', 'halved mean', 'sum', 'halved sum'}, default 'mean'
            What was logged of the squares: their mean over samples, half of it, their sum, or half of that.
        samples : int or Mapping[str, int], optional
            For sums: how many samples a curve sums over, or curve -> how many.

        Returns
        -------
        Log
            With `x_name` "time" and `x_unit` "tau", the dynamics, and `conversions`, which `print(log)` shows.

        Raises
        ------
        BadValue
            Where x counts no steps (with the line that converts it), for a Problem that has no tau, another dynamics,
            an unknown `loss`, and a sum without `samples`.
        """
        return log_units.in_units_of(self, problem, dynamics, loss, samples)

    save = save

    def check_read(self) -> None:
        """Refuse what `read_log` never gives.

        Raises
        ------
        BadValue
            Naming the part.
        """
        texts = [self.x_name, self.x_unit, *self.guessed, *self.notes, *self.rivals, *self.conversions, *self.columns]
        texts += [column for column in self.columns.values() if column is not None]
        texts += [part for pair in (self.left_out or {}).items() for part in pair]
        if not all(isinstance(text, str) for text in texts):
            raise BadValue("A text of this Log is none, but names, units and notes must be. Write them as texts.")
        for name, value in (self.config or {}).items():
            if not isinstance(value, (str, bool, int, float)):
                raise BadValue(f"config[{name!r}] is {value!r}, but it must be a number or a text. Pass one.")
        if not self.runs:
            raise BadValue("runs is empty, but a Log holds at least one run. Read one with gt.read_log.")
        read = {which for which in CURVES if self.columns.get(which)}
        for label, part in self.runs.items():
            if not isinstance(part, dict) or not part or set(part) != read:
                raise BadValue(
                    f"runs[{label!r}] has the curves {list(part)}, but columns name those of a Log: "
                    f"{', '.join(sorted(read)) or 'none'}. Give every run the curves that columns name."
                )
            for record in part.values():
                if not isinstance(record, Record):
                    raise BadValue(f"runs[{label!r}] holds {record!r}, but it must hold Records. Pass Record(x, y).")
                record.check_read()

    def __str__(self) -> str:
        return reports.log(self)

    def _repr_html_(self) -> str:
        return html_reports.log(self)
