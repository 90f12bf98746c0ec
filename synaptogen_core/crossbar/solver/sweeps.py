"""Compiled sweeps along the lines of a crossbar: chains of resistors, solved from one end to the other and back.

A chain is held as the reciprocals of its pivots. They come from the conductance that each node sees towards the start
of its line: sums and series connections of positive numbers, so nothing cancels, however small a segment's resistance.
A terminal without resistance (an infinite conductance) gives a reciprocal of 0, and its node does not move. An ideal
line is one node: its chain is one number.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines.compiled import caching
from synaptogen_core.types import F64

ROWS = 8  # word lines side by side: one vector register, or two
WIDE = 128  # bit lines side by side: whole cache lines


class Net(NamedTuple):
    """Conductances of a crossbar's cells and lines [S]; m rows, n columns."""

    cell: F64  # (m, n)
    word_sum: F64  # (m, n) what hangs on each node of a word line: its cell, and a short to ground
    bit_sum: F64  # (m, n)
    word: F64  # (1 or m, n + 1) segments of word lines; the first and last are those to terminals, infinite ones as 0
    bit: F64  # (1 or n, m + 1)
    # (groups, n, ROWS) reciprocals [ohm], line i in group i // ROWS; (groups, 1, ROWS) for ideal lines. They only guide
    # the conjugate gradients, so they need not be exact.
    word_pivot: NDArray[np.float32]
    bit_pivot: F64  # (m, n); (1, n) for ideal bit lines
    ideal_word: bool
    ideal_bit: bool


compiled = partial(caching.compiled, fastmath={"contract", "reassoc", "nsz", "arcp"})


@compiled
def pivots(total, segment, out):
    """Reciprocal pivots of chains along the last axis; `segment` with infinite conductances as they are.

    Parameters
    ----------
    total : ndarray, shape (lines, nodes), what hangs on each node [S]
    segment : ndarray, shape (1 or lines, nodes + 1), conductances along the lines [S]
    out : ndarray, shape (lines, nodes), receives the reciprocals [ohm]
    """
    chains, nodes = total.shape
    for i in range(chains):
        of = segment[min(i, segment.shape[0] - 1)]
        seen = of[0]
        for k in range(nodes):
            seen += total[i, k]
            next_ = of[k + 1]
            whole = seen + next_
            out[i, k] = 1 / whole if whole > 0 else 0.0
            seen = next_ if np.isinf(seen) else seen * next_ * out[i, k]


@compiled
def solve_bits(net, z, first):
    """Solve the chains of some bit lines, in place.

    Parameters
    ----------
    net : Net
    z : ndarray, shape (m, w), right-hand sides [A]; becomes voltages [V]
    first : int, the bit line of the first column of `z`
    """
    m, w = z.shape
    if net.ideal_bit:
        for j in range(w):
            total = 0.0
            for i in range(m):
                total += z[i, j]
            for i in range(m):
                z[i, j] = total * net.bit_pivot[0, first + j]
        return
    alike = net.bit.shape[0] == 1
    for j in range(w):
        z[0, j] *= net.bit_pivot[0, first + j]
    for i in range(1, m):
        pivot, before, here = net.bit_pivot[i, first : first + w], z[i - 1], z[i]
        if alike:
            g = net.bit[0, i]
            for j in range(w):
                here[j] = pivot[j] * (here[j] + g * before[j])
        else:
            for j in range(w):
                here[j] = pivot[j] * (here[j] + net.bit[first + j, i] * before[j])
    for i in range(m - 2, -1, -1):
        pivot, behind, here = net.bit_pivot[i, first : first + w], z[i + 1], z[i]
        if alike:
            g = net.bit[0, i + 1]
            for j in range(w):
                here[j] += pivot[j] * g * behind[j]
        else:
            for j in range(w):
                here[j] += pivot[j] * net.bit[first + j, i + 1] * behind[j]


@compiled
def solve_words(net, r, z, first, last):
    """Solve the chains of the word lines `first` to `last`, which is left out.

    Parameters
    ----------
    net, first, last : Net, int
    r, z : ndarray, shape (m, n), right-hand sides [A]; receives voltages [V]
    """
    n = r.shape[1]
    if net.ideal_word:
        for i in range(first, last):
            total = 0.0
            for j in range(n):
                total += r[i, j]
            total *= net.word_pivot[i // ROWS, 0, i % ROWS]
            for j in range(n):
                z[i, j] = total
        return
    many = net.word.shape[0] > 1
    y = np.zeros((n, ROWS))
    g = np.zeros((n + 1, ROWS))  # of the segment before each node; none before the first and behind the last
    if not many:
        for j in range(1, n):
            g[j, :] = net.word[0, j]
    for top in range(first, last, ROWS):
        here = min(ROWS, last - top)
        pivot = net.word_pivot[top // ROWS]
        for k in range(here):
            for j in range(n):
                y[j, k] = r[top + k, j]
            if many:
                for j in range(1, n):
                    g[j, k] = net.word[top + k, j]
        for k in range(ROWS):
            y[0, k] *= pivot[0, k]
        for j in range(1, n):
            for k in range(ROWS):
                y[j, k] = pivot[j, k] * (y[j, k] + g[j, k] * y[j - 1, k])
        for j in range(n - 2, -1, -1):
            for k in range(ROWS):
                y[j, k] += pivot[j, k] * g[j + 1, k] * y[j + 1, k]
        for k in range(here):
            for j in range(n):
                z[top + k, j] = y[j, k]


@compiled
def apply_columns(net, p, q, first, last):
    """For some columns ``q = S p``, S the matrix left when the bit lines are eliminated; gives p . q there.

    Parameters
    ----------
    net, first, last : Net, int, columns as lines in `solve_words`
    p, q : ndarray, shape (m, n), direction; receives S p
    """
    m = p.shape[0]
    dot = 0.0
    many = net.word.shape[0] > 1
    n = p.shape[1]
    for left in range(first, last, WIDE):
        w = min(WIDE, last - left)
        z = np.empty((m, w))
        for i in range(m):
            cell, here, held = net.cell[i, left : left + w], p[i, left : left + w], z[i]
            for j in range(w):
                held[j] = cell[j] * here[j]
        solve_bits(net, z, left)
        for i in range(m):
            of = net.word[i if many else 0]
            cell, total, held = net.cell[i, left : left + w], net.word_sum[i, left : left + w], z[i]
            here, out = p[i, left : left + w], q[i, left : left + w]
            for j in range(w):
                out[j] = total[j] * here[j] - cell[j] * held[j]
            if left == 0:
                out[0] += of[0] * here[0]
            if not net.ideal_word:
                if left + w == n:
                    out[w - 1] += of[n] * here[w - 1]
                if left > 0:
                    out[0] += of[left] * (here[0] - p[i, left - 1])
                if left + w < n:
                    out[w - 1] += of[left + w] * (here[w - 1] - p[i, left + w])
                segment = of[left : left + w]
                for j in range(1, w):
                    out[j] += segment[j] * (here[j] - here[j - 1])
                for j in range(w - 1):
                    out[j] += segment[j + 1] * (here[j] - here[j + 1])
            for j in range(w):
                dot += here[j] * out[j]
    return dot


@compiled
def step_rows(net, alpha, p, q, x, r, z, first, last):
    """A step of the conjugate gradients in some rows: x, r, z; gives r . z and the largest imbalance there.

    Parameters
    ----------
    net, first, last : Net, int, as for `solve_words`
    alpha : float, length of the step
    p, q : ndarray, shape (m, n), direction, and S p
    x, r, z : ndarray, shape (m, n), voltages [V]; imbalances [A]; preconditioned imbalances [V]
    """
    n = r.shape[1]
    for i in range(first, last):
        to_x, to_r, of_p, of_q = x[i], r[i], p[i], q[i]
        for j in range(n):
            to_x[j] += alpha * of_p[j]
            to_r[j] -= alpha * of_q[j]
    solve_words(net, r, z, first, last)
    dot, worst = 0.0, 0.0
    for i in range(first, last):
        here, total, largest = r[i], 0.0, 0.0
        for j in range(n):
            dot += here[j] * z[i, j]
        if net.ideal_word:
            for j in range(n):
                total += here[j]
            largest = abs(total)
            if net.word_pivot[i // ROWS, 0, i % ROWS] == 0:
                largest = 0.0
        else:
            for j in range(1, n - 1):  # only the ends can be held by a terminal
                largest = max(largest, abs(here[j]))
            for j in (0, n - 1):
                if net.word_pivot[i // ROWS, j, i % ROWS] > 0:
                    largest = max(largest, abs(here[j]))
        worst = max(worst, largest)
    return dot, worst


@compiled
def turn(beta, z, p, first, last):
    """The next direction of the conjugate gradients: p = z + beta p.

    Parameters
    ----------
    beta : float
    z, p : ndarray, shape (m, n), preconditioned imbalances; direction, changed in place
    first, last : int, rows as lines in `solve_words`
    """
    for i in range(first, last):
        for j in range(p.shape[1]):
            p[i, j] = z[i, j] + beta * p[i, j]


@compiled
def eliminate(net, fed_word, fed_bit, r, first, last):
    """For some columns ``r = fed_word + G Q^-1 fed_bit``: what is left on the word lines.

    Parameters
    ----------
    net, first, last : Net, int, columns as lines in `solve_words`
    fed_word, fed_bit, r : ndarray, shape (m, n), currents fed in [A]; receives the result [A]
    """
    m = r.shape[0]
    for left in range(first, last, WIDE):
        w = min(WIDE, last - left)
        z = fed_bit[:, left : left + w].copy()
        solve_bits(net, z, left)
        for i in range(m):
            for j in range(w):
                r[i, left + j] = fed_word[i, left + j] + net.cell[i, left + j] * z[i, j]


@compiled
def recover(net, fed_bit, x, out, first, last):
    """For some columns ``out = Q^-1 (fed_bit + G x)``: the bit lines' voltages once the word lines' are known.

    Parameters
    ----------
    net, first, last : Net, int, columns as lines in `solve_words`
    fed_bit, x, out : ndarray, shape (m, n), currents fed in [A]; word lines' voltages [V]; receives bit lines' [V]
    """
    m = x.shape[0]
    for left in range(first, last, WIDE):
        w = min(WIDE, last - left)
        z = np.empty((m, w))
        for i in range(m):
            for j in range(w):
                z[i, j] = fed_bit[i, left + j] + net.cell[i, left + j] * x[i, left + j]
        solve_bits(net, z, left)
        for i in range(m):
            for j in range(w):
                out[i, left + j] = z[i, j]


@compiled
def word_imbalance(segment, ideal, drop, off):
    """Kirchhoff's law on the word lines: add what flows along them [A] to what flows `off` their nodes.

    Gives the largest imbalance. A node that a terminal without resistance (an infinite conductance) holds has none; an
    ideal line has one for all its nodes together.

    Parameters
    ----------
    segment : ndarray, shape (1 or m, n + 1), conductances along the lines [S]
    ideal : bool
    drop, off : ndarray, shape (m, n), drops [V]; what flows off each node [A], changed in place
    """
    lines, nodes = drop.shape
    worst = 0.0
    for i in range(lines):
        of, here, to = segment[min(i, segment.shape[0] - 1)], drop[i], off[i]
        held_first, held_last = np.isinf(of[0]), np.isinf(of[nodes])
        if not held_first:
            to[0] += of[0] * here[0]
        if ideal:
            worst = max(worst, 0.0 if held_first else abs(to.sum()))
            continue
        if not held_last:
            to[nodes - 1] += of[nodes] * here[nodes - 1]
        for j in range(1, nodes):
            flow = of[j] * (here[j] - here[j - 1])
            to[j] += flow
            to[j - 1] -= flow
        for j in range(nodes):
            if not ((j == 0 and held_first) or (j == nodes - 1 and held_last)):
                worst = max(worst, abs(to[j]))
    return worst


@compiled
def bit_imbalance(segment, ideal, drop, off):
    """The same on the bit lines.

    Parameters
    ----------
    segment : ndarray, shape (1 or n, m + 1), conductances along the lines [S]
    ideal, drop, off : as for `word_imbalance`
    """
    nodes, lines = drop.shape
    many = segment.shape[0] > 1
    worst = 0.0
    for j in range(lines):
        of = segment[j if many else 0]
        if not np.isinf(of[0]):
            off[0, j] += of[0] * drop[0, j]
        if not ideal and not np.isinf(of[nodes]):
            off[nodes - 1, j] += of[nodes] * drop[nodes - 1, j]
    if ideal:
        for j in range(lines):
            if not np.isinf(segment[j if many else 0, 0]):
                worst = max(worst, abs(off[:, j].sum()))
        return worst
    for i in range(1, nodes):
        for j in range(lines):
            flow = segment[j if many else 0, i] * (drop[i, j] - drop[i - 1, j])
            off[i, j] += flow
            off[i - 1, j] -= flow
    for i in range(nodes):
        for j in range(lines):
            of = segment[j if many else 0]
            if not ((i == 0 and np.isinf(of[0])) or (i == nodes - 1 and np.isinf(of[nodes]))):
                worst = max(worst, abs(off[i, j]))
    return worst


@compiled
def curve(r, on, volts, low, high, current, slope, floor):
    """I(r, U) [A] of cells, float64, and what Newton's method takes for its slope [S].

    Where the curve does not rise by more than `floor` [S], that is the conductance I/U of the chord, or the floor.

    Parameters
    ----------
    r, on, volts : ndarray, shape (m, n), mixing variable; whether the cell conducts; voltages [V]
    low, high : ndarray, shape (d + 1,), coefficients of LLRS and HHRS, highest power first
    current, slope : ndarray, shape (m, n), receive currents [A] and slopes [S]
    floor : float, least slope [S]
    """
    for i in range(volts.shape[0]):
        for j in range(volts.shape[1]):
            u, mix = volts[i, j], r[i, j]
            value, rise = 0.0, 0.0
            for k in range(low.size):
                basis = low[k] + mix * (high[k] - low[k])
                rise = rise * u + value
                value = value * u + basis
            if not on[i, j]:
                value, rise = 0.0, 0.0
            elif rise <= floor:
                rise = max(floor, value / u if u != 0 else floor)
            current[i, j], slope[i, j] = value, rise
