"""Compiled: small blocks of cells with their lines, made by appending one cell after the other."""

from __future__ import annotations

import numpy as np

from synaptogen_core.crossbar.solver.sweeps import compiled


@compiled
def append_cells(g, before, behind, first, last, out):
    """The matrices of some blocks, as `blocks` describes them: input (vL, iR, iT, vB) -> output (iL, vR, vT, iB).

    Each cell is appended at the right end of its word line and at the lower end of its bit line. Its current and that
    of the bit line above it are two equations; all other outputs follow. No difference of nearly equal numbers is
    taken: resistances add up to what was there.

    Parameters
    ----------
    g : ndarray of float64, shape (rows of blocks, rows, columns of blocks, columns)
        Conductances of the cells [S].
    before : ndarray of float64, shape (columns of blocks, columns)
        Resistance of the word lines' segment on the left of a cell [ohm].
    behind : ndarray of float64, shape (rows of blocks, rows)
        Resistance of the bit lines' segment below a cell [ohm].
    first, last : int
        Rows of blocks to do; `last` is left out.
    out : ndarray of float64, shape (rows of blocks, columns of blocks, ports, ports)
        Receives the matrices; ports = 2 (rows + columns).
    """
    _, rows, across, columns = g.shape
    left, right, top, bottom = 0, rows, 2 * rows, 2 * rows + columns
    ports = 2 * (rows + columns)
    c, d = np.empty(ports), np.empty(ports)
    for y in range(first, last):
        for x in range(across):
            m = out[y, x]
            m[:] = 0.0
            for i in range(rows):  # lines without cells pass on what they are given
                m[left + i, right + i] = 1.0
                m[right + i, left + i] = 1.0
            for j in range(columns):
                m[top + j, bottom + j] = 1.0
                m[bottom + j, top + j] = 1.0
            for i in range(rows):
                b = behind[y, i]
                for j in range(columns):
                    a = before[x, j]
                    w, u = right + i, bottom + j  # the open ends of its lines
                    whole = g[y, i, x, j] / (1 + g[y, i, x, j] * (a + b))
                    at_word, at_bit = m[w], m[u]
                    # d: current of the bit line above the cell; c: of the cell; both as rows over the inputs
                    of_d = 1 / (1 - b * at_bit[u])
                    d_by_c = (at_bit[w] + b * at_bit[u]) * of_d
                    c_by_d = whole * b * (at_word[u] - 1)
                    of_c = 1 / (1 - whole * (at_word[w] + b * at_word[u]) - c_by_d * d_by_c)
                    for k in range(ports):
                        d[k] = at_bit[k] * of_d
                        c[k] = whole * at_word[k] + c_by_d * d[k]
                    c[w] -= whole * a
                    c[u] -= whole
                    for k in range(ports):
                        c[k] *= of_c
                        d[k] += d_by_c * c[k]
                    for n in range(ports):
                        by_word, by_bit = m[n, w], b * m[n, u]
                        if by_word != 0 or by_bit != 0:
                            for k in range(ports):
                                m[n, k] += by_word * c[k] + by_bit * (d[k] + c[k])
                    for k in range(ports):
                        m[w, k] -= a * c[k]
                        m[u, k] = d[k] + c[k]
                    m[w, w] -= a
