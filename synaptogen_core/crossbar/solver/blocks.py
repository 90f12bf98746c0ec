"""The matrix of a crossbar behind its lines by putting blocks together, without iterations.

A block is a rectangle of linear cells with its pieces of line. It is told the voltages at the left ends of its word
lines and at the lower ends of its bit lines, and the currents that are taken from the right ends and fed in at the
upper ones; it answers with the four quantities that belong to these: ``(vL, iR, iT, vB) -> (iL, vR, vT, iB)``. In this
form two neighbours meet in ``1 + R G``, R a resistance seen from their common border and G a conductance, so that
nothing cancels, however good or bad the lines are, and ideal ones are no special case. Blocks grow by two in each
direction; the work of n x n cells is that of some hundred products of n x n matrices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synaptogen_core.array.blas import one_thread
from synaptogen_core.array.threads import each_block
from synaptogen_core.crossbar.circuit.lines import PLACES, Lines
from synaptogen_core.crossbar.solver.appending import append_cells
from synaptogen_core.types import F64, Ints

SIDES = ("left", "right", "top", "bottom")
SMALLEST = 4  # rows and columns of the blocks that are made cell by cell, at most
LARGEST = 1 << 20  # cells: beyond, what lies in between would not fit into memory


def can_be_put_together(lines: Lines, size: int) -> bool:
    """Whether the lines are whole, each with one terminal.

    Parameters
    ----------
    lines : Lines
    size : int
        Cells.

    Returns
    -------
    bool
    """
    broken = any(getattr(lines.faults, name) for name in PLACES if not name.endswith("cells"))
    return not broken and size <= LARGEST and (not lines.word or lines.word_ends != "both") and (
        not lines.bit or lines.bit_ends != "both"
    )  # fmt: skip


def put_together(g: F64, lines: Lines) -> F64:
    """Current of each bit line for 1 V on each word line, all else at 0 V.

    Parameters
    ----------
    g : ndarray of float64, shape (rows, columns)
        Conductances of the cells [S].
    lines : Lines
        Of which `can_be_put_together` holds.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        [S].
    """
    turned = (
        slice(None, None, -1 if lines.bit_ends == "top" else 1),
        slice(None, None, -1 if lines.word_ends == "right" else 1),
    )
    rows, columns = g.shape
    (down, height), (across, width) = _cut(rows), _cut(columns)
    more = down * height - rows  # rows without cells and resistance, above; columns on the right
    cells = np.zeros((down * height, across * width))
    cells[more:, :columns] = g[turned]
    before, behind = np.zeros(across * width), np.zeros(down * height)
    before[1:columns], before[0] = lines.word, lines.source / (2 if lines.word_ends == "both" else 1)
    behind[more:-1], behind[-1] = lines.bit, lines.sense / (2 if lines.bit_ends == "both" else 1)
    shape = down, height, across, width
    blocks = np.empty((down, across, 2 * (height + width), 2 * (height + width)))
    whole = cells.reshape(shape), before.reshape(across, width), behind.reshape(down, height)
    each_block(down, -(-down // 4), lambda part: append_cells(*whole, part.start, part.stop, blocks))
    with one_thread():
        found = _joined(_Blocks.made(blocks, height, width))
    return np.ascontiguousarray(found.T[more:, :columns][turned])


def _cut(length: int) -> tuple[int, int]:
    """How many blocks of how many lines: a power of two, and a few."""
    count = 1
    while -(-length // count) > SMALLEST:
        count *= 2
    return count, -(-length // count)


class _Blocks(NamedTuple):
    """Blocks of one size, and where their ports lie: numbers of rows and columns of the matrices, by side."""

    matrix: F64  # (down, across, asked ports, told ports)
    asked: dict[str, Ints]
    told: dict[str, Ints]

    @classmethod
    def made(cls, matrix: F64, height: int, width: int) -> _Blocks:
        ends = np.cumsum([height, height, width])
        sides = dict(zip(SIDES, np.split(np.arange(2 * (height + width)), ends), strict=True))
        return cls(matrix, sides, sides)

    def part(self, down: slice, across: slice, asked: str = "", told: str = "") -> _Blocks:
        """Some of them; of the sides named last nothing is asked, or told, any more."""
        return _Blocks(
            self.matrix[down, across],
            {side: ports for side, ports in self.asked.items() if side != asked},
            {side: ports for side, ports in self.told.items() if side != told},
        )


def _joined(blocks: _Blocks) -> F64:
    """From all blocks to the currents of the bit lines by the voltages of the word lines."""
    every, even, odd = slice(None), slice(None, None, 2), slice(1, None, 2)
    while blocks.matrix.shape[0] * blocks.matrix.shape[1] > 1:
        down, across = blocks.matrix.shape[:2]
        if across > 1:  # the last time these are the outer sides: nothing is connected there, nobody wants to know
            outer = ("left", "right") if across == 2 else ("", "")
            on_the_left = blocks.part(every, even, asked=outer[0])
            blocks = _met(on_the_left, "right", blocks.part(every, odd, outer[1], outer[1]), "left")
        if down > 1:
            outer = ("top", "bottom") if down == 2 else ("", "")
            above = blocks.part(even, every, outer[0], outer[0])
            blocks = _met(above, "bottom", blocks.part(odd, every, told=outer[1]), "top")
    return np.asarray(blocks.matrix[0, 0][np.ix_(blocks.asked["bottom"], blocks.told["left"])])


def _met(a: _Blocks, side_a: str, b: _Blocks, side_b: str) -> _Blocks:
    """Pairs of blocks that share a border: what one answers there is what the other is told."""
    asked_a, told_a = _others(a.asked, side_a), _others(a.told, side_a)
    asked_b, told_b = _others(b.asked, side_b), _others(b.told, side_b)
    here, n, m = told_a.size, asked_a.size, a.asked[side_a].size
    border = _at(b, b.asked[side_b], b.told[side_b])
    of_a = _at(a, a.asked[side_a], np.concatenate([told_a, a.told[side_a]]))  # its border last
    right = np.empty((*of_a.shape[:-1], here + told_b.size))
    right[..., :here] = of_a[..., :here]
    np.matmul(of_a[..., here:], _at(b, b.asked[side_b], told_b), out=right[..., here:])
    answer_a = np.linalg.solve(np.eye(m) - of_a[..., here:] @ border, right)
    answer_b = border @ answer_a
    answer_b[..., here:] += _at(b, b.asked[side_b], told_b)
    matrix = np.empty((*answer_a.shape[:-2], n + asked_b.size, answer_a.shape[-1]))
    np.matmul(_at(a, asked_a, a.told[side_a]), answer_b, out=matrix[..., :n, :])
    np.matmul(_at(b, asked_b, b.told[side_b]), answer_a, out=matrix[..., n:, :])
    matrix[..., :n, :here] += _at(a, asked_a, told_a)
    matrix[..., n:, here:] += _at(b, asked_b, told_b)
    return _Blocks(
        matrix, _together(a.asked, side_a, b.asked, side_b, n), _together(a.told, side_a, b.told, side_b, here)
    )


def _others(ports: dict[str, Ints], side: str) -> Ints:
    """All ports but those of one side."""
    found = [of for name, of in ports.items() if name != side]
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def _at(blocks: _Blocks, asked: Ints, told: Ints) -> F64:
    return np.asarray(blocks.matrix[..., asked[:, None], told])


def _together(a: dict[str, Ints], side_a: str, b: dict[str, Ints], side_b: str, n: int) -> dict[str, Ints]:
    """Where the ports of two blocks lie in that of both: those of `a` first, in the order of `_others`."""
    found: dict[str, list[Ints]] = {}
    for ports, side, begin in ((a, side_a, 0), (b, side_b, n)):
        for name, of in ports.items():
            if name != side:
                found.setdefault(name, []).append(begin + np.arange(of.size))
                begin += of.size
    return {name: np.concatenate(parts) for name, parts in found.items()}
