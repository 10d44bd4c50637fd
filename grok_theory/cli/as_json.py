"""Results as JSON for machines: every number readable, nan and infinities as null."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from typing import Any


def write_json(value: dict[str, Any] | list[Any]) -> None:
    """Print one JSON value. JSON has no nan and no infinity: both are null."""
    print(json.dumps(plain(value), indent=1, allow_nan=False))


def plain(value: Any) -> Any:
    """`value` made of what JSON knows: arrays become lists, records become objects that name their class.

    A complex number is [real, imaginary]; an integer beyond float64, which many readers would round, is a text.
    """
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**1023 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if hasattr(value, "tolist") and not (hasattr(value, "dtype") and _is_key(value)):
        return plain(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"class": type(value).__name__, **fields}
    return repr(value)


def _is_key(value: Any) -> bool:
    import jax

    return jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)
