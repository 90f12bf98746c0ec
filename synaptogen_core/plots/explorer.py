"""Several pictures of the same cells whose selections are linked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import Chosen, choose, read_rule
from synaptogen_core.plots.exploring.draw import draw, read_spec
from synaptogen_core.plots.exploring.drawing import Drawing, Spec, cycles_of
from synaptogen_core.plots.exploring.live import compose
from synaptogen_core.plots.exploring.quantities import Color, colors_of, name_of, scale_of, side_of, unit_of
from synaptogen_core.plots.look import COMPONENTS, RASTER_ABOVE, sized, title

PICTURES = ("scatter r_lrs.median u_reset.median", "scatter r_hrs.median u_set.median", "map r_lrs.median",
            "histogram r_lrs.median")  # fmt: skip
TOOLS = ["box_select", "lasso_select"]


def explore(
    ds: xr.Dataset, pictures: Sequence[str] = PICTURES, *, color: str = "", select: str = "", link: bool = True
) -> Any:
    """Two or more pictures of the same cells or cycles: a box or lasso in one lights the same ones in all.

    Quantities are numbers of each cycle (``r_hrs``, ``cycle``), or of each cell (``r_hrs.median``, ``.mean``, ``.std``,
    ``.last``, ``row``, ``column``, ``component``, ``outlier``).

    Parameters
    ----------
    ds : xarray.Dataset
        Of `simulate`, or read back from a file.
    pictures : sequence of str
        In words: ``scatter x y``, ``density x y``, ``histogram x``, ``violin x``, ``map x``, ``trace x``.
    color : str
        By what cells are coloured: empty, ``component``, ``outlier``, ``state`` or ``quartile`` of the first quantity.
    select : str
        A rule as the page's Explorer writes it, such as ``new,box,r_lrs.median,u_reset.median,4000,5000,0.7,0.8``.
    link : bool
        Whether boxes and lassos may choose anew; else `select` is drawn on top, in orange, as the page does.

    Returns
    -------
    holoviews.Layout
        With linked selections; live in a notebook or on a page. Written to a file, it shows the pictures without the
        links.

    Raises
    ------
    TypeError, ValueError
        If a picture, a colour or the rule cannot be read, or `ds` holds no features over cycles.
    """
    table = CellTable(checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate"))
    checks.instance("select", select, str, "give a rule as the Explorer writes it")
    checks.flag("link", link)
    given = checks.instance("pictures", pictures, Sequence, "give a list of texts")
    texts = (checks.instance("pictures", text, str, "give a list of texts") for text in given)
    specs = [read_spec(text, table) for text in texts]
    if not specs:
        raise ValueError(f"pictures: must name at least one picture (got none); such as {PICTURES[0]!r}")
    chosen = choose(table, read_rule(select))
    drawings = [draw(table, spec, chosen, color) for spec in specs]
    if not link:
        return hv.Layout([compose(drawing) for drawing in drawings]).cols(2).opts(shared_axes=False)
    data = _dataset(table, specs, chosen, colors_of(table, color, specs[0].quantities[0]))
    layout = hv.Layout([_linked(data, drawing) for drawing in drawings]).cols(2)
    links = hv.link_selections.instance()
    linked = links(layout)
    if chosen is not None:
        links.selection_expr = hv.dim("chosen")  # the pictures hear of it from now on
    return linked


def _dataset(table: CellTable, specs: Sequence[Spec], chosen: Chosen | None, color: Color) -> hv.Dataset:
    """All quantities of the pictures in the units of their axes: a line per cell, or per cycle if any needs that."""
    names = {name for spec in specs for name in spec.quantities}
    names |= {name for name in ("row", "column", "component") if name in table.names}
    names |= {"cycle"} if any(spec.kind == "trace" for spec in specs) else set()
    cycles = any(table.of_cycles(name) for name in names)
    shape = (table.cycles, table.cells) if cycles else (table.cells,)
    columns: dict[str, Any] = {
        name: np.broadcast_to(table.column(name) * scale_of(name), shape).ravel() for name in sorted(names)
    }
    if color.of_cells is not None:
        columns["color"] = np.broadcast_to(color.of_cells, shape).ravel()
    mask = None if chosen is None else cycles_of(table, chosen) if cycles else chosen.cells
    columns["chosen"] = np.ones(np.prod(shape), bool) if mask is None else mask.ravel()
    # numbers are values, not keys: a key would be indexed
    return hv.Dataset(pd.DataFrame(columns), [], [_dimension(name) for name in columns])


def _dimension(name: str) -> hv.Dimension:
    words = name_of(name) if name not in ("color", "chosen") else name
    return hv.Dimension((name, words), unit=unit_of(name) or None)


def _linked(data: hv.Dataset, drawing: Drawing) -> Any:
    """One picture with all its points, as `link_selections` wants it."""
    spec, log = drawing.spec, {"logx": drawing.x.log}
    if spec.kind in ("scatter", "density", "map", "trace"):
        x, y = {"map": ("column", "row"), "trace": ("cycle", spec.quantities[0])}.get(spec.kind, spec.quantities)
        return _points(data, drawing, x, y)
    (name,) = spec.quantities
    if spec.kind == "violin":
        violins = hv.Violin(data, ["component"] if "component" in data else [], name)
        return sized(violins, tools=["box_select"], logy=drawing.x.log, violin_fill_color=COMPONENTS[0])
    bars = hv.operation.histogram(data, dimension=name, num_bins=60, normed=False)
    return sized(bars.redim(**{name: _dimension(name)}), tools=["xbox_select"], **log)


def _points(data: hv.Dataset, drawing: Drawing, x: str, y: str) -> Any:
    points = hv.Points(data, [_dimension(x), _dimension(y)])
    is_map = drawing.spec.kind == "map"
    options = {"logx": drawing.x.log, "logy": drawing.y.log, "invert_yaxis": is_map, "tools": TOOLS}
    if len(data) > RASTER_ABOVE:
        from holoviews.operation.datashader import rasterize

        return sized(rasterize(points, dynamic=False), cmap="Cividis", cnorm="log", **options)
    color = "color" if "color" in data else COMPONENTS[0]
    if is_map:
        name = drawing.spec.quantities[0]
        options |= {"title": title(side_of(name, data[name]).label)}
    return sized(points, size=4, marker="square" if is_map else "circle", color=color, **options)
