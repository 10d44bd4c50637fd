"""What the tests check while they run: the shapes and dtypes that jaxtyping annotations state, by beartype.

Plain types are read by pyright, not here: a door of the package refuses a value of the wrong type by itself, in one
sentence, and tests read that sentence. An int is a number wherever a float is asked for (PEP 484's numeric tower).
"""

import typing

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray

_beartype = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(function):
    """beartype on those annotations of `function` that speak of an array's shape."""
    function.__annotations__ = {name: hint for name, hint in function.__annotations__.items() if speaks_of_shape(hint)}
    return _beartype(function)


def speaks_of_shape(hint) -> bool:
    """Whether an annotation, or a part of it, is one of jaxtyping's, such as Float[Array, " times"]."""
    if isinstance(hint, str):
        return "[Array," in hint or "ndarray," in hint or "ArrayLike," in hint
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    return any(map(speaks_of_shape, typing.get_args(hint)))
