"""The matrices of an array on tiles, as its read-out finds them: solved once, kept until the cells change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.threads import each_block
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.readout.matrix_products import (
    Place,
    Tile,
    for_each_tile,
    tiles_of,
)
from synaptogen_core.crossbar.readout.read import IDEAL, are_ideal, as_voltages
from synaptogen_core.crossbar.solver.cells import Given, LinearCells, as_cells, read_voltage_of
from synaptogen_core.crossbar.solver.solve import effective_conductance
from synaptogen_core.types import F64


class TileMatrix(NamedTuple):
    """Where a tile lies, and its effective matrix [S], shape (rows, columns)."""

    place: Place
    matrix: F64


class EffectiveMatrix:
    """The owner of the effective matrices of an array on tiles with lines.

    A matrix holds the cells at their static conductance I(u)/u and the lines of their tile; a read of any vector is a
    product with it. It is solved when it is first asked for, and again when a cell of its tile has changed. For the
    published device, read at 0.2 V, products differ from the exact solution with true I-V curves by 0.2 to 0.5 % of the
    signal.

    Parameters
    ----------
    cells : CellArray, or array of shape (rows, columns)
        Cells, or conductances of linear ones [S].
    lines : Lines, or a sequence of sequences of them
        For all tiles, or for each, as for `read_tiles`.
    tile : tuple of two int, optional
        Rows and columns of a tile; default: all is one.
    u : float, optional
        Voltage at which the conductance of cells is taken [V]. Default: the device's `u_0`.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> owner = EffectiveMatrix([[1e-3, 1e-3]], Lines(0, 0, source=500.0), tile=(1, 1))
    >>> (owner.matrix() * 1e6).round(1).tolist()
    [[666.7, 666.7]]
    """

    def __init__(
        self,
        cells: Given,
        lines: Lines | Sequence[Sequence[Lines]] = IDEAL,
        *,
        tile: Tile | None = None,
        u: float | None = None,
    ) -> None:
        self.cells = as_cells(cells)
        self.u = read_voltage_of(self.cells) if u is None else u
        self.places = list(tiles_of(self.cells.shape, tile))
        self.lines = for_each_tile("lines", lines, Lines, self.places)
        self._known: list[tuple[NDArray[np.floating], F64] | None] = [None] * len(self.places)

    def of_copy(self, cells: CellArray) -> EffectiveMatrix:
        """The owner of a copy of the cells, with what is known already.

        Parameters
        ----------
        cells : CellArray

        Returns
        -------
        EffectiveMatrix
        """
        twin = object.__new__(EffectiveMatrix)
        twin.__dict__.update(self.__dict__)
        twin.cells, twin._known = cells, list(self._known)
        return twin

    def blocks(self) -> list[TileMatrix]:
        """The tiles with their matrices, band by band, solved where cells have changed."""
        whole = self.cells.mixing() if isinstance(self.cells, CellArray) else self.cells.siemens
        stale = [
            k
            for k, place in enumerate(self.places)
            if (known := self._known[k]) is None or not np.array_equal(known[0], whole[place.rows, place.columns])
        ]
        if stale:
            g = np.asarray(self.cells.conductance(self.u), np.float64)

            def solve(some: slice) -> None:
                for k in stale[some]:
                    place, lines = self.places[k], self.lines[k]
                    inside = np.ascontiguousarray(g[place.rows, place.columns])
                    found = inside if are_ideal(lines) else effective_conductance(LinearCells(inside), lines)
                    self._known[k] = whole[place.rows, place.columns].copy(), found

            each_block(len(stale), 1, solve)
        return [TileMatrix(p, k[1]) for p, k in zip(self.places, self._known, strict=True) if k is not None]

    def matrix(self) -> F64:
        """All matrices as one [S]; shape (rows, columns)."""
        whole = np.empty(self.cells.shape)
        for place, block in self.blocks():
            whole[place.rows, place.columns] = block
        return whole

    def product(self, voltages: F64) -> F64:
        """Currents of the bit lines, summed over the tiles above each other [A].

        Parameters
        ----------
        voltages : array, shape (rows,) or (vectors, rows)
            Of the word lines [V].

        Returns
        -------
        ndarray of float64, shape (columns,) or (vectors, columns)

        Raises
        ------
        TypeError, ValueError
            If they are no such voltages.
        """
        return np.asarray(as_voltages(voltages, self.cells.shape[0]) @ self.matrix())
