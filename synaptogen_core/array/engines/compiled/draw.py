"""The compiled twin of `device.variability`: normals to features, for lanes of cells, and for scattered ones."""

from __future__ import annotations

import numpy as np

from synaptogen_core.array.engines.compiled import extended
from synaptogen_core.array.engines.compiled.arithmetic import ONE, box_muller, called, exp10, inlined, innovation, words
from synaptogen_core.array.engines.compiled.bits import bits_of_mask, four, fused, lowest, mask_of_bits, ones, prefetch
from synaptogen_core.array.engines.compiled.lanes import (
    LANES,
    copy,
    lanes_of,
    load,
    load4,
    store,
    store4,
    store_where,
)
from synaptogen_core.device.model import random_streams
from synaptogen_core.schema import R_HRS

CYCLE = random_streams.CYCLE
DENSE = LANES // 2  # from so many equal cells on, drawing for all lanes is cheaper than for each cell


@inlined
def horner(coefficients, length, x):
    """The twin of `conduction.horner`.

    Parameters
    ----------
    coefficients : memory of float32, shape (length,)
        Highest power first.
    length : int
    x : lanes of float32

    Returns
    -------
    lanes of float32
    """
    y = lanes_of(coefficients[0])
    for k in range(1, length):
        y = y * x + coefficients[k]
    return y


@inlined
def mixing_of_resistance(resistance, c):
    """The twin of `conduction.mixing_of_resistance`.

    Parameters
    ----------
    resistance : lanes of float32
        At the read voltage [ohm].
    c : Numbers

    Returns
    -------
    lanes of float32
    """
    return (c.g_llrs - ONE / resistance) * c.inverse_window


@inlined
def shape(gamma, length, row, x):
    """The polynomial gamma of one feature, one fused step per coefficient.

    Parameters
    ----------
    gamma : memory of float32, shape (4, length)
        Highest power first.
    length : int
    row : int
        Which feature.
    x : lanes of float32

    Returns
    -------
    lanes of float32
    """
    z = lanes_of(gamma[row, 0])
    for k in range(1, length):
        z = fused(z, x, gamma[row, k])
    return z


@inlined
def note_lanes(s, i, drawing, work, groups):
    """Put lanes that stand at one cycle on the bench, as a group that draws at once.

    Too few of them are not taken: they are drawn cell by cell.

    Parameters
    ----------
    s : Cells
    i : int
        First cell of the lanes.
    drawing : int64
        Bits of the lanes that are to draw; not 0.
    work : Work
        Filled from entry `groups` on.
    groups : int
        Number of groups that are there already.

    Returns
    -------
    int64
        Bits of the lanes that were taken, or 0.
    """
    count = (np.int64(s.count[i + lowest(drawing)]) + 1) & 0xFFFFFFFF
    counts = load(s.count, i) + 1
    same = bits_of_mask(mask_of_bits(drawing) & (counts == count))
    if ones(same) < DENSE:
        return np.int64(0)
    work.group[groups] = i
    work.group_bits[groups] = same
    work.group_count[groups] = count
    store(work.cell, groups * LANES, load(s.cell, i))
    store(work.count, groups * LANES, counts)
    return same


@inlined
def fetch(s, i, slots):
    """Have the memory fetched that a draw of cell `i` reads.

    Parameters
    ----------
    s : Cells
    i : int
        The cell.
    slots : int
        Of the history.
    """
    for f in range(4):
        prefetch(s.mu, (f, i))
        prefetch(s.sigma, (f, i))
        for slot in range(slots):
            prefetch(s.history, (slot, f, i))


@inlined
def bring(source, first, target, at, size, slots):
    """Copy what a draw reads.

    Parameters
    ----------
    source, target : Cells
    first, at : int
        First cell in `source`, and its place in `target`.
    size : int
        Number of cells.
    slots : int
        Of the history.
    """
    for f in range(4):
        copy(target.mu, (f, at), source.mu, (f, first), size)
        copy(target.sigma, (f, at), source.sigma, (f, first), size)
        for slot in range(slots):
            copy(target.history, (slot, f, at), source.history, (slot, f, first), size)


@called
def draw(s, past, ahead, work, groups, listed, k0, k1, c):
    """Draw the next cycle of the noted groups of lanes and of the listed cells.

    Short loops over everything that draws, each with few steps that wait for each other: so the processor finds
    enough to do at once.

    Parameters
    ----------
    s : Cells
        Changed in place.
    past : Cells
        Where the cells' past is read: `s`, or a copy that lies near.
    ahead : int
        Cell i of `s` is cell i - `ahead` of `past`.
    work : Work
    groups, listed : int
        Number of noted groups, and of cells in ``work.listed``.
    k0, k1 : int64
        Lower and upper half of the seed.
    c : Numbers
    """
    first = groups * LANES
    for k in range(listed):
        n = work.listed[k]
        work.cell[first + k] = s.cell[n]
        work.count[first + k] = s.count[n] + np.uint32(1)
    total = first + (listed + LANES - 1) // LANES * LANES
    for k in range(first + listed, total):
        work.cell[k] = work.cell[k - 1]
        work.count[k] = work.count[k - 1]
    for k in range(0, total, LANES):
        w0, w1, w2, w3 = words(k0, k1, CYCLE, load(work.cell, k), load(work.count, k), 0)
        store(work.words, (0, k), w0)
        store(work.words, (1, k), w1)
        store(work.words, (2, k), w2)
        store(work.words, (3, k), w3)
    for k in range(0, total, LANES):
        n0, n1 = box_muller(load(work.words, (0, k)), load(work.words, (1, k)))
        n2, n3 = box_muller(load(work.words, (2, k)), load(work.words, (3, k)))
        x0, x1, x2, x3 = innovation(n0, n1, n2, n3, c.b)
        store(work.x, (0, k), x0)
        store(work.x, (1, k), x1)
        store(work.x, (2, k), x2)
        store(work.x, (3, k), x3)
    if c.parts[0]:
        extended.noise(work, total, k0, k1, c)
    if groups:
        draw_groups(s, past, ahead, work, groups, c)
    if listed:
        draw_listed(s, past, ahead, work, listed, first, c)


@inlined
def next_vectors(s, past, ahead, work, groups, c):
    """The twin of `variability.next_vector`, for the noted groups of lanes.

    Parameters
    ----------
    s, past, ahead, work, groups, c
        As for `draw`; ``work.x`` holds the innovations, then the vectors.
    """
    for g in range(groups):
        i, k, slot = work.group[g], g * LANES, work.group_count[g] % c.order
        position = slot
        x0, x1, x2, x3 = load(work.x, (0, k)), load(work.x, (1, k)), load(work.x, (2, k)), load(work.x, (3, k))
        for lag in range(c.order):
            slot = c.order - 1 if slot == 0 else slot - 1
            for j in range(4):
                x = load(past.history, (slot, j, i - ahead))
                x0 = fused(x, c.columns[lag, j, 0], x0)
                x1 = fused(x, c.columns[lag, j, 1], x1)
                x2 = fused(x, c.columns[lag, j, 2], x2)
                x3 = fused(x, c.columns[lag, j, 3], x3)
        same = mask_of_bits(work.group_bits[g])
        store_where(s.history, (position, 0, i), x0, same)
        store_where(s.history, (position, 1, i), x1, same)
        store_where(s.history, (position, 2, i), x2, same)
        store_where(s.history, (position, 3, i), x3, same)
        store(work.x, (0, k), x0)
        store(work.x, (1, k), x1)
        store(work.x, (2, k), x2)
        store(work.x, (3, k), x3)


@inlined
def draw_groups(s, past, ahead, work, groups, c):
    """Vectors and features of the noted groups of lanes.

    Parameters
    ----------
    s, past, ahead, work, groups, c
        As for `draw`; ``work.x`` holds the innovations.
    """
    next_vectors(s, past, ahead, work, groups, c)
    if c.parts[0]:
        extended.group_features(s, past, ahead, work, groups, c)
        return
    for g in range(groups):
        i, k = work.group[g], g * LANES
        same = mask_of_bits(work.group_bits[g])
        for f in range(4):
            z = shape(c.gamma, c.degrees[0], f, load(work.x, (f, k)))
            y = fused(load(past.sigma, (f, i - ahead)), z, load(past.mu, (f, i - ahead)))
            if f == R_HRS:
                y = exp10(y)
            store_where(s.features, (f, i), y, same)
        store_where(s.count, i, load(work.count, k), same)


@inlined
def shape_listed(work, listed, first, c):
    """Features of the listed cells in the place of their vectors.

    Parameters
    ----------
    work, listed, first, c
        As for `draw_listed`.
    """
    for m in range(0, listed, LANES):
        for f in range(4):
            z = shape(c.gamma, c.degrees[0], f, load(work.x, (f, first + m)))
            y = fused(load(work.sigma, (f, m)), z, load(work.mu, (f, m)))
            if f == R_HRS:
                y = exp10(y)
            store(work.x, (f, first + m), y)


@inlined
def draw_listed(s, past, ahead, work, listed, first, c):
    """Vectors and features of the cells of ``work.listed``, wherever they lie and whatever cycle each has reached.

    Parameters
    ----------
    s, past, ahead, work, listed, c
        As for `draw`; ``work.x`` holds the innovations.
    first : int
        Column of ``work.x`` of the first listed cell.
    """
    for m in range(listed):
        n, k = work.listed[m], first + m
        position = np.int64(work.count[k]) % c.order
        x = four(work.x[0, k], work.x[1, k], work.x[2, k], work.x[3, k])
        slot = position
        for lag in range(c.order):
            slot = c.order - 1 if slot == 0 else slot - 1
            for j in range(4):
                x = fused(load4(c.columns, (lag, j, 0)), past.history[slot, j, n - ahead], x)
        store4(work.one, 0, x)
        for f in range(4):
            work.x[f, k] = work.one[f]
            s.history[position, f, n] = work.one[f]
            work.mu[f, m] = past.mu[f, n - ahead]
            work.sigma[f, m] = past.sigma[f, n - ahead]
        if c.parts[0]:
            extended.listed_rest(s, past, n, n - ahead, work, k, m, c)
        s.count[n] = work.count[k]
    if c.parts[0]:
        extended.listed_features(s, work, listed, first, c)
    else:
        shape_listed(work, listed, first, c)
    for m in range(listed):
        for f in range(4):
            s.features[f, work.listed[m]] = work.x[f, first + m]
