"""What can differ between two trainings of one Problem beside how the weights are trained."""

from __future__ import annotations

import dataclasses
from typing import Any

from jax.typing import ArrayLike

from .checks import check_kind
from .errors import BadValue
from .pytrees import record, same

__all__ = ["Conditions"]


@record(static=("trained", "activation", "labels", "linearised"))
class Conditions:
    """The physics of a training beside Problem and dynamics; None is not said, and holds for any.

    Parameters
    ----------
    loss : optional
        What is descended: a wing's own record.
    start : optional
        Where the weights begin: a wing's own record, or a factor on the Problem's start.
    trained : tuple[str, ...], optional
        Names of the trained layers.
    activation : str, optional
        Name of the activation, where it is not the Problem's own.
    labels : str, optional
        Name of the labels, where they are not the Problem's own.
    linearised : bool, optional
        Whether the network is replaced by its first-order expansion around the start.
    temperature : array_like, optional
        Of a selection.

    Raises
    ------
    BadValue
        For names that are no text, a `linearised` that is neither True nor False, and trained layers that are no tuple
        of names.

    Examples
    --------
    >>> physics = Conditions(loss="mean square", temperature=0.0)
    >>> print(physics.loss, physics.start)
    mean square None
    """

    loss: Any = None  # a wing's own record
    start: Any = None  # a wing's own record, or a factor on the Problem's start
    trained: tuple[str, ...] | None = None
    activation: str | None = None
    labels: str | None = None
    linearised: bool | None = None
    temperature: ArrayLike | None = None

    def __post_init__(self):
        for name in ("activation", "labels"):
            if getattr(self, name) is not None:
                check_kind(name, getattr(self, name), str, "Pass its name, or None for the Problem's own.")
        if self.linearised is not None:
            check_kind("linearised", self.linearised, bool, "Pass True or False, or None where it is not said.")
        if self.trained is not None and not (
            isinstance(self.trained, tuple) and all(isinstance(layer, str) for layer in self.trained)
        ):
            raise BadValue(
                f"trained is {self.trained!r}, but it must be a tuple of the names of layers. Pass for example "
                "('hidden', 'readout'), or None where it is not said."
            )

    def differences(self, other: Conditions) -> list[str]:
        """List the fields that both say, and say differently.

        Parameters
        ----------
        other : Conditions
            Those of the other training.

        Returns
        -------
        list[str]
            Names of fields; empty where the two can be compared.
        """
        pairs = [(f.name, getattr(self, f.name), getattr(other, f.name)) for f in dataclasses.fields(self)]
        return [
            name
            for name, mine, theirs in pairs
            if mine is not None and theirs is not None and not same_condition(mine, theirs)
        ]

    def __str__(self) -> str:
        said = [(f.name, getattr(self, f.name)) for f in dataclasses.fields(self)]
        return ", ".join(f"{name} {_shown(value)}" for name, value in said if value is not None)


def same_condition(mine: Any, theirs: Any) -> bool:
    """Whether two values of a field of `Conditions` are one."""
    if isinstance(mine, (str, bool, tuple)) or isinstance(theirs, (str, bool, tuple)):
        return type(mine) is type(theirs) and mine == theirs
    return same(mine, theirs, tolerance=1e-12)


def _shown(value: Any) -> str:
    return " and ".join(value) if isinstance(value, tuple) else str(value)
