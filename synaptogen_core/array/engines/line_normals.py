"""Normals of bit lines by the fastest there is: the compiled twin, or NumPy with the same bits."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import random_streams, read_noise
from synaptogen_core.types import F32

FEW = 1 << 10  # normals that NumPy has as soon as compiled code is looked up


def line_normals(line: NDArray[np.integer], seed: int, number: NDArray[np.integer]) -> F32:
    """One standard normal for each line and read; a function of (seed, line, read number) alone.

    Parameters
    ----------
    line : ndarray of integers, shape (n,)
        Numbers of the lines.
    seed : int
    number : ndarray of integers, shape (m,)
        Numbers of the reads.

    Returns
    -------
    ndarray of float32, shape (m, n)
    """
    size = line.size * number.size
    neighbours = bool(line.size) and int(line[-1]) - int(line[0]) == line.size - 1 and bool(np.all(np.diff(line) == 1))
    if size < FEW or not neighbours or importlib.util.find_spec("numba") is None:
        return read_noise.read_normals(line.astype(np.uint64), seed, number, purpose=random_streams.LINE)
    found: F32 = _compiled_twin()(int(line[0]), line.size, seed, np.ascontiguousarray(number, np.int64))
    return found


@cache
def _compiled_twin() -> Any:
    from synaptogen_core.array.engines.numba_engine import normals_of_lines

    return normals_of_lines
