"""Verify reads through the lines: what the controller of an array learns of a cell that it reads alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.programming.pulse import check_lines
from synaptogen_core.crossbar.programming.series import seen_alone, series_resistances
from synaptogen_core.crossbar.readout.matrix_products import Tile
from synaptogen_core.errors import ConvergenceError
from synaptogen_core.types import F64, Ints

Reader = Callable[[CellArray, float, float, Ints], F64]


def verify_through(lines: Lines, *, tile: Tile | None = None, corrected: bool = True) -> Reader:
    """Give `program_and_verify` reads that go through the lines, each cell alone behind its own resistance.

    Parameters
    ----------
    lines : Lines
        Cells may be open or shorted; faults of the lines are refused.
    tile : tuple of two int, optional
        Rows and columns of a tile, each with lines of its own; default: the array is one.
    corrected : bool
        Whether the controller knows the resistance of the lines, which follows from the cell's place, and takes it off.
        Else it reads what is in series, and programs cells that are far from the terminals too high.

    Returns
    -------
    callable
        (cells, read voltage [V], bandwidth [Hz], numbers of the cells) -> conductances as they are read [S].

    Raises
    ------
    TypeError, ValueError
        If a line has a fault, or an argument breaks its rule.
    """
    check_lines(lines)
    corrected = checks.flag("corrected", corrected)

    resistances = series_resistances(lines, tile)

    def read(cells: CellArray, u_read: float, bandwidth: float, where: Ints) -> F64:
        lines.faults.check(*cells.shape)
        # noise is drawn for a read of the whole array
        ohm, of = resistances(cells.shape), np.arange(cells.size) if bandwidth > 0 else where
        seen = seen_alone(cells, np.full(of.size, u_read), ohm[of], lines.faults, of)
        if seen is None:
            raise ConvergenceError("cells: more than one state meets Ohm's law at the read voltage; lower it")
        if bandwidth > 0:
            current = cells.read(seen.reshape(cells.shape), bandwidth).ravel()[where].astype(np.float64)
            seen = seen[where]
        else:
            current = cells.current_of(where, seen.astype(np.float32)).astype(np.float64)
        _stuck(current, seen, lines, where, cells.columns)
        if corrected:
            return np.asarray(current / (u_read - ohm[where] * current))
        return np.asarray(current / u_read)

    return read


def _stuck(current: F64, seen: F64, lines: Lines, where: Ints, columns: int) -> None:
    """Currents of shorted and of open cells, in place."""
    faults = lines.faults
    for places, conductance in ((faults.shorted_cells, 1 / faults.short), (faults.open_cells, 0.0)):
        if places:
            at = np.isin(where, [row * columns + column for row, column in places])
            current[at] = seen[at] * conductance
