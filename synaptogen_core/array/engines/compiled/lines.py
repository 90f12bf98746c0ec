"""The compiled twin of the normals of bit lines: one a line and read, a call of the generator for four lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines.compiled.arithmetic import inlined, normals
from synaptogen_core.array.engines.compiled.bits import dealt
from synaptogen_core.array.engines.compiled.lanes import LANES, load, memory_of, store
from synaptogen_core.array.engines.compiled.read import TILE
from synaptogen_core.device.model import random_streams
from synaptogen_core.types import F32, U32

LINE = random_streams.LINE


class LineReads(NamedTuple):
    """Normals of lines, and scratch."""

    out: F32  # (reads * lines,)
    reads: NDArray[np.int64]  # (reads,) their numbers
    group: NDArray[np.uint64]  # (LANES,) groups of four lines, from the first one on
    number: U32  # (LANES,)
    tile: F32  # (TILE,) of lines that are not a whole tile

    @classmethod
    def of(cls, out: F32, reads: NDArray[np.int64]) -> LineReads:
        """With new scratch.

        Parameters
        ----------
        out : ndarray of float32, shape (reads * lines,)
            Receives the normals.
        reads : ndarray of int64, shape (reads,)
            Numbers of the reads.

        Returns
        -------
        LineReads
        """
        return cls(out, reads, np.empty(LANES, np.uint64), np.empty(LANES, np.uint32), np.empty(TILE, np.float32))


@inlined
def line_normals(arrays, first, lines, k0, k1):
    """The twin of `read_noise.read_normals` for neighbouring lines.

    Parameters
    ----------
    arrays : LineReads
    first : int64
        Number of the first line; the others follow it.
    lines : int64
        How many there are.
    k0, k1 : int64
        Lower and upper half of the seed.
    """
    fields = memory_of(arrays)
    begin = first & 3
    for k in range(LANES):
        fields.group[k] = np.uint64(k)
    for row in range(arrays.reads.size):
        number = arrays.reads[row]
        for k in range(LANES):
            fields.number[k] = np.uint32(number & 0xFFFFFFFF)
        for group in range(0, (begin + lines + 3) // 4, LANES):
            groups = load(fields.group, 0) + ((first >> 2) + group)
            n0, n1, n2, n3 = normals(k0, k1, LINE, groups, load(fields.number, 0), number >> 32)
            parts = dealt(n0, n1, n2, n3)
            start = 4 * group - begin
            if start >= 0 and start + TILE <= lines:
                for k in range(4):
                    store(fields.out, row * lines + start + k * LANES, parts[k])
            else:
                for k in range(4):
                    store(fields.tile, k * LANES, parts[k])
                for k in range(max(0, -start), min(TILE, lines - start)):
                    fields.out[row * lines + start + k] = fields.tile[k]
