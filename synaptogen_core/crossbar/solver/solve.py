"""Currents and voltages of a crossbar whose lines have resistance: exact, for linear cells and for true I-V curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.threads import each_block
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.solver import cells as elements
from synaptogen_core.crossbar.solver.blocks import can_be_put_together, put_together
from synaptogen_core.crossbar.solver.cells import Given, LinearCells, as_cells
from synaptogen_core.crossbar.solver.line_conductances import Wires
from synaptogen_core.crossbar.solver.newton import Crossbar, One
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.types import F64

SMALL = 1 << 17  # cells: below, vectors are solved side by side


@dataclass(frozen=True, eq=False)
class LineSolution(Frozen):
    """What a crossbar does at a bias: m rows, n columns, with `vectors` in front if the bias has several.

    Parameters
    ----------
    word_current : ndarray, shape (..., m)
        Current that the terminals of each word line send into the array [A]; 0 for floating lines.
    bit_current : ndarray, shape (..., n)
        Current that each bit line sends into its terminals [A].
    residual : float
        Kirchhoff's law: the largest current that is missing at a node, in parts of the largest line current.
    word_voltage, bit_voltage : ndarray, shape (..., m, n)
        Voltages of the nodes at each cell [V]; NaN at nodes that have no path to a driven terminal.
    cell_voltage, cell_current : ndarray, shape (..., m, n)
        Voltage across each cell [V], word line minus bit line, and its current [A]; NaN where a node has no path.
        Behind a select transistor that is off, a cell sees 0 V.
    unreachable : int
        Number of nodes without a path.
    newton_steps, steps : int
        Steps of Newton's method and of the linear solver, all vectors together.
    """

    word_current: F64
    bit_current: F64
    residual: float
    word_voltage: F64
    bit_voltage: F64
    cell_voltage: F64
    cell_current: F64
    unreachable: int
    newton_steps: int
    steps: int

    def __post_init__(self) -> None:
        freeze(self)


def solve_lines(cells: Given, bias: Bias, lines: Lines | None = None) -> LineSolution:
    """Solve a crossbar with its lines.

    Parameters
    ----------
    cells : CellArray, or array of shape (rows, columns)
        Cells with their true I(r, U) as they are now, or conductances of linear cells [S].
    bias : Bias
        Voltages of the lines; `bias.word` of shape (vectors, rows) for several reads.
    lines : Lines, optional
        Default: ``Lines()``.

    Returns
    -------
    LineSolution

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, or shapes do not fit.
    ConvergenceError
        If Kirchhoff's law cannot be met, or more than one solution meets it: cells whose current falls with the
        voltage, behind lines of too much resistance. It names the cell.

    Warns
    -----
    RangeWarning
        Once an array, where a cell of it sees more than the device was measured at.

    Examples
    --------
    >>> import numpy as np
    >>> from synaptogen_core.crossbar.circuit.bias import read_bias
    >>> read = solve_lines(np.array([[1e-3]]), read_bias([1.0], 1), Lines(source=500, sense=500))
    >>> round(float(read.bit_current[0]), 9)
    0.0005
    """
    lines = Lines() if lines is None else lines
    if not isinstance(bias, Bias):
        raise TypeError(f"bias: must be a Bias (got {type(bias).__name__}); make one with bias() or read_bias()")
    if not isinstance(lines, Lines):
        raise TypeError(f"lines: must be Lines (got {type(lines).__name__}); give Lines(...)")
    lines.faults.check(*bias.shape)
    cells = as_cells(cells)
    crossbar = Crossbar(elements.of(cells, bias, lines.faults), Wires.of(lines, bias), bias)
    vectors = np.atleast_2d(bias.word)
    found: list[One | None] = [None] * len(vectors)

    def solve(block: slice) -> None:
        for k in range(block.start, block.stop):
            found[k] = crossbar.solve(vectors[k])

    each_block(len(vectors), 1, solve, None if crossbar.size < SMALL else 1)
    solution = _solution(crossbar, [one for one in found if one is not None])
    if isinstance(cells, CellArray):
        cells.warn_range(float(np.nan_to_num(np.abs(solution.cell_voltage)).max()), stacklevel=3)
    return solution


def effective_conductance(
    conductance: ArrayLike | LinearCells, lines: Lines | None = None, conducting: ArrayLike | None = None
) -> F64:
    """What an array of linear cells does through its lines, as one matrix: each further read is one small product.

    ``bit_current = voltages @ effective_conductance(...)``, with voltages on the word lines and bit lines at 0 V.

    Parameters
    ----------
    conductance : array, shape (rows, columns)
        Of the cells [S].
    lines : Lines, optional
        Default: ``Lines()``.
    conducting : array of bool, shape (rows,), optional
        Rows whose select transistors are on; default: there are none.

    Returns
    -------
    ndarray, shape (rows, columns)
        Current of each bit line for 1 V on each word line [S].

    Raises
    ------
    TypeError, ValueError
        As `solve_lines`.
    """
    cells = as_cells(conductance)
    if isinstance(cells, CellArray):
        raise TypeError("conductance: must be numbers (got CellArray); give cells.conductance()")
    rows, columns = cells.shape
    lines = checks.instance("lines", Lines() if lines is None else lines, Lines, "give Lines(...)")
    on = None if conducting is None else np.asarray(conducting)
    return _unit_currents(cells, Bias(np.zeros(rows), np.zeros(columns), on), lines)


def _unit_currents(cells: LinearCells, bias: Bias, lines: Lines) -> F64:
    """Blocks put together where lines are whole; else the lines of the smaller family are driven one by one.

    What drives there and flows here may be exchanged.
    """
    rows, columns = cells.shape
    lines.faults.check(rows, columns)
    connected = elements.of(cells, bias, lines.faults)
    if can_be_put_together(lines, connected.on.size):
        return put_together(connected.conductance, lines)
    crossbar = Crossbar(connected, Wires.of(lines, bias), bias)
    result = np.empty(cells.shape)

    def solve(block: slice) -> None:
        for k in range(block.start, block.stop):
            if rows <= columns:
                one = crossbar.solve(np.eye(1, rows, k)[0])
                result[k] = crossbar.line_currents(one, np.eye(1, rows, k)[0], bias.bit)[1]
            else:
                one = crossbar.solve(np.zeros(rows), np.eye(1, columns, k)[0])
                result[:, k] = -crossbar.line_currents(one, np.zeros(rows), np.eye(1, columns, k)[0])[0]

    each_block(min(rows, columns), 1, solve, None if crossbar.size < SMALL else 1)
    return result


def _solution(crossbar: Crossbar, found: list[One]) -> LineSolution:
    """All vectors together."""
    dark = crossbar.dark
    vectors = np.atleast_2d(crossbar.bias.word)
    currents = [crossbar.line_currents(one, v, crossbar.bias.bit) for one, v in zip(found, vectors, strict=True)]
    word = np.nan_to_num(vectors)[:, :, None] + np.stack([one.word_drop for one in found])
    bit = np.nan_to_num(crossbar.bias.bit) + np.stack([one.bit_drop for one in found])
    current = np.stack([one.current for one in found])
    if dark is not None:
        word[:, dark[0]] = bit[:, dark[1]] = np.nan
        current[:, dark[0] | dark[1]] = np.nan
    across = word - bit
    if crossbar.bias.conducting is not None:
        across[:, ~crossbar.bias.conducting] = 0.0
    lead = crossbar.bias.word.shape[:-1]

    def shaped(arrays: F64) -> F64:
        return arrays.reshape(*lead, *arrays.shape[1:])

    return LineSolution(
        word_current=shaped(np.stack([into for into, _ in currents])),
        bit_current=shaped(np.stack([out for _, out in currents])),
        residual=max(one.residual for one in found),
        word_voltage=shaped(word),
        bit_voltage=shaped(bit),
        cell_voltage=shaped(across),
        cell_current=shaped(current),
        unreachable=0 if dark is None else int(sum(mask.sum() for mask in dark)),
        newton_steps=sum(one.newton_steps for one in found),
        steps=sum(one.steps for one in found),
    )
