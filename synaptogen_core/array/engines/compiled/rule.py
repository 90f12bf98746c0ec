"""The compiled twin of `device.switching`: one block of cells through all pulses."""

from __future__ import annotations

import numpy as np

from synaptogen_core.array.engines.compiled.arithmetic import called, inlined, power
from synaptogen_core.array.engines.compiled.bits import bits_of_mask, lowest, mask_of_bits
from synaptogen_core.array.engines.compiled.draw import (
    bring,
    draw,
    fetch,
    horner,
    mixing_of_resistance,
    note_lanes,
)
from synaptogen_core.array.engines.compiled.lanes import (
    LANES,
    copy,
    lanes_of,
    load,
    memory_of,
    select,
    store,
    store_where,
)
from synaptogen_core.device.model.switching import LEAST_THRESHOLD
from synaptogen_core.schema import HRS, IRS, LRS, R_HRS, R_LRS, U_RESET, U_SET

TILE = 128  # cells that go through all pulses together: their state fills the first cache
NEAR = 1 << 15  # cells of which the state lies in the last cache
FEW = 4  # pulses for which it does not pay to bring the state of a tile together


@inlined
def curves(u, c):
    """The twin of `conduction.curves`.

    Parameters
    ----------
    u : lanes of float32
        Voltages [V].
    c : Numbers

    Returns
    -------
    tuple of two lanes of float32
        LLRS(U) and HHRS(U) - LLRS(U) [A].
    """
    low = horner(c.llrs, c.degrees[2], u)
    return low, horner(c.hhrs, c.degrees[1], u) - low


@inlined
def reset(s, i, u, resetting, drawing, c):
    """RESET the lanes from cell `i` on; the next features of those that begin it are there.

    Parameters
    ----------
    s : Cells
        Changed in place.
    i : int
        First cell of the lanes.
    u : lanes of float32
        Voltages [V].
    resetting, drawing : lanes of bool
        Which are reset, and which of these begin it.
    c : Numbers
    """
    full = resetting & (u >= c.u_max)
    partial = resetting & (u < c.u_max)
    end = mixing_of_resistance(load(s.features, (R_HRS, i)), c)
    if bits_of_mask(partial):
        starting = drawing & partial
        if bits_of_mask(starting):
            threshold = load(s.threshold, i)
            low, difference = curves(threshold, c)
            first = low + load(s.r, i) * difference
            low, difference = curves(lanes_of(c.u_max), c)
            last = low + end * difference
            store_where(s.slope, i, (first - last) / power(c.u_max - threshold, c.eta), starting)
            store_where(s.floor, i, last, starting)
        current = load(s.slope, i) * power(c.u_max - u, c.eta) + load(s.floor, i)
        low, difference = curves(u, c)
        store_where(s.r, i, (current - low) / difference, partial)
        store_where(s.code, i, IRS, partial)
    store_where(s.r, i, end, full)
    store_where(s.code, i, HRS, full)
    store_where(s.threshold, i, u, resetting)


@inlined
def apply(s, first, size, volts, row, to_volts, tile, far, work, k0, k1, c):
    """The twin of `switching.apply`: one voltage per cell, for neighbouring cells.

    Parameters
    ----------
    s : Cells
        Changed in place.
    first, size : int
        First cell, and number of cells: a multiple of LANES.
    volts : memory of float32, two-dimensional
        Voltages [V].
    row, to_volts : int
        The voltage of cell i stands in row `row` and column ``i + to_volts``.
    tile : Cells
        Room for a near copy of what a draw reads.
    far : bool
        Whether the cells lie in memory too far to draw from.
    work : Work
    k0, k1 : int64
        Lower and upper half of the seed.
    c : Numbers
    """
    busy, groups, listed = np.int64(0), np.int64(0), np.int64(0)
    for i in range(first, first + size, LANES):
        u = load(volts, (row, i + to_volts))
        code = load(s.code, i)
        high = u > load(s.threshold, i)
        setting = (code != LRS) & (u <= load(s.features, (U_SET, i)))
        resetting = bits_of_mask((code != HRS) & high)
        if bits_of_mask(setting):
            store_where(s.r, i, mixing_of_resistance(load(s.features, (R_LRS, i)), c), setting)
            threshold = load(s.features, (U_RESET, i))
            threshold = select(threshold < LEAST_THRESHOLD, LEAST_THRESHOLD, threshold)
            store_where(s.threshold, i, threshold, setting)
            store_where(s.code, i, LRS, setting)
        if resetting:
            drawing = bits_of_mask((code == LRS) & high)
            work.busy[busy] = i
            work.resetting[busy] = resetting
            work.drawing[busy] = drawing
            busy += 1
            if drawing:
                taken = note_lanes(s, i, drawing, work, groups)
                groups += np.int64(taken != 0)
                left = drawing & ~taken
                while left:
                    work.listed[listed] = i + lowest(left)
                    if far:
                        fetch(s, work.listed[listed], c.slots)
                    listed += 1
                    left &= left - 1
    if far and groups:
        bring(s, first, tile, np.int64(0), size, c.slots)
        draw(s, tile, first, work, groups, listed, k0, k1, c)
    elif groups + listed:
        draw(s, s, np.int64(0), work, groups, listed, k0, k1, c)
    for k in range(busy):
        i = work.busy[k]
        u = load(volts, (row, i + to_volts))
        reset(s, i, u, mask_of_bits(work.resetting[k]), mask_of_bits(work.drawing[k]), c)


@called
def copy_cells(source, first, target, at, size, slots):
    """Copy what changes in some cells' lives from one place to another.

    Parameters
    ----------
    source, first, target, at, size, slots
        As for `draw.bring`.
    """
    for f in range(4):
        for slot in range(slots):
            copy(target.history, (slot, f, at), source.history, (slot, f, first), size)
    copy_rest(source, first, target, at, size)


@inlined
def copy_rest(source, first, target, at, size):
    """Copy what changes in some cells' lives, but for the history.

    Parameters
    ----------
    source, first, target, at, size
        As for `draw.bring`.
    """
    copy(target.count, at, source.count, first, size)
    copy(target.code, at, source.code, first, size)
    copy(target.r, at, source.r, first, size)
    copy(target.threshold, at, source.threshold, first, size)
    copy(target.slope, at, source.slope, first, size)
    copy(target.floor, at, source.floor, first, size)
    for f in range(4):
        copy(target.features, (f, at), source.features, (f, first), size)


@called
def bring_cells(source, first, target, at, size, slots):
    """Copy some cells from one place to another.

    Parameters
    ----------
    source, first, target, at, size, slots
        As for `draw.bring`.
    """
    bring(source, first, target, at, size, slots)
    copy(target.cell, at, source.cell, first, size)
    copy_rest(source, first, target, at, size)


@inlined
def advance(
    source_arrays, target_arrays, start, stop, in_place, tile_arrays, work_arrays, number_arrays, record_arrays, pulses,
    k0, k1,
):  # fmt: skip
    """The twin of `NumpyEngine.advance`. A tile of cells goes through all pulses, then the next one.

    Parameters
    ----------
    source_arrays, target_arrays : Cells
        Where the cells are read, and where they stand afterwards.
    start, stop : int
        First cell, and the one after the last.
    in_place : bool
        Whether source and target are the same memory.
    tile_arrays : Cells
        Scratch for TILE cells.
    work_arrays : Work
    number_arrays : Numbers
    record_arrays : Records
        Receives what is recorded, of cell `start` on.
    pulses : Train
        Its voltages [V] have one column, or one for each cell from `start` on.
    k0, k1 : int64
        Lower and upper half of the seed.
    """
    source, target, tile = memory_of(source_arrays), memory_of(target_arrays), memory_of(tile_arrays)
    work, c = memory_of(work_arrays), memory_of(number_arrays)
    records, volts = memory_of(record_arrays), memory_of(pulses).voltage
    length, one_voltage = pulses.read.size, pulses.voltage.shape[1] == 1
    far = source_arrays.r.size > NEAR
    for first in range(start, stop, TILE):
        size = min(np.int64(TILE), stop - first)
        column = first - start
        padded = (size + LANES - 1) // LANES * LANES
        staged = length >= FEW or padded > size or not in_place
        s, at = (tile, np.int64(0)) if staged else (target, first)
        if staged:
            bring_cells(source, first, tile, np.int64(0), size, c.slots)
            for n in range(size, padded):
                bring_cells(source, first, tile, n, np.int64(1), c.slots)
        for k in range(length):
            if pulses.before[k] >= 0 and record_arrays.features.size:
                for f in range(4):
                    copy(records.features, (f, pulses.before[k], column), s.features, (f, at), size)
            if not pulses.read[k]:
                v, row, to_volts = work.voltage, np.int64(0), -at
                if one_voltage:
                    for n in range(0, padded, LANES):
                        store(work.voltage, (0, n), lanes_of(volts[k, 0]))
                elif padded > size:
                    for n in range(padded):
                        work.voltage[0, n] = volts[k, column + min(n, size - 1)]
                else:
                    v, row, to_volts = volts, np.int64(k), column - at
                apply(s, at, padded, v, row, to_volts, tile, far and not staged, work, k0, k1, c)
            time = pulses.after[k]
            if time >= 0:
                if record_arrays.r.size:
                    copy(records.r, (time, column), s.r, at, size)
                if record_arrays.code.size:
                    copy(records.code, (time, column), s.code, at, size)
                if record_arrays.counts.size:
                    copy(records.counts, (time, column), s.count, at, size)
        if staged:
            copy_cells(tile, np.int64(0), target, first, size, c.slots)
