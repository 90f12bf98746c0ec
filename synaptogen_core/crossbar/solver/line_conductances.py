"""The lines of a crossbar as conductances, as the solver needs them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.circuit.segments import family_resistances, segment_resistances
from synaptogen_core.types import F64

Pair = tuple[F64, F64]
NO_RESISTANCE = 1e-9  # ohm: of a bit line to one cell alone, where there is none


class Bridge(NamedTuple):
    """A short between two neighbouring lines of a family."""

    of_words: bool
    start: tuple[int, int]
    end: tuple[int, int]
    conductance: float  # S


@dataclass(frozen=True, eq=False)
class Wires:
    """Conductances of the lines' segments, and of what is shorted to ground [S]; m rows, n columns.

    word, bit : (1 or m, n + 1), (1 or n, m + 1); first and last lead to the terminals and may be infinite
    word_leak, bit_leak : (m, n), or None where nothing is shorted
    bit_feed : (m, n), or None: from each node straight to the terminal of its own bit line
    """

    word: F64
    bit: F64
    ideal_word: bool
    ideal_bit: bool
    word_leak: F64 | None
    bit_leak: F64 | None
    bit_feed: F64 | None = None
    bridges: tuple[Bridge, ...] = ()

    @classmethod
    def of(cls, lines: Lines, bias: Bias) -> Wires:
        """The wires of a crossbar whose floating lines are those of `bias`.

        Parameters
        ----------
        lines : Lines
        bias : Bias

        Returns
        -------
        Wires
        """
        (m, n), faults = bias.shape, lines.faults
        word, bit = segment_resistances(lines, bias)
        return cls(
            _conductances(word, not lines.word),
            _conductances(bit, not lines.bit),
            not lines.word,
            not lines.bit,
            _leaks(faults.grounded_word, faults.short, (m, n)),
            _leaks(faults.grounded_bit, faults.short, (m, n)),
            None,
            (
                *(Bridge(True, (i, j), (i + 1, j), 1 / faults.short) for i, j in faults.bridged_word),
                *(Bridge(False, (i, j), (i, j + 1), 1 / faults.short) for i, j in faults.bridged_bit),
            ),
        )

    @classmethod
    def of_parts_in_turn(cls, lines: Lines, shape: tuple[int, int], at_once: str) -> Wires:
        """The wires as each row, or each cell, finds them when it is alone on the bit lines.

        A bit line, and to a single cell its word line, is then a resistance in series.

        Parameters
        ----------
        lines : Lines
        shape : tuple of int
            Rows and columns.
        at_once : {"row", "cell"}
            What is connected together.

        Returns
        -------
        Wires
        """
        rows, columns = shape
        ohm = np.repeat(in_series(lines.bit, lines.sense, lines.bit_ends, rows)[:, None], columns, axis=1)
        driven = np.ones(rows, np.bool_)
        along = family_resistances(lines.word, lines.source, lines.word_ends, driven, columns)
        word = _conductances(along, not lines.word)
        ideal = not lines.word
        if at_once == "cell":
            ohm = ohm + in_series(lines.word, lines.source, lines.word_ends, columns)
            ideal, word = True, np.full((1, columns + 1), np.inf)
        alone, feed = np.zeros((1, rows + 1)), 1 / np.maximum(ohm, NO_RESISTANCE)
        return cls(word, alone, ideal, False, None, None, feed)

    def take(self, rows: NDArray[np.intp]) -> Wires:
        """Some rows of wires `of_parts_in_turn`."""
        feed = None if self.bit_feed is None else self.bit_feed[rows]
        return replace(self, bit=np.zeros((1, rows.size + 1)), bit_feed=feed)

    def add_shorts(self, at: Pair, drop: Pair, off: Pair) -> None:
        """Add to what flows `off` the nodes [A] what shorts carry away.

        Each a pair for word and bit lines: voltages of the terminals, of shapes that go with (m, n); drops against
        them, and currents, (m, n).

        Parameters
        ----------
        at, drop, off : pair of ndarray
            [V], [V] and [A]; `off` is changed in place.
        """
        for k, leak in enumerate((self.word_leak, self.bit_leak)):
            if leak is not None:
                off[k][...] += leak * (at[k] + drop[k])
        for bridge in self.bridges:
            k = 0 if bridge.of_words else 1
            volts = np.broadcast_to(at[k], drop[k].shape)
            across = volts[bridge.start] + drop[k][bridge.start] - volts[bridge.end] - drop[k][bridge.end]
            off[k][bridge.start] += bridge.conductance * across
            off[k][bridge.end] -= bridge.conductance * across

    def path_resistances(self, shape: tuple[int, int]) -> tuple[F64, F64]:
        """From each node along its own line to its terminals [ohm], word and bit lines; infinite without one."""
        return _to_terminals(self.word, self.ideal_word, shape), _to_terminals(self.bit, self.ideal_bit, shape[::-1]).T

    def free(self, shape: tuple[int, int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Nodes of the word and of the bit lines that no terminal without resistance holds; each (m, n)."""
        return _not_held(self.word, self.ideal_word, shape), _not_held(self.bit, self.ideal_bit, shape[::-1]).T


def _not_held(segment: F64, ideal: bool, shape: tuple[int, int]) -> NDArray[np.bool_]:
    free = np.ones(shape, np.bool_)
    held = np.isinf(np.broadcast_to(segment, (shape[0], segment.shape[1])))
    if ideal:
        return free & ~held[:, :1]
    free[:, 0] &= ~held[:, 0]
    free[:, -1] &= ~held[:, -1]
    return free


def _to_terminals(segment: F64, ideal: bool, shape: tuple[int, int]) -> F64:
    with np.errstate(divide="ignore"):
        ohm = 1 / segment
        if ideal:
            return np.broadcast_to(ohm[:, :1], shape)
        start, end = ohm[:, :-1].cumsum(axis=1), ohm[:, :0:-1].cumsum(axis=1)[:, ::-1]
        return np.broadcast_to(1 / (1 / start + 1 / end), shape)


def _conductances(ohm: F64, ideal: bool) -> F64:
    """Segments as conductances [S]; an ideal line is one node, whose leads are added up in the first."""
    with np.errstate(divide="ignore"):
        g: F64 = 1 / ohm
    if ideal:
        g[:, 0] += g[:, -1]
        g[:, 1:] = 0
    return g


def in_series(ohm: float, lead: float, ends: str, nodes: int) -> F64:
    """From each node along its line to its terminals [ohm].

    Parameters
    ----------
    ohm, lead : float
        Of a segment, and between a terminal and the first node [ohm].
    ends : str
        As in `Lines`.
    nodes : int

    Returns
    -------
    ndarray of float64, shape (nodes,)
    """
    start: F64 = lead + ohm * np.arange(nodes, dtype=np.float64)
    end: F64 = start[::-1]
    if ends == "both":
        return np.asarray(start * end / np.maximum(start + end, NO_RESISTANCE))
    return start if ends in ("left", "top") else end


def _leaks(places: tuple[tuple[int, int], ...], short: float, shape: tuple[int, int]) -> F64 | None:
    if not places:
        return None
    leak = np.zeros(shape)
    for place in places:
        leak[place] = 1 / short
    return leak
