"""Kirchhoff's equations of a whole crossbar at once, solved with SciPy's general sparse solver.

Slow, short, and another way than those of the project and of its netlists. Every segment has its current as an unknown,
so that it may be 0 ohm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import splu

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.types import F64

Law = Callable[[F64], tuple[F64, F64]]  # voltages of the cells [V] -> their currents [A] and dI/dU [S]


@dataclass
class Solution:
    """Voltages of the nodes [V], NaN without a path to a driven line, and currents of the lines [A]: 0 if floating."""

    word_voltage: F64  # (rows, columns)
    bit_voltage: F64  # (rows, columns)
    word_current: F64  # (rows,), into the array
    bit_current: F64  # (columns,), out of the array


def law_of(cells: sc.CellArray | ArrayLike) -> Law:
    """Current through the cells, in float64 from the device's parameters and the cells' r; or of linear cells."""
    if not isinstance(cells, sc.CellArray):
        g = np.asarray(cells, np.float64)
        return lambda u: (g * u, g)
    r = cells.to_state()["arrays"]["r"].astype(np.float64).reshape(cells.shape)
    low, high = cells.device.llrs, cells.device.hhrs

    def law(u: F64) -> tuple[F64, F64]:
        current = (1 - r) * np.polyval(low, u) + r * np.polyval(high, u)
        slope = (1 - r) * np.polyval(np.polyder(low), u) + r * np.polyval(np.polyder(high), u)
        return current, slope

    return law


def solve(cells: sc.CellArray | ArrayLike, bias: Bias, lines: Lines) -> Solution:
    """Newton's method from 0 V until no equation is missed by more than its roundings."""
    return solve_law(law_of(cells), bias, lines)


def solve_law(law: Law, bias: Bias, lines: Lines) -> Solution:
    """The same for any law of the cells."""
    (m, n), faults = bias.shape, lines.faults
    nodes = 2 * m * n
    word, bit = np.arange(m * n).reshape(m, n), m * n + np.arange(m * n).reshape(m, n)
    branches: list[tuple[int, int, float]] = []  # from node, to node, ohm; terminals are -1 - line
    for i in range(m):
        chain = [-1 - i, *word[i].tolist(), -1 - i]
        parts = {k: (chain[k], chain[k + 1], lines.word) for k in range(1, n)}
        if not np.isnan(bias.word[i]):
            parts |= {0: (chain[0], chain[1], lines.source)} if lines.word_ends != "right" else {}
            parts |= {n: (chain[n + 1], chain[n], lines.source)} if lines.word_ends != "left" else {}
        if lines.word_ends == "both" and not lines.source and (n == 1 or not lines.word):
            parts.pop(n, None)  # a ring of 0 ohm, in which any current may run
        branches += (part for k, part in parts.items() if (i, k) not in faults.open_word)
    for j in range(n):
        end = -1 - m - j
        chain = [end, *bit[:, j].tolist(), end]
        parts = {k: (chain[k], chain[k + 1], lines.bit) for k in range(1, m)}
        if not np.isnan(bias.bit[j]):
            parts |= {0: (chain[1], chain[0], lines.sense)} if lines.bit_ends != "bottom" else {}
            parts |= {m: (chain[m], chain[m + 1], lines.sense)} if lines.bit_ends != "top" else {}
        if lines.bit_ends == "both" and not lines.sense and (m == 1 or not lines.bit):
            parts.pop(m, None)
        branches += (part for k, part in parts.items() if (j, k) not in faults.open_bit)

    on, short = np.ones((m, n)), np.zeros((m, n))
    for place in faults.shorted_cells:
        on[place], short[place] = 0, 1 / faults.short
    for place in faults.open_cells:
        on[place] = short[place] = 0
    if bias.conducting is not None:
        on[~bias.conducting] = short[~bias.conducting] = 0

    def cell(u: F64) -> tuple[F64, F64]:
        current, slope = law(u)
        return (on * current + short * u).ravel(), (on * slope + short).ravel()

    branches += [(word[i, j], word[i + 1, j], faults.short) for i, j in faults.bridged_word]
    branches += [(bit[i, j], bit[i, j + 1], faults.short) for i, j in faults.bridged_bit]
    leak = np.zeros(nodes)
    for i, j in faults.grounded_word:
        leak[word[i, j]] = 1 / faults.short
    for i, j in faults.grounded_bit:
        leak[bit[i, j]] = 1 / faults.short

    linear = cell(np.zeros((m, n)))[1] != 0
    pairs = [(a, b) for a, b, _ in branches] + list(zip(word.flat, bit.flat, strict=True))
    there = np.array([True] * len(branches) + linear.tolist())
    alive = _reached(nodes, [pair for pair, yes in zip(pairs, there, strict=True) if yes], leak)

    size = nodes + len(branches)
    rows, columns, entries, right = [], [], [], np.zeros(size)
    volts = np.concatenate([bias.word, bias.bit])
    for k, (a, b, ohm) in enumerate(branches, nodes):
        rows.append(k), columns.append(k), entries.append(-ohm)
        for node, sign in ((a, 1.0), (b, -1.0)):
            if node < 0:
                right[k] -= sign * volts[-1 - node]
            else:
                rows.extend((k, node)), columns.extend((node, k)), entries.extend((sign, sign))
    wires = coo_array((entries, (rows, columns)), shape=(size, size)).tocsc()
    wires += diags_array(np.concatenate([leak + ~alive, np.zeros(len(branches))]))  # dead nodes are held at 0 V

    x = np.zeros(size)
    for _ in range(60):
        current, slope = cell(x[word] - x[bit])
        missed = wires @ x - right
        missed[word.ravel()] += current
        missed[bit.ravel()] -= current
        w, b = word.ravel(), bit.ravel()
        cells = coo_array(
            (np.concatenate([slope, slope, -slope, -slope]), (np.r_[w, b, w, b], np.r_[w, b, b, w])), shape=(size, size)
        )
        step = splu((wires + cells).tocsc()).solve(missed)
        x -= step
        if np.abs(step[:nodes]).max() <= 1e-13 * np.nanmax(np.abs(volts)):
            break
    else:
        raise RuntimeError("Newton's method did not converge")

    into = np.zeros(m + n)
    for k, (a, b, _) in enumerate(branches, nodes):
        for node in (a, b):
            if node < 0:
                into[-1 - node] += x[k]
    v = np.where(alive, x[:nodes], np.nan)
    return Solution(v[word], v[bit], into[:m], into[m:])


def _reached(nodes: int, pairs: list[tuple[int, int]], leak: F64) -> NDArray[np.bool_]:
    """Nodes to which the terminals (numbers below 0) and leaks spread."""
    beside: dict[int, list[int]] = {}
    for a, b in pairs:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    todo = [*np.flatnonzero(leak).tolist(), *(node for node in beside if node < 0)]
    seen = set(todo)
    while todo:
        new = [node for node in beside.get(todo.pop(), []) if node not in seen]
        seen.update(new)
        todo += new
    return np.array([node in seen for node in range(nodes)])


def difference(found: Solution, expected: Solution) -> float:
    """Largest difference of voltages and of currents, each divided by the largest; infinity if others are NaN."""
    worst = 0.0
    for names in (("word_voltage", "bit_voltage"), ("word_current", "bit_current")):
        one, two = (np.concatenate([np.ravel(getattr(s, name)) for name in names]) for s in (found, expected))
        if np.any(np.isnan(one) != np.isnan(two)):
            return float("inf")
        worst = max(worst, float(np.nanmax(np.abs(one - two)) / np.nanmax(np.abs(two))))
    return worst
