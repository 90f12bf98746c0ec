"""Telegraph traps, carried out: which are occupied at a time, whatever was asked before. The specification.

Trap k of a cell has an address, (seed, TRAP, cell, k), which gives its time constant and a key of its own. Time is cut
into blocks of 2^d ns, 64 to 128 time constants, at whose ends the states are independent, and each block is halved
around the asked time. What is known of an interval: the states at its ends, and whether it is quiet, without any jump.
One that is not is split by a word of its own in four ways, whose exact probabilities follow from

    P(z stays z) = 1 - s (1 - e^-x),   P(no jump) = e^(-s x),   x = length/tau,   s = p in state 0, 1 - p in state 1,

so that the chain is exact at every nanosecond, and halving ends as soon as an interval is quiet. The compiled twin
gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import random_streams
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.device.retention.arithmetic import PER_2_32, exp, log
from synaptogen_core.device.retention.jumps import Ns, interpolated
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.types import F32, F64, U32, Bools

BLOCK = 64.0  # time constants that are forgotten: e^-64 is 2e-28
SMALL = 1e-3  # of a time constant, below which differences of exponentials are series
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
    depth = np.frexp(BLOCK * tau)[1].astype(np.uint64)
    now = np.broadcast_to(np.asarray(time, np.uint64), cell.shape)
    block = now >> depth
    head, tail = (_words(part, np.zeros_like(block), key) for part in (block, block + np.uint64(1)))
    first, last = uniform(head[0]) < law.occupancy, uniform(tail[0]) < law.occupancy
    x = np.ldexp(1.0, depth.astype(np.int32)) / tau
    stays = exp(-law.occupancy * x), exp(-(1.0 - law.occupancy) * x)  # of both states, without a jump
    quiet = np.where(first, stays[1], stays[0])
    stay = 1.0 - np.where(first, 1.0 - law.occupancy, law.occupancy) * (1.0 - stays[0] * stays[1])
    moving = np.flatnonzero((first != last) | (uniform(head[1]) * stay >= quiet))
    node, split, spare = np.ones_like(block), head[2].copy(), np.zeros((2, cell.size), np.uint32)
    fresh = False
    while moving.size:
        stays = np.sqrt(stays[0]), np.sqrt(stays[1])
        x = x * 0.5
        way = _way(uniform(split[moving]), first[moving], last[moving], x[moving], stays, moving, law.occupancy)
        a, b = first[moving], last[moving]
        middle = np.where((way == 0) | (way == 2), a, np.where(way == 1, b, ~a))
        depth[moving] -= np.uint64(1)
        right = ((now[moving] >> depth[moving]) & np.uint64(1)).astype(np.bool_)
        first[moving], last[moving] = np.where(right, middle, a), np.where(right, b, middle)
        on = (way != np.where(right, 1, 0)) & (depth[moving] > 0)
        node[moving] = 2 * node[moving] + right
        split[moving] = np.where(right, spare[1, moving], spare[0, moving])
        moving, fresh = moving[on], not fresh
        if fresh:  # one call serves a node and both its halves
            word = _words(block[moving], node[moving], (key[0][moving], key[1][moving]))
            split[moving], spare[:, moving] = word[0], word[1:3]
    return np.asarray(first)


def _words(block: U64, node: U64, key: tuple[U64, U64]) -> U32:
    """The words of a node of a block's tree: 0 for its beginning, and then as in a heap."""
    counter = np.stack([block & LOW, block >> HALF, node & LOW, node >> HALF]).astype(np.uint32)
    return random_streams.philox(counter, key)


def _way(
    u: F64, first: Bools, last: Bools, x: F64, stays: tuple[F64, F64], where: NDArray[np.intp], p: float
) -> NDArray[np.intp]:
    """How intervals that are not quiet fall into two halves.

    Parameters
    ----------
    u : ndarray of float64, shape (m,)
        Uniform.
    first, last : ndarray of bool, shape (m,)
        States at the ends.
    x : ndarray of float64, shape (m,)
        Half lengths in time constants.
    stays : two ndarray of float64, shape (n,)
        Probability of no jump in a half, of both states.
    where : ndarray of int, shape (m,)
        Which of them.
    p : float
        Occupancy.

    Returns
    -------
    ndarray of int, shape (m,)
        0: the left half is quiet; 1: the right one is; 2 and 3: none, with the state of the left end, or the other one,
        in the middle.
    """
    zero, one = stays[0][where], stays[1][where]
    small = x < SMALL
    gone = np.where(small, x * (1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0))), 1.0 - zero * one)
    q, swap, back = [], [], []
    for alone, s in ((zero, p), (one, 1.0 - p)):
        q.append(alone)
        swap.append(s * gone)
        series = p * (1.0 - p) * x * x / 2.0 * (1.0 - x * (1.0 + s) / 3.0 + x * x * (1.0 + s + s * s) / 12.0)
        back.append(np.where(small, series, (1.0 - s * gone) - alone))  # there and back again
    qa, qb = np.where(first, q[1], q[0]), np.where(last, q[1], q[0])
    back_a, back_b = np.where(first, back[1], back[0]), np.where(last, back[1], back[0])
    out, other = np.where(first, swap[1], swap[0]), np.where(first, swap[0], swap[1])
    same = first == last
    w0 = qa * np.where(same, back_a, out)
    w1 = np.where(same, back_a, out) * qb
    w2 = back_a * np.where(same, back_a, out)
    w3 = out * np.where(same, other, back_b)
    u = u * (((w0 + w1) + w2) + w3)
    return np.asarray((u >= w0).astype(np.intp) + (u >= w0 + w1) + (u >= (w0 + w1) + w2))


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
