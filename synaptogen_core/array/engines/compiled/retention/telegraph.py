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
    inline,
    interpolated,
    philox,
)
from synaptogen_core.device.model import random_streams
from synaptogen_core.device.retention import arithmetic, jumps, telegraph, traps
from synaptogen_core.device.retention.jumps import Ns
from synaptogen_core.types import F32

BLOCK, SMALL, TRAP = telegraph.BLOCK, telegraph.SMALL, random_streams.TRAP
ONE = np.uint64(1)


@inline
def uniform(word):
    """The twin of `telegraph.uniform`."""
    return (float(word) + 0.5) * PER_2_32


@inline
def way(u, first, last, x, zero, one, p):
    """The twin of `telegraph._way`, one interval.

    Parameters
    ----------
    u : float
        Uniform.
    first, last : bool
        States at the ends.
    x : float
        Half length in time constants.
    zero, one : float
        Probability of no jump in a half, of both states.
    p : float
        Occupancy.

    Returns
    -------
    int
    """
    gone = x * (1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0))) if x < SMALL else 1.0 - zero * one
    s0, s1 = p, 1.0 - p
    if x < SMALL:
        back0 = p * (1.0 - p) * x * x / 2.0 * (1.0 - x * (1.0 + s0) / 3.0 + x * x * (1.0 + s0 + s0 * s0) / 12.0)
        back1 = p * (1.0 - p) * x * x / 2.0 * (1.0 - x * (1.0 + s1) / 3.0 + x * x * (1.0 + s1 + s1 * s1) / 12.0)
    else:
        back0 = (1.0 - s0 * gone) - zero
        back1 = (1.0 - s1 * gone) - one
    qa, qb = (one if first else zero), (one if last else zero)
    back_a, back_b = (back1 if first else back0), (back1 if last else back0)
    out, other = (s1 * gone if first else s0 * gone), (s0 * gone if first else s1 * gone)
    same = first == last
    inner = back_a if same else out
    w0, w1, w2 = qa * inner, inner * qb, back_a * inner
    w3 = out * (other if same else back_b)
    u = u * (((w0 + w1) + w2) + w3)
    return int(u >= w0) + int(u >= w0 + w1) + int(u >= (w0 + w1) + w2)


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
    depth = math.frexp(BLOCK * tau)[1]
    block = time >> np.uint64(depth)
    zeros = np.uint64(0)
    h0, h1, split, _ = philox(block & LOW, block >> HALF, zeros, zeros, k0, k1)
    t0, _, _, _ = philox((block + ONE) & LOW, (block + ONE) >> HALF, zeros, zeros, k0, k1)
    first, last = uniform(h0) < p, uniform(t0) < p
    x = math.ldexp(1.0, depth) / tau
    zero, one = exp(-p * x), exp(-(1.0 - p) * x)
    if first == last:
        stay = 1.0 - ((1.0 - p) if first else p) * (1.0 - zero * one)
        if uniform(h1) * stay < (one if first else zero):
            return first
    node, fresh, left, right = ONE, False, zeros, zeros
    while True:
        zero, one, x = math.sqrt(zero), math.sqrt(one), x * 0.5
        chosen = way(uniform(split), first, last, x, zero, one, p)
        middle = first if (chosen == 0 or chosen == 2) else (last if chosen == 1 else not first)
        depth -= 1
        bit = (time >> np.uint64(depth)) & ONE
        if bit:
            first = middle
        else:
            last = middle
        if chosen == int(bit) or depth == 0:
            return first
        node = node + node + bit
        fresh = not fresh
        if fresh:
            split, left, right, _ = philox(block & LOW, block >> HALF, node & LOW, node >> HALF, k0, k1)
        else:
            split = right if bit else left


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
