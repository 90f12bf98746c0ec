"""Cells in blocks that fit into the cache, and threads to deal them to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache

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
        An exception in it ends the whole, after the blocks that have begun.
    threads : int, optional
        Default: as many as there are processors.
    attend : callable, optional
        Called now and then on the caller's thread while it waits for the others; ends the whole if it raises.
    """
    count = min(threads or available_threads(), -(-size // length))
    if count == 1:
        for block in blocks(size, length):
            work(block)
        return
    todo, lock, stop = blocks(size, length), threading.Lock(), threading.Event()

    def drain() -> None:
        try:
            while not stop.is_set():
                with lock:
                    block = next(todo, None)
                if block is None:
                    return
                work(block)
        except BaseException:
            stop.set()
            raise

    helpers = [_helpers().submit(drain) for _ in range(count - 1)]
    try:
        drain()
        while wait(_begun(helpers), POLL if attend else None).not_done:
            if attend:
                attend()
    except BaseException:
        stop.set()
        raise
    finally:
        wait(_begun(helpers))
    for helper in _begun(helpers):
        helper.result()


def _begun(helpers: list[Future[None]]) -> list[Future[None]]:
    """Those that have found a thread; the others need not come any more."""
    return [helper for helper in helpers if not helper.cancel()]


@cache
def _helpers() -> ThreadPoolExecutor:
    """Threads for all callers: to start one takes as long as some 10,000 cell-cycles."""
    return ThreadPoolExecutor(HELPERS * available_threads(), thread_name_prefix="synaptogen")


def share(size: int, least: int, threads: int | None = None) -> int:
    """Length of a block of which each thread gets four, so that one that is held up leaves some to the others."""
    return max(least, -(-size // (4 * (threads or available_threads()))))


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def blocks(size: int, length: int) -> Iterator[slice]:
    """Cut 0..size into slices."""
    return (slice(i, min(size, i + length)) for i in range(0, size, length))
