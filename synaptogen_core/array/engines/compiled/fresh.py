"""The compiled twin of `variability.fresh_cells`."""

from __future__ import annotations

import numpy as np

from synaptogen_core.array.engines.compiled import extended
from synaptogen_core.array.engines.compiled.arithmetic import exp2, exp10, inlined, innovation, normals, words
from synaptogen_core.array.engines.compiled.bits import bits_of_mask, fused
from synaptogen_core.array.engines.compiled.draw import mixing_of_resistance, shape
from synaptogen_core.array.engines.compiled.lanes import (
    LANES,
    lanes_of,
    load,
    low_word,
    memory_of,
    select,
    store,
    store_where,
    wide_of,
)
from synaptogen_core.device.model import random_streams
from synaptogen_core.schema import HRS, R_HRS, U_RESET

DEVICE, START, CYCLE = random_streams.DEVICE, random_streams.START, random_streams.CYCLE


@inlined
def draw_devices(s, i, cell, zero, scratch, c, k0, k1):
    """The twin of `variability.draw_devices`, for the lanes from cell `i` on.

    Parameters
    ----------
    s : Cells
        Receives component, mu and sigma.
    i : int
        First cell of the lanes.
    cell : lanes of int64
        Addresses.
    zero : lanes of int32
        Zeros: the count.
    scratch : memory of float32, shape (8 or more, LANES)
    c : Numbers
    k0, k1 : int64
        Lower and upper half of the seed.
    """
    word, _, _, _ = words(k0, k1, DEVICE, cell, zero, 2)
    wide = wide_of(word)
    component = wide & 0
    for k in range(c.components - 1):
        component = component + select(wide >= np.int64(c.limits[k]), (wide & 0) + 1, 0)
    store(s.component, i, low_word(component))
    for sub in range(2):
        n0, n1, n2, n3 = normals(k0, k1, DEVICE, cell, zero, sub)
        store(scratch, (4 * sub, 0), n0)
        store(scratch, (4 * sub + 1, 0), n1)
        store(scratch, (4 * sub + 2, 0), n2)
        store(scratch, (4 * sub + 3, 0), n3)
    for k in range(c.components):
        chosen = component == k
        if bits_of_mask(chosen):
            for row in range(8):
                total = load(scratch, (0, 0)) * c.factors[k, row, 0]
                for j in range(1, row + 1):
                    total = fused(load(scratch, (j, 0)), c.factors[k, row, j], total)
                total = total + c.means[k, row]
                if row < 4:
                    store_where(s.mu, (row, i), total, chosen)
                else:
                    if c.parts[0]:
                        total = exp2(total)
                    floor = c.sigma_floor[row - 4]
                    total = select(total < floor, floor, total)
                    store_where(s.sigma, (row - 4, i), total, chosen)


@inlined
def draw_history(s, i, cell, zero, scratch, c, k0, k1):
    """The stationary history of `variability.fresh_cells`, for the lanes from cell `i` on.

    Parameters
    ----------
    s : Cells
        Receives the history.
    i, cell, zero, c, k0, k1
        As for `draw_devices`.
    scratch : memory of float32, shape (4p or more, LANES)
    """
    factor, history = c.start, s.history
    for lag in range(c.order):
        n0, n1, n2, n3 = normals(k0, k1, START, cell, zero, lag)
        j = 4 * lag
        store(scratch, (j, 0), n0)
        store(scratch, (j + 1, 0), n1)
        store(scratch, (j + 2, 0), n2)
        store(scratch, (j + 3, 0), n3)
        # These four rows of the product need no later normals. Zeros start the sums where there is nothing before them.
        n = load(scratch, (0, 0))
        x0, x1, x2, x3 = n * factor[j, 0], n * factor[j + 1, 0], n * factor[j + 2, 0], n * factor[j + 3, 0]
        for k in range(1, j):
            n = load(scratch, (k, 0))
            x0 = fused(n, factor[j, k], x0)
            x1 = fused(n, factor[j + 1, k], x1)
            x2 = fused(n, factor[j + 2, k], x2)
            x3 = fused(n, factor[j + 3, k], x3)
        if j > 0:
            x0 = fused(n0, factor[j, j], x0)
            x1 = fused(n0, factor[j + 1, j], x1)
            x2 = fused(n0, factor[j + 2, j], x2)
            x3 = fused(n0, factor[j + 3, j], x3)
        slot = c.order - lag if lag > 0 else 0
        store(history, (slot, 0, i), x0)
        store(history, (slot, 1, i), fused(n1, factor[j + 1, j + 1], x1))
        x2 = fused(n2, factor[j + 2, j + 2], fused(n1, factor[j + 2, j + 1], x2))
        store(history, (slot, 2, i), x2)
        x3 = fused(n2, factor[j + 3, j + 2], fused(n1, factor[j + 3, j + 1], x3))
        x3 = fused(n3, factor[j + 3, j + 3], x3)
        store(history, (slot, 3, i), x3)


@inlined
def shape_fresh(s, i, c):
    """Features of new cells, for the lanes from cell `i` on.

    Parameters
    ----------
    s : Cells
    i : int
    c : Numbers
    """
    for f in range(4):
        z = shape(c.gamma, c.degrees[0], f, load(s.history, (0, f, i)))
        y = fused(load(s.sigma, (f, i)), z, load(s.mu, (f, i)))
        if f == R_HRS:
            y = exp10(y)
        store(s.features, (f, i), y)


@inlined
def fill(state_arrays, scratch_arrays, number_arrays, stationary, k0, k1):
    """Make new cells at the addresses ``state.cell``, at least LANES of them.

    Parameters
    ----------
    state_arrays : Cells
        At least LANES cells; all but the addresses is filled.
    scratch_arrays : Normals
    number_arrays : Numbers
    stationary : bool
        Draw the history from the stationary law; False: start it with zeros.
    k0, k1 : int64
        Lower and upper half of the seed.
    """
    s, scratch, c = memory_of(state_arrays), memory_of(scratch_arrays).normals, memory_of(number_arrays)
    total = state_arrays.r.size
    for start in range(0, total, LANES):
        i = min(start, total - LANES)  # the last group overlaps the one before: making a cell twice changes nothing
        cell = load(s.cell, i)
        zero = low_word(cell & 0)
        draw_devices(s, i, cell, zero, scratch, c, k0, k1)
        if stationary:
            draw_history(s, i, cell, zero, scratch, c, k0, k1)
        else:
            nothing = lanes_of(np.float32(0))
            for lag in range(c.order):
                for f in range(4):
                    store(s.history, (lag, f, i), nothing)
            n0, n1, n2, n3 = normals(k0, k1, CYCLE, cell, zero, 0)
            x0, x1, x2, x3 = innovation(n0, n1, n2, n3, c.b)
            store(s.history, (0, 0, i), x0)
            store(s.history, (0, 1, i), x1)
            store(s.history, (0, 2, i), x2)
            store(s.history, (0, 3, i), x3)
        if c.parts[0]:
            extended.first_rest(s, i, cell, zero, stationary, c, k0, k1)
            extended.first_features(s, i, c)
        else:
            shape_fresh(s, i, c)
        store(s.r, i, mixing_of_resistance(load(s.features, (R_HRS, i)), c))
        store(s.threshold, i, load(s.features, (U_RESET, i)))
        store(s.slope, i, lanes_of(np.float32(0)))
        store(s.floor, i, lanes_of(np.float32(0)))
        store(s.count, i, zero)
        store(s.code, i, zero + HRS)
