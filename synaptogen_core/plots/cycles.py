"""Cycle to cycle: what one cell does in one cycle after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis import statistics_api as statistics
from synaptogen_core.analysis.columns import series_of
from synaptogen_core.counts import counted
from synaptogen_core.palette import COLORS
from synaptogen_core.plots.features import chosen
from synaptogen_core.plots.look import COMPONENTS, MODEL, axis, cloud, is_log, scaled, sized, title


def cycle_to_cycle(
    ds: xr.Dataset,
    feature: str = "r_hrs",
    *,
    cells: Sequence[int] | None = None,
    lag: int = 1,
    max_lag: int | None = None,
) -> hv.Layout:
    """Cycle to cycle in three pictures: the trace of some cells, a cycle against an earlier one, autocorrelation.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds the feature on (cycle, row, column) or (cycle, cell).
    feature : str
        One of the four, or another variable over cycles.
    cells : sequence of int, optional
        Positions of the cells of the trace, row by row; at most seven. By default the first three.
    lag : int
        Distance of the two cycles of the second picture.
    max_lag : int, optional
        Of the third one, by default as `sc.statistics.autocorrelation` chooses.

    Returns
    -------
    holoviews.Layout
        The line of the third picture is the model as this number of cycles shows it, the dashed one the model itself.

    Raises
    ------
    TypeError, ValueError
        For a feature that `ds` has not, cells that it has not, or a lag that leaves no pair of cycles.
    """
    (name,) = chosen(ds, checks.instance("feature", feature, str, "give one name"))
    series = np.asarray(series_of(ds, name), np.float64)  # (cycles, cells)
    cells = range(min(3, series.shape[1])) if cells is None else cells
    cells = np.atleast_1d(checks.numeric("cells", cells, "cells by their numbers", "give a list")).tolist()
    if not 1 <= len(cells) <= len(COMPONENTS):
        raise ValueError(f"cells: must be 1 to {len(COMPONENTS)} cells (got {len(cells)}); follow a few")
    places = [checks.whole("cells", cell, 0, series.shape[1] - 1) for cell in cells]
    step = checks.whole("lag", lag, 1, max(1, len(series) - 1))
    pictures = [_trace(series, name, places), _lagged(series, name, step), _autocorrelation(ds, name, max_lag)]
    return hv.Layout(pictures).opts(shared_axes=False)


def _trace(series: Any, name: str, cells: list[int]) -> Any:
    x, y = hv.Dimension(("cycle", "Cycle")), axis(name)
    lines = [
        hv.Curve((np.arange(len(series)), scaled(name, series[:, cell])), x, y, label=f"Cell {cell}").opts(color=color)
        for cell, color in zip(cells, COMPONENTS, strict=False)
    ]
    return sized(hv.Overlay(lines)).opts(title=title(f"{y.label} of {counted(len(cells), 'cell')}"), logy=is_log(name))


def _lagged(series: Any, name: str, lag: int) -> Any:
    now, before = scaled(name, series[lag:]).ravel(), scaled(name, series[:-lag]).ravel()
    if is_log(name):
        now, before = np.log10(now), np.log10(before)
    words = f"log₁₀ of {axis(name).label} ({axis(name).unit})" if is_log(name) else None
    x, y = (
        hv.Dimension((f"{name}_{key}", f"{words or axis(name).label}, {when}"), unit=None if words else axis(name).unit)
        for key, when in (("before", f"{lag} cycles before" if lag > 1 else "cycle before"), ("now", "this cycle"))
    )
    usable = np.isfinite(now) & np.isfinite(before)
    table = {x.name: before[usable], y.name: now[usable]}
    return cloud(table, x, y).opts(
        title=f"Correlation at lag {lag}: {np.corrcoef(before[usable], now[usable])[0, 1]:.3f}"
    )


def _autocorrelation(ds: xr.Dataset, name: str, max_lag: int | None) -> Any:
    found = statistics.autocorrelation(ds, name, max_lag=max_lag).isel(feature=0)
    lag, value = found["lag"].values, found["autocorrelation"].values
    lower, upper = found["autocorrelation_interval"].values.T
    x, y = hv.Dimension(("lag", "Lag"), unit="cycles"), hv.Dimension(("autocorrelation", "Autocorrelation"))
    color = COLORS.get(name, MODEL)
    picture = sized(hv.Scatter((lag, value), x, y), color=color, size=4, tools=["hover"])
    if np.isfinite(lower).any():  # one cell has no interval
        bars = hv.ErrorBars((lag, value, value - lower, upper - value), x, [y, "down", "up"])
        picture = bars.opts(color=color, line_width=1) * picture
    for which, dash in (("expected", "solid"), ("model", "dashed")):
        if which in found:
            picture = picture * hv.Curve((lag, found[which].values), x, y).opts(
                color=MODEL, line_width=1.5, line_dash=dash
            )
    return picture.opts(title=title(f"Autocorrelation of {axis(name).label}"), show_legend=False)
