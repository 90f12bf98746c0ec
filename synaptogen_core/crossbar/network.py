"""A linear network of cells and lines, solved: two families of chains that the cells couple.

The bit lines are eliminated exactly; what is left on the word lines is solved by conjugate gradients, preconditioned
with the word lines' own chains. So a step costs a few sweeps along the lines, and it takes few steps: 2 to 50 where the
lines take 1 to 99 % of the current.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.blocks import available_threads, each_block
from synaptogen_core.crossbar import kernel_lines as kernels
from synaptogen_core.crossbar.schemes import Bias
from synaptogen_core.crossbar.wiring import Lines

F64 = NDArray[np.float64]
WORTH_A_THREAD = 1 << 17  # cells: a sweep over them takes some times what it costs to wake a thread
MOST_STEPS = 5000
NO_RESISTANCE = 1e-9  # ohm: of a bit line to one cell alone, where there is none


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

    @classmethod
    def of(cls, lines: Lines, bias: Bias) -> Wires:
        """The wires of a crossbar whose floating lines are those of `bias`."""
        (m, n), faults = bias.shape, lines.faults
        driven_word, driven_bit = ~np.isnan(np.atleast_2d(bias.word)[0]), ~np.isnan(bias.bit)
        return cls(
            _segments(lines.word, lines.source, lines.word_ends, driven_word, n, faults.open_word),
            _segments(lines.bit, lines.sense, lines.bit_ends, driven_bit, m, faults.open_bit),
            not lines.word,
            not lines.bit,
            _leaks(faults.grounded_word, faults.short, (m, n)),
            _leaks(faults.grounded_bit, faults.short, (m, n)),
        )

    @classmethod
    def of_parts_in_turn(cls, lines: Lines, shape: tuple[int, int], at_once: str) -> Wires:
        """The wires as each row, or each cell, finds them when it is alone on the bit lines.

        A bit line, and to a single cell its word line, is then a resistance in series.
        """
        rows, columns = shape
        ohm = np.repeat(_in_series(lines.bit, lines.sense, lines.bit_ends, rows)[:, None], columns, axis=1)
        word = _segments(lines.word, lines.source, lines.word_ends, np.ones(rows, np.bool_), columns, ())
        ideal = not lines.word
        if at_once == "cell":
            ohm = ohm + _in_series(lines.word, lines.source, lines.word_ends, columns)
            ideal, word = True, np.full((1, columns + 1), np.inf)
        alone, feed = np.zeros((1, rows + 1)), 1 / np.maximum(ohm, NO_RESISTANCE)
        return cls(word, alone, ideal, False, None, None, feed)

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


def _segments(
    ohm: float, lead: float, ends: str, driven: NDArray[np.bool_], nodes: int, open_: tuple[tuple[int, int], ...]
) -> F64:
    """Segments of one family of lines; one row for all of them where they are alike."""
    alike = not open_ and bool(np.all(driven == driven[0]))
    g = np.full((1 if alike else driven.size, nodes + 1), 1 / ohm if ohm else 0.0)
    g[:, 0] = g[:, -1] = 0
    at_end = 1 / lead if lead else np.inf
    here = driven[: g.shape[0]]
    if ends in ("left", "top", "both"):
        g[here, 0] = at_end
    if ends in ("right", "bottom", "both"):
        g[here, -1] = at_end
    for line, segment in open_:
        g[line, segment] = 0
    if not ohm:
        g[:, 0] += g[:, -1]
        g[:, -1] = 0
    return g


def _in_series(ohm: float, lead: float, ends: str, nodes: int) -> F64:
    """From each node along its line to its terminals [ohm]."""
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


class Network:
    """Cells of given conductances between given wires: the matrix, made ready to be solved."""

    def __init__(self, wires: Wires, cell: F64) -> None:
        m, n = cell.shape
        word_sum = cell if wires.word_leak is None else cell + wires.word_leak
        bit_sum = cell if wires.bit_leak is None else cell + wires.bit_leak
        bit_sum = bit_sum if wires.bit_feed is None else bit_sum + wires.bit_feed
        word_pivot = np.empty((m, 1 if wires.ideal_word else n))
        bit_pivot = np.empty((n, 1 if wires.ideal_bit else m))
        kernels.pivots(*_one_node(wires.ideal_word, word_sum, wires.word), word_pivot)
        kernels.pivots(*_one_node(wires.ideal_bit, np.ascontiguousarray(bit_sum.T), wires.bit), bit_pivot)
        self.net = kernels.Net(
            cell,
            word_sum,
            bit_sum,
            np.where(np.isinf(wires.word), 0.0, wires.word),
            np.where(np.isinf(wires.bit), 0.0, wires.bit),
            _grouped(word_pivot),
            np.ascontiguousarray(bit_pivot.T),
            wires.ideal_word,
            wires.ideal_bit,
        )
        self._threads = max(1, min(available_threads(), m * n // WORTH_A_THREAD))

    def solve(self, at_word: F64, at_bit: F64, tolerance: float) -> tuple[F64, F64, int]:
        """Voltages [V] of the nodes into which the currents `at_word` and `at_bit` [A] are fed; each (m, n).

        Until no node misses more than `tolerance` [A]; the third value is the number of steps.
        """
        r, x, p, q, z = np.empty_like(at_word), np.zeros_like(at_word), *(np.zeros_like(at_word) for _ in range(3))
        net = self.net
        self._columns(lambda a, b: kernels.eliminate(net, at_word, at_bit, r, a, b))
        # the first call only evaluates: x and r stay, z and r . z come
        rz, worst = self._step(0.0, p, q, x, r, z)
        steps, beta, best, since = 0, 0.0, worst, 0
        while worst > tolerance and steps < MOST_STEPS and rz > 0 and since < 200:
            self._rows(lambda a, b, beta=beta: kernels.turn(beta, z, p, a, b))  # type: ignore[misc]
            curvature = sum(self._columns(lambda a, b: kernels.apply_columns(net, p, q, a, b)))
            if curvature <= 0:
                break
            after, worst = self._step(rz / curvature, p, q, x, r, z)
            beta, rz = after / rz, after
            steps += 1
            best, since = (worst, 0) if worst < best else (best, since + 1)
        bit = np.empty_like(x)
        self._columns(lambda a, b: kernels.recover(net, at_bit, x, bit, a, b))
        return x, bit, steps

    def _step(self, alpha: float, p: F64, q: F64, x: F64, r: F64, z: F64) -> tuple[float, float]:
        parts = self._rows(lambda a, b: kernels.step_rows(self.net, alpha, p, q, x, r, z, a, b))
        return sum(dot for dot, _ in parts), max(worst for _, worst in parts)

    def _rows(self, work: Callable[[int, int], object]) -> list:  # type: ignore[type-arg]
        return self._parts(self.net.cell.shape[0], kernels.ROWS, work)

    def _columns(self, work: Callable[[int, int], object]) -> list:  # type: ignore[type-arg]
        return self._parts(self.net.cell.shape[1], kernels.WIDE, work)

    def _parts(self, size: int, unit: int, work: Callable[[int, int], object]) -> list:  # type: ignore[type-arg]
        """Results of `work` for a few parts that depend on the size alone, so that sums come out alike."""
        if self._threads == 1:
            return [work(0, size)]
        length = unit * max(1, -(-size // (unit * 4)))
        results: list[object] = [None] * -(-size // length)

        def part(block: slice) -> None:
            results[block.start // length] = work(block.start, block.stop)

        each_block(size, length, part, self._threads)
        return results


def _one_node(ideal: bool, total: F64, segment: F64) -> tuple[F64, F64]:
    """Chains as they are; ideal lines as chains of one node."""
    return (total.sum(axis=1, keepdims=True), segment[:, [0, -1]]) if ideal else (total, segment)


def _grouped(pivot: F64) -> F64:
    """The pivots (m, n) of the word lines in groups of lines that are solved side by side."""
    m, n = pivot.shape
    groups = np.zeros((-(-m // kernels.ROWS) * kernels.ROWS, n))
    groups[:m] = pivot
    return np.ascontiguousarray(groups.reshape(-1, kernels.ROWS, n).transpose(0, 2, 1))
