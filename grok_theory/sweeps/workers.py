"""Send batches to workers and hand back what they finish, whatever becomes of single workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import joblib

from ..checks import check_choice
from ..errors import BadValue
from .batch import Batch, Outcome, compute, watch

BACKENDS = ("processes", "dask")
_DEATH = (
    "a worker process died each time it was computed: it was killed, ran out of memory, or crashed. "
    "Use fewer workers or a smaller batch."
)


def dispatch(batches: list[Batch], backend: object, workers: int) -> Iterator[list[Outcome]]:
    """Outcomes batch by batch, in any order; at most two batches a worker are in flight or waiting to be taken.

    A worker that dies takes no batch with it: its batch is sent again, and only if it is the one that kills workers
    are its members given up.
    """
    if not batches:
        return
    if workers == 1 and backend == "processes":
        for batch in batches:
            yield compute(batch)
        return
    with _connected(backend, workers) as (name, options, count):
        waiting = {batch.members[0].index: batch for batch in batches}
        progressed = True
        while waiting and progressed:
            progressed = False
            try:
                for outcomes, first in _parallel(waiting.values(), name, options, count):
                    del waiting[first]
                    progressed = True
                    yield outcomes
            except Exception as error:
                if not _is_death(error):
                    raise
        # Workers died and nothing got finished: one batch at a time, so that the one to blame is found.
        for batch in waiting.values():
            yield from _isolated(batch, lambda alone: next(iter(_parallel([alone], name, options, count)))[0])


def _isolated(batch: Batch, attempt: Callable[[Batch], list[Outcome]]) -> Iterator[list[Outcome]]:
    """The batch again, and if it kills its worker, member by member in the same slots."""
    outcomes = _survived(batch, attempt)
    if outcomes is not None:
        yield outcomes
        return
    deaths = 0
    for member in batch.members:
        # Three deaths in a row: it is the size of the batch, or the machine, not a member.
        alone = replace(batch, members=(member,))
        outcomes = _survived(alone, attempt) if deaths < 3 and len(batch.members) > 1 else None
        deaths = deaths + 1 if outcomes is None else 0
        yield outcomes or [Outcome(member.index, member.address, failure=_DEATH)]


def _survived(batch: Batch, attempt: Callable[[Batch], list[Outcome]]) -> list[Outcome] | None:
    try:
        return attempt(batch)
    except Exception as error:
        if not _is_death(error):
            raise
        return None


def _numbered(batch: Batch) -> tuple[list[Outcome], int]:
    return compute(batch), batch.members[0].index


def _parallel(
    batches: Iterable[Batch], name: Any, options: dict[str, Any], count: int
) -> Iterator[tuple[list[Outcome], int]]:
    with joblib.parallel_config(name, n_jobs=count, **options):
        run = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs", batch_size=1)
        yield from run(joblib.delayed(_numbered)(batch) for batch in list(batches))


def _is_death(error: Exception) -> bool:
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


@contextmanager
def _connected(backend: object, workers: int) -> Iterator[tuple[Any, dict[str, Any], int]]:
    """Name, options and number of jobs for joblib; a cluster that is started here is closed here."""
    with ExitStack() as stack:
        stack.enter_context(_environment("JAX_ENABLE_X64", "1"))
        if isinstance(backend, joblib.parallel.ParallelBackendBase):
            yield backend, {}, workers
            return
        if backend == "processes":
            yield "loky", {"initializer": watch, "initargs": (os.getpid(),)}, workers
            return
        yield "dask", {"client": _client(backend, workers, stack)}, -1


def _client(backend: object, workers: int, stack: ExitStack) -> Any:
    try:
        from dask.distributed import Client, LocalCluster, get_client
    except ImportError:
        raise BadValue(
            "backend is 'dask', but dask and distributed are not installed. Install the extra: "
            "pip install 'grok_theory[cluster]'."
        ) from None
    if isinstance(backend, Client):
        return backend
    if isinstance(backend, str):
        try:
            return get_client()
        except ValueError:
            backend = stack.enter_context(_local_cluster(LocalCluster, workers))
    return stack.enter_context(Client(backend))


def _local_cluster(kind: Any, workers: int) -> Any:
    try:
        return kind(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    except RuntimeError as error:
        raise BadValue(
            f"backend is 'dask', but a local cluster could not be started: {error} Its workers read the calling script "
            'again, so let the script begin its work below `if __name__ == "__main__":`.'
        ) from error


def check_backend(backend: object) -> None:
    """Refuse a backend that is neither a known name nor an object that can take batches."""
    if isinstance(backend, joblib.parallel.ParallelBackendBase):
        return
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(backend).__mro__}
    if kinds & {"distributed.Client", "distributed.Cluster", "distributed.SpecCluster"}:
        return
    remedy = "Or pass a dask.distributed Client or cluster, or a joblib backend."
    check_choice("backend", backend, BACKENDS, remedy)


def default_workers() -> int:
    """As many as there are processors this process may use."""
    return max(1, joblib.cpu_count())


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Workers started meanwhile inherit the variable; it is put back afterwards."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
