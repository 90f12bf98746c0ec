"""Relaxation, carried out: which jumps a cell has made at an age, and when its next one is due. The specification.

Jump i of a birth has one address, (seed, RELAX, cell, births before, i), and one call of the generator: one word says
when, two say how far. So where a cell stands depends on its birth and its age alone, whatever was asked before. When a
jump is due is a whole number of nanoseconds, so comparing needs no rounding. The compiled twin gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import random_streams
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.device.retention.arithmetic import exp, exponential, log
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.types import F32, F64, U32

Ns = NDArray[np.int64]
NEVER = 2**62  # ns: 146 years, which no clock reaches
LATEST = 40.0  # e-folds after which nothing is due any more
LEAST_CONDUCTANCE = 1e-12  # S: a cell of less, or of none, counts as one of so much
MOST_JUMPS = 65536  # as many as have an address


@dataclass(frozen=True, eq=False)
class Numbers:
    """A law and a device's conductances, as plain numbers for both engines."""

    nodes: F64  # (k,) [S]
    spread: F64  # (k,)
    rate: F64  # (k,)
    mean: F64  # (k,)
    t0: float  # ns
    corner: float  # S
    g_low: float  # G_LLRS [S], where r = 0
    window: float  # G_LLRS - G_HHRS [S]


@lru_cache(maxsize=64)
def numbers(law: RetentionLaw, device: ModelNumbers) -> Numbers:
    """What both engines need of a law for the cells of a device.

    Parameters
    ----------
    law : RetentionLaw
    device : ModelNumbers

    Returns
    -------
    Numbers
    """
    nodes, spread, rate, mean = (np.array(table) for table in (law.conductance, law.spread, law.rate, law.mean))
    g_low, window = float(device.g_llrs), float(device.g_llrs - device.g_hhrs)
    return Numbers(nodes, spread, rate, mean, law.t0 * 1e9, law.corner, g_low, window)


def interpolated(g: F64, nodes: F64, table: F64) -> F64:
    """Linear between the nodes, held beyond them.

    Parameters
    ----------
    g : ndarray of float64, shape (n,)
        Conductances [S].
    nodes, table : ndarray of float64, shape (k,)
        [S], and what belongs to them.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    right = np.searchsorted(nodes, g, side="right")
    low, high = np.maximum(right - 1, 0), np.minimum(right, nodes.size - 1)
    width = np.where(low == high, 1.0, nodes[high] - nodes[low])
    share = np.where(low == high, 0.0, (g - nodes[low]) / width)
    return np.asarray(table[low] + share * (table[high] - table[low]))


def coordinate(g: F64, corner: float) -> F64:
    """Y of a conductance: G above the corner Gc, Gc (1 + ln(G/Gc)) below.

    Parameters
    ----------
    g : ndarray of float64, any shape
        Above zero [S].
    corner : float
        Gc [S].

    Returns
    -------
    ndarray of float64, shape of `g`
        [S].
    """
    return np.where(g >= corner, g, corner * (1.0 + log(np.minimum(g, corner) / corner)))


def conductance(y: F64, corner: float) -> F64:
    """The way back from `coordinate`.

    Parameters
    ----------
    y : ndarray of float64, any shape
        [S].
    corner : float
        Gc [S].

    Returns
    -------
    ndarray of float64, shape of `y`
        Above zero [S].
    """
    return np.where(y >= corner, y, corner * exp(np.minimum(y, corner) / corner - 1.0))


def due_at(u: F64, t0: float) -> Ns:
    """The age at which logarithmic time u is reached, rounded up.

    Parameters
    ----------
    u : ndarray of float64, shape (n,)
        e-folds.
    t0 : float
        [ns].

    Returns
    -------
    ndarray of int64, shape (n,)
        [ns]; `NEVER` beyond 146 years.
    """
    age = np.ceil((exp(np.minimum(u, LATEST)) - 1.0) * t0)
    return np.where((u < LATEST) & (age < NEVER), np.minimum(age, NEVER), NEVER).astype(np.int64)


def walk(seed: int, cell: NDArray[np.uint64], births: U32, g: F64, age: Ns, law: Numbers) -> tuple[F64, Ns]:
    """How far Y has moved at an age, and the age at which the next jump is due.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    births : ndarray of uint32, shape (n,)
        Times that the clock knows the cell to have been switched at.
    g : ndarray of float64, shape (n,)
        Conductance at birth [S].
    age : ndarray of int64, shape (n,)
        [ns].
    law : Numbers

    Returns
    -------
    moved : ndarray of float64, shape (n,)
        [S].
    due : ndarray of int64, shape (n,)
        [ns].
    """
    rate, spread, mean = (interpolated(g, law.nodes, table) for table in (law.rate, law.spread, law.mean))
    step = mean / rate
    scale = np.sqrt(np.maximum(spread * spread - mean * step, 0.0) / (2.0 * rate))
    moved, due, u = np.zeros(cell.size), np.full(cell.size, NEVER), np.zeros(cell.size)
    open_, number = np.arange(cell.size), 0
    while open_.size and number < MOST_JUMPS:
        word = random_streams.words(seed, random_streams.RELAX, cell[open_], births[open_], number)
        u[open_] += exponential(word[0]) / rate[open_]
        due[open_] = due_at(u[open_], law.t0)
        here = due[open_] <= age[open_]
        jumping, word = open_[here], word[:, here]
        size = scale[jumping] * exponential(word[1])
        moved[jumping] += step[jumping] + np.where(word[2] < 2**31, size, -size)
        open_, number = jumping, number + 1
    due[open_] = NEVER
    return moved, due


def relaxed(seed: int, cell: NDArray[np.uint64], births: U32, r: F32, age: Ns, law: Numbers) -> tuple[F32, Ns]:
    """The mixing variable that a read finds at an age, and the age at which that changes next.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    births : ndarray of uint32, shape (n,)
    r : ndarray of float32, shape (n,)
        Mixing variable as programmed.
    age : ndarray of int64, shape (n,)
        [ns].
    law : Numbers

    Returns
    -------
    ndarray of float32, shape (n,)
        To the bit `r` where the cell has not jumped.
    due : ndarray of int64, shape (n,)
        [ns].
    """
    exact = r.astype(np.float64)
    g = np.maximum(law.g_low - exact * law.window, LEAST_CONDUCTANCE)
    moved, due = walk(seed, cell, births, g, age, law)
    after = conductance(coordinate(g, law.corner) + moved, law.corner)
    found = (exact - (after - g) / law.window).astype(np.float32)
    return np.where(moved == 0.0, r, found), due
