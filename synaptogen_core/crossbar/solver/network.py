"""A linear network of cells and lines, solved: two families of chains that the cells couple.

The bit lines are eliminated exactly; what is left on the word lines is solved by conjugate gradients, preconditioned
with the word lines' own chains. So a step costs a few sweeps along the lines, and it takes few steps: 2 to 50 where the
lines take 1 to 99 % of the current.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.threads import available_threads, each_block
from synaptogen_core.crossbar.solver import sweeps as kernels
from synaptogen_core.crossbar.solver.line_conductances import Bridge, Wires
from synaptogen_core.types import F64

T = TypeVar("T")
WORTH_A_THREAD = 1 << 17  # cells: a sweep over them takes some times what it costs to wake a thread
MOST_STEPS = 5000
PATIENCE = 200  # steps without progress: then rounding is all that is left
ONE_AMPERE = 1e-12  # A: how exactly the answers to a current of 1 A are solved


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
        self._bridges = wires.bridges
        self._answers = [self._answer(bridge) for bridge in wires.bridges]

    def solve(self, fed_word: F64, fed_bit: F64, tolerance: float) -> tuple[F64, F64, int]:
        """Voltages of the nodes for given currents.

        Bridges between lines are put in afterwards: a few columns of the inverse, and a small matrix.

        Parameters
        ----------
        fed_word, fed_bit : ndarray of float64, shape (m, n)
            Currents fed into the nodes [A].
        tolerance : float
            Largest imbalance of a node at which to stop [A].

        Returns
        -------
        word, bit : ndarray of float64, shape (m, n)
            Voltages [V].
        steps : int
            Of the conjugate gradients.

        References
        ----------
        Sherman, Morrison and Woodbury's formula, for the bridges.
        """
        word, bit, steps = self._without_bridges(fed_word, fed_bit, tolerance)
        if self._bridges:
            across = np.array([_across(bridge, word, bit) for bridge in self._bridges])
            matrix = np.array([[_across(bridge, *answer) for answer in self._answers] for bridge in self._bridges])
            matrix += np.diag([1 / bridge.conductance for bridge in self._bridges])
            for current, answer in zip(np.linalg.solve(matrix, across), self._answers, strict=True):
                word -= current * answer[0]
                bit -= current * answer[1]
        return word, bit, steps

    def _answer(self, bridge: Bridge) -> tuple[F64, F64]:
        """Voltages of all nodes for 1 A that goes in at the one end of a bridge and out at the other."""
        fed = np.zeros((2, *self.net.cell.shape))
        family = fed[0 if bridge.of_words else 1]
        family[bridge.start], family[bridge.end] = 1.0, -1.0
        return self._without_bridges(fed[0], fed[1], ONE_AMPERE)[:2]

    def _without_bridges(self, fed_word: F64, fed_bit: F64, tolerance: float) -> tuple[F64, F64, int]:
        r, x, p, q, z = np.empty_like(fed_word), np.zeros_like(fed_word), *(np.zeros_like(fed_word) for _ in range(3))
        net = self.net
        self._columns(partial(kernels.eliminate, net, fed_word, fed_bit, r))
        # the first call only evaluates: x and r stay, z and r . z come
        rz, worst = self._step(0.0, p, q, x, r, z)
        steps, beta, best, since = 0, 0.0, worst, 0
        while worst > tolerance and steps < MOST_STEPS and rz > 0 and since < PATIENCE:
            self._rows(partial(kernels.turn, beta, z, p))
            curvature = sum(self._columns(partial(kernels.apply_columns, net, p, q)))
            if curvature <= 0:
                break
            after, worst = self._step(rz / curvature, p, q, x, r, z)
            beta, rz = after / rz, after
            steps += 1
            best, since = (worst, 0) if worst < best else (best, since + 1)
        bit = np.empty_like(x)
        self._columns(partial(kernels.recover, net, fed_bit, x, bit))
        return x, bit, steps

    def _step(self, alpha: float, p: F64, q: F64, x: F64, r: F64, z: F64) -> tuple[float, float]:
        parts = self._rows(partial(kernels.step_rows, self.net, alpha, p, q, x, r, z))
        return sum(dot for dot, _ in parts), max(worst for _, worst in parts)

    def _rows(self, work: Callable[[int, int], T]) -> list[T]:
        return self._parts(self.net.cell.shape[0], kernels.ROWS, work)

    def _columns(self, work: Callable[[int, int], T]) -> list[T]:
        return self._parts(self.net.cell.shape[1], kernels.WIDE, work)

    def _parts(self, size: int, unit: int, work: Callable[[int, int], T]) -> list[T]:
        """Results of `work` for a few parts that depend on the size alone, so that sums come out alike."""
        if self._threads == 1:
            return [work(0, size)]
        length = unit * max(1, -(-size // (unit * 4)))
        results: dict[int, T] = {}

        def part(block: slice) -> None:
            results[block.start] = work(block.start, block.stop)

        each_block(size, length, part, self._threads)
        return [results[start] for start in sorted(results)]


def _across(bridge: Bridge, word: F64, bit: F64) -> float:
    """Voltage across a bridge [V]."""
    family = word if bridge.of_words else bit
    return float(family[bridge.start] - family[bridge.end])


def _one_node(ideal: bool, total: F64, segment: F64) -> tuple[F64, F64]:
    """Chains as they are; ideal lines as chains of one node."""
    return (total.sum(axis=1, keepdims=True), segment[:, [0, -1]]) if ideal else (total, segment)


def _grouped(pivot: F64) -> NDArray[np.float32]:
    """The pivots (m, n) of the word lines in groups of lines that are solved side by side."""
    m, n = pivot.shape
    groups = np.zeros((-(-m // kernels.ROWS) * kernels.ROWS, n), np.float32)  # half the memory to stream through
    groups[:m] = np.minimum(pivot, np.finfo(np.float32).max)
    return np.ascontiguousarray(groups.reshape(-1, kernels.ROWS, n).transpose(0, 2, 1))
