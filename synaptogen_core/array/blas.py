"""One BLAS thread while many small matrices are multiplied on threads of our own: more only get in each other's way.

On a busy machine they do so in a single small product, too: its second thread waits for a processor.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

WORTH_THREADS = 1 << 28  # multiplications: some 20 ms

_LOCK = threading.Lock()
_held: list[Any] = []  # limits of the whole process, in the order in which callers came
_inside: list[None] = []  # an entry for each caller inside
_known: list[tuple[int, Any]] = []  # the libraries that were found, and among how many modules: to look takes 1 to 6 ms


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS and OpenMP at one thread, those loaded by now; callers may overlap, the last one out gives all back."""
    with _LOCK:
        _inside.append(None)
        _held.append(_libraries().limit(limits=1))
    try:
        yield
    finally:
        with _LOCK:
            _inside.pop()
            while _held and not _inside:
                _held.pop().restore_original_limits()


def as_fits(operations: int) -> AbstractContextManager[None]:
    """One thread for products of so many multiplications, or, where more are worth their waking, as many as there are.

    Parameters
    ----------
    operations : int
        Multiplications.

    Returns
    -------
    context manager
    """
    return one_thread() if operations < WORTH_THREADS else nullcontext()


def _libraries() -> Any:
    """What can be limited; looked for again where something has been imported since, and may have brought more."""
    from threadpoolctl import ThreadpoolController

    loaded = len(sys.modules)
    if not _known or _known[0][0] != loaded:
        _known[:] = [(loaded, ThreadpoolController())]
    return _known[0][1]
