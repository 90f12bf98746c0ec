"""A crossbar as a plain list of resistors between named nodes: slow, and independent of how the project solves it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines

Node = tuple[str, int, int]  # ("w", i, j), ("b", i, j), and the terminals ("W", i, 0), ("B", j, 0), and ground


def wires(bias: Bias, lines: Lines) -> Iterator[tuple[Node, Node, float]]:
    """Every resistor of the lines: from, to, ohm."""
    (m, n), f = bias.shape, lines.faults
    for i in range(m):
        for j in range(1, n):
            if (i, j) not in f.open_word:
                yield ("w", i, j - 1), ("w", i, j), lines.word
        if not np.isnan(bias.word[i]):
            if lines.word_ends in ("left", "both") and (i, 0) not in f.open_word:
                yield ("W", i, 0), ("w", i, 0), lines.source
            if lines.word_ends in ("right", "both") and (i, n) not in f.open_word:
                yield ("W", i, 0), ("w", i, n - 1), lines.source
    for j in range(n):
        for i in range(1, m):
            if (j, i) not in f.open_bit:
                yield ("b", i - 1, j), ("b", i, j), lines.bit
        if not np.isnan(bias.bit[j]):
            if lines.bit_ends in ("top", "both") and (j, 0) not in f.open_bit:
                yield ("B", j, 0), ("b", 0, j), lines.sense
            if lines.bit_ends in ("bottom", "both") and (j, m) not in f.open_bit:
                yield ("B", j, 0), ("b", m - 1, j), lines.sense
    for i, j in f.grounded_word:
        yield ("ground", 0, 0), ("w", i, j), f.short
    for i, j in f.grounded_bit:
        yield ("ground", 0, 0), ("b", i, j), f.short
    for i, j in f.bridged_word:
        yield ("w", i, j), ("w", i + 1, j), f.short
    for i, j in f.bridged_bit:
        yield ("b", i, j), ("b", i, j + 1), f.short


def held(bias: Bias) -> dict[Node, float]:
    """Voltages of the terminals."""
    known: dict[Node, float] = {("ground", 0, 0): 0.0}
    known |= {("W", i, 0): float(v) for i, v in enumerate(bias.word)}
    return known | {("B", j, 0): float(v) for j, v in enumerate(bias.bit)}


def solved(conductance: np.ndarray, bias: Bias, lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    """Node voltages of the word and bit lines, (rows, columns) each, of linear cells; all resistances above 0."""
    (m, n), known = bias.shape, held(bias)
    number = {
        (kind, i, j): k for k, (kind, i, j) in enumerate((s, i, j) for s in "wb" for i in range(m) for j in range(n))
    }
    a, b = np.zeros((2 * m * n, 2 * m * n)), np.zeros(2 * m * n)
    cells = ((("w", i, j), ("b", i, j), 1 / g) for (i, j), g in np.ndenumerate(conductance) if g > 0)
    for start, end, ohm in (*wires(bias, lines), *cells):
        for here, there in ((start, end), (end, start)):
            if here in number:
                a[number[here], number[here]] += 1 / ohm
                if there in number:
                    a[number[here], number[there]] -= 1 / ohm
                else:
                    b[number[here]] += known[there] / ohm
    volts = np.linalg.solve(a, b)
    return volts[: m * n].reshape(m, n), volts[m * n :].reshape(m, n)


def missing(word: np.ndarray, bit: np.ndarray, current: np.ndarray, bias: Bias, lines: Lines) -> float:
    """The largest current that Kirchhoff's law misses at a node, with cell currents from word to bit line [A]."""
    known, at = held(bias), {"w": -current, "b": current.copy()}
    volts = {"w": word, "b": bit}
    for start, end, ohm in wires(bias, lines):
        u = [known[node] if node in known else volts[node[0]][node[1:]] for node in (start, end)]
        flow = (u[0] - u[1]) / ohm
        for (kind, i, j), sign in ((start, -1), (end, 1)):
            if kind in at:
                at[kind][i, j] += sign * flow
    return float(max(np.abs(at["w"]).max(), np.abs(at["b"]).max()))
