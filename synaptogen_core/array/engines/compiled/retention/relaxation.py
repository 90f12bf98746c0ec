"""The compiled twin of `device.retention.jumps`: one cell after the other, the same operations in the same order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from synaptogen_core.array.engines.compiled.caching import compiled, stamp
from synaptogen_core.device.model import random_streams
from synaptogen_core.device.retention import arithmetic, jumps
from synaptogen_core.device.retention.jumps import Ns
from synaptogen_core.types import F32, U32

ODD = np.array(arithmetic.ODD)
TAYLOR = np.array(arithmetic.TAYLOR)
LN2_HIGH, LN2_LOW, PER_LN2 = arithmetic.LN2_HIGH, arithmetic.LN2_LOW, arithmetic.PER_LN2
ROOT_HALF, EXP_LIMIT, PER_2_32 = arithmetic.ROOT_HALF, arithmetic.EXP_LIMIT, arithmetic.PER_2_32
NEVER, LATEST, MOST_JUMPS = jumps.NEVER, jumps.LATEST, jumps.MOST_JUMPS
LEAST_CONDUCTANCE = jumps.LEAST_CONDUCTANCE
RELAX, ROUNDS = random_streams.RELAX, random_streams.ROUNDS
M0, M1 = (np.uint64(m) for m in random_streams.MULTIPLIERS)
STEP0, STEP1 = (np.uint64(k) for k in random_streams.KEY_STEPS)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
SIGN = np.uint64(1 << 31)

NEAR = 1e-9  # e-folds, far more than the functions err

inline = njit(nogil=True, error_model="numpy", inline="always")


@inline
def philox(x0, x1, x2, x3, k0, k1):
    """The twin of `random_streams.philox`, one counter.

    Parameters
    ----------
    x0, x1, x2, x3, k0, k1 : uint64
        Words of the counter and of the key, each below 2**32.

    Returns
    -------
    tuple of four uint64
        Words.
    """
    for _ in range(ROUNDS):
        p0 = x0 * M0
        p1 = x2 * M1
        x0, x1 = (p1 >> HALF) ^ x1 ^ k0, p1 & LOW
        x2, x3 = (p0 >> HALF) ^ x3 ^ k1, p0 & LOW
        k0 = (k0 + STEP0) & LOW
        k1 = (k1 + STEP1) & LOW
    return x0, x1, x2, x3


@inline
def log(x):
    """The twin of `arithmetic.log`."""
    part, exponent = math.frexp(x)
    if part < ROOT_HALF:
        part = part + part
        exponent -= 1
    whole = float(exponent)
    s = (part - 1.0) / (part + 1.0)
    square = s * s
    y = ODD[0]
    for k in range(1, ODD.size):
        y = y * square + ODD[k]
    return whole * LN2_HIGH + (whole * LN2_LOW + s * y)


@inline
def exp(x):
    """The twin of `arithmetic.exp`."""
    x = min(max(x, -EXP_LIMIT), EXP_LIMIT)
    whole = math.floor(x * PER_LN2 + 0.5)
    part = (x - whole * LN2_HIGH) - whole * LN2_LOW
    y = TAYLOR[0]
    for k in range(1, TAYLOR.size):
        y = y * part + TAYLOR[k]
    return math.ldexp(y, int(whole))


@inline
def exponential(word):
    """The twin of `arithmetic.exponential`."""
    return -log((float(word) + 0.5) * PER_2_32)


@inline
def interpolated(g, nodes, table):
    """The twin of `jumps.interpolated`, one conductance.

    Parameters
    ----------
    g : float
        [S].
    nodes, table : ndarray of float64, shape (k,)

    Returns
    -------
    float
    """
    right = np.searchsorted(nodes, g, side="right")
    low, high = max(right - 1, 0), min(right, nodes.size - 1)
    if low == high:
        return table[low] + 0.0 * (table[high] - table[low])
    return table[low] + (g - nodes[low]) / (nodes[high] - nodes[low]) * (table[high] - table[low])


@inline
def coordinate(g, corner):
    """The twin of `jumps.coordinate`, one conductance.

    Parameters
    ----------
    g, corner : float
        [S].

    Returns
    -------
    float
    """
    return g if g >= corner else corner * (1.0 + log(g / corner))


@inline
def conductance(y, corner):
    """The twin of `jumps.conductance`, one coordinate.

    Parameters
    ----------
    y, corner : float
        [S].

    Returns
    -------
    float
    """
    return y if y >= corner else corner * exp(y / corner - 1.0)


def _entry(number: int) -> Any:
    """The function that Python calls."""

    def relax(k0, k1, cell, births, r, age, due, seen, nodes, spread_of, rate_of, mean_of, t0, corner, g_low, window):
        if not number:
            return
        for n in range(cell.size):
            if due[n] > age[n]:
                continue
            exact = np.float64(r[n])
            g = max(g_low - exact * window, LEAST_CONDUCTANCE)
            rate, spread = interpolated(g, nodes, rate_of), interpolated(g, nodes, spread_of)
            mean = interpolated(g, nodes, mean_of)
            step = mean / rate
            scale = math.sqrt(max(spread * spread - mean * step, 0.0) / (2.0 * rate))
            moved, u, later = 0.0, 0.0, np.int64(NEVER)
            now = log(1.0 + age[n] / t0)  # spares most exponentials; how near one may be is told by them alone
            low, high = np.uint64(cell[n]) & LOW, np.uint64(cell[n]) >> HALF
            for jump in range(MOST_JUMPS):
                address = np.uint64((RELAX << 16) | jump)
                w0, w1, w2, _ = philox(low, high, np.uint64(births[n]), address, k0, k1)
                u += exponential(w0) / rate
                if u >= now - NEAR:
                    if u >= LATEST:
                        break
                    reached = np.ceil((exp(u) - 1.0) * t0)  # a float: it may be beyond all integers
                    if reached >= NEVER:
                        break
                    if np.int64(reached) > age[n]:
                        later = np.int64(reached)
                        break
                size = scale * exponential(w1)
                moved += step + (size if w2 < SIGN else -size)
            due[n] = later
            if moved == 0.0:
                seen[n] = r[n]
            else:
                after = conductance(coordinate(g, corner) + moved, corner)
                seen[n] = np.float32(exact - (after - g) / window)

    return compiled(relax)


_relax = _entry(stamp((random_streams, arithmetic, jumps)))


def relax(
    seed: int, cell: NDArray[np.uint64], births: U32, r: F32, age: Ns, due: Ns, seen: F32, law: jumps.Numbers
) -> None:
    """Bring the cells whose jump is due up to their age, in place: `due` [ns] and `seen`, what a read finds.

    Parameters
    ----------
    seed : int
    cell, births, r, age
        As for `jumps.relaxed`; shapes (n,).
    due : ndarray of int64, shape (n,)
        Age of the next jump [ns]; 0 where it is not known.
    seen : ndarray of float32, shape (n,)
        Mixing variable that a read finds.
    law : jumps.Numbers
    """
    k0, k1 = np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)
    tables = (law.nodes, law.spread, law.rate, law.mean)
    _relax(k0, k1, cell, births, r, age, due, seen, *tables, law.t0, law.corner, law.g_low, law.window)
