"""A cell that is chosen alone: its lines are a resistance in series, and what it sees is one equation a cell."""

from __future__ import annotations

import numpy as np

from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout.matrix_products import Tile, tiles_of
from synaptogen_core.crossbar.solver.line_conductances import in_series
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import ConvergenceError
from synaptogen_core.types import F64, Ints

GRID = 201  # voltages at which the slopes of curves are looked at
MOST_STEPS = 60
AIM = 1e-12  # V


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
    device, resistance = cells.device, ohm
    mixing = cells.mixing().ravel()[where].astype(np.float64)
    if where.size and float(resistance.max()) * -_least_slope(device, mixing, float(np.abs(wanted).max())) >= 1:
        return None
    low = _same_length(device.llrs, device.hhrs)
    high = _same_length(device.hhrs, device.llrs)
    low_slope, high_slope = np.polyder(low), np.polyder(high)
    volts = wanted / (1 + resistance * (low_slope[-1] + mixing * (high_slope[-1] - low_slope[-1])))
    for _ in range(MOST_STEPS):
        base, slope = np.polyval(low, volts), np.polyval(low_slope, volts)
        current = base + mixing * (np.polyval(high, volts) - base)
        rise = 1 + resistance * (slope + mixing * (np.polyval(high_slope, volts) - slope))
        step = (wanted - volts - resistance * current) / rise
        volts = volts + np.clip(step, -0.4, 0.4)
        if not volts.size or np.abs(step).max() < AIM:
            return _with_faults(volts, wanted, resistance, faults, where, cells.columns)
    raise ConvergenceError(
        "cells: found no voltage behind the lines' resistance that meets Ohm's law; "
        "lower the voltage or the line resistance"
    )


def _same_length(curve: F64, other: F64) -> F64:
    return np.pad(curve, (max(0, other.size - curve.size), 0))


def _least_slope(device: DeviceParameters, mixing: F64, amplitude: float) -> float:
    """Least slope dI/dU of all these curves for voltages up to `amplitude`, either sign [S]; linear in r."""
    u = np.linspace(-amplitude, amplitude, GRID)
    low, high = (np.polyval(np.polyder(curve), u) for curve in (device.llrs, device.hhrs))
    return min(float((low + r * (high - low)).min()) for r in (mixing.min(), mixing.max()))


def _with_faults(volts: F64, wanted: F64, ohm: F64, faults: Faults, where: Ints, columns: int) -> F64:
    """Shorted cells share the voltage with their lines; open ones see all of it."""
    for places, conductance in ((faults.shorted_cells, 1 / faults.short), (faults.open_cells, 0.0)):
        if places:
            at = np.isin(where, [row * columns + column for row, column in places])
            volts[at] = wanted[at] / (1 + ohm[at] * conductance)
    return volts
