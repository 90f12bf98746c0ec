"""A cell that is chosen alone: its lines are a resistance in series, and what it sees is one equation a cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.threads import each_block, share
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.programming.newton_alone import behind
from synaptogen_core.crossbar.readout.matrix_products import Tile, tiles_of
from synaptogen_core.crossbar.solver.line_conductances import in_series
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import ConvergenceError
from synaptogen_core.types import F64, Ints

GRID = 201  # voltages at which the slopes of curves are looked at
MOST_STEPS = 60
AIM = 1e-12  # V
WORTH_A_THREAD = 4096  # cells


def series_resistance(lines: Lines, shape: tuple[int, int], tile: Tile | None = None) -> F64:
    """Resistance between the terminals and each cell, when it is chosen alone [ohm]; shape (rows, columns).

    Parameters
    ----------
    lines : Lines
        Without faults of lines.
    shape : tuple of two int
        Rows and columns of the array.
    tile : tuple of two int, optional
        Rows and columns of a tile, each with lines of its own; default: all is one.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    """
    ohm = np.empty(shape)
    for place in tiles_of(shape, tile):
        rows, columns = place.shape
        word = in_series(lines.word, lines.source, lines.word_ends, columns)
        bit = in_series(lines.bit, lines.sense, lines.bit_ends, rows)
        ohm[place.rows, place.columns] = bit[:, None] + word
    return ohm


def series_resistances(lines: Lines, tile: Tile | None) -> Callable[[tuple[int, int]], F64]:
    """`series_resistance` as a function of the shape, cell by cell in a row; the last one is kept.

    Parameters
    ----------
    lines : Lines
    tile : tuple of two int, optional

    Returns
    -------
    callable
        Shape of an array -> resistances [ohm], shape (cells,), only to be read.
    """

    @lru_cache(maxsize=1)
    def of(shape: tuple[int, int]) -> F64:
        return series_resistance(lines, shape, tile).ravel()

    return of


def seen_alone(cells: CellArray, wanted: F64, ohm: F64, faults: Faults, where: Ints) -> F64 | None:
    """Voltages across cells that are chosen one by one [V]; None where more than one might be right.

    Newton's method on ``U + R I(r, U) = W``, for all cells side by side.

    Parameters
    ----------
    cells : CellArray
        Stay as they are.
    wanted : ndarray of float64, shape (k,)
        Voltages W of the terminals [V].
    ohm : ndarray of float64, shape (k,)
        From `series_resistance`, of these cells.
    faults : Faults
        Open and shorted cells.
    where : ndarray of int, shape (k,)
        Numbers of the cells.

    Returns
    -------
    ndarray of float64, shape (k,), or None

    Raises
    ------
    ConvergenceError
        If the method comes to no end.
    """
    mixing = cells.mixing_of(where).astype(np.float64)
    low, difference = _curves(cells.device)
    if where.size and float(ohm.max()) * -_least_slope(cells.device, mixing, float(np.abs(wanted).max())) >= 1:
        return None
    volts = np.empty(where.size)
    met = np.ones(where.size, np.bool_)

    def solve(block: slice) -> None:
        met[block] = behind(wanted[block], ohm[block], mixing[block], low, difference, AIM, MOST_STEPS, volts[block])

    each_block(where.size, share(where.size, WORTH_A_THREAD), solve)
    if not met.all():
        raise ConvergenceError(
            "cells: found no voltage behind the lines' resistance that meets Ohm's law; "
            "lower the voltage or the line resistance"
        )
    return _with_faults(volts, wanted, ohm, faults, where, cells.columns)


@lru_cache(maxsize=16)
def _curves(device: DeviceParameters) -> tuple[F64, F64]:
    """LLRS, and HHRS - LLRS, highest power first [A V^-k]."""
    size = max(device.llrs.size, device.hhrs.size)
    low, high = (np.pad(curve, (size - curve.size, 0)).astype(np.float64) for curve in (device.llrs, device.hhrs))
    return low, high - low


@lru_cache(maxsize=64)
def _slopes(device: DeviceParameters, amplitude: float) -> tuple[F64, F64]:
    """dI/dU of LLRS, and of HHRS - LLRS, for voltages up to `amplitude`, either sign [S]."""
    u = np.linspace(-amplitude, amplitude, GRID)
    low, difference = (np.polyval(np.polyder(curve), u) for curve in _curves(device))
    return low, difference


def _least_slope(device: DeviceParameters, mixing: F64, amplitude: float) -> float:
    """Least slope dI/dU of all these curves for voltages up to `amplitude`, either sign [S]; linear in r."""
    low, difference = _slopes(device, amplitude)
    return min(float((low + r * difference).min()) for r in (mixing.min(), mixing.max()))


def _with_faults(volts: F64, wanted: F64, ohm: F64, faults: Faults, where: Ints, columns: int) -> F64:
    """Shorted cells share the voltage with their lines; open ones see all of it."""
    for places, conductance in ((faults.shorted_cells, 1 / faults.short), (faults.open_cells, 0.0)):
        if places:
            at = np.isin(where, [row * columns + column for row, column in places])
            volts[at] = wanted[at] / (1 + ohm[at] * conductance)
    return volts
