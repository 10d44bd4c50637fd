"""The verb `sweep`."""

from __future__ import annotations

import json
import os
import pickle
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree
from joblib import wrap_non_picklable_objects

from .. import interruption
from ..checks import check_integer, require_float64
from ..errors import BadValue, DamagedFile
from ..progress import bar
from ..provenance import circumstances, made_by, settings
from . import addresses
from .batch import Batch, Member, Outcome
from .cache import Cache, opened
from .record import Failure, Note, Sweep, own_failure, own_note, sentence_of_outdated
from .workers import check_backend, default_workers, dispatch


def sweep(
    run: Callable[[Any], Any],
    problems: Iterable[Any],
    *,
    cache: str | os.PathLike | None = None,
    workers: int | None = None,
    batch: int = 16,
    backend: object = "processes",
    version: str,
) -> Sweep:
    """`run(problem)` for every problem: in batches, in parallel, kept as they finish, resumed where they stopped.

    Every result file is checksummed: a damaged one is named in a warning and computed again. So are results of another
    version of this package or its libraries: they are counted in `.outdated`, and not used. In flight are at most 2 *
    workers * batch results.

    Parameters
    ----------
    run : callable
        From one problem to a Solution, or to arrays, numbers and texts in records, dicts, tuples. With `batch` > 1 it
        must go through `jax.vmap`; with `batch=1` it is called for one problem at a time and may do anything.
    problems : Iterable
        Any Problems, mixed as you like; also dicts, tuples or numbers. `run` gets them with plain numbers.
    cache : str or os.PathLike, optional
        Folder for finished results; None keeps nothing. A result is found again by function, canonical problem and
        `version`. Of `run` its name, code, constants and closure count, what it reads around it, and the functions,
        classes and objects of your own that it uses; and the sources of this package, the versions of Python, JAX,
        NumPy and the other libraries that compute, kind of machine and backend, and JAX's settings for random numbers
        and rounding. A finished cache may be read-only.
    workers : int, optional
        How many processes; default: one a processor. 1 computes in this process.
    batch : int, default 16
        How many problems are computed at once, always exactly so many (padded). A problem's digits do not depend on its
        companions, so a resumed sweep is equal to the uninterrupted one to the bit.
    backend : str or object, default 'processes'
        "processes", "dask" (the current client, or a local cluster), or a Client, a cluster, a joblib backend.
    version : str
        Version of what the address cannot see: data files, the environment, other installed packages, and what they
        call back. Change it when they have changed.

    Returns
    -------
    Sweep
        Read it by `sweep[i]`, `.read(lambda result: ...)`, `.failures`, `.notes`. A problem that fails keeps the rest:
        it is listed in `.failures`, raises in `sweep[i]` and is nan in `.read`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed; also when the disk is full, `run` cannot be
        traced, or, with a cache, the sources of this package were changed while it runs.
    Float64Required
        Where JAX computes in float32, here or in a worker.
    KeyboardInterrupt
        At Ctrl-C, with the sentence that says how to go on.

    Examples
    --------
    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from grok_theory import linear
    >>> problems = [linear.TeacherStudent(samples_per_dim=a, snr=5.0) for a in (0.5, 1.0, 2.0)]
    >>> final = sweep(linear.limits, problems, batch=3, workers=1, version="1")
    >>> print(final.read(lambda losses: losses.test_loss).round(6))
    [4.5 inf 2. ]
    """
    require_float64("grok_theory.sweep")
    if not callable(run):
        raise BadValue(f"run is {run!r}, but it must be a function of one problem. Pass for example gt.linear.limits.")
    if not isinstance(version, str) or not version:
        raise BadValue(f"version is {version!r}, but it must be a text. Pass for example version='1'.")
    batch = check_integer("batch", batch, 1, "Pass how many problems to compute at once, for example 16.")
    workers = default_workers() if workers is None else workers
    workers = check_integer("workers", workers, 1, "Pass how many processes may compute, for example 2.")
    check_backend(backend)
    return _Run(run, list(problems), cache, workers, batch, backend, version).result()


class _Run:
    """One call of `sweep`: what is to be done, and what has come of it so far."""

    def __init__(self, run, problems, cache, workers, batch, backend, version):
        self.began = time.perf_counter()
        self.problems, self.workers, self.size, self.backend = problems, workers, batch, backend
        self.plain = [addresses.canonical(problem) for problem in problems]
        self.cache = None if cache is None else Cache(_folder(cache))
        self.name = addresses.name_of(run)
        self.circumstances: dict[str, str] = {} if self.cache is None else circumstances()
        self.settings = settings()
        self.addresses = [str(i) for i in range(len(problems))]
        self.about = [{"run": self.name, "version": version}] * len(problems)
        if self.cache is not None:
            function = addresses.fingerprint(run)
            texts = [addresses.text_of(problem) for problem in self.plain]
            maker = made_by(self.circumstances)
            self.addresses = [addresses.address(function, version, text, maker) for text in texts]
            libraries = json.dumps(self.circumstances)
            self.about = [
                {"run": self.name, "version": version, "made by": libraries, "problem": text} for text in texts
            ]
        self.pickled = pickle.dumps(wrap_non_picklable_objects(run, keep_wrapper=False))
        self.results: dict[str, Any] = {}
        self.reasons: dict[str, str] = {}
        self.damaged: list[str] = []
        self.computed = self.outdated = 0

    def result(self) -> Sweep:
        self._read_cache()
        reused = len(self.results)
        batches = self._batches()
        if self.cache is not None:
            self.cache.remove_strays()
        if self.cache is not None and batches:
            self._open_for_writing(self.cache, batches)
        total = len(set(self.addresses))
        progress, task = bar(f"sweep of {self.name}", total, done=reused)
        with progress, interruption.telling(lambda: self._how_to_go_on(total)):
            try:
                for outcomes in dispatch(batches, self.backend, self.workers):
                    for outcome in outcomes:
                        self._take(outcome)
                    progress.advance(task, len(outcomes))
            except KeyboardInterrupt:
                raise KeyboardInterrupt(self._how_to_go_on(total)) from None
        return self._sweep()

    def _read_cache(self) -> None:
        if self.cache is None:
            return
        for address in dict.fromkeys(self.addresses):
            try:
                self.results[address] = self.cache.get(address)
            except KeyError:
                continue
            except DamagedFile as error:
                self.damaged.append(str(error))
                warnings.warn(f"{error} It is computed again.", RuntimeWarning, stacklevel=5)

    def _open_for_writing(self, cache: Cache, batches: list[Batch]) -> None:
        """Before anything is computed: a cache that is read-only, and answers of another version, are told of."""
        try:
            cache.prepare()
        except BadValue as error:
            needed = sum(len(batch.members) for batch in batches)
            raise BadValue(
                f"{error} The cache holds {len(self.results)} results; {needed} are to be computed."
            ) from error
        self.outdated = cache.outdated(member.address for batch in batches for member in batch.members)
        if self.outdated:
            warnings.warn(f"{sentence_of_outdated(self.outdated)} Computing again.", RuntimeWarning, stacklevel=5)

    def _batches(self) -> list[Batch]:
        """Groups of one structure, cut into batches; a problem's slot is given by its place in its group."""
        groups: dict[Any, list[int]] = {}
        for index, problem in enumerate(self.plain):
            key = (0,) if self.size == 1 else _structure(problem)
            groups.setdefault(key, []).append(index)
        taken = set(self.results)
        batches = []
        for indices in groups.values():
            for start in range(0, len(indices), self.size):
                members = []
                for slot, index in enumerate(indices[start : start + self.size]):
                    if self.addresses[index] not in taken:
                        taken.add(self.addresses[index])
                        members.append(self._member(index, slot))
                if members:
                    batches.append(self._batch(members))
        return batches

    def _batch(self, members: list[Member]) -> Batch:
        who = self.circumstances, self.settings
        return Batch(self.pickled, self.size, tuple(members), self.cache, os.getpid(), *who)

    def _member(self, index: int, slot: int) -> Member:
        return Member(index, slot, self.plain[index], self.addresses[index], self.about[index])

    def _take(self, outcome: Outcome) -> None:
        if outcome.failure:
            self.reasons[outcome.address] = outcome.failure
            return
        self.computed += not outcome.reused
        if self.cache is not None and not self.cache.has(outcome.address):
            self.cache.put(outcome.address, outcome.content)  # a worker elsewhere does not share this disk
        # Also what was just computed is read from its bytes: fresh and cached results cannot differ.
        self.results[outcome.address] = opened(outcome.content, outcome.address, "a worker's answer")

    def _how_to_go_on(self, total: int) -> str:
        done = len(self.results)
        if self.cache is None:
            return (
                f"Interrupted after {done} of {total} problems, which are lost because no cache was given. "
                "Pass cache='some folder' to keep what is finished."
            )
        return (
            f"Interrupted after {done} of {total} problems. They are kept in {self.cache.folder!r}: "
            "call sweep again with the same arguments to go on from there."
        )

    def _sweep(self) -> Sweep:
        failures, notes = [], []
        for index, (problem, address) in enumerate(zip(self.problems, self.addresses, strict=True)):
            reason = self.reasons.get(address)
            if reason is None:
                reason = own_failure(self.results[address])
            if reason is not None:
                failures.append(Failure(index, problem, reason))
            elif (note := own_note(self.results[address])) is not None:
                notes.append(Note(index, note))
        return Sweep(
            tuple(self.problems),
            tuple(self.results.get(address) for address in self.addresses),
            tuple(failures),
            self.computed,
            len(set(self.addresses)) - self.computed - len(self.reasons),
            tuple(self.damaged),
            time.perf_counter() - self.began,
            tuple(notes),
            self.outdated,
        )


def _folder(cache: str | os.PathLike | None) -> str:
    try:
        text = os.fsdecode(cache)
    except TypeError:
        text = ""
    if not text or "\0" in text:
        raise BadValue(f"cache is {cache!r}, but it must be the path of a folder. Pass one, or None to keep nothing.")
    return os.path.abspath(text)


def _structure(problem: PyTree) -> tuple:
    leaves, structure = jax.tree_util.tree_flatten(problem)
    return structure, tuple((np.shape(leaf), str(getattr(leaf, "dtype", type(leaf).__name__))) for leaf in leaves)
