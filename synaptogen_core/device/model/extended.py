"""The draw of a device of format 2: slow memory, break-in, coordinates, stuck runs. This file is the specification.

Float32, in a fixed order of operations; the compiled twin gives the same bits. What a cell remembers beside the fast
part stands in the last slots of its history: the slow part, then what is left of its break-in, then whether it is stuck
(0, 1 high, 2 low; in the first row).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.extension import Extension, slow_factor
from synaptogen_core.device.model import arithmetic, random_streams
from synaptogen_core.device.model.arithmetic import fused, lower_product
from synaptogen_core.device.recursion import cholesky
from synaptogen_core.device.shapes import SEGMENTS, Curve, straight
from synaptogen_core.schema import R_HRS, R_LRS
from synaptogen_core.types import F32, F64, U32

PER_LN2 = 1.4426950408889634
FORGOTTEN = np.float32(1e-6)  # of a coordinate: what is left of a break-in that is smaller is nothing
BREAK_IN_DRAW = 3  # sub-draw of a device; 0 to 2 are its own


@dataclass(frozen=True, eq=False)
class Tables:
    """Curves of the four features, as `shapes.Table`."""

    first: F32  # (4,)
    per_step: F32  # (4,): 1/step
    values: F32  # (4, SEGMENTS)
    slopes: F32  # (4, SEGMENTS)


@dataclass(frozen=True, eq=False)
class Extended:
    """Read-only float32 copies of an extension."""

    slots: int  # beside the history of the fast part
    fast: F32  # (4,) sqrt(1 - w)
    slow: F32  # (4,) sqrt(w)
    persistence: F32  # (4,)
    slow_b: F32  # (4, 4)
    slow_start: F32  # (4, 4)
    decay: F32  # (4,)
    break_in_mean: F32  # (4,)
    break_in_factor: F32  # (4, 4)
    shape: Tables
    warp: Tables
    warped: NDArray[np.bool_]  # (4,)
    logarithmic: NDArray[np.bool_]  # (4,)
    sign: F32  # (4,)
    offset: F32  # (4,)
    has_slow: bool
    has_break_in: bool
    has_stuck: bool
    enter: F32  # (2,): a uniform number below enter[0] makes a working cell stuck high, else below enter[1] low
    leave: F32  # (2,): one below leave[k] ends a run
    begin: F32  # (2,): as enter, for a new cell

    @property
    def slow_slot(self) -> int:
        """From the last slot of the fast part on."""
        return 0

    @property
    def break_in_slot(self) -> int:
        """From the last slot of the fast part on."""
        return int(self.has_slow)

    @property
    def stuck_slot(self) -> int:
        """From the last slot of the fast part on."""
        return int(self.has_slow) + int(self.has_break_in)


@lru_cache(maxsize=64)
def extended(extension: Extension) -> Extended:
    """The constants of an extension."""
    coordinates = extension.coordinates
    slow, break_in, stuck = extension.slow, extension.break_in, extension.stuck
    nothing, unit = np.zeros(4), np.eye(4)
    share = nothing if slow is None else slow.share
    line = straight()
    rate, length = (np.zeros(2), np.ones(2)) if stuck is None else (stuck.rate, stuck.length)
    found = np.zeros(2) if stuck is None else stuck.share
    return Extended(
        slots=extension.slots,
        fast=_f32(np.sqrt(1 - share)),
        slow=_f32(np.sqrt(share)),
        persistence=_f32(nothing if slow is None else slow.persistence),
        slow_b=_f32(unit if slow is None else slow_factor(slow)),
        slow_start=_f32(unit if slow is None else cholesky(slow.correlation)),
        decay=_f32(nothing if break_in is None else break_in.decay),
        break_in_mean=_f32(nothing if break_in is None else break_in.mean),
        break_in_factor=_f32(unit if break_in is None else break_in.factor),
        shape=_tables([c.shape for c in coordinates]),
        warp=_tables([line if c.warp is None else c.warp for c in coordinates]),
        warped=_frozen(np.array([c.warp is not None for c in coordinates])),
        logarithmic=_frozen(np.array([c.scale == "log10" for c in coordinates])),
        sign=_f32(np.array([float(c.sign) for c in coordinates])),
        offset=_f32(np.array([c.offset for c in coordinates])),
        has_slow=slow is not None,
        has_break_in=break_in is not None,
        has_stuck=stuck is not None,
        enter=_f32(np.cumsum(rate)),
        leave=_f32(1 / length),
        begin=_f32(np.cumsum(found)),
    )


def _tables(curves: list[Curve]) -> Tables:
    tables = [curve.table for curve in curves]
    return Tables(
        _f32(np.array([t.first for t in tables])),
        _f32(np.array([1 / t.step for t in tables])),
        _f32(np.array([t.values for t in tables])),
        _f32(np.array([t.slopes for t in tables])),
    )


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _f32(array: F64) -> F32:
    return _frozen(np.ascontiguousarray(array, dtype=np.float32))


def lookup(tables: Tables, row: int, x: F32) -> F32:
    """One of the curves.

    Parameters
    ----------
    tables : Tables
    row : int
        Which feature.
    x : ndarray of float32, any shape

    Returns
    -------
    ndarray of float32, shape of `x`
    """
    place = (x - tables.first[row]) * tables.per_step[row]
    index = np.rint(np.minimum(np.maximum(place, np.float32(0)), np.float32(SEGMENTS - 1)))
    which = index.astype(np.intp)
    return fused(tables.slopes[row][which], place - index, tables.values[row][which])


def slow_step(s: F32, normals: F32, c: Extended) -> F32:
    """The slow parts of the next cycle, shape (4, n), from those before and four normals.

    Parameters
    ----------
    s : ndarray of float32, shape (4, n)
        The parts in the cycle before.
    normals : ndarray of float32, shape (4, n)
    c : Extended

    Returns
    -------
    ndarray of float32, shape (4, n)
    """
    result = lower_product(c.slow_b, normals)
    for i in range(4):
        result[i] = fused(s[i], c.persistence[i], result[i])
    return result


def break_in_step(rest: F32, c: Extended) -> F32:
    """What is left of a break-in one cycle later, shape (4, n).

    Parameters
    ----------
    rest : ndarray of float32, shape (4, n)
        What was left in the cycle before.
    c : Extended

    Returns
    -------
    ndarray of float32, shape (4, n)
    """
    later = rest * c.decay[:, None]
    return np.where(np.abs(later) < FORGOTTEN, np.float32(0), later)


def stuck_step(stuck: F32, uniform: F32, c: Extended) -> F32:
    """Whether cells are stuck one cycle later: 0, 1 high, 2 low; shape (n,).

    Parameters
    ----------
    stuck : ndarray of float32, shape (n,)
        In the cycle before.
    uniform : ndarray of float32, shape (n,)
        Numbers in (0, 1].
    c : Extended

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    ends = uniform < np.where(stuck == 1, c.leave[0], c.leave[1])
    return np.where(stuck == 0, _entered(uniform, c.enter), np.where(ends, np.float32(0), stuck))


def _entered(uniform: F32, limits: F32) -> F32:
    return np.where(uniform < limits[0], np.float32(1), np.where(uniform < limits[1], np.float32(2), np.float32(0)))


def features_of(f: F32, rest: F32, mu: F32, sigma: F32, c: Extended) -> F32:
    """Features of normal vectors and of what else a cell remembers.

    Parameters
    ----------
    f : ndarray of float32, shape (4, n)
        The fast part.
    rest : ndarray of float32, shape (slots, 4, n)
        The other slots.
    mu, sigma : ndarray of float32, shape (4, n)
    c : Extended

    Returns
    -------
    ndarray of float32, shape (4, n)
        R_HRS [ohm], U_SET [V], R_LRS [ohm], U_RESET [V].
    """
    y = np.empty_like(f)
    for i in range(4):
        x = f[i]
        if c.has_slow:
            x = fused(rest[c.slow_slot, i], c.slow[i], x * c.fast[i])
        v = fused(sigma[i], lookup(c.shape, i, x), mu[i])
        if c.has_break_in:
            v = v + rest[c.break_in_slot, i]
        if c.warped[i]:
            v = lookup(c.warp, i, v)
        if c.logarithmic[i]:
            v = (arithmetic.exp10(v) + c.offset[i]) * c.sign[i]
        y[i] = v
    if c.has_stuck:
        stuck = rest[c.stuck_slot, 0]
        y[R_LRS] = np.where(stuck == 1, y[R_HRS], y[R_LRS])
        y[R_HRS] = np.where(stuck == 2, y[R_LRS], y[R_HRS])
    return y


def first_rest(cell: NDArray[np.uint64], seed: int, start: str, c: Extended) -> F32:
    """The slots of new cells beside their fast history, shape (slots, 4, n).

    Parameters
    ----------
    cell : ndarray of uint64, shape (n,)
        Addresses.
    seed : int
    start : {"stationary", "empty"}
        Empty: no slow part, and no cell is stuck.
    c : Extended

    Returns
    -------
    ndarray of float32, shape (slots, 4, n)
    """
    rest = np.zeros((c.slots, 4, cell.size), np.float32)
    stationary = start == "stationary"
    if c.has_slow and stationary:
        rest[c.slow_slot] = lower_product(c.slow_start, random_streams.normals(seed, random_streams.SLOW, cell, 0))
    if c.has_break_in:
        normals = random_streams.normals(seed, random_streams.DEVICE, cell, 0, BREAK_IN_DRAW)
        rest[c.break_in_slot] = lower_product(c.break_in_factor, normals) + c.break_in_mean[:, None]
    if c.has_stuck and stationary:
        uniform = random_streams.uniforms(seed, random_streams.STUCK, cell, 0)[0]
        rest[c.stuck_slot, 0] = _entered(uniform, c.begin)
    return rest


def noise(seed: int, cell: NDArray[np.uint64], count: U32, c: Extended) -> F32:
    """What cycle `count` of each cell takes beside four normals: four more, and a uniform number, as it has parts.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    count : ndarray of uint32, shape (n,)
    c : Extended

    Returns
    -------
    ndarray of float32, shape (rows, n)
    """
    rows = [np.empty((0, cell.size), np.float32)]
    if c.has_slow:
        rows.append(random_streams.normals(seed, random_streams.SLOW, cell, count))
    if c.has_stuck:
        rows.append(random_streams.uniforms(seed, random_streams.STUCK, cell, count)[:1])
    return np.concatenate(rows)


def next_rest(rest: F32, noise: F32, c: Extended) -> F32:
    """The slots beside the fast history one cycle later, with the noise of that cycle; shape (slots, 4, n).

    Parameters
    ----------
    rest : ndarray of float32, shape (slots, 4, n)
    noise : ndarray of float32, shape (rows, n)
        From `noise`.
    c : Extended

    Returns
    -------
    ndarray of float32, shape (slots, 4, n)
    """
    new = np.zeros_like(rest)
    if c.has_slow:
        new[c.slow_slot] = slow_step(rest[c.slow_slot], noise[:4], c)
    if c.has_break_in:
        new[c.break_in_slot] = break_in_step(rest[c.break_in_slot], c)
    if c.has_stuck:
        new[c.stuck_slot, 0] = stuck_step(rest[c.stuck_slot, 0], noise[-1], c)
    return new
