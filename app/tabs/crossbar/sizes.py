"""How large an array can be: what its worst-case cell sees of a write, over the size; and a range for the ADC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.crossbar.lines import lines_of
from synaptogen_core.crossbar.circuit.bias import bias
from synaptogen_core.crossbar.solver.solve import solve_lines

SIZES = (4, 8, 16, 32, 64, 128, 256, 512)  # a larger one takes seconds
DIGITS = 3  # of the ends of a range
MARGIN = 0.02  # of the currents, on both sides


@dataclass(frozen=True)
class Sizes:
    """Square corners of the array, each with its own worst-case cell chosen."""

    size: np.ndarray  # rows, and columns
    voltage: np.ndarray  # across that cell, V
    wanted: float  # V


def worst_cell(rows: int, columns: int, ends: str) -> tuple[int, int]:
    """The cell with the longest way to the terminals of its lines: rows on the left, columns at the bottom, or both."""
    return (rows // 2, columns // 2) if ends == "both" else (0, columns - 1)


def sizes_of(cells: sc.CellArray, options: Choices, lines: Choices) -> Sizes | None:
    """What the worst-case cell of ever larger corners of the array sees; nothing of a read."""
    sizes = [size for size in SIZES if size <= min(cells.shape)]
    if options.scheme == "all" or len(sizes) < 2:
        return None
    seen = []
    for size in sizes:
        row, column = worst_cell(size, size, lines.ends)
        held = bias((size, size), options.scheme, options.write, row=row, column=column, selector=lines.selector)
        corner = cells.part(slice(0, size), slice(0, size))
        seen.append(solve_lines(corner, held, lines_of(lines)).cell_voltage[row, column])
    return Sizes(np.array(sizes), np.array(seen), options.write)


def range_for(output: np.ndarray) -> tuple[float, float]:
    """Ends of an ADC's range that hold these currents [A], in µA."""
    low, high = 1e6 * float(output.min()), 1e6 * float(output.max())
    room = MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return outward(low - room, np.floor), outward(high + room, np.ceil)


def outward(value: float, rounded: np.ufunc) -> float:
    """A number with few digits, none of them inward."""
    step = 10.0 ** (np.floor(np.log10(abs(value) or 1.0)) + 1 - DIGITS)
    return float(np.round(rounded(value / step) * step, 9))
