"""One BLAS thread while many small matrices are multiplied on threads of our own: more only get in each other's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCK = threading.Lock()
_inside: list[Any] = []  # one entry for each caller; the first one holds the limit, which is the whole process's


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS at one thread; callers on several threads may overlap, the last one out gives it back."""
    from threadpoolctl import threadpool_limits

    with _LOCK:
        _inside.append(None if _inside else threadpool_limits(1, "blas"))
    try:
        yield
    finally:
        with _LOCK:
            if len(_inside) == 1:
                _inside.pop().restore_original_limits()
            else:
                _inside.remove(None)
