"""Cells in blocks that fit into the cache, and threads to deal them to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
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

    helpers: list[Future[None]] = [Future() for _ in range(count - 1)]  # made first: none is lost by an interrupt
    try:
        for helper in helpers:
            _helpers().submit(_carry_out, helper, drain)
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


def to_the_end(work: Callable[[], None]) -> None:
    """Do `work` where no interrupt reaches it: it is done to its end, or, if one comes before it begins, not at all.

    Ctrl-C and other signals are raised on the main thread, between any two steps of it; so that one only waits.

    Parameters
    ----------
    work : callable
        An exception in it is the caller's.
    """
    if threading.current_thread() is not threading.main_thread():
        work()
        return
    task: Future[None] = Future()
    try:
        _shelter().submit(_carry_out, task, work)
        task.result()
    except BaseException:
        while not (task.done() or task.cancel()):
            with suppress(BaseException):  # however often one asks
                wait([task])
        raise


def _carry_out(task: Future[None], work: Callable[[], None]) -> None:
    """Do the work of a task that nobody has called off."""
    if task.set_running_or_notify_cancel():
        try:
            work()
        except BaseException as error:
            task.set_exception(error)
        else:
            task.set_result(None)


@cache
def _shelter() -> ThreadPoolExecutor:
    """The thread that works while the main one waits; there is one of those, so it is never busy."""
    return ThreadPoolExecutor(1, thread_name_prefix="synaptogen-shelter")


def share(size: int, least: int, threads: int | None = None) -> int:
    """Length of a block of which each thread gets four, so that one that is held up leaves some to the others."""
    return max(least, -(-size // (4 * (threads or available_threads()))))


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def blocks(size: int, length: int) -> Iterator[slice]:
    """Cut 0..size into slices."""
    return (slice(i, min(size, i + length)) for i in range(0, size, length))
