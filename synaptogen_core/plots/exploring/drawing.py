"""What an explorable picture draws, as plain arrays: its words, its axes, its layers from below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column
from synaptogen_core.analysis.exploring.selecting import Chosen
from synaptogen_core.plots.exploring.quantities import Color, Side
from synaptogen_core.types import Bools

Columns = dict[str, Any]


@dataclass(frozen=True)
class Spec:
    """A picture in words: ``scatter r_lrs.median u_reset.median``."""

    kind: str
    quantities: tuple[str, ...]

    def __str__(self) -> str:
        """The words."""
        return " ".join((self.kind, *self.quantities))


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: points, image, bars, polygons or line, with its columns in the units of the axes."""

    kind: str
    columns: Columns


@dataclass(frozen=True, eq=False)
class Drawing:
    """One picture. `layers`: in the order in which they are drawn; empty ones are there, too."""

    spec: Spec
    x: Side
    y: Side
    layers: Mapping[str, Layer]
    title: str
    counts: str  # what a point, a bar or a pixel counts: "cells" or "cycles"
    color: Color
    bar: Side | None = None  # of a map's colours
    rows: tuple[str, ...] = ()  # names of the violins, from below

    @property
    def selectable(self) -> tuple[str, ...]:
        """Quantities in which a box or lasso chooses: across, or across and up."""
        if self.spec.kind == "map":
            return ("column", "row")
        return ("cycle", *self.spec.quantities) if self.spec.kind == "trace" else self.spec.quantities


def image_of(values: Column, x: Side, y: Side) -> Columns:
    """Columns of an image over the whole of two sides.

    Parameters
    ----------
    values : ndarray, shape (height, width)
        First row below.
    x, y : Side
    """
    place = {"x": [x.low], "y": [y.low], "dw": [x.high - x.low], "dh": [y.high - y.low]}
    return {"image": [np.asarray(values, np.float32)], **place}


def no_image() -> Columns:
    """Columns of an image that shows nothing: of one empty pixel, as some drawers need one."""
    return {"image": [np.zeros((1, 1), np.float32)], "x": [0.0], "y": [0.0], "dw": [0.0], "dh": [0.0]}


def marks(x: Any = (), y: Any = ()) -> Layer:
    """Points without any more to say.

    Parameters
    ----------
    x, y : array_like, each (points,)
    """
    return Layer("points", {"x": np.asarray(x, np.float64), "y": np.asarray(y, np.float64)})


def line(x: Any = (), y: Any = ()) -> Layer:
    """A line; NaN makes a gap.

    Parameters
    ----------
    x, y : array_like, each (points,)
    """
    return Layer("line", {"x": np.asarray(x, np.float64), "y": np.asarray(y, np.float64)})


def cycles_of(table: CellTable, chosen: Chosen) -> Bools:
    """The chosen cycles, (cycles, cells): all those of the chosen cells where only cells were chosen.

    Parameters
    ----------
    table : CellTable
    chosen : Chosen
    """
    if chosen.cycles is not None:
        return chosen.cycles
    return np.broadcast_to(chosen.cells, (table.cycles, table.cells))


def what_counts(table: CellTable, spec: Spec) -> str:
    """What the picture counts.

    Parameters
    ----------
    table : CellTable
    spec : Spec

    Returns
    -------
    str
        ``cycles`` if one of its quantities has a number for each cycle, else ``cells``.
    """
    return "cycles" if any(table.of_cycles(name) for name in spec.quantities) else "cells"
