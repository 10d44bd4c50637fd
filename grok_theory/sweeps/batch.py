"""One batch of a sweep, as a worker computes it.

`run` is compiled once a worker, for stacks of exactly `batch` problems. A problem stands in the slot its place in the
list gives it, and slots whose result is known already hold a copy of one that is needed: digits may depend on the
slot, but never on which other problems are still to be done, so a resumed sweep repeats every bit.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from .. import interruption
from ..errors import BadValue, DamagedFile, Float64Required, GrokTheoryError
from ..provenance import circumstances, settings
from .cache import Cache, sealed
from .plain_numbers import is_key

UNTRACEABLE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.UnexpectedTracerError,
    jax.errors.NonConcreteBooleanIndexError,
)


@dataclass(frozen=True)
class Member:
    """One problem of a batch: its place in the list, its slot in the batch, and where its result is kept."""

    index: int
    slot: int
    problem: PyTree
    address: str
    about: dict[str, str]


@dataclass(frozen=True)
class Batch:
    """What a worker is sent: the pickled function, the members that are to be computed, and by whom.

    `circumstances` and `settings` are those of `provenance` in the process that sends it; without a cache nothing is
    kept under them, and only the settings count.
    """

    run: bytes
    size: int
    members: tuple[Member, ...]
    cache: Cache | None
    parent: int
    circumstances: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of one member: the bytes of its result file, or the sentence that says why there are none."""

    index: int
    address: str
    content: bytes = b""
    failure: str = ""
    reused: bool = False
    damaged: str = ""


def compute(batch: Batch) -> list[Outcome]:
    """The outcomes of all members; what is finished is on disk when this returns.

    Raises
    ------
    Float64Required
        Where JAX computes in float32.
    BadValue
        Where the cache cannot be written or `run` cannot be traced.
    """
    _prepare(batch)
    known = [_known(member, batch.cache) for member in batch.members]
    outcomes = [outcome for outcome in known if outcome is not None]
    missing = [member for member, outcome in zip(batch.members, known, strict=True) if outcome is None]
    if not missing:
        return outcomes
    began = time.perf_counter()
    results = _one_by_one(batch, missing) if batch.size == 1 else _together(batch, missing)
    seconds = (time.perf_counter() - began) / len(missing)
    return outcomes + [
        _kept(member, result, batch.cache, seconds) for member, result in zip(missing, results, strict=True)
    ]


def watch(parent: int) -> None:
    """Let this worker end with no file half-written, at SIGTERM and when process `parent` has gone.

    After kill -9 of the parent it would linger for minutes.
    """
    interruption.take_over(silent=True)

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        interruption.leave(1)

    threading.Thread(target=wait, daemon=True).start()


@dataclass(frozen=True)
class _Raised:
    reason: str


def _prepare(batch: Batch) -> None:
    if os.getpid() != batch.parent:
        # Workers do not inherit the caller's switches, and would compute in float32, or other random numbers, silently.
        jax.config.update("jax_enable_x64", True)
        here = settings()
        for name, value in batch.settings.items():
            if here.get(name) != value:
                jax.config.update(name, value)
    if jnp.ones(()).dtype != jnp.float64:
        raise Float64Required(
            'A worker computes in float32: start the workers with the environment variable JAX_ENABLE_X64 set to "1".'
        )
    if batch.circumstances:
        _check_same(batch.circumstances)


def _check_same(asked: dict[str, str]) -> None:
    here = circumstances()
    other = [name for name in sorted(asked.keys() | here.keys()) if asked.get(name) != here.get(name)]
    if other:
        said = "; ".join(
            f"{n}: {_cut(here.get(n, 'missing'))} there, {_cut(asked.get(n, 'missing'))} here" for n in other
        )
        raise BadValue(
            f"backend has a worker that computes with something else than this process ({said}), so its numbers would "
            "be kept under a wrong name. Install and set the same on all workers."
        )


def _cut(text: str) -> str:
    return text[:12] if len(text) == 64 else text[:40]


@lru_cache(maxsize=16)
def _loaded(run: bytes) -> Callable[..., Any]:
    return pickle.loads(run)


@lru_cache(maxsize=16)
def _compiled(run: bytes) -> Callable[..., Any]:
    return jax.jit(jax.vmap(_loaded(run)))


def _known(member: Member, cache: Cache | None) -> Outcome | None:
    """The outcome, if another process, or a worker that was lost since, has finished this member."""
    if cache is None or not cache.has(member.address):
        return None
    try:
        cache.get(member.address)
        return Outcome(member.index, member.address, cache.path(member.address).read_bytes(), reused=True)
    except (DamagedFile, KeyError, OSError):
        return None  # the parent has named it already, or will not miss it: it is computed now


def _one_by_one(batch: Batch, missing: list[Member]) -> list[Any]:
    run = _loaded(batch.run)
    results = []
    for member in missing:
        try:
            results.append(run(member.problem))
        except Exception as error:
            results.append(_Raised(_sentence(error)))
    return results


def _together(batch: Batch, missing: list[Member]) -> list[Any]:
    by_slot = {member.slot: member.problem for member in missing}
    stack = [by_slot.get(slot, missing[0].problem) for slot in range(batch.size)]
    try:
        stacked = jax.tree_util.tree_map(_stack, *stack)
        found = jax.tree_util.tree_map(
            lambda leaf: leaf if is_key(leaf) else np.asarray(leaf), _compiled(batch.run)(stacked)
        )
    except UNTRACEABLE as error:
        raise BadValue(
            f"run cannot be traced by JAX ({_first_line(error)}), but batch is {batch.size}, so it is called with a "
            "whole batch at once. Pass batch=1 to call it for one problem at a time."
        ) from error
    except Exception as error:
        return [_Raised(_sentence(error))] * len(missing)
    return [jax.tree_util.tree_map(lambda leaf, slot=member.slot: leaf[slot], found) for member in missing]


def _stack(*leaves: Any) -> PyTree:
    return jnp.stack(leaves) if is_key(leaves[0]) else np.stack([np.asarray(leaf) for leaf in leaves])


def _kept(member: Member, result: PyTree, cache: Cache | None, seconds: float) -> Outcome:
    if isinstance(result, _Raised):
        return Outcome(member.index, member.address, failure=result.reason)
    try:
        content = sealed(result, member.address, member.about, seconds)
    except BadValue as error:
        return Outcome(member.index, member.address, failure=str(error))
    if cache is not None:
        cache.put(member.address, content)
    return Outcome(member.index, member.address, content)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, GrokTheoryError) else f"{type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:300]
