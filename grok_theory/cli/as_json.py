"""Results as JSON for machines: every number readable, nan and infinities as null."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any


def write_json(value: dict[str, Any]) -> None:
    """Print one JSON object."""
    print(json.dumps(plain(value), indent=1, allow_nan=False))


def plain(value: Any) -> Any:
    """`value` made of what JSON knows: arrays become lists, records become objects that name their class."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if dataclasses.is_dataclass(value):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"class": type(value).__name__, **fields}
    return repr(value)
