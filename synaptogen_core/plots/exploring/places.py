"""Maps of the array and traces over cycles: cells where they stand, and what they do one cycle after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column
from synaptogen_core.analysis.exploring.selecting import Chosen
from synaptogen_core.palette import AXES
from synaptogen_core.plots.exploring.drawing import Drawing, Layer, Spec, image_of, line, marks, no_image
from synaptogen_core.plots.exploring.quantities import Color, Side, name_of, scale_of, side_of

MAP_SIDE = 512  # pixels at most
MOST_LINES = 12  # chosen cells of a trace
EDGE = 0.015  # of a map: room for half the mark of a cell at its edge


def _grid(table: CellTable) -> tuple[Column, Column, int]:
    """Pixel row and column of each cell, and how many cells lie along the side of a pixel."""
    row, column = table.column("row").astype(int), table.column("column").astype(int)
    each = -(-(max(int(row.max()), int(column.max())) + 1) // MAP_SIDE)
    return row // each, column // each, each


def _over_array(table: CellTable, values: Column) -> Column:
    """Means of values of the cells in the pixels of a map, (rows, columns); NaN where there is none."""
    row, column, _ = _grid(table)
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    place, there = row * columns + column, np.isfinite(values)
    counts = np.bincount(place[there], minlength=rows * columns)
    sums = np.bincount(place[there], values[there], minlength=rows * columns)
    with np.errstate(invalid="ignore"):
        return np.asarray((sums / np.where(counts, counts, np.nan)).reshape(rows, columns), np.float32)


def _array_sides(table: CellTable) -> tuple[Side, Side]:
    row, column, each = _grid(table)
    ends = [(int(place.max()) + 1) * each for place in (column, row)]
    x, y = (Side(name, AXES[name][2], "", False, -0.5, end - 0.5) for name, end in zip(("column", "row"), ends,
                                                                                     strict=True))  # fmt: skip
    return x, y


def array_map(table: CellTable, spec: Spec, color: str) -> Drawing:
    """A number of each cell at its place.

    Parameters
    ----------
    table : CellTable
    spec : Spec
    color : str
        By what points are coloured, as `draw` has it.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        For cells without places.
    """
    if not {"row", "column"} <= set(table.names):
        raise ValueError("pictures: a map needs rows and columns (got cells without places); choose another picture")
    (name,) = spec.quantities
    column = table.column(name)
    x, y = _array_sides(table)
    image = _over_array(table, np.asarray(column, np.float64) * scale_of(name))
    layers = {"all": Layer("image", image_of(image, x, y)), "chosen": Layer("image", no_image())}
    each = _grid(table)[2]
    words = name_of(name) if each == 1 else f"{name_of(name)}, means of {each} × {each} cells"
    wide = [replace(side, low=side.low - room, high=side.high + room)
            for side in (x, y) for room in [EDGE * (side.high - side.low)]]  # fmt: skip
    return Drawing(spec, wide[0], wide[1], layers, words, "cells", Color(), bar=side_of(name, column))


def map_chosen(table: CellTable, base: Drawing, chosen: Chosen) -> dict[str, Layer]:
    """The chosen cells at their places.

    Parameters
    ----------
    table : CellTable
    base : Drawing
        Without a choice.
    chosen : Chosen

    Returns
    -------
    dict of Layer
        Those that differ from the ones of `base`.
    """
    if not chosen.count:
        return {"chosen": Layer("image", no_image())}
    share = np.nan_to_num(_over_array(table, chosen.cells.astype(np.float64)))
    return {"chosen": Layer("image", image_of((share > 0).astype(np.float32), *_array_sides(table)))}


def trace(table: CellTable, spec: Spec, color: str) -> Drawing:
    """The band and the median of all cells in each cycle.

    Parameters
    ----------
    table : CellTable
    spec : Spec
    color : str
        By what points are coloured, as `draw` has it.

    Returns
    -------
    Drawing
    """
    (name,) = spec.quantities
    values = table.column(name)
    some = values[:, :: max(1, table.cells // 500)]  # the band of the picture needs no more
    low, middle, high = np.nanquantile(some, [0.05, 0.5, 0.95], axis=1) * scale_of(name)
    cycle = np.asarray(table.ds["cycle"].values, np.float64)
    band = {"xs": [np.append(cycle, cycle[::-1])], "ys": [np.append(high, low[::-1])], "color": ["#7f7f7f"]}
    layers = {
        "all": Layer("polygons", band), "middle": line(cycle, middle),
        "chosen": line(), "marks": marks(),
    }  # fmt: skip
    margin = 0.02 * (cycle[-1] - cycle[0]) or 0.5
    x = Side("cycle", "Cycle", "", False, float(cycle[0] - margin), float(cycle[-1] + margin))
    return Drawing(spec, x, side_of(name, values), layers, f"Median and 5 to 95 % of {table.cells:,} cells", "cycles",
                   Color())  # fmt: skip


def trace_chosen(table: CellTable, base: Drawing, chosen: Chosen) -> dict[str, Layer]:
    """Lines of some chosen cells, and points of their chosen cycles.

    Parameters
    ----------
    table : CellTable
    base : Drawing
        Without a choice.
    chosen : Chosen

    Returns
    -------
    dict of Layer
        Those that differ from the ones of `base`.
    """
    (name,) = base.spec.quantities
    there = np.flatnonzero(chosen.cells)
    some = there[np.linspace(0, there.size - 1, min(MOST_LINES, there.size)).astype(int)] if there.size else there
    lines = table.column(name)[:, some].T * scale_of(name)
    cycle = np.broadcast_to(np.append(table.ds["cycle"].values, np.nan), (some.size, table.cycles + 1))
    gap = np.full((some.size, 1), np.nan)
    found = {"chosen": line(cycle.ravel(), np.concatenate([lines, gap], axis=1).ravel())}
    if chosen.cycles is not None:
        of, at = np.nonzero(chosen.cycles[:, some].T)
        found["marks"] = marks(table.ds["cycle"].values[at], lines[of, at])
    return found
