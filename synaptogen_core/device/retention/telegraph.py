"""Telegraph traps, carried out: which are occupied at a time, whatever was asked before. The specification.

Trap k of a cell has an address, (seed, TRAP, cell, k), which gives its time constant and a key of its own. A two-state
chain of relaxation rate 1/tau and occupancy p is a Poisson process of rate 1/tau at whose events the state is drawn
anew, occupied with probability p: P(z stays z) = s + (1 - s) e^(-t/tau), s the share of z, is that of drawing again
with probability 1 - e^(-t/tau). So the state at a time is what the last event before it has drawn. Time is cut into
blocks of 2^d ns, one to two time constants long, each with events of its own, drawn from its end backwards; where a
block has none before the time that is asked for, the last one of the block before it is the one. So the chain is exact
at every nanosecond, and a time costs some three calls of the generator. The compiled twin gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import random_streams
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.device.retention.arithmetic import PER_2_32, exp, exponential, log
from synaptogen_core.device.retention.jumps import Ns, interpolated
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.types import F32, F64, U32, Bools

LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
U64 = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Traps and a device's conductances, as plain numbers for both engines."""

    nodes: F64  # (k,) [S]
    size: F64  # (k,)
    up_to: F64  # (most,) probability of at most 0, 1, 2 ... traps
    shortest: float  # logarithm of it in ns
    ratio: float  # logarithm of longest/shortest
    occupancy: float
    g_low: float  # G_LLRS [S], where r = 0
    window: float  # G_LLRS - G_HHRS [S]


@lru_cache(maxsize=64)
def numbers(traps: Traps, device: ModelNumbers) -> Numbers:
    """What both engines need of traps for the cells of a device.

    Parameters
    ----------
    traps : Traps
    device : ModelNumbers

    Returns
    -------
    Numbers
    """
    shortest, longest = (float(log(np.array(t * 1e9))) for t in (traps.shortest, traps.longest))
    mean = traps.density * (longest - shortest)
    one, up_to = float(exp(np.array(-mean))), np.empty(traps.most)
    total = 0.0
    for k in range(traps.most):
        total += one
        up_to[k] = total
        one = one * mean / (k + 1)
    low, window = float(device.g_llrs), float(device.g_llrs - device.g_hhrs)
    tables = np.array(traps.conductance), np.array(traps.size)
    return Numbers(*tables, up_to, shortest, longest - shortest, traps.occupancy, low, window)


def uniform(word: U32) -> F64:
    """Words as numbers between 0 and 1."""
    return (word.astype(np.float64) + 0.5) * PER_2_32


def how_many(seed: int, cell: U64, law: Numbers) -> NDArray[np.intp]:
    """Traps of each cell.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    law : Numbers

    Returns
    -------
    ndarray of int, shape (n,)
    """
    word = random_streams.words(seed, random_streams.TRAP, cell, 0)
    return np.searchsorted(law.up_to, uniform(word[0]), side="right")


def time_constant(seed: int, cell: U64, number: int, law: Numbers) -> tuple[F64, tuple[U64, U64]]:
    """Time constants of one trap of each cell [ns], and its key.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    number : int
        Of the trap, from 0.
    law : Numbers

    Returns
    -------
    ndarray of float64, shape (n,)
    tuple of two ndarray of uint64, shape (n,)
    """
    word = random_streams.words(seed, random_streams.TRAP, cell, number, 1)
    key = word[2].astype(np.uint64), word[3].astype(np.uint64)
    return exp(law.shortest + uniform(word[0]) * law.ratio), key


def occupied(seed: int, cell: U64, number: int, time: int | Ns, law: Numbers) -> Bools:
    """Whether one trap of each cell is occupied.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    number : int
        Of the trap, from 0.
    time : int, or ndarray of int64, shape (n,)
        Of the array [ns].
    law : Numbers

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    tau, key = time_constant(seed, cell, number, law)
    depth = np.frexp(tau)[1].astype(np.uint64)
    now = np.broadcast_to(np.asarray(time, np.uint64), cell.shape)
    block = now >> depth
    length = np.ldexp(1.0, depth.astype(np.int32))
    back = length - (now - (block << depth)).astype(np.float64)  # ns, from the end of the block
    state, at, call = np.zeros(cell.size, np.bool_), np.zeros(cell.size), np.zeros(cell.size, np.uint64)
    seeking = np.arange(cell.size)
    while seeking.size:
        word = _words(block[seeking], call[seeking], (key[0][seeking], key[1][seeking]))
        call[seeking] += np.uint64(1)
        on = np.ones(seeking.size, np.bool_)
        for gap, mark in ((0, 1), (2, 3)):
            here = seeking[on]
            at[here] += exponential(word[gap, on]) * tau[here]
            state[here] = uniform(word[mark, on]) < law.occupancy
            on &= at[seeking] < back[seeking]
        none = seeking[at[seeking] >= length[seeking]]  # no event before that time: the last one of an earlier block
        block[none] -= np.uint64(1)
        at[none], back[none], call[none] = 0.0, 0.0, 0
        on[at[seeking] == 0.0] = True
        seeking = seeking[on]
    return state


def _words(block: U64, call: U64, key: tuple[U64, U64]) -> U32:
    """The words of a call of a block: a gap and a mark, twice."""
    return random_streams.philox(np.stack([block & LOW, block >> HALF, call, call * 0]).astype(np.uint32), key)


def flickering(seed: int, cell: U64, r: F32, time: int | Ns, law: Numbers) -> F32:
    """The mixing variable that a read finds, with the traps as they are at that time.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    r : ndarray of float32, shape (n,)
        Without traps.
    time : int, or ndarray of int64, shape (n,)
        Of the array [ns].
    law : Numbers

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    traps, taken = how_many(seed, cell, law), np.zeros(cell.size, np.intp)
    now = np.broadcast_to(np.asarray(time, np.int64), cell.shape)
    for number in range(int(traps.max(initial=0))):
        here = np.flatnonzero(traps > number)
        taken[here] += occupied(seed, cell[here], number, now[here], law)
    exact = r.astype(np.float64)
    g = np.maximum(law.g_low - exact * law.window, 0.0)
    share = interpolated(g, law.nodes, law.size) * (taken - traps * law.occupancy)
    return (exact - g * share / law.window).astype(np.float32)
