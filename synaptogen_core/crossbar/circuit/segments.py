"""The lines of a crossbar as resistances between neighbouring nodes: the one graph that solver and netlists share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines, Places
from synaptogen_core.types import F64


def segment_resistances(lines: Lines, bias: Bias) -> tuple[F64, F64]:
    """Resistances of all segments of the word lines and of the bit lines [ohm].

    Parameters
    ----------
    lines : Lines
    bias : Bias
        Its floating lines have no terminals.

    Returns
    -------
    word : ndarray, shape (rows, columns + 1), or (1, columns + 1) where all lines are alike
        The first and the last segment of a line lead to its terminal. 0: its two nodes are one; infinite: nothing
        connects them.
    bit : ndarray, shape (columns, rows + 1), or (1, rows + 1)
        From the top.
    """
    (rows, columns), faults = bias.shape, lines.faults
    driven_word, driven_bit = ~np.isnan(np.atleast_2d(bias.word)[0]), ~np.isnan(bias.bit)
    return (
        family_resistances(lines.word, lines.source, lines.word_ends, driven_word, columns, faults.open_word),
        family_resistances(lines.bit, lines.sense, lines.bit_ends, driven_bit, rows, faults.open_bit),
    )


def family_resistances(
    ohm: float, lead: float, ends: str, driven: NDArray[np.bool_], nodes: int, open_: Places = ()
) -> F64:
    """Resistances of the segments of one family of lines; one row for all of them where they are alike.

    Parameters
    ----------
    ohm, lead : float
        Of a segment between two cells, and of a lead [ohm].
    ends : str
        Where the leads are, as `Lines` has it.
    driven : ndarray of bool, shape (lines,)
        Lines that have leads.
    nodes : int
        Cells of a line.
    open_ : pairs (line, segment)
        Interrupted segments.

    Returns
    -------
    ndarray, shape (lines or 1, nodes + 1)
    """
    alike = not open_ and bool(np.all(driven == driven[0]))
    found = np.full((1 if alike else driven.size, nodes + 1), ohm, np.float64)
    here = driven[: found.shape[0]]
    found[:, 0] = np.where(here & (ends in ("left", "top", "both")), lead, np.inf)
    found[:, -1] = np.where(here & (ends in ("right", "bottom", "both")), lead, np.inf)
    for line, segment in open_:
        found[line, segment] = np.inf
    return found
