"""The compiled twin of `device.variability`: normals to features, for lanes of cells, and for scattered ones."""

# ruff: noqa: D103 -- each function is the twin of one in device/, described there

from __future__ import annotations

import numpy as np

from synaptogen_core.array.kernel_arithmetic import ONE, called, exp10, inlined, normals
from synaptogen_core.array.kernel_lanes import (
    LANES,
    bits_of_mask,
    four,
    lanes_of,
    load,
    load4,
    lowest,
    mask_of_bits,
    ones,
    select,
    store,
    store4,
)
from synaptogen_core.device import streams

CYCLE = streams.CYCLE
DENSE = LANES // 2  # from so many equal cells on, drawing for all lanes is cheaper than for each cell


@inlined
def polynomial(coefficients, length, x):
    y = lanes_of(coefficients[0])
    for k in range(1, length):
        y = y * x + coefficients[k]
    return y


@inlined
def mixing_of_resistance(resistance, c):
    return (c.g_llrs - ONE / resistance) * c.inverse_window


@inlined
def innovation(k0, k1, cell, count, b):
    n0, n1, n2, n3 = normals(k0, k1, CYCLE, cell, count, 0)
    x0 = n0 * b[0, 0]
    x1 = n0 * b[1, 0] + n1 * b[1, 1]
    x2 = n0 * b[2, 0] + n1 * b[2, 1] + n2 * b[2, 2]
    x3 = n0 * b[3, 0] + n1 * b[3, 1] + n2 * b[3, 2] + n3 * b[3, 3]
    return x0, x1, x2, x3


@inlined
def features_of(x0, x1, x2, x3, mu, sigma, row_mu, row_sigma, i, c):
    gamma = c.gamma
    z0, z1, z2, z3 = lanes_of(gamma[0, 0]), lanes_of(gamma[1, 0]), lanes_of(gamma[2, 0]), lanes_of(gamma[3, 0])
    for k in range(1, c.degrees[0]):
        z0 = z0 * x0 + gamma[0, k]
        z1 = z1 * x1 + gamma[1, k]
        z2 = z2 * x2 + gamma[2, k]
        z3 = z3 * x3 + gamma[3, k]
    y0 = load(mu, (row_mu, i)) + load(sigma, (row_sigma, i)) * z0
    y1 = load(mu, (row_mu + 1, i)) + load(sigma, (row_sigma + 1, i)) * z1
    y2 = load(mu, (row_mu + 2, i)) + load(sigma, (row_sigma + 2, i)) * z2
    y3 = load(mu, (row_mu + 3, i)) + load(sigma, (row_sigma + 3, i)) * z3
    return exp10(y0), y1, y2, y3


@inlined
def draw_lanes(s, i, drawing, k0, k1, c):
    """Draw for the lanes from cell `i` on that stand at one cycle; returns the bits of those still to be drawn.

    The bits `drawing` say which are wanted. Lanes that stand at other cycles, or are too few, are left to
    `draw_listed`.
    """
    if drawing == 0:
        return drawing
    count = (np.int64(s.count[i + lowest(drawing)]) + 1) & 0xFFFFFFFF
    counts = load(s.count, (i,)) + 1
    same = mask_of_bits(drawing) & (counts == count)
    chosen = bits_of_mask(same)
    if ones(chosen) < DENSE:
        return drawing
    order = c.order
    position = count % order
    x0, x1, x2, x3 = innovation(k0, k1, load(s.cell, (i,)), counts, c.b)
    slot = position
    a, history = c.a, s.history
    for lag in range(order):
        slot = order - 1 if slot == 0 else slot - 1
        h0, h1 = load(history, (slot, 0, i)), load(history, (slot, 1, i))
        h2, h3 = load(history, (slot, 2, i)), load(history, (slot, 3, i))
        x0 = x0 + h0 * a[lag, 0, 0] + h1 * a[lag, 0, 1] + h2 * a[lag, 0, 2] + h3 * a[lag, 0, 3]
        x1 = x1 + h0 * a[lag, 1, 0] + h1 * a[lag, 1, 1] + h2 * a[lag, 1, 2] + h3 * a[lag, 1, 3]
        x2 = x2 + h0 * a[lag, 2, 0] + h1 * a[lag, 2, 1] + h2 * a[lag, 2, 2] + h3 * a[lag, 2, 3]
        x3 = x3 + h0 * a[lag, 3, 0] + h1 * a[lag, 3, 1] + h2 * a[lag, 3, 2] + h3 * a[lag, 3, 3]
    y0, y1, y2, y3 = features_of(x0, x1, x2, x3, s.mu, s.sigma, 0, 0, i, c)
    store(history, (position, 0, i), select(same, x0, load(history, (position, 0, i))))
    store(history, (position, 1, i), select(same, x1, load(history, (position, 1, i))))
    store(history, (position, 2, i), select(same, x2, load(history, (position, 2, i))))
    store(history, (position, 3, i), select(same, x3, load(history, (position, 3, i))))
    store(s.features, (0, i), select(same, y0, load(s.features, (0, i))))
    store(s.features, (1, i), select(same, y1, load(s.features, (1, i))))
    store(s.features, (2, i), select(same, y2, load(s.features, (2, i))))
    store(s.features, (3, i), select(same, y3, load(s.features, (3, i))))
    store(s.count, (i,), select(same, counts, load(s.count, (i,))))
    return drawing & ~chosen


@called
def draw_listed(s, work, size, k0, k1, c):
    """Draw for the first `size` cells of `listed`, wherever they lie and whatever cycle each has reached."""
    order = c.order
    listed, history, numbers, drawn = work.listed, s.history, work.numbers, work.drawn
    for start in range(0, size, LANES):
        length = min(LANES, size - start)
        for k in range(LANES):
            n = listed[start + min(k, length - 1)]
            work.cell[k] = s.cell[n]
            work.counts[k] = s.count[n] + np.uint32(1)
            for f in range(4):
                numbers[4 + f, k] = s.mu[f, n]
                numbers[8 + f, k] = s.sigma[f, n]
        x0, x1, x2, x3 = innovation(k0, k1, load(work.cell, (0,)), load(work.counts, (0,)), c.b)
        store(numbers, (0, 0), x0)
        store(numbers, (1, 0), x1)
        store(numbers, (2, 0), x2)
        store(numbers, (3, 0), x3)
        for k in range(length):
            n = listed[start + k]
            position = np.int64(work.counts[k]) % order
            x = four(numbers[0, k], numbers[1, k], numbers[2, k], numbers[3, k])
            slot = position
            for lag in range(order):
                slot = order - 1 if slot == 0 else slot - 1
                for j in range(4):
                    x = x + load4(c.columns, (lag, j, 0)) * history[slot, j, n]
            store4(drawn, (0,), x)
            for f in range(4):
                numbers[f, k] = drawn[f]
                history[position, f, n] = drawn[f]
            s.count[n] = work.counts[k]
        x0, x1, x2, x3 = load(numbers, (0, 0)), load(numbers, (1, 0)), load(numbers, (2, 0)), load(numbers, (3, 0))
        y0, y1, y2, y3 = features_of(x0, x1, x2, x3, numbers, numbers, 4, 8, 0, c)
        store(numbers, (12, 0), y0)
        store(numbers, (13, 0), y1)
        store(numbers, (14, 0), y2)
        store(numbers, (15, 0), y3)
        for k in range(length):
            n = listed[start + k]
            for f in range(4):
                s.features[f, n] = numbers[12 + f, k]
