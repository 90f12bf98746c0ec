"""A small cache of plain values, limited by bytes, shared by all pages of the server."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from synaptogen_core.errors import Cancelled

LOOK_EVERY = 0.05  # seconds between two looks whether whoever waits for another's value was told to stop
T = TypeVar("T")


class LruCache:
    """Keeps the values used last, up to `limit` bytes. Failures are never stored: only finished values are put in."""

    def __init__(self, limit: int):
        self.limit = limit
        self._making: dict[Hashable, threading.Event] = {}  # what is under way, and when it is over
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The value, or None."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: object, size: int) -> None:
        """Store a value of `size` bytes; one that is larger than the whole cache is not kept."""
        with self._lock:
            self._bytes -= self._values.pop(key, (None, 0))[1]
            if size > self.limit:
                return
            self._values[key] = (value, size)
            self._bytes += size
            while self._bytes > self.limit:
                self._bytes -= self._values.popitem(last=False)[1][1]

    def once(
        self,
        key: Hashable,
        make: Callable[[], T],
        size: Callable[[T], int],
        cancel: threading.Event | None = None,
        keep: Callable[[T], bool] = lambda found: True,
    ) -> T:
        """The value, made if it is not there, and by one thread only: whoever else asks meanwhile waits for it.

        What `keep` refuses is handed on and not kept.

        Raises
        ------
        Cancelled
            If `cancel` was set while it waited.
        """
        while True:
            with self._lock:
                over = self._making.get(key)
                if over is None:
                    over = self._making[key] = threading.Event()
                    break
            while not over.wait(LOOK_EVERY):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("the job was cancelled")
            # it is there; or what made it went wrong or was cancelled by whoever asked first: then it is our turn
        try:
            found: T | None = self.get(key)
            if found is None:
                found = make()
                if keep(found):
                    self.put(key, found, size(found))
            return found
        finally:
            with self._lock:
                del self._making[key]
            over.set()

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self._bytes = 0

    def __len__(self) -> int:
        return len(self._values)


def arrays_of(value: object, depth: int = 0) -> Iterator[np.ndarray]:
    """The arrays in a value that is made of lists, dictionaries and records."""
    if isinstance(value, np.ndarray):
        yield value
    elif depth < 8:
        parts: Iterable[object] = ()
        if isinstance(value, dict):
            parts = value.values()
        elif isinstance(value, list | tuple):
            parts = value
        elif hasattr(value, "__dataclass_fields__"):
            parts = vars(value).values()
        for part in parts:
            yield from arrays_of(part, depth + 1)


def bytes_of(value: object, depth: int = 0) -> int:
    """Bytes of the arrays in a result."""
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, dict):
        return 200 + sum(bytes_of(v, depth + 1) for v in value.values())
    if isinstance(value, list | tuple):
        return 100 + sum(bytes_of(v, depth + 1) for v in value)
    if hasattr(value, "__dataclass_fields__") and depth < 8:
        return 200 + sum(bytes_of(getattr(value, name), depth + 1) for name in value.__dataclass_fields__)
    return 100
