"""The parts of a result that have names: kept in plain dictionaries, read by name, shown as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Array

from ..checks import hidden_as_nan
from ..errors import BadValue
from ..pytrees import Text
from ..status import Status

if TYPE_CHECKING:
    import pandas


def as_dicts(self: Any, *names: str) -> None:
    """Make the fields `names` plain dictionaries, their texts structure, nan the numbers that a mask hides."""
    for name in names:
        value = getattr(self, name)
        # `valid` holds booleans, of which none is nan: its owner refuses a mask.
        shown = (lambda part: part) if name == "valid" else hidden_as_nan
        plain = {key: Text(part) if isinstance(part, str) else shown(part) for key, part in dict(value).items()}
        object.__setattr__(self, name, plain)


def curve_of(self: Any, name: str) -> Array | np.ndarray:
    """The curve of that name; the refusal lists those there are."""
    if name not in self.curves:
        raise BadValue(f"There is no curve {name!r}; this {type(self).__name__} has {', '.join(self.curves)}.")
    return self.curves[name]


def frame_of(columns: dict[str, np.ndarray], status: Status) -> pandas.DataFrame:
    """The columns as a pandas DataFrame with the status in its `attrs`.

    Raises
    ------
    BadValue
        Where pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise BadValue("to_dataframe needs pandas, which is not installed. Install it, or read .curves.") from None
    frame = pandas.DataFrame(columns)
    frame.attrs["status"] = str(status)
    return frame
