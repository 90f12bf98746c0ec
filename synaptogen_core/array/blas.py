"""One BLAS thread while many small matrices are multiplied on threads of our own: more only get in each other's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCK = threading.Lock()
_held: list[Any] = []  # limits of the whole process, in the order in which callers came
_inside: list[None] = []  # an entry for each caller inside


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS and OpenMP at one thread, those loaded by now; callers may overlap, the last one out gives all back."""
    from threadpoolctl import threadpool_limits

    with _LOCK:
        _inside.append(None)
        _held.append(threadpool_limits(1))
    try:
        yield
    finally:
        with _LOCK:
            _inside.pop()
            while _held and not _inside:
                _held.pop().restore_original_limits()
