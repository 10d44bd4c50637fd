"""Recorded answers: who was asked, how the judge scored, what the answer was worth. NumPy float64, no JAX switch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_shown
from ..errors import BadValue
from ..pytrees import record

LARGEST_VALUE = 1e150


@record(static=("prompts",))
class Records:
    """Scores and values of recorded answers, one array a prompt; prompts may have different numbers of answers.

    Parameters
    ----------
    prompts : tuple[str, ...]
        Names of the prompts.
    scores : tuple[ndarray, ...]
        One array (N_i,) a prompt: what the judge gave each answer; float64, nan where it failed (see `judged`).
    values : tuple[ndarray, ...]
        One array (N_i,) a prompt: what each answer was worth; float64, finite, at most 1e150 in magnitude.
    choices : tuple[ndarray, ...], optional
        One array (N_i,) a prompt: which answer each one is, whole numbers; equal numbers are the same answer. None
        where that was not recorded: only the vote asks for it.

    Examples
    --------
    >>> import numpy as np
    >>> records = Records(["a", "b"], [np.array([1.0, 2.0]), np.array([3.0])], [np.array([0.0, 1.0]), np.array([1.0])])
    >>> print(len(records.prompts))
    2
    """

    prompts: tuple[str, ...]
    scores: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]
    choices: tuple[np.ndarray, ...] | None = None

    @classmethod
    def from_arrays(
        cls, scores: ArrayLike | Sequence, values: ArrayLike | Sequence, answers: Sequence | np.ndarray | None = None
    ) -> Records:
        """Records from arrays (prompts, answers), from (answers,) of one prompt, or from lists of arrays, one a prompt.

        Parameters
        ----------
        scores : array_like or Sequence
            What the judge gave each answer, finite.
        values : array_like or Sequence
            What each answer was worth: the same shapes; finite, at most 1e150 in magnitude.
        answers : Sequence or ndarray, optional
            What each answer said, whole numbers or texts, of the same shapes: equal ones vote together.

        Returns
        -------
        Records
            With prompts named "0", "1", ...

        Raises
        ------
        BadValue
            For arrays that are empty, masked, of different shapes or no numbers, and for an entry out of its range,
            named.
        """
        rows = [number_rows(name, table) for name, table in (("scores", scores), ("values", values))]
        if len(rows[0]) != len(rows[1]) or any(a.shape != b.shape for a, b in zip(*rows)):
            raise BadValue(
                f"scores and values have shapes {_shapes(rows[0])} and {_shapes(rows[1])}, but every answer "
                "needs one of each. Pass two tables of the same shape (prompts, answers)."
            )
        if not rows[0]:
            raise BadValue("scores is empty, but at least one prompt is needed. Pass an array (prompts, answers).")
        for name, table in zip(("scores", "values"), rows):
            for i, row in enumerate(table):
                wrong = np.flatnonzero(~np.isfinite(row))
                if wrong.size:
                    raise BadValue(
                        f"{name}[{i}, {wrong[0]}] is {row[wrong[0]]}, but it must be finite. Drop or mend it."
                    )
        for i, row in enumerate(rows[1]):
            j = int(np.argmax(np.abs(row)))
            if not np.abs(row[j]) <= LARGEST_VALUE:
                raise BadValue(
                    f"values[{i}, {j}] is {row[j]:g}, but it must be at most {LARGEST_VALUE:g} in magnitude: sums and "
                    "squares of larger ones overflow. Drop it if it stands for a missing value, or change the unit."
                )
        chosen = None if answers is None else choices_of(answers, [row.size for row in rows[0]])
        return cls(tuple(str(i) for i in range(len(rows[0]))), tuple(rows[0]), tuple(rows[1]), chosen)

    @property
    def answers(self) -> np.ndarray:
        """(prompts,) numbers of recorded answers."""
        return np.array([row.size for row in self.scores])

    @property
    def failed(self) -> int:
        """Number of answers without a score."""
        return int(sum(np.isnan(row).sum() for row in self.scores))

    def judged(self, failed: str = "drop") -> Records:
        """The records as a judge leaves them that failed on some answers.

        Parameters
        ----------
        failed : str, default 'drop'
            'drop': an answer without a score is as if it had not been drawn, and a prompt without any goes.
            'lowest': it ranks below every answer with a score, and is kept only where no other is drawn (above
            temperature 0, too).

        Returns
        -------
        Records
            With a finite score for every answer.

        Raises
        ------
        BadValue
            For another policy, and where no answer has a score.
        """
        if failed not in ("drop", "lowest"):
            raise BadValue(
                f"failed is {failed!r}, but it must be 'drop' (as if not drawn) or 'lowest' (ranked last). Pass one."
            )
        scored = [~np.isnan(row) for row in self.scores]
        if not any(row.any() for row in scored):
            raise BadValue("scores has no number, but best of k needs some. Name the column of the judge's scores.")
        if failed == "lowest":
            lowest = [np.where(there, row, -np.finfo(float).max) for there, row in zip(scored, self.scores)]
            return Records(self.prompts, tuple(lowest), self.values, self.choices)
        left = [i for i, row in enumerate(scored) if row.any()]
        fields = (self.scores, self.values, self.choices)
        kept = [None if field is None else tuple(field[i][scored[i]] for i in left) for field in fields]
        return Records(tuple(self.prompts[i] for i in left), *kept)

    def part(self, chosen: Iterable[int]) -> Records:
        """The prompts with these indices.

        Parameters
        ----------
        chosen : Iterable[int]
            Indices into `prompts`, in the order wanted.

        Returns
        -------
        Records
            With these prompts only.
        """
        chosen = list(chosen)
        fields = (self.prompts, self.scores, self.values, self.choices)
        return Records(*(None if field is None else tuple(field[i] for i in chosen) for field in fields))

    def without(self, answer: int) -> Records:
        """The records of the first prompt without one of its answers.

        Parameters
        ----------
        answer : int
            Its index.

        Returns
        -------
        Records
            Of one prompt.
        """
        fields = (self.scores, self.values, self.choices)
        return Records(
            self.prompts[:1], *((np.delete(field[0], answer),) if field is not None else None for field in fields)
        )

    def __str__(self) -> str:
        n = self.answers
        each = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
        failed = f", {self.failed} of them without a score" if self.failed else ""
        return f"Records of {n.size} prompts, {each} answers each, {n.sum()} in all{failed}"


def as_records(scores: ArrayLike | Sequence, values: ArrayLike | Sequence = None) -> Records:
    """Records from what the public doors accept: a Records, or scores and values."""
    if isinstance(scores, Records):
        if values is not None:
            raise BadValue("values is given beside Records, which hold their own. Pass the Records alone.")
        if scores.failed:
            raise BadValue(
                f"scores has {scores.failed} answers on which the judge failed, but every answer needs a number. Pass "
                "records.judged(failed='drop'), or failed='lowest' to rank them last."
            )
        return scores
    if values is None:
        raise BadValue(
            "values is left out, but scores alone do not say what an answer is worth. Pass both, or Records."
        )
    return Records.from_arrays(scores, values)


def choices_of(answers: Sequence | np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Equal answers as equal whole numbers, one array a prompt; `sizes` are the numbers of answers they must have."""
    single = isinstance(answers, (list, tuple, np.ndarray)) and len(answers) and np.ndim(answers[0]) == 0
    rows = [answers] if single else list(answers)
    shapes = [np.shape(row) for row in rows]
    if shapes != [(size,) for size in sizes]:
        raise BadValue(
            f"answers holds {len(rows)} prompts with {', '.join(map(str, shapes[:4]))} answers, but there must be one "
            f"for each of {', '.join(map(str, sizes[:4]))}. Pass a table of the same shape (prompts, answers)."
        )
    found = []
    for i, row in enumerate(rows):
        plain = [said.item() if isinstance(said, np.generic) else said for said in row]
        wrong = next((j for j, said in enumerate(plain) if not isinstance(said, (int, str))), None)
        if wrong is not None:
            raise BadValue(
                f"answers[{i}, {wrong}] is {plain[wrong]!r}, but it must be a whole number or a text. Write answers "
                "that are the same alike; round numbers."
            )
        known: dict[Any, int] = {}
        found.append(np.array([known.setdefault(said, len(known)) for said in plain]))
    return tuple(found)


def number_rows(name: str, table: Any) -> list[np.ndarray]:
    """One array of numbers a prompt, of a table (prompts, answers), of one prompt's (answers,), or of lists."""
    check_shown(name, table, "Pass a list of arrays, one a prompt, of the answers there are.")
    try:
        ragged = isinstance(table, (list, tuple)) and len({np.shape(row) for row in table}) > 1
        rows = [np.asarray(row, float) for row in table] if ragged else np.asarray(table, float)
    except (TypeError, ValueError):
        rows = np.zeros((0, 0, 0))
    if isinstance(rows, np.ndarray):
        rows = [rows] if rows.ndim == 1 else rows
    if (isinstance(rows, np.ndarray) and rows.ndim != 2) or any(row.ndim != 1 or row.size == 0 for row in rows):
        raise BadValue(
            f"{name} is no table of numbers with at least one answer a prompt. "
            "Pass an array (prompts, answers) or (answers,)."
        )
    return list(rows)


def _shapes(rows: Sequence[np.ndarray]) -> str:
    lengths = {row.size for row in rows}
    return (
        f"({len(rows)}, {lengths.pop()})" if len(lengths) == 1 else f"({len(rows)}, {min(lengths)} to {max(lengths)})"
    )
