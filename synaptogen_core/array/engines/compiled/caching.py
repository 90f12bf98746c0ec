"""Compiled functions that Python calls: kept on disk until any file that they are made of changes."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from numba import njit
from numba.core.caching import IndexDataCacheFile


def stamp(sources: Iterable[ModuleType]) -> int:
    """A number that changes with every file that compiled code is made of.

    Numba keeps compiled code on disk for as long as the file of the outermost function is the same; it does not look at
    the files of the functions and constants inside. It does look at what an outermost function encloses: this number.

    Parameters
    ----------
    sources : iterable of modules

    Returns
    -------
    int
        Not 0.
    """
    text = "".join(inspect.getsource(module) for module in sources)
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


class OneFileEach(IndexDataCacheFile):
    """Compiled code on disk, a file for each signature, processor and state of the sources; its name tells which.

    Numba numbers the files, and keeps what each holds in an index that it writes first. Of two processes that compile
    at once, or one that ends in between, another would get the code of one signature for the other's: it crashes.
    """

    def __init__(self, numbered: IndexDataCacheFile) -> None:
        self.__dict__ = numbered.__dict__

    def name(self, key: object) -> str:
        """The file of what Numba looks for."""
        text = repr((self._version, self._source_stamp, key))
        return str(self._index_name).removesuffix("nbi") + hashlib.sha256(text.encode()).hexdigest()[:24] + ".nbc"

    def save(self, key: object, data: object) -> None:
        """Keep what was compiled; the file is there at once, or not."""
        self._save_data(self.name(key), data)

    def load(self, key: object) -> object:
        """What was compiled; None if nobody has."""
        try:
            return self._load_data(self.name(key))
        except OSError:
            return None


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile with memory on disk; without, where no folder can be written to.

    Parameters
    ----------
    function : callable
    **options
        Of `numba.njit`, beside those that all of our functions have.

    Returns
    -------
    callable
    """
    options |= {"nogil": True, "error_model": "numpy"}
    try:
        made = njit(cache=True, **options)(function)
    except RuntimeError:
        return njit(**options)(function)
    made._cache._cache_file = OneFileEach(made._cache._cache_file)
    return made
