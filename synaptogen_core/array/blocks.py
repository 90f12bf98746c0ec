"""Cells in blocks that fit into the cache, and threads to deal them to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor


def each_block(size: int, length: int, work: Callable[[slice], None], threads: int | None = None) -> None:
    """Do `work` on all blocks, on that many threads; on as many as there are processors where four blocks each pay."""
    threads = threads or min(available_threads(), -(-size // (4 * length)))
    if threads == 1:
        for block in blocks(size, length):
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, blocks(size, length)):
            pass


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def blocks(size: int, length: int) -> Iterator[slice]:
    """Cut 0..size into slices."""
    return (slice(i, min(size, i + length)) for i in range(0, size, length))
