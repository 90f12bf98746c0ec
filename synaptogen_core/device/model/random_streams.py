"""Chance with an address: every random number is a function of (seed, purpose, cell, count, sub-draw).

So a result depends neither on blocks, threads, order nor machine; cell 7 of an array of a billion is cell 7 computed
alone. The generator is Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC'11, doi 10.1145/2063384.2063405); one call gives the four normals of one cell and cycle, by Box and Muller.

The counter words are: cell (low, high 32 bits), count, ``purpose << 16 | sub-draw``; the key is the 64-bit seed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import arithmetic
from synaptogen_core.types import F32, U32

STREAM_VERSION = 2
DEVICE, START, CYCLE, READ, PULSE, LINE = range(6)
SLOW, STUCK = 8, 9  # of devices of format 2
RELAX, TRAP = 16, 17  # jumps of a cell that was programmed; its telegraph traps

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW_WORD = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox(counter: U32, key: tuple[int, int] | tuple[NDArray[np.uint64], NDArray[np.uint64]]) -> U32:
    """Philox 4x32-10.

    Parameters
    ----------
    counter : ndarray of uint32, shape (4, n)
        The counter words, the first one first.
    key : tuple of two int, or of two ndarray of uint64, shape (n,)
        The key words, each below 2**32.

    Returns
    -------
    ndarray of uint32, shape (4, n)
    """
    x0, x1, x2, x3 = (word.astype(np.uint64) for word in counter)
    k0, k1 = (np.asarray(k, np.uint64) for k in key)
    m0, m1 = (np.uint64(m) for m in MULTIPLIERS)
    for _ in range(ROUNDS):
        p0 = x0 * m0
        p1 = x2 * m1
        x0, x1 = (p1 >> HALF) ^ x1 ^ k0, p1 & LOW_WORD
        x2, x3 = (p0 >> HALF) ^ x3 ^ k1, p0 & LOW_WORD
        k0, k1 = (k0 + KEY_STEPS[0]) & LOW_WORD, (k1 + KEY_STEPS[1]) & LOW_WORD
    return np.stack([x0, x1, x2, x3]).astype(np.uint32)


def words(
    seed: int,
    purpose: int,
    cell: NDArray[np.integer],
    count: int | NDArray[np.integer],
    sub: int | NDArray[np.integer] = 0,
) -> U32:
    """The four random words at an address.

    Parameters
    ----------
    seed : int
        0 <= seed < 2**64.
    purpose : int
        One of `DEVICE`, `START`, `CYCLE`, `READ`, `PULSE`, `LINE`, `RELAX`, `TRAP`.
    cell : ndarray of integers, shape (n,)
        Cell (or, for `LINE`, line) numbers below 2**64.
    count : int or ndarray of integers, shape (n,)
        Cycle, read or pulse number, below 2**32.
    sub : int or ndarray of integers, shape (n,)
        Sub-draw, below 2**16.

    Returns
    -------
    ndarray of uint32, shape (4, n)
    """
    wide = np.asarray(cell).astype(np.uint64)
    counter = np.empty((4, wide.size), np.uint32)
    counter[0] = (wide & LOW_WORD).astype(np.uint32)
    counter[1] = (wide >> HALF).astype(np.uint32)
    counter[2] = count
    counter[3] = (purpose << 16) | sub
    return philox(counter, (seed & 0xFFFFFFFF, seed >> 32))


def unit_interval(word: U32) -> F32:
    """Words to float32 in (0, 1]: the middle of each of 2**31 cells, rounded; 1 comes out with probability 2**-25."""
    return (word >> np.uint32(1)).view(np.int32).astype(np.float32) * np.float32(2.0**-31) + np.float32(2.0**-32)


def uniforms(
    seed: int,
    purpose: int,
    cell: NDArray[np.integer],
    count: int | NDArray[np.integer],
    sub: int | NDArray[np.integer] = 0,
) -> F32:
    """Four uniform numbers in (0, 1] at each address.

    Parameters
    ----------
    seed : int
        0 <= seed < 2**64.
    purpose, cell, count, sub
        The address, as for `words`.

    Returns
    -------
    ndarray of float32, shape (4, n)

    References
    ----------
    Philox 4x32-10: Salmon et al. 2011, doi 10.1145/2063384.2063405.
    """
    return unit_interval(words(seed, purpose, cell, count, sub))


def normals(
    seed: int,
    purpose: int,
    cell: NDArray[np.integer],
    count: int | NDArray[np.integer],
    sub: int | NDArray[np.integer] = 0,
) -> F32:
    """Four standard normal numbers at each address, at most 6.7 in absolute value.

    Parameters
    ----------
    seed : int
        0 <= seed < 2**64.
    purpose, cell, count, sub
        The address, as for `words`.

    Returns
    -------
    ndarray of float32, shape (4, n)

    References
    ----------
    Philox 4x32-10: Salmon et al. 2011, doi 10.1145/2063384.2063405. Box and Muller 1958, Ann. Math. Stat. 29, 610, on
    two pairs of words.
    """
    return normals_of(words(seed, purpose, cell, count, sub))


def normals_of(word: U32) -> F32:
    """Words, shape (4, n), to standard normals, shape (4, n), float32."""
    result = np.empty(word.shape, np.float32)
    for pair in (0, 2):
        radius = np.sqrt(np.float32(-2) * arithmetic.log(unit_interval(word[pair])))
        sine, cosine = arithmetic.sine_cosine(word[pair + 1])
        np.multiply(radius, cosine, out=result[pair])
        np.multiply(radius, sine, out=result[pair + 1])
    return result
