"""A crossbar as named nodes and resistors between them, as netlists need it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.circuit.segments import segment_resistances
from synaptogen_core.crossbar.solver.line_conductances import Wires
from synaptogen_core.crossbar.solver.reachability import unreachable
from synaptogen_core.types import F64, Bools

Names = NDArray[np.str_]
GROUND = "0"


class Wire(NamedTuple):
    """A resistor between two nodes."""

    name: str
    a: str
    b: str
    ohm: float


class Terminal(NamedTuple):
    """A source between a line's terminal and ground."""

    name: str
    node: str
    of_word: bool
    line: int


class Graph(NamedTuple):
    """Names of the nodes at the cells, each (rows, columns); nodes without resistance between them share one."""

    word: Names
    bit: Names
    terminals: list[Terminal]  # of driven lines
    wires: list[Wire]  # of what has a path to a driven line or to ground
    dark: tuple[Bools, Bools] | None  # nodes of the word and bit lines without one

    def lit(self) -> Bools:
        """Cells whose word line has a path, and with it, if they conduct, their bit line."""
        return np.ones(self.word.shape, np.bool_) if self.dark is None else ~self.dark[0]

    def lost(self) -> int:
        """Number of nodes without a path."""
        return 0 if self.dark is None else int(sum(mask.sum() for mask in self.dark))


def graph_of(bias: Bias, lines: Lines, conducting: Bools | None = None) -> Graph:
    """Name the nodes, and lay the wires.

    Parameters
    ----------
    bias : Bias
    lines : Lines
    conducting : ndarray of bool, shape (rows, columns), optional
        Cells that conduct; default: all.

    Returns
    -------
    Graph
    """
    rows, columns = bias.shape
    conducting = np.ones((rows, columns), np.bool_) if conducting is None else conducting
    dark = unreachable(conducting, Wires.of(lines, bias))
    places = [[f"{i}_{j}" for j in range(columns)] for i in range(rows)]
    word_ohm, bit_ohm = segment_resistances(lines, bias)
    word, word_ends, wires = _family("w", places, word_ohm, None if dark is None else dark[0])
    turned = [list(column) for column in zip(*places, strict=True)]
    bit, bit_ends, others = _family("b", turned, bit_ohm, None if dark is None else dark[1].T)
    wires += others

    faults = lines.faults
    short = faults.short
    turned_bit = bit.T
    wires += (Wire(f"rgw_{i}_{j}", str(word[i, j]), GROUND, short) for i, j in faults.grounded_word)
    wires += (Wire(f"rgb_{i}_{j}", str(turned_bit[i, j]), GROUND, short) for i, j in faults.grounded_bit)
    touching = [(f"rxw_{i}_{j}", (word, i, j), (word, i + 1, j), 0) for i, j in faults.bridged_word]
    touching += [(f"rxb_{i}_{j}", (turned_bit, i, j), (turned_bit, i, j + 1), 1) for i, j in faults.bridged_bit]
    for name, (names, i, j), (_, k, m), side in touching:
        if dark is None or not dark[side][i, j]:
            wires.append(Wire(name, str(names[i, j]), str(names[k, m]), short))

    terminals = [Terminal(f"vw_{i}", word_ends[i], True, i) for i in np.flatnonzero(~np.isnan(bias.word)).tolist()]
    terminals += [Terminal(f"vb_{j}", bit_ends[j], False, j) for j in np.flatnonzero(~np.isnan(bias.bit)).tolist()]
    return Graph(word, turned_bit, terminals, wires, dark)


def _family(kind: str, places: list[list[str]], ohm: F64, dark: Bools | None) -> tuple[Names, list[str], list[Wire]]:
    """Names of the nodes of each line and of its terminal, and its segments; `places` and `dark` line by line."""
    lines, nodes = len(places), len(places[0])
    ohm = np.broadcast_to(ohm, (lines, nodes + 1))
    names, terminals, wires = [], [], []
    for line, (place, segments) in enumerate(zip(places, ohm.tolist(), strict=True)):
        own, terminal = [f"{kind}_{at}" for at in place], f"{kind}t_{line}"
        for k in range(1, nodes):
            if not segments[k]:
                own[k] = own[k - 1]
        if not segments[0]:
            terminal = own[0]
        if not segments[nodes]:
            if not segments[0]:
                own[-1] = terminal
            else:
                terminal = own[-1]
        chain = [terminal, *own, terminal]
        for k, value in enumerate(segments):
            unlit = dark is not None and bool(dark[line, max(k - 1, 0)])
            if value and value != float("inf") and chain[k] != chain[k + 1] and not unlit:
                wires.append(Wire(f"r{kind}_{line}_{k}", chain[k], chain[k + 1], value))
        names.append(own)
        terminals.append(terminal)
    return np.array(names), terminals, wires
