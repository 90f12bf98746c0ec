"""The compiled twin of `device.model.extended`: what a device of format 2 draws beside the fast part."""

from __future__ import annotations

import numpy as np

from synaptogen_core.array.engines.compiled.arithmetic import (
    ROUNDER,
    ROUNDER_BITS,
    exp10,
    inlined,
    innovation,
    normals,
    unit_interval,
    words,
)
from synaptogen_core.array.engines.compiled.bits import four, fused, gather, mask_of_bits
from synaptogen_core.array.engines.compiled.lanes import (
    LANES,
    bits_of,
    lanes_of,
    load,
    load4,
    select,
    store,
    store4,
    store_where,
)
from synaptogen_core.device.model import extended, random_streams
from synaptogen_core.device.shapes import SEGMENTS
from synaptogen_core.schema import R_HRS, R_LRS

DEVICE, SLOW, STUCK = random_streams.DEVICE, random_streams.SLOW, random_streams.STUCK
BREAK_IN_DRAW = extended.BREAK_IN_DRAW
FORGOTTEN = extended.FORGOTTEN
NOTHING, HIGH, LOW = np.float32(0), np.float32(1), np.float32(2)
LAST = np.float32(SEGMENTS - 1)
WARPED, LOGARITHMIC = 1, 2  # bits of `Numbers.kinds`


@inlined
def lookup(first, per_step, values, slopes, f, x):
    """The twin of `extended.lookup`.

    Parameters
    ----------
    first, per_step : memory of float32, shape (4,)
    values, slopes : memory of float32, shape (4, SEGMENTS)
    f : int
        Which feature.
    x : lanes of float32

    Returns
    -------
    lanes of float32
    """
    place = (x - first[f]) * per_step[f]
    inside = select(place < NOTHING, NOTHING, place)
    rounded = select(inside > LAST, LAST, inside) + ROUNDER
    which = bits_of(rounded) - ROUNDER_BITS
    return fused(gather(slopes, f, which), place - (rounded - ROUNDER), gather(values, f, which))


@inlined
def coordinate(f, x, slow, rest, mu, sigma, c):
    """One feature of `extended.features_of`, before cells are stuck.

    Parameters
    ----------
    f : int
        Which feature.
    x, slow, rest, mu, sigma : lanes of float32
        The fast part, the slow part, what is left of the break-in, and the cells' own numbers.
    c : Numbers

    Returns
    -------
    lanes of float32
    """
    if c.parts[1] >= 0:
        x = fused(slow, c.slow[f], x * c.fast[f])
    v = fused(sigma, lookup(c.shape_first, c.shape_per_step, c.shape_values, c.shape_slopes, f, x), mu)
    if c.parts[2] >= 0:
        v = v + rest
    if c.kinds[f] & WARPED:
        v = lookup(c.warp_first, c.warp_per_step, c.warp_values, c.warp_slopes, f, v)
    if c.kinds[f] & LOGARITHMIC:
        v = (exp10(v) + c.offset[f]) * c.sign[f]
    return v


@inlined
def break_in_step(rest, decay):
    """The twin of `extended.break_in_step`.

    Parameters
    ----------
    rest : lanes of float32
    decay : float32

    Returns
    -------
    lanes of float32
    """
    later = rest * decay
    return select((later < FORGOTTEN) & (later > -FORGOTTEN), NOTHING, later)


@inlined
def entered(uniform, limits):
    """Whether working cells get stuck: 0, 1 high, 2 low.

    Parameters
    ----------
    uniform : lanes of float32
    limits : memory of float32, shape (2,)

    Returns
    -------
    lanes of float32
    """
    return select(uniform < limits[0], HIGH, select(uniform < limits[1], lanes_of(LOW), NOTHING))


@inlined
def stuck_step(stuck, uniform, c):
    """The twin of `extended.stuck_step`.

    Parameters
    ----------
    stuck, uniform : lanes of float32
    c : Numbers

    Returns
    -------
    lanes of float32
    """
    ends = uniform < select(stuck == HIGH, lanes_of(c.leave[0]), c.leave[1])
    return select(stuck == NOTHING, entered(uniform, c.enter), select(ends, NOTHING, stuck))


@inlined
def noise(work, total, k0, k1, c):
    """The twin of `extended.noise`, of the cells in ``work.cell``: innovations of the slow part, and a uniform number.

    Parameters
    ----------
    work : Work
    total : int
        Number of cells, a multiple of LANES.
    k0, k1 : int64
        Lower and upper half of the seed.
    c : Numbers
    """
    if c.parts[1] >= 0:
        for k in range(0, total, LANES):
            n0, n1, n2, n3 = normals(k0, k1, SLOW, load(work.cell, k), load(work.count, k), 0)
            x0, x1, x2, x3 = innovation(n0, n1, n2, n3, c.slow_b)
            store(work.slow, (0, k), x0)
            store(work.slow, (1, k), x1)
            store(work.slow, (2, k), x2)
            store(work.slow, (3, k), x3)
    if c.parts[3] >= 0:
        for k in range(0, total, LANES):
            word, _, _, _ = words(k0, k1, STUCK, load(work.cell, k), load(work.count, k), 0)
            store(work.uniform, k, unit_interval(word))


@inlined
def group_features(s, past, ahead, work, groups, c):
    """Features of the noted groups of lanes, whose fast vectors are in ``work.x``; see `draw.draw_groups`.

    Parameters
    ----------
    s, past, ahead, work, groups, c
        As for `draw.draw`.
    """
    slow_slot, rest_slot, stuck_slot = c.parts[1], c.parts[2], c.parts[3]
    zero = lanes_of(NOTHING)
    for g in range(groups):
        i, k = work.group[g], g * LANES
        same = mask_of_bits(work.group_bits[g])
        for f in range(4):
            slow, rest = zero, zero
            if slow_slot >= 0:
                slow = fused(load(past.history, (slow_slot, f, i - ahead)), c.persistence[f], load(work.slow, (f, k)))
                store_where(s.history, (slow_slot, f, i), slow, same)
            if rest_slot >= 0:
                rest = break_in_step(load(past.history, (rest_slot, f, i - ahead)), c.decay[f])
                store_where(s.history, (rest_slot, f, i), rest, same)
            mu, sigma = load(past.mu, (f, i - ahead)), load(past.sigma, (f, i - ahead))
            store(work.x, (f, k), coordinate(f, load(work.x, (f, k)), slow, rest, mu, sigma, c))
        if stuck_slot >= 0:
            stuck = stuck_step(load(past.history, (stuck_slot, 0, i - ahead)), load(work.uniform, k), c)
            store_where(s.history, (stuck_slot, 0, i), stuck, same)
            freeze_cells(work, k, stuck)
        for f in range(4):
            store_where(s.features, (f, i), load(work.x, (f, k)), same)
        store_where(s.count, i, load(work.count, k), same)


@inlined
def freeze_cells(work, k, stuck):
    """Give stuck cells one resistance.

    Parameters
    ----------
    work : Work
        Features from column `k` of ``work.x`` on.
    k : int
    stuck : lanes of float32
    """
    high, low = load(work.x, (R_HRS, k)), load(work.x, (R_LRS, k))
    store(work.x, (R_LRS, k), select(stuck == HIGH, high, low))
    store(work.x, (R_HRS, k), select(stuck == LOW, low, high))


@inlined
def listed_rest(s, past, n, near, work, k, m, c):
    """Advance the slow part of one cell, and bring what else it remembers to the bench.

    Parameters
    ----------
    s, past : Cells
    n, near : int
        The cell, in `s` and in `past`.
    work : Work
    k, m : int
        Its columns of ``work.slow`` and of ``work.rest``.
    c : Numbers
    """
    slow_slot, rest_slot, stuck_slot = c.parts[1], c.parts[2], c.parts[3]
    if slow_slot >= 0:
        before = four(
            past.history[slow_slot, 0, near],
            past.history[slow_slot, 1, near],
            past.history[slow_slot, 2, near],
            past.history[slow_slot, 3, near],
        )
        new = four(work.slow[0, k], work.slow[1, k], work.slow[2, k], work.slow[3, k])
        store4(work.one, 0, fused(before, load4(c.persistence, 0), new))
        for f in range(4):
            work.slow[f, k] = work.one[f]
            s.history[slow_slot, f, n] = work.one[f]
    if rest_slot >= 0:
        for f in range(4):
            work.rest[f, m] = past.history[rest_slot, f, near]
    if stuck_slot >= 0:
        work.stuck[m] = past.history[stuck_slot, 0, near]


@inlined
def listed_features(s, work, listed, first, c):
    """Features of the listed cells, whose fast vectors are in ``work.x``, in its place; see `draw.draw_listed`.

    Parameters
    ----------
    s : Cells
        Receives what else the cells remember.
    work, listed, first, c
        As for `draw.draw_listed`.
    """
    for m in range(0, listed, LANES):
        k = first + m
        for f in range(4):
            rest = break_in_step(load(work.rest, (f, m)), c.decay[f])
            store(work.rest, (f, m), rest)
            mu, sigma = load(work.mu, (f, m)), load(work.sigma, (f, m))
            store(work.x, (f, k), coordinate(f, load(work.x, (f, k)), load(work.slow, (f, k)), rest, mu, sigma, c))
        if c.parts[3] >= 0:
            stuck = stuck_step(load(work.stuck, m), load(work.uniform, k), c)
            store(work.stuck, m, stuck)
            freeze_cells(work, k, stuck)
    for m in range(listed):
        if c.parts[2] >= 0:
            for f in range(4):
                s.history[c.parts[2], f, work.listed[m]] = work.rest[f, m]
        if c.parts[3] >= 0:
            s.history[c.parts[3], 0, work.listed[m]] = work.stuck[m]


@inlined
def first_rest(s, i, cell, zero, stationary, c, k0, k1):
    """The twin of `extended.first_rest`, for the lanes from cell `i` on.

    Parameters
    ----------
    s : Cells
        Receives the slots beside the fast history.
    i, cell, zero, c, k0, k1
        As for `fresh.draw_devices`.
    stationary : bool
    """
    nothing = lanes_of(NOTHING)
    slow_slot, rest_slot, stuck_slot = c.parts[1], c.parts[2], c.parts[3]
    for slot in range(c.order, c.slots):
        for f in range(4):
            store(s.history, (slot, f, i), nothing)
    if slow_slot >= 0 and stationary:
        n0, n1, n2, n3 = normals(k0, k1, SLOW, cell, zero, 0)
        x0, x1, x2, x3 = innovation(n0, n1, n2, n3, c.slow_start)
        store(s.history, (slow_slot, 0, i), x0)
        store(s.history, (slow_slot, 1, i), x1)
        store(s.history, (slow_slot, 2, i), x2)
        store(s.history, (slow_slot, 3, i), x3)
    if rest_slot >= 0:
        n0, n1, n2, n3 = normals(k0, k1, DEVICE, cell, zero, BREAK_IN_DRAW)
        x0, x1, x2, x3 = innovation(n0, n1, n2, n3, c.break_in_factor)
        store(s.history, (rest_slot, 0, i), x0 + c.break_in_mean[0])
        store(s.history, (rest_slot, 1, i), x1 + c.break_in_mean[1])
        store(s.history, (rest_slot, 2, i), x2 + c.break_in_mean[2])
        store(s.history, (rest_slot, 3, i), x3 + c.break_in_mean[3])
    if stuck_slot >= 0 and stationary:
        word, _, _, _ = words(k0, k1, STUCK, cell, zero, 0)
        store(s.history, (stuck_slot, 0, i), entered(unit_interval(word), c.begin))


@inlined
def first_features(s, i, c):
    """Features of new cells, for the lanes from cell `i` on.

    Parameters
    ----------
    s : Cells
        Has everything else.
    i : int
    c : Numbers
    """
    zero = lanes_of(NOTHING)
    for f in range(4):
        slow, rest = zero, zero
        if c.parts[1] >= 0:
            slow = load(s.history, (c.parts[1], f, i))
        if c.parts[2] >= 0:
            rest = load(s.history, (c.parts[2], f, i))
        x, mu, sigma = load(s.history, (0, f, i)), load(s.mu, (f, i)), load(s.sigma, (f, i))
        store(s.features, (f, i), coordinate(f, x, slow, rest, mu, sigma, c))
    if c.parts[3] >= 0:
        stuck = load(s.history, (c.parts[3], 0, i))
        high, low = load(s.features, (R_HRS, i)), load(s.features, (R_LRS, i))
        store(s.features, (R_LRS, i), select(stuck == HIGH, high, low))
        store(s.features, (R_HRS, i), select(stuck == LOW, low, high))
