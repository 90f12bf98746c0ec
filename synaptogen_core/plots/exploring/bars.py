"""Histograms, and violins of each component: distributions of one quantity."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column, on_scale
from synaptogen_core.analysis.exploring.selecting import Chosen
from synaptogen_core.plots.exploring.drawing import Drawing, Layer, Spec, cycles_of, line, marks, what_counts
from synaptogen_core.plots.exploring.quantities import Color, Side, colors_of, scale_of, side_of, unit_of

MOST_MARKS = 500  # chosen cells that are marked one by one beside a histogram
MOST_POINTS = 20_000
BINS, OUTLINE = 80, 160


def _bins(table: CellTable, name: str, side: Side) -> Column:
    low, high = on_scale(name, np.array([side.low, side.high]) / scale_of(name))
    with np.errstate(invalid="ignore"):
        place = (on_scale(name, table.column(name)) - low) * (BINS / (high - low))
        return np.where((place >= 0) & (place < BINS), place, BINS).astype(np.uint8)


def _bars(table: CellTable, spec: Spec, side: Side, chosen: Chosen | None) -> Layer:
    (name,) = spec.quantities
    bins = table.keep(f"bins {name}", lambda: _bins(table, name, side))
    some = bins.ravel()
    if chosen is not None:
        some = bins[cycles_of(table, chosen)] if bins.ndim == 2 else bins[chosen.cells]
    counts = np.bincount(some, minlength=BINS + 1)[:BINS]
    low, high = on_scale(name, np.array([side.low, side.high]))
    edges = np.linspace(low, high, BINS + 1)
    edges = 10**edges if side.log else edges
    return Layer("bars", {"left": edges[:-1], "right": edges[1:], "top": counts.astype(np.float64)})


def histogram(table: CellTable, spec: Spec, color: str) -> Drawing:
    """Bars of all cells or cycles.

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
    column, counts = table.column(name), what_counts(table, spec)
    side = side_of(name, column)
    bars = _bars(table, spec, side, None)
    layers = {
        "all": bars, "chosen": Layer("bars", {**bars.columns, "top": np.zeros(BINS)}), "marks": marks()
    }  # fmt: skip
    up = Side(counts[:-1], f"Number of {counts}", "", False, 0.0, 1.05 * float(bars.columns["top"].max()) or 1.0)
    middle = np.nanmedian(column) * scale_of(name)
    return Drawing(spec, side, up, layers, f"Median {middle:.3g} {unit_of(name)}".strip(), counts, Color())


def histogram_chosen(table: CellTable, base: Drawing, chosen: Chosen) -> dict[str, Layer]:
    """Bars of the chosen ones, and single marks where they are few.

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
    found = {"chosen": _bars(table, base.spec, base.x, chosen)}
    if base.counts == "cells":
        values = table.column(name)[chosen.cells][:MOST_MARKS] * scale_of(name)
        found["marks"] = marks(values, np.zeros(values.size))
    return found


def violin(table: CellTable, spec: Spec, color: str) -> Drawing:
    """The outline of each component of the mixture.

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
    column = table.column(name)
    side = side_of(name, column)
    groups, palette = _groups(table), colors_of(table, "component", name)
    outlines = [_outline(table, name, side, column[..., groups == k], k) for k in range(groups.max() + 1)]
    hues = [palette.legend[k][0] if k < len(palette.legend) else "#7f7f7f" for k in range(len(outlines))]
    whole = Layer("polygons", {"xs": [x for x, _ in outlines], "ys": [y for _, y in outlines], "color": hues})
    layers = {"all": whole, "chosen": line(), "marks": marks()}
    rows = tuple(
        f"{k + 1}: {100 * share:.1f} %"
        for k, share in enumerate(np.bincount(groups, minlength=len(outlines)) / groups.size)
    )
    counts = what_counts(table, spec)
    up = Side("component", "Component: share of the cells", "", False, -0.6, len(outlines) - 0.4)
    return Drawing(spec, side, up, layers, f"{column.size:,} {counts}", counts, Color(), rows=rows)


def _groups(table: CellTable) -> Column:
    """The component of each cell, counted from 0; one group where there are no components."""
    found = table.column("component").astype(int) if "component" in table.names else np.zeros(table.cells, int)
    return found


def _outline(table: CellTable, name: str, side: Side, values: Column, row: int) -> tuple[Column, Column]:
    """The outline of the distribution of some values about the height `row`, smoothed; a line where there are few."""
    low, high = on_scale(name, np.array([side.low, side.high]))
    at = on_scale(name, values.ravel() * scale_of(name))
    counts, edges = np.histogram(at[np.isfinite(at)], OUTLINE, (low, high))
    density = gaussian_filter1d(counts.astype(np.float64), 3.0)
    width = 0.42 * density / max(float(density.max()), 1e-12)
    shown = np.flatnonzero(width > 0.002)
    inside = slice(shown[0], shown[-1] + 1) if shown.size else slice(0, 1)
    middle = ((edges[:-1] + edges[1:]) / 2)[inside]
    middle = 10**middle if side.log else middle
    width = width[inside]
    return np.append(middle, middle[::-1]), np.append(row + width, (row - width)[::-1])


def violin_chosen(table: CellTable, base: Drawing, chosen: Chosen) -> dict[str, Layer]:
    """Chosen cells as points in the violin of their component; chosen cycles as outlines of their own.

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
    groups, column = _groups(table), table.column(name)
    if base.counts == "cells":
        some = np.flatnonzero(chosen.cells)[:MOST_POINTS]
        height = groups[some] + 0.5 * (((some * 0.618034) % 1) - 0.5)  # spread over the violin, the same each time
        return {"marks": marks(column[some] * scale_of(name), height)}
    mask = cycles_of(table, chosen)
    parts: list[tuple[Column, Column]] = []
    for k in range(len(base.rows)):
        some_values = column[:, groups == k][mask[:, groups == k]]
        if some_values.size:
            x, y = _outline(table, name, base.x, some_values, k)
            parts.append((np.append(x, [x[0], np.nan]), np.append(y, [y[0], np.nan])))
    x, y = (np.concatenate([part[i] for part in parts]) if parts else np.empty(0) for i in (0, 1))
    return {"chosen": line(x, y)}
