"""Cells in blocks that fit into the cache, and threads to deal them to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import cache

from synaptogen_core.array.helper_threads import Crew, Task
from synaptogen_core.types import F32

POLL = 0.05  # s
HELPERS = 4  # a processor: so many callers find help at the same time


def each_block(
    size: int,
    length: int,
    work: Callable[[slice], None],
    threads: int | None = None,
    attend: Callable[[], None] | None = None,
) -> None:
    """Do `work` on all blocks of 0..size, each on the next thread that is free.

    The caller's thread works too, with `threads` - 1 others that stay alive for all callers. So no caller waits for
    another one, however much that has to do, and callers that ask for as many threads share the processors evenly.

    Parameters
    ----------
    size, length : int
        How many there are, and how many make a block.
    work : callable
        Takes a slice; an exception in it ends the whole, after the blocks that have begun.
    threads : int, optional
        Default: as many as there are processors.
    attend : callable, optional
        Called now and then on the caller's thread while it waits for the others; ends the whole if it raises.

    Raises
    ------
    BaseException
        What `work` or `attend` raised, after the blocks that have begun.
    """
    count = min(threads or available_threads(), -(-size // length))
    if count == 1:
        for block in blocks(size, length):
            work(block)
        return
    todo, lock, halted = blocks(size, length), threading.Lock(), False

    def drain() -> None:
        nonlocal halted
        try:
            while not halted:
                with lock:
                    block = next(todo, None)
                if block is None:
                    return
                work(block)
        except BaseException:
            halted = True
            raise

    tasks = [Task(drain) for _ in range(count - 1)]  # made before any is given away: no interrupt loses one
    try:
        for task in tasks:
            _helpers().give(task)
        drain()
        for task in tasks:
            while not (task.called_off() or task.wait(POLL if attend else -1)):
                if attend:
                    attend()
    finally:
        halted = True
        for task in tasks:
            while not (task.called_off() or task.wait()):
                pass
    for task in tasks:
        if task.error is not None:
            raise task.error


@cache
def _helpers() -> Crew:
    """Threads for all callers: to start one takes as long as some 10,000 cell-cycles."""
    return Crew(HELPERS * available_threads())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)  # threads do not come along


def share(size: int, least: int, threads: int | None = None) -> int:
    """Length of a block of which each thread gets four, so that one that is held up leaves some to the others.

    Parameters
    ----------
    size : int
        Of the whole.
    least : int
        Shortest block.
    threads : int, optional
        Default: as many as there are processors.

    Returns
    -------
    int
        May exceed `size`.
    """
    return max(least, -(-size // (4 * (threads or available_threads()))))


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def blocks(size: int, length: int) -> Iterator[slice]:
    """Cut 0..size into slices.

    Parameters
    ----------
    size : int
        End of the last slice.
    length : int
        Of each slice but the last.

    Returns
    -------
    iterator of slice
        Ascending, without gaps.
    """
    return (slice(i, min(size, i + length)) for i in range(0, size, length))


def of_block(volts: F32, block: slice) -> F32:
    """The part of a block out of voltages (..., cells), or all of them where one voltage is for all cells.

    Parameters
    ----------
    volts : ndarray of float32, shape (..., cells) or (..., 1)
        [V].
    block : slice
        Numbers of cells.

    Returns
    -------
    ndarray of float32, shape (..., cells of the block) or (..., 1)
        [V]; a view.
    """
    return volts[..., block] if volts.shape[-1] > 1 else volts
