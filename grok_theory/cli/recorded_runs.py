"""A log as the options of a command read it, in the units of a Problem's theory."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_recorded(path: Path, config: list[str], scale_x: str | None, *, rising: bool, **options: Any) -> Any:
    """The log at `path`, x scaled as `--scale-x` says; `options` are those of `read_log`, `rising` of both curves."""
    from ..progress import waiting
    from ..results import read_log

    with waiting("reading the log", usual=5.0):
        found = read_log(path, rising=(rising or None,) * 2, **options, config=_config(config))
    return _scaled(found, scale_x)


def _config(words: list[str]) -> dict[str, Any]:
    """Files and name=value words as one mapping; the later says it."""
    from ..errors import BadValue
    from ..results.log_config import known_config
    from .shown_number import number

    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            found |= known_config(word)
            continue
        if not name.strip() or not text.strip():
            raise BadValue(f"config is {word!r}, but it must be name=value or a JSON file. Write batch_size=32.")
        value = number(text.strip())
        found |= known_config({name.strip(): text.strip() if value is None else value})
    return found


def _scaled(found: Any, scale: str | None) -> Any:
    """The log with x as `--scale-x` says."""
    from ..errors import BadValue
    from .shown_number import number

    if scale is None:
        return found
    factor, *named = (part.strip() for part in scale.split(":"))
    by = number(factor)
    if by is None or len(named) not in (1, 2) or not named[0]:
        raise BadValue(f"scale-x is {scale!r}, but it must be FACTOR:NAME or FACTOR:NAME:UNIT. Write 0.01:time:tau.")
    return found.scaled(x=(by, named[0], named[1] if len(named) == 2 else ""))


def in_units_of(found: Any, made: Any, steps_of: str | None, loss: str, samples: int | None, public: Any) -> Any:
    """The log in tau if `--steps-of` says how, and its losses as means of squares."""
    from ..results.log_units import loss_factors
    from .values import read_value

    if steps_of is not None:
        said = read_value("steps-of", steps_of, public, remedy='Write --steps-of "GradientDescent(0.01)".')
        return found.in_units_of(made, said, loss=loss, samples=samples)
    factors = loss_factors(found, loss, samples)
    return found.scaled(curves=factors) if factors else found
