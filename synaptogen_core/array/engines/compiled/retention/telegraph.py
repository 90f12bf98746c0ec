"""The compiled twin of `device.retention.telegraph`: cell after cell, the same operations in the same order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines.compiled.caching import compiled, stamp
from synaptogen_core.array.engines.compiled.retention import relaxation
from synaptogen_core.array.engines.compiled.retention.relaxation import (
    HALF,
    LOW,
    PER_2_32,
    exp,
    exponential,
    inline,
    interpolated,
    philox,
)
from synaptogen_core.device.model import random_streams
from synaptogen_core.device.retention import arithmetic, jumps, telegraph, traps
from synaptogen_core.device.retention.jumps import Ns
from synaptogen_core.types import F32

TRAP = random_streams.TRAP
ONE = np.uint64(1)


@inline
def uniform(word):
    """The twin of `telegraph.uniform`."""
    return (float(word) + 0.5) * PER_2_32


@inline
def occupied(k0, k1, tau, time, p):
    """The twin of `telegraph.occupied`, one trap.

    Parameters
    ----------
    k0, k1 : uint64
        Its key.
    tau : float
        Its time constant [ns].
    time : uint64
        [ns].
    p : float
        Occupancy.

    Returns
    -------
    bool
    """
    depth = np.uint64(math.frexp(tau)[1])
    block, zero = time >> depth, np.uint64(0)
    length = math.ldexp(1.0, int(depth))
    back = length - float(time - (block << depth))
    while True:
        at, call, mark = 0.0, zero, zero
        while True:
            gap, mark, later, its = philox(block & LOW, block >> HALF, call, zero, k0, k1)
            at += exponential(gap) * tau
            if at >= back:
                break
            mark = its
            at += exponential(later) * tau
            if at >= back:
                break
            call += ONE
        if at < length:
            return uniform(mark) < p
        block -= ONE
        back = 0.0


def _entry(number: int) -> Any:
    """The function that Python calls."""

    def flicker(k0, k1, cell, r, out, time, nodes, size, up_to, shortest, ratio, p, g_low, window):
        if not number:
            return
        purpose, zeros = np.uint64(TRAP << 16), np.uint64(0)
        for n in range(cell.size):
            low, high = np.uint64(cell[n]) & LOW, np.uint64(cell[n]) >> HALF
            word, _, _, _ = philox(low, high, zeros, purpose, k0, k1)
            traps = np.searchsorted(up_to, uniform(word), side="right")
            taken = 0
            for trap in range(traps):
                w0, _, w2, w3 = philox(low, high, np.uint64(trap), purpose | ONE, k0, k1)
                tau = exp(shortest + uniform(w0) * ratio)
                taken += int(occupied(w2, w3, tau, np.uint64(time[n]), p))
            exact = np.float64(r[n])
            g = max(g_low - exact * window, 0.0)
            share = interpolated(g, nodes, size) * (taken - traps * p)
            out[n] = np.float32(exact - g * share / window)

    return compiled(flicker)


_flicker = _entry(stamp((random_streams, arithmetic, jumps, traps, telegraph, relaxation)))


def flickering(seed: int, cell: NDArray[np.uint64], r: F32, out: F32, time: Ns, law: telegraph.Numbers) -> None:
    """The mixing variable that a read finds at a time, with the traps as they are then.

    Parameters
    ----------
    seed : int
    cell, r
        As for `telegraph.flickering`; shapes (n,).
    out : ndarray of float32, shape (n,)
        Receives it.
    time : ndarray of int64, shape (n,)
        Of the array [ns].
    law : telegraph.Numbers
    """
    k0, k1 = np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)
    tables = (law.nodes, law.size, law.up_to, law.shortest, law.ratio, law.occupancy, law.g_low, law.window)
    _flicker(k0, k1, cell, r, out, time, *tables)
