"""The cells of a crossbar as its solver sees them: a current and a slope for each voltage. Float64."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.threads import each_block
from synaptogen_core.checks import numeric
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Faults
from synaptogen_core.crossbar.solver import sweeps as kernels
from synaptogen_core.device.model.read_noise import READ_VOLTAGE
from synaptogen_core.types import F64

STEEPNESS = 1e-3  # of the conductance at 0 V: the least slope that Newton's method takes
CELLS_WORTH_A_THREAD = 1 << 16  # whose curves take a millisecond
GRID = 201  # voltages at which the slopes of curves are looked at


@dataclass(frozen=True, eq=False)
class LinearCells:
    """Checked conductances [S] as cells: what the crossbar asks of a CellArray, of them. `as_cells` makes them.

    siemens : (m, n), not to be written to
    """

    siemens: F64

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.siemens.shape
        return rows, columns

    def part(self, rows: slice, columns: slice) -> LinearCells:
        """A rectangle of them.

        Parameters
        ----------
        rows, columns : slice

        Returns
        -------
        LinearCells
            A view.
        """
        return LinearCells(self.siemens[rows, columns])

    def conductance(self, u: ArrayLike) -> F64:
        """The same at each voltage [S]; (m, n)."""
        return self.siemens

    def current(self, u: F64) -> F64:
        """Currents [A] at `u` [V], of a shape that goes with (m, n)."""
        return u * self.siemens


Given = CellArray | LinearCells | ArrayLike  # cells as they come to a door


@dataclass(frozen=True, eq=False)
class Elements:
    """Cells between word and bit lines: linear conductances, or curves between two polynomials.

    conductance : (m, n) [S]; of curves: at 0 V
    on : (m, n) whether the cell conducts
    fixed : (m, n) conductances of shorted cells among curves [S], else 0; None where there are none
    mix : (m, n) r of curves; low, high : polynomials LLRS and HHRS [A], highest power first, of one length
    floor : the least slope that Newton's method takes of a curve [S]
    """

    conductance: F64
    on: NDArray[np.bool_]
    fixed: F64 | None = None
    mix: F64 | None = None
    low: F64 | None = None
    high: F64 | None = None
    floor: float = 0.0

    @property
    def linear(self) -> bool:
        """Whether the current is proportional to the voltage."""
        return self.mix is None

    def take(self, rows: NDArray[np.intp]) -> Elements:
        """Some rows of them."""
        fixed, mix = (None if array is None else array[rows] for array in (self.fixed, self.mix))
        return replace(self, conductance=self.conductance[rows], on=self.on[rows], fixed=fixed, mix=mix)

    def evaluate(self, volts: F64) -> tuple[F64, F64]:
        """Currents [A], and the slopes that Newton's method takes [S]: never below a small positive one where on."""
        if self.mix is None:
            return self.conductance * volts, self.conductance
        mix, current, slope = self.mix, np.empty(volts.shape), np.empty(volts.shape)

        def curve(rows: slice) -> None:
            found = current[rows], slope[rows]
            kernels.curve(mix[rows], self.on[rows], volts[rows], self.low, self.high, *found, self.floor)

        each_block(len(volts), -(-len(volts) // (1 + volts.size // CELLS_WORTH_A_THREAD)), curve)
        if self.fixed is not None:
            shorted = self.fixed > 0
            current[shorted], slope[shorted] = (self.fixed * volts)[shorted], self.fixed[shorted]
        return current, slope

    def least_slope(self, amplitude: float) -> F64 | None:
        """The least slope dI/dU of each curve for voltages up to `amplitude` [V], either sign; None if all rise.

        A slope is linear in r, so it is least on a grid of voltages between those of two curves.
        """
        if self.mix is None or self.low is None or self.high is None:
            return None
        u = np.linspace(-amplitude, amplitude, GRID)
        low, high = (np.polyval(np.polyder(curve), u) for curve in (self.low, self.high))
        r = np.linspace(self.mix.min(), self.mix.max(), GRID)
        least = (low + r[:, None] * (high - low)).min(axis=1)  # concave in r: between grid points it is only higher
        if least.min() > 0:
            return None
        return np.where(self.on, np.interp(self.mix, r, least), 0.0)


def read_voltage_of(cells: CellArray | LinearCells) -> float:
    """Where cells are read that were not told otherwise [V]: as their device was measured."""
    return cells.device.u_0 if isinstance(cells, CellArray) else READ_VOLTAGE


def as_cells(given: Given, name: str = "cells") -> CellArray | LinearCells:
    """Check at the door: cells as they are, or conductances of linear ones [S], shape (rows, columns), our own.

    Parameters
    ----------
    given : CellArray, LinearCells or array_like
    name : str
        Of the argument, for the error.

    Returns
    -------
    CellArray or LinearCells

    Raises
    ------
    TypeError, ValueError
        If they are neither, or conductances are negative or not finite.
    """
    if isinstance(given, (CellArray, LinearCells)):
        return given
    g = np.array(numeric(name, given, "a CellArray or conductances", "give one of them"), dtype=np.float64)
    if g.ndim != 2 or not g.size:
        raise ValueError(
            f"{name}: must be a CellArray or conductances of shape (rows, columns) (got shape {g.shape}); "
            "give one for each cell"
        )
    if not np.isfinite(g).all() or g.min() < 0:
        raise ValueError(
            f"{name}: must be conductances from 0 S on (got a negative one, NaN or infinity); correct them"
        )
    g.flags.writeable = False
    return LinearCells(g)


def of(cells: CellArray | LinearCells, bias: Bias, faults: Faults) -> Elements:
    """The elements of an array with its faults, and with its select transistors as the bias switches them.

    Parameters
    ----------
    cells : CellArray or LinearCells
    bias : Bias
    faults : Faults

    Returns
    -------
    Elements
        Shape (rows, columns).

    Raises
    ------
    ValueError
        If the cells do not fit the bias.
    """
    found = _curves(cells) if isinstance(cells, CellArray) else Elements(cells.siemens, cells.siemens > 0)
    if found.on.shape != bias.shape:
        raise ValueError(f"cells: must have the shape of the bias, {bias.shape} (got {found.on.shape}); make them fit")
    on, fixed = found.on.copy(), np.zeros(found.on.shape)
    for place in faults.shorted_cells:
        on[place], fixed[place] = True, 1 / faults.short
    for place in faults.open_cells:
        on[place], fixed[place] = False, 0.0
    if bias.conducting is not None:
        on[~bias.conducting] = False
        fixed[~bias.conducting] = 0.0
    conductance = np.where(fixed > 0, fixed, np.where(on, found.conductance, 0.0))
    return replace(found, conductance=conductance, on=on, fixed=fixed if fixed.any() else None)


def _curves(cells: CellArray) -> Elements:
    device = cells.device
    size = max(device.llrs.size, device.hhrs.size)
    low, high = (np.pad(curve, (size - curve.size, 0)) for curve in (device.llrs, device.hhrs))
    mix = cells.mixing().astype(np.float64)
    at_zero = low[-2] + mix * (high[-2] - low[-2])
    floor = STEEPNESS * max(float(np.median(at_zero)), float(np.finfo(np.float32).tiny))
    return Elements(at_zero, np.ones(mix.shape, np.bool_), mix=mix, low=low, high=high, floor=floor)
