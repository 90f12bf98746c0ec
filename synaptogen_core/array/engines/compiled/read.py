"""The compiled twins of a current, a conductance and a noisy read, at one voltage, of cells one after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines.compiled.arithmetic import inlined, normals
from synaptogen_core.array.engines.compiled.bits import dealt
from synaptogen_core.array.engines.compiled.lanes import LANES, load, memory_of, root, select, store
from synaptogen_core.device.model import random_streams
from synaptogen_core.types import F32, U32

READ = random_streams.READ
TILE = 4 * LANES  # cells that share the calls of one group of lanes


class ReadCells(NamedTuple):
    """Cells, their currents, and scratch."""

    r: F32  # (n,)
    current: F32  # (n,) [A]
    group: NDArray[np.uint64]  # (LANES,) groups of four cells, from the first one on
    number: U32  # (LANES,)
    tile: F32  # (TILE,) r, then the current, of a tile that is not whole

    @classmethod
    def of(cls, r: F32, current: F32) -> ReadCells:
        """With new scratch.

        Parameters
        ----------
        r : ndarray of float32, shape (n,)
            Mixing variable.
        current : ndarray of float32, shape (n,)
            Receives the currents [A].

        Returns
        -------
        ReadCells
        """
        words = np.empty(LANES, np.uint64), np.empty(LANES, np.uint32)
        return cls(r, current, *words, np.empty(TILE, np.float32))


class Line(NamedTuple):
    """Cells, and what is asked of them."""

    r: F32  # (n,)
    out: F32  # (n,) currents [A] or conductances [S]


class ReadNumbers(NamedTuple):
    """The curves at the read voltage, and the factors of the noise."""

    low: np.float32
    difference: np.float32
    low_g: np.float32
    difference_g: np.float32
    johnson: np.float32
    shot: np.float32


@inlined
def between(r_array, out_array, low, difference):
    """The twin of the last step of `conduction.current` and `conduction.conductance`: between two curves.

    Parameters
    ----------
    r_array : ndarray of float32, shape (n,)
        Mixing variable.
    out_array : ndarray of float32, shape (n,)
        Receives currents [A] or conductances [S].
    low, difference : float32
        The curves at the voltage [A] or [S].
    """
    fields = memory_of(Line(r_array, out_array))
    size = r_array.size
    for k in range(0, size - LANES + 1, LANES):
        store(fields.out, k, load(fields.r, k) * difference + low)
    for k in range(size // LANES * LANES, size):
        fields.out[k] = fields.r[k] * difference + low


@inlined
def magnitude(x):
    """Absolute value of lanes."""
    return select(x < np.float32(0), x * np.float32(-1), x)


@inlined
def noisy(r, normal, numbers):
    """The twin of `read_noise.noisy_current`, with the normals given.

    Parameters
    ----------
    r : lanes of float32
        Mixing variable.
    normal : lanes of float32
    numbers : ReadNumbers

    Returns
    -------
    lanes of float32
        Currents [A].
    """
    i = r * numbers.difference + numbers.low
    g = r * numbers.difference_g + numbers.low_g
    sd = root(magnitude(g) * numbers.johnson + magnitude(i) * numbers.shot)
    return i + sd * normal


@inlined
def read(cell_arrays, numbers, first, number, k0, k1):
    """Read neighbouring cells with noise: one call of the generator serves four of them.

    Parameters
    ----------
    cell_arrays : ReadCells
        n cells; receives their currents [A].
    numbers : ReadNumbers
    first : int64
        Address of the first cell; the others follow it.
    number : int64
        Which read of the array.
    k0, k1 : int64
        Lower and upper half of the seed.
    """
    cells = memory_of(cell_arrays)
    begin, size = first & 3, cell_arrays.r.size
    for k in range(LANES):
        cells.number[k] = np.uint32(number & 0xFFFFFFFF)
        cells.group[k] = np.uint64(k)
    for group in range(0, (begin + size + 3) // 4, LANES):
        groups = load(cells.group, 0) + ((first >> 2) + group)
        n0, n1, n2, n3 = normals(k0, k1, READ, groups, load(cells.number, 0), number >> 32)
        parts = dealt(n0, n1, n2, n3)
        start = 4 * group - begin
        if start >= 0 and start + TILE <= size:
            for k in range(4):
                i = start + k * LANES
                store(cells.current, i, noisy(load(cells.r, i), parts[k], numbers))
        else:
            low, high = max(0, -start), min(TILE, size - start)
            for k in range(TILE):
                cells.tile[k] = cells.r[start + k] if low <= k < high else np.float32(0)
            for k in range(4):
                store(cells.tile, k * LANES, noisy(load(cells.tile, k * LANES), parts[k], numbers))
            for k in range(low, high):
                cells.current[start + k] = cells.tile[k]
