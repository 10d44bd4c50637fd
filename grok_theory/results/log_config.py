"""What is known of a training beside its curves: said by the user, or written in columns that never change."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import BadValue
from ..tables import Table
from ..tables.names import called
from ..tables.text import read_text

# What checks ask for, and what trainers call it.
CONFIG = {
    "learning_rate": ("learning_rate", "lr", "eta", "step_size"),
    "batch_size": ("batch_size", "train_batch_size", "per_device_train_batch_size", "bs", "batch"),
    "samples": ("samples", "n_train", "train_size", "num_train", "num_samples", "n_samples", "train_samples"),
    "dim": ("dim", "input_dim", "n_features", "in_features", "num_features"),
    "width": ("width", "hidden", "hidden_size", "hidden_dim", "n_hidden"),
    "weight_decay": ("weight_decay", "wd", "l2"),
    "momentum": ("momentum",),
    "optimizer": ("optimizer", "optim", "opt"),
    "dtype": ("dtype", "precision", "torch_dtype"),
}
_NAMES = {alias: name for name, aliases in CONFIG.items() for alias in aliases}
# Switches of trainers, and the precision they mean.
_SWITCHES = {"fp16": "float16", "bf16": "bfloat16"}
_DTYPES = {"32": "float32", "64": "float64", "16": "float16", "fp32": "float32", "fp64": "float64", "fp16": "float16"}
_DTYPES |= {"bf16": "bfloat16", "double": "float64", "float": "float32", "half": "float16", "f32": "float32"}


def known_config(config: Mapping[str, Any] | str | os.PathLike | None, table: Table | None = None) -> dict[str, Any]:
    """What is known, by the names of `CONFIG`: of columns with one value in all rows, and over those what is said.

    Parameters
    ----------
    config : Mapping[str, Any] or str or os.PathLike or None
        Name -> number or text, with W&B's {"value": ...} around them or not; or a JSON file of that. What checks do not
        know is kept under its own name.
    table : Table, optional
        The log.

    Returns
    -------
    dict[str, Any]
        Name -> number or text.

    Raises
    ------
    BadValue
        For a file that holds no JSON object, and for two names of one thing that differ.
    """
    said = _read(config) if isinstance(config, (str, os.PathLike)) else config
    if said is not None and not isinstance(said, Mapping):
        raise BadValue(f"config is {said!r}, but it must map names to values. Pass for example {{'batch_size': 32}}.")
    return {**(_beside(table) | _constant(table) if table else {}), **_plain(said or {})}


def contradicted(config: Mapping[str, Any] | None, **said: float | None) -> tuple[str, float, float] | None:
    """The first of the numbers said of a run that its log knows otherwise; None where nothing differs.

    Parameters
    ----------
    config : Mapping[str, Any] or None
        Of the log, by the names of `CONFIG`.
    **said : float or None
        The same by the same names, as a verb was told them; None is not said.

    Returns
    -------
    tuple[str, float, float] or None
        (name, what was said, what the log knows).
    """
    for name, value in said.items():
        known = (config or {}).get(name)
        number = isinstance(known, (int, float)) and not isinstance(known, bool)
        if value is not None and number and float(known) != float(value):
            return name, float(value), float(known)
    return None


def _read(path: str | os.PathLike) -> Any:
    if not os.path.isfile(path):
        raise BadValue(f"config is {str(path)!r}, but there is no such file. Name a JSON file, or pass a mapping.")
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(f"config is {str(path)!r}, which holds no JSON: {error}. Name a file with one object.") from None


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(value, Mapping) and "value" in value:
            value = value["value"]
        if value is None or not isinstance(value, (str, bool, int, float, np.generic)):
            continue  # lists and nested settings: nothing that a check reads
        value = value.item() if isinstance(value, np.generic) else value
        key = called(str(name))
        if key in _SWITCHES:
            if value in (True, "true", "True"):
                found["dtype"] = _SWITCHES[key]
            continue
        key = _NAMES.get(key, str(name))
        if key == "dtype":
            text = str(value).lower().rpartition(".")[2].split("-")[0]
            value = _DTYPES.get(text, text)
        if key in found and found[key] != value:
            raise BadValue(
                f"config says {key} is {found[key]!r} and, as {name}, {value!r}, but only one can be. Say it once."
            )
        found[key] = value
    return found


def _beside(table: Table) -> dict[str, Any]:
    """What a check knows of what stands beside the rows of a JSON log, at its top or one object down (`config`)."""
    known = _NAMES | _SWITCHES
    found: dict[str, Any] = {}
    for part in (table.beside, *table.beside.values()):
        said = {n: v for n, v in part.items() if called(n) in known} if isinstance(part, Mapping) else {}
        try:
            # The space keeps both of one name, so that they are compared.
            found = _plain({**found, **{f" {name}": value for name, value in said.items()}})
        except BadValue:
            return {}  # two that say different things say nothing
    return found


def _constant(table: Table) -> dict[str, Any]:
    """Columns that a check knows, with one and the same value wherever something is written."""
    found: dict[str, Any] = {}
    for name in table.names:
        if called(name) not in _NAMES and called(name) not in _SWITCHES:
            continue
        written = {str(cell) for cell in table.cells[name] if cell is not None and str(cell).strip()}
        if len(written) != 1:
            continue
        text = written.pop()
        try:
            number = float(text)
            found[name] = int(number) if number.is_integer() and "." not in text else number
        except ValueError:
            found[name] = text
    try:
        return _plain(found)
    except BadValue:
        return {}  # two columns that say different things say nothing
