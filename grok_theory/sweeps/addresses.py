"""Where a result lives in a cache: a hash of all it depends on, the same in every process.

Numbers are written as float64 in hexadecimal, so 0.5, np.float64(0.5) and (in a problem) jnp.asarray(0.5), and 1 and
1.0, have one address. Narrower numbers and arrays count with their dtype: they round and overflow elsewhere.
A function is known by its name and by what it says itself (`spelling`). For this package its sources speak, for the
libraries that compute their versions (`provenance`); for anything else the `version` that the user gives.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from typing import Any

import jax
import numpy as np

from .plain_numbers import is_array, is_list_of_numbers, is_scalar
from .spelling import Json, Spelled, SpelledProblem


def canonical(problem: object) -> Json:
    """The same problem with plain numbers: what `run` is handed, whatever the caller wrote.

    Inside a dataclass every real scalar becomes a float and every list of numbers a float64 array. In bare dicts and
    tuples whole numbers stay whole: they may be seeds or sizes. Integer arrays stay integer everywhere.
    """
    if dataclasses.is_dataclass(problem):
        return jax.tree_util.tree_map(_number_of_record, problem, is_leaf=is_list_of_numbers)
    return jax.tree_util.tree_map(lambda leaf: np.asarray(leaf)[()] if is_array(leaf) else leaf, problem)


def text_of(value: object) -> str:
    """Canonical JSON of a problem, or of anything else that can stand in an address."""
    return json.dumps(SpelledProblem().made(value, "problem"), sort_keys=True)


def fingerprint(run: object) -> str:
    """Canonical JSON of a function: name, code, constants, closure, and what it reads around it."""
    return json.dumps(Spelled.whole(run, "run"), sort_keys=True)


def address(run: str, version: str, problem: str, maker: str) -> str:
    """Question and maker: SHA-256 of function, version, problem and precision, a hyphen, and who answers.

    The maker (`provenance.made_by`) is this package with its libraries, so that an upgrade finds what an older one
    answered to the same question, and does not use it.
    """
    parts = {"run": run, "version": version, "problem": problem, "precision": "float64"}
    return f"{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]}-{maker[:16]}"


def name_of(run: object) -> str:
    """The function's name for people."""
    run = run.func if isinstance(run, functools.partial) else run
    return getattr(run, "__qualname__", type(run).__qualname__)


def _number_of_record(leaf: Any) -> Json:
    if is_scalar(leaf):
        return float(leaf)
    if is_list_of_numbers(leaf):
        return np.array([float(part) for part in leaf])
    return np.asarray(leaf) if is_array(leaf) else leaf
