"""Independent pieces of work over the cores of one process: XLA computes without Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["cores", "over_cores", "yielded_over_cores"]

Answer = TypeVar("Answer")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def over_cores(work: Callable[[int], Answer], count: int, *, workers: int | None = None) -> list[Answer]:
    """`[work(0), ..., work(count - 1)]`, each piece computed alone, so that its digits depend on no other.

    The first is done before the others start: it compiles what all of them run. What is raised by one is raised here,
    and none that has not begun is begun.

    Parameters
    ----------
    work : callable
        From the number of a piece to its answer; called from several threads at once.
    count : int
        How many pieces; >= 0.
    workers : int, optional
        Threads, 1 for none; as many as there are cores by default.

    Returns
    -------
    list
        In the order of the numbers.

    Examples
    --------
    >>> over_cores(lambda i: i * i, 4, workers=2)
    [0, 1, 4, 9]
    """
    return list(yielded_over_cores(work, count, workers=workers))


def yielded_over_cores(work: Callable[[int], Answer], count: int, *, workers: int | None = None) -> Iterator[Answer]:
    """`over_cores`, one answer after the other, as soon as it and all before it are there."""
    workers = cores() if workers is None else workers
    yield from (work(i) for i in range(min(count, 1) if workers > 1 else count))
    if workers <= 1 or count <= 1:
        return
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(work, range(1, count))
    finally:
        pool.shutdown(cancel_futures=True)
