"""Which nodes of a crossbar have a path to a terminal: found before anything is solved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from synaptogen_core.crossbar.solver.line_conductances import Wires
from synaptogen_core.types import Bools


def unreachable(conducting: Bools, wires: Wires, *, with_bridges: bool = True) -> tuple[Bools, Bools] | None:
    """Nodes of the word lines and of the bit lines without a path to a driven terminal or to ground.

    Parameters
    ----------
    conducting : ndarray of bool, shape (rows, columns)
        Cells that conduct.
    wires : Wires
    with_bridges : bool
        Whether shorts between neighbouring lines are paths, too.

    Returns
    -------
    pair of ndarray of bool, each (rows, columns), or None
        None where every node has a path.
    """
    word_piece, word_held = _pieces(wires.word, wires.ideal_word, wires.word_leak, conducting.shape)
    bit_piece, bit_held = _pieces(
        wires.bit, wires.ideal_bit, None if wires.bit_leak is None else wires.bit_leak.T, conducting.shape[::-1]
    )
    if word_held.all() and bit_held.all():
        return None
    words = word_held.size
    start, end = word_piece[conducting], bit_piece.T[conducting] + words
    if with_bridges:
        pieces = {True: word_piece, False: bit_piece.T + words}
        start = np.append(start, [pieces[b.of_words][b.start] for b in wires.bridges]).astype(np.intp)
        end = np.append(end, [pieces[b.of_words][b.end] for b in wires.bridges]).astype(np.intp)
    size = words + bit_held.size
    edges = coo_array((np.ones(start.size, np.int8), (start, end)), shape=(size, size))
    _, label = connected_components(edges, directed=False)
    lit = np.isin(label, np.unique(label[np.concatenate([word_held, bit_held])]))
    if lit.all():
        return None
    return ~lit[word_piece], ~lit[bit_piece.T + words]


def hangs_on_a_bridge(conducting: Bools, wires: Wires) -> bool:
    """Whether a node's only path is a short between neighbouring lines.

    Parameters
    ----------
    conducting : ndarray of bool, shape (rows, columns)
    wires : Wires

    Returns
    -------
    bool
    """
    if not wires.bridges:
        return False
    alone, together = unreachable(conducting, wires, with_bridges=False), unreachable(conducting, wires)
    return _count(alone) > _count(together)


def _count(dark: tuple[Bools, Bools] | None) -> int:
    return 0 if dark is None else int(dark[0].sum() + dark[1].sum())


def _pieces(
    segment: NDArray[np.float64], ideal: bool, leak: NDArray[np.float64] | None, shape: tuple[int, int]
) -> tuple[NDArray[np.intp], Bools]:
    """The piece of unbroken line that each node (lines, nodes) belongs to, and whether each piece is held."""
    lines, nodes = shape
    g = np.broadcast_to(segment, (lines, nodes + 1))
    begins = np.zeros(shape, np.bool_)
    begins[:, 0] = True
    if not ideal:
        begins[:, 1:] = g[:, 1:-1] == 0
    piece = np.cumsum(begins.ravel()).reshape(shape) - 1
    held = np.zeros(piece[-1, -1] + 1, np.bool_)
    held[piece[g[:, 0] > 0, 0]] = True
    held[piece[g[:, -1] > 0, -1]] = True
    if leak is not None:
        held[piece[leak > 0]] = True
    return piece, held
