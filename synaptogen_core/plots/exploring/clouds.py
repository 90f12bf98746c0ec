"""Scatter plots and densities of two quantities: points, or the image of their density where there are many.

The pixel of each point is found once per table, so that a choice among 400,000 cycles costs a count of pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column, on_scale, usable
from synaptogen_core.analysis.exploring.selecting import Chosen
from synaptogen_core.plots.exploring.drawing import (
    Columns,
    Drawing,
    Layer,
    Spec,
    cycles_of,
    image_of,
    no_image,
    what_counts,
)
from synaptogen_core.plots.exploring.quantities import Color, Side, colors_of, scale_of, side_of
from synaptogen_core.types import Bools

MOST_POINTS = 20_000  # more are drawn as an image of their density
PIXELS, SMOOTH_PIXELS = (240, 180), (96, 72)


def _pair(table: CellTable, spec: Spec) -> tuple[Column, Column]:
    x, y = (table.column(name) for name in spec.quantities)
    if x.shape != y.shape:
        x, y = np.broadcast_arrays(x, y)
    return x, y


def _is_raster(table: CellTable, spec: Spec) -> bool:
    return spec.kind == "density" or _pair(table, spec)[0].size > MOST_POINTS


def scatter(table: CellTable, spec: Spec, color: str) -> Drawing:
    """Points of all cells or cycles, or the image of their density.

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
    x, y = _pair(table, spec)
    across, up = (side_of(name, column) for name, column in zip(spec.quantities, (x, y), strict=True))
    counts, words = what_counts(table, spec), f"{x.size:,}"
    if _is_raster(table, spec):
        layers = {"all": _image(table, spec, [across, up], None), "chosen": Layer("image", no_image())}
        return Drawing(spec, across, up, layers, f"{words} {counts}", counts, Color())
    shown = colors_of(table, color, spec.quantities[0]) if counts == "cells" else Color()
    layers = {"all": _points(table, spec, None, shown), "chosen": _points(table, spec, np.zeros(x.shape, bool), shown)}
    return Drawing(spec, across, up, layers, f"{words} {counts}", counts, shown)


def _points(table: CellTable, spec: Spec, mask: Bools | None, color: Color) -> Layer:
    x, y = _pair(table, spec)
    some = usable(x, y) if mask is None else usable(x, y) & mask
    columns: Columns = {
        "x": x[some] * scale_of(spec.quantities[0]), "y": y[some] * scale_of(spec.quantities[1])
    }  # fmt: skip
    places = np.nonzero(some)[-1]  # cells, also where there are cycles
    if {"row", "column"} <= set(table.names):
        columns |= {name: table.column(name)[places] for name in ("row", "column")}
    if color.of_cells is not None:
        columns["color"] = color.of_cells[places]
    return Layer("points", columns)


def scatter_chosen(table: CellTable, base: Drawing, chosen: Chosen) -> dict[str, Layer]:
    """The chosen ones in the same way.

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
    if base.layers["all"].kind == "image":
        return {"chosen": _image(table, base.spec, [base.x, base.y], chosen)}
    mask = chosen.cells
    if base.counts == "cycles":
        mask = cycles_of(table, chosen)
    return {"chosen": _points(table, base.spec, mask, base.color)}


def _pixels(table: CellTable, spec: Spec, sides: list[Side], size: tuple[int, int]) -> Column:
    """The pixel of each point, or one behind the last where it lies outside."""
    width, height = size
    index: Any = 0
    inside: Any = True
    for name, side, column, count, stride in zip(
        spec.quantities, sides, _pair(table, spec), size, (1, width), strict=True
    ):
        low, high = on_scale(name, np.array([side.low, side.high]) / scale_of(name))
        with np.errstate(invalid="ignore"):
            place = (on_scale(name, column) - np.float32(low)) * np.float32(count / (high - low))
            inside = inside & (place >= 0) & (place < count)
            index = index + place.astype(np.int32) * stride
    return np.where(inside, index, width * height).astype(np.int32)


def _image(table: CellTable, spec: Spec, sides: list[Side], chosen: Chosen | None) -> Layer:
    size = SMOOTH_PIXELS if spec.kind == "density" else PIXELS
    with np.errstate(invalid="ignore"):
        pixels = table.keep(f"pixels {spec}", lambda: _pixels(table, spec, sides, size))
    if chosen is None:
        some = pixels.ravel()
    elif pixels.ndim == 2 and chosen.cycles is not None:
        some = pixels[chosen.cycles]
    else:
        some = pixels[..., chosen.cells].ravel()
    counts = np.bincount(some, minlength=size[0] * size[1] + 1)[:-1].reshape(size[::-1]).astype(np.float32)
    if spec.kind == "density":
        counts = gaussian_filter(counts, 1.6)
        counts[counts < 1e-3 * max(float(counts.max()), 1e-9)] = 0
    return Layer("image", image_of(counts, *sides))
