"""How far a result can be trusted: a level, and the sentence that says why."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike

from .checks import is_traced
from .pytrees import record

__all__ = ["FAILED", "GOOD", "NOTED", "Status"]

GOOD, NOTED, FAILED = 0, 1, 2
_LEVELS = ("good", "noted", "failed")


@record(static=("noted", "failed"))
class Status:
    """How far a result can be trusted: a level, and the sentence that says why.

    `text` picks the sentence of the level when it is read, and names the failed members of a batch.

    Parameters
    ----------
    level : array_like, default GOOD
        0 good, 1 noted (usable, with a remark), 2 failed; in a batch one a member; an int8 array inside traces.
    noted : str, default ''
        The sentence of level 1.
    failed : str, default ''
        The sentence of level 2.

    Examples
    --------
    >>> print(Status(level=1, noted="Below 10 samples the theory is rough.").name)
    noted
    """

    level: ArrayLike = GOOD
    noted: str = ""
    failed: str = ""

    @property
    def name(self) -> str:
        """The worst level of the members: "good", "noted" or "failed"; inside a trace it is not known, and says so."""
        return "not known inside a trace" if is_traced(self.level) else _LEVELS[int(np.max(np.asarray(self.level)))]

    @property
    def text(self) -> str:
        """The sentence of the worst level; empty for "good" and inside a trace."""
        if is_traced(self.level):
            return ""
        levels = np.asarray(self.level)
        worst = int(levels.max())
        sentence = ("", self.noted, self.failed)[worst]
        if worst == FAILED and levels.ndim:
            members = [tuple(int(i) for i in at) for at in np.argwhere(levels == FAILED)]
            shown = ", ".join(str(at[0] if len(at) == 1 else at) for at in members[:5])
            more = f" and {len(members) - 5} more" if len(members) > 5 else ""
            sentence = f"In the batch, member {shown}{more} failed. {sentence}"
        return sentence

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.text else self.name
