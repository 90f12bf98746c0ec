"""Compiled functions that Python calls: kept on disk until any file that they are made of changes."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from numba import njit


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


def compiled(function: Callable[..., None]) -> Any:
    """Compile with memory on disk; without, where no folder can be written to."""
    try:
        return njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)
